//! Names in batches: drawn at random from families and from people's names, to learn what the names of one batch share.
//!
//! The odds of single names that a batch is weighed by are always those of a model that learnt neither from that
//! name's family nor from that name: whoever learns from odds of names known by heart trusts them too much.

pub(super) mod draw;
pub(super) mod measure;
pub(super) mod page;

use std::collections::BTreeMap;

use rempart_triage::learn::batch::{BatchModel, Common, FEATURES, NAMES, Seen, Usual, from_logistic, sparse};
use rempart_triage::learn::calibrate::Platt;
use rempart_triage::learn::domain::{Counted, Look, features};
use rempart_triage::learn::logistic::{Example, Logistic, Training};
use rempart_triage::learn::model::Tables;
use rempart_triage::learn::shared::{Customs, Mark, marks};

use super::data::{Names, Part, group};
use super::synthetic;
use super::{FOLDS, Learnt, Without, fold, half, learn};
use draw::{Draw, Themes};

/// Batches of machines' names that are learnt from, and as many of people's names.
const EACH: usize = 3_000;
/// Names of a batch that is learnt from.
pub(super) const SIZES: (usize, usize) = (5, 60);
/// What a person's name among machines' counts, so that it is not held for one of them.
const AMONG: f32 = 6.0;
/// Of this many batches of people's names one has a theme: a word or a suffix in common.
const THEMED: usize = 2;
/// Of this many batches of machines' names one is of names made up here.
const MADE: usize = 3;

/// What names have, worked out once.
pub(super) struct Pool<'n> {
    pub(super) customs: Customs,
    /// Of people's names: by what was learnt from the other half, for those that were learnt from.
    pub(super) people: BTreeMap<&'n str, Vec<Mark>>,
    /// Of machines' names.
    pub(super) machines: BTreeMap<&'n str, Vec<Mark>>,
    pub(super) themes: Themes<'n>,
    /// Lists of names made up of few words each.
    few: Vec<Vec<String>>,
}

fn marked(label: &str, tables: &Tables<'_>, customs: &Customs) -> Vec<Mark> {
    marks(label.as_bytes(), &Counted::of(label.as_bytes(), tables), tables, customs)
}

impl<'n> Pool<'n> {
    pub(super) fn new(names: &'n Names, learnt: &'n Learnt) -> Self {
        let (tables, halves) = (learnt.tables(), learnt.tables_of_halves());
        let other = |label: &str| halves.get(1 - half(label)).unwrap_or(&tables);
        let customs = Customs::train(
            names
                .of(Part::Training)
                .map(|label| (label.as_bytes(), Counted::of(label.as_bytes(), other(label)))),
        );
        let mut people: BTreeMap<&str, Vec<Mark>> = BTreeMap::new();
        for label in names.of(Part::Training) {
            people.insert(label, marked(label, other(label), &customs));
        }
        for part in [Part::Validation, Part::Test] {
            for label in names.of(part) {
                people.insert(label, marked(label, &tables, &customs));
            }
        }
        let made = learnt.made.iter().flat_map(|(_, labels)| labels);
        let machines = names
            .families
            .values()
            .flatten()
            .chain(made)
            .map(|label| (label.as_str(), marked(label, &tables, &customs)))
            .collect();
        let themes = Themes::new(names, &learnt.words);
        Self { customs, people, machines, themes, few: synthetic::of_few_words(&learnt.pieces) }
    }
}

/// The names of people and machines, each as a model saw it that had not learnt from it.
pub(super) struct Unseen<'n> {
    people: BTreeMap<&'n str, Seen>,
    /// With their weight when one is drawn: families that are measured, then ways of making names up.
    families: Vec<Vec<Seen>>,
    made: Vec<Vec<Seen>>,
}

impl<'n> Unseen<'n> {
    fn new(names: &'n Names, learnt: &Learnt, pool: &Pool<'n>, left_out: Option<&str>) -> Self {
        let (tables, halves) = (learnt.tables(), learnt.tables_of_halves());
        let models: Vec<Logistic> = (0..FOLDS)
            .map(|part| learn(names, learnt, Look::All, true, Without { group: left_out, fold: Some(part) }))
            .collect();
        let odds = |label: &str, of: usize, tables: &Tables<'_>| {
            models.get(of).map_or(0.0, |model| model.odds(&features(label.as_bytes(), tables, Look::All)))
        };
        let machine = |label: &str, of: usize| Seen {
            odds: odds(label, of, &tables),
            marks: pool.machines.get(label).cloned().unwrap_or_default(),
        };
        let other = |label: &str| halves.get(1 - half(label)).unwrap_or(&tables);
        let people = names
            .of(Part::Training)
            .map(|label| {
                let marks = pool.people.get(label).cloned().unwrap_or_default();
                (label, Seen { odds: odds(label, fold(label), other(label)), marks })
            })
            .collect();
        let families = names
            .families
            .iter()
            .filter(|(name, labels)| left_out.is_none_or(|left| group(name) != left) && labels.len() >= 8)
            .map(|(name, labels)| labels.iter().map(|label| machine(label, fold(group(name)))).collect())
            .collect();
        let made = learnt
            .made
            .iter()
            .map(|(way, labels)| labels.iter().map(|label| machine(label, fold(way))).collect())
            .chain(pool.few.iter().map(|labels| {
                let see = |label: &String| Seen {
                    odds: odds(label, fold("two words"), &tables),
                    marks: marked(label, &tables, &pool.customs),
                };
                labels.iter().map(see).collect()
            }))
            .collect();
        Self { people, families, made }
    }
}

