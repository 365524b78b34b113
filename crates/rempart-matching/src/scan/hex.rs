//! Hashes: runs of hexadecimal digits of the right length.

use super::strip::Strip;
use super::{Found, context};
use crate::index::reader::hash_kind;

/// Digits of the longest hash.
const LONGEST: usize = 128;

impl<'a> Strip<'_, 'a> {
    /// Looks the run of hexadecimal digits around a place up; gives its end.
    pub(super) fn hex_around(&self, at: usize, found: &mut Vec<Found<'a>>) -> usize {
        let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        let (mut from, mut to) = (at, at);
        while is_digit(context::before(self.text, from)) {
            from -= 1;
        }
        while is_digit(context::byte(self.text, to)) {
            to += 1;
        }
        if let Some(kind) = hash_kind(to - from)
            && !context::word_before(self.text, from)
            && !context::word_at(self.text, to)
            && context::before(self.text, from) != Some(b'%')
            && context::is_whole(self.text, from, to)
        {
            let mut lower = [0; LONGEST];
            let digits = self.text.get(from..to).unwrap_or_default();
            let lower = lower.get_mut(..digits.len()).unwrap_or_default();
            lower.copy_from_slice(digits);
            lower.make_ascii_lowercase();
            if let Some(entry) = std::str::from_utf8(lower).ok().and_then(|hash| self.finder.text(kind, hash))
            {
                found.push(Found { range: from..to, entry });
            }
        }
        to
    }
}
