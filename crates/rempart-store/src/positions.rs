//! Dates of change logs: when an object entered what a member reads.
//!
//! A position is a time in microseconds. It is unique among all that one member sees, grows from
//! one commit to the next, and tells nothing about what that member may not see: within a commit
//! each stream draws its own gaps at random, so that a gap is no sign of a hidden neighbour.

use std::collections::{HashMap, HashSet};

/// Hands out positions for one commit.
pub struct Positions<'a> {
    start: i64,
    last: i64,
    streams: HashMap<u64, i64>,
    used: HashSet<i64>,
    random: &'a mut dyn FnMut() -> u64,
}

/// Which stream a position is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The stream of a release class.
    Class(u32),
    /// A member's own change log.
    Collection(u32),
    /// The change log of observables, which nobody outside reads.
    Observables,
}

impl<'a> Positions<'a> {
    /// For a commit at `now`, after all that was handed out up to `last`.
    pub fn new(now: i64, last: i64, random: &'a mut dyn FnMut() -> u64) -> Self {
        let start = now.max(last.saturating_add(1));
        Self { start, last, streams: HashMap::new(), used: HashSet::new(), random }
    }

    /// The next position of a stream.
    pub fn next(&mut self, stream: Stream) -> i64 {
        let key = match stream {
            Stream::Class(class) => u64::from(class),
            Stream::Collection(collection) => 1 << 40 | u64::from(collection),
            Stream::Observables => 2 << 40,
        };
        let gap = i64::try_from((self.random)() % 7).unwrap_or(0);
        let at = self.streams.entry(key).or_insert(self.start);
        *at += 1 + gap;
        while !self.used.insert(*at) {
            *at += 1;
        }
        self.last = self.last.max(*at);
        *at
    }

    /// The highest position handed out; to be kept for the next commit.
    pub fn last(&self) -> i64 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_grow_within_a_stream_and_are_never_given_twice() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        let mut seen = HashSet::new();
        let mut last = 0;
        for now in [1000, 1001, 5_000_000] {
            let mut positions = Positions::new(now, last, &mut random);
            let mut latest = HashMap::new();
            for n in 0..3000u32 {
                let stream = n % 5;
                let at = positions.next(Stream::Class(stream));
                assert!(at > last && at >= now);
                assert!(seen.insert(at));
                assert!(latest.insert(stream, at).is_none_or(|before| before < at));
            }
            last = positions.last();
        }
    }
}
