//! What names of one batch share: words, beginnings, ends, patterns; and how surprising it is that so many share it.
//!
//! What is usual among people's names costs little: that two names of forty end in `s`, or are six letters long, says
//! nothing. What a name has is therefore kept with its cost in nats, and shared things are measured against it.

use std::collections::HashMap;

use super::domain::Counted;
use super::features::hash;
use super::letters;
use super::model::Tables;
use super::words::SHORTEST;

/// The longest beginning or end that is looked for.
const LONGEST: usize = 24;
/// The shortest. Names of one part of the alphabet, or of one language, share shorter ones.
const AFFIX: u8 = 5;
/// Words a name has, on average: what a word costs is per word, what is asked is per name.
const WORDS_A_NAME: f32 = 2.5;
/// What a sign costs by itself, in nats, about.
const SIGN: f32 = 2.8;
/// Classes of signs in a [`Customs`] chain: vowel, consonant, digit, hyphen, bound.
const CLASSES: usize = 5;
const BOUND: u8 = 4;
/// Shapes that are told apart, and lengths.
const SHAPES: usize = 6;
const LENGTHS: usize = 32;
/// Numbers of words that are told apart, and steps of how much they cover.
const COUNTS: usize = 5;
const STEPS: usize = 6;
/// Bytes of [`Customs`].
pub const CUSTOMS: usize = CLASSES * CLASSES * CLASSES + SHAPES * LENGTHS + COUNTS * STEPS;

/// What names may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trait {
    /// A word of the list.
    Word,
    /// The first signs.
    Start,
    /// The last signs.
    End,
    /// Vowels, consonants, digits and hyphens in the same places.
    Pattern,
    /// Length, and whether it is of letters, digits, hyphens.
    Shape,
    /// The set of signs.
    Signs,
    /// How many words, and how much of the name they are.
    Template,
}

/// All of them, in the order of features.
pub const TRAITS: [Trait; 7] =
    [Trait::Word, Trait::Start, Trait::End, Trait::Pattern, Trait::Shape, Trait::Signs, Trait::Template];

/// One thing that a name has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// What it is.
    pub kind: Trait,
    /// The signs of the name that it is about.
    pub at: (u8, u8),
    /// What two names share that have the same hash.
    pub hash: u64,
    /// What it costs among people's names, in nats: one in `exp(nats)` has it.
    pub nats: f32,
}

/// How usual patterns, shapes and templates are among people's names, in sixteenths of nats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customs(pub Vec<u8>);

fn class(byte: u8) -> u8 {
    match byte {
        b'a' | b'e' | b'i' | b'o' | b'u' | b'y' => 0,
        b'0'..=b'9' => 2,
        b'-' => 3,
        _ => 1,
    }
}

fn shape(label: &[u8]) -> u8 {
    let has = |is: fn(&u8) -> bool| label.iter().any(is);
    let (letters, digits) = (has(u8::is_ascii_alphabetic), has(u8::is_ascii_digit));
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    match (label.contains(&b'-'), letters, digits) {
        (true, _, _) => 3,
        (_, _, false) => 0,
        (_, false, _) => 4,
        _ if ends(label.last()) && !ends(label.first()) => 1,
        _ if ends(label.first()) && !ends(label.last()) => 2,
        _ => 5,
    }
}

/// The places of a label in the three tables: those of its pattern, that of its shape, that of its template.
fn places(label: &[u8], counted: &Counted, mut each: impl FnMut(usize, usize)) {
    let (mut first, mut second) = (usize::from(BOUND), usize::from(BOUND));
    for third in label.iter().take(63).map(|byte| class(*byte)).chain([BOUND]).map(usize::from) {
        each(0, (first * CLASSES + second) * CLASSES + third);
        (first, second) = (second, third);
    }
    let tables = CLASSES * CLASSES * CLASSES;
    each(1, tables + usize::from(shape(label)) * LENGTHS + label.len().min(LENGTHS - 1));
    let [words, covered] = template(counted).map(usize::from);
    each(2, tables + SHAPES * LENGTHS + words * STEPS + covered);
}

/// How many words a label holds, and in steps how much of it they cover.
fn template(counted: &Counted) -> [u8; 2] {
    let covered = (counted.covered * (STEPS - 1) as f32) as u8;
    [counted.words.min(COUNTS as u8 - 1), covered.min(STEPS as u8 - 1)]
}

