//! Which sources copy from which, after Dong, Berti-Equille and Srivastava (VLDB 2009, "Integrating
//! conflicting data: the role of source dependence").
//!
//! Two good sources share what is true because it is true. To share what is false there is hardly a reason but a
//! common origin. So shared errors (claims that an analyst or a warninglist refutes) weigh most; that one source holds
//! nearly all of another, and that one follows the other with a constant lag, weigh less and only together
//! suffice. What each is worth in log-odds:
//!
//! * [`UNRELATED`] to begin with.
//! * Errors: the log-likelihood ratio of sharing as many errors as are shared against sharing as chance would
//!   have it, at most [`ERRORS`]. At least three must be shared. An error that more than a quarter of all
//!   sources (and more than eight) make is a popular name, not a mark.
//! * Containment: up to [`CONTAINMENT`], rising from half to all of what the smaller source could share with the
//!   other beyond what independence gives.
//! * Order: [`ORDER`] if the same one is first with nine of ten.
//! * Lag: [`LAG`] if besides six of ten lags lie within a tenth, or ten minutes, of the median.
//!
//! Times should be the sources' own. Where they are those of fetching, on a fixed schedule, all sources follow one
//! another with a constant lag, and two that hold the same are taken for copies.
//!
//! Only claims that things are malicious are compared. Bounds: of an observable that more than [`VOICES`] sources
//! claim, a sample of so many is taken by a fixed hash; of more than [`SOURCES`] sources only those with most
//! claims are compared. Memory: 4 bytes for each pair of sources and up to [`LAGS`] lags of 8 bytes for each
//! pair that shares enough.

use super::{Claim, Claims, Observable, sigmoid};

/// Log-odds that two sources depend on one another before anything is known.
pub const UNRELATED: f64 = -4.0;
/// The most that shared errors add.
pub const ERRORS: f64 = 9.0;
/// The most that containment adds.
pub const CONTAINMENT: f64 = 2.0;
/// What a fixed order adds.
pub const ORDER: f64 = 1.0;
/// What a constant lag adds.
pub const LAG: f64 = 2.0;
/// From this score on two sources are one voice.
pub const THRESHOLD: f64 = 0.5;
/// Pairs that share fewer observables are not judged.
pub const LEAST_SHARED: u32 = 10;
/// At most so many sources of one observable are compared.
pub const VOICES: usize = 32;
/// At most so many sources are compared.
pub const SOURCES: usize = 2048;
/// At most so many lags of a pair are kept.
pub const LAGS: usize = 256;

/// One source seems to copy from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Whom it copies from: who is first more often, and of equals the one with more claims.
    pub from: u32,
    /// Who copies.
    pub to: u32,
    /// How probable that is, 0 to 1.
    pub score: f64,
    /// How many observables both claim.
    pub shared: u32,
    /// How many of these are refuted.
    pub errors: u32,
    /// The share of the smaller one's claims that the other holds.
    pub containment: f64,
    /// The share of the shared, among those with different times, that `from` has first.
    pub first: f64,
    /// The median of the seconds by which `to` is later, in a sample.
    pub lag: i64,
    /// The share of the sample near that median.
    pub steady: f64,
    /// Why, in words, what weighs most first.
    pub reasons: Vec<String>,
}

/// Who copies from whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Copies {
    /// All pairs with a score of at least one tenth, the highest first.
    pub pairs: Vec<Pair>,
    /// For each source the lowest number in its group: the union of pairs from [`THRESHOLD`] on.
    pub groups: Vec<u32>,
}

#[derive(Default, Clone)]
struct Tally {
    errors: u32,
    /// How often the lower number is first, and how often the other.
    first: (u32, u32),
    seen: u32,
    lags: Vec<i64>,
}

const NONE: u32 = u32::MAX;

