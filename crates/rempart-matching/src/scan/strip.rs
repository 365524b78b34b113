//! One pass over a text: strip by strip, each classified first and then walked along the bits.

use super::view::View;
use super::waiting::Waiting;
use super::{Found, context, view};
use crate::index::Finder;
use crate::raw::classify::{Classes, Engine};

/// Bytes that are classified at a time; what is known of them stays in the first cache.
const STRIP: usize = 8 << 10;
/// Bytes beyond a strip that are classified as well, so that what begins in it is seen to its end.
const BEYOND: usize = 128;

/// Room for the classes of a text and of a view of a part of it.
pub(super) struct Buffers<'b> {
    pub(super) outer: &'b mut Vec<Classes>,
    pub(super) inner: &'b mut Vec<Classes>,
    pub(super) waiting: &'b mut [Waiting; 2],
}

/// A strip of a text.
pub(super) struct Strip<'t, 'a> {
    pub(super) finder: &'t Finder<'a>,
    pub(super) text: &'t [u8],
    pub(super) classes: &'t [Classes],
    /// Where in the text the classes begin.
    pub(super) origin: usize,
    /// The view that the text is, where it is one by percent-decoding.
    pub(super) decoded: Option<&'t View>,
}

/// Up to where the text was dealt with, by what.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    name: usize,
    colon: usize,
    hex: usize,
}

/// Scans a text, and the views of its parts that are written in another way.
pub(super) fn scan<'a>(
    finder: &Finder<'a>,
    engine: Engine,
    text: &[u8],
    buffers: &mut Buffers<'_>,
    found: &mut Vec<Found<'a>>,
) {
    let mut viewed = 0;
    let [outer, inner] = &mut *buffers.waiting;
    walk(finder, engine, text, None, (buffers.outer, outer), found, &mut |at, found| {
        if at < viewed || !view::begins(text, at) {
            return;
        }
        let part = view::part(text, at);
        viewed = part.range.end;
        for view in view::views(text, &part) {
            let first = found.len();
            let decoded = view.is_decoded.then_some(&view);
            walk(finder, engine, &view.bytes, decoded, (buffers.inner, inner), found, &mut |_, _| ());
            view.map_back(found, first, &part);
        }
    });
}

/// Scans a text as it stands; `special` is told of each place where something may be written in another way.
fn walk<'a>(
    finder: &Finder<'a>,
    engine: Engine,
    text: &[u8],
    decoded: Option<&View>,
    (classes, waiting): (&mut Vec<Classes>, &mut Waiting),
    found: &mut Vec<Found<'a>>,
    special: &mut dyn FnMut(usize, &mut Vec<Found<'a>>),
) {
    let mut done = Done::default();
    let mut base = 0;
    while base < text.len() {
        let origin = base.saturating_sub(64);
        let end = text.len().min(base + STRIP + BEYOND);
        engine.classify(text.get(origin..end).unwrap_or_default(), classes);
        let strip = Strip { finder, text, classes, origin, decoded };
        let first = (base - origin) / 64;
        let mut colons_before =
            first.checked_sub(1).and_then(|at| classes.get(at)).map_or(0, |word| word.colon);
        for (at, word) in classes.iter().enumerate().skip(first).take(STRIP / 64) {
            let start = origin + at * 64;
            if word.dot != 0 {
                strip.dots(start, word.dot, &mut done, waiting, found);
            }
            if word.colon != 0 {
                strip.colons(start, word, colons_before, &mut done, found);
            }
            colons_before = word.colon;
            // Sixteen hexadecimal digits at a multiple of sixteen: every run of 32 has them.
            let mut runs = word.hex & word.hex >> 1;
            runs &= runs >> 2;
            runs &= runs >> 4;
            runs &= runs >> 8;
            if runs & 0x0001_0001_0001_0001 != 0 {
                strip.hexes(start, runs & 0x0001_0001_0001_0001, &mut done, found);
            }
            let mut odd = word.special | word.high;
            while odd != 0 {
                special(start + odd.trailing_zeros() as usize, found);
                odd &= odd - 1;
            }
        }
        strip.settle(waiting, found);
        base += STRIP;
    }
}

impl<'a> Strip<'_, 'a> {
    /// The 64 bits of a class from a place on.
    #[inline]
    pub(super) fn bits(&self, from: usize, class: impl Fn(&Classes) -> u64) -> u64 {
        let relative = from.wrapping_sub(self.origin);
        let (word, shift) = (relative / 64, relative % 64);
        let low = self.classes.get(word).map_or(0, &class) >> shift;
        if shift == 0 {
            return low;
        }
        low | self.classes.get(word + 1).map_or(0, &class) << (64 - shift)
    }

    /// Whether the classes of these bytes are known here; of a piece of a long token they may not be.
    #[inline]
    pub(super) fn covers(&self, from: usize, to: usize) -> bool {
        from >= self.origin && to <= self.origin + self.classes.len() * 64
    }

    /// The token around a place.
    #[inline]
    fn token(&self, at: usize) -> (usize, usize) {
        let relative = at - self.origin;
        let left = if relative >= 63 {
            self.bits(at - 63, |word| word.name)
        } else {
            self.bits(self.origin, |word| word.name) << (63 - relative)
        };
        let ones = (!left).leading_zeros() as usize;
        let mut from = at + 1 - ones.min(at + 1);
        let in_name = |byte: u8| context::is_name(byte) || byte >= 0x80;
        if ones == 64 {
            while context::before(self.text, from).is_some_and(in_name) {
                from -= 1;
            }
        }
        let ones = (!self.bits(at, |word| word.name)).trailing_zeros() as usize;
        let mut to = at + ones;
        if ones == 64 {
            while context::byte(self.text, to).is_some_and(in_name) {
                to += 1;
            }
        }
        (from, to)
    }

    /// The tokens around dots.
    #[inline]
    fn dots(
        &self,
        start: usize,
        mut dots: u64,
        done: &mut Done,
        waiting: &mut Waiting,
        found: &mut Vec<Found<'a>>,
    ) {
        while dots != 0 {
            let at = start + dots.trailing_zeros() as usize;
            if at >= done.name {
                let (from, to) = self.token(at);
                done.name = to;
                self.name(from, to, waiting, found);
            }
            let skip = done.name.saturating_sub(start);
            if skip >= 64 {
                return;
            }
            dots &= u64::MAX << skip;
        }
    }

    fn colons(&self, start: usize, word: &Classes, before: u64, done: &mut Done, found: &mut Vec<Found<'a>>) {
        // Two in a row, also over the edge; else seven within the two words that an address may touch.
        let mut places = word.colon & (word.colon << 1 | before >> 63);
        if word.colon.count_ones() + before.count_ones() >= 7 {
            places |= word.colon & (word.hex << 1 | 1) & (word.hex >> 1 | 1 << 63);
        }
        while places != 0 {
            let at = start + places.trailing_zeros() as usize;
            if at >= done.colon {
                done.colon = self.v6_around(at, found);
            }
            places &= places - 1;
        }
    }

    fn hexes(&self, start: usize, mut runs: u64, done: &mut Done, found: &mut Vec<Found<'a>>) {
        while runs != 0 {
            let at = start + runs.trailing_zeros() as usize;
            if at >= done.hex {
                done.hex = self.hex_around(at, found);
            }
            runs &= runs - 1;
        }
    }
}
