//! From evidence to groups: links, union over the high threshold, Leiden over the rest.

use std::collections::BTreeMap;

use super::cluster::Decision;
use super::evidence::{Evidence, EvidenceKind, Settings};
use super::index::{Index, SEVERAL, carried_by, is_firm};
use super::leiden::{Graph, leiden_from};
use super::union::UnionFind;

/// Not among the observables that are grouped.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// One value that two nodes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    /// The smaller node in the upper half, the larger in the lower.
    pub(super) pair: u64,
    /// The value.
    pub(super) value: u32,
    /// Without which source it would not be there.
    pub(super) source: u32,
}

/// Two nodes as one number, the smaller first.
pub(super) fn pair(a: u32, b: u32) -> u64 {
    (u64::from(a.min(b)) << 32) | u64::from(a.max(b))
}

/// The two nodes of [`pair`].
#[allow(clippy::cast_possible_truncation, reason = "each half is 32 bits")]
pub(super) fn ends(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

/// What all shared values of one pair weigh together. Values of a kind are not independent, so that they
/// add up to the cap of their kind only; what hangs on one source adds up to the cap of a source.
pub(super) fn weigh(index: &Index, settings: &Settings, population: u32, links: &[Link]) -> f32 {
    if let [link] = links {
        let weight = value_weight(index, settings, population, link.value);
        return if link.source == Evidence::OWN { weight } else { weight.min(settings.source_cap) };
    }
    let mut kinds = [0.0_f32; EvidenceKind::COUNT];
    let mut sources: BTreeMap<u32, f32> = BTreeMap::new();
    for link in links {
        let Some(value) = index.value(link.value) else { continue };
        let weight = settings.weight(value.kind, value.count, population);
        if link.source != Evidence::OWN {
            *sources.entry(link.source).or_default() += weight;
        } else if let Some(sum) = kinds.get_mut(value.kind as usize) {
            *sum += weight;
        }
    }
    let firm: f32 = kinds.iter().zip(&settings.strengths).map(|(sum, strength)| sum.min(strength.cap)).sum();
    firm + sources.values().map(|sum| sum.min(settings.source_cap)).sum::<f32>()
}

/// What a value weighs: 0 where a person decided that it says nothing.
pub(super) fn value_weight(index: &Index, settings: &Settings, population: u32, value: u32) -> f32 {
    index
        .value(value)
        .filter(|value| !value.ignored)
        .map_or(0.0, |value| settings.weight(value.kind, value.count, population))
}

/// The links that values make.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Of values that are strong enough alone: as many pairs as tie all that have it together.
    pub(super) strong: Vec<Link>,
    /// Of the others, and where a strong one that is not hard hangs on one source: all pairs.
    pub(super) weak: Vec<Link>,
    /// The cut-off that was needed to keep within the bound.
    pub(super) lowered: Option<u32>,
}

