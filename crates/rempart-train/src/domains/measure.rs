//! How good the model is: families left out, a second benign set, each feature alone, speed.

use std::collections::BTreeMap;
use std::time::Instant;

use rempart_model::observable::SuffixList;
use rempart_triage::learn::domain::{Counted, Look, features};
use rempart_triage::learn::metrics::{Bin, calibration_error, rate, reliability, threshold, wilson};
use rempart_triage::learn::model::{DomainModel, Tables};

use super::data::{Names, Part, group};
use super::{Learnt, Without, learn};

/// Shares of benign names at which is measured.
pub(super) const RATES: [f64; 2] = [0.01, 0.001];
/// Families whose names are made of words, or look like words.
pub(super) const WORDY: [&str; 6] = ["banjori", "charbot", "fosniw", "ngioweb", "nymaim2", "pitou"];

/// A family that the model has not seen.
pub(super) struct LeftOut {
    pub(super) family: String,
    pub(super) odds: Vec<f32>,
    /// The share that is found at each of [`RATES`] on the validation names.
    pub(super) found: [f64; 2],
    /// What share of test names is held for machine-made at the same thresholds.
    pub(super) false_rate: [f64; 2],
}

/// A way to look, over all families.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) families: Vec<LeftOut>,
}

impl Method {
    /// The mean over families at one of the rates, and its interval by drawing families anew.
    pub(super) fn mean(&self, at: usize, wordy: Option<bool>) -> (f64, f64, f64) {
        let found: Vec<f64> = self
            .families
            .iter()
            .filter(|one| wordy.is_none_or(|wordy| WORDY.contains(&one.family.as_str()) == wordy))
            .filter_map(|one| one.found.get(at).copied())
            .collect();
        let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len().max(1) as f64;
        let mut drawn: Vec<f64> = (0..2_000u64)
            .map(|draw| {
                let pick = |place: u64| {
                    let number = rempart_triage::learn::features::random(draw, place);
                    found.get(number as usize % found.len().max(1)).copied().unwrap_or(0.0)
                };
                mean(&(0..found.len() as u64).map(pick).collect::<Vec<_>>())
            })
            .collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| drawn.get((drawn.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        (mean(&found), at(0.025), at(0.975))
    }

    /// The mean share of test names that is held for machine-made.
    pub(super) fn false_rate(&self, at: usize) -> f64 {
        let rates = self.families.iter().filter_map(|one| one.false_rate.get(at));
        rates.sum::<f64>() / self.families.len().max(1) as f64
    }
}

/// The second benign set, at thresholds that were fixed before.
pub(super) struct Second {
    pub(super) count: usize,
    /// At each of [`RATES`], with its interval.
    pub(super) rates: [(f64, f64, f64); 2],
    /// The same of the test names of the first set.
    pub(super) first: [f64; 2],
}

/// All figures.
pub(super) struct Figures {
    pub(super) methods: Vec<Method>,
    pub(super) second: Option<Second>,
    /// A single thing that is counted, and how well it alone tells the sources apart (area under the curve).
    pub(super) alone: Vec<(&'static str, f64, f64)>,
    pub(super) bins: Vec<Bin>,
    pub(super) calibration: f64,
    pub(super) roc: Vec<(&'static str, Vec<(f64, f64)>)>,
    pub(super) per_second: f64,
}

/// Trains once for each group of families, without it, and asks for it.
pub(super) fn each_left_out(names: &Names, learnt: &Learnt) -> Vec<LeftOut> {
    left_out(names, learnt, Look::All, true)
}

fn left_out(names: &Names, learnt: &Learnt, look: Look, more: bool) -> Vec<LeftOut> {
    let tables = &learnt.tables();
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (family, _) in names.measured() {
        groups.entry(group(family)).or_default().push(family);
    }
    let mut all = Vec::new();
    for (group, families) in groups {
        let model = learn(names, learnt, look, more, Without::group(group));
        let odds = |label: &str| model.odds(&features(label.as_bytes(), tables, look));
        let validation: Vec<f32> = names.of(Part::Validation).map(odds).collect();
        let test: Vec<f32> = names.of(Part::Test).map(odds).collect();
        let at = RATES.map(|share| threshold(&validation, share));
        for family in families {
            let labels = names.families.get(family).map(Vec::as_slice).unwrap_or_default();
            let scores: Vec<f32> = labels.iter().map(|label| odds(label)).collect();
            all.push(LeftOut {
                family: family.to_owned(),
                found: at.map(|at| rate(&scores, at)),
                false_rate: at.map(|at| rate(&test, at)),
                odds: scores,
            });
        }
    }
    all
}

/// The share found against the share of test names, at low rates, over all families alike.
fn curve(names: &Names, learnt: &Learnt, look: Look, families: &[LeftOut]) -> Vec<(f64, f64)> {
    let tables = &learnt.tables();
    let model = learn(names, learnt, look, look != Look::Plain, Without::default());
    let mut test: Vec<f32> =
        names.of(Part::Test).map(|label| model.odds(&features(label.as_bytes(), tables, look))).collect();
    test.sort_unstable_by(|a, b| b.total_cmp(a));
    (1..=50)
        .map(|step| {
            let share = f64::from(step) / 1_000.0;
            let at = threshold(&test, share);
            let found = families.iter().map(|family| rate(&family.odds, at)).sum::<f64>();
            (share, found / families.len().max(1) as f64)
        })
        .collect()
}

/// How well one number tells two lists apart: 0.5 not at all, 1 wholly (in one direction or the other).
fn apart(machines: &[f32], people: &[f32]) -> f64 {
    let mut sorted = people.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let below: f64 = machines
        .iter()
        .map(|one| {
            let under = sorted.partition_point(|other| other < one);
            let same = sorted.partition_point(|other| other <= one) - under;
            under as f64 + same as f64 / 2.0
        })
        .sum();
    let area = below / (machines.len().max(1) * people.len().max(1)) as f64;
    area.max(1.0 - area)
}

fn alone(names: &Names, tables: &Tables<'_>, second: Option<&[String]>) -> Vec<(&'static str, f64, f64)> {
    type Take = fn(&Counted) -> f32;
    let takes: [(&str, Take); 9] = [
        ("length", |counted| counted.length as f32),
        ("share of digits", |counted| counted.digits),
        ("share of vowels", |counted| counted.vowels),
        ("longest run of consonants", |counted| counted.consonants as f32),
        ("entropy", |counted| counted.entropy),
        ("how usual its letters are, mean", |counted| counted.usual.mean),
        ("how usual its letters are, worst quarter", |counted| counted.usual.worst),
        ("share of signs in words", |counted| counted.covered),
        ("cost of the cheapest division", |counted| counted.cost),
    ];
    let count = |label: &str| Counted::of(label.as_bytes(), tables);
    let machines: Vec<Counted> =
        names.measured().flat_map(|(_, labels)| labels.iter().take(100)).map(|label| count(label)).collect();
    let people: Vec<Counted> = names.of(Part::Test).map(count).collect();
    let others: Option<Vec<Counted>> = second.map(|second| second.iter().map(|label| count(label)).collect());
    takes
        .into_iter()
        .map(|(name, take)| {
            let list = |counted: &[Counted]| counted.iter().map(take).collect::<Vec<f32>>();
            let against = others.as_ref().map_or(f64::NAN, |others| apart(&list(others), &list(&people)));
            (name, apart(&list(&machines), &list(&people)), against)
        })
        .collect()
}

pub(super) fn all(
    names: &Names,
    learnt: &Learnt,
    bytes: &[u8],
    suffixes: &SuffixList,
) -> anyhow::Result<Figures> {
    let tables = learnt.tables();
    let mut methods = Vec::new();
    let ways = [
        ("runs of signs alone (plain)", Look::Plain, false),
        ("runs of signs, with names made up", Look::Plain, true),
        ("counted features alone", Look::Counted, true),
        ("all (shipped)", Look::All, true),
    ];
    for (name, look, more) in ways {
        let method = Method { name, families: left_out(names, learnt, look, more) };
        let (mean, low, high) = method.mean(0, None);
        println!("{name}: mean TPR at 1 % FPR {mean:.3} ({low:.3} to {high:.3})");
        methods.push(method);
    }
    let mut roc = Vec::new();
    for (method, look) in [(methods.first(), Look::Plain), (methods.last(), Look::All)] {
        if let Some(method) = method {
            roc.push((method.name, curve(names, learnt, look, &method.families)));
        }
    }
    let model = DomainModel::from_bytes(bytes)?;
    let odds = |label: &str| model.odds(label);
    let validation: Vec<f32> = names.of(Part::Validation).map(odds).collect();
    let test: Vec<f32> = names.of(Part::Test).map(odds).collect();
    let homepages = names.homepages(suffixes);
    let second = homepages.as_ref().map(|labels| {
        let scores: Vec<f32> = labels.iter().map(|label| odds(label)).collect();
        let at = RATES.map(|share| threshold(&validation, share));
        Second {
            count: labels.len(),
            rates: at.map(|at| {
                let share = rate(&scores, at);
                let (low, high) = wilson(share, scores.len());
                (share, low, high)
            }),
            first: at.map(|at| rate(&test, at)),
        }
    });
    if let Some(second) = &second {
        println!("second benign set, {} labels: {:?}", second.count, second.rates);
    }
    let left_out = methods.last().map(|method| method.families.as_slice()).unwrap_or_default();
    let machines: Vec<f32> =
        left_out.iter().flat_map(|family| family.odds.iter().skip(5).step_by(10).copied()).collect();
    let step = (test.len() / machines.len().max(1)).max(1);
    let mut predicted: Vec<(f32, bool)> =
        machines.iter().map(|odds| (model.platt.probability(*odds), true)).collect();
    predicted.extend(
        test.iter().step_by(step).take(machines.len()).map(|odds| (model.platt.probability(*odds), false)),
    );
    let labels: Vec<&str> = names.benign.iter().map(|(label, _)| label.as_str()).collect();
    let started = Instant::now();
    let mut sum = 0.0;
    for label in &labels {
        sum += odds(label);
    }
    let per_second = labels.len() as f64 / started.elapsed().as_secs_f64();
    println!("{per_second:.0} names a second on one core (checksum {sum:.0})");
    Ok(Figures {
        alone: alone(names, &tables, homepages.as_deref()),
        methods,
        second,
        bins: reliability(&predicted, 10),
        calibration: calibration_error(&predicted, 10),
        roc,
        per_second,
    })
}
