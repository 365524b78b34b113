//! The model of how names look, as a [`file`] that is read where it lies.
//!
//! ```text
//! Platt's a and b f32, bias f32, scale of weights f32
//! weights: SIZE bytes, signed, in steps of the scale
//! costs of letters: SIGNS³ bytes
//! words: count u32, then for each its hash u64 and cost u8
//! ```
//! Numbers are little-endian.

use super::calibrate::Platt;
use super::domain::SIZE;
use super::file::{self, Form, number};
use super::letters::{Letters, SIGNS};
use super::logistic::Logistic;
use super::words::Words;

pub use super::file::ModelError;

/// The version of the form; a model of another one is refused.
pub const VERSION: u16 = 1;
const FORM: Form = Form { task: 1, version: VERSION };
const LETTERS: usize = SIGNS * SIGNS * SIGNS;

/// What names are measured against.
#[derive(Debug, Clone)]
pub struct Tables<'b> {
    /// See [`Letters`].
    pub letters: &'b [u8],
    /// The words.
    pub words: Words,
}

/// The model of how names look.
#[derive(Debug, Clone)]
pub struct DomainModel<'b> {
    /// From log-odds to probabilities.
    pub platt: Platt,
    pub(super) bias: f32,
    scale: f32,
    weights: &'b [u8],
    /// What names are measured against.
    pub tables: Tables<'b>,
}

/// The model that is shipped; `data/models/domains.json` is its card.
///
/// # Errors
/// Where it does not fit this version.
pub fn shipped() -> Result<DomainModel<'static>, ModelError> {
    DomainModel::from_bytes(include_bytes!("../../../../data/models/domains.bin"))
}

/// Writes a model.
pub fn write(model: &Logistic, letters: &Letters, words: &Words, platt: &Platt) -> Vec<u8> {
    let most = model.weights.iter().fold(1e-6f32, |most, weight| most.max(weight.abs()));
    let scale = most / 127.0;
    let mut rest = Vec::with_capacity(SIZE + LETTERS + 64);
    for number in [platt.a, platt.b, model.bias, scale] {
        rest.extend_from_slice(&number.to_le_bytes());
    }
    rest.extend(model.weights.iter().map(|weight| ((weight / scale).round() as i8).to_le_bytes()[0]));
    rest.resize(16 + SIZE, 0);
    rest.extend_from_slice(&letters.costs);
    rest.resize(16 + SIZE + LETTERS, 255);
    let list = words.list();
    rest.extend_from_slice(&u32::try_from(list.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (word, cost) in list {
        rest.extend_from_slice(&word.to_le_bytes());
        rest.push(cost);
    }
    file::seal(FORM, &rest)
}

impl<'b> DomainModel<'b> {
    /// Reads a model where it lies.
    ///
    /// # Errors
    /// Where the bytes are no model, one of another version or task, cut off or damaged.
    pub fn from_bytes(bytes: &'b [u8]) -> Result<Self, ModelError> {
        let rest = file::open(bytes, FORM, 16 + SIZE + LETTERS + 4)?;
        let float = |at| f32::from_le_bytes(number(rest, at));
        let list = rest.get(16 + SIZE + LETTERS + 4..).unwrap_or_default();
        let words = list
            .chunks_exact(9)
            .map(|one| (u64::from_le_bytes(number(one, 0)), one.last().copied().unwrap_or(255)));
        Ok(Self {
            platt: Platt { a: float(0), b: float(4) },
            bias: float(8),
            scale: float(12),
            weights: rest.get(16..16 + SIZE).unwrap_or_default(),
            tables: Tables {
                letters: rest.get(16 + SIZE..16 + SIZE + LETTERS).unwrap_or_default(),
                words: Words::new(words),
            },
        })
    }

    /// The weight of a feature.
    pub(super) fn weight(&self, place: u32) -> f32 {
        let step = self.weights.get(place as usize).map_or(0, |byte| i8::from_le_bytes([*byte]));
        f32::from(step) * self.scale
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says so by failing")]

    use super::super::domain::{Look, features};
    use super::super::features::random;
    use super::super::logistic::{Example, Training};
    use super::*;

    /// A small model of names of words against names of letters at random.
    pub(in crate::learn) fn small() -> Vec<u8> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for first in ["shop", "bank", "news", "cloud", "online"] {
            for second in ["online", "world", "europe", "market", "store", "media"] {
                names.push(format!("{first}{second}").into_bytes());
                names.push(format!("{second}{first}").into_bytes());
            }
        }
        let list: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let (letters, words) = (Letters::train(list.iter().copied()), Words::train(&list, 200));
        let tables = Tables { letters: &letters.costs, words: words.clone() };
        let made =
            |number: u64| -> Vec<u8> { (0..10).map(|at| b'a' + (random(number, at) % 26) as u8).collect() };
        let examples: Vec<Example> = (0..60)
            .map(made)
            .map(|name| (name, true))
            .chain(names.iter().map(|name| (name.clone(), false)))
            .map(|(name, positive)| Example {
                features: features(&name, &tables, Look::All),
                positive,
                weight: 1.0,
            })
            .collect();
        let model = Logistic::train(&examples, SIZE, &Training::default());
        write(&model, &letters, &words, &Platt { a: 1.0, b: 0.0 })
    }

    #[test]
    fn the_same_names_make_the_same_bytes() {
        assert_eq!(small(), small());
    }

    #[test]
    fn what_is_no_model_is_refused_with_the_reason() {
        let bytes = small();
        let error = |bytes: &[u8]| DomainModel::from_bytes(bytes).err();
        assert_eq!(error(&bytes), None);
        assert_eq!(error(b""), Some(ModelError::NoModel));
        assert_eq!(error(b"a text"), Some(ModelError::NoModel));
        let changed = |at: usize, byte: u8| {
            let mut changed = bytes.clone();
            changed[at] ^= byte;
            changed
        };
        assert_eq!(
            error(&changed(8, 8)),
            Some(ModelError::OtherVersion { found: VERSION ^ 8, wanted: VERSION })
        );
        assert_eq!(error(&changed(10, 2)), Some(ModelError::OtherTask));
        for at in [30, 5_000, bytes.len() - 1] {
            assert_eq!(error(&changed(at, 1)), Some(ModelError::Damaged), "{at}");
        }
        for length in [8, 20, 1_000, bytes.len() - 1] {
            let found = error(&bytes[..length]);
            assert!(
                matches!(found, Some(ModelError::CutOff { .. } | ModelError::OtherVersion { .. })),
                "{length}: {found:?}"
            );
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(error(&longer), Some(ModelError::Damaged));
    }

    #[test]
    fn the_shipped_model_tells_plain_cases() {
        let model = shipped().unwrap();
        let made = ["xjwqvbktzq", "kq3v9z0x7w2p", "wjrqtplmcbzxv"];
        let chosen = ["onlineshop", "cityhospital", "bookstore", "weather", "myfamily"];
        for label in made {
            assert!(model.probability(label) > 0.9, "{label}: {:?}", model.look(label));
        }
        for label in chosen {
            assert!(model.probability(label) < 0.5, "{label}: {:?}", model.look(label));
        }
    }
}
