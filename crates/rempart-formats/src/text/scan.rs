//! Splitting a text into lines and stretches without space, and reading those that may hold a value.

use super::layout::{Layout, Line, without_bullet};
use super::lexer::{self, Candidate, Looks};
use super::names;
use super::view::{View, bracketed};
use rempart_model::{Kind, Observable};

/// What was found in a text, with the lines that it was found in.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) found: Vec<(Candidate, usize)>,
    pub(super) lines: Vec<Line>,
    /// The first lines that hold anything: a title, as a rule.
    pub(super) title: (usize, usize),
}

/// The shortest piece that a hash is broken into at the end of a line.
const SHORTEST_PIECE: usize = 8;
/// The most pieces.
const MOST_PIECES: usize = 16;

/// Reads all of `text`.
pub(super) fn scan(text: &str) -> Scanned {
    let mut scanned = Scanned::default();
    let mut layout = Layout::default();
    let mut skip = 0;
    let mut start = 0;
    let mut titled = false;
    while start < text.len() {
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let end = memchr::memchr2(b'\n', b'\r', rest).map_or(text.len(), |length| start + length);
        let before = scanned.found.len();
        skip = scan_line(text, start.max(skip), end, scanned.lines.len(), &mut scanned.found).max(skip);
        let valued = scanned.found.len() > before;
        let line = layout.line(text, start, end, valued);
        if !titled && end > start {
            scanned.title = (start, end.min(start + 300));
            titled = true;
        }
        if valued {
            scanned.lines.push(line);
        }
        start = end + 1;
    }
    scanned
}

/// What bytes do to a stretch; the bits of those in a stretch are collected.
mod class {
    pub(super) const SPACE: u8 = 1;
    pub(super) const DOT: u8 = 2;
    pub(super) const SIGN: u8 = 4;
    pub(super) const DIGIT: u8 = 8;
    pub(super) const WIDE: u8 = 16;

    /// Classes of all bytes. `SIGN` is what may make a stretch interesting besides dots.
    pub(super) const OF: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0_usize;
        while byte < 256 {
            table[byte] = match byte as u8 {
                0..=b' ' | 0x7f | b'<' | b'>' | b'"' | b'`' | b'|' => SPACE,
                b'.' => DOT,
                b':' | b'@' | b'[' | b'(' | b'{' | b'\\' => SIGN,
                b'0'..=b'9' => DIGIT,
                0xc2 | 0xe2 | 0xe3 | 0xef => WIDE,
                _ => 0,
            };
            byte += 1;
        }
        table
    };
}

/// Reads the line at `start..end`; returns where the next may begin to be read.
fn scan_line(
    text: &str,
    start: usize,
    end: usize,
    line: usize,
    found: &mut Vec<(Candidate, usize)>,
) -> usize {
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let mut at = start;
    while at < end {
        let begin = at;
        let (length, seen) = stretch(bytes, begin);
        at += length;
        if length >= 2 {
            let before = found.len();
            let next = bytes.get(at + 1).copied().unwrap_or_default();
            let goes_on = matches!(next, b'[' | b'(' | b'{' | b'\\');
            let extended = if goes_on { extend(text, at, end, begin) } else { at };
            let chunk = bytes.get(begin..at).unwrap_or_default();
            if extended > at || (length >= 4 && is_interesting(chunk, seen)) {
                if let Some((candidate, next)) = broken_hash(text, begin, at, end) {
                    found.push((candidate, line));
                    return next;
                }
                at = if goes_on { extended } else { extend(text, at, end, begin) };
                let chunk = text.get(begin..at).unwrap_or_default();
                lexer::read(&View::new(chunk, begin), &mut |candidate| found.push((candidate, line)));
            }
            // ` dot `, ` at `, and the number behind `AS`.
            if matches!(next, b'd' | b'D' | b'a' | b'A' | b'0'..=b'9')
                && found.len() == before
                && let Some((candidate, next)) = spelled(text, begin, at, end)
            {
                at = next;
                found.push((candidate, line));
            }
        }
        // Past the separator, which may have several bytes.
        at += 1;
        while at < end && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    start
}

/// Whether the character that begins at `at` separates stretches: space, quotes, punctuation of
/// Chinese and Japanese.
fn separates(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..at + 3) {
        Some([0xe2, 0x80, last]) => {
            matches!(last, 0x80..=0x8a | 0x98..=0x9f | 0xa2 | 0xa6 | 0xa8..=0xa9 | 0xaf | 0xb9 | 0xba)
        }
        Some([0xe3, 0x80, last]) => matches!(last, 0x80..=0x91),
        Some([0xef, 0xbc, last]) => matches!(last, 0x81..=0x8c | 0x9a..=0x9f),
        _ => matches!(bytes.get(at..at + 2), Some([0xc2, 0xa0 | 0xab | 0xbb])),
    }
}

