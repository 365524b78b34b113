//! Made-up worlds whose truth is known, for the tests.

use super::{Claim, Claims, Gold, Observable};

/// SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        ((self.next() >> 11) as f64 / (1_u64 << 53) as f64) < p
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

pub(super) struct World {
    pub(super) truth: Vec<bool>,
    pub(super) about: Vec<Observable>,
    pub(super) list: Vec<Claim>,
    pub(super) sources: usize,
    pub(super) dice: Dice,
}

/// A day of seconds.
pub(super) const DAY: i64 = 86_400;

impl World {
    /// `size` things, a share of them malicious, a share decided by analysts.
    pub(super) fn new(seed: u64, size: usize, malicious: f64, gold: f64) -> Self {
        let mut dice = Dice(seed);
        let truth: Vec<bool> = (0..size).map(|_| dice.chance(malicious)).collect();
        let about = truth
            .iter()
            .map(|bad| {
                let gold = match (dice.chance(gold), bad) {
                    (false, _) => Gold::Open,
                    (true, true) => Gold::Malicious,
                    (true, false) => Gold::Benign,
                };
                Observable { kind: 0, gold, against: 0.0 }
            })
            .collect();
        Self { truth, about, list: Vec::new(), sources: 0, dice }
    }

    /// The time at which a thing appears.
    pub(super) fn born(observable: u32) -> i64 {
        1_700_000_000 + i64::from(observable) % 365 * DAY
    }

    /// Adds a source that names malicious and benign things with these chances; answers with its number.
    pub(super) fn source(&mut self, sensitivity: f64, false_rate: f64) -> u32 {
        let source = self.sources as u32;
        self.sources += 1;
        for at in 0..self.truth.len() {
            let rate = if self.truth[at] { sensitivity } else { false_rate };
            if self.dice.chance(rate) {
                let delay = self.dice.below(20 * DAY as u64) as i64;
                self.say(at as u32, source, delay, false);
            }
        }
        source
    }

    pub(super) fn say(&mut self, observable: u32, source: u32, delay: i64, negative: bool) {
        let time = Self::born(observable) + delay;
        self.list.push(Claim { observable, source, negative, time });
    }

    /// Adds a source that repeats each claim of another with a chance, after a lag.
    pub(super) fn copier(&mut self, of: u32, share: f64, lag: i64) -> u32 {
        let source = self.sources as u32;
        self.sources += 1;
        for at in 0..self.list.len() {
            let claim = self.list[at];
            if claim.source == of && self.dice.chance(share) {
                self.list.push(Claim { source, time: claim.time + lag, ..claim });
            }
        }
        source
    }

    pub(super) fn claims(&self) -> Claims {
        Claims::new(self.list.clone(), self.truth.len(), self.sources)
    }

    /// Expected calibration error in ten bins over things that are claimed and not decided.
    pub(super) fn ece(&self, posteriors: &[f64]) -> f64 {
        let claims = self.claims();
        let mut bins = [(0.0, 0.0, 0.0); 10];
        for (at, said) in claims.each().enumerate() {
            if said.is_empty() || self.about[at].gold != Gold::Open {
                continue;
            }
            let p = posteriors[at];
            let bin = &mut bins[((p * 10.0) as usize).min(9)];
            *bin = (bin.0 + p, bin.1 + f64::from(u8::from(self.truth[at])), bin.2 + 1.0);
        }
        let all: f64 = bins.iter().map(|bin| bin.2).sum();
        bins.iter().map(|bin| (bin.0 - bin.1).abs()).sum::<f64>() / all
    }

    /// The share of a source's claims that is true.
    pub(super) fn precision(&self, source: u32) -> f64 {
        let own = || self.list.iter().filter(|claim| claim.source == source && !claim.negative);
        own().filter(|claim| self.truth[claim.observable as usize]).count() as f64 / own().count() as f64
    }
}
