//! What was known on a day, and what a later list proved.
//!
//! An observable is assessed on the day of a snapshot with that snapshot and all later ones left out, and counts as
//! proved where one of them lists it within a quarter of the last one that was not left out.

use std::collections::BTreeMap;

use rempart_model::{Category, Kind, Observable, Reliability, Stance};
use rempart_triage::assess::weights::Weights;
use rempart_triage::assess::{ClaimView, Policy, assess};

use super::data::{Feed, time};

/// Days within which something is to be proved: the lists of one come every quarter, and a quarter has up to 92.
pub(super) const WITHIN: i64 = 92;
/// What a list of a source that somebody has just set up is trusted.
pub(super) const TRUST: Reliability = Reliability::C;
/// A list without first days needs so many days of history before it is asked how long it has seen something.
const HISTORY: i64 = 30;

/// What one list knew of one observable on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    /// The place of the list.
    pub(super) feed: usize,
    /// The kind of the observable, as the place in a list of three.
    pub(super) kind: KindOf,
    /// The day of the snapshot that was left out.
    pub(super) day: i64,
    /// Days since the list last held it.
    pub(super) age: i64,
    /// Days over which it has held it.
    pub(super) span: i64,
}

/// The kinds that the lists hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KindOf {
    Address,
    Domain,
    Url,
}

impl KindOf {
    pub(super) const ALL: [Self; 3] = [Self::Address, Self::Domain, Self::Url];

    fn of(observable: &Observable) -> Self {
        match observable.kind() {
            Kind::Domain => Self::Domain,
            Kind::Url => Self::Url,
            _ => Self::Address,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Address => Kind::Ipv4,
            Self::Domain => Kind::Domain,
            Self::Url => Kind::Url,
        }
    }
}

/// How often, and how often it was proved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Count {
    pub(super) all: u32,
    pub(super) proved: u32,
    /// By what was there on the last day that is learnt from.
    pub(super) proved_by_split: u32,
}

/// Everything that is learnt from or measured on.
pub(super) type Cells = BTreeMap<Known, Count>;

/// Counts one list.
fn count(place: usize, feed: &Feed, cells: &mut Cells) {
    let names_first = !feed.first.is_empty();
    for (left_out, day) in feed.days.iter().enumerate().skip(1) {
        let known_until = feed.days.get(left_out - 1).copied().unwrap_or(*day);
        let history = known_until - feed.days.first().copied().unwrap_or(*day);
        // The lists of URLhaus lie so far apart that the first one is history enough.
        let quarterly = day - known_until > 60 && feed.days.len() > 4;
        if history < HISTORY && !names_first && !quarterly {
            continue;
        }
        let window: Vec<usize> = (left_out..feed.days.len())
            .filter(|at| feed.days.get(*at).is_some_and(|later| later - known_until <= WITHIN))
            .collect();
        let window = if window.is_empty() { vec![left_out] } else { window };
        for (observable, places) in &feed.seen {
            let before: Vec<i64> = places
                .iter()
                .filter(|at| **at < left_out)
                .filter_map(|at| feed.days.get(*at))
                .copied()
                .collect();
            let (Some(first), Some(last)) = (before.first(), before.last()) else { continue };
            let first = feed.first.get(observable).map_or(*first, |named| (*named).min(*first));
            let by_split = |at: &&usize| feed.days.get(**at).is_some_and(|later| *later <= feed.split);
            let known = Known {
                feed: place,
                kind: KindOf::of(observable),
                day: *day,
                age: day - last,
                span: (last - first).min(365),
            };
            let entry = cells.entry(known).or_default();
            entry.all += 1;
            entry.proved += u32::from(window.iter().any(|at| places.contains(at)));
            entry.proved_by_split += u32::from(window.iter().filter(by_split).any(|at| places.contains(at)));
        }
    }
}

/// Counts all lists.
pub(super) fn cells(feeds: &[Feed]) -> Cells {
    let mut cells = Cells::new();
    for (place, feed) in feeds.iter().enumerate() {
        count(place, feed, &mut cells);
    }
    cells
}

/// The claim that a list makes.
pub(super) fn claim(known: &Known, category: Category, learnt: Option<f32>) -> ClaimView {
    let last = known.day - known.age;
    ClaimView {
        source: u32::try_from(known.feed).unwrap_or(u32::MAX),
        reliability: TRUST,
        learnt,
        copy_group: None,
        republishes: false,
        stance: Stance::Malicious,
        category,
        confidence: None,
        valid_from: Some(time(last - known.span)),
        valid_until: None,
        last_seen: Some(time(last)),
        received: time(last),
    }
}

/// What Rempart concludes on that day, through the same port as everything.
pub(super) fn probability(known: &Known, category: Category, policy: &Policy) -> f64 {
    let claim = claim(known, category, None);
    let kind = known.kind.kind();
    f64::from(assess(&kind, &[claim], &[], None, policy, time(known.day)).probability)
}

/// A policy with these numbers.
pub(super) fn policy(weights: &Weights) -> Policy {
    let chosen = Policy::default();
    Policy::with_weights(chosen.lower(), chosen.high(), *weights)
}
