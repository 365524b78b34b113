//! How a name looks among those that were asked with it: the names that did not resolve for one host in an hour, or the
//! new names of one list.
//!
//! A single name of two words looks as people's names do. A machine makes many by one rule, and the rule shows in what
//! they have in common: words, beginnings, ends, the places of vowels, the length; or in that too many are a little odd.
//! What is common among people's names anyway says nothing, so that each thing is measured against its own cost
//! ([`shared`](super::shared)). Only a few numbers are weighed, so that little can be learnt by heart.
//!
//! ```text
//! Platt's a and b f32, bias f32, FEATURES weights f32
//! odds of people's names at QUANTILES even steps f32
//! CUSTOMS costs, bytes
//! ```
//! Numbers are little-endian.

use super::calibrate::Platt;
use super::domain::{Counted, Looks};
use super::features::Sparse;
use super::file::{self, Form, ModelError, number};
use super::logistic::Logistic;
use super::model::DomainModel;
use super::shared::{CUSTOMS, Customs, Mark, Shared, TRAITS, Trait, marks, surprise};

/// The version of the form; a model of another one is refused.
pub const VERSION: u16 = 1;
const FORM: Form = Form { task: 5, version: VERSION };
/// What is weighed of a name within its batch.
pub const FEATURES: usize = 11;
/// What each of them is, in words.
pub const NAMES: [&str; FEATURES] = [
    "the name by itself",
    "how far the name is below the others",
    "a beginning or an end that others have",
    "vowels and consonants in the same places as others",
    "length and shape of others",
    "the same set of signs as others",
    "as many words, covering as much, as others",
    "how many are at least as odd",
    "how many are about as odd",
    "each of its words, others have too",
    "share of others with one word of it",
];
/// Odds of people's names that are kept.
pub const QUANTILES: usize = 33;
/// Fewer names are no batch: each is looked at by itself.
pub const LEAST: usize = 5;
/// Names of a batch that are looked at together; those beyond it are compared with these.
pub const MOST: usize = 4_096;
/// No probability is nearer to one, or to zero: calibration had too few names to tell more.
const SUREST: f32 = 0.999;
/// Odds that are about the same.
const NEAR: f32 = 0.5;

/// What a batch is weighed by.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchModel {
    /// From log-odds to probabilities.
    pub platt: Platt,
    /// What holds for all.
    pub bias: f32,
    /// One for each of [`NAMES`].
    pub weights: [f32; FEATURES],
    /// What is usual.
    pub usual: Usual,
}

/// What is usual among people's names.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    /// Odds by themselves, at even steps from the lowest to the highest.
    pub odds: Vec<f32>,
    /// Patterns, shapes and templates.
    pub customs: Customs,
}

impl Usual {
    /// From the odds of people's names that the model of single names has not learnt from, and customs.
    pub fn new(mut odds: Vec<f32>, customs: Customs) -> Self {
        odds.sort_unstable_by(f32::total_cmp);
        let last = odds.len().saturating_sub(1);
        let at = |step: usize| odds.get(last * step / (QUANTILES - 1)).copied().unwrap_or(0.0);
        Self { odds: (0..QUANTILES).map(at).collect(), customs }
    }

    /// The share of people's names whose odds are below.
    fn below(&self, odds: f32) -> f32 {
        let place = self.odds.partition_point(|one| *one < odds);
        let (Some(low), Some(high)) =
            (place.checked_sub(1).and_then(|before| self.odds.get(before)), self.odds.get(place))
        else {
            return if place == 0 { 0.0 } else { 1.0 };
        };
        let within = if high > low { (odds - low) / (high - low) } else { 0.0 };
        (place as f32 - 1.0 + within) / (self.odds.len().max(2) - 1) as f32
    }
}

/// A model that was trained on batches, before it is written.
pub fn from_logistic(logistic: &Logistic, platt: Platt, usual: Usual) -> BatchModel {
    let mut weights = [0.0; FEATURES];
    weights.iter_mut().zip(&logistic.weights).for_each(|(to, from)| *to = *from);
    BatchModel { platt, bias: logistic.bias, weights, usual }
}

