//! The numbers of the assessment: what evidence is worth, in log-odds, and how long it lasts.

use rempart_matching::Effect;
use rempart_model::{Category, Kind, Reliability, Stance};

use super::Calibration;

/// Below this probability an observable is not held for malicious, by default.
pub const LOWER: f32 = 0.35;

/// From this probability on it is so with high confidence, by default. One source of reliability C
/// does not reach it, whatever its confidence; two independent ones do.
pub const HIGH: f32 = 0.75;

/// All evidence together moves the odds by at most this much, so that nothing is ever certain.
pub const LIMIT: f64 = Weights::DEFAULT.limit;

/// How long a benign claim without an end of its own holds, in seconds.
pub const BENIGN_SECONDS: i64 = 365 * 86_400;

/// How many kinds are told apart; all of [`Kind::Other`] are one.
pub const KINDS: usize = 13;

/// The place of a kind in the tables of [`Weights`].
pub fn place(kind: &Kind) -> usize {
    match kind {
        Kind::Domain => 0,
        Kind::Url => 1,
        Kind::Ipv4 => 2,
        Kind::Ipv6 => 3,
        Kind::Cidr => 4,
        Kind::Asn => 5,
        Kind::Email => 6,
        Kind::Md5 => 7,
        Kind::Sha1 => 8,
        Kind::Sha256 => 9,
        Kind::Sha512 => 10,
        Kind::Cve => 11,
        Kind::Other(_) => 12,
    }
}

/// Everything numeric that an assessment rests on, as plain data: chosen by hand ([`Weights::DEFAULT`]) or
/// learnt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// What a fresh, wholly sure claim is worth, in log-odds, by the code of its source's [`Reliability`].
    /// None is below zero or reaches `limit`.
    pub letters: [f64; 6],
    /// The share of that which a claim is worth that does not say how sure it is: 0 to 1.
    pub unsaid: f64,
    /// The share that remains where the thing was only seen in an incident: 0 to 1.
    pub observed: f64,
    /// The log-odds that a value which somebody reports is malicious, before it is asked who reports it, by
    /// the [`place`] of its kind.
    pub priors: [f64; KINDS],
    /// After how many days a claim is worth half, by the [`place`] of its kind. All are above zero.
    pub half_life_days: [f64; KINDS],
    /// By what the half-life of addresses, networks, names and URLs is multiplied, by the code of the
    /// category.
    pub category: [f64; 15],
    /// What a hit on a warninglist for false positives takes away, in log-odds.
    pub false_positive: f64,
    /// What a hit on a warninglist of known things takes away, in log-odds.
    pub known: f64,
    /// All evidence together moves the odds by at most this much.
    pub limit: f64,
    /// From the sum of the evidence to odds that come true as often as they say.
    pub calibration: Calibration,
}

impl Weights {
    /// The numbers chosen by hand.
    pub const DEFAULT: Self = Self {
        // F cannot be judged: less than fairly reliable, more than not usually reliable.
        letters: [4.0, 3.2, 2.4, 1.2, 0.4, 2.1],
        unsaid: 0.75,
        observed: 0.15,
        // Lower for kinds that are shared or change hands.
        priors: [-1.4, -1.2, -1.6, -1.6, -1.8, -2.5, -1.6, -1.0, -1.0, -1.0, -1.0, -1.6, -1.4],
        // A file does not change.
        half_life_days: [
            45.0, 5.0, 7.0, 7.0, 30.0, 180.0, 90.0, 3650.0, 3650.0, 3650.0, 3650.0, 3650.0, 180.0,
        ],
        // Infected machines and their addresses move on; a server that commands them stays.
        category: [1.0, 0.5, 2.0, 1.0, 1.0, 0.6, 0.5, 0.5, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0],
        false_positive: 2.2,
        known: 0.6,
        limit: 6.0,
        calibration: Calibration::IDENTITY,
    };

    /// The log-odds that a value which somebody reports is malicious, before it is asked who reports it.
    pub fn prior(&self, kind: &Kind) -> f64 {
        self.priors.get(place(kind)).copied().unwrap_or_default()
    }

    /// What a claim is worth when it is fresh, without its sign.
    pub fn strength(&self, reliability: Reliability, confidence: Option<u8>, stance: Stance) -> f64 {
        let trust = self.letters.get(usize::from(reliability as u8)).copied().unwrap_or_default();
        trust * self.sureness(confidence) * self.saying(stance)
    }

    /// The share of its worth that a claim keeps by its own confidence.
    pub fn sureness(&self, confidence: Option<u8>) -> f64 {
        confidence.map_or(self.unsaid, |value| 0.1 + 0.9 * f64::from(value.min(100)) / 100.0)
    }

    /// The share of its worth that a claim keeps by what it says: that something was seen in the context of
    /// an incident says little about the thing.
    pub fn saying(&self, stance: Stance) -> f64 {
        if stance == Stance::Observed { self.observed } else { 1.0 }
    }

    /// After how many seconds a claim is worth half.
    pub fn half_life(&self, kind: &Kind, category: Category) -> f64 {
        let days = self.half_life_days.get(place(kind)).copied().unwrap_or(180.0);
        let networked = matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Url | Kind::Domain | Kind::Cidr);
        let factor = self.category.get(usize::from(category as u8)).copied().unwrap_or(1.0);
        days * 86_400.0 * if networked { factor } else { 1.0 }
    }

    /// What a hit on a warninglist takes away. Several lists of one effect take away once: they overlap.
    pub fn warning(&self, effect: Effect) -> f64 {
        match effect {
            Effect::FalsePositive => self.false_positive,
            Effect::Known => self.known,
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// [`Weights::prior`] of the numbers chosen by hand.
pub fn prior(kind: &Kind) -> f64 {
    Weights::DEFAULT.prior(kind)
}

/// [`Weights::strength`] of the numbers chosen by hand.
pub fn strength(reliability: Reliability, confidence: Option<u8>, stance: Stance) -> f64 {
    Weights::DEFAULT.strength(reliability, confidence, stance)
}

/// [`Weights::half_life`] of the numbers chosen by hand, in seconds.
pub fn half_life(kind: &Kind, category: Category) -> f64 {
    Weights::DEFAULT.half_life(kind, category)
}

/// [`Weights::warning`] of the numbers chosen by hand.
pub fn warning(effect: Effect) -> f64 {
    Weights::DEFAULT.warning(effect)
}
