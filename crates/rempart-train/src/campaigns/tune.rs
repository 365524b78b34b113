//! Choosing parameters on the development half.

use rempart_triage::connect::{Evidence, EvidenceKind, Settings, Strength};

use super::benchmark::Benchmark;
use super::{measure, methods};

/// The kinds that the benchmark has.
pub(super) const KINDS: [EvidenceKind; 10] = [
    EvidenceKind::Registrable,
    EvidenceKind::Address,
    EvidenceKind::Template,
    EvidenceKind::Shape,
    EvidenceKind::NamePart,
    EvidenceKind::KitPath,
    EvidenceKind::Network,
    EvidenceKind::Port,
    EvidenceKind::Platform,
    EvidenceKind::System,
];

/// What is made as large as it can be: B-cubed F1, as long as precision is at least `floor`; below, what is
/// missing counts five times.
fn goal(benchmark: &Benchmark, labels: &[u64], floor: f64) -> f64 {
    let score = measure::score(benchmark, labels, 0);
    score.f1.value - 5.0 * (floor - score.precision.value).max(0.0)
}

/// Changes one parameter after another as long as that helps, at most `rounds` times all.
pub(super) fn search(
    benchmark: &Benchmark,
    evidence: &[Evidence],
    start: &Settings,
    floor: f64,
    rounds: usize,
) -> Settings {
    let count = benchmark.items.len();
    let mut best = start.clone();
    let mut reached = goal(benchmark, &methods::rempart(evidence, &best, count), floor);
    for round in 0..rounds {
        let before = reached;
        let mut consider = |candidate: Settings, best: &mut Settings| {
            let value = goal(benchmark, &methods::rempart(evidence, &candidate, count), floor);
            if value > reached + 1e-4 {
                (reached, *best) = (value, candidate);
            }
        };
        for step in [0.6_f32, 0.8, 1.25, 1.6] {
            let high = best.high * step;
            consider(Settings { high, ..best.clone() }, &mut best);
            let resolution = best.resolution * step;
            consider(Settings { resolution, ..best.clone() }, &mut best);
        }
        for size_power in [0.0, 0.15, 0.3, 0.5, 0.75, 1.0] {
            consider(Settings { size_power, ..best.clone() }, &mut best);
        }
        for kind in KINDS {
            for (factor, cap, most) in [
                (0.6, 1.0, 1.0),
                (1.6, 1.0, 1.0),
                (1.6, 1.6, 1.0),
                (0.6, 0.6, 1.0),
                (1.0, 0.6, 1.0),
                (1.0, 1.6, 1.0),
                (1.0, 1.0, 0.5),
                (1.0, 1.0, 0.75),
                (1.0, 1.0, 1.5),
                (1.0, 1.0, 2.5),
                (0.0, 1.0, 1.0),
            ] {
                let old = best.strength(kind);
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "small counts"
                )]
                let most = ((old.most as f32 * most).round() as u32).clamp(2, 500);
                let strength = Strength { factor: old.factor * factor, cap: (old.cap * cap).min(40.0), most };
                if strength != old {
                    consider(best.clone().with(kind, strength), &mut best);
                }
            }
        }
        eprintln!("  round {round}: {reached:.4}");
        if reached - before < 5e-4 {
            break;
        }
    }
    best
}
