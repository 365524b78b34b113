//! How well probabilities hold on days that were not learnt from.

use std::collections::BTreeMap;

use rempart_model::Category;
use rempart_triage::assess::Policy;
use rempart_triage::assess::weights::Weights;
use rempart_triage::learn::calibrate::Platt;
use rempart_triage::learn::features::random;

use super::cells::{Cells, KindOf, Known, policy, probability};
use super::data::Feed;
use super::fit::learnt_from;
use super::looks::Scores;

/// Bins of equal width over probabilities.
pub(super) const BINS: usize = 10;
/// How often examples are drawn anew for an interval.
const DRAWS: u64 = 300;

/// So many were given a probability, and so many of them proved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Given {
    pub(super) probability: f64,
    pub(super) all: f64,
    pub(super) proved: f64,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Bin {
    pub(super) predicted: f64,
    pub(super) observed: f64,
    pub(super) count: f64,
}

/// Figures of one way to predict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) count: f64,
    pub(super) base: f64,
    pub(super) brier: (f64, f64, f64),
    pub(super) base_brier: f64,
    pub(super) error: (f64, f64, f64),
    pub(super) bins: Vec<Bin>,
}

pub(super) fn bins(given: &[Given]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for one in given {
        let at = ((one.probability * BINS as f64) as usize).min(BINS - 1);
        if let Some(bin) = bins.get_mut(at) {
            bin.predicted += one.probability * one.all;
            bin.observed += one.proved;
            bin.count += one.all;
        }
    }
    for bin in &mut bins {
        bin.predicted /= bin.count.max(1.0);
        bin.observed /= bin.count.max(1.0);
    }
    bins
}

/// The expected calibration error over bins of equal width (Naeini et al. 2015), weighed by what is in them.
fn error(given: &[Given]) -> f64 {
    let all: f64 = given.iter().map(|one| one.all).sum();
    bins(given).iter().map(|bin| (bin.predicted - bin.observed).abs() * bin.count / all.max(1.0)).sum()
}

/// The mean square of what a probability is off by (Brier 1950).
fn brier(given: &[Given]) -> f64 {
    let all: f64 = given.iter().map(|one| one.all).sum();
    let sum: f64 = given
        .iter()
        .map(|one| {
            one.proved * (1.0 - one.probability).powi(2) + (one.all - one.proved) * one.probability.powi(2)
        })
        .sum();
    sum / all.max(1.0)
}

fn base(given: &[Given]) -> f64 {
    let (all, proved) =
        given.iter().fold((0.0, 0.0), |(all, proved), one| (all + one.all, proved + one.proved));
    proved / f64::max(all, 1.0)
}

/// A normal deviate from a number, by the sum of twelve.
fn normal(seed: u64, at: u64) -> f64 {
    let uniform = |n: u64| (random(seed, at * 12 + n) >> 11) as f64 / (1u64 << 53) as f64;
    (0..12).map(uniform).sum::<f64>() - 6.0
}

/// Draws examples anew: how many of each cell there are, and how many of them are proved.
fn drawn(given: &[Given], seed: u64) -> Vec<Given> {
    let spread = |n: f64, at: u64| (n + n.sqrt() * normal(seed, at)).max(0.0);
    (0u64..)
        .zip(given)
        .map(|(at, one)| {
            let (proved, not) = (spread(one.proved, at * 2), spread(one.all - one.proved, at * 2 + 1));
            Given { all: proved + not, proved, ..*one }
        })
        .collect()
}

