//! What holds for each number of a line cut into ranges: the address tables and networks rest on it.

use std::collections::HashMap;

/// An address as a number: `u32` for IPv4, `u128` for IPv6.
pub(crate) trait Address: Copy + Ord + Into<u128> + std::fmt::Debug {
    /// The address after this one; `None` for the last.
    fn next(self) -> Option<Self>;
}

impl Address for u32 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Address for u128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// The value of a range for which nothing is known.
pub(crate) const NOTHING: u32 = u32::MAX;

/// One entry of the coarse column stands for this many of the fine one, so that a search touches
/// the coarse column, which stays in the nearest cache, and one small block of the fine one.
const BLOCK: usize = 64;

/// A function from addresses to small numbers that changes at `starts` alone.
#[derive(Debug, Clone)]
pub(crate) struct Ranges<A> {
    starts: Vec<A>,
    values: Vec<u32>,
    coarse: Vec<A>,
}

impl<A: Address> Ranges<A> {
    /// Where nothing is known of any address.
    pub(crate) fn empty() -> Self {
        Self { starts: Vec::new(), values: Vec::new(), coarse: Vec::new() }
    }

    /// Takes the places where the value changes, in strictly rising order, with the values there.
    pub(crate) fn from_changes(starts: Vec<A>, values: Vec<u32>) -> Self {
        Changes { starts, values }.finish()
    }

    /// The value at `address`, [`NOTHING`] where there is none.
    pub(crate) fn get(&self, address: A) -> u32 {
        self.index_of(address).and_then(|index| self.values.get(index)).copied().unwrap_or(NOTHING)
    }

    /// The index of the range in which `address` lies; `None` before the first.
    fn index_of(&self, address: A) -> Option<usize> {
        let block = self.coarse.partition_point(|start| *start <= address).checked_sub(1)? * BLOCK;
        let end = (block + BLOCK).min(self.starts.len());
        let within = self.starts.get(block..end)?.partition_point(|start| *start <= address);
        Some(block + within.checked_sub(1)?)
    }

    /// The values of all the ranges that `first..=last` touches, in order.
    pub(crate) fn across(&self, first: A, last: A) -> impl Iterator<Item = u32> + '_ {
        let at = self.index_of(first);
        let leading = if at.is_none() { Some(NOTHING) } else { None };
        let from = at.unwrap_or(0);
        let inner = self.starts.iter().zip(&self.values).skip(from);
        let inner = inner.take_while(move |(start, _)| **start <= last).map(|(_, value)| *value);
        leading.into_iter().chain(inner)
    }

    /// The ranges for which something is known: first address, the first address after it (`None`
    /// at the end of the line), value.
    pub(crate) fn known(&self) -> impl Iterator<Item = (A, Option<A>, u32)> + '_ {
        let ends = self.starts.iter().skip(1).map(|start| Some(*start)).chain(std::iter::once(None));
        let all = self.starts.iter().zip(ends).zip(&self.values);
        all.map(|((start, end), value)| (*start, end, *value)).filter(|(_, _, value)| *value != NOTHING)
    }

    /// How many ranges are kept.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.starts.capacity() + self.coarse.capacity()) * size_of::<A>() + self.values.capacity() * 4
    }
}

/// Gathers the places where the value changes.
struct Changes<A> {
    starts: Vec<A>,
    values: Vec<u32>,
}

impl<A: Address> Changes<A> {
    fn new() -> Self {
        Self { starts: Vec::new(), values: Vec::new() }
    }