/// Finds the pairs. `about` describes the observables of `claims`.
pub fn find(claims: &Claims, about: &[Observable]) -> Copies {
    let (places, names) = compared(claims);
    let width = names.len();
    let mut counts = vec![0_u32; width];
    let mut errors = vec![0_u32; width];
    let mut shared = vec![0_u32; width * width];
    let mut things = 0_u32;
    let mut refuted = 0_u32;
    let popular = 8.max(claims.sources() / 4);
    let wrong = |number: usize, said: &[Claim]| {
        said.len() <= popular && about.get(number).is_some_and(Observable::refuted)
    };
    let mut now = Vec::new();
    for (number, said) in claims.each().enumerate() {
        gather(said, &places, &mut now);
        let error = u32::from(wrong(number, said));
        things += u32::from(!now.is_empty());
        refuted += error * u32::from(!now.is_empty());
        for (at, (a, _)) in now.iter().enumerate() {
            bump(&mut counts, *a as usize, 1);
            bump(&mut errors, *a as usize, error);
            for (b, _) in now.iter().skip(at + 1) {
                bump(&mut shared, *a as usize * width + *b as usize, 1);
            }
        }
    }
    // From here on the table holds the place of the pair's tally.
    let mut totals = Vec::new();
    for (at, count) in shared.iter_mut().enumerate() {
        if *count >= LEAST_SHARED {
            totals.push((at, *count));
            *count = totals.len() as u32 - 1;
        } else {
            *count = NONE;
        }
    }
    let mut tallies = vec![Tally::default(); totals.len()];
    for (number, said) in claims.each().enumerate() {
        gather(said, &places, &mut now);
        let error = u32::from(wrong(number, said));
        for (at, (a, early)) in now.iter().enumerate() {
            for (b, late) in now.iter().skip(at + 1) {
                let place = shared.get(*a as usize * width + *b as usize).copied().unwrap_or(NONE) as usize;
                let Some((tally, (_, total))) = tallies.get_mut(place).zip(totals.get(place)) else {
                    continue;
                };
                tally.errors += error;
                tally.first.0 += u32::from(early < late);
                tally.first.1 += u32::from(late < early);
                if tally.seen % (total / LAGS as u32 + 1) == 0 {
                    tally.lags.push(late.saturating_sub(*early));
                }
                tally.seen += 1;
            }
        }
    }
    let mut pairs: Vec<Pair> = totals
        .iter()
        .zip(tallies)
        .filter_map(|((at, total), tally)| {
            let side = |place: usize| {
                Some(Side {
                    source: *names.get(place)?,
                    claims: *counts.get(place)?,
                    errors: *errors.get(place)?,
                })
            };
            Some(judge(side(at / width)?, side(at % width)?, *total, tally, things, refuted))
        })
        .filter(|pair| pair.score >= 0.1)
        .collect();
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score).then((a.from, a.to).cmp(&(b.from, b.to))));
    let groups = unite(&pairs, claims.sources());
    Copies { pairs, groups }
}

fn bump(table: &mut [u32], at: usize, by: u32) {
    if let Some(value) = table.get_mut(at) {
        *value += by;
    }
}

/// The sources to compare: the place of each in the tables, and the other way round.
fn compared(claims: &Claims) -> (Vec<u32>, Vec<u32>) {
    let mut names: Vec<u32> = (0..claims.sources() as u32).collect();
    if names.len() > SOURCES {
        let mut counts = vec![0_u32; names.len()];
        for claim in claims.list() {
            bump(&mut counts, claim.source as usize, 1);
        }
        names.sort_by_key(|name| (std::cmp::Reverse(counts.get(*name as usize).copied()), *name));
        names.truncate(SOURCES);
        names.sort_unstable();
    }
    let mut places = vec![NONE; claims.sources()];
    for (place, name) in names.iter().enumerate() {
        if let Some(slot) = places.get_mut(*name as usize) {
            *slot = place as u32;
        }
    }
    (places, names)
}

/// Who says of an observable that it is malicious, and when; by place, at most [`VOICES`].
fn gather(said: &[Claim], places: &[u32], out: &mut Vec<(u32, i64)>) {
    out.clear();
    let place = |claim: &Claim| places.get(claim.source as usize).copied().filter(|p| *p != NONE);
    out.extend(said.iter().filter(|claim| !claim.negative).filter_map(|c| Some((place(c)?, c.time))));
    if out.len() > VOICES {
        let salt = said.first().map_or(0, |claim| claim.observable);
        out.sort_unstable_by_key(|(place, _)| (mix(*place, salt), *place));
        out.truncate(VOICES);
        out.sort_unstable();
    }
}

