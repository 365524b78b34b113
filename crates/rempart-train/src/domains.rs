//! Names that machines make up: the model that is shipped, and how good it is on families that it has not seen.

mod batches;
mod data;
mod measure;
mod report;
mod synthetic;

use std::path::Path;

use anyhow::Context;
use rempart_model::observable::SuffixList;
use rempart_triage::learn::batch::BatchModel;
use rempart_triage::learn::calibrate::Platt;
use rempart_triage::learn::domain::{Look, SIZE, features};
use rempart_triage::learn::features::hash;
use rempart_triage::learn::letters::Letters;
use rempart_triage::learn::logistic::{Example, Logistic, Training};
use rempart_triage::learn::model::{self, DomainModel, Tables};
use rempart_triage::learn::words::Words;

use data::{Names, Part};

/// Words that are kept.
const WORDS: usize = 16_000;
const MODEL: &str = "data/models/domains.bin";
const CARD: &str = "data/models/domains.json";
const BATCH: &str = "data/models/batch.bin";
const BATCH_CARD: &str = "data/models/batch.json";

/// What names are measured against, learnt from people's names alone.
struct Learnt {
    letters: Letters,
    words: Words,
    /// The same from either half of the names: a name that was counted looks more usual than one that was not, so each
    /// half is looked at by what was learnt from the other.
    halves: [(Letters, Words); 2],
    made: Vec<(&'static str, Vec<String>)>,
    /// Words of people's names, in order.
    pieces: Vec<String>,
}

fn half(label: &str) -> usize {
    (hash(b'h', label.as_bytes()) % 2) as usize
}

impl Learnt {
    fn from(names: &Names) -> Self {
        let labels: Vec<&str> = names.of(Part::Training).collect();
        let from = |labels: &[&str]| {
            let labels: Vec<&[u8]> = labels.iter().map(|label| label.as_bytes()).collect();
            (Letters::train(labels.iter().copied()), Words::train(&labels, WORDS))
        };
        let of_half = |wanted: usize| {
            from(&labels.iter().copied().filter(|label| half(label) == wanted).collect::<Vec<_>>())
        };
        let (letters, words) = from(&labels);
        let mut pieces: Vec<&str> = Vec::new();
        for label in &labels {
            for (from, to) in words.divide(label.as_bytes()).pieces {
                let piece = label.get(usize::from(from)..usize::from(to)).unwrap_or_default();
                if piece.len() > 3 {
                    pieces.push(piece);
                }
            }
        }
        pieces.sort_unstable();
        pieces.dedup();
        let made = synthetic::families(&pieces, &labels);
        let pieces = pieces.into_iter().map(str::to_owned).collect();
        Self { letters, words, halves: [of_half(0), of_half(1)], made, pieces }
    }

    /// Those of either half.
    fn tables_of_halves(&self) -> [Tables<'_>; 2] {
        self.halves
            .each_ref()
            .map(|(letters, words)| Tables { letters: &letters.costs, words: words.clone() })
    }

    fn tables(&self) -> Tables<'_> {
        Tables { letters: &self.letters.costs, words: self.words.clone() }
    }
}

fn suffixes() -> anyhow::Result<SuffixList> {
    let text = rempart_matching::public_suffix_list().context("the shipped Public Suffix List")?;
    Ok(SuffixList::from_text(&text)?)
}

/// What is not learnt from.
#[derive(Debug, Clone, Copy, Default)]
struct Without<'g> {
    /// A family and its relatives.
    group: Option<&'g str>,
    /// One of [`FOLDS`] parts of families, of names made up and of people's names.
    fold: Option<usize>,
}

/// Parts of what is learnt from, each of which can be looked at by what was learnt from the others.
const FOLDS: usize = 4;

/// The part of a name or of a group of families.
fn fold(name: &str) -> usize {
    (hash(b'k', name.as_bytes()) % FOLDS as u64) as usize
}

impl Without<'_> {
    fn group(group: &str) -> Without<'_> {
        Without { group: Some(group), fold: None }
    }

    fn has_not(&self, name: &str) -> bool {
        self.fold == Some(fold(name))
    }
}

/// Learns from all families but some. What is shipped is the mean of two: one that sees what is
/// counted and one that sees runs of signs: trained together, each leans on what the other has learnt of known families.
fn learn(names: &Names, learnt: &Learnt, look: Look, more: bool, without: Without<'_>) -> Logistic {
    if look != Look::All {
        return head(names, learnt, look, more, without);
    }
    let one = head(names, learnt, Look::Counted, more, without);
    let other = head(names, learnt, Look::Plain, more, without);
    let weights = one.weights.iter().zip(&other.weights).map(|(one, other)| (one + other) / 2.0).collect();
    Logistic { weights, bias: (one.bias + other.bias) / 2.0 }
}