/// The model that is shipped; `data/models/batch.json` is its card.
///
/// # Errors
/// Where it does not fit this version.
pub fn shipped() -> Result<BatchModel, ModelError> {
    BatchModel::from_bytes(include_bytes!("../../../../data/models/batch.bin"))
}

impl BatchModel {
    /// The log-odds of features.
    pub fn weigh(&self, features: &[f32; FEATURES]) -> f32 {
        self.bias + self.weights.iter().zip(features).map(|(weight, value)| weight * value).sum::<f32>()
    }

    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.platt.a, self.platt.b, self.bias];
        let numbers = numbers.iter().chain(&self.weights).chain(self.usual.odds.iter().take(QUANTILES));
        let mut rest: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
        rest.resize(4 * (3 + FEATURES + QUANTILES), 0);
        rest.extend_from_slice(&self.usual.customs.0);
        rest.resize(4 * (3 + FEATURES + QUANTILES) + CUSTOMS, 255);
        file::seal(FORM, &rest)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// Where the bytes are no model, one of another version or task, cut off, damaged or without sense.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let floats = 3 + FEATURES + QUANTILES;
        let rest = file::open(bytes, FORM, 4 * floats + CUSTOMS)?;
        let float = |at: usize| f32::from_le_bytes(number(rest, 4 * at));
        if !(0..floats).all(|at| float(at).is_finite()) {
            return Err(ModelError::Senseless("a weight that is no number"));
        }
        let odds: Vec<f32> = (3 + FEATURES..floats).map(float).collect();
        if !odds.is_sorted() {
            return Err(ModelError::Senseless("quantiles that do not rise"));
        }
        let customs = Customs(rest.get(4 * floats..).unwrap_or_default().to_vec());
        let mut weights = [0.0; FEATURES];
        weights.iter_mut().zip(3..).for_each(|(weight, at)| *weight = float(at));
        Ok(Self {
            platt: Platt { a: float(0), b: float(1) },
            bias: float(2),
            weights,
            usual: Usual { odds, customs },
        })
    }
}

/// What is known of one name before it is seen among others.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The log-odds by itself.
    pub odds: f32,
    /// What it has that others may share.
    pub marks: Vec<Mark>,
}

/// What names of a batch have in common.
#[derive(Debug, Clone)]
pub struct Common {
    shared: Shared,
    /// Of all, in order.
    odds: Vec<f32>,
    sum: f32,
}

impl Common {
    /// Of names that are each there once.
    pub fn of<'s>(names: impl Iterator<Item = &'s Seen> + Clone) -> Self {
        let mut odds: Vec<f32> = names.clone().map(|seen| seen.odds).collect();
        odds.sort_unstable_by(f32::total_cmp);
        let sum = odds.iter().sum();
        Self { shared: Shared::of(names.map(|seen| seen.marks.as_slice())), odds, sum }
    }

    fn between(&self, from: f32, to: f32) -> usize {
        let below = self.odds.partition_point(|odds| *odds < from);
        self.odds.partition_point(|odds| *odds <= to).saturating_sub(below)
    }

    /// What is weighed of a name that is one of them.
    pub fn features(&self, seen: &Seen, usual: &Usual) -> [f32; FEATURES] {
        let others = self.odds.len().saturating_sub(1);
        let rest = u32::try_from(others).unwrap_or(u32::MAX);
        // Surprise grows with the number of names; its logarithm much less.
        let small = |surprise: f32| surprise.max(0.0).ln_1p() / 3.0;
        let mean = (self.sum - seen.odds) / others.max(1) as f32;
        let most = |kind| self.shared.most(&seen.marks, kind);
        let [word, start, end, pattern, form, signs, template] = TRAITS.map(most);
        let of = |found: &Option<(Mark, f32, u32)>| small(found.map_or(0.0, |found| found.1));
        let crowd = |from: f32, to: f32| {
            let expected = (usual.below(to) - usual.below(from)).clamp(1e-3, 1.0);
            let there = self.between(from, to).saturating_sub(1);
            small(surprise(u32::try_from(there).unwrap_or(u32::MAX), rest, -expected.ln()))
        };
        [
            seen.odds.clamp(-16.0, 16.0) / 4.0,
            (seen.odds - mean).clamp(-8.0, 0.0) / 4.0,
            of(&start).max(of(&end)),
            of(&pattern),
            of(&form),
            of(&signs),
            of(&template),
            crowd(seen.odds - NEAR, f32::MAX),
            crowd(seen.odds - NEAR, seen.odds + NEAR),
            small(self.shared.each_word(&seen.marks)),
            word.map_or(0.0, |found| found.2 as f32 / others.max(1) as f32),
        ]
    }
}

