//! A JSON value a line (RFC 8259): its strings at any depth, each with the path to it.
//!
//! What is read is what is well formed; bytes that are no UTF-8 and control characters inside strings are
//! taken as they are, for logs have them.

use super::written::hex;
use super::{Bad, DEEPEST, Field, Written, unmarked};

/// Longest path that is kept, in bytes; a longer one is cut there.
const LONGEST_PATH: usize = 1024;
/// A key without anything but letters and digits is no value unless it is so long that it may be a hash.
const LONG_KEY: usize = 32;

/// Room that is used again from record to record.
#[derive(Debug, Default)]
pub(super) struct Room {
    path: Vec<u8>,
    levels: Vec<Level>,
}

/// An object or an array around a place.
#[derive(Debug)]
struct Level {
    is_object: bool,
    /// The length of the path to it.
    path: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Separator,
}

/// Gives each string of a value, and each key that could be looked for. The path to a string is the keys on the
/// way to it with dots between them; arrays add nothing to it.
pub(super) fn fields(record: &[u8], room: &mut Room, each: &mut impl FnMut(Field<'_>)) -> Result<(), Bad> {
    let Room { path, levels } = room;
    path.clear();
    levels.clear();
    let mut cursor = Cursor { text: record, at: record.len() - unmarked(record).len() };
    let mut next = Next::Value;
    loop {
        let byte = cursor.peek();
        next = match (next, byte) {
            (Next::Value | Next::ValueOrEnd, Some(b'"')) => {
                let (range, written) = cursor.string()?;
                each(Field { range, column: path, written });
                Next::Separator
            }
            (Next::Value | Next::ValueOrEnd, Some(open @ (b'{' | b'['))) => {
                if levels.len() >= DEEPEST {
                    return Err(Bad::Deep);
                }
                cursor.at += 1;
                let is_object = open == b'{';
                levels.push(Level { is_object, path: path.len() });
                if is_object { Next::KeyOrEnd } else { Next::ValueOrEnd }
            }
            (Next::Value | Next::ValueOrEnd, Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
                cursor.scalar()?;
                Next::Separator
            }
            (Next::Key | Next::KeyOrEnd, Some(b'"')) => {
                let (range, written) = cursor.string()?;
                let raw = record.get(range.clone()).unwrap_or_default();
                path.truncate(levels.last().map_or(0, |level| level.path));
                if !path.is_empty() {
                    path.push(b'.');
                }
                written.decode(raw, path);
                path.truncate(LONGEST_PATH);
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                if raw.len() >= LONG_KEY || !raw.iter().all(is_word) {
                    each(Field { range, column: path, written });
                }
                if cursor.peek() != Some(b':') {
                    return Err(cursor.bad("a colon is missing"));
                }
                cursor.at += 1;
                Next::Value
            }
            (Next::Separator, Some(b',')) if !levels.is_empty() => {
                cursor.at += 1;
                if levels.last().is_some_and(|level| level.is_object) { Next::Key } else { Next::Value }
            }
            (Next::Separator | Next::KeyOrEnd, Some(b'}')) if levels.last().is_some_and(|l| l.is_object) => {
                cursor.at += 1;
                path.truncate(levels.pop().map_or(0, |level| level.path));
                Next::Separator
            }
            (Next::Separator | Next::ValueOrEnd, Some(b']'))
                if levels.last().is_some_and(|level| !level.is_object) =>
            {
                cursor.at += 1;
                path.truncate(levels.pop().map_or(0, |level| level.path));
                Next::Separator
            }
            (Next::Separator, None) if levels.is_empty() => return Ok(()),
            (_, None) => return Err(cursor.bad("it ends too early")),
            (Next::Separator, Some(_)) if levels.is_empty() => {
                return Err(cursor.bad("something stands behind the value"));
            }
            (Next::Separator, Some(_)) => return Err(cursor.bad("a comma or a closing bracket is missing")),
            (Next::Key | Next::KeyOrEnd, Some(_)) => return Err(cursor.bad("a name is missing")),
            (Next::Value | Next::ValueOrEnd, Some(_)) => return Err(cursor.bad("a value is missing")),
        };
    }
}

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn bad(&self, what: &'static str) -> Bad {
        Bad::Json { at: self.at, what }
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Reads the string that begins here.
    fn string(&mut self) -> Result<(std::ops::Range<usize>, Written), Bad> {
        self.at += 1;
        let from = self.at;
        let mut written = Written::Plainly;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(self.bad("a string is not closed"));
            };
            self.at += length;
            if self.byte() == Some(b'"') {
                let to = self.at;
                self.at += 1;
                return Ok((from..to, written));
            }
            written = Written::Json;
            self.at += match rest.get(length + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                Some(b'u') if rest.get(length + 2..length + 6).and_then(hex).is_some() => 6,
                _ => return Err(self.bad("there is no such escape")),
            };
        }
    }

    /// Goes past a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<(), Bad> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for word in [&b"true"[..], b"false", b"null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
        }
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let digits = |mut at: usize| {
            while is_digit(rest.get(at)) {
                at += 1;
            }
            at
        };
        let first = usize::from(rest.first() == Some(&b'-'));
        let mut end = if rest.get(first) == Some(&b'0') { first + 1 } else { digits(first) };
        let mut is_number = end > first;
        if rest.get(end) == Some(&b'.') {
            let from = end + 1;
            end = digits(from);
            is_number &= end > from;
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            let from = end + 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            end = digits(from);
            is_number &= end > from;
        }
        if !is_number {
            return Err(self.bad("a value is missing"));
        }
        self.at += end;
        Ok(())
    }
}
