//! How a registered name looks: made up by a machine, or chosen by people.
//!
//! What is looked at is the label that somebody registered: `example` of `www.example.co.uk`, `shop` of
//! `shop.platform.app` where the platform hands out names. The suffix is not looked at, since models that see it learn
//! which list a name came from.

use rempart_model::observable::SuffixList;

use super::features::{Sparse, each_run, hash};
use super::letters::Usual;
use super::model::{DomainModel, Tables};

/// Features by themselves; what is hashed comes after them.
pub const OWN: usize = 16;
/// What a step counts: less than a run of signs, since there are few of them and each is often there.
const STEP: f32 = 0.1;
/// The same for what is counted.
const SCALE: f32 = 0.25;
/// Places of features in all; a power of two.
pub const SIZE: usize = 1 << 17;

/// The label of a name that somebody registered, in canonical form; `None` for a suffix itself.
pub fn label<'n>(name: &'n str, suffixes: &SuffixList) -> Option<&'n str> {
    let name = name.trim_start_matches("*.");
    let registrable = suffixes.registrable(name)?;
    let suffix = suffixes.public_suffix(name).text;
    let label = registrable.strip_suffix(suffix)?.trim_end_matches('.');
    (!label.is_empty()).then_some(label)
}

/// What is counted of a label.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counted {
    /// Signs.
    pub length: usize,
    /// Share of digits.
    pub digits: f32,
    /// Share of vowels among letters.
    pub vowels: f32,
    /// The longest run of consonants.
    pub consonants: usize,
    /// How often letters and digits meet.
    pub turns: usize,
    /// Hyphens.
    pub hyphens: usize,
    /// Shannon's entropy of the signs, in bits.
    pub entropy: f32,
    /// How usual the letters are.
    pub usual: Usual,
    /// Words that were found.
    pub words: u8,
    /// Share of signs that are in words.
    pub covered: f32,
    /// What the cheapest division costs, in nats a sign.
    pub cost: f32,
}

impl Counted {
    /// Counts a label.
    pub fn of(label: &[u8], tables: &Tables<'_>) -> Self {
        let label = label.get(..label.len().min(63)).unwrap_or_default();
        let length = label.len();
        let share = |count: usize, of: usize| count as f32 / of.max(1) as f32;
        let is_vowel = |byte: &u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        let letters = label.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        let digits = label.iter().filter(|byte| byte.is_ascii_digit()).count();
        let vowels = label.iter().filter(|byte| is_vowel(byte)).count();
        let (mut run, mut consonants) = (0, 0);
        for byte in label {
            run = if byte.is_ascii_alphabetic() && !is_vowel(byte) { run + 1 } else { 0 };
            consonants = consonants.max(run);
        }
        let turns = label.windows(2).filter(|two| {
            matches!(two, [a, b] if a.is_ascii_digit() != b.is_ascii_digit() && *a != b'-' && *b != b'-')
        });
        let mut counts = [0u8; 256];
        for byte in label {
            if let Some(count) = counts.get_mut(usize::from(*byte)) {
                *count += 1;
            }
        }
        let entropy = counts.iter().filter(|count| **count > 0).map(|count| {
            let part = f32::from(*count) / length.max(1) as f32;
            -part * part.log2()
        });
        let division = tables.words.divide(label);
        Self {
            length,
            digits: share(digits, length),
            vowels: share(vowels, letters),
            consonants,
            turns: turns.count(),
            hyphens: label.iter().filter(|byte| **byte == b'-').count(),
            entropy: entropy.sum(),
            usual: Usual::of(tables.letters, label),
            words: division.words,
            covered: share(usize::from(division.covered), length),
            cost: division.cost / length.max(1) as f32,
        }
    }

    /// As features of their own, each about as large as the others.
    fn own(&self) -> [f32; OWN] {
        let length = self.length as f32;
        [
            length / 20.0,
            self.digits,
            self.vowels,
            (self.consonants as f32 / 6.0).min(2.0),
            (self.turns as f32 / 4.0).min(2.0),
            (self.hyphens as f32 / 2.0).min(2.0),
            self.entropy / 4.0,
            self.usual.mean / 4.0,
            self.usual.worst / 8.0,
            self.usual.mean * length / 60.0,
            f32::from(self.words) / 4.0,
            self.covered,
            self.cost / 4.0,
            self.cost * length / 80.0,
            f32::from(u8::from(self.length >= 16)),
            f32::from(u8::from(self.words == 0)),
        ]
        .map(|value| value * SCALE)
    }

    /// In steps, so that what is unusual only together is seen: how long and how usual; how much is words.
    fn steps(&self) -> [u64; 6] {
        let step = |value: f32, size: f32, most: u8| ((value / size) as u8).min(most);
        let length = step(self.length as f32, 2.0, 20);
        let mean = step(self.usual.mean, 0.25, 30);
        let worst = step(self.usual.worst, 0.5, 30);
        let cost = step(self.cost, 0.25, 40);
        let covered = step(self.covered, 0.101, 10);
        [
            hash(b'1', &[length, mean]),
            hash(b'2', &[length, worst]),
            hash(b'3', &[length, cost]),
            hash(b'4', &[covered, self.words.min(8), step(self.length as f32, 4.0, 10)]),
            hash(b'5', &[mean, worst]),
            hash(b'6', &[step(self.digits, 0.1, 10), length, self.turns.min(5) as u8]),
        ]
    }
}

/// Which features are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Runs of one to four signs alone: the plain way, for comparison.
    Plain,
    /// Only what is counted.
    Counted,
    /// All.
    All,
}

fn place(hash: u64) -> u32 {
    (OWN as u64 + hash % (SIZE - OWN) as u64) as u32
}

