//! A pull reader of JSON that holds no more of a document than the member it stands at.
//!
//! It only follows the structure (brackets, strings, commas); what a captured value means, and
//! whether it is well-formed inside, is for the JSON parser that gets it. So a value that is broken
//! inside costs that value alone. A comma too many before a closing bracket is let pass: it loses
//! nothing and occurs in published events.

use std::io::{self, Read};

use memchr::{memchr_iter, memchr3};
use rempart_model::Position;

/// Bytes asked of the input at once.
const CHUNK: usize = 64 * 1024;
/// Longest key of a member that is told apart; a longer one is read over as unknown.
const LONGEST_KEY: usize = 256;
/// Open brackets that are told apart; those deeper are only counted.
const TRACKED: usize = 4096;

/// Why reading cannot go on where it stands.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The bytes could not be read.
    Io(io::Error),
    /// The input ended inside a value.
    Cut,
    /// What stands there is not JSON.
    Broken(&'static str),
    /// The sink wants no more.
    Stopped,
}

/// Why a value that was read over was not captured whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    /// It is longer than allowed.
    Length,
    /// It is nested deeper than allowed.
    Depth,
}

/// What a capture may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most bytes.
    pub(crate) bytes: usize,
    /// Deepest nesting.
    pub(crate) depth: usize,
}

/// The reader.
pub(crate) struct Cursor<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    line: u64,
    ended: bool,
    /// The byte before the next one was a line feed.
    fresh: bool,
}

impl<'a> Cursor<'a> {
    /// A reader at the beginning of `input`; a UTF-8 byte order mark is passed over.
    pub(crate) fn new(input: &'a mut dyn Read) -> Result<Self, Fault> {
        let mut cursor = Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            offset: 0,
            line: 1,
            ended: false,
            fresh: false,
        };
        while cursor.end < 3 && cursor.more()? {}
        if cursor.rest().starts_with(b"\xef\xbb\xbf") {
            cursor.pass(3);
        }
        Ok(cursor)
    }

    /// Where the next byte stands.
    pub(crate) fn position(&self) -> Position {
        Position { offset: self.offset, line: self.line }
    }

    /// What is buffered and not yet read.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Gets more bytes behind those that are buffered; `false` at the end of the input.
    fn more(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let Some(room) = self.buffer.get_mut(self.end..).filter(|room| !room.is_empty()) else {
            return Ok(true);
        };
        loop {
            match self.input.read(room) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end += count.min(room.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Io(error)),
            }
        }
    }

    /// Goes `count` buffered bytes on.
    fn pass(&mut self, count: usize) {
        let next = (self.start + count).min(self.end);
        let passed = self.buffer.get(self.start..next).unwrap_or_default();
        self.line += memchr_iter(b'\n', passed).count() as u64;
        self.offset += passed.len() as u64;
        if let Some(last) = passed.last() {
            self.fresh = *last == b'\n';
        }
        self.start = next;
    }

    /// The next byte, white space or not.
    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        while self.start == self.end {
            if !self.more()? {
                return Ok(None);
            }
        }
        Ok(self.rest().first().copied())
    }

    /// The first byte of the next token, which stays unread; `None` at the end of the input.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let rest = self.rest();
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = rest.get(blank).copied();
            self.pass(blank);
            if next.is_some() {
                return Ok(next);
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Like [`Cursor::peek`] inside a value, where the end of the input is a fault.
    pub(crate) fn token(&mut self) -> Result<u8, Fault> {
        self.peek()?.ok_or(Fault::Cut)
    }

    /// Reads the token that [`Cursor::peek`] showed: an opening bracket.
    pub(crate) fn open(&mut self) {
        self.pass(1);
    }

    /// Goes to the next item of an array or object whose bracket was opened; `false`: it was
    /// closed by `close`. `first` is true at the first call and is kept for the caller.
    fn item(&mut self, first: &mut bool, close: u8) -> Result<bool, Fault> {
        let mut comma = *first;
        *first = false;
        loop {
            match self.token()? {
                byte if byte == close => {
                    self.pass(1);
                    return Ok(false);
                }
                b',' => {
                    self.pass(1);
                    comma = true;
                }
                b'}' | b']' => return Err(Fault::Broken("a bracket is closed that is not open")),
                _ if comma => return Ok(true),
                _ => return Err(Fault::Broken("a comma is missing")),
            }
        }
    }

    /// Goes to the next element of an array.
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.item(first, b']')
    }

    /// Reads the next key of an object and its colon; `None` at the object's end. Escapes are
    /// resolved, so that no spelling of a key gets round what is done for it.
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<String>, Fault> {
        if !self.item(first, b'}')? {
            return Ok(None);
        }
        if self.token()? != b'"' {
            return Err(Fault::Broken("a key is missing"));
        }
        let mut raw = Vec::new();
        let bounds = Bounds { bytes: LONGEST_KEY, depth: 1 };
        let excess = self.value(Some(&mut raw), bounds)?;
        if self.token()? != b':' {
            return Err(Fault::Broken("a colon is missing"));
        }
        self.pass(1);
        let key = if excess.is_some() { None } else { serde_json::from_slice(&raw).ok() };
        Ok(Some(key.unwrap_or_default()))
    }

    /// Reads over one value.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        self.value(None, Bounds { bytes: usize::MAX, depth: usize::MAX }).map(|_| ())
    }

    /// Reads one value and appends its text to `out`. A value beyond the bounds is read over to
    /// its end, and what is in `out` is of no use then but as an excerpt.
    pub(crate) fn capture(&mut self, out: &mut Vec<u8>, bounds: Bounds) -> Result<Option<Excess>, Fault> {
        self.value(Some(out), bounds)
    }

    fn value(&mut self, mut out: Option<&mut Vec<u8>>, bounds: Bounds) -> Result<Option<Excess>, Fault> {
        let begin = out.as_ref().map_or(0, |out| out.len());
        let mut excess = None;
        let mut nest = Nest::default();
        let mut mode = match self.token()? {
            b'"' | b'{' | b'[' => Mode::Between,
            b'}' | b']' | b',' | b':' => return Err(Fault::Broken("a value is missing")),
            _ => Mode::Bare,
        };
        loop {
            if self.byte()?.is_none() {
                return if mode == Mode::Bare { Ok(excess) } else { Err(Fault::Cut) };
            }
            let rest = self.rest();
            // Up to where it is broken, a value is read like any other, so that what is told of it
            // does not depend on how many bytes were there at once.
            let (count, end) = scan(rest, &mut mode, &mut nest);
            if let Some(out) = out.as_deref_mut() {
                let room = bounds.bytes.saturating_sub(out.len() - begin);
                out.extend_from_slice(rest.get(..count.min(room)).unwrap_or_default());
                if count > room {
                    excess = excess.or(Some(Excess::Length));
                }
            }
            if nest.deepest > bounds.depth {
                excess = excess.or(Some(Excess::Depth));
            }
            self.pass(count);
            match end {
                End::Open => {}
                End::Closed => return Ok(excess),
                End::Broken(what) => return Err(Fault::Broken(what)),
            }
        }
    }

    /// Reads on to the next line that begins with an opening brace; `false` if there is none.
    pub(crate) fn resume_at_line(&mut self) -> Result<bool, Fault> {
        loop {
            if self.fresh && self.byte()? == Some(b'{') {
                return Ok(true);
            }
            match memchr::memchr(b'\n', self.rest()) {
                Some(at) => self.pass(at + 1),
                None => {
                    self.pass(self.end - self.start);
                    if !self.more()? {
                        return Ok(false);
                    }
                }
            }
        }
    }
}