impl Customs {
    /// Counts people's names, each with what was counted of it.
    pub fn train<'n>(names: impl Iterator<Item = (&'n [u8], Counted)>) -> Self {
        let mut counts = vec![1u32; CUSTOMS];
        for (label, counted) in names {
            places(label, &counted, |_, place| {
                if let Some(count) = counts.get_mut(place) {
                    *count += 1;
                }
            });
        }
        let mut costs = Vec::with_capacity(CUSTOMS);
        let (chain, rest) = counts.split_at(CLASSES * CLASSES * CLASSES);
        let (shapes, templates) = rest.split_at(SHAPES * LENGTHS);
        for part in chain.chunks(CLASSES).chain([shapes, templates]) {
            let total: f64 = part.iter().map(|count| f64::from(*count)).sum();
            costs.extend(
                part.iter()
                    .map(|count| (-(f64::from(*count) / total).ln() * 16.0).round().clamp(0.0, 255.0) as u8),
            );
        }
        Self(costs)
    }

    /// What the pattern, the shape and the template of a label cost, in nats.
    fn costs(&self, label: &[u8], counted: &Counted) -> [f32; 3] {
        let mut costs = [0.0f32; 3];
        places(label, counted, |which, place| {
            if let Some(cost) = costs.get_mut(which) {
                *cost += f32::from(self.0.get(place).copied().unwrap_or(255)) / 16.0;
            }
        });
        costs
    }
}

/// All that a label has, each once.
pub fn marks(label: &[u8], counted: &Counted, tables: &Tables<'_>, customs: &Customs) -> Vec<Mark> {
    let label = label.get(..label.len().min(63)).unwrap_or_default();
    let end = label.len() as u8;
    let mut marks = Vec::with_capacity(2 * LONGEST);
    for (from, to) in tables.words.divide(label).pieces {
        let piece = label.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        if piece.len() >= SHORTEST
            && let Some(cost) = tables.words.cost(piece)
        {
            let hash = hash(b'W', piece);
            if !marks.iter().any(|mark: &Mark| mark.hash == hash) {
                let nats = (cost - WORDS_A_NAME.ln()).max(0.0);
                marks.push(Mark { kind: Trait::Word, at: (from, to), hash, nats });
            }
        }
    }
    let costs: Vec<f32> = letters::costs(tables.letters, label).collect();
    let mut nats = 0.0;
    for (length, cost) in (1u8..=end).zip(&costs).take(LONGEST) {
        nats += cost;
        if length >= AFFIX {
            let hash = hash(b'S', label.get(..usize::from(length)).unwrap_or_default());
            marks.push(Mark { kind: Trait::Start, at: (0, length), hash, nats });
        }
    }
    let mut nats = costs.last().copied().unwrap_or(0.0);
    for (from, cost) in (0..end).zip(&costs).rev().take(LONGEST) {
        nats += cost;
        if end - from >= AFFIX {
            let hash = hash(b'E', label.get(usize::from(from)..).unwrap_or_default());
            marks.push(Mark { kind: Trait::End, at: (from, end), hash, nats });
        }
    }
    let [pattern, form, words] = customs.costs(label, counted);
    let classes: Vec<u8> = label.iter().map(|byte| class(*byte)).collect();
    let mut set: Vec<u8> = label.to_vec();
    set.sort_unstable();
    set.dedup();
    // Of `d` signs that differ there are `d!` orders.
    let orders: f32 = (1..=set.len()).map(|number| (number as f32).ln()).sum();
    let whole = |kind, hash, nats| Mark { kind, at: (0, end), hash, nats };
    marks.extend([
        whole(Trait::Pattern, hash(b'P', &classes), pattern),
        whole(Trait::Shape, hash(b'L', &[shape(label), end.min(LENGTHS as u8 - 1)]), form),
        whole(Trait::Signs, hash(b'A', &set), (SIGN * set.len() as f32 - orders).max(2.0)),
        whole(Trait::Template, hash(b'T', &template(counted)), words),
    ]);
    marks
}

/// How surprising it is, in nats, that `shared` of `others` names have what one in `exp(nats)` has: the log-likelihood
/// ratio of Poisson's law; 0 where no more have it than is to be expected.
pub fn surprise(shared: u32, others: u32, nats: f32) -> f32 {
    let (shared, others) = (shared as f32, others as f32);
    let expected = others * (-nats).exp();
    if shared <= expected || shared < 0.5 {
        return 0.0;
    }
    // In logarithms, since what is expected may be less than any number there is.
    shared * ((shared / others.max(1.0)).ln() + nats) - shared + expected
}

