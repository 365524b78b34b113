//! What an observable is worth: from the claims of several sources to one probability.
//!
//! Evidence is added in log-odds. It starts from how often a reported value of the kind is malicious
//! when nothing else is known; each independent source adds what its reliability and its own
//! confidence are worth, less with the age of what it says; sources that copy from one another count
//! once; benign claims and warninglists take away, and never everything. An analyst's decision holds
//! until the analyst lifts it. The times at which the conclusion will change follow from the decay
//! and are computed together with it, so that nothing has to be recomputed before.

mod curve;
mod explain;
pub mod weights;

use rempart_matching::Hit;
use rempart_model::{Category, Kind, Reliability, Stance, Timestamp};

use curve::{Curve, Part};
pub use explain::{ClaimState, Explanation, Reason, explain};
use weights::{Trust, Weights};

/// One claim, as far as the assessment needs to know it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClaimView {
    /// Who says it.
    pub source: u32,
    /// How far that source is trusted, as somebody set it.
    pub reliability: Reliability,
    /// The log-odds that a fresh claim of its source about this kind is right, where that was learnt: it goes before
    /// the reliability that was set.
    pub learnt: Option<f32>,
    /// Sources of one group copy from one another: the strongest of their claims stands for all.
    pub copy_group: Option<u32>,
    /// The source only passes on what others found: it adds nothing where another says the same.
    pub republishes: bool,
    /// What it says.
    pub stance: Stance,
    /// Of which kind of incident.
    pub category: Category,
    /// The source's own confidence, 0 to 100.
    pub confidence: Option<u8>,
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds, by its source.
    pub valid_until: Option<Timestamp>,
    /// When the source last saw it.
    pub last_seen: Option<Timestamp>,
    /// When it came in.
    pub received: Timestamp,
}

impl ClaimView {
    /// How far its source is trusted in what it says.
    fn trust(&self) -> Trust {
        self.learnt.map_or(Trust::Letter(self.reliability), |odds| Trust::Learnt(f64::from(odds)))
    }
}

/// What is assessed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subject<'a> {
    /// Of which kind it is.
    pub kind: &'a Kind,
    /// What its looks say, where they say anything.
    pub looks: Option<Looks<'a>>,
}

/// What the looks of a value say of it, whoever reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looks<'a> {
    /// In log-odds: how much more often values look like that which are reported rightly than such as are harmless.
    pub weight: f64,
    /// In words.
    pub why: &'a str,
}

impl<'a> From<&'a Kind> for Subject<'a> {
    fn from(kind: &'a Kind) -> Self {
        Self { kind, looks: None }
    }
}

impl Subject<'_> {
    /// Where the odds are before anybody says anything.
    fn prior(&self, weights: &Weights) -> f64 {
        weights.prior(self.kind) + self.looks.map_or(0.0, |looks| looks.weight)
    }
}

/// An analyst's decision about an observable. It holds until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override<'a> {
    /// Whether it is held for malicious or for benign.
    pub malicious: bool,
    /// Who decided.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// The numbers of the assessment, and where the conclusion changes what is done with an observable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    lower: f32,
    high: f32,
    lower_odds: f64,
    high_odds: f64,
    weights: Weights,
}

impl Policy {
    /// Below `lower` an observable is not held for malicious, from `high` on it is so with high
    /// confidence. Both are probabilities; they are brought between 0.01 and 0.99 and into order.
    pub fn new(lower: f32, high: f32) -> Self {
        Self::with_weights(lower, high, *Weights::shipped())
    }

    /// [`Policy::new`] with other numbers.
    pub fn with_weights(lower: f32, high: f32, weights: Weights) -> Self {
        let inside =
            |value: f32, default: f32| if value.is_nan() { default } else { value.clamp(0.01, 0.99) };
        let lower = inside(lower, weights::LOWER);
        let high = inside(high, weights::HIGH).max(lower);
        let odds = |value: f32| (f64::from(value) / (1.0 - f64::from(value))).ln();
        Self { lower, high, lower_odds: odds(lower), high_odds: odds(high), weights }
    }

    /// Below this an observable is not held for malicious.
    pub fn lower(&self) -> f32 {
        self.lower
    }

    /// From here on it is so with high confidence.
    pub fn high(&self) -> f32 {
        self.high
    }

    /// The numbers.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// 0 below the lower threshold, 2 from the upper one on, 1 between.
    fn level(&self, odds: f64) -> u8 {
        u8::from(odds >= self.lower_odds) + u8::from(odds >= self.high_odds)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(weights::LOWER, weights::HIGH)
    }
}

/// The conclusion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    /// The probability, at the time of the assessment, that the observable is malicious: 0 to 1.
    pub probability: f32,
    /// The kind of incident that most of the evidence speaks of.
    pub category: Category,
    /// When it falls below the lower threshold: the time of the assessment where it is below already,
    /// `None` where it never will.
    pub valid_until: Option<Timestamp>,
    /// When it crosses a threshold, in either direction, and is to be assessed anew.
    pub next_change: Option<Timestamp>,
    /// An analyst decided it.
    pub overridden: bool,
}

