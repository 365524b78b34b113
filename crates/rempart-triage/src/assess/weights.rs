//! Every number that an assessment rests on. All evidence is in log-odds: 0.7 doubles the odds.
//!
//! What a claim is worth on its first day follows from how far its source is to be trusted. How fast that fades, what
//! it is worth that a source saw a thing again and again, and where a thing ends that nobody reports any more, is learnt
//! from lists of past years: `data/models/fusion.json` is the card, `docs/evaluation/fusion.md` the page.

use std::sync::LazyLock;

use rempart_matching::Effect;
use rempart_model::{Category, Kind, Reliability, Stance};

use crate::learn::file::{self, Form, ModelError, number};

/// Below this probability an observable is not held for malicious, by default.
pub const LOWER: f32 = 0.35;

/// From this probability on an observable is malicious with high confidence, by default: one usually
/// reliable source that is sure, or two fairly reliable ones.
pub const HIGH: f32 = 0.75;

/// How long a benign claim without an end of its own holds, in seconds.
pub const BENIGN_SECONDS: i64 = 365 * 86_400;

/// How many kinds are told apart; all of [`Kind::Other`] are one.
pub const KINDS: usize = 13;

/// How many categories there are.
pub const CATEGORIES: usize = Category::ALL.len();

/// That a source saw a thing over more days than this adds nothing more.
const LONGEST_DAYS: f64 = 60.0;
/// The days over which having been seen begins to count.
const UNIT_DAYS: f64 = 30.0;

const FORM: Form = Form { task: 3, version: 1 };

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

/// How much a source is to be trusted in what it says of one kind of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trust {
    /// As somebody set it.
    Letter(Reliability),
    /// The log-odds that a fresh claim of it is right, learnt from what became of its claims.
    Learnt(f64),
}

/// Everything numeric that an assessment rests on, as plain data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The log-odds that a fresh claim about a domain is right that does not say how sure it is, by the code of its
    /// source's [`Reliability`].
    pub letters: [f64; 6],
    /// What that changes by where a claim is wholly sure rather than not at all.
    pub doubt: f64,
    /// How sure a claim is taken to be that does not say so, 0 to 1.
    pub unsaid: f64,
    /// The share that remains where the thing was only seen in an incident: 0 to 1.
    pub observed: f64,
    /// What a claim is worth more about a kind than about domains, by the [`place`] of the kind: below zero for kinds
    /// that are shared or change hands.
    pub kinds: [f64; KINDS],
    /// The log-odds of what nobody reports any more, by the [`place`] of its kind.
    pub priors: [f64; KINDS],
    /// After how many days a claim is worth half, by the [`place`] of the kind and the code of the category.
    pub half_life_days: [[f64; CATEGORIES]; KINDS],
    /// What it adds to a claim's worth that its source has seen the thing over a time, by the [`place`] of the kind; see
    /// [`Weights::persistence`].
    pub persistence: [f64; KINDS],
    /// The most that this adds, in log-odds, times how probably a fresh claim of the source is right: who repeats himself
    /// is no more reliable for it.
    pub lift: f64,
    /// From the log-odds that a machine made a name up to what its look is worth, in log-odds: times the first, plus the
    /// second, and not below the third or above the fourth, so that claims decide.
    pub looks: [f64; 4],
    /// What a hit on a warninglist for false positives takes away.
    pub false_positive: f64,
    /// What a hit on a warninglist of known things takes away.
    pub known: f64,
    /// The most that can be concluded, so that nothing is ever certain.
    pub most: f64,
}

/// Half-lives by kind, times what the category changes for addresses, networks, names and URLs.
const fn half_lives(base: [f64; KINDS]) -> [[f64; CATEGORIES]; KINDS] {
    // Infected machines and their addresses move on; a server that commands them stays.
    let factors = [1.0, 0.5, 2.0, 1.0, 1.0, 0.6, 0.5, 0.5, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0];
    let mut table = [[0.0; CATEGORIES]; KINDS];
    let mut kind = 0;
    while kind < KINDS {
        let mut category = 0;
        while category < CATEGORIES {
            let factor = if kind < 5 { factors[category] } else { 1.0 };
            table[kind][category] = base[kind] * factor;
            category += 1;
        }
        kind += 1;
    }
    table
}