/// Features as an example is learnt from.
pub fn sparse(features: &[f32; FEATURES]) -> Sparse {
    (0u32..).zip(features.iter().copied()).collect()
}

/// Names that were asked together.
#[derive(Debug, Clone)]
pub struct Batch<'m, 'n> {
    names: &'m DomainModel<'m>,
    model: &'m BatchModel,
    labels: Vec<&'n str>,
    seen: Vec<Seen>,
    common: Common,
}

impl<'m, 'n> Batch<'m, 'n> {
    /// Looks at registered labels (see [`label`](super::domain::label)), each once however often it is there.
    pub fn new(
        names: &'m DomainModel<'m>,
        model: &'m BatchModel,
        labels: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let mut labels: Vec<&str> = labels.into_iter().collect();
        labels.sort_unstable();
        labels.dedup();
        let seen: Vec<Seen> = labels.iter().map(|label| see(names, &model.usual, label)).collect();
        // Spread over all, since they are in the order of the alphabet.
        let step = seen.len().div_ceil(MOST).max(1);
        let common = Common::of(seen.iter().step_by(step));
        Self { names, model, labels, seen, common }
    }

    /// The labels, in order, each once.
    pub fn labels(&self) -> &[&'n str] {
        &self.labels
    }

    /// The log-odds that the label at a place was made up by a machine; `None` where there is none.
    pub fn odds(&self, place: usize) -> Option<f32> {
        let seen = self.seen.get(place)?;
        if self.labels.len() < LEAST {
            return Some(seen.odds);
        }
        Some(self.model.weigh(&self.common.features(seen, &self.model.usual)))
    }

    /// How the label at a place looks among the others, and why; `None` where there is none. Of a batch of fewer than
    /// [`LEAST`] names each is looked at by itself.
    pub fn look(&self, place: usize) -> Option<Looks> {
        let (label, seen) = (self.labels.get(place)?, self.seen.get(place)?);
        let alone = self.names.look(label);
        if self.labels.len() < LEAST {
            return Some(alone);
        }
        let odds = self.odds(place)?;
        let probability = self.model.platt.probability(odds).clamp(1.0 - SUREST, SUREST);
        if probability < 0.5 {
            let reasons = if alone.probability < 0.5 {
                alone.reasons
            } else {
                vec!["the names asked with it have nothing in common that people's names have not".to_owned()]
            };
            return Some(Looks { odds, probability, reasons });
        }
        let mut reasons = self.reasons(label, seen);
        if alone.probability >= 0.5 {
            reasons.extend(alone.reasons);
        }
        Some(Looks { odds, probability, reasons })
    }

