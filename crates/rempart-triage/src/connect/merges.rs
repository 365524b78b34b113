//! Why a cluster is one: each merge with its evidence, and how to undo it.

use super::cluster::{Clustering, Decision};
use super::evidence::{Evidence, EvidenceKind};
use super::index::{Index, SEVERAL, carried_by};
use super::solve::{Link, OUTSIDE, ends, links, pair, value_weight, weigh};
use super::union::UnionFind;

/// One shared value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// Its kind.
    pub kind: EvidenceKind,
    /// Its hash.
    pub value: u64,
    /// How many observables have it.
    pub shared: u32,
    /// What it weighs, in nats, before the caps of kinds and sources.
    pub weight: f32,
    /// The one source without which the value would not link them; `None` where it is known here, or from
    /// several.
    pub source: Option<u32>,
}

/// A link that holds a cluster together: without it there were two groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// The member of the first group that is linked.
    pub a: u64,
    /// The member of the second group that is linked.
    pub b: u64,
    /// The earliest member of each of the two groups that are left when this link is taken away, and how
    /// many are in it; first the group of `a`.
    pub sides: [(u64, u32); 2],
    /// What the link weighs, in nats.
    pub weight: f32,
    /// Whether a person decided it.
    pub decided: bool,
    /// What the two members share, the weightiest first.
    pub grounds: Vec<Ground>,
}

impl Merge {
    /// The decision that undoes it, for good.
    pub fn undo(&self) -> Decision {
        let [(a, _), (b, _)] = self.sides;
        Decision::Undone { a: [self.a, a], b: [self.b, b] }
    }
}

/// A value that so many share that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silenced {
    /// Its kind.
    pub kind: EvidenceKind,
    /// Its hash.
    pub value: u64,
    /// How many observables have it.
    pub shared: u32,
    /// A person decided it; otherwise it is over the cut-off of its kind.
    pub decided: bool,
}

impl Clustering {
    /// The merges that made a cluster, the strongest link first: a spanning tree of largest weight (Kruskal
    /// 1956) over the links of its members. Where only several links together hold a group, the strongest
    /// of them is shown.
    pub fn merges(&self, name: u64) -> Vec<Merge> {
        let Some(cluster) = self.cluster(name) else { return Vec::new() };
        let (index, members) = (&self.index, cluster.members);
        let count = u32::try_from(members.len()).unwrap_or(0);
        let mut values: Vec<u32> =
            members.iter().flat_map(|one| index.of(*one).map(|(value, _)| value)).collect();
        values.sort_unstable();
        values.dedup();
        let place = |one: u32| {
            members.binary_search(&one).map_or(OUTSIDE, |place| u32::try_from(place).unwrap_or(OUTSIDE))
        };
        let mut sets = UnionFind::new(count);
        let mut candidates: Vec<(bool, f32, u64)> = Vec::new();
        for decision in self.decisions.iter().rev() {
            let Decision::Together { a, b } = *decision else { continue };
            let (Some(a), Some(b)) = (index.observable(a), index.observable(b)) else { continue };
            let (a, b) = (place(a), place(b));
            if a != OUTSIDE && b != OUTSIDE {
                candidates.push((true, self.settings.high, pair(a, b)));
            }
        }
        let found = links(index, &self.settings, self.population, &values, &|_| false, place, count);
        let mut all = found.strong;
        all.extend(found.weak);
        all.sort_unstable();
        for same in all.chunk_by(|a, b| a.pair == b.pair) {
            if let [first, ..] = same {
                candidates.push((false, weigh(index, &self.settings, self.population, same), first.pair));
            }
        }
        candidates.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        candidates.retain(|(_, _, pair)| {
            let (a, b) = ends(*pair);
            sets.unite(a, b)
        });
        let ids: Vec<u64> = members.iter().map(|one| index.id(*one)).collect();
        let tree: Vec<(u32, u32)> = candidates.iter().map(|(_, _, pair)| ends(*pair)).collect();
        let sides = sides(&ids, &tree);
        candidates
            .iter()
            .zip(&tree)
            .zip(sides)
            .filter_map(|(((decided, ..), (a, b)), sides)| {
                let (a, b) = (*members.get(*a as usize)?, *members.get(*b as usize)?);
                let (grounds, weight) = self.between(a, b);
                Some(Merge { a: index.id(a), b: index.id(b), sides, weight, decided: *decided, grounds })
            })
            .collect()
    }