/// Batches of names, with whether each name is a machine's.
fn examples(pool: &Pool<'_>, unseen: &Unseen<'_>, usual: &Usual) -> Vec<Example> {
    let mut draw = Draw::new(11);
    // A label that a machine and a person both came to is there once.
    let labels: [Vec<&str>; 2] =
        [0, 1].map(|wanted| unseen.people.keys().copied().filter(|label| half(label) == wanted).collect());
    let mut examples = Vec::new();
    let mut add = |batch: &[(&Seen, bool)], weight: f32| {
        let common = Common::of(batch.iter().map(|one| one.0));
        let each = weight / batch.len().max(1) as f32;
        let mixed = batch.iter().any(|one| one.1);
        examples.extend(batch.iter().map(|(seen, positive)| Example {
            features: sparse(&common.features(seen, usual)),
            positive: *positive,
            weight: if mixed && !positive { each * AMONG } else { each },
        }));
    };
    let size = |draw: &mut Draw| SIZES.0 + draw.below(SIZES.1 - SIZES.0 + 1);
    for number in 0..EACH {
        let size = size(&mut draw);
        let half = labels.get(draw.below(2)).map(Vec::as_slice).unwrap_or_default();
        let mut list = Vec::new();
        if number % THEMED == 0 {
            // Some have the theme only in part.
            let share = if draw.below(2) == 0 { 100 } else { 20 + draw.below(80) };
            let theme = Themes::theme(&mut draw);
            list = pool.themes.of(Part::Training, theme, &mut draw, size * share / 100);
        }
        list.extend(draw.some(half, size.saturating_sub(list.len())));
        list.sort_unstable();
        list.dedup();
        let batch: Vec<(&Seen, bool)> =
            list.iter().filter_map(|label| Some((unseen.people.get(label)?, false))).collect();
        add(&batch, 20.0);
    }
    for number in 0..EACH {
        let size = size(&mut draw);
        let from = if number % MADE == 0 { &unseen.made } else { &unseen.families };
        let Some(family) = from.get(draw.below(from.len())) else { continue };
        let share = if draw.below(3) == 0 { 0 } else { draw.below(71) };
        let people = size * share / 100;
        let half = labels.get(draw.below(2)).map(Vec::as_slice).unwrap_or_default();
        let mut batch: Vec<(&Seen, bool)> = draw
            .some(&family.iter().collect::<Vec<_>>(), size - people)
            .into_iter()
            .map(|seen| (seen, true))
            .collect();
        let others = draw.some(half, people);
        batch.extend(others.iter().filter_map(|label| Some((unseen.people.get(label)?, false))));
        add(&batch, 20.0);
    }
    examples
}

/// Weights of batches, learnt without a family and its relatives.
pub(super) fn fit(names: &Names, learnt: &Learnt, pool: &Pool<'_>, left_out: Option<&str>) -> Logistic {
    let unseen = Unseen::new(names, learnt, pool, left_out);
    let odds = unseen.people.values().map(|seen| seen.odds).collect();
    let usual = Usual::new(odds, pool.customs.clone());
    let examples = examples(pool, &unseen, &usual);
    let training = Training { rounds: 8, rate: 0.1, penalty: 1e-5, seed: 5 };
    Logistic::train(&examples, FEATURES, &training)
}

/// The model for batches that goes with a model of single names.
pub(super) fn model(
    names: &Names,
    learnt: &Learnt,
    pool: &Pool<'_>,
    single: &dyn Fn(&str) -> f32,
    platt: Platt,
) -> BatchModel {
    let logistic = fit(names, learnt, pool, None);
    for (name, weight) in NAMES.iter().zip(&logistic.weights) {
        println!("{weight:+.2} {name}");
    }
    let odds = names.of(Part::Validation).map(single).collect();
    from_logistic(&logistic, platt, Usual::new(odds, pool.customs.clone()))
}