    /// What the batch tells of a name, the weightiest first.
    fn reasons(&self, label: &str, seen: &Seen) -> Vec<String> {
        // Those that were compared: of a large batch not all.
        let (all, others) = (self.common.odds.len(), self.common.odds.len().saturating_sub(1));
        let features = self.common.features(seen, &self.model.usual);
        let of = |place: usize| {
            self.model
                .weights
                .get(place)
                .zip(features.get(place))
                .map_or(0.0, |(weight, value)| weight * value)
        };
        let mut reasons: Vec<(f32, String)> = Vec::new();
        for kind in TRAITS {
            let Some((mark, surprise, count)) = self.common.shared.most(&seen.marks, kind) else { continue };
            let text = label.get(usize::from(mark.at.0)..usize::from(mark.at.1)).unwrap_or_default();
            let (adds, what) = match kind {
                Trait::Word => (of(9), format!("shares the word `{text}` with")),
                // Beginnings and ends go along with words and patterns, which are weighed; but they are what a person
                // sees first.
                Trait::Start => (surprise.ln_1p() / 3.0, format!("begins with `{text}` like")),
                Trait::End => (surprise.ln_1p() / 3.0, format!("ends with `{text}` like")),
                Trait::Pattern => (of(3), "has vowels and consonants in the same places as".to_owned()),
                Trait::Shape => {
                    (of(4), format!("is {} characters long and of the same shape as", label.len()))
                }
                Trait::Signs => (of(5), "is made of the same characters as".to_owned()),
                Trait::Template => (
                    of(6),
                    match seen.marks.iter().filter(|mark| mark.kind == Trait::Word).count() {
                        0 => "holds no known word, like".to_owned(),
                        1 => "holds one word, as large a part of it as in".to_owned(),
                        words => format!("holds {words} words, as large a part of it as in"),
                    },
                ),
            };
            reasons.push((adds, format!("{what} {count} of the {others} names asked with it")));
        }
        reasons.push((of(7), format!("of the {all} names asked together, too many are odd")));
        // What adds little is no reason.
        reasons.retain(|reason| reason.0 > 0.2);
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        reasons.into_iter().take(4).map(|reason| reason.1).collect()
    }
}