/// Where inside a value the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Between tokens of an array or object, or before the first.
    Between,
    /// In a string.
    Text,
    /// In a string, after a line feed.
    TextLine,
    /// In a string, after a backslash.
    Escape,
    /// In a number, `true`, `false` or `null` that is the whole value.
    Bare,
}

/// The brackets that are open.
#[derive(Debug, Default)]
struct Nest {
    open: Vec<u8>,
    beyond: usize,
    deepest: usize,
    /// The last token was a value or its end, not what stands before one.
    valued: bool,
    /// The last byte ended a line.
    fresh: bool,
}

impl Nest {
    fn push(&mut self, bracket: u8) {
        if self.open.len() < TRACKED {
            self.open.push(bracket);
        } else {
            self.beyond += 1;
        }
        self.deepest = self.deepest.max(self.open.len() + self.beyond);
        (self.valued, self.fresh) = (false, false);
    }

    /// Closes `bracket`, and with it what was left open inside it.
    /// `false`: no such bracket is open.
    fn close(&mut self, bracket: u8) -> bool {
        (self.valued, self.fresh) = (true, false);
        if self.beyond > 0 {
            self.beyond -= 1;
            return true;
        }
        while let Some(open) = self.open.pop() {
            if open == bracket {
                return true;
            }
        }
        false
    }

    fn is_empty(&self) -> bool {
        self.open.is_empty() && self.beyond == 0
    }
}