impl Weights {
    /// The numbers that somebody chose; what can be learnt is learnt from there on.
    pub const CHOSEN: Self = Self {
        // F cannot be judged: less than fairly reliable, more than not usually reliable.
        letters: [1.9, 1.05, 0.4, -0.6, -1.3, 0.15],
        doubt: 2.4,
        unsaid: 0.72,
        observed: 0.15,
        kinds: [0.0, 0.2, -0.2, -0.2, -0.4, -1.1, -0.2, 0.4, 0.4, 0.4, 0.4, -0.2, 0.0],
        priors: [-4.0; KINDS],
        // A file does not change.
        half_life_days: half_lives([
            142.0, 18.0, 24.0, 24.0, 75.0, 360.0, 250.0, 16_000.0, 16_000.0, 16_000.0, 16_000.0, 10_000.0,
            570.0,
        ]),
        persistence: [0.0; KINDS],
        lift: 3.0,
        looks: [0.0, 0.0, -0.4, 1.0],
        false_positive: 2.2,
        known: 0.6,
        most: 4.6,
    };

    /// The numbers that Rempart ships: chosen and, where past lists tell, learnt.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Weights> = LazyLock::new(|| {
            // That the file fits is tested; without it what was chosen holds.
            Weights::from_bytes(include_bytes!("../../../../data/models/fusion.bin"))
                .unwrap_or(Weights::CHOSEN)
        });
        &SHIPPED
    }

    /// What a claim is worth when it is fresh, without its sign: it brings the odds from where nothing is said to where
    /// the source is as often right as it is.
    pub fn strength(&self, kind: &Kind, trust: Trust, confidence: Option<u8>, stance: Stance) -> f64 {
        let at = place(kind);
        let take = |list: &[f64]| list.get(at).copied().unwrap_or_default();
        let right = match trust {
            Trust::Letter(letter) => {
                let letter = self.letters.get(usize::from(letter as u8)).copied().unwrap_or_default();
                letter + take(&self.kinds)
            }
            Trust::Learnt(odds) => odds,
        };
        let sure = confidence.map_or(0.0, |value| f64::from(value.min(100)) / 100.0 - self.unsaid);
        let share = if stance == Stance::Observed { self.observed } else { 1.0 };
        (right + self.doubt * sure - take(&self.priors)).max(0.0) * share
    }

    /// By what a claim is worth more whose source has seen the thing over so many days: it grows with the logarithm and
    /// ends growing after sixty days. What has been there for long will be there for longer (Lindy's law; see the page).
    pub fn persistence(&self, kind: &Kind, days: f64) -> f64 {
        let share = self.persistence.get(place(kind)).copied().unwrap_or_default();
        1.0 + share * (days.clamp(0.0, LONGEST_DAYS) / UNIT_DAYS).ln_1p()
    }

    /// The most that a claim can be worth after so many days of being seen that is worth so much when it is fresh.
    pub fn ceiling(&self, kind: &Kind, fresh: f64, days: f64) -> f64 {
        let right = 1.0 / (1.0 + (-fresh - self.prior(kind)).exp());
        fresh + self.lift * right * (days / LONGEST_DAYS).clamp(0.0, 1.0)
    }

    /// What the look of a name is worth whose log-odds to be a machine's are these; no number is worth nothing.
    pub fn look(&self, odds: f64) -> f64 {
        let [slope, offset, least, most] = self.looks;
        let worth = slope * odds + offset;
        if worth.is_nan() { 0.0 } else { worth.max(least).min(most) }
    }

    /// The log-odds of what nobody reports any more.
    pub fn prior(&self, kind: &Kind) -> f64 {
        self.priors.get(place(kind)).copied().unwrap_or_default()
    }

    /// After how many seconds a claim is worth half.
    pub fn half_life(&self, kind: &Kind, category: Category) -> f64 {
        let days =
            self.half_life_days.get(place(kind)).and_then(|list| list.get(usize::from(category as u8)));
        days.copied().unwrap_or(180.0) * 86_400.0
    }

    /// What a hit on a warninglist takes away. Several lists of one effect take away once: they overlap.
    pub fn warning(&self, effect: Effect) -> f64 {
        match effect {
            Effect::FalsePositive => self.false_positive,
            Effect::Known => self.known,
        }
    }

    /// The numbers as a model's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut copy = *self;
        let mut rest = Vec::new();
        copy.each(&mut |value| rest.extend_from_slice(&value.to_le_bytes()));
        file::seal(FORM, &rest)
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// Where it is none, is of another version, damaged, or holds numbers that mean nothing.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut read = Self::CHOSEN;
        let mut count = 0;
        read.each(&mut |_| count += 1);
        let rest = file::open(bytes, FORM, count * 8)?;
        let mut at = 0;
        read.each(&mut |value| {
            *value = f64::from_le_bytes(number(rest, at));
            at += 8;
        });
        match read.senseless() {
            Some(reason) => Err(ModelError::Senseless(reason)),
            None => Ok(read),
        }
    }

    /// All numbers, in the order of the file.
    fn each(&mut self, f: &mut dyn FnMut(&mut f64)) {
        let Self { letters, doubt, unsaid, observed, kinds, priors, half_life_days, persistence, .. } = self;
        letters.iter_mut().chain([doubt, unsaid, observed]).for_each(&mut *f);
        kinds
            .iter_mut()
            .chain(priors)
            .chain(half_life_days.as_flattened_mut())
            .chain(persistence)
            .for_each(&mut *f);
        let Self { lift, looks, false_positive, known, most, .. } = self;
        looks.iter_mut().chain([lift, false_positive, known, most]).for_each(f);
    }

    /// What is wrong with the numbers.
    fn senseless(&self) -> Option<&'static str> {
        let mut copy = *self;
        let mut finite = true;
        copy.each(&mut |value| finite &= value.is_finite() && value.abs() < 1e6);
        let share = |value: f64| (0.0..=1.0).contains(&value);
        if !finite {
            return Some("a number is not finite");
        }
        if self.half_life_days.iter().flatten().any(|days| *days < 0.01) {
            return Some("a half-life is not above zero");
        }
        if self.persistence.iter().any(|value| *value < 0.0) || self.doubt < 0.0 || self.lift < 0.0 {
            return Some("more evidence would count less");
        }
        if ![self.unsaid, self.observed].into_iter().all(share) {
            return Some("a share is not between 0 and 1");
        }
        // Where nothing is said, nothing is held for malicious, and every threshold of a policy can be reached.
        if self.priors.iter().any(|prior| *prior > -1.0) || self.most < 4.6 {
            return Some("what nobody reports would be malicious, or nothing ever");
        }
        let [slope, _, least, most] = self.looks;
        if slope < 0.0 || !(-2.0..=0.0).contains(&least) || !(0.0..=2.0).contains(&most) {
            return Some("looks would count for too much, or backwards");
        }
        (self.false_positive < 0.0 || self.known < 0.0).then_some("a warning would speak for it")
    }
}

