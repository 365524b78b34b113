//! Finds the records of a JSON input, of whatever size, without building anything from them.
//!
//! Only strings, brackets and what stands before an opening bracket are looked at; what is inside
//! a record is the decoder's to check. A record that is broken, too long or too deep costs itself,
//! and the next one is found again.

use std::io::{self, Read};
use std::ops::ControlFlow;

use rempart_model::{Position, Rejection};

use super::members::text;
use super::scan::{Found, Scan};
use crate::container::encoding::{Encoding, Utf16Reader, detect};
use crate::container::window::{Found as Line, Window};
use crate::{DecodeError, Limits};

/// How much of the input is looked at to tell its encoding.
const SNIFF: usize = 1024;
/// Longest name of a member, and longest value of one in the [`Header`], that is remembered.
const LONGEST_HEADER: usize = 400;

/// What is a record.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The bounds: [`Limits::record_bytes`] and [`Limits::depth`].
    pub limits: &'a Limits,
    /// Names of members of an outermost object whose array holds the records (`objects`).
    pub lists: &'a [&'a str],
    /// The `type` that an outermost object may have whose array holds the records (`bundle`).
    /// Objects of another type, named before the array, are records themselves.
    pub wrappers: &'a [&'a str],
}

/// The scalar members of the outermost object, as far as they have been passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `type`.
    pub kind: Option<Box<str>>,
    /// `spec_version`.
    pub spec_version: Option<Box<str>>,
    /// `id`.
    pub id: Option<Box<str>>,
}

/// One record, or what should have been one.
#[derive(Debug)]
pub struct Record<'a> {
    /// Where it begins. In UTF-16 input, offsets count the bytes of the same text in UTF-8.
    pub at: Position,
    /// Whether it stands alone: it is no element of a wrapper's array.
    pub outermost: bool,
    /// Something before it was broken, so that it may be a part of that instead of a record.
    pub recovered: bool,
    /// What is known of the object around it.
    pub header: &'a Header,
    /// The bytes, or why there are none.
    pub piece: Piece<'a>,
}

/// See [`Record::piece`].
#[derive(Debug)]
pub enum Piece<'a> {
    /// The bytes of the record, from its first bracket to its last.
    Bytes(&'a [u8]),
    /// It cannot be read.
    Rejected(Rejection),
}

/// Hands every record of `input` to `visit`: the elements of an outermost array, of the array under
/// one of [`Options::lists`], or single objects, alone, one a line, or one after the other.
///
/// # Errors
/// Where `input` cannot be read, or ends inside an array or a record; a record that is cut is given as
/// rejected all the same.
pub fn records(
    input: &mut dyn Read,
    options: &Options<'_>,
    visit: &mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
) -> Result<(), DecodeError> {
    let mut first = Vec::with_capacity(SNIFF);
    (&mut *input).take(SNIFF as u64).read_to_end(&mut first)?;
    let encoding = detect(&first);
    let mut whole = io::Cursor::new(first).chain(input);
    let mut decoded;
    let source: &mut dyn Read = match encoding {
        Encoding::Ascii => &mut whole,
        Encoding::Utf16Le | Encoding::Utf16Be => {
            decoded = Utf16Reader::new(whole, encoding == Encoding::Utf16Be);
            &mut decoded
        }
    };
    let window = Window::new(source)?;
    Splitter { window, options, visit, header: Header::default(), unsure: false, cut: false }.run()
}

/// The first characters of a record, for the operator's eyes.
pub fn excerpt(bytes: &[u8]) -> Box<str> {
    let head = bytes.get(..bytes.len().min(480)).unwrap_or_default();
    String::from_utf8_lossy(head).chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

struct Splitter<'w, 'o> {
    window: Window<'w>,
    options: &'o Options<'o>,
    visit: &'o mut dyn FnMut(Record<'_>) -> ControlFlow<()>,
    header: Header,
    /// Something was broken, so brackets outside records mean nothing any more.
    unsure: bool,
    /// The input ended inside a record, and nothing before it was broken.
    cut: bool,
}

/// How the scan of one value ended. Places are relative to the window.
enum Value {
    /// The value ends before `end`.
    Whole { end: usize },
    /// Likewise, but its brackets do not match.
    Unbalanced { end: usize },
    /// The input ended.
    Cut,
    /// What it is cannot be JSON; look for the next record from `resume` on.
    Broken { resume: usize },
}

/// A value that is being passed: where its record begins, and whether it is still kept.
struct Passing {
    at: Position,
    /// Set once the record is longer than allowed: its beginning. Its bytes are let go.
    dropped: Option<Box<str>>,
    too_deep: bool,
}

