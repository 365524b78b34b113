//! A window over a stream: what has been read and not yet consumed, with its place in the input.

use std::io::{self, Read};

use rempart_model::Position;

/// How much is asked of the stream at a time.
const CHUNK: usize = 64 << 10;

/// The unread part of a stream. It grows only as far as its user asks it to.
pub(crate) struct Window<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    at: Position,
}

impl<'a> Window<'a> {
    /// A window at the beginning of `input`. A UTF-8 byte order mark is left out (RFC 3629, section 6).
    pub(crate) fn new(input: &'a mut dyn Read) -> io::Result<Self> {
        let mut window =
            Self { input, buffer: Vec::new(), start: 0, ended: false, at: Position { offset: 0, line: 1 } };
        while window.bytes().len() < 3 && window.fill()? {}
        if window.bytes().starts_with(b"\xef\xbb\xbf") {
            window.consume(3);
        }
        Ok(window)
    }

    /// What is there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Where [`bytes`](Self::bytes) begins.
    pub(crate) fn position(&self) -> Position {
        self.at
    }

    /// Reads more; `false` at the end of the stream.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        loop {
            let read = self.input.read(self.buffer.get_mut(length..).unwrap_or_default());
            match read {
                Ok(count) => {
                    self.buffer.truncate(length + count.min(CHUNK));
                    self.ended = count == 0;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(length);
                    return Err(error);
                }
            }
        }
    }

    /// Moves on by `count` bytes, counting the lines that end in them (LF, CRLF or CR).
    pub(crate) fn consume(&mut self, count: usize) {
        let gone = self.bytes().get(..count).unwrap_or(self.bytes());
        let mut lines = memchr::memchr_iter(b'\n', gone).count();
        for at in memchr::memchr_iter(b'\r', gone) {
            lines += usize::from(gone.get(at + 1) != Some(&b'\n'));
        }
        let count = gone.len();
        self.at.line += lines as u64;
        self.at.offset += count as u64;
        self.start += count;
    }

    /// Finds the next line: its length without and with its end. `None`: nothing is left. A line
    /// longer than `limit` is reported at `limit`, with no end.
    pub(crate) fn line(&mut self, limit: usize) -> io::Result<Option<Found>> {
        let mut seen = 0;
        loop {
            let bytes = self.bytes();
            let rest = bytes.get(seen..).unwrap_or_default();
            if let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
                let length = seen + at;
                // A CR at the very end of the window may be half of a CRLF.
                if bytes.get(length) == Some(&b'\r') && bytes.len() == length + 1 && self.fill()? {
                    continue;
                }
                if length > limit {
                    return Ok(Some(Found::TooLong));
                }
                let crlf = self.bytes().get(length..length + 2) == Some(b"\r\n");
                return Ok(Some(Found::Line { length, whole: length + 1 + usize::from(crlf) }));
            }
            seen = bytes.len();
            if seen > limit {
                return Ok(Some(Found::TooLong));
            }
            if !self.fill()? {
                return Ok((seen > 0).then_some(Found::Line { length: seen, whole: seen }));
            }
        }
    }

    /// Moves on behind the end of the current line, however long it is.
    pub(crate) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.bytes();
            if let Some(at) = memchr::memchr2(b'\n', b'\r', bytes) {
                if at + 1 == bytes.len() && bytes.get(at) == Some(&b'\r') && self.fill()? {
                    continue;
                }
                let crlf = self.bytes().get(at..at + 2) == Some(b"\r\n");
                self.consume(at + 1 + usize::from(crlf));
                return Ok(());
            }
            let all = bytes.len();
            self.consume(all);
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

/// What [`Window::line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A line: `length` bytes of text, `whole` bytes with the line end.
    Line {
        /// Bytes of text.
        length: usize,
        /// Bytes to consume.
        whole: usize,
    },
    /// A line that is longer than was asked for.
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary falls inside something.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let (Some((first, rest)), Some(slot)) = (self.0.split_first(), to.first_mut()) else {
                return Ok(0);
            };
            *slot = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn lines(input: &mut dyn Read) -> Vec<(u64, u64, String)> {
        let mut window = Window::new(input).unwrap();
        let mut all = Vec::new();
        while let Some(found) = window.line(10).unwrap() {
            let at = window.position();
            let text = match found {
                Found::Line { length, whole } => {
                    let text = String::from_utf8_lossy(&window.bytes()[..length]).into_owned();
                    window.consume(whole);
                    text
                }
                Found::TooLong => {
                    window.skip_line().unwrap();
                    "(too long)".to_owned()
                }
            };
            all.push((at.offset, at.line, text));
        }
        all
    }

    #[test]
    fn lines_end_in_lf_crlf_or_cr_and_know_their_place() {
        let text = b"\xef\xbb\xbfa\r\nbb\rccc\n\n0123456789abc\r\nd";
        let expected: Vec<(u64, u64, String)> =
            [(3, 1, "a"), (6, 2, "bb"), (9, 3, "ccc"), (13, 4, ""), (14, 5, "(too long)"), (29, 6, "d")]
                .map(|(offset, line, text)| (offset, line, text.to_owned()))
                .to_vec();
        assert_eq!(lines(&mut &text[..]), expected);
        assert_eq!(lines(&mut Drip(text)), expected);
    }

    #[test]
    fn an_endless_line_costs_a_bounded_buffer() {
        let mut endless = io::repeat(b'x').take(50 << 20);
        let mut window = Window::new(&mut endless).unwrap();
        assert_eq!(window.line(1 << 20).unwrap(), Some(Found::TooLong));
        window.skip_line().unwrap();
        assert!(window.buffer.capacity() < 4 << 20, "{}", window.buffer.capacity());
        assert_eq!(window.position().offset, 50 << 20);
    }
}
