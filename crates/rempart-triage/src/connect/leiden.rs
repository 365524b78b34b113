//! Community detection: the Leiden algorithm with the constant Potts model.
//!
//! Traag, Waltman, van Eck 2019, "From Louvain to Leiden: guaranteeing well-connected communities",
//! doi:10.1038/s41598-019-41695-z. The quality of a partition is the sum over its communities of the weight
//! inside minus `resolution * size^2 / 2`. Where the paper draws at random in the refinement, the best
//! choice is taken here, so that the result depends on the graph and the seed alone.

use std::collections::{BTreeMap, VecDeque};

use super::evidence::mix;

/// A weighted, undirected graph in compressed rows.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// By node, and one more: where its neighbours begin.
    offsets: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<f32>,
    /// By node: its size in the model.
    sizes: Vec<f32>,
    /// By node: it stays where it is; others may come to it.
    fixed: Vec<bool>,
    /// Nodes that must not come into one community; only those that somebody decided about.
    apart: BTreeMap<u32, Vec<u32>>,
}

impl Graph {
    /// A graph of `sizes.len()` nodes. Each link is given once, in any order, with a weight above 0; links
    /// given twice add up, loops and links to nodes that do not exist are left out.
    pub fn new(sizes: Vec<f32>, links: &[(u32, u32, f32)]) -> Self {
        let count = sizes.len();
        let valid = |&&(a, b, _): &&(u32, u32, f32)| a != b && (a as usize) < count && (b as usize) < count;
        let mut offsets = vec![0_u32; count + 1];
        for (a, b, _) in links.iter().filter(valid) {
            for end in [a, b] {
                if let Some(slot) = offsets.get_mut(*end as usize + 1) {
                    *slot += 1;
                }
            }
        }
        let mut sum = 0;
        for slot in &mut offsets {
            sum += *slot;
            *slot = sum;
        }
        let mut next: Vec<u32> = offsets.clone();
        let mut targets = vec![0_u32; sum as usize];
        let mut weights = vec![0.0_f32; sum as usize];
        for (a, b, weight) in links.iter().filter(valid) {
            for (from, to) in [(a, b), (b, a)] {
                let Some(place) = next.get_mut(*from as usize) else { continue };
                if let (Some(target), Some(slot)) =
                    (targets.get_mut(*place as usize), weights.get_mut(*place as usize))
                {
                    (*target, *slot) = (*to, *weight);
                }
                *place += 1;
            }
        }
        let fixed = vec![false; count];
        Self { offsets, targets, weights, sizes, fixed, apart: BTreeMap::new() }
    }

    /// Keeps a node where it is; others may come to it.
    pub fn fix(&mut self, node: u32) {
        if let Some(slot) = self.fixed.get_mut(node as usize) {
            *slot = true;
        }
    }

