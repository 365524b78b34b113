//! The clustering of Rempart, and what it is measured beside.

use std::collections::BTreeMap;

use rempart_triage::connect::{Clustering, Evidence, EvidenceKind, Graph, Settings, UnionFind, leiden};

/// Rempart's clusters: a label for each of `count` observables.
pub(super) fn rempart(evidence: &[Evidence], settings: &Settings, count: usize) -> Vec<u64> {
    let mut clustering = Clustering::new(settings.clone());
    clustering.add(evidence);
    // Above all ids: those that are in no cluster.
    (0..count as u64).map(|one| clustering.cluster_of(one).unwrap_or((1 << 40) | one)).collect()
}

/// Each pair that shares a value that `settings` does not cut off, once.
pub(super) fn edges(evidence: &[Evidence], settings: &Settings) -> Vec<(u32, u32)> {
    let mut values: BTreeMap<(EvidenceKind, u64), Vec<u32>> = BTreeMap::new();
    for one in evidence {
        if settings.strength(one.kind).factor > 0.0 {
            values.entry((one.kind, one.value)).or_default().push(u32::try_from(one.observable).unwrap_or(0));
        }
    }
    let mut edges = Vec::new();
    for ((kind, _), mut members) in values {
        members.sort_unstable();
        members.dedup();
        if members.len() > settings.strength(kind).most as usize {
            continue;
        }
        for (place, one) in members.iter().enumerate() {
            edges.extend(members.get(place + 1..).unwrap_or_default().iter().map(|other| (*one, *other)));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Baseline: whatever is linked is one cluster.
pub(super) fn components(edges: &[(u32, u32)], count: usize) -> Vec<u64> {
    let mut sets = UnionFind::new(u32::try_from(count).unwrap_or(0));
    for (a, b) in edges {
        sets.unite(*a, *b);
    }
    (0..u32::try_from(count).unwrap_or(0)).map(|one| u64::from(sets.find(one))).collect()
}

/// Baseline: Leiden over the same links, none of which weighs more than another.
pub(super) fn unweighted(edges: &[(u32, u32)], count: usize, resolution: f64) -> Vec<u64> {
    let links: Vec<(u32, u32, f32)> = edges.iter().map(|(a, b)| (*a, *b, 1.0)).collect();
    let graph = Graph::new(vec![1.0; count], &links);
    leiden(&graph, resolution, 1).into_iter().map(u64::from).collect()
}

/// The settings with the cut-off of all kinds lowered to `most`.
pub(super) fn cut(settings: &Settings, most: u32) -> Settings {
    let mut settings = settings.clone();
    for strength in &mut settings.strengths {
        strength.most = strength.most.min(most);
    }
    settings
}