/// How a level of the input ended.
#[derive(PartialEq)]
enum Level {
    /// Its closing bracket came.
    Closed,
    /// The input ended, or the visitor has enough.
    Over,
}

impl Splitter<'_, '_> {
    fn run(mut self) -> Result<(), DecodeError> {
        loop {
            match self.next_significant(0)? {
                None => return Ok(()),
                Some((at, byte)) => {
                    self.window.consume(at);
                    let level = match byte {
                        b'{' => self.outermost_object()?,
                        _ if self.unsure => match self.resync()? {
                            true => Level::Closed,
                            false => Level::Over,
                        },
                        b'[' => {
                            self.window.consume(1);
                            self.array(true)?
                        }
                        _ => self.line()?,
                    };
                    if self.cut {
                        return Err(DecodeError::Truncated { offset: self.window.position().offset });
                    }
                    if level == Level::Over {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The place and the value of the next byte from `from` on that is neither space, comma nor the
    /// record separator of RFC 7464.
    fn next_significant(&mut self, mut from: usize) -> Result<Option<(usize, u8)>, DecodeError> {
        loop {
            let rest = self.window.bytes().get(from..).unwrap_or_default();
            let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1e);
            if let Some(at) = rest.iter().position(|b| !blank(b)) {
                let byte = rest.get(at).copied().unwrap_or_default();
                return Ok(Some((from + at, byte)));
            }
            // Blank space is let go at once where nothing before it is needed.
            if from == 0 {
                let all = rest.len();
                self.window.consume(all);
            } else {
                from += rest.len();
            }
            if !self.window.fill()? {
                return Ok(None);
            }
        }
    }

    /// A line that is no JSON array or object.
    fn line(&mut self) -> Result<Level, DecodeError> {
        let at = self.window.position();
        match self.window.line(self.options.limits.record_bytes)? {
            None => Ok(Level::Over),
            Some(Line::TooLong) => {
                let why = self.too_long(excerpt(self.window.bytes()));
                self.window.skip_line()?;
                Ok(self.reject(at, true, why))
            }
            Some(Line::Line { length, whole }) => {
                let flow = self.give(at, true, length);
                self.window.consume(whole);
                Ok(flow)
            }
        }
    }

    /// The elements of an array whose bracket has been consumed.
    fn array(&mut self, outermost: bool) -> Result<Level, DecodeError> {
        loop {
            let Some((at, byte)) = self.next_significant(0)? else {
                let offset = self.window.position().offset;
                return if self.unsure { Ok(Level::Over) } else { Err(DecodeError::Truncated { offset }) };
            };
            self.window.consume(at);
            let level = match byte {
                b'{' if outermost => self.outermost_object()?,
                b'{' => self.element()?,
                _ if self.unsure => match self.resync()? {
                    true => Level::Closed,
                    false => Level::Over,
                },
                b']' => {
                    self.window.consume(1);
                    return Ok(Level::Closed);
                }
                b'}' | b':' => {
                    self.unsure = true;
                    self.window.consume(1);
                    Level::Closed
                }
                _ => self.element()?,
            };
            if level == Level::Over {
                return Ok(level);
            }
        }
    }

    /// One element of an array.
    fn element(&mut self) -> Result<Level, DecodeError> {
        let mut passing = Passing { at: self.window.position(), dropped: None, too_deep: false };
        let value = self.pass(0, &mut passing)?;
        self.finish(passing, value, false)
    }

    /// Gives out a record whose end was found, and consumes it.
    fn finish(&mut self, passing: Passing, value: Value, outermost: bool) -> Result<Level, DecodeError> {
        let (end, fault) = match value {
            Value::Whole { end } => (end, None),
            Value::Unbalanced { end } => (end, Some("is not valid JSON: its brackets do not match")),
            Value::Cut => (usize::MAX, Some("is cut off: the input ends inside it")),
            Value::Broken { resume } => {
                (resume, Some("is not valid JSON: a quote or a bracket is missing or too much"))
            }
        };
        let beginning = |window: &Window<'_>| excerpt(window.bytes());
        let fault = if let Some(excerpt) = &passing.dropped {
            Some(self.too_long(excerpt.clone()))
        } else if end.min(self.window.bytes().len()) > self.options.limits.record_bytes {
            Some(self.too_long(beginning(&self.window)))
        } else if let Some(reason) = fault {
            Some(Rejection { reason: reason.into(), excerpt: beginning(&self.window) })
        } else if passing.too_deep {
            let reason = format!("is nested deeper than {} levels", self.options.limits.depth);
            Some(Rejection { reason: reason.into(), excerpt: beginning(&self.window) })
        } else {
            None
        };
        let level = match fault {
            Some(why) => self.reject(passing.at, outermost, why),
            None => self.give(passing.at, outermost, end),
        };
        self.window.consume(end.min(self.window.bytes().len()));
        match value {
            _ if level == Level::Over => Ok(level),
            Value::Cut => {
                self.cut = !self.unsure;
                Ok(Level::Over)
            }
            Value::Unbalanced { .. } => {
                self.unsure = true;
                Ok(level)
            }
            Value::Broken { .. } => {
                self.unsure = true;
                Ok(if self.resync()? { Level::Closed } else { Level::Over })
            }
            _ => Ok(level),
        }
    }

    /// Scans one value that begins at `from`; what is before it in the window is kept with it. What it
    /// finds does not depend on how much of the input is in the window.
    fn pass(&mut self, from: usize, passing: &mut Passing) -> Result<Value, DecodeError> {
        let most = self.options.limits.record_bytes;
        let mut scan = Scan::default();
        let mut at = from;
        loop {
            let found = scan.run(self.window.bytes(), at);
            passing.too_deep |= scan.deepest() > self.options.limits.depth;
            let (end, value) = match found {
                Found::End { end, balanced: true } => (end, Value::Whole { end }),
                Found::End { end, balanced: false } => (end, Value::Unbalanced { end }),
                Found::Broken { at, string } => {
                    let resume = string.filter(|string| at - string <= most).unwrap_or(at);
                    (at, Value::Broken { resume })
                }
                Found::More => {
                    at = self.window.bytes().len();
                    let string = scan.string().filter(|string| at - string <= most);
                    let gone = self.let_go(at, string.unwrap_or(at), passing);
                    scan.moved(gone);
                    at -= gone;
                    if self.window.fill()? {
                        continue;
                    }
                    return Ok(if scan.is_scalar() { Value::Whole { end: at } } else { Value::Cut });
                }
            };
            if end > most && passing.dropped.is_none() {
                passing.dropped = Some(excerpt(self.window.bytes()));
            }
            return Ok(value);
        }
    }

    /// Consumes the first `count` bytes where the record is longer than allowed, of which `length`
    /// bytes are there; gives how many were consumed.
    fn let_go(&mut self, length: usize, count: usize, passing: &mut Passing) -> usize {
        if passing.dropped.is_none() {
            if length <= self.options.limits.record_bytes {
                return 0;
            }
            passing.dropped = Some(excerpt(self.window.bytes()));
        }
        self.window.consume(count);
        count
    }

    /// An outermost object: a record, or what wraps an array of records.
    fn outermost_object(&mut self) -> Result<Level, DecodeError> {
        self.header = Header::default();
        let mut passing = Passing { at: self.window.position(), dropped: None, too_deep: false };
        let mut wrapper = false;
        let mut at = 1;
        let most = self.options.limits.record_bytes;
        // Where the last value begins: if a quote is missing, it has swallowed the next record.
        let mut last_value = None;
        let value = loop {
            if self.let_go(at, at, &mut passing) > 0 {
                (at, last_value) = (0, None);
            }
            let Some((name_at, byte)) = self.next_significant_kept(at)? else { break Value::Cut };
            match byte {
                b'}' => break Value::Whole { end: name_at + 1 },
                b'"' => {}
                _ => break Value::Broken { resume: last_value.unwrap_or(name_at) },
            }
            let before = self.window.position().offset;
            let name_end = match self.pass(name_at, &mut passing)? {
                Value::Whole { end } => end,
                other => break other,
            };
            let name = self.short(name_at, name_end, &passing);
            let Some((colon, b':')) = self.next_significant_kept(name_end)? else {
                let ended = self.window.bytes().len() <= name_end;
                // Where the name begins, if that is still there.
                let gone = usize::try_from(self.window.position().offset - before).unwrap_or(usize::MAX);
                let name_at = name_at.checked_sub(gone).filter(|at| name_end - at <= most);
                break if ended { Value::Cut } else { Value::Broken { resume: name_at.unwrap_or(name_end) } };
            };
            let Some((value_at, first)) = self.next_significant_kept(colon + 1)? else { break Value::Cut };
            let listed = name.as_deref().is_some_and(|name| self.options.lists.contains(&name));
            let may_wrap =
                self.header.kind.as_deref().is_none_or(|kind| self.options.wrappers.contains(&kind));
            if first == b'[' && listed && may_wrap && !wrapper {
                wrapper = true;
                self.window.consume(value_at + 1);
                if self.array(false)? == Level::Over {
                    return Ok(Level::Over);
                }
                // What follows belongs to no record and need not be kept.
                passing.dropped = Some("".into());
                (at, last_value) = (0, None);
                continue;
            }
            at = match self.pass(value_at, &mut passing)? {
                Value::Whole { end } => end,
                Value::Unbalanced { end } if !wrapper => break self.rest_of_unbalanced(end)?,
                other => break other,
            };
            last_value = (first == b'"' && passing.dropped.is_none()).then_some(value_at);
            if first == b'"'
                && let Some(name) = name
                && let Some(value) = self.short(value_at, at, &passing)
            {
                match &*name {
                    "type" => self.header.kind = Some(value),
                    "spec_version" => self.header.spec_version = Some(value),
                    "id" => self.header.id = Some(value),
                    _ => {}
                }
            }
        };
        if !wrapper {
            return self.finish(passing, value, true);
        }
        match value {
            Value::Whole { end } | Value::Unbalanced { end } => {
                self.window.consume(end);
                Ok(Level::Closed)
            }
            Value::Cut => Err(DecodeError::Truncated { offset: self.window.position().offset }),
            Value::Broken { resume } => {
                self.unsure = true;
                self.window.consume(resume);
                Ok(if self.resync()? { Level::Closed } else { Level::Over })
            }
        }
    }

    /// A member's brackets do not match; the object is taken to end with the bracket after it.
    fn rest_of_unbalanced(&mut self, end: usize) -> Result<Value, DecodeError> {
        Ok(match self.next_significant_kept(end)? {
            None => Value::Cut,
            Some((at, b'}')) => Value::Unbalanced { end: at + 1 },
            Some((at, _)) => Value::Broken { resume: at },
        })
    }

    /// As [`Self::next_significant`], but what is passed stays in the window.
    fn next_significant_kept(&mut self, from: usize) -> Result<Option<(usize, u8)>, DecodeError> {
        if from == 0 && self.window.bytes().is_empty() && !self.window.fill()? {
            return Ok(None);
        }
        // Megabytes of blanks inside a record are no record.
        let last = from.saturating_add(self.options.limits.record_bytes.saturating_mul(2));
        let mut from = from;
        loop {
            let rest = self.window.bytes().get(from..).unwrap_or_default();
            let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',');
            let found = rest.iter().position(|b| !blank(b));
            let byte = found.and_then(|at| rest.get(at).copied());
            from += found.unwrap_or(rest.len());
            if from > last {
                return Ok(Some((last, 0)));
            }
            if let Some(byte) = byte {
                return Ok(Some((from, byte)));
            }
            if !self.window.fill()? {
                return Ok(None);
            }
        }
    }

    /// The text of a string in the window, where it is short and still there.
    fn short(&self, from: usize, end: usize, passing: &Passing) -> Option<Box<str>> {
        if passing.dropped.is_some() {
            return None;
        }
        let bytes = self.window.bytes().get(from..end).filter(|bytes| bytes.len() <= LONGEST_HEADER)?;
        text(std::str::from_utf8(bytes).ok()?).map(|text| text.into_owned().into())
    }

    /// Moves on to where the next record may begin: an object that follows a comma or stands at the
    /// beginning of a line. `false` at the end of the input.
    fn resync(&mut self) -> Result<bool, DecodeError> {
        // The significant byte before the place, and whether only blanks stand before it on its line.
        let (mut last, mut fresh) = (0u8, false);
        let mut very_first = true;
        loop {
            let mut at = 0;
            while let Some(&byte) = self.window.bytes().get(at) {
                if byte == b'{' && (very_first || last == b',' || fresh) {
                    self.window.consume(at);
                    let next = self.next_significant_kept(1)?;
                    if matches!(next, Some((_, b'"' | b'}'))) {
                        return Ok(true);
                    }
                    at = 0;
                }
                very_first = false;
                match byte {
                    b'\n' | b'\r' => fresh = true,
                    b' ' | b'\t' => {}
                    _ => {
                        (last, fresh) = (byte, false);
                    }
                }
                at += 1;
            }
            self.window.consume(at);
            if !self.window.fill()? {
                return Ok(false);
            }
        }
    }

    fn too_long(&self, excerpt: Box<str>) -> Rejection {
        let reason = format!("is longer than the {} bytes allowed", self.options.limits.record_bytes);
        Rejection { reason: reason.into(), excerpt }
    }

    fn give(&mut self, at: Position, outermost: bool, end: usize) -> Level {
        let bytes = self.window.bytes();
        let bytes = bytes.get(..end).unwrap_or(bytes);
        let piece = Piece::Bytes(bytes);
        level((self.visit)(Record { at, outermost, recovered: self.unsure, header: &self.header, piece }))
    }

    fn reject(&mut self, at: Position, outermost: bool, why: Rejection) -> Level {
        let piece = Piece::Rejected(why);
        level((self.visit)(Record { at, outermost, recovered: self.unsure, header: &self.header, piece }))
    }
}

fn level(flow: ControlFlow<()>) -> Level {
    if flow.is_break() { Level::Over } else { Level::Closed }
}