/// One head. Each family counts as the square root of its size.
fn head(names: &Names, learnt: &Learnt, look: Look, more: bool, without: Without<'_>) -> Logistic {
    let tables = &learnt.tables();
    let halves = learnt.tables_of_halves();
    let mut examples = Vec::new();
    let benign: Vec<&str> = names.of(Part::Training).filter(|label| !without.has_not(label)).collect();
    let families: Vec<_> = names
        .families
        .iter()
        .filter(|(name, _)| without.group.is_none_or(|group| data::group(name) != group))
        .filter(|(name, _)| !without.has_not(data::group(name)))
        .collect();
    // A family counts as the square root of its size, so that a large one does not stand for all.
    let roots: f32 = families.iter().map(|(_, labels)| (labels.len() as f32).sqrt()).sum();
    let all: f32 = families.iter().map(|(_, labels)| labels.len() as f32).sum();
    for (_, labels) in families {
        let weight = if more { all / roots / (labels.len() as f32).sqrt() } else { 1.0 };
        examples.extend(labels.iter().map(|label| Example {
            features: features(label.as_bytes(), tables, look),
            positive: true,
            weight,
        }));
    }
    if more {
        for (_, labels) in learnt.made.iter().filter(|(way, _)| !without.has_not(way)) {
            examples.extend(labels.iter().map(|label| Example {
                features: features(label.as_bytes(), tables, look),
                positive: true,
                weight: 0.5,
            }));
        }
    }
    let other = |label: &str| halves.get(1 - half(label)).unwrap_or(tables);
    examples.extend(benign.into_iter().map(|label| Example {
        features: features(label.as_bytes(), other(label), look),
        positive: false,
        weight: 1.0,
    }));
    Logistic::train(&examples, SIZE, &Training::default())
}

/// Calibrated on people's names that it was not trained on and machines' of families that it was, half and half.
fn calibrated(names: &Names, learnt: &Learnt, model: &Logistic) -> Platt {
    let tables = &learnt.tables();
    let odds = |label: &str| model.odds(&features(label.as_bytes(), tables, Look::All));
    let benign: Vec<f32> = names.of(Part::Validation).map(odds).collect();
    let machines: Vec<f32> = measure::each_left_out(names, learnt)
        .into_iter()
        .flat_map(|family| family.odds.into_iter().step_by(10))
        .collect();
    // As many of each: the prior is the assessment's business.
    let step = |list: &[f32]| list.len().div_ceil(benign.len().min(machines.len()).max(1)).max(1);
    let (of_benign, of_machines) = (step(&benign), step(&machines));
    let mut scores: Vec<(f32, bool)> = benign.iter().step_by(of_benign).map(|odds| (*odds, false)).collect();
    scores.extend(machines.iter().step_by(of_machines).map(|odds| (*odds, true)));
    Platt::fit(&scores)
}

/// Makes the model, and its card.
pub(crate) fn train(data: &Path) -> anyhow::Result<()> {
    let suffixes = suffixes()?;
    let names = Names::read(data, &suffixes)?;
    let learnt = Learnt::from(&names);
    let logistic = learn(&names, &learnt, Look::All, true, Without::default());
    let platt = calibrated(&names, &learnt, &logistic);
    let bytes = model::write(&logistic, &learnt.letters, &learnt.words, &platt);
    std::fs::create_dir_all("data/models")?;
    std::fs::write(MODEL, &bytes).with_context(|| format!("cannot write {MODEL}"))?;
    println!("{MODEL}: {} bytes", bytes.len());
    let figures = measure::all(&names, &learnt, &bytes, &suffixes)?;
    std::fs::write(CARD, report::card(&names, &figures, &bytes))?;
    println!("{CARD}");
    train_batches(&names, &learnt, &bytes, &suffixes)
}

/// Makes the model for batches, and its card.
fn train_batches(names: &Names, learnt: &Learnt, bytes: &[u8], suffixes: &SuffixList) -> anyhow::Result<()> {
    let pool = batches::Pool::new(names, learnt);
    let second = names.homepages(suffixes).unwrap_or_default();
    let figures = batches::measure::all(names, learnt, &pool, &second);
    let single = DomainModel::from_bytes(bytes)?;
    let odds = |label: &str| single.odds(label);
    let model = batches::model(names, learnt, &pool, &odds, figures.platt);
    let at = batches::measure::shipped_thresholds(names, &pool, &odds, &model);
    std::fs::write(BATCH, model.to_bytes()).with_context(|| format!("cannot write {BATCH}"))?;
    println!("{BATCH}");
    std::fs::write(BATCH_CARD, batches::page::card(names, &figures, &model, at))?;
    println!("{BATCH_CARD}");
    Ok(())
}

/// Measures it.
pub(crate) fn evaluate(data: &Path) -> anyhow::Result<()> {
    let suffixes = suffixes()?;
    let names = Names::read(data, &suffixes)?;
    let learnt = Learnt::from(&names);
    let bytes =
        std::fs::read(MODEL).with_context(|| format!("{MODEL}: `cargo xtask train domains` makes it"))?;
    let figures = measure::all(&names, &learnt, &bytes, &suffixes)?;
    let batch = std::fs::read(BATCH)
        .with_context(|| format!("{BATCH}: `cargo xtask train domains` makes it"))
        .map(|bytes| BatchModel::from_bytes(&bytes))??;
    let pool = batches::Pool::new(&names, &learnt);
    let second = names.homepages(&suffixes).unwrap_or_default();
    let mut of_batches = batches::measure::all(&names, &learnt, &pool, &second);
    of_batches.per_second = batches::measure::per_second(&names, &DomainModel::from_bytes(&bytes)?, &batch);
    report::page(&names, &figures, &batches::page::section(&of_batches, &batch))
}

/// Labels that people chose and that the model has not learnt from: those with a licence that thresholds are fixed on,
/// those that are measured on, and the second benign set, which may be missing.
pub(crate) struct People {
    pub(crate) validation: Vec<String>,
    pub(crate) test: Vec<String>,
    pub(crate) second: Vec<String>,
}

/// Reads them.
pub(crate) fn people(data: &Path, suffixes: &SuffixList) -> anyhow::Result<People> {
    let names = Names::read(data, suffixes)?;
    let of = |part| names.of(part).map(str::to_owned).collect();
    Ok(People {
        validation: of(Part::Validation),
        test: of(Part::Test),
        second: names.homepages(suffixes).unwrap_or_default(),
    })
}
