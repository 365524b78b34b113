//! How a field is written, and what it then means.

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As it is meant.
    Plainly,
    /// With the escapes of a JSON string (RFC 8259, section 7).
    Json,
    /// With Zeek's `\xNN`.
    Zeek,
    /// With quotation marks doubled (RFC 4180, section 2).
    Csv,
}

/// What an escape stands for.
#[derive(Debug, Clone, Copy)]
struct Escape {
    /// Bytes of the escape.
    length: usize,
    meant: [u8; 4],
    count: usize,
}

impl Escape {
    fn byte(length: usize, byte: u8) -> Self {
        Self { length, meant: [byte, 0, 0, 0], count: 1 }
    }

    fn character(length: usize, c: char) -> Self {
        let mut meant = [0; 4];
        let count = c.encode_utf8(&mut meant).len();
        Self { length, meant, count }
    }

    fn meant(&self) -> &[u8] {
        self.meant.get(..self.count).unwrap_or_default()
    }
}

impl Written {
    /// Appends what a field means.
    pub fn decode(self, raw: &[u8], out: &mut Vec<u8>) {
        let mut rest = raw;
        while let Some((plain, escape, behind)) = self.next(rest) {
            out.extend_from_slice(plain);
            out.extend_from_slice(escape.meant());
            rest = behind;
        }
        out.extend_from_slice(rest);
    }

    /// Where in a field the byte stands that has this place in what the field means.
    pub fn place(self, raw: &[u8], offset: usize) -> usize {
        let (mut rest, mut left) = (raw, offset);
        while let Some((plain, escape, behind)) = self.next(rest) {
            if left < plain.len() {
                break;
            }
            left -= plain.len();
            if left < escape.count {
                return raw.len() - rest.len() + plain.len();
            }
            left -= escape.count;
            rest = behind;
        }
        (raw.len() - rest.len() + left).min(raw.len())
    }

    /// What stands before the next escape, the escape, and what stands behind it.
    fn next(self, raw: &[u8]) -> Option<(&[u8], Escape, &[u8])> {
        let mark = match self {
            Self::Plainly => return None,
            Self::Json | Self::Zeek => b'\\',
            Self::Csv => b'"',
        };
        let at = memchr::memchr(mark, raw)?;
        let (plain, rest) = raw.split_at_checked(at)?;
        let escape = match self {
            Self::Json => json(rest),
            Self::Zeek => zeek(rest),
            _ => Escape::byte(if rest.starts_with(b"\"\"") { 2 } else { 1 }, b'"'),
        };
        Some((plain, escape, rest.get(escape.length..).unwrap_or_default()))
    }
}

fn json(rest: &[u8]) -> Escape {
    match rest.get(1) {
        Some(b'u') => {}
        Some(b'b') => return Escape::byte(2, 8),
        Some(b'f') => return Escape::byte(2, 12),
        Some(b'n') => return Escape::byte(2, b'\n'),
        Some(b'r') => return Escape::byte(2, b'\r'),
        Some(b't') => return Escape::byte(2, b'\t'),
        Some(byte) => return Escape::byte(2, *byte),
        None => return Escape::byte(1, b'\\'),
    }
    let unit = |at: usize| hex(rest.get(at..at + 4)?);
    let Some(first) = unit(2) else { return Escape::byte(2, b'u') };
    let second = if rest.get(6..8) == Some(b"\\u") { unit(8) } else { None };
    match (first, second) {
        (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            Escape::character(12, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        // Half of a pair means nothing.
        _ => Escape::character(6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

fn zeek(rest: &[u8]) -> Escape {
    if rest.starts_with(b"\\\\") {
        return Escape::byte(2, b'\\');
    }
    let code = rest.strip_prefix(b"\\x").and_then(|digits| digits.get(..2)).and_then(hex);
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(byte) => Escape::byte(4, byte),
        None => Escape::byte(1, b'\\'),
    }
}

/// Reads hexadecimal digits.
pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