/// Finds the links between nodes; `node` gives the node of an observable, or [`OUTSIDE`]. Pairs of which both
/// are at `free` or above are left out.
pub(super) fn links(
    index: &Index,
    settings: &Settings,
    population: u32,
    values: &[u32],
    decided: &dyn Fn(u32) -> bool,
    mut node: impl FnMut(u32) -> u32,
    free: u32,
) -> Links {
    let mut found = Links::default();
    let most = affordable(index, settings, population, values);
    found.lowered = most;
    let mut members: Vec<(u32, u32)> = Vec::new();
    for value in values {
        let weight = value_weight(index, settings, population, *value);
        if weight <= 0.0 {
            continue;
        }
        let strong = weight >= settings.high;
        if !strong && most.is_some_and(|most| index.value(*value).is_some_and(|value| value.count > most)) {
            continue;
        }
        members.clear();
        members.extend(
            index
                .members(*value)
                .map(|(one, source)| (node(one), source))
                .filter(|(node, _)| *node != OUTSIDE),
        );
        members.sort_unstable();
        let link = |into: &mut Vec<Link>, a: &(u32, u32), b: &(u32, u32)| {
            if a.0 != b.0 && a.0.min(b.0) < free {
                into.push(Link { pair: pair(a.0, b.0), value: *value, source: carried_by(a.1, b.1) });
            }
        };
        if strong {
            let hard = index.value(*value).is_some_and(|value| value.kind.is_hard());
            if !hard && most.is_none_or(|most| index.value(*value).is_some_and(|value| value.count <= most)) {
                for (place, one) in members.iter().enumerate() {
                    for other in members.get(place + 1..).unwrap_or_default() {
                        if !is_firm(one.1) || !is_firm(other.1) {
                            link(&mut found.weak, one, other);
                        }
                    }
                }
            }
            members.retain(|member| hard || is_firm(member.1));
            // A chain would break where a pair is kept apart: who was decided about is tied to everyone.
            for (place, one) in members.iter().enumerate() {
                if decided(one.0) {
                    members
                        .iter()
                        .filter(|other| *other != one)
                        .for_each(|other| link(&mut found.strong, one, other));
                } else if let Some(next) =
                    members.get(place + 1..).unwrap_or_default().iter().find(|next| !decided(next.0))
                {
                    link(&mut found.strong, one, next);
                }
            }
        } else {
            for (place, one) in members.iter().enumerate() {
                for other in members.get(place + 1..).unwrap_or_default() {
                    link(&mut found.weak, one, other);
                }
            }
        }
    }
    found
}

/// The largest number of observables sharing a weak value at which all links fit; `None` where all do.
fn affordable(index: &Index, settings: &Settings, population: u32, values: &[u32]) -> Option<u32> {
    let mut by_count: BTreeMap<u32, u64> = BTreeMap::new();
    for value in values {
        let weight = value_weight(index, settings, population, *value);
        let Some(known) = index.value(*value).filter(|_| weight > 0.0) else { continue };
        let (count, others) = (u64::from(known.count), u64::from(known.count.saturating_sub(1)));
        let links = if weight < settings.high {
            count * others / 2
        } else if known.kind.is_hard() {
            0
        } else {
            index.members(*value).filter(|(_, source)| !is_firm(*source)).count() as u64 * others
        };
        *by_count.entry(known.count).or_default() += links;
    }
    let (mut sum, mut most) = (0_u64, 0);
    for (count, links) in by_count {
        sum = sum.saturating_add(links);
        if sum > settings.max_links as u64 {
            return Some(most);
        }
        most = count;
    }
    None
}

/// What is to be grouped.
pub(super) struct Problem<'a> {
    pub(super) index: &'a Index,
    pub(super) settings: &'a Settings,
    pub(super) population: u32,
    /// The observables to group.
    pub(super) subset: &'a [u32],
    /// By observable: its place in `subset`, or [`OUTSIDE`].
    pub(super) local: &'a [u32],
    /// The latest first.
    pub(super) decisions: &'a [Decision],
    /// For an observable outside: one member of the group it is in and stays in, always the same, and the
    /// mass of that group.
    pub(super) outside: &'a dyn Fn(u32) -> (u32, f32),
    /// For an observable of the subset: one member of the cluster it was in, always the same, where the
    /// communities begin with the old clusters.
    pub(super) before: Option<&'a dyn Fn(u32) -> u32>,
}

/// The groups.
#[derive(Debug, Default)]
pub(super) struct Solution {
    /// By place in the subset.
    pub(super) groups: Vec<u32>,
    /// How many groups there are.
    pub(super) count: u32,
    /// By group: its mass in the model.
    pub(super) masses: Vec<f32>,
    /// Groups outside that took up some of the subset: group, and the member that stands for the group
    /// outside.
    pub(super) joined: Vec<(u32, u32)>,
    /// Decisions that newer ones contradict.
    pub(super) overruled: Vec<Decision>,
    /// The cut-off that was needed to keep within the bound of memory.
    pub(super) lowered: Option<u32>,
    /// How many weighed links the communities were found in.
    pub(super) weak: usize,
}