/// A figure and its interval of 95 %.
fn interval(given: &[Given], figure: fn(&[Given]) -> f64) -> (f64, f64, f64) {
    let mut draws: Vec<f64> = (0..DRAWS).map(|seed| figure(&drawn(given, seed))).collect();
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws.get((DRAWS as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    (figure(given), at(0.025), at(0.975))
}

pub(super) fn figures(name: &str, given: &[Given]) -> Figures {
    let base = base(given);
    Figures {
        name: name.to_owned(),
        count: given.iter().map(|one| one.all).sum(),
        base,
        brier: interval(given, brier),
        base_brier: base * (1.0 - base),
        error: interval(given, error),
        bins: bins(given),
    }
}

/// Cells that were not learnt from, with what somebody predicts of them.
pub(super) fn held_out(
    feeds: &[Feed],
    cells: &Cells,
    of: &dyn Fn(&Known) -> bool,
    predict: &dyn Fn(&Known, Category) -> f64,
) -> Vec<Given> {
    cells
        .iter()
        .filter(|(known, _)| !learnt_from(known, feeds) && of(known))
        .map(|(known, count)| {
            let category = feeds.get(known.feed).map_or(Category::Other, |feed| feed.category);
            Given {
                probability: predict(known, category),
                all: f64::from(count.all),
                proved: f64::from(count.proved),
            }
        })
        .collect()
}

/// What the shipped form predicts with these numbers.
pub(super) fn by(weights: &Weights) -> impl Fn(&Known, Category) -> f64 {
    let policy: Policy = policy(weights);
    move |known, category| probability(known, category, &policy)
}

/// What the first form of the assessment gave to one claim of a fairly reliable source: numbers that somebody chose.
pub(super) fn first_form(known: &Known, category: Category) -> f64 {
    let (prior, days) = match known.kind {
        KindOf::Address => (-1.6, 7.0),
        KindOf::Domain => (-1.4, 45.0),
        KindOf::Url => (-1.2, 5.0),
    };
    let factor = match category {
        Category::BruteForce => 0.5,
        Category::C2Server => 2.0,
        _ => 1.0,
    };
    let odds: f64 = prior + 1.8 * (-(known.age as f64) / (days * factor)).exp2();
    1.0 / (1.0 + (-odds).exp())
}

/// The share that was proved by the last day of learning, of each list and kind: what a model without features knows.
pub(super) fn shares(feeds: &[Feed], cells: &Cells) -> BTreeMap<(usize, KindOf), f64> {
    let mut sums: BTreeMap<(usize, KindOf), (f64, f64)> = BTreeMap::new();
    for (known, count) in cells.iter().filter(|(known, _)| learnt_from(known, feeds)) {
        let sum = sums.entry((known.feed, known.kind)).or_default();
        sum.0 += f64::from(count.all);
        sum.1 += f64::from(count.proved_by_split);
    }
    sums.into_iter().map(|(key, (all, proved))| (key, proved / f64::max(all, 1.0))).collect()
}

/// The area under the curve of one feature alone: how often what was proved has more of it than what was not.
pub(super) fn alone(cells: &Cells, feeds: &[Feed], feature: &dyn Fn(&Known) -> f64) -> f64 {
    let mut list: Vec<(f64, f64, f64)> = cells
        .iter()
        .filter(|(known, _)| !learnt_from(known, feeds))
        .map(|(known, count)| {
            (feature(known), f64::from(count.proved), f64::from(count.all) - f64::from(count.proved))
        })
        .collect();
    list.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area, mut proved, mut not) = (0.0, 0.0, 0.0, 0.0);
    for same in list.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let (yes, no) = same.iter().fold((0.0, 0.0), |(yes, no), one| (yes + one.1, no + one.2));
        area += yes * (below + no / 2.0);
        below += no;
        proved += yes;
        not += no;
    }
    area / f64::max(proved * not, 1.0)
}

/// How well looks tell names of malware from people's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LooksFigures {
    pub(super) families: usize,
    pub(super) names: usize,
    pub(super) measured: usize,
    /// The area under the curve, of families that were not learnt from.
    pub(super) area: f64,
    /// What a name's look saves of the doubt between two equal choices, in bits a name.
    pub(super) bits: f64,
    /// The expected calibration error, of as many of either.
    pub(super) error: f64,
    /// The mean worth, in log-odds and within its bounds, of malware's names, people's, and the second benign set.
    pub(super) means: [f64; 3],
}

/// Measures looks on families that were not learnt from.
pub(super) fn looks(scores: &Scores, platt: &Platt) -> LooksFigures {
    let mut weights = Weights::CHOSEN;
    weights.looks = [f64::from(platt.a), f64::from(platt.b), weights.looks[2], weights.looks[3]];
    let mut sorted = scores.measure.clone();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area, mut malware) = (0.0, 0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let yes = same.iter().filter(|one| one.1).count() as f64;
        let no = same.len() as f64 - yes;
        area += yes * (below + no / 2.0);
        below += no;
        malware += yes;
    }
    let given: Vec<Given> = scores
        .measure
        .iter()
        .map(|(score, is)| Given {
            probability: f64::from(platt.probability(*score)),
            all: 1.0,
            proved: f64::from(u8::from(*is)),
        })
        .collect();
    let bits = given.iter().map(|one| {
        let p = if one.proved > 0.5 { one.probability } else { 1.0 - one.probability };
        1.0 + p.max(1e-9).log2()
    });
    let mean = |list: &mut dyn Iterator<Item = f32>| {
        let (sum, count) = list
            .fold((0.0, 0.0f64), |(sum, count), score| (sum + weights.look(f64::from(score)), count + 1.0));
        sum / count.max(1.0)
    };
    LooksFigures {
        families: scores.families,
        names: scores.names,
        measured: given.len(),
        area: area / f64::max(malware * below, 1.0),
        bits: bits.sum::<f64>() / given.len().max(1) as f64,
        error: error(&given),
        means: [
            mean(&mut scores.measure.iter().filter(|one| one.1).map(|one| one.0)),
            mean(&mut scores.measure.iter().filter(|one| !one.1).map(|one| one.0)),
            mean(&mut scores.second.iter().copied()),
        ],
    }
}
