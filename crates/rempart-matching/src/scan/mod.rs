//! Finding known values in any text, without knowing its format.
//!
//! A *candidate* is a whole token: a run of letters, digits, `.`, `-` and `_`, with what belongs to it around it
//! (a path, a port, the part before an `@`). The text is read as it stands; where a part of it is written in
//! another way (defanged, percent-encoded), that part is read once more as it is meant. What stands beside such
//! a mark is then no token by itself. `docs/operate/match.md` is the description for users.

mod address;
mod context;
mod email;
mod hex;
mod name;
mod strip;
mod url;
mod view;
mod waiting;

use std::ops::Range;

use crate::index::{Entry, Finder, Matcher, Wanted};
use crate::raw::classify::{Classes, Engine};

/// A known value in a text.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// The bytes of the text that name it: the value itself, or what is below it.
    pub range: Range<usize>,
    /// What is known.
    pub entry: Entry<'a>,
}

/// Looks for the values of a [`Matcher`] in texts.
#[derive(Debug)]
pub struct Scanner<'a> {
    finder: Finder<'a>,
    engine: Engine,
    outer: Vec<Classes>,
    inner: Vec<Classes>,
    waiting: [waiting::Waiting; 2],
}

impl<'a> Scanner<'a> {
    /// A scanner with the fastest instructions that this processor has.
    pub fn new(matcher: &'a Matcher, wanted: Wanted) -> Self {
        Self::with(matcher, wanted, Engine::detect())
    }

    /// A scanner without vector instructions. It finds the same.
    pub fn plain(matcher: &'a Matcher, wanted: Wanted) -> Self {
        Self::with(matcher, wanted, Engine::Scalar)
    }

    fn with(matcher: &'a Matcher, wanted: Wanted, engine: Engine) -> Self {
        Self {
            finder: matcher.finder(wanted),
            engine,
            outer: Vec::new(),
            inner: Vec::new(),
            waiting: Default::default(),
        }
    }

    /// Appends what is found in `text` to `found`, in the order in which it stands there. A token at the
    /// beginning or the end of `text` is taken for whole.
    pub fn scan(&mut self, text: &[u8], found: &mut Vec<Found<'a>>) {
        let first = found.len();
        let mut buffers =
            strip::Buffers { outer: &mut self.outer, inner: &mut self.inner, waiting: &mut self.waiting };
        strip::scan(&self.finder, self.engine, text, &mut buffers, found);
        if found.len() > first + 1 {
            order(found, first);
        }
    }
}

/// Puts what was found from `first` on in order, and keeps of what overlaps and is the same value the widest.
fn order(found: &mut Vec<Found<'_>>, first: usize) {
    let Some(new) = found.get_mut(first..) else { return };
    new.sort_by(|a, b| (a.range.start, b.range.end).cmp(&(b.range.start, a.range.end)));
    let mut kept = first;
    for at in first..found.len() {
        let Some(this) = found.get(at) else { break };
        let before = found.get(first..kept).unwrap_or_default().iter().rev().take(OVERLAPPING);
        let is_told = before
            .filter(|other| other.range.end > this.range.start)
            .any(|other| other.entry.is_same(&this.entry));
        if !is_told {
            found.swap(kept, at);
            kept += 1;
        }
    }
    found.truncate(kept);
}

/// How far back it is looked for the same value: so many things overlap at most.
const OVERLAPPING: usize = 16;