    /// Keeps two nodes out of one community.
    pub fn keep_apart(&mut self, a: u32, b: u32) {
        self.apart.entry(a).or_default().push(b);
        self.apart.entry(b).or_default().push(a);
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    fn neighbours(&self, node: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let from = self.offsets.get(node as usize).copied().unwrap_or(0) as usize;
        let to = self.offsets.get(node as usize + 1).copied().unwrap_or(0) as usize;
        let targets = self.targets.get(from..to).unwrap_or_default();
        let weights = self.weights.get(from..to).unwrap_or_default();
        targets.iter().copied().zip(weights.iter().map(|weight| f64::from(*weight)))
    }

    fn size(&self, node: u32) -> f64 {
        self.sizes.get(node as usize).map_or(0.0, |size| f64::from(*size))
    }

    fn is_fixed(&self, node: u32) -> bool {
        self.fixed.get(node as usize).copied().unwrap_or(false)
    }

    /// Whether a node may come into a community.
    fn allowed(&self, node: u32, community: u32, of: &[u32]) -> bool {
        self.apart.is_empty()
            || self
                .apart
                .get(&node)
                .is_none_or(|others| others.iter().all(|other| get(of, *other) != community))
    }

    /// The graph whose nodes are the communities `of`, numbered from 0 to `count`.
    fn contract(&self, of: &[u32], count: u32) -> Self {
        let mut sizes = vec![0.0_f32; count as usize];
        let mut fixed = vec![false; count as usize];
        for (node, community) in of.iter().enumerate() {
            if let Some(slot) = sizes.get_mut(*community as usize) {
                *slot += self.sizes.get(node).copied().unwrap_or(0.0);
            }
            if let Some(slot) = fixed.get_mut(*community as usize) {
                *slot |= self.fixed.get(node).copied().unwrap_or(false);
            }
        }
        let (starts, members) = grouped(of, count);
        let mut sums = Sums::new(count as usize);
        let mut graph = Self { sizes, fixed, ..Self::default() };
        graph.offsets.push(0);
        for community in 0..count {
            for node in group(&starts, &members, community) {
                for (to, weight) in self.neighbours(*node) {
                    let to = get(of, to);
                    if to != community {
                        sums.add(to, weight);
                    }
                }
            }
            for to in sums.touched.drain(..) {
                #[allow(clippy::cast_possible_truncation, reason = "weights are nats, f32 is enough")]
                let weight = sums.sums.get_mut(to as usize).map_or(0.0, std::mem::take) as f32;
                graph.targets.push(to);
                graph.weights.push(weight);
            }
            graph.offsets.push(u32::try_from(graph.targets.len()).unwrap_or(u32::MAX));
        }
        for (node, others) in &self.apart {
            for other in others.iter().filter(|other| node < *other) {
                graph.keep_apart(get(of, *node), get(of, *other));
            }
        }
        graph
    }
}

/// The community of each node, numbered from 0 in the order of their first nodes.
pub fn leiden(graph: &Graph, resolution: f64, seed: u64) -> Vec<u32> {
    let alone = (0..u32::try_from(graph.len()).unwrap_or(0)).collect();
    leiden_from(graph, alone, resolution, seed)
}

/// As [`leiden`], beginning with the communities `of`: numbers below the number of nodes, in which no node
/// that is fixed shares a community with another, and no two that are kept apart.
pub(super) fn leiden_from(graph: &Graph, mut of: Vec<u32>, resolution: f64, seed: u64) -> Vec<u32> {
    let count = u32::try_from(graph.len()).unwrap_or(0);
    let mut result: Vec<u32> = (0..count).collect();
    // By node of the current level: its community.
    of.resize(graph.len(), 0);
    let mut level: Option<Graph> = None;
    for round in 0..MOST_LEVELS {
        let current = level.as_ref().unwrap_or(graph);
        let moved = move_nodes(current, &mut of, resolution, mix(seed ^ round));
        let communities = renumber(&mut of);
        if !moved || communities as usize == current.len() {
            break;
        }
        let mut refined = refine(current, &of, communities, resolution, mix(seed ^ round ^ 0x5EED));
        let parts = renumber(&mut refined);
        let mut above = vec![0_u32; parts as usize];
        for (part, community) in refined.iter().zip(&of) {
            if let Some(slot) = above.get_mut(*part as usize) {
                *slot = *community;
            }
        }
        let stuck = parts as usize == current.len();
        let next = current.contract(&refined, parts);
        for node in &mut result {
            *node = get(&refined, *node);
        }
        level = Some(next);
        of = above;
        if stuck {
            break;
        }
    }
    for node in &mut result {
        *node = get(&of, *node);
    }
    renumber(&mut result);
    result
}

/// More levels than this have never been needed: each shrinks the graph.
const MOST_LEVELS: u64 = 32;

/// Moves nodes to the neighbouring community where the quality grows most, until none grows.
fn move_nodes(graph: &Graph, of: &mut [u32], resolution: f64, seed: u64) -> bool {
    let count = graph.len();
    let mut masses = vec![0.0_f64; count];
    let mut occupants = vec![0_u32; count];
    for node in 0..count {
        let community = of.get(node).copied().unwrap_or(0) as usize;
        if let (Some(mass), Some(occupant)) = (masses.get_mut(community), occupants.get_mut(community)) {
            *mass += graph.sizes.get(node).map_or(0.0, |size| f64::from(*size));
            *occupant += 1;
        }
    }
    let mut empty: Vec<u32> = (0..)
        .zip(&occupants)
        .filter(|(_, occupants)| **occupants == 0)
        .map(|(community, _)| community)
        .collect();
    let mut queue: VecDeque<u32> = shuffled(count, seed).into();
    let mut queued = vec![true; count];
    let mut sums = Sums::new(count);
    let mut any = false;
    // Each move makes the quality grow, so that this ends; the bound is for rounding only.
    let mut left = count.saturating_mul(64);
    while let Some(node) = queue.pop_front() {
        if let Some(slot) = queued.get_mut(node as usize) {
            *slot = false;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        if graph.is_fixed(node) {
            continue;
        }
        let (size, from) = (graph.size(node), get(of, node));
        for (to, weight) in graph.neighbours(node) {
            sums.add(get(of, to), weight);
        }
        let alone = occupants.get(from as usize).is_some_and(|occupants| *occupants == 1);
        let mass = |community: u32| masses.get(community as usize).copied().unwrap_or(0.0);
        let stay = sums.of(from) - resolution * size * (mass(from) - size);
        let (mut best, mut gain) = (from, stay);
        for community in sums.touched.iter().copied().filter(|community| *community != from) {
            let value = sums.of(community) - resolution * size * mass(community);
            let better =
                value > gain + TINY || ((value - gain).abs() <= TINY && best != from && community < best);
            if better && graph.allowed(node, community, of) {
                (best, gain) = (community, value);
            }
        }
        if gain < -TINY && !alone {
            best = empty.last().copied().unwrap_or(from);
        }
        sums.clear();
        if best == from {
            continue;
        }
        any = true;
        for (community, enters) in [(from, false), (best, true)] {
            if let (Some(mass), Some(occupant)) =
                (masses.get_mut(community as usize), occupants.get_mut(community as usize))
            {
                if enters {
                    if *occupant == 0 {
                        empty.pop();
                    }
                    *mass += size;
                    *occupant += 1;
                } else {
                    *mass -= size;
                    *occupant -= 1;
                    if *occupant == 0 {
                        *mass = 0.0;
                    }
                }
            }
        }
        if occupants.get(from as usize).is_some_and(|occupants| *occupants == 0) {
            empty.push(from);
        }
        if let Some(slot) = of.get_mut(node as usize) {
            *slot = best;
        }
        for (to, _) in graph.neighbours(node) {
            if get(of, to) != best
                && let Some(slot) = queued.get_mut(to as usize)
                && !*slot
            {
                *slot = true;
                queue.push_back(to);
            }
        }
    }
    any
}

/// Differences of quality below this are rounding.
const TINY: f64 = 1e-9;

/// Divides each community into parts that hang together well: a node joins a part of its community only
/// where both are linked well enough to the rest of it.
fn refine(graph: &Graph, of: &[u32], communities: u32, resolution: f64, seed: u64) -> Vec<u32> {
    let count = graph.len();
    let mut part: Vec<u32> = (0..u32::try_from(count).unwrap_or(0)).collect();
    let mut part_mass: Vec<f64> = graph.sizes.iter().map(|size| f64::from(*size)).collect();
    let mut part_nodes = vec![1_u32; count];
    let mut masses = vec![0.0_f64; communities as usize];
    for (node, community) in of.iter().enumerate() {
        if let Some(slot) = masses.get_mut(*community as usize) {
            *slot += graph.sizes.get(node).map_or(0.0, |size| f64::from(*size));
        }
    }
    // By part: the weight of its links to the rest of its community.
    let mut outside: Vec<f64> = (0_u32..)
        .zip(of)
        .map(|(node, community)| {
            graph
                .neighbours(node)
                .filter(|(to, _)| get(of, *to) == *community)
                .map(|(_, weight)| weight)
                .sum()
        })
        .collect();
    let mut sums = Sums::new(count);
    for node in shuffled(count, seed) {
        if part_nodes.get(node as usize).is_none_or(|nodes| *nodes != 1)
            || get(&part, node) != node
            || graph.is_fixed(node)
        {
            continue;
        }
        let community = get(of, node);
        let (size, mass) = (graph.size(node), masses.get(community as usize).copied().unwrap_or(0.0));
        let own = outside.get(node as usize).copied().unwrap_or(0.0);
        if own + TINY < resolution * size * (mass - size) {
            continue;
        }
        for (to, weight) in graph.neighbours(node) {
            if get(of, to) == community {
                sums.add(get(&part, to), weight);
            }
        }
        let (mut best, mut gain) = (node, 0.0);
        for candidate in sums.touched.iter().copied().filter(|candidate| *candidate != node) {
            let held = part_mass.get(candidate as usize).copied().unwrap_or(0.0);
            let out = outside.get(candidate as usize).copied().unwrap_or(0.0);
            if out + TINY < resolution * held * (mass - held) {
                continue;
            }
            let value = sums.of(candidate) - resolution * size * held;
            let better =
                value > gain + TINY || ((value - gain).abs() <= TINY && best != node && candidate < best);
            if better && graph.allowed(node, candidate, &part) {
                (best, gain) = (candidate, value);
            }
        }
        let between = sums.of(best);
        sums.clear();
        if best == node {
            continue;
        }
        if let Some(slot) = part.get_mut(node as usize) {
            *slot = best;
        }
        if let Some(slot) = part_mass.get_mut(best as usize) {
            *slot += size;
        }
        if let Some(slot) = part_nodes.get_mut(best as usize) {
            *slot += 1;
        }
        if let Some(slot) = outside.get_mut(best as usize) {
            *slot += own - 2.0 * between;
        }
    }
    part
}

/// Sums by community, emptied at the cost of what was touched.
struct Sums {
    sums: Vec<f64>,
    touched: Vec<u32>,
}

impl Sums {
    fn new(count: usize) -> Self {
        Self { sums: vec![0.0; count], touched: Vec::new() }
    }

    fn add(&mut self, community: u32, weight: f64) {
        if let Some(slot) = self.sums.get_mut(community as usize) {
            if *slot == 0.0 {
                self.touched.push(community);
            }
            *slot += weight;
        }
    }

    fn of(&self, community: u32) -> f64 {
        self.sums.get(community as usize).copied().unwrap_or(0.0)
    }

    fn clear(&mut self) {
        for community in self.touched.drain(..) {
            if let Some(slot) = self.sums.get_mut(community as usize) {
                *slot = 0.0;
            }
        }
    }
}

fn get(of: &[u32], node: u32) -> u32 {
    of.get(node as usize).copied().unwrap_or(0)
}

/// Numbers communities from 0 in the order of their first nodes; gives how many there are.
pub(super) fn renumber(of: &mut [u32]) -> u32 {
    let most = of.iter().copied().max().map_or(0, |most| most as usize + 1);
    let mut numbers = vec![u32::MAX; most];
    let mut next = 0;
    for community in of {
        if let Some(number) = numbers.get_mut(*community as usize) {
            if *number == u32::MAX {
                *number = next;
                next += 1;
            }
            *community = *number;
        }
    }
    next
}

/// The nodes by community: where each begins, and the nodes.
pub(super) fn grouped(of: &[u32], count: u32) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; count as usize + 1];
    for community in of {
        if let Some(slot) = starts.get_mut(*community as usize + 1) {
            *slot += 1;
        }
    }
    let mut sum = 0;
    for slot in &mut starts {
        sum += *slot;
        *slot = sum;
    }
    let mut next = starts.clone();
    let mut members = vec![0_u32; of.len()];
    for (node, community) in (0_u32..).zip(of) {
        if let Some(place) = next.get_mut(*community as usize) {
            if let Some(slot) = members.get_mut(*place as usize) {
                *slot = node;
            }
            *place += 1;
        }
    }
    (starts, members)
}

/// The members of one group of [`grouped`].
pub(super) fn group<'a>(starts: &[u32], members: &'a [u32], community: u32) -> &'a [u32] {
    let from = starts.get(community as usize).copied().unwrap_or(0) as usize;
    let to = starts.get(community as usize + 1).copied().unwrap_or(0) as usize;
    members.get(from..to).unwrap_or_default()
}

/// The numbers below `count` in an order that the seed decides (Fisher, Yates).
fn shuffled(count: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(0)).collect();
    let mut state = seed;
    for place in (1..order.len()).rev() {
        state = mix(state);
        let other = usize::try_from(state % (place as u64 + 1)).unwrap_or(0);
        order.swap(place, other);
    }
    order
}