/// Whether a stretch may hold a value at all. Most words of prose end here.
fn is_interesting(chunk: &[u8], seen: u8) -> bool {
    chunk.len() >= 32
        || (seen & class::DOT != 0 && has_inner_dot(chunk))
        || (seen & class::SIGN != 0 && has_mark(chunk))
        || (seen & class::DIGIT != 0 && may_be_identifier(chunk))
        || (seen & class::WIDE != 0
            && ["\u{ff0e}", "\u{ff61}"]
                .iter()
                .any(|dot| memchr::memmem::find(chunk, dot.as_bytes()).is_some()))
}

/// Whether there is a dot with something of a name, or of a mark, on either side.
fn has_inner_dot(chunk: &[u8]) -> bool {
    memchr::memchr_iter(b'.', chunk).any(|at| {
        let before = at.checked_sub(1).and_then(|at| chunk.get(at)).copied().unwrap_or(b'.');
        let after = chunk.get(at + 1).copied().unwrap_or(b'.');
        (before.is_ascii_alphanumeric()
            || before >= 0x80
            || matches!(before, b'[' | b'(' | b'{' | b'\\' | b']'))
            && (after.is_ascii_alphanumeric() || after >= 0x80 || matches!(after, b']' | b')' | b'}' | b'\\'))
    })
}

/// Whether there is a mark without a dot (`[dot]`, `[:]`), or as many colons as an IPv6 address has.
fn has_mark(chunk: &[u8]) -> bool {
    let colons = memchr::memchr_iter(b':', chunk).take(2).count();
    colons == 2
        || chunk.windows(3).any(|three| {
            matches!(three, [b'[' | b'(' | b'{', b'd' | b'D' | b'p' | b'P', b'o' | b'O' | b'u' | b'U'])
                || matches!(three, [b'[' | b'(' | b'{', b':' | b' ', _])
        })
}

/// Whether a stretch may hold a CVE identifier, a system's number or a piece of a hash.
fn may_be_identifier(chunk: &[u8]) -> bool {
    let bare = match chunk {
        [b'(' | b'[', bare @ ..] => bare,
        _ => chunk,
    };
    bare.starts_with(b"AS")
        || (chunk.len() >= SHORTEST_PIECE && chunk.iter().all(u8::is_ascii_hexdigit))
        || (chunk.len() >= 13 && chunk.windows(3).any(|three| three.eq_ignore_ascii_case(b"cve")))
}

/// Where a stretch ends that goes on behind a space: `evil [.] example`, `evil dot example`.
fn extend(text: &str, mut at: usize, end: usize, start: usize) -> usize {
    let mut word = start;
    loop {
        let Some(rest) = text.get(at..end) else { return at };
        let blank = rest.len() - rest.trim_start_matches(' ').len();
        if blank == 0 || blank > 2 {
            return at;
        }
        let next = rest.get(blank..).unwrap_or_default();
        let here = text.get(word..at).unwrap_or_default();
        let follows = bracketed(next).is_some_and(|(meant, _)| meant != "http" && meant != "www")
            && here.ends_with(|c: char| c.is_alphanumeric());
        let ends_in_mark = ends_in_mark(here) && next.starts_with(|c: char| c.is_alphanumeric());
        if !follows && !ends_in_mark {
            return at;
        }
        word = at + blank;
        at = word + stretch(next.as_bytes(), 0).0;
    }
}

/// Whether a stretch ends in a bracketed mark.
fn ends_in_mark(chunk: &str) -> bool {
    let Some(open) = chunk.rfind(['[', '(', '{']) else { return false };
    chunk.len() - open <= 8
        && chunk
            .get(open..)
            .is_some_and(|mark| bracketed(mark).is_some_and(|(_, length)| length == mark.len()))
}

/// The length of the stretch that begins at `start`, and the classes of its bytes.
fn stretch(bytes: &[u8], start: usize) -> (usize, u8) {
    let mut seen = 0;
    let rest = bytes.get(start..).unwrap_or_default();
    for (length, byte) in rest.iter().enumerate() {
        let class = class::OF[usize::from(*byte)];
        if class & (class::SPACE | class::WIDE) != 0
            && (class == class::SPACE || separates(bytes, start + length))
        {
            return (length, seen);
        }
        seen |= class;
    }
    (rest.len(), seen)
}

