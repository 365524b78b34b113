//! How good it is to look at names in batches: families left out, batches of people's names with something in common,
//! people's names among machines'.

use std::collections::BTreeMap;
use std::time::Instant;

use rempart_triage::learn::batch::{Batch, BatchModel, Common, Seen, Usual, from_logistic};
use rempart_triage::learn::calibrate::Platt;
use rempart_triage::learn::domain::{Look, features};
use rempart_triage::learn::features::random;
use rempart_triage::learn::metrics::{rate, threshold};
use rempart_triage::learn::model::DomainModel;

use super::super::data::{Names, Part, group};
use super::super::measure::{RATES, WORDY};
use super::super::{Learnt, Without, learn};
use super::draw::{Draw, Theme};
use super::{Pool, fit, marked};

/// Sizes of batches that are measured.
pub(crate) const SIZES: [usize; 3] = [10, 30, 60];
/// Shares of people's names among a family's, in percent.
pub(crate) const MIXED: [usize; 2] = [30, 60];
/// Names of a mixed batch and of one with a theme.
pub(crate) const SIZE: usize = 30;
/// Batches of people's names by which a threshold is fixed, and that are measured; of a family.
const MANY: usize = 1_000;
const FEW: usize = 60;
/// Families of words, with the one that is at zero name by name.
pub(crate) const OF_WORDS: [&str; 7] =
    [WORDY[0], WORDY[1], WORDY[2], WORDY[3], WORDY[4], WORDY[5], "unnamed_downloader"];

/// Kinds of batches of people's names.
pub(crate) const KINDS: [&str; 10] = [
    "10 names at random",
    "30 names at random",
    "60 names at random",
    "30 that share a word",
    "30 under one suffix",
    "30 that begin with the same two letters",
    "30 that end with the same two letters",
    "30 of the second benign set",
    "30 names that were learnt from",
    "30 of the 10,000 most asked for (tranco10k)",
];

/// A family that was not learnt from.
pub(crate) struct Found {
    pub(crate) family: String,
    /// Name by name, at 1 % of people's names.
    pub(crate) single: f64,
    /// In batches of each of [`SIZES`], at 1 % of people's names in batches of that size.
    pub(crate) batch: [f64; 3],
    /// In batches of [`SIZE`], at 0.1 % of people's names.
    pub(crate) low: f64,
    /// At 1 % in mixed batches of [`SIZE`], for each of [`MIXED`].
    pub(crate) mixed: [f64; 2],
    /// People's names in the mixed batches that are held for machines'.
    pub(crate) dragged: [f64; 2],
    /// Odds of names in batches of [`SIZE`], for calibration.
    odds: Vec<f32>,
}

/// The share of people's names held for machines', for one kind of batch.
pub(crate) struct False {
    pub(crate) kind: &'static str,
    /// The mean over batches and its interval by drawing batches anew.
    pub(crate) mean: (f64, f64, f64),
    /// The mean at 0.1 % of people's names.
    pub(crate) low: f64,
    /// The share of batches of which more than half the names are held for machines'.
    pub(crate) whole: f64,
    /// The share name by name, at the threshold of 1 % of people's names.
    pub(crate) single: f64,
}

/// All figures of batches.
pub(crate) struct Figures {
    pub(crate) found: Vec<Found>,
    pub(crate) people: Vec<False>,
    /// For probabilities.
    pub(crate) platt: Platt,
    /// Names a second, of the model that is shipped.
    pub(crate) per_second: f64,
}

/// Names a second in batches of [`SIZE`], on one core.
pub(crate) fn per_second(names: &Names, single: &DomainModel<'_>, model: &BatchModel) -> f64 {
    let labels: Vec<&str> = names.of(Part::Test).collect();
    let started = Instant::now();
    let mut sum = 0.0;
    for part in labels.chunks(SIZE) {
        let batch = Batch::new(single, model, part.iter().copied());
        sum += (0..part.len()).filter_map(|place| batch.odds(place)).sum::<f32>();
    }
    let speed = labels.len() as f64 / started.elapsed().as_secs_f64();
    println!("{speed:.0} names a second in batches (checksum {sum:.0})");
    speed
}

