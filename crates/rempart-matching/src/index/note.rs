//! What an entry of an index leads to.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use rempart_model::{Category, Timestamp, Tlp};

use super::layout::{u32_at, u64_at};

/// What is known of a value that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What kind of incident it takes part in.
    pub category: Category,
    /// How probably it is malicious, in percent.
    pub probability: u8,
    /// The strictest marking of what this rests on.
    pub tlp: Tlp,
    /// Who says so.
    pub sources: Vec<Arc<str>>,
    /// From when on it no longer counts; `None`: it counts until it is taken out.
    pub valid_until: Option<Timestamp>,
    /// The case that deals with it.
    pub case: Option<u64>,
    /// When it came in, as a position in the index's change log.
    pub added: u64,
}

impl Default for Note {
    /// Nothing known but that it is listed, under the strictest marking.
    fn default() -> Self {
        Self {
            category: Category::Other,
            probability: 100,
            tlp: Tlp::Red,
            sources: Vec::new(),
            valid_until: None,
            case: None,
            added: 0,
        }
    }
}

/// Bytes of a [`Tail`].
pub(crate) const TAIL: usize = 20;
const NOTE: usize = 16;
const FOREVER: i64 = i64::MAX;

/// What is each entry's own, and where the rest of its note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) note: u32,
    pub(crate) until: i64,
    pub(crate) added: u64,
}

impl Tail {
    pub(crate) fn encode(self) -> [u8; TAIL] {
        let mut out = [0; TAIL];
        let fields = self.note.to_le_bytes().into_iter();
        let fields = fields.chain(self.until.to_le_bytes()).chain(self.added.to_le_bytes());
        for (to, from) in out.iter_mut().zip(fields) {
            *to = from;
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self { note: u32_at(bytes, 0)?, until: u64_at(bytes, 4)? as i64, added: u64_at(bytes, 12)? })
    }

    pub(crate) fn valid_until(self) -> Option<Timestamp> {
        (self.until != FOREVER).then(|| Timestamp::from_micros(self.until))
    }
}

/// Gathers notes, each part kept once.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    names: Once<Arc<str>>,
    lists: Once<Vec<u32>>,
    shared: Once<(u8, u8, u8, u32, Option<u64>)>,
}

/// Things by number, each kept once.
#[derive(Debug)]
struct Once<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32, foldhash::fast::RandomState>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Once<T> {
    fn number(&mut self, thing: T) -> u32 {
        if let Some(number) = self.numbers.get(&thing) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(thing.clone());
        self.numbers.insert(thing, number);
        number
    }
}

impl Notes {
    pub(crate) fn add(&mut self, note: &Note) -> Tail {
        let mut sources: Vec<u32> = note.sources.iter().map(|name| self.names.number(name.clone())).collect();
        sources.sort_unstable();
        sources.dedup();
        let list = self.lists.number(sources);
        let shared = (note.category as u8, note.probability.min(100), note.tlp as u8, list, note.case);
        Tail {
            note: self.shared.number(shared),
            until: note.valid_until.map_or(FOREVER, Timestamp::micros),
            added: note.added,
        }
    }

    /// What two entries for one value come to: the strictest marking, the highest probability, all sources,
    /// the longest validity, the latest position; category and case of the more probable one that has any.
    pub(crate) fn merge(&mut self, one: Tail, other: Tail) -> Tail {
        if one == other {
            return one;
        }
        let (Some(a), Some(b)) =
            (self.shared.all.get(one.note as usize), self.shared.all.get(other.note as usize))
        else {
            return one;
        };
        let (more, less) = if b.1 > a.1 { (b, a) } else { (a, b) };
        let list = |number: u32| self.lists.all.get(number as usize).map_or(&[][..], |list| list);
        let mut sources = [list(a.3), list(b.3)].concat();
        sources.sort_unstable();
        sources.dedup();
        let (category, probability) = (if more.0 != 0 { more.0 } else { less.0 }, more.1);
        let (tlp, case) = (a.2.max(b.2), more.4.or(less.4));
        let list = self.lists.number(sources);
        Tail {
            note: self.shared.number((category, probability, tlp, list, case)),
            until: one.until.max(other.until),
            added: one.added.max(other.added),
        }
    }

    /// The sections of notes, of lists of sources and of names.
    pub(crate) fn encode(&self) -> [Vec<u8>; 3] {
        let (mut notes, mut lists, mut strings) = (Vec::new(), Vec::new(), Vec::new());
        let mut places = Vec::new();
        for list in &self.lists.all {
            places.push(lists.len() as u32);
            lists.extend((list.len() as u32).to_le_bytes());
            list.iter().for_each(|source| lists.extend(source.to_le_bytes()));
        }
        for (category, probability, tlp, list, case) in &self.shared.all {
            notes.extend([*category, *probability, *tlp, u8::from(case.is_some())]);
            notes.extend(places.get(*list as usize).copied().unwrap_or_default().to_le_bytes());
            notes.extend(case.unwrap_or_default().to_le_bytes());
        }
        strings.extend((self.names.all.len() as u32).to_le_bytes());
        let mut end = 0_u32;
        strings.extend(end.to_le_bytes());
        for name in &self.names.all {
            end += name.len() as u32;
            strings.extend(end.to_le_bytes());
        }
        self.names.all.iter().for_each(|name| strings.extend(name.as_bytes()));
        [notes, lists, strings]
    }
}

/// Reads the shared part of a note; `touch` is told which bytes it rests on, in which section (0: notes,
/// 1: lists, 2: names), and may refuse.
pub(crate) fn decode(
    [notes, lists, strings]: [&[u8]; 3],
    tail: Tail,
    mut touch: impl FnMut(usize, usize, usize) -> bool,
) -> Option<Note> {
    let at = (tail.note as usize).checked_mul(NOTE)?;
    let fixed = notes.get(at..at.checked_add(NOTE)?)?;
    if !touch(0, at, NOTE) {
        return None;
    }
    let [category, probability, tlp, cased, ..] = *fixed else { return None };
    let place = u32_at(fixed, 4)? as usize;
    let count = u32_at(lists, place)? as usize;
    let list = lists.get(place + 4..)?.get(..count.checked_mul(4)?)?;
    if !touch(1, place, 4 + list.len()) {
        return None;
    }
    let names = u32_at(strings, 0)? as usize;
    let text = names.checked_mul(4)?.checked_add(8)?;
    let mut sources = Vec::with_capacity(list.len() / 4);
    for number in list.as_chunks::<4>().0 {
        let number = u32::from_le_bytes(*number) as usize;
        let offsets = number.checked_mul(4)?.checked_add(4)?;
        let (from, to) = (u32_at(strings, offsets)? as usize, u32_at(strings, offsets + 4)? as usize);
        let name = strings.get(text..)?.get(from..to)?;
        if number >= names || !touch(2, offsets, 8) || !touch(2, text + from, name.len()) {
            return None;
        }
        sources.push(Arc::from(std::str::from_utf8(name).ok()?));
    }
    Some(Note {
        category: Category::from_code(category),
        probability,
        tlp: Tlp::from_code(tlp),
        sources,
        valid_until: tail.valid_until(),
        case: if cased == 1 { u64_at(fixed, 8) } else { None },
        added: tail.added,
    })
}