/// A hash that is broken over line ends: pieces of hexadecimal digits that only together have the
/// length of a hash. Returns it with where the text goes on.
fn broken_hash(text: &str, start: usize, end: usize, line_end: usize) -> Option<(Candidate, usize)> {
    let piece = |start: usize| {
        let bytes = text.as_bytes().get(start..).unwrap_or_default();
        bytes.iter().take(129).take_while(|byte| byte.is_ascii_hexdigit()).count()
    };
    let ends_line = |at: usize, end: usize| text.get(at..end).is_some_and(|rest| rest.trim().is_empty());
    let first = piece(start);
    if first < SHORTEST_PIECE || start + first != end || first >= 128 || !ends_line(end, line_end) {
        return None;
    }
    let whole = lexer::hash_kind(first).is_some();
    let mut digits = String::from(text.get(start..end)?);
    let mut at = line_end;
    for _ in 1..MOST_PIECES {
        // One line end, and what indents the next line.
        let rest = text.get(at..)?;
        let rest = rest.strip_prefix('\r').unwrap_or(rest);
        let next = rest.strip_prefix('\n').or_else(|| text.get(at..)?.strip_prefix('\r'))?;
        let indent = next.bytes().take(64).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let begin = text.len() - next.len() + indent;
        let length = piece(begin);
        let after = begin + length;
        if length == 0
            || text.as_bytes().get(after).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
        {
            return None;
        }
        digits.push_str(text.get(begin..after)?);
        let line_end = memchr::memchr2(b'\n', b'\r', text.as_bytes().get(after..)?)
            .map_or(text.len(), |length| after + length);
        // A piece that is a hash by itself is one.
        let alone = lexer::hash_kind(length).is_some();
        if let Some(kind) = lexer::hash_kind(digits.len()) {
            // Lines are broken where they are full, so the last piece is the shorter one.
            let ragged = length > first || (length == first && first < 48);
            let lettered = text.get(begin..after)?.bytes().any(|byte| byte.is_ascii_alphabetic());
            if alone
                || ragged
                || (whole && (length < SHORTEST_PIECE || !lettered))
                || !names::is_hash(&digits)
            {
                return None;
            }
            let observable = Observable::parse(&kind, &digits).ok()?;
            return Some((Candidate { observable, start, end: after, looks: Looks::default() }, after));
        }
        if alone || digits.len() > 128 || !ends_line(after, line_end) {
            return None;
        }
        at = line_end;
    }
    None
}

/// `ASN 64496` and `AS 64496`, and names that are spelled with ` dot `.
fn spelled(text: &str, start: usize, end: usize, line_end: usize) -> Option<(Candidate, usize)> {
    let word = text.get(start..end)?;
    let rest = text.get(end..line_end)?;
    let bare = word.trim_start_matches('(');
    let begin = end - bare.len();
    if matches!(bare, "AS" | "ASN") {
        let digits = rest.strip_prefix(' ')?;
        let length = digits.bytes().take(11).take_while(u8::is_ascii_digit).count();
        let ends = !digits.get(length..)?.starts_with(|c: char| c.is_alphanumeric() || c == '-');
        // `as early AS 2024` is no system.
        let year = bare == "AS" && length == 4 && digits.starts_with(['1', '2']);
        if length < 2 || !ends || year {
            return None;
        }
        let end = end + 1 + length;
        let observable = Observable::parse(&Kind::Asn, text.get(begin..end)?).ok()?;
        let looks = Looks { name_like: length < 4, ..Looks::default() };
        return Some((Candidate { observable, start: begin, end, looks }, end));
    }
    let next = rest.get(..5)?;
    if !(next.eq_ignore_ascii_case(" dot ") || next.get(..4)?.eq_ignore_ascii_case(" at ")) {
        return None;
    }
    let end = spelled_name(text, end, line_end)?;
    // `the dot com`, `asp dot net`: words that a name does not begin with.
    let stop = [
        "the", "a", "an", "dot", "asp", "every", "each", "of", "polka", "red", "this", "first", "last", "is",
    ];
    if stop.iter().any(|stop| stop.eq_ignore_ascii_case(bare)) {
        return None;
    }
    let mut first = None;
    lexer::read(&View::new(text.get(begin..end)?, begin), &mut |candidate| {
        first.get_or_insert(candidate);
    });
    let end = first.as_ref().map(|candidate| candidate.end)?;
    first.map(|candidate| (candidate, end))
}

/// Where a name ends whose first word ends at `at`, spelled with ` dot ` and ` at `: it must end in
/// a top-level domain.
fn spelled_name(text: &str, mut at: usize, line_end: usize) -> Option<usize> {
    let mut dots = 0;
    let mut last = None;
    for _ in 0..16 {
        let rest = text.get(at..line_end)?;
        let length = match (rest.get(..5), rest.get(..4)) {
            (Some(word), _) if word.eq_ignore_ascii_case(" dot ") => {
                dots += 1;
                5
            }
            (_, Some(word)) if word.eq_ignore_ascii_case(" at ") && dots == 0 => 4,
            _ => break,
        };
        let start = at + length;
        let word = text.get(start..line_end)?;
        let word =
            word.bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
        if word == 0 {
            break;
        }
        at = start + word;
        last = text.get(start..at);
    }
    (dots > 0 && last.is_some_and(super::tld::is_known)).then_some(at)
}

/// Whether a value stands alone on its line, but for a list sign, quotes and punctuation.
pub(super) fn is_alone(text: &str, line: &Line, start: usize, end: usize) -> bool {
    let before = text.get(line.start..start).unwrap_or_default();
    let after = text.get(end..line.end).unwrap_or_default();
    if before.len() > 24 || after.len() > 24 {
        return false;
    }
    let bare = |text: &str| !text.contains(char::is_alphanumeric);
    bare(without_bullet(before)) && (bare(after) || is_port(after))
}

/// `:8080` and ` port 8080`.
fn is_port(text: &str) -> bool {
    let text = text.trim().trim_start_matches([':', '/', ']', '`', '|', ',', ';']).trim();
    let text = text.strip_prefix("port").unwrap_or(text).trim();
    text.bytes().take_while(u8::is_ascii_digit).count() > 0 && !text.contains(char::is_alphabetic)
}