/// The features of a label.
pub fn features(label: &[u8], tables: &Tables<'_>, look: Look) -> Sparse {
    let mut sparse = Sparse::with_capacity(label.len() * 4 + OWN + 6);
    if look != Look::Plain {
        let counted = Counted::of(label, tables);
        sparse.extend((0u32..).zip(counted.own()));
        sparse.extend(counted.steps().map(|hash| (place(hash), STEP)));
    }
    if look != Look::Counted {
        let from = sparse.len();
        each_run(label, 1, 4, &mut |run| sparse.push((place(hash(b'n', run)), 1.0)));
        let size = ((sparse.len() - from).max(1) as f32).sqrt().recip();
        sparse.iter_mut().skip(from).for_each(|(_, value)| *value = size);
    }
    sparse
}

/// How a name looks, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Looks {
    /// The log-odds of the model.
    pub odds: f32,
    /// The probability, on a half of machines' names and a half of people's.
    pub probability: f32,
    /// What speaks for it most, in words, the weightiest first.
    pub reasons: Vec<String>,
}

impl DomainModel<'_> {
    /// The log-odds that a label was made up by a machine.
    pub fn odds(&self, label: &str) -> f32 {
        let label = label.as_bytes();
        let counted = Counted::of(label, &self.tables);
        let mut odds = self.bias;
        for (place, value) in (0u32..).zip(counted.own()) {
            odds += self.weight(place) * value;
        }
        for hash in counted.steps() {
            odds += self.weight(place(hash)) * STEP;
        }
        let (mut sum, mut runs) = (0.0, 0u32);
        each_run(label, 1, 4, &mut |run| {
            sum += self.weight(place(hash(b'n', run)));
            runs += 1;
        });
        odds + sum / (runs.max(1) as f32).sqrt()
    }

    /// The probability that a label was made up by a machine.
    pub fn probability(&self, label: &str) -> f32 {
        self.platt.probability(self.odds(label))
    }

    /// The same with reasons.
    pub fn look(&self, label: &str) -> Looks {
        let odds = self.odds(label);
        let probability = self.platt.probability(odds);
        let counted = Counted::of(label.as_bytes(), &self.tables);
        let mut reasons = Vec::new();
        if probability >= 0.5 {
            if counted.usual.worst > 4.5 {
                reasons.push(self.rare_letters(label));
            }
            if counted.words == 0 && counted.length > 5 {
                reasons.push("no word in it is known".to_owned());
            }
            if counted.consonants >= 5 {
                reasons.push(format!("{} consonants in a row", counted.consonants));
            }
            if counted.turns >= 3 {
                reasons.push(format!("letters and digits change {} times", counted.turns));
            }
            if counted.words >= 2 && counted.covered > 0.8 {
                reasons.push(format!("made of {} words that rarely stand together", counted.words));
            }
            if counted.length >= 16 {
                reasons.push(format!("{} characters long", counted.length));
            }
        } else {
            if counted.words > 0 {
                let words =
                    self.tables.words.divide(label.as_bytes()).pieces.into_iter().filter_map(|(from, to)| {
                        let piece = label.get(usize::from(from)..usize::from(to))?;
                        (piece.len() >= super::words::SHORTEST).then_some(piece)
                    });
                reasons.push(format!("made of the words {}", words.collect::<Vec<_>>().join(" + ")));
            }
            if counted.usual.mean < 2.6 {
                reasons.push("its letters follow each other as in other names".to_owned());
            }
        }
        Looks { odds, probability, reasons }
    }

    /// Names the run of three letters that is least usual.
    fn rare_letters(&self, label: &str) -> String {
        let cost = |three: &[u8]| Usual::of(self.tables.letters, three).mean;
        let rarest = label.as_bytes().windows(3).max_by(|a, b| cost(a).total_cmp(&cost(b)));
        let rarest = rarest.map(|three| String::from_utf8_lossy(three).into_owned()).unwrap_or_default();
        format!("letters that rarely follow each other, such as `{rarest}`")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::tests::small;
    use super::*;

    #[test]
    fn the_label_that_was_registered_is_looked_at() {
        let suffixes = SuffixList::from_text(
            "// ===BEGIN ICANN DOMAINS===\nuk\nco.uk\n// ===END ICANN DOMAINS===\n// ===BEGIN PRIVATE DOMAINS===\nplatform.app\n// ===END PRIVATE DOMAINS===\n",
        )
        .unwrap_or_default();
        assert_eq!(label("www.example.co.uk", &suffixes), Some("example"));
        assert_eq!(label("a.shop.platform.app", &suffixes), Some("shop"));
        assert_eq!(label("co.uk", &suffixes), None);
    }

    #[test]
    fn what_is_asked_quickly_is_what_is_learnt() {
        let bytes = small();
        let model = DomainModel::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}"));
        for label in ["onlineshop", "xqzvkwq", "a", "", "xn--80ak6aa92e"] {
            let features = features(label.as_bytes(), &model.tables, Look::All);
            let sum: f32 = features.iter().map(|(place, value)| model.weight(*place) * value).sum();
            assert!((model.bias + sum - model.odds(label)).abs() < 1e-3, "{label}");
        }
    }

    #[test]
    fn reasons_are_in_words() {
        let bytes = small();
        let model = DomainModel::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}"));
        let looks = model.look("xqzvkwqjxz");
        assert!(looks.probability > 0.5 && !looks.reasons.is_empty(), "{looks:?}");
        let looks = model.look("onlineshop");
        assert!(looks.probability < 0.5 && !looks.reasons.is_empty(), "{looks:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(text in "\\PC{0,300}") {
            let bytes = small();
            let model = DomainModel::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}"));
            let looks = model.look(&text);
            prop_assert!((0.0..=1.0).contains(&looks.probability), "{looks:?}");
        }
    }
}