/// What comes after the bytes that were looked at.
enum End {
    /// More of the value.
    Open,
    /// Something else: the value is complete.
    Closed,
    /// What cannot stand there, and why.
    Broken(&'static str),
}

/// How many of `bytes` belong to the value, and what comes then.
fn scan(bytes: &[u8], mode: &mut Mode, nest: &mut Nest) -> (usize, End) {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match *mode {
            Mode::Text => match memchr3(b'"', b'\\', b'\n', bytes.get(at..).unwrap_or_default()) {
                None => return (bytes.len(), End::Open),
                Some(found) => {
                    at += found;
                    match bytes.get(at) {
                        Some(b'\\') => *mode = Mode::Escape,
                        Some(b'\n') => *mode = Mode::TextLine,
                        _ => {
                            *mode = Mode::Between;
                            (nest.valued, nest.fresh) = (true, false);
                            if nest.is_empty() {
                                return (at + 1, End::Closed);
                            }
                        }
                    }
                }
            },
            // JSON has no line ends in a text. This text was cut off, and another document begins.
            Mode::TextLine if byte == b'{' => return (at, End::Broken("a text runs over the line's end")),
            Mode::TextLine => {
                *mode = Mode::Text;
                continue;
            }
            Mode::Escape => *mode = Mode::Text,
            Mode::Bare => match byte {
                b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' => return (at, End::Closed),
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.' => {}
                _ => return (at, End::Broken("a value is neither text nor number")),
            },
            Mode::Between => match byte {
                b'"' => *mode = Mode::Text,
                // No comma in between: the value was cut off, and another document begins.
                b'{' if nest.fresh && nest.valued => return (at, End::Broken("a comma is missing")),
                b'{' => nest.push(b'}'),
                b'[' => nest.push(b']'),
                b'}' | b']' => {
                    if !nest.close(byte) {
                        return (at, End::Broken("a bracket is closed that is not open"));
                    }
                    if nest.is_empty() {
                        return (at + 1, End::Closed);
                    }
                }
                b'\n' => nest.fresh = true,
                b' ' | b'\t' | b'\r' => nest.fresh = false,
                _ => (nest.valued, nest.fresh) = (!matches!(byte, b',' | b':'), false),
            },
        }
        at += 1;
    }
    (bytes.len(), End::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one at a time, so that every token is torn at every place.
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (Some(to), Some((first, rest))) = (buffer.first_mut(), self.0.split_first()) else {
                return Ok(0);
            };
            *to = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    const WIDE: Bounds = Bounds { bytes: 1 << 20, depth: 64 };

    #[test]
    fn a_captured_value_is_the_text_that_came() {
        for value in [
            r#""a\"b\\""#,
            "-1.5e3",
            "null",
            r#"{"a":[1,{"b":"]}"}],"c":"\u005d"}"#,
            "[]",
            r#"["\\","\""]"#,
            "\"é\"",
        ] {
            let text = format!(" {value} ,rest");
            let mut input = Drip(text.as_bytes());
            let mut cursor = Cursor::new(&mut input).unwrap();
            let mut out = Vec::new();
            assert_eq!(cursor.capture(&mut out, WIDE).unwrap(), None);
            assert_eq!(String::from_utf8(out).unwrap(), value);
            assert_eq!(cursor.peek().unwrap(), Some(b','));
        }
    }

    #[test]
    fn what_passes_a_bound_is_read_over_to_its_end() {
        let deep = format!("{}{},7", "[".repeat(70), "]".repeat(70));
        let long = format!("\"{}\",7", "x".repeat(100));
        for (text, bounds, excess) in [
            (deep, WIDE, Excess::Depth),
            (long, Bounds { bytes: 50, depth: 64 }, Excess::Length),
            (format!("{}{},7", "[".repeat(9000), "]".repeat(9000)), WIDE, Excess::Depth),
        ] {
            let mut input = text.as_bytes();
            let mut cursor = Cursor::new(&mut input).unwrap();
            let mut out = Vec::new();
            assert_eq!(cursor.capture(&mut out, bounds).unwrap(), Some(excess));
            assert!(out.len() <= bounds.bytes);
            assert_eq!(cursor.peek().unwrap(), Some(b','));
        }
    }

    #[test]
    fn members_and_elements_come_in_turn_with_line_numbers() {
        let text = "\u{feff}{\"a\":1,\n \"\\u0054ag\" : [ {} ,\n\"x\",] ,}";
        let mut input = Drip(text.as_bytes());
        let mut cursor = Cursor::new(&mut input).unwrap();
        assert_eq!(cursor.token().unwrap(), b'{');
        cursor.open();
        let mut first = true;
        assert_eq!(cursor.key(&mut first).unwrap().as_deref(), Some("a"));
        cursor.skip().unwrap();
        assert_eq!(cursor.key(&mut first).unwrap().as_deref(), Some("Tag"));
        assert_eq!(cursor.token().unwrap(), b'[');
        cursor.open();
        let mut lines = Vec::new();
        let mut begun = true;
        while cursor.element(&mut begun).unwrap() {
            lines.push(cursor.position().line);
            cursor.skip().unwrap();
        }
        assert_eq!(lines, [2, 3]);
        assert_eq!(cursor.key(&mut first).unwrap(), None);
        assert_eq!(cursor.peek().unwrap(), None);
        assert_eq!(cursor.position().offset, text.len() as u64);
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |text: &str| {
            let mut input = text.as_bytes();
            Cursor::new(&mut input).unwrap().skip().unwrap_err()
        };
        assert!(matches!(fault("{\"a\":\"b"), Fault::Cut));
        assert!(matches!(fault("[1,2"), Fault::Cut));
        assert!(matches!(fault(""), Fault::Cut));
        assert!(matches!(fault("]"), Fault::Broken(_)));
        assert!(matches!(fault("@"), Fault::Broken(_)));
        assert!(matches!(fault("[}"), Fault::Broken(_)));
    }
}
