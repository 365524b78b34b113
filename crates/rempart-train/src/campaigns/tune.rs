//! Choosing parameters on the development half.

use rempart_triage::connect::{Evidence, EvidenceKind, Settings, Strength};

use super::benchmark::Benchmark;
use super::speed::Random;
use super::{measure, methods};

/// The kinds that the benchmark has.
pub(super) const KINDS: [EvidenceKind; 11] = [
    EvidenceKind::Registrable,
    EvidenceKind::Address,
    EvidenceKind::Template,
    EvidenceKind::Shape,
    EvidenceKind::NamePart,
    EvidenceKind::KitPath,
    EvidenceKind::Network,
    EvidenceKind::Port,
    EvidenceKind::Service,
    EvidenceKind::Platform,
    EvidenceKind::System,
];

/// The development half.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half<'a> {
    /// The observables.
    pub(super) benchmark: &'a Benchmark,
    /// What they share.
    pub(super) evidence: &'a [Evidence],
}

/// What is made as large as it can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// Precision is to be at least this; below, what is missing counts ten times.
    pub(super) floor: f64,
    /// What the share of observables in clusters that mix families counts against F1.
    pub(super) mixed: f64,
}

impl Goal {
    /// By which the shipped parameters were chosen. A cluster that mixes families costs an analyst's trust,
    /// even where most of it is right.
    pub(super) const SHIPPED: Self = Self { floor: 0.9, mixed: 0.25 };

    /// How far labels reach it.
    pub(super) fn of(self, benchmark: &Benchmark, labels: &[u64]) -> f64 {
        let score = measure::score(benchmark, labels, 0);
        let missing = (self.floor - score.precision.value).max(0.0);
        score.f1.value - self.mixed * score.overmerge.value - 10.0 * missing
    }
}

/// Caps every kind that is not hard below the threshold, so that no one kind of soft evidence unites alone:
/// among many more observables than here, what is shared by chance would tie everything together. A platform
/// or an autonomous system links nothing without something else, and a port that many use nothing at all.
fn bounded(mut settings: Settings) -> Settings {
    for (kind, strength) in EvidenceKind::ALL.iter().zip(&mut settings.strengths) {
        if !kind.is_hard() {
            strength.cap = strength.cap.min(settings.high * SOFT);
        }
        if *kind == EvidenceKind::Port {
            strength.most = strength.most.min(128);
        }
        if matches!(kind, EvidenceKind::Platform | EvidenceKind::System) {
            strength.cap = strength.cap.min(settings.resolution * SOFT);
        }
    }
    settings
}

/// The most that one kind of soft evidence is worth, in parts of the threshold, or of the resolution.
const SOFT: f32 = 0.95;

/// From several starts, changes one parameter after another as long as that helps.
pub(super) fn search(half: Half<'_>, start: &Settings, goal: Goal) -> Settings {
    let mut best = (f64::NEG_INFINITY, start.clone());
    for (high, resolution, size_power) in
        [(start.high, start.resolution, start.size_power), (4.0, 1.0, 0.1), (3.0, 1.6, 0.0), (7.0, 1.15, 0.0)]
    {
        let found = climb(half, &bounded(Settings { high, resolution, size_power, ..start.clone() }), goal);
        if found.0 > best.0 {
            best = found;
        }
    }
    wander(half, best, goal).1
}

/// How many random steps are tried after the climb.
const STEPS: u32 = 2000;

/// Changes one to four parameters at random, and keeps what helps.
fn wander(half: Half<'_>, mut best: (f64, Settings), goal: Goal) -> (f64, Settings) {
    let count = half.benchmark.items.len();
    let mut random = Random(0x7A11);
    for _ in 0..STEPS {
        let mut candidate = best.1.clone();
        for _ in 0..=random.below(4) {
            // Between a half and twice.
            #[allow(clippy::cast_precision_loss, reason = "a number below 1000")]
            let step = 2.0_f32.powf(random.below(1001) as f32 / 500.0 - 1.0);
            match random.below(9) {
                0 => candidate.high *= step,
                1 => candidate.resolution *= step,
                2 => {
                    candidate.size_power =
                        [0.0, 0.1, 0.25, 0.5][usize::try_from(random.below(4)).unwrap_or(0)]
                }
                parameter => {
                    let place = usize::try_from(random.below(KINDS.len() as u64)).unwrap_or(0);
                    let Some(kind) = KINDS.get(place).copied() else { continue };
                    let mut strength = candidate.strength(kind);
                    match parameter {
                        3 | 4 => strength.cap = (strength.cap * step).clamp(0.2, 20.0),
                        5 | 6 => strength.factor = (strength.factor * step).clamp(0.02, 4.0),
                        _ => {
                            #[allow(
                                clippy::cast_possible_truncation,
                                clippy::cast_sign_loss,
                                clippy::cast_precision_loss,
                                reason = "a small count"
                            )]
                            let most = (strength.most as f32 * step).round() as u32;
                            strength.most = most.clamp(2, 500);
                        }
                    }
                    candidate = candidate.with(kind, strength);
                }
            }
        }
        let candidate = bounded(candidate);
        let reached = goal.of(half.benchmark, &methods::rempart(half.evidence, &candidate, count));
        if reached > best.0 {
            best = (reached, candidate);
        }
    }
    best
}

fn climb(half: Half<'_>, start: &Settings, goal: Goal) -> (f64, Settings) {
    let count = half.benchmark.items.len();
    let value =
        |settings: &Settings| goal.of(half.benchmark, &methods::rempart(half.evidence, settings, count));
    let mut best = (value(start), start.clone());
    for _ in 0..8 {
        let before = best.0;
        let consider = |candidate: Settings, best: &mut (f64, Settings)| {
            let candidate = bounded(candidate);
            let reached = value(&candidate);
            if reached > best.0 + 1e-4 {
                *best = (reached, candidate);
            }
        };
        for step in [0.6_f32, 0.8, 0.9, 1.1, 1.25, 1.6] {
            let (high, resolution) = (best.1.high * step, best.1.resolution * step);
            consider(Settings { high, ..best.1.clone() }, &mut best);
            consider(Settings { resolution, ..best.1.clone() }, &mut best);
            consider(Settings { high, resolution, ..best.1.clone() }, &mut best);
        }
        for size_power in [0.0, 0.15, 0.3, 0.5, 0.75, 1.0] {
            consider(Settings { size_power, ..best.1.clone() }, &mut best);
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
                (0.8, 1.0, 2.0),
            ] {
                let old = best.1.strength(kind);
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "a small count"
                )]
                let most = ((old.most as f32 * most).round() as u32).clamp(2, 500);
                let strength = Strength {
                    factor: (old.factor * factor).clamp(0.05, 4.0),
                    cap: (old.cap * cap).clamp(0.2, 20.0),
                    most,
                };
                if strength != old {
                    consider(best.1.clone().with(kind, strength), &mut best);
                }
            }
        }
        if best.0 - before < 5e-4 {
            break;
        }
    }
    best
}