    /// What two observables share, and what that weighs in all.
    fn between(&self, a: u32, b: u32) -> (Vec<Ground>, f32) {
        let index: &Index = &self.index;
        let mut shared: Vec<Link> = Vec::new();
        for (value, source) in index.of(a) {
            let other = index.of(b).find(|(other, _)| *other == value);
            if let Some((_, other)) = other
                && value_weight(index, &self.settings, self.population, value) > 0.0
            {
                shared.push(Link { pair: 0, value, source: carried_by(source, other) });
            }
        }
        let weight =
            if shared.is_empty() { 0.0 } else { weigh(index, &self.settings, self.population, &shared) };
        let mut grounds: Vec<Ground> = shared
            .iter()
            .filter_map(|link| {
                let value = index.value(link.value)?;
                Some(Ground {
                    kind: value.kind,
                    value: value.hash,
                    shared: value.count,
                    weight: self.settings.weight(value.kind, value.count, self.population),
                    source: (link.source != Evidence::OWN && link.source != SEVERAL).then_some(link.source),
                })
            })
            .collect();
        grounds.sort_by(|a, b| {
            b.weight.total_cmp(&a.weight).then(a.kind.cmp(&b.kind)).then(a.value.cmp(&b.value))
        });
        (grounds, weight)
    }

    /// Values that say nothing: over the cut-off of their kind, or because a person decided so; the most
    /// widely shared first. Kinds whose factor is 0 are left out.
    pub fn silenced(&self) -> Vec<Silenced> {
        let mut silenced: Vec<Silenced> = (0..self.index.values())
            .filter_map(|value| self.index.value(value))
            .filter(|value| {
                let strength = self.settings.strength(value.kind);
                value.ignored || (value.count > strength.most && strength.factor > 0.0)
            })
            .map(|value| Silenced {
                kind: value.kind,
                value: value.hash,
                shared: value.count,
                decided: value.ignored,
            })
            .collect();
        silenced.sort_unstable_by_key(|value| (std::cmp::Reverse(value.shared), value.kind, value.value));
        silenced
    }
}

/// For each link of a tree over nodes with these ids: the earliest id and the size of both parts that are left
/// without it.
fn sides(ids: &[u64], tree: &[(u32, u32)]) -> Vec<[(u64, u32); 2]> {
    let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); ids.len()];
    for (a, b) in tree {
        for (from, to) in [(a, b), (b, a)] {
            if let Some(list) = neighbours.get_mut(*from as usize) {
                list.push(*to);
            }
        }
    }
    // From the earliest member down: whatever is cut off, the rest keeps the earliest.
    let root = (0_u32..).zip(ids).min_by_key(|(_, id)| **id).map_or(0, |(place, _)| place);
    let mut parents = vec![u32::MAX; ids.len()];
    let mut order = vec![root];
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for next in neighbours.get(node as usize).into_iter().flatten() {
            if *next != root
                && let Some(parent) = parents.get_mut(*next as usize)
                && *parent == u32::MAX
            {
                *parent = node;
                order.push(*next);
            }
        }
    }
    let mut below: Vec<(u64, u32)> = ids.iter().map(|id| (*id, 1)).collect();
    for node in order.iter().rev() {
        let (earliest, size) = below.get(*node as usize).copied().unwrap_or((u64::MAX, 0));
        let parent = parents.get(*node as usize).copied().unwrap_or(u32::MAX);
        if let Some(above) = below.get_mut(parent as usize) {
            *above = (above.0.min(earliest), above.1 + size);
        }
    }
    let whole = below.get(root as usize).copied().unwrap_or((u64::MAX, 0));
    tree.iter()
        .map(|(a, b)| {
            let below_b = parents.get(*b as usize).is_some_and(|parent| parent == a);
            let child = if below_b { b } else { a };
            let part = below.get(*child as usize).copied().unwrap_or((u64::MAX, 0));
            let rest = (whole.0, whole.1.saturating_sub(part.1));
            if below_b { [rest, part] } else { [part, rest] }
        })
        .collect()
}
