//! Learning the numbers of the assessment from what later lists proved: by the likelihood, one number after the other,
//! in steps that grow where they help and shrink where they do not.

use rempart_model::{Category, Kind, Reliability, Stance};
use rempart_triage::assess::weights::{self, Trust, Weights};

use super::cells::{Cells, Count, KindOf, Known, policy, probability};
use super::data::Feed;

/// A number that is learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Prior(KindOf),
    Persistence(KindOf),
    HalfLife(KindOf, Category),
}

/// Where a prior is expected, and how strongly: as one example's worth of doubt.
const EXPECTED: f64 = -4.0;
const ROUNDS: usize = 60;

fn kinds(of: KindOf) -> Vec<usize> {
    let places: &[Kind] = match of {
        KindOf::Address => &[Kind::Ipv4, Kind::Ipv6],
        KindOf::Domain => &[Kind::Domain],
        KindOf::Url => &[Kind::Url],
    };
    places.iter().map(weights::place).collect()
}

fn change(weights: &mut Weights, number: Number, step: f64) {
    let of = match number {
        Number::Prior(of) | Number::Persistence(of) | Number::HalfLife(of, _) => of,
    };
    for kind in kinds(of) {
        match number {
            Number::Prior(_) => {
                if let Some(prior) = weights.priors.get_mut(kind) {
                    *prior = (*prior + step).clamp(-8.0, -1.5);
                }
            }
            Number::Persistence(_) => {
                if let Some(share) = weights.persistence.get_mut(kind) {
                    *share = (*share + step).clamp(0.0, 3.0);
                }
            }
            Number::HalfLife(_, category) => {
                let days =
                    weights.half_life_days.get_mut(kind).and_then(|list| list.get_mut(category as usize));
                if let Some(days) = days {
                    *days = (*days * step.exp()).clamp(0.5, 20_000.0);
                }
            }
        }
    }
}

/// The loss: minus the logarithm of the likelihood of what was proved.
fn loss(weights: &Weights, feeds: &[Feed], examples: &[(&Known, f64, f64)]) -> f64 {
    let policy = policy(weights);
    let mut sum: f64 =
        KindOf::ALL.iter().map(|of| (weights.prior(&of.kind()) - EXPECTED).powi(2) / 2.0).sum();
    for (known, all, proved) in examples {
        let category = feeds.get(known.feed).map_or(Category::Other, |feed| feed.category);
        let p = probability(known, category, &policy).clamp(1e-6, 1.0 - 1e-6);
        sum -= proved * p.ln() + (all - proved) * (1.0 - p).ln();
    }
    sum
}

/// Whether a cell is learnt from: a snapshot that proves something was there on the last day of learning.
pub(super) fn learnt_from(known: &Known, feeds: &[Feed]) -> bool {
    feeds.get(known.feed).is_some_and(|feed| known.day <= feed.split)
}

/// Learns from all cells that `take` lets through; `proved` says how often one was proved by what may be known.
pub(super) fn fit(
    feeds: &[Feed],
    cells: &Cells,
    take: &dyn Fn(&Known) -> bool,
    proved: &dyn Fn(&Count) -> u32,
    persistence: bool,
) -> Weights {
    let examples: Vec<(&Known, f64, f64)> = cells
        .iter()
        .filter(|(known, _)| take(known))
        .map(|(known, count)| (known, f64::from(count.all), f64::from(proved(count))))
        .collect();
    let mut numbers: Vec<Number> = KindOf::ALL.into_iter().map(Number::Prior).collect();
    if persistence {
        numbers.extend(KindOf::ALL.into_iter().map(Number::Persistence));
    }
    let mut learnt: Vec<(KindOf, Category)> = Vec::new();
    for (known, ..) in &examples {
        if let Some(feed) = feeds.get(known.feed) {
            learnt.push((known.kind, feed.category));
        }
    }
    learnt.sort_unstable();
    learnt.dedup();
    // Too few to say anything of their own.
    learnt.retain(|(kind, category)| {
        let all: f64 = examples
            .iter()
            .filter(|(known, ..)| {
                known.kind == *kind && feeds.get(known.feed).is_some_and(|feed| feed.category == *category)
            })
            .map(|(_, all, _)| all)
            .sum();
        all >= 500.0
    });
    numbers.extend(learnt.iter().map(|(kind, category)| Number::HalfLife(*kind, *category)));

    let mut weights = Weights::CHOSEN;
    let mut steps = vec![0.5f64; numbers.len()];
    let mut best = loss(&weights, feeds, &examples);
    for _ in 0..ROUNDS {
        for (number, step) in numbers.iter().zip(&mut steps) {
            let mut helped = false;
            for sign in [1.0, -1.0] {
                let mut tried = weights;
                change(&mut tried, *number, sign * *step);
                let found = loss(&tried, feeds, &examples);
                if found < best - 1e-9 {
                    (weights, best, helped) = (tried, found, true);
                    break;
                }
            }
            *step *= if helped { 1.3 } else { 0.5 };
        }
    }
    spread(&mut weights, &learnt);
    weights
}

/// What was not learnt keeps pace: the same category of a kind falls below the threshold after as many days as was chosen,
/// or in the chosen proportion to the kind's general half-life where that was learnt.
fn spread(weights: &mut Weights, learnt: &[(KindOf, Category)]) {
    let chosen = Weights::CHOSEN;
    let threshold = (f64::from(weights::LOWER) / (1.0 - f64::from(weights::LOWER))).ln();
    for of in KindOf::ALL {
        let general = match of {
            // Lists of malware say nothing of how long pages for phishing stay.
            KindOf::Url => None,
            KindOf::Address => Some(Category::Other),
            KindOf::Domain => Some(Category::MalwareDistribution),
        };
        let general = general.filter(|category| learnt.contains(&(of, *category)));
        for kind in kinds(of) {
            let name = of.kind();
            let halves = |weights: &Weights| {
                let fresh = weights.strength(&name, Trust::Letter(Reliability::C), None, Stance::Malicious);
                (fresh / (threshold - weights.prior(&name))).log2()
            };
            let pace = halves(&chosen) / halves(weights);
            let lookup = |weights: &Weights, category: Category| {
                weights
                    .half_life_days
                    .get(kind)
                    .and_then(|list| list.get(category as usize))
                    .copied()
                    .unwrap_or(1.0)
            };
            for (category, _) in Category::ALL {
                if learnt.contains(&(of, category)) {
                    continue;
                }
                let days = match general {
                    Some(general) => {
                        lookup(weights, general) * lookup(&chosen, category) / lookup(&chosen, general)
                    }
                    None => lookup(&chosen, category) * pace,
                };
                if let Some(place) =
                    weights.half_life_days.get_mut(kind).and_then(|list| list.get_mut(category as usize))
                {
                    *place = days;
                }
            }
        }
    }
}