/// Concludes from all claims about one observable.
pub fn assess<'a>(
    subject: impl Into<Subject<'a>>,
    claims: &[ClaimView],
    warnings: &[Hit<'_>],
    override_: Option<&Override<'_>>,
    policy: &Policy,
    now: Timestamp,
) -> Assessment {
    let subject = subject.into();
    if let Some(decision) = override_ {
        return Assessment {
            probability: if decision.malicious { 1.0 } else { 0.0 },
            category: category(&policy.weights, subject.kind, claims, now),
            valid_until: (!decision.malicious).then_some(now),
            next_change: None,
            overridden: true,
        };
    }
    match (claims, warnings) {
        ([claim], []) => assess_one(&subject, claim, policy, now),
        _ => fuse(&subject, claims, warnings, policy, now),
    }
}

/// Concludes from one claim where there is no warning: the same as [`assess`], and much cheaper.
fn assess_one(subject: &Subject<'_>, claim: &ClaimView, policy: &Policy, now: Timestamp) -> Assessment {
    let weights = &policy.weights;
    let part = Part::alone(weights, subject.kind, claim);
    // What is still to begin, and what speaks against, rises and falls: the general way is for that.
    if part.negative || part.start > now {
        return fuse(subject, std::slice::from_ref(claim), &[], policy, now);
    }
    let prior = subject.prior(weights);
    let odds_at = |time: Timestamp| curve::total(weights.most, prior, part.at(time), 0.0, 0.0);
    let odds = odds_at(now);
    let level = policy.level(odds);
    let mut assessment = Assessment {
        probability: probability(odds),
        category: claim.category,
        valid_until: (level == 0).then_some(now),
        next_change: None,
        overridden: false,
    };
    if level > 0 {
        let falls_below = |threshold| part.falls_below(threshold, prior, now, odds_at);
        assessment.valid_until = falls_below(policy.lower_odds);
        let next = if level == 2 { falls_below(policy.high_odds) } else { assessment.valid_until };
        assessment.next_change = next;
    }
    assessment
}

/// The probability at another time, from the same claims.
pub fn probability_at<'a>(
    subject: impl Into<Subject<'a>>,
    claims: &[ClaimView],
    warnings: &[Hit<'_>],
    override_: Option<&Override<'_>>,
    policy: &Policy,
    time: Timestamp,
) -> f32 {
    match override_ {
        Some(decision) if decision.malicious => 1.0,
        Some(_) => 0.0,
        None => probability(Curve::new(&policy.weights, &subject.into(), claims, warnings, time).odds(time)),
    }
}

/// The general way: any claims, any warnings.
fn fuse(
    subject: &Subject<'_>,
    claims: &[ClaimView],
    warnings: &[Hit<'_>],
    policy: &Policy,
    now: Timestamp,
) -> Assessment {
    let curve = Curve::new(&policy.weights, subject, claims, warnings, now);
    let odds = curve.odds(now);
    let level = policy.level(odds);
    let (next_change, ends) = curve.changes(policy, now);
    Assessment {
        probability: probability(odds),
        category: category(&policy.weights, subject.kind, claims, now),
        valid_until: if level == 0 { Some(now) } else { ends },
        next_change,
        overridden: false,
    }
}

fn probability(odds: f64) -> f32 {
    (1.0 / (1.0 + (-odds).exp())) as f32
}

/// What most of the evidence speaks of: each group of sources votes once for each category with its
/// strongest claim. Claims that hold now are asked; all are where none does. [`Category::Other`] is
/// chosen only where nothing else is said, and of equals the one with the lower code.
fn category(weights: &Weights, kind: &Kind, claims: &[ClaimView], now: Timestamp) -> Category {
    if let [claim] = claims {
        return claim.category;
    }
    let vote = |all: bool| {
        let mut votes: Vec<(Category, u64, f64)> = claims
            .iter()
            .zip(curve::parts(weights, kind, claims))
            .filter(|(claim, _)| claim.category != Category::Other && claim.stance != Stance::Benign)
            .filter(|(_, part)| all || part.holds(now))
            .map(|(claim, part)| (claim.category, part.group, part.at(now)))
            .collect();
        votes.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
        votes.dedup_by_key(|vote| (vote.0, vote.1));
        let mut best: Option<(Category, f64)> = None;
        for same in votes.chunk_by(|a, b| a.0 == b.0) {
            let sum: f64 = same.iter().map(|vote| vote.2).sum();
            if let Some(first) = same.first()
                && best.is_none_or(|(_, most)| sum > most)
            {
                best = Some((first.0, sum));
            }
        }
        best.map(|(category, _)| category)
    };
    vote(false).or_else(|| vote(true)).unwrap_or(Category::Other)
}

#[cfg(test)]
mod tests;