/// The mean, and its interval by drawing anew.
pub(crate) fn interval(list: &[f64]) -> (f64, f64, f64) {
    let mean = |sum: f64| sum / list.len().max(1) as f64;
    let mut drawn: Vec<f64> = (0..2_000u64)
        .map(|draw| {
            let pick = |place: u64| {
                list.get((random(draw, place) >> 11) as usize % list.len().max(1)).copied().unwrap_or(0.0)
            };
            mean((0..list.len() as u64).map(pick).sum())
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| drawn.get((drawn.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    (mean(list.iter().sum()), at(0.025), at(0.975))
}

fn scores(batch: &[&Seen], model: &BatchModel) -> Vec<f32> {
    let common = Common::of(batch.iter().copied());
    batch.iter().map(|seen| model.weigh(&common.features(seen, &model.usual))).collect()
}

/// For batches of each of [`SIZES`], what people's names reach at each of [`RATES`].
fn thresholds(people: &[&Seen], model: &BatchModel) -> [[f32; 2]; 3] {
    SIZES.map(|size| {
        let mut draw = Draw::new(size as u64);
        let all: Vec<f32> = (0..MANY).flat_map(|_| scores(&draw.some(people, size), model)).collect();
        RATES.map(|share| threshold(&all, share))
    })
}

/// What names of a batch of [`SIZE`] reach at each of [`RATES`] of the people's names on which thresholds are fixed, by
/// the model that is shipped.
pub(crate) fn shipped_thresholds(
    names: &Names,
    pool: &Pool<'_>,
    single: &dyn Fn(&str) -> f32,
    model: &BatchModel,
) -> [f32; 2] {
    let seen: Vec<Seen> = names
        .of(Part::Validation)
        .map(|label| Seen { odds: single(label), marks: pool.people.get(label).cloned().unwrap_or_default() })
        .collect();
    thresholds(&seen.iter().collect::<Vec<_>>(), model)[1]
}

/// What one group of families gave: its families, and for each kind of batch of people's names the share held for
/// machines' in each batch.
struct Group {
    found: Vec<Found>,
    people: Vec<Vec<[f64; 2]>>,
    /// The same name by name, without looking at the batch.
    single: Vec<f64>,
    odds: Vec<f32>,
}

fn one(
    names: &Names,
    learnt: &Learnt,
    pool: &Pool<'_>,
    second: &[String],
    left: &str,
    families: &[&str],
) -> Group {
    let tables = learnt.tables();
    let single = learn(names, learnt, Look::All, true, Without::group(left));
    let odds = |label: &str| single.odds(&features(label.as_bytes(), &tables, Look::All));
    let see = |part: Part| -> BTreeMap<&str, Seen> {
        names
            .of(part)
            .map(|label| {
                (
                    label,
                    Seen { odds: odds(label), marks: pool.people.get(label).cloned().unwrap_or_default() },
                )
            })
            .collect()
    };
    let (validation, test) = (see(Part::Validation), see(Part::Test));
    let alone: Vec<f32> = validation.values().map(|seen| seen.odds).collect();
    let at_alone = threshold(&alone, 0.01);
    let logistic = fit(names, learnt, pool, Some(left));
    let usual = Usual::new(alone, pool.customs.clone());
    let model = from_logistic(&logistic, Platt { a: 1.0, b: 0.0 }, usual);
    let lists = [&validation, &test].map(|part| part.values().collect::<Vec<&Seen>>());
    let [of_validation, of_test] = lists.each_ref().map(Vec::as_slice);
    let at = thresholds(of_validation, &model);
    let at_size = at[1];
    let shares = |batches: &mut dyn FnMut() -> Vec<f32>, count: usize, at: [f32; 2]| -> Vec<[f64; 2]> {
        (0..count)
            .map(|_| {
                let scores = batches();
                at.map(|at| rate(&scores, at))
            })
            .collect()
    };
    let mut people: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut by_name: Vec<f64> = Vec::new();
    let of_names = |list: &[&Seen]| rate(&list.iter().map(|seen| seen.odds).collect::<Vec<_>>(), at_alone);
    let mut of_people = Vec::new();
    for (size, at) in SIZES.into_iter().zip(at) {
        let mut draw = Draw::new(100 + size as u64);
        by_name.push(of_names(of_test));
        let mut batch = || {
            let scores = scores(&draw.some(of_test, size), &model);
            if size == SIZE {
                of_people.extend(scores.iter().copied().step_by(10));
            }
            scores
        };
        people.push(shares(&mut batch, MANY, at));
    }
    for theme in [Theme::Word, Theme::Suffix, Theme::Neighbours, Theme::Ends] {
        let mut draw = Draw::new(200 + theme as u64);
        let mut names: Vec<&Seen> = Vec::new();
        let mut batch = || {
            let labels = pool.themes.of(Part::Test, theme, &mut draw, SIZE);
            let seen: Vec<&Seen> = labels.iter().filter_map(|label| test.get(label)).collect();
            names.extend(&seen);
            scores(&seen, &model)
        };
        people.push(shares(&mut batch, MANY, at_size));
        by_name.push(of_names(&names));
    }
    let second: Vec<Seen> = second
        .iter()
        .map(|label| Seen { odds: odds(label), marks: marked(label, &tables, &pool.customs) })
        .collect();
    let second: Vec<&Seen> = second.iter().collect();
    let mut draw = Draw::new(300);
    people.push(shares(&mut || scores(&draw.some(&second, SIZE), &model), MANY, at_size));
    by_name.push(of_names(&second));

    // Names that the tables know, as many are that hosts ask for; every third, to save time.
    let known: Vec<Seen> = names
        .of(Part::Training)
        .step_by(3)
        .map(|label| Seen { odds: odds(label), marks: marked(label, &tables, &pool.customs) })
        .collect();
    let known: Vec<&Seen> = known.iter().collect();
    let mut draw = Draw::new(301);
    people.push(shares(&mut || scores(&draw.some(&known, SIZE), &model), MANY, at_size));
    by_name.push(of_names(&known));
    let popular: Vec<&Seen> = names
        .benign
        .iter()
        .filter(|(_, list)| list == "tranco10k")
        .filter_map(|(label, _)| test.get(label.as_str()))
        .collect();
    let mut draw = Draw::new(302);
    people.push(shares(&mut || scores(&draw.some(&popular, SIZE), &model), MANY, at_size));
    by_name.push(of_names(&popular));

    let found = families
        .iter()
        .map(|family| {
            let labels = names.families.get(*family).map(Vec::as_slice).unwrap_or_default();
            let seen: Vec<Seen> = labels
                .iter()
                .map(|label| Seen {
                    odds: odds(label),
                    marks: pool.machines.get(label.as_str()).cloned().unwrap_or_default(),
                })
                .collect();
            let seen: Vec<&Seen> = seen.iter().collect();
            let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len().max(1) as f64;
            let mut draw = Draw::new(400);
            let mut low = 0.0;
            let mut kept = Vec::new();
            let mut batch = [0.0; 3];
            for ((size, at), to) in SIZES.into_iter().zip(at).zip(&mut batch) {
                let mut each = || {
                    let scores = scores(&draw.some(&seen, size), &model);
                    if size == SIZE {
                        kept.extend(scores.iter().copied().take(2));
                    }
                    scores
                };
                let found = shares(&mut each, FEW, at);
                *to = mean(&found.iter().map(|one| one[0]).collect::<Vec<_>>());
                if size == SIZE {
                    low = mean(&found.iter().map(|one| one[1]).collect::<Vec<_>>());
                }
            }
            let (mut mixed, mut dragged) = ([0.0; 2], [0.0; 2]);
            for ((share, mixed), dragged) in MIXED.into_iter().zip(&mut mixed).zip(&mut dragged) {
                let others = SIZE * share / 100;
                let (mut machines, mut people) = (Vec::new(), Vec::new());
                for _ in 0..FEW {
                    let mut all = draw.some(&seen, SIZE - others);
                    let count = all.len();
                    all.extend(draw.some(of_test, others));
                    let scores = scores(&all, &model);
                    let (first, rest) = scores.split_at(count);
                    machines.push(rate(first, at_size[0]));
                    people.push(rate(rest, at_size[0]));
                }
                (*mixed, *dragged) = (mean(&machines), mean(&people));
            }
            let alone: Vec<f32> = seen.iter().map(|seen| seen.odds).collect();
            Found {
                family: (*family).to_owned(),
                single: rate(&alone, at_alone),
                batch,
                low,
                mixed,
                dragged,
                odds: kept,
            }
        })
        .collect();
    Group { found, people, single: by_name, odds: of_people }
}

/// Leaves out each group of families in turn, on two cores.
pub(crate) fn all(names: &Names, learnt: &Learnt, pool: &Pool<'_>, second: &[String]) -> Figures {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (family, _) in names.measured() {
        groups.entry(group(family)).or_default().push(family);
    }
    let groups: Vec<(&str, Vec<&str>)> = groups.into_iter().collect();
    let every = |from: usize| -> Vec<(usize, Group)> {
        let list = groups.iter().enumerate().skip(from).step_by(2);
        list.map(|(place, (left, families))| (place, one(names, learnt, pool, second, left, families)))
            .collect()
    };
    let mut done = std::thread::scope(|scope| {
        let other = scope.spawn(|| every(1));
        let mut done = every(0);
        done.extend(other.join().unwrap_or_default());
        done
    });
    done.sort_by_key(|one| one.0);
    let count = done.len().max(1) as f64;
    let people = KINDS
        .into_iter()
        .enumerate()
        .map(|(kind, name)| {
            let lists: Vec<&Vec<[f64; 2]>> =
                done.iter().filter_map(|(_, group)| group.people.get(kind)).collect();
            let batches = lists.first().map_or(0, |list| list.len());
            let each = |at: usize| -> Vec<f64> {
                let of = |batch: usize| {
                    lists.iter().filter_map(|list| list.get(batch)?.get(at)).sum::<f64>() / count
                };
                (0..batches).map(of).collect()
            };
            let whole = lists.iter().flat_map(|list| list.iter()).filter(|share| share[0] > 0.5).count();
            let single = done.iter().filter_map(|(_, group)| group.single.get(kind)).sum::<f64>() / count;
            let whole = whole as f64 / (count * batches.max(1) as f64);
            False { kind: name, mean: interval(&each(0)), low: interval(&each(1)).0, whole, single }
        })
        .collect();
    // As many of each.
    let mut machines: Vec<f32> = Vec::new();
    let mut others: Vec<f32> = Vec::new();
    let mut found = Vec::new();
    for (_, group) in done {
        others.extend(group.odds.iter().step_by(7));
        machines.extend(group.found.iter().flat_map(|one| one.odds.iter()));
        found.extend(group.found);
    }
    let count = machines.len().min(others.len()).max(1);
    let step = |list: &[f32]| (list.len() / count).max(1);
    let (of_machines, of_others) = (step(&machines), step(&others));
    let mut scores: Vec<(f32, bool)> =
        machines.iter().step_by(of_machines).take(count).map(|odds| (*odds, true)).collect();
    scores.extend(others.iter().step_by(of_others).take(count).map(|odds| (*odds, false)));
    Figures { found, people, platt: Platt::fit(&scores), per_second: 0.0 }
}