impl Default for Weights {
    fn default() -> Self {
        *Self::shipped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_the_file_and_nonsense_is_refused() {
        let bytes = Weights::CHOSEN.to_bytes();
        assert_eq!(Weights::from_bytes(&bytes), Ok(Weights::CHOSEN));
        let refused = |change: fn(&mut Weights)| {
            let mut weights = Weights::CHOSEN;
            change(&mut weights);
            matches!(Weights::from_bytes(&weights.to_bytes()), Err(ModelError::Senseless(_)))
        };
        assert!(refused(|weights| weights.letters[0] = f64::NAN));
        assert!(refused(|weights| weights.half_life_days[3][2] = 0.0));
        assert!(refused(|weights| weights.persistence[0] = -0.1));
        assert!(refused(|weights| weights.observed = 1.5));
        assert!(refused(|weights| weights.priors[0] = 0.0));
        assert!(refused(|weights| weights.looks[3] = 9.0));
        assert!(refused(|weights| weights.most = 1.0));
        assert_eq!(Weights::from_bytes(b"no"), Err(ModelError::NoModel));
        let names = include_bytes!("../../../../data/models/domains.bin");
        assert!(matches!(
            Weights::from_bytes(names),
            Err(ModelError::OtherTask | ModelError::OtherVersion { .. })
        ));
        assert!(matches!(Weights::from_bytes(&bytes[..40]), Err(ModelError::CutOff { .. })));
    }

    #[test]
    fn what_is_shipped_fits() {
        let shipped = Weights::from_bytes(include_bytes!("../../../../data/models/fusion.bin")).unwrap();
        assert_eq!(&shipped, Weights::shipped());
        assert_ne!(shipped, Weights::CHOSEN, "nothing in it is learnt");
    }
}