    fn at(&mut self, start: A, value: u32) {
        if self.values.last().copied().unwrap_or(NOTHING) != value {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    fn finish(mut self) -> Ranges<A> {
        self.starts.shrink_to_fit();
        self.values.shrink_to_fit();
        let coarse = self.starts.iter().step_by(BLOCK).copied().collect();
        Ranges { starts: self.starts, values: self.values, coarse }
    }
}

/// Which of many intervals, which may overlap, hold an address.
#[derive(Debug, Clone)]
pub(crate) struct Overlaps<A> {
    ranges: Ranges<A>,
    sets: Vec<Box<[u32]>>,
}

impl<A: Address> Overlaps<A> {
    /// Takes intervals (first, last, number) in any order.
    pub(crate) fn new(intervals: &[(A, A, u32)]) -> Self {
        let mut events: Vec<(A, bool, u32)> = Vec::with_capacity(intervals.len() * 2);
        for &(first, last, number) in intervals {
            if first > last {
                continue;
            }
            events.push((first, true, number));
            if let Some(after) = last.next() {
                events.push((after, false, number));
            }
        }
        events.sort_unstable();
        let mut change = Changes::new();
        let mut sets: Vec<Box<[u32]>> = Vec::new();
        let mut known: HashMap<Box<[u32]>, u32> = HashMap::new();
        // Sorted; a number stands once for each of its intervals that is open.
        let mut open: Vec<u32> = Vec::new();
        for group in events.chunk_by(|a, b| a.0 == b.0) {
            for &(_, begins, number) in group {
                match (begins, open.binary_search(&number)) {
                    (true, Ok(place) | Err(place)) => open.insert(place, number),
                    (false, Ok(place)) => {
                        open.remove(place);
                    }
                    (false, Err(_)) => {}
                }
            }
            let Some(&(start, _, _)) = group.first() else { continue };
            let mut set = open.clone();
            set.dedup();
            let value = if set.is_empty() {
                NOTHING
            } else {
                let set = set.into_boxed_slice();
                *known.entry(set).or_insert_with_key(|set| {
                    sets.push(set.clone());
                    u32::try_from(sets.len() - 1).unwrap_or(NOTHING)
                })
            };
            change.at(start, value);
        }
        Self { ranges: change.finish(), sets }
    }

    /// The numbers of the intervals that hold `address`, sorted.
    pub(crate) fn at(&self, address: A) -> &[u32] {
        self.set(self.ranges.get(address))
    }

    /// The numbers of the intervals that hold all of `first..=last`, sorted. Exact while no two
    /// intervals of one number meet, and then still never too few.
    pub(crate) fn around(&self, first: A, last: A) -> Vec<u32> {
        let mut held: Option<Vec<u32>> = None;
        for value in self.ranges.across(first, last) {
            let set = self.set(value);
            match &mut held {
                None => held = Some(set.to_vec()),
                Some(held) => held.retain(|number| set.binary_search(number).is_ok()),
            }
            if held.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
        }
        held.unwrap_or_default()
    }

    /// The numbers of the intervals that touch `first..=last`, sorted.
    pub(crate) fn touching(&self, first: A, last: A) -> Vec<u32> {
        let mut touched: Vec<u32> =
            self.ranges.across(first, last).flat_map(|value| self.set(value).iter().copied()).collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    fn set(&self, value: u32) -> &[u32] {
        usize::try_from(value).ok().and_then(|index| self.sets.get(index)).map_or(&[], |set| set)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.ranges.heap_bytes() + self.sets.iter().map(|set| 16 + set.len() * 4).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval() -> impl Strategy<Value = (u32, u32, u32)> {
        let end = prop_oneof![0u32..300, Just(u32::MAX)];
        (0u32..300, end, 0u32..6).prop_map(|(a, b, number)| (a.min(b), a.max(b), number))
    }

    proptest! {
        #[test]
        fn overlaps_agree_with_a_linear_search(
            intervals in prop::collection::vec(interval(), 0..40),
            probes in prop::collection::vec((prop_oneof![0u32..302, Just(u32::MAX)], 0u32..40), 50),
        ) {
            let index = Overlaps::new(&intervals);
            let naive = |wanted: &dyn Fn(u32, u32) -> bool| {
                let mut found: Vec<u32> =
                    intervals.iter().filter(|(a, b, _)| wanted(*a, *b)).map(|(_, _, n)| *n).collect();
                found.sort_unstable();
                found.dedup();
                found
            };
            for (probe, length) in probes {
                prop_assert_eq!(index.at(probe), naive(&|a, b| a <= probe && probe <= b));
                let last = probe.saturating_add(length);
                prop_assert_eq!(index.touching(probe, last), naive(&|a, b| a <= last && probe <= b));
                let around = index.around(probe, last);
                for number in naive(&|a, b| a <= probe && last <= b) {
                    prop_assert!(around.contains(&number));
                }
                for number in around {
                    prop_assert!(index.at(probe).contains(&number) && index.at(last).contains(&number));
                }
            }
        }

        #[test]
        fn changes_agree_with_a_linear_search(
            changes in prop::collection::btree_map(any::<u32>(), 0u32..3, 0..400),
            probes in prop::collection::vec(any::<u32>(), 60),
        ) {
            let (starts, values): (Vec<u32>, Vec<u32>) = changes.iter().unzip();
            let index = Ranges::from_changes(starts.clone(), values);
            for probe in probes.iter().chain(&starts).flat_map(|p| [*p, p.wrapping_sub(1), p.wrapping_add(1)]) {
                let naive = changes.iter().rev().find(|(start, _)| **start <= probe);
                prop_assert_eq!(index.get(probe), naive.map_or(NOTHING, |(_, value)| *value));
            }
        }
    }

    #[test]
    fn the_last_address_ends_no_range() {
        let index = Ranges::from_changes(vec![0u128, 6], vec![1, 2]);
        assert_eq!((index.get(0), index.get(5), index.get(6), index.get(u128::MAX)), (1, 1, 2, 2));
        assert_eq!(index.known().collect::<Vec<_>>(), [(0, Some(6), 1), (6, None, 2)]);
        assert_eq!(Ranges::<u32>::empty().get(7), NOTHING);
    }
}
