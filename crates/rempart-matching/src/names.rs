//! Exact look-up of names among very many, without an allocation for each of them.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Names, each with any number of values. A name that is put in twice has both values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    arena: String,
    entries: Vec<Entry>,
    /// Open addressing with linear probing; the index of an entry and one, 0 where free.
    slots: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    length: u32,
    value: u32,
}

/// The hash only spreads what the operator put in; what is looked up never changes the table, so
/// nothing is gained by guessing it.
const HASH: FixedState = FixedState::with_seed(0x7265_6d70_6172_7401);

impl Names {
    /// Makes room for `names` names of `bytes` bytes in all.
    pub(crate) fn reserve(&mut self, names: usize, bytes: usize) {
        self.arena.reserve(bytes);
        self.entries.reserve(names);
        let needed = (self.entries.len() + names).saturating_mul(2).next_power_of_two().max(16);
        if needed > self.slots.len() {
            self.rebuild(needed);
        }
    }

    /// Puts a name in. What does not fit into 4 GiB of names is left out.
    pub(crate) fn insert(&mut self, name: &str, value: u32) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.arena.len()), u32::try_from(name.len())) else {
            return;
        };
        if (self.entries.len() + 1) * 2 > self.slots.len() {
            self.rebuild((self.slots.len() * 2).max(16));
        }
        self.arena.push_str(name);
        self.entries.push(Entry { start, length, value });
        self.place(self.entries.len() - 1);
    }

    fn rebuild(&mut self, size: usize) {
        self.slots = vec![0; size];
        for index in 0..self.entries.len() {
            self.place(index);
        }
    }

    fn place(&mut self, index: usize) {
        let Some(name) = self.entries.get(index).and_then(|entry| self.text(*entry)) else { return };
        let Ok(number) = u32::try_from(index + 1) else { return };
        let mut at = self.slot_of(name);
        let mask = self.slots.len() - 1;
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == 0 {
                *slot = number;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn slot_of(&self, name: &str) -> usize {
        // The upper bits are the better ones; cutting to `usize` loses nothing that the mask keeps.
        let hash = HASH.hash_one(name.as_bytes());
        ((hash ^ (hash >> 32)) as usize) & (self.slots.len().wrapping_sub(1))
    }

    fn text(&self, entry: Entry) -> Option<&str> {
        let start = entry.start as usize;
        self.arena.get(start..start + entry.length as usize)
    }

    /// Every value of `name`.
    pub(crate) fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u32> + 'a {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = if self.slots.is_empty() { 0 } else { self.slot_of(name) };
        std::iter::from_fn(move || {
            loop {
                // At most half of the slots are taken, so a free one always ends the search.
                let number = self.slots.get(at).copied().filter(|number| *number != 0)?;
                at = (at + 1) & mask;
                let entry = *self.entries.get(number as usize - 1)?;
                if entry.length as usize == name.len() && self.text(entry) == Some(name) {
                    return Some(entry.value);
                }
            }
        })
    }

    /// Every name with its value, in the order in which they were put in.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.entries.iter().filter_map(|entry| Some((self.text(*entry)?, entry.value)))
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.arena.capacity() + self.entries.capacity() * size_of::<Entry>() + self.slots.capacity() * 4
    }
}

/// The name itself and every name above it: `a.b.c`, `b.c`, `c`.
pub(crate) fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| rest.split_once('.').map(|(_, above)| above))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_map(
            put in prop::collection::vec(("[ab]{0,3}(\\.[ab]{1,2})?", 0u32..9), 0..200),
            probes in prop::collection::vec("[ab]{0,3}(\\.[ab]{1,2})?", 40),
            reserve in any::<bool>(),
        ) {
            let mut names = Names::default();
            if reserve {
                names.reserve(put.len(), 10);
            }
            let mut map: HashMap<&str, Vec<u32>> = HashMap::new();
            for (name, value) in &put {
                names.insert(name, *value);
                map.entry(name).or_default().push(*value);
            }
            for probe in probes.iter().chain(put.iter().map(|(name, _)| name)) {
                let mut found: Vec<u32> = names.get(probe).collect();
                let mut wanted = map.get(probe.as_str()).cloned().unwrap_or_default();
                found.sort_unstable();
                wanted.sort_unstable();
                prop_assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn names_above_a_name() {
        assert_eq!(suffixes("a.b.c").collect::<Vec<_>>(), ["a.b.c", "b.c", "c"]);
        assert_eq!(suffixes("c").collect::<Vec<_>>(), ["c"]);
    }
}