/// A fixed hash (the finisher of SplitMix64).
fn mix(a: u32, b: u32) -> u64 {
    let mut z = ((u64::from(a) << 32) | u64::from(b)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[derive(Clone, Copy)]
struct Side {
    source: u32,
    claims: u32,
    errors: u32,
}

fn judge(a: Side, b: Side, shared: u32, mut tally: Tally, things: u32, refuted: u32) -> Pair {
    let forward = match tally.first.0.cmp(&tally.first.1) {
        std::cmp::Ordering::Equal => (a.claims, b.source) >= (b.claims, a.source),
        order => order.is_gt(),
    };
    let (from, to) = if forward { (a, b) } else { (b, a) };
    if !forward {
        tally.lags.iter_mut().for_each(|lag| *lag = lag.saturating_neg());
    }
    let lead = if forward { tally.first.0 } else { tally.first.1 };
    let first = f64::from(lead) / f64::from((tally.first.0 + tally.first.1).max(1));
    tally.lags.sort_unstable();
    let lag = tally.lags.get(tally.lags.len() / 2).copied().unwrap_or(0);
    let slack = (lag.unsigned_abs() / 10).max(600);
    let near = tally.lags.iter().filter(|l| l.abs_diff(lag) <= slack).count();
    let steady = near as f64 / tally.lags.len().max(1) as f64;

    let (small, large) = if from.claims < to.claims { (from, to) } else { (to, from) };
    let containment = f64::from(shared) / f64::from(small.claims.max(1));
    let chance = f64::from(large.claims) / f64::from(things.max(1));
    let excess = (containment - chance) / (1.0 - chance).max(1e-9);
    let held = CONTAINMENT * ((excess - 0.5) * 2.0).clamp(0.0, 1.0);
    let wrong = wrong(a.errors.min(b.errors), a.errors.max(b.errors), tally.errors, refuted);
    let ordered = tally.first.0 + tally.first.1 >= LEAST_SHARED && first >= 0.9;
    let constant = ordered && steady >= 0.6;

    let mut reasons = Vec::new();
    if wrong > 0.0 {
        reasons.push(format!("shares {} of its {} known errors", tally.errors, a.errors.min(b.errors)));
    }
    if constant {
        reasons.push(format!("follows {lag} seconds later, steadily in {:.0} % of cases", steady * 100.0));
    }
    if held > 0.0 {
        reasons.push(format!(
            "{:.0} % of the smaller one's claims are in the other, where chance gives {:.0} %",
            containment * 100.0,
            chance * 100.0
        ));
    }
    if ordered {
        reasons.push(format!("the other is first in {:.0} % of cases", first * 100.0));
    }
    let sum = UNRELATED + wrong + held + if ordered { ORDER } else { 0.0 } + if constant { LAG } else { 0.0 };
    Pair {
        from: from.source,
        to: to.source,
        score: sigmoid(sum),
        shared,
        errors: tally.errors,
        containment,
        first,
        lag,
        steady,
        reasons,
    }
}

/// What shared errors say: of the `few` errors of one source `shared` are among the `many` of the other, where all
/// sources together make `refuted`.
fn wrong(few: u32, many: u32, shared: u32, refuted: u32) -> f64 {
    if shared < 3 {
        return 0.0;
    }
    // One more of each, so that a handful of errors makes nothing certain.
    let chance = (f64::from(many) + 1.0) / (f64::from(refuted) + 2.0);
    let chance = chance.clamp(0.02, 0.98);
    let share = ((f64::from(shared) + 0.5) / (f64::from(few) + 1.0)).clamp(0.02, 0.98);
    if share <= chance {
        return 0.0;
    }
    let (hits, misses) = (f64::from(shared), f64::from(few.saturating_sub(shared)));
    let ratio = hits * (share / chance).ln() + misses * ((1.0 - share) / (1.0 - chance)).ln();
    // Real sources share some errors for want of a better world: a small excess is no copying.
    if share < 0.2 { 0.0 } else { ratio.clamp(0.0, ERRORS) }
}

fn unite(pairs: &[Pair], sources: usize) -> Vec<u32> {
    let mut groups: Vec<u32> = (0..sources as u32).collect();
    let root = |groups: &[u32], mut at: u32| {
        while let Some(up) = groups.get(at as usize).filter(|up| **up != at) {
            at = *up;
        }
        at
    };
    for pair in pairs.iter().filter(|pair| pair.score >= THRESHOLD) {
        let (a, b) = (root(&groups, pair.from), root(&groups, pair.to));
        if let Some(slot) = groups.get_mut(a.max(b) as usize) {
            *slot = a.min(b);
        }
    }
    (0..sources as u32).map(|source| root(&groups, source)).collect()
}