/// Groups the observables of a subset.
pub(super) fn solve(problem: &Problem<'_>) -> Solution {
    let Problem { index, settings, population, subset, local, .. } = *problem;
    let count = u32::try_from(subset.len()).unwrap_or(0);
    let mut values: Vec<u32> = Vec::new();
    let mut seen = vec![false; index.values() as usize];
    for observable in subset {
        for (value, _) in index.of(*observable) {
            if let Some(seen) = seen.get_mut(value as usize).filter(|seen| !**seen) {
                *seen = true;
                values.push(value);
            }
        }
    }
    drop(seen);
    let mut solution = Solution::default();
    let place = |observable: u32| local.get(observable as usize).copied().unwrap_or(OUTSIDE);
    let mut sets = UnionFind::new(count);
    let mut away: Vec<(u32, u32)> = Vec::new();
    for decision in problem.decisions {
        let mut holds = true;
        for (a, b) in decision.apart() {
            let (Some(a), Some(b)) = (index.observable(a), index.observable(b)) else { continue };
            match (place(a), place(b)) {
                (OUTSIDE, OUTSIDE) => {}
                (OUTSIDE, inside) => away.push((inside, a)),
                (inside, OUTSIDE) => away.push((inside, b)),
                (a, b) => holds &= sets.keep_apart(a, b),
            }
        }
        if let Decision::Together { a, b } = *decision
            && let (Some(a), Some(b)) = (index.observable(a), index.observable(b))
            && let (a, b) = (place(a), place(b))
            && a != OUTSIDE
            && b != OUTSIDE
        {
            holds = sets.unite(a, b) || sets.find(a) == sets.find(b);
        }
        if !holds {
            solution.overruled.push(*decision);
        }
    }
    let mut decided = vec![false; subset.len()];
    for (place, slot) in (0..count).zip(&mut decided) {
        *slot = sets.is_decided(place);
    }
    // Outside, each group is one node after those of the subset.
    let mut nodes: Vec<u32> = vec![OUTSIDE; local.len()];
    let mut outside: Vec<(u32, f32)> = Vec::new();
    let mut node = |observable: u32| match place(observable) {
        OUTSIDE => {
            let (stands, mass) = (problem.outside)(observable);
            let Some(slot) = nodes.get_mut(stands as usize) else { return OUTSIDE };
            if *slot == OUTSIDE {
                *slot = count + u32::try_from(outside.len()).unwrap_or(0);
                outside.push((stands, mass));
            }
            *slot
        }
        inside => inside,
    };
    let is_decided = |node: u32| decided.get(node as usize).copied().unwrap_or(false);
    let Links { mut strong, mut weak, lowered } =
        links(index, settings, population, &values, &is_decided, &mut node, count);
    let away: Vec<(u32, u32)> = away.into_iter().map(|(inside, other)| (inside, node(other))).collect();
    solution.lowered = lowered;
    strong.retain(|link| ends(link.pair).1 < count);
    weak.sort_unstable();

    // What weighs more is united first: it matters where a decision keeps some apart.
    let mut certain: Vec<(f32, u64)> = strong
        .iter()
        .map(|link| (value_weight(index, settings, population, link.value), link.pair))
        .collect();
    for same in weak.chunk_by(|a, b| a.pair == b.pair) {
        if let [first, ..] = same
            && ends(first.pair).1 < count
        {
            let weight = weigh(index, settings, population, same);
            if weight >= settings.high {
                certain.push((weight, first.pair));
            }
        }
    }
    certain.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, pair) in certain {
        let (a, b) = ends(pair);
        sets.unite(a, b);
    }

    let mut parts: Vec<u32> = (0..count).map(|place| sets.find(place)).collect();
    let inner = super::leiden::renumber(&mut parts);
    let part_of =
        |node: u32| parts.get(node as usize).copied().unwrap_or_else(|| node.saturating_sub(count) + inner);
    let mut sizes = vec![0_u32; inner as usize];
    for part in &parts {
        if let Some(size) = sizes.get_mut(*part as usize) {
            *size += 1;
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^24, or close enough")]
    let mut masses: Vec<f32> = sizes.iter().map(|size| (*size as f32).powf(settings.size_power)).collect();
    masses.extend(outside.iter().map(|(_, mass)| *mass));

    weak.retain_mut(|link| {
        let (a, b) = ends(link.pair);
        let (a, b) = (part_of(a), part_of(b));
        link.pair = pair(a, b);
        a != b
    });
    weak.sort_unstable();
    weak.dedup_by(|next, kept| {
        let same = next.pair == kept.pair && next.value == kept.value;
        if same && next.source != kept.source {
            let firm = next.source == Evidence::OWN || kept.source == Evidence::OWN;
            kept.source = if firm { Evidence::OWN } else { SEVERAL };
        }
        same
    });
    let edges: Vec<(u32, u32, f32)> = weak
        .chunk_by(|a, b| a.pair == b.pair)
        .filter_map(|same| {
            let (a, b) = ends(same.first()?.pair);
            Some((a, b, weigh(index, settings, population, same)))
        })
        .collect();
    drop(weak);
    solution.weak = edges.len();
    let mut graph = Graph::new(masses.clone(), &edges);
    drop(edges);
    for (place, _) in outside.iter().enumerate() {
        graph.fix(inner + u32::try_from(place).unwrap_or(0));
    }
    for (a, b) in problem.decisions.iter().flat_map(Decision::apart) {
        if let (Some(a), Some(b)) = (index.observable(a), index.observable(b))
            && let (a, b) = (place(a), place(b))
            && a != OUTSIDE
            && b != OUTSIDE
            && part_of(a) != part_of(b)
        {
            graph.keep_apart(part_of(a), part_of(b));
        }
    }
    for (inside, other) in away {
        graph.keep_apart(part_of(inside), part_of(other));
    }
    let begin = begin(problem, &parts, masses.len());
    let found = leiden_from(&graph, begin, f64::from(settings.resolution), settings.seed);
    let group_of = |part: u32| found.get(part as usize).copied().unwrap_or(0);
    solution.groups = parts.iter().map(|part| group_of(*part)).collect();
    solution.count = found.iter().copied().max().map_or(0, |most| most + 1);
    solution.masses = vec![0.0; solution.count as usize];
    for (part, mass) in (0..).zip(&masses) {
        if let Some(slot) = solution.masses.get_mut(group_of(part) as usize) {
            *slot += mass;
        }
    }
    solution.joined = (inner..).zip(&outside).map(|(part, (key, _))| (group_of(part), *key)).collect();
    solution
}

/// The communities to begin with: each part that was whole in one cluster with the others of that, all others
/// alone. Where anybody decided anything, all begin alone.
fn begin(problem: &Problem<'_>, parts: &[u32], nodes: usize) -> Vec<u32> {
    let mut of: Vec<u32> = (0..u32::try_from(nodes).unwrap_or(0)).collect();
    let Some(before) = problem.before.filter(|_| problem.decisions.is_empty()) else { return of };
    // By part: who stands for its old cluster, where it is one.
    let mut stands: Vec<Option<u32>> = vec![None; nodes];
    let mut mixed = vec![false; nodes];
    for (observable, part) in problem.subset.iter().zip(parts) {
        let one = before(*observable);
        if let (Some(slot), Some(mixed)) = (stands.get_mut(*part as usize), mixed.get_mut(*part as usize)) {
            *mixed |= slot.is_some_and(|other| other != one);
            *slot = Some(one);
        }
    }
    let mut first = vec![OUTSIDE; problem.local.len()];
    for (part, stands) in (0_u32..).zip(&stands) {
        let known = mixed.get(part as usize).is_some_and(|mixed| !mixed);
        let Some(stands) = stands.filter(|_| known) else { continue };
        if let (Some(first), Some(of)) = (first.get_mut(stands as usize), of.get_mut(part as usize)) {
            if *first == OUTSIDE {
                *first = part;
            }
            *of = *first;
        }
    }
    of
}
