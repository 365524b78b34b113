//! The clustering of Rempart, and what it is measured beside.

use std::collections::BTreeMap;

use rempart_triage::connect::{Clustering, Evidence, EvidenceKind, Graph, Settings, UnionFind, leiden};

use super::benchmark::Benchmark;
use super::tune::Goal;

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

/// What Rempart is measured beside. Each takes a link for a link, whatever it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Baseline {
    /// Whatever is linked is one cluster.
    Components,
    /// Leiden with the constant Potts model of this resolution.
    Leiden(f64),
}

impl Baseline {
    /// Its clusters over these links: a label for each of `count` observables.
    pub(super) fn labels(self, edges: &[(u32, u32)], count: usize) -> Vec<u64> {
        match self {
            Self::Components => {
                let count = u32::try_from(count).unwrap_or(0);
                let mut sets = UnionFind::new(count);
                for (a, b) in edges {
                    sets.unite(*a, *b);
                }
                (0..count).map(|one| u64::from(sets.find(one))).collect()
            }
            Self::Leiden(resolution) => {
                let links: Vec<(u32, u32, f32)> = edges.iter().map(|(a, b)| (*a, *b, 1.0)).collect();
                leiden(&Graph::new(vec![1.0; count], &links), resolution, 1)
                    .into_iter()
                    .map(u64::from)
                    .collect()
            }
        }
    }
}

/// The resolutions that are tried for Leiden without weights.
pub(super) const RESOLUTIONS: [f64; 8] = [0.005, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 0.9];
/// The cut-offs that are tried for the baselines: a value shared by more observables makes no link.
pub(super) const CUTS: [u32; 14] = [2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 35, 60, 120, 500];

/// The settings with the cut-off of all kinds lowered to `most`.
pub(super) fn cut(settings: &Settings, most: u32) -> Settings {
    let mut settings = settings.clone();
    for strength in &mut settings.strengths {
        strength.most = strength.most.min(most);
    }
    settings
}

/// The links of the settings at each cut-off, in two forms: the cut-offs of the kinds lowered to it, and one
/// cut-off for all kinds. Each with its place in the list, so that it is found again on the other half.
pub(super) fn graphs(evidence: &[Evidence], settings: &Settings) -> Vec<Vec<(u32, u32)>> {
    let mut wide = settings.clone();
    for strength in &mut wide.strengths {
        strength.most = u32::MAX;
    }
    let forms = [settings, &wide];
    forms.iter().flat_map(|form| CUTS.iter().map(|most| edges(evidence, &cut(form, *most)))).collect()
}

/// Chooses on the development half the cut-off, and the resolution where there is one, by the same goal as
/// Rempart's parameters.
pub(super) fn choose(
    benchmark: &Benchmark,
    graphs: &[Vec<(u32, u32)>],
    baselines: &[Baseline],
    goal: Goal,
) -> Option<(usize, Baseline)> {
    let mut best: Option<(f64, (usize, Baseline))> = None;
    for (place, graph) in graphs.iter().enumerate() {
        for baseline in baselines {
            let reached = goal.of(benchmark, &baseline.labels(graph, benchmark.items.len()));
            if best.is_none_or(|(most, _)| reached > most) {
                best = Some((reached, (place, *baseline)));
            }
        }
    }
    best.map(|(_, choice)| choice)
}
