//! Drawing batches by a seed. Lists are in the order of the alphabet or of a generator, so nothing is taken in a row.

use std::collections::BTreeMap;

use rempart_triage::learn::features::random;
use rempart_triage::learn::words::Words;

use super::super::data::{Names, Part, part};
use super::super::half;

/// Names that a theme has to have.
const LEAST: usize = 20;

/// Numbers by a seed.
pub(crate) struct Draw {
    seed: u64,
    count: u64,
}

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// A number below `most`; 0 where that is 0.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.count += 1;
        (random(self.seed, self.count) >> 11) as usize % most.max(1)
    }

    /// So many of a list, each once (Floyd's way), or all.
    pub(crate) fn some<T: Copy>(&mut self, list: &[T], count: usize) -> Vec<T> {
        let count = count.min(list.len());
        let mut taken: Vec<usize> = Vec::with_capacity(count);
        for last in list.len() - count..list.len() {
            let pick = self.below(last + 1);
            taken.push(if taken.contains(&pick) { last } else { pick });
        }
        taken.into_iter().filter_map(|place| list.get(place).copied()).collect()
    }
}

/// What people's names of a batch may have in common without any machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Theme {
    /// The same word of at least four letters.
    Word,
    /// The same suffix, other than the commonest.
    Suffix,
    /// The same first two letters, as in a part of a sorted list.
    Neighbours,
    /// The same last two letters; never learnt from.
    Ends,
}

/// People's names by theme.
pub(crate) struct Themes<'n> {
    /// For each part, or half of the training names, and theme: lists of names.
    lists: BTreeMap<(u8, Theme), Vec<Vec<&'n str>>>,
}

fn place(of: Part, label: &str) -> u8 {
    match of {
        Part::Training => half(label) as u8,
        Part::Validation => 2,
        Part::Test => 3,
    }
}

impl<'n> Themes<'n> {
    pub(crate) fn new(names: &'n Names, words: &Words) -> Self {
        let mut lists: BTreeMap<(u8, Theme, &str), Vec<&str>> = BTreeMap::new();
        for label in
            [Part::Training, Part::Validation, Part::Test].into_iter().flat_map(|part| names.of(part))
        {
            let place = place(part(label), label);
            for (from, to) in words.divide(label.as_bytes()).pieces {
                if let Some(piece) =
                    label.get(usize::from(from)..usize::from(to)).filter(|piece| piece.len() >= 4)
                {
                    let list = lists.entry((place, Theme::Word, piece)).or_default();
                    if list.last() != Some(&label) {
                        list.push(label);
                    }
                }
            }
            let suffix = names.suffix.get(label).map_or("", String::as_str);
            if !matches!(suffix, "com" | "net" | "org") {
                lists.entry((place, Theme::Suffix, suffix)).or_default().push(label);
            }
            if let Some(first) = label.get(..2) {
                lists.entry((place, Theme::Neighbours, first)).or_default().push(label);
            }
            if let Some(last) = label.len().checked_sub(2).and_then(|from| label.get(from..)) {
                lists.entry((place, Theme::Ends, last)).or_default().push(label);
            }
        }
        let mut by: BTreeMap<(u8, Theme), Vec<Vec<&str>>> = BTreeMap::new();
        for ((place, theme, _), list) in lists {
            if list.len() >= LEAST {
                by.entry((place, theme)).or_default().push(list);
            }
        }
        Self { lists: by }
    }

    /// A theme that is learnt from.
    pub(crate) fn theme(draw: &mut Draw) -> Theme {
        match draw.below(4) {
            0 => Theme::Word,
            1 => Theme::Neighbours,
            _ => Theme::Suffix,
        }
    }

    /// A batch with a theme.
    pub(crate) fn of(&self, part: Part, theme: Theme, draw: &mut Draw, size: usize) -> Vec<&'n str> {
        let place = match part {
            Part::Training => draw.below(2) as u8,
            Part::Validation => 2,
            Part::Test => 3,
        };
        let lists = self.lists.get(&(place, theme)).map(Vec::as_slice).unwrap_or_default();
        let list = lists.get(draw.below(lists.len())).map(Vec::as_slice).unwrap_or_default();
        draw.some(list, size)
    }
}
