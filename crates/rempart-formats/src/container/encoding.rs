//! Text in other encodings than UTF-8.

use std::borrow::Cow;
use std::io::{self, Read};

/// The encodings that an input can be in as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or another superset of ASCII: told apart record by record (see [`text`]).
    Ascii,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

/// Tells the encoding by the byte order mark, or, without one, by where the zero bytes of mostly
/// ASCII text are.
pub fn detect(first: &[u8]) -> Encoding {
    match first {
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    let sample = first.get(..first.len().min(1024) & !1).unwrap_or_default();
    let pairs = sample.len() / 2;
    let zero = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zero(0), zero(1));
    if pairs >= 4 && odd * 10 >= pairs * 8 && even * 10 <= pairs {
        Encoding::Utf16Le
    } else if pairs >= 4 && even * 10 >= pairs * 8 && odd * 10 <= pairs {
        Encoding::Utf16Be
    } else {
        Encoding::Ascii
    }
}

/// The text of a record: UTF-8 where it is valid, else Windows-1252 (what "Latin-1" means on the
/// Web, <https://encoding.spec.whatwg.org/#names-and-labels>), in which every byte is a character.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(windows_1252).collect()),
    }
}

/// The character of one byte of Windows-1252; the five unassigned bytes are C1 controls.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH.get(usize::from(byte - 0x80)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

/// Reads UTF-16 and gives UTF-8, without the byte order mark. An unpaired surrogate becomes U+FFFD.
pub struct Utf16Reader<R> {
    inner: R,
    big: bool,
    raw: Vec<u8>,
    pending: Vec<u16>,
    out: Vec<u8>,
    given: usize,
    begun: bool,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    /// Reads `inner` as UTF-16, `big` end first or little end first.
    pub fn new(inner: R, big: bool) -> Self {
        Self {
            inner,
            big,
            raw: Vec::new(),
            pending: Vec::new(),
            out: Vec::new(),
            given: 0,
            begun: false,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let kept = self.raw.len();
        self.raw.resize(kept + (16 << 10), 0);
        let count = loop {
            match self.inner.read(self.raw.get_mut(kept..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.raw.truncate(kept + count);
        self.ended = count == 0;
        let units = self.raw.chunks_exact(2).map(|pair| match *pair {
            [a, b] if self.big => u16::from_be_bytes([a, b]),
            [a, b] => u16::from_le_bytes([a, b]),
            _ => 0xfffd,
        });
        self.pending.extend(units);
        self.raw.drain(..self.raw.len() & !1);
        // A high surrogate at the end waits for its other half.
        let held = match self.pending.last() {
            Some(0xd800..=0xdbff) if !self.ended => self.pending.pop(),
            _ => None,
        };
        self.out.clear();
        self.given = 0;
        for character in char::decode_utf16(self.pending.drain(..)) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            if self.begun || character != '\u{feff}' {
                self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            self.begun = true;
        }
        self.pending.extend(held);
        if self.ended && !self.raw.is_empty() {
            self.raw.clear();
            self.out.extend_from_slice("\u{fffd}".as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() && !self.ended {
            self.refill()?;
        }
        let left = self.out.get(self.given..).unwrap_or_default();
        let count = left.len().min(to.len());
        if let (Some(slots), Some(bytes)) = (to.get_mut(..count), left.get(..count)) {
            slots.copy_from_slice(bytes);
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        let big = detect(bytes) == Encoding::Utf16Be;
        Utf16Reader::new(bytes, big).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn utf_16_of_both_byte_orders_becomes_utf_8() {
        let text = "1.2.3.4\r\nmünchen.example 😀\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((detect(&little), detect(&big)), (Encoding::Utf16Le, Encoding::Utf16Be));
        assert_eq!(read(&little), text);
        assert_eq!(read(&big), text);
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(little).collect();
        assert_eq!(read(&marked), text);
        assert_eq!(detect(text.as_bytes()), Encoding::Ascii);
        // Cut in the middle of a unit, and a lone surrogate: marked, not lost silently.
        assert_eq!(read(&[0xff, 0xfe, b'a', 0, b'b']), "a\u{fffd}");
        assert_eq!(read(&[0xff, 0xfe, b'a', 0, 0x00, 0xd8]), "a\u{fffd}");
    }

    #[test]
    fn a_record_that_is_not_utf_8_is_windows_1252() {
        assert_eq!(text("zürich".as_bytes()), "zürich");
        assert_eq!(text(b"z\xfcrich \x80\x93"), "zürich €“");
    }
}
