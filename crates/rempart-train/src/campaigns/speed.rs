//! How fast a million observables are clustered, and ten thousand more.

use std::time::{Duration, Instant};

use rempart_triage::connect::{Clustering, Evidence, EvidenceKind, Settings};

/// What was measured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Speed {
    /// Observables.
    pub(super) observables: u64,
    /// Pieces of evidence.
    pub(super) evidence: usize,
    /// Links between groups that Leiden weighed.
    pub(super) links: usize,
    /// Clusters found.
    pub(super) clusters: usize,
    /// To take in the evidence and cluster it.
    pub(super) batch: Duration,
    /// Observables of the increment.
    pub(super) added: u64,
    /// How many were grouped anew by it.
    pub(super) regrouped: u32,
    /// To take in the increment.
    pub(super) increment: Duration,
    /// The most memory that the process ever held, in MiB (`VmHWM`), where the system says it.
    pub(super) resident: Option<u64>,
}

/// A generator (Knuth's MMIX constants), so that the data are the same each time.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// Evidence of synthetic campaigns: 40 observables each, of which one in three shares a certificate, an
/// address or a kit with a part of its campaign; all share weaker things, within the campaign and by
/// chance; and one in fifty lies in a content network.
fn some_evidence(from: u64, to: u64, random: &mut Random, all: &mut Vec<Evidence>) {
    const CAMPAIGN: u64 = 40;
    for observable in from..to {
        let campaign = random.below(1_000_000 / CAMPAIGN);
        let mut add = |kind, value| {
            all.push(Evidence { observable, kind, value, source: Evidence::OWN });
        };
        if random.below(3) == 0 {
            add(EvidenceKind::Certificate, campaign * 4 + random.below(4));
        }
        add(EvidenceKind::Template, campaign * 3 + random.below(3));
        add(EvidenceKind::Network, random.below(120_000));
        add(EvidenceKind::NamePart, random.below(200_000));
        add(EvidenceKind::NamePart, 1_000_000 + campaign * 10 + random.below(10));
        if random.below(50) == 0 {
            add(EvidenceKind::Address, random.below(10));
        }
    }
}

/// Clusters a million observables and then ten thousand more.
pub(super) fn measure(settings: &Settings) -> Speed {
    const COUNT: u64 = 1_000_000;
    const ADDED: u64 = 10_000;
    let mut random = Random(7);
    let mut evidence = Vec::new();
    some_evidence(0, COUNT, &mut random, &mut evidence);
    let start = Instant::now();
    let mut clustering = Clustering::new(settings.clone());
    let outcome = clustering.add(&evidence);
    let batch = start.elapsed();
    let (rows, clusters) = (evidence.len(), clustering.clusters().count());
    evidence.clear();
    some_evidence(COUNT, COUNT + ADDED, &mut random, &mut evidence);
    let start = Instant::now();
    let increment = clustering.add(&evidence);
    Speed {
        observables: COUNT,
        evidence: rows,
        links: outcome.weak_links,
        clusters,
        batch,
        added: ADDED,
        regrouped: increment.regrouped,
        increment: start.elapsed(),
        resident: resident(),
    }
}

/// The most memory that this process ever held, in MiB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}