/// What is known of one label before it is seen among others.
fn see(names: &DomainModel<'_>, usual: &Usual, label: &str) -> Seen {
    let counted = Counted::of(label.as_bytes(), &names.tables);
    Seen { odds: names.odds(label), marks: marks(label.as_bytes(), &counted, &names.tables, &usual.customs) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says so by failing")]

    use proptest::prelude::*;

    use super::super::features::random;
    use super::super::model::{shipped as names, tests::small};
    use super::*;

    /// Weights of a model that is not trained.
    fn plain(names: &DomainModel<'_>) -> BatchModel {
        let labels = ["onlineshop", "bank-news", "cloudstore", "media24", "worldmarket"];
        let customs = Customs::train(
            labels.iter().map(|label| (label.as_bytes(), Counted::of(label.as_bytes(), &names.tables))),
        );
        let odds = labels.iter().map(|label| names.odds(label)).collect();
        BatchModel {
            platt: Platt { a: 1.0, b: 0.0 },
            bias: -2.0,
            weights: [1.0; FEATURES],
            usual: Usual::new(odds, customs),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = small();
        let model = plain(&DomainModel::from_bytes(&bytes).unwrap());
        let written = model.to_bytes();
        assert_eq!(BatchModel::from_bytes(&written), Ok(model.clone()));
        assert_eq!(BatchModel::from_bytes(b"a text"), Err(ModelError::NoModel));
        assert_eq!(BatchModel::from_bytes(&bytes), Err(ModelError::OtherTask));
        let changed = |at: usize, byte: u8| {
            let mut changed = written.clone();
            changed[at] ^= byte;
            BatchModel::from_bytes(&changed)
        };
        assert_eq!(changed(8, 8), Err(ModelError::OtherVersion { found: VERSION ^ 8, wanted: VERSION }));
        assert_eq!(changed(written.len() - 1, 1), Err(ModelError::Damaged));
        assert!(matches!(BatchModel::from_bytes(&written[..90]), Err(ModelError::CutOff { .. })));
        let mut senseless = model.clone();
        senseless.weights[2] = f32::NAN;
        let senseless = BatchModel::from_bytes(&senseless.to_bytes());
        assert!(matches!(senseless, Err(ModelError::Senseless(_))), "{senseless:?}");
        let mut falling = model;
        falling.usual.odds.reverse();
        assert!(matches!(BatchModel::from_bytes(&falling.to_bytes()), Err(ModelError::Senseless(_))));
    }

    #[test]
    fn few_names_are_looked_at_by_themselves() {
        let (names, model) = (names().unwrap(), shipped().unwrap());
        let batch = Batch::new(&names, &model, ["onlineshop", "xjwqvbktzq", "onlineshop"]);
        assert_eq!(batch.labels(), ["onlineshop", "xjwqvbktzq"]);
        assert_eq!(batch.look(1), Some(names.look("xjwqvbktzq")));
        assert_eq!((batch.look(2), batch.odds(2)), (None, None));
        assert_eq!(Batch::new(&names, &model, []).look(0), None);
    }

    /// Drawn at random from hosts at which Debian's packages have their home.
    const PEOPLE: [&str; 20] = [
        "packer",
        "zurb",
        "gtkmm",
        "openlighting",
        "guengel",
        "owsiany",
        "biodas",
        "3d-mocassin",
        "kyleam",
        "advantech",
        "1001fonts",
        "doxygen",
        "cdolivet",
        "calcurse",
        "sass-lang",
        "acoustid",
        "canzeley",
        "gtk-rs",
        "columbia",
        "palabos",
    ];

    /// Two of twelve words each: no family's rule, and each name by itself might be a person's.
    fn made(count: u64) -> Vec<String> {
        let words = [
            "silver", "garden", "market", "winter", "bridge", "summer", "travel", "forest", "window",
            "market", "doctor", "school",
        ];
        let word = |seed: u64, at: u64| words[random(seed, at) as usize % words.len()];
        (0..count).map(|number| format!("{}{}", word(number, 1), word(number, 2))).collect()
    }

    #[test]
    fn the_shipped_model_sees_what_single_names_do_not_show() {
        let (names, model) = (names().unwrap(), shipped().unwrap());
        let made = made(40);
        let batch = Batch::new(&names, &model, made.iter().map(String::as_str));
        let looks: Vec<Looks> = (0..batch.labels().len()).filter_map(|place| batch.look(place)).collect();
        let found = looks.iter().filter(|looks| looks.probability > 0.5).count();
        assert!(found * 10 > looks.len() * 7, "{found} of {}", looks.len());
        let told =
            looks.iter().flat_map(|looks| &looks.reasons).any(|reason| reason.contains("shares the word"));
        assert!(told, "{looks:?}");
        let alone = made.iter().filter(|label| names.probability(label) > 0.5).count();
        assert!(alone * 2 < made.len(), "{alone} alone");

        // Hardly one of people's, and none as surely as one of a thousand would be.
        let batch = Batch::new(&names, &model, PEOPLE);
        let looks: Vec<Looks> = (0..PEOPLE.len()).filter_map(|place| batch.look(place)).collect();
        let held = looks.iter().filter(|looks| looks.probability > 0.5).count();
        assert!(held <= 2 && looks.iter().all(|looks| looks.probability < 0.81), "{held}: {looks:?}");
    }

    #[test]
    fn the_order_of_names_does_not_matter() {
        let (names, model) = (names().unwrap(), shipped().unwrap());
        let there = Batch::new(&names, &model, PEOPLE);
        let back = Batch::new(&names, &model, PEOPLE.iter().rev().copied());
        for place in 0..PEOPLE.len() {
            assert_eq!(there.look(place), back.look(place));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_names_are_looked_at(labels in prop::collection::vec("[a-z0-9-]{0,40}|\\PC{0,80}", 0..40)) {
            let bytes = small();
            let names = DomainModel::from_bytes(&bytes).unwrap();
            let model = plain(&names);
            let batch = Batch::new(&names, &model, labels.iter().map(String::as_str));
            for place in 0..batch.labels().len() {
                let looks = batch.look(place).unwrap();
                prop_assert!((0.0..=1.0).contains(&looks.probability) && looks.odds.is_finite(), "{looks:?}");
            }
        }
    }
}