/// How many names of a batch have a thing.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    counts: HashMap<u64, u32>,
    names: u32,
}

impl Shared {
    /// Counts the marks of a batch's names.
    pub fn of<'m>(names: impl Iterator<Item = &'m [Mark]>) -> Self {
        let mut shared = Self::default();
        for marks in names {
            shared.names += 1;
            for mark in marks {
                *shared.counts.entry(mark.hash).or_default() += 1;
            }
        }
        shared
    }

    /// How many other names have it, of those that hold it.
    pub fn others(&self, mark: &Mark) -> u32 {
        self.counts.get(&mark.hash).copied().unwrap_or(0).saturating_sub(1)
    }

    /// What of a kind is the most surprising that a name shares, with how surprising it is, and with how many it does.
    pub fn most(&self, marks: &[Mark], kind: Trait) -> Option<(Mark, f32, u32)> {
        let rest = self.names.saturating_sub(1);
        let mut most: Option<(Mark, f32, u32)> = None;
        for mark in marks.iter().filter(|mark| mark.kind == kind) {
            let others = self.others(mark);
            let found = surprise(others, rest, mark.nats);
            if found > most.map_or(0.0, |most| most.1) {
                most = Some((*mark, found, others));
            }
        }
        most
    }

    /// How surprising the least surprising word of a name is that others have; 0 for names of fewer than two words. Names
    /// about one thing share one word of theirs; those of a machine that knows few words share all.
    pub fn each_word(&self, marks: &[Mark]) -> f32 {
        let rest = self.names.saturating_sub(1);
        let words = marks.iter().filter(|mark| mark.kind == Trait::Word);
        let (mut least, mut count) = (f32::MAX, 0);
        for mark in words {
            least = least.min(surprise(self.others(mark), rest, mark.nats));
            count += 1;
        }
        if count >= 2 { least } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::shipped;
    use super::*;

    fn all(labels: &[&str]) -> Vec<Vec<Mark>> {
        let model = shipped().unwrap_or_else(|error| panic!("{error}"));
        let counted = |label: &str| Counted::of(label.as_bytes(), &model.tables);
        let names = ["shoponline", "banknews", "cloud-store", "media24"];
        let customs = Customs::train(names.iter().map(|name| (name.as_bytes(), counted(name))));
        assert_eq!(customs.0.len(), CUSTOMS);
        labels.iter().map(|label| marks(label.as_bytes(), &counted(label), &model.tables, &customs)).collect()
    }

    #[test]
    fn more_than_expected_is_surprising() {
        assert!(surprise(0, 40, 1.0).abs() < f32::EPSILON);
        assert!(surprise(10, 40, 1.0).abs() < f32::EPSILON, "a common thing");
        assert!(surprise(10, 40, 8.0) > surprise(5, 40, 8.0));
        assert!(surprise(5, 40, 8.0) > surprise(5, 40, 5.0));
    }

    #[test]
    fn names_about_one_thing_share_one_word_and_those_of_few_words_all() {
        let each = |labels: &[&str]| {
            let all = all(labels);
            let shared = Shared::of(all.iter().map(Vec::as_slice));
            shared.each_word(&all[0])
        };
        assert!(each(&["silvermarket", "greenmarket", "bookmarket"]) < 0.01);
        assert!(each(&["silvermarket", "silvergarden", "gardenmarket"]) > 1.0);
        assert!(each(&["market", "market"]) < 0.01, "one word only");
    }

    #[test]
    fn what_is_shared_is_found() {
        let cases: [(&[&str], Trait, &str); 4] = [
            (&["qzxvmarket", "kkwjmarket", "aaaamarket"], Trait::Word, "market"),
            (&["winsoft1", "winsoft77", "winsoft23"], Trait::Start, "winsoft"),
            (&["aqqbiophysical", "ztebiophysical"], Trait::End, "biophysical"),
            (&["ndktd", "tdknt", "kndtd"], Trait::Signs, "ndktd"),
        ];
        for (labels, kind, wanted) in cases {
            let all = all(labels);
            let shared = Shared::of(all.iter().map(Vec::as_slice));
            let (mark, _, others) = shared.most(&all[0], kind).unwrap_or_else(|| panic!("{labels:?}"));
            assert_eq!(&labels[0][usize::from(mark.at.0)..usize::from(mark.at.1)], wanted);
            assert_eq!(others as usize, labels.len() - 1, "{labels:?}");
        }
    }
}
