//! A part of a text that is written in another way, read as it is meant.

use std::ops::Range;

use super::{Found, context};

/// How far a part goes to either side before it may end at any byte that is in no token.
const LONG: usize = 4096;

/// A part of a text, of whole tokens.
pub(super) struct Part {
    pub(super) range: Range<usize>,
}

/// A part as it is meant.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Where in the part each byte comes from.
    places: Vec<Range<usize>>,
    /// Whether each was percent-encoded.
    encoded: Vec<bool>,
    /// Percent-encoding was decoded.
    pub(super) is_decoded: bool,
}

/// Whether something written in another way begins at a place.
pub(super) fn begins(text: &[u8], at: usize) -> bool {
    context::escape(text, at).is_some() || context::mark(text, at).is_some()
}

/// The part around a place: up to where text ends on either side.
pub(super) fn part(text: &[u8], at: usize) -> Part {
    let ends = |byte: u8, length: usize| {
        context::is_hard(byte)
            || (length > LONG && !context::goes_on(byte) && !b"%()[]{}\\@:".contains(&byte))
    };
    let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    let left = before.iter().rev().enumerate().take_while(|(length, byte)| !ends(**byte, *length)).count();
    let right = behind.iter().enumerate().take_while(|(length, byte)| !ends(**byte, *length)).count();
    Part { range: at - left..at + right }
}

/// The ways in which a part may be meant: without marks; and with its percent-encoding decoded as well.
pub(super) fn views(text: &[u8], part: &Part) -> Vec<View> {
    let text = text.get(part.range.clone()).unwrap_or_default();
    let has = |what: fn(&[u8], usize) -> bool| (0..text.len()).any(|at| what(text, at));
    let mut views = Vec::new();
    if has(|text, at| context::mark(text, at).is_some()) {
        views.push(View::new(text, false));
    }
    if has(|text, at| context::escape(text, at).is_some()) {
        views.push(View::new(text, true));
    }
    views
}

impl View {
    fn new(text: &[u8], is_decoded: bool) -> Self {
        let mut view = Self {
            bytes: Vec::with_capacity(text.len()),
            places: Vec::new(),
            encoded: Vec::new(),
            is_decoded,
        };
        let mut at = 0;
        while let Some(byte) = context::byte(text, at) {
            let escape = if is_decoded { context::escape(text, at) } else { None };
            if let Some(byte) = escape {
                view.push(byte, at..at + 3, true);
                at += 3;
            } else if let Some((length, meant)) = context::mark(text, at) {
                meant.iter().for_each(|byte| view.push(*byte, at..at + length, false));
                at += length;
            } else {
                view.push(byte, at..at + 1, false);
                at += 1;
            }
        }
        view
    }

    fn push(&mut self, byte: u8, place: Range<usize>, is_encoded: bool) {
        self.bytes.push(byte);
        self.places.push(place);
        self.encoded.push(is_encoded);
    }

    /// Whether none of these bytes of the view was percent-encoded.
    pub(super) fn is_plain(&self, from: usize, to: usize) -> bool {
        !self.encoded.get(from..to.min(self.encoded.len())).unwrap_or_default().contains(&true)
    }

    /// Turns what was found in the view, from `first` on, into places of the text.
    pub(super) fn map_back(&self, found: &mut [Found<'_>], first: usize, part: &Part) {
        for found in found.iter_mut().skip(first) {
            let from = self.places.get(found.range.start).map_or(0, |place| place.start);
            let last = found.range.end.checked_sub(1).and_then(|last| self.places.get(last));
            let to = last.map_or(from, |place| place.end);
            found.range = part.range.start + from..part.range.start + to;
        }
    }
}

#[cfg(test)]
mod tests;
