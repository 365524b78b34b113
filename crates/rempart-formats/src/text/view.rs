//! A stretch of text with its defanging undone, and the way back to where each byte came from.

use std::borrow::Cow;

/// What a bracketed mark stands for: `[.]`, `(dot)`, `{at}`, `[://]`.
const MARKS: &[(&str, &str)] = &[
    (".", "."),
    ("dot", "."),
    ("punkt", "."),
    ("point", "."),
    ("@", "@"),
    ("at", "@"),
    ("://", "://"),
    (":", ":"),
    ("//", "//"),
    ("/", "/"),
    ("www", "www"),
    ("http", "http"),
    ("https", "https"),
];

/// Text in which indicators stand as machines write them, with a map back.
#[derive(Debug)]
pub(super) struct View<'t> {
    text: Cow<'t, str>,
    /// Where the text begins in the original.
    offset: usize,
    /// Where the bytes of `text` come from, ascending; empty where nothing was changed.
    runs: Vec<Run>,
    /// The bytes of `text` that a mark was undone at, ascending.
    marks: Vec<usize>,
}

/// Bytes of a view that come from one place.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first of them in the view; the next run begins where this one ends.
    at: usize,
    /// Where their original begins.
    from: usize,
    /// How long the original is that all of them stand for together; `None` where each stands for itself.
    length: Option<usize>,
}

/// Where the byte `at` of a view comes from: beginning and end.
fn origin_of(runs: &[Run], at: usize) -> Option<(usize, usize)> {
    let run = runs.get(runs.partition_point(|run| run.at <= at).checked_sub(1)?)?;
    Some(match run.length {
        None => (run.from + (at - run.at), run.from + (at - run.at) + 1),
        Some(length) => (run.from, run.from + length),
    })
}

impl<'t> View<'t> {
    /// The view of `chunk`, which begins at byte `offset` of the original.
    pub(super) fn new(chunk: &'t str, offset: usize) -> Self {
        if is_plain(chunk) {
            return Self { text: Cow::Borrowed(chunk), offset, runs: Vec::new(), marks: Vec::new() };
        }
        Writer::new(chunk, offset).run()
    }

    /// The text without defanging.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the original the bytes from `start` to `end` stand.
    pub(super) fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        if self.runs.is_empty() {
            return (self.offset + start, self.offset + end);
        }
        let first = origin_of(&self.runs, start).map_or(self.offset, |origin| origin.0);
        let last =
            end.checked_sub(1).and_then(|last| origin_of(&self.runs, last)).map_or(first, |origin| origin.1);
        (first, last.max(first))
    }

    /// Whether something was undone between `start` and `end`.
    pub(super) fn is_defanged(&self, start: usize, end: usize) -> bool {
        let next = self.marks.partition_point(|mark| *mark < start);
        self.marks.get(next).is_some_and(|mark| *mark < end)
    }
}

/// True for what the writer would leave as it is.
fn is_plain(chunk: &str) -> bool {
    let bytes = chunk.as_bytes();
    let changes = |(at, byte): (usize, &u8)| match byte {
        b'[' => {
            bytes.get(at + 1) == Some(&b'.') || chunk.get(at..).is_some_and(|rest| bracketed(rest).is_some())
        }
        b'(' | b'{' => chunk.get(at..).is_some_and(|rest| bracketed(rest).is_some()),
        b']' => at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'.'),
        // The first bytes of everything invisible and of the other dots (see the writer).
        b'\\' | b' ' | 0xc2 | 0xe2 | 0xef => true,
        _ => false,
    };
    !bytes.iter().enumerate().any(changes)
        && !memchr::memmem::find_iter(bytes, b"://")
            .any(|at| masked_scheme(bytes.get(..at).unwrap_or_default()).is_some())
}

/// The scheme that a masked one at the end of `text` stands for, and its length: `hxxps`, `h**p`,
/// `meow`, `fxp`.
fn masked_scheme(text: &[u8]) -> Option<(&'static str, usize)> {
    const MASKED: &[(&[u8], &str)] = &[
        (b"hxxps", "https"),
        (b"hxxp", "http"),
        (b"h**ps", "https"),
        (b"h**p", "http"),
        (b"htxps", "https"),
        (b"htxp", "http"),
        (b"hxtps", "https"),
        (b"hxtp", "http"),
        (b"hxxxps", "https"),
        (b"hxxxp", "http"),
        (b"h__ps", "https"),
        (b"h__p", "http"),
        (b"meows", "https"),
        (b"meow", "http"),
        (b"fxps", "ftps"),
        (b"fxp", "ftp"),
        (b"f*p", "ftp"),
    ];
    let found = MASKED.iter().find(|(masked, _)| {
        text.len().checked_sub(masked.len()).is_some_and(|start| {
            let before = start.checked_sub(1).and_then(|at| text.get(at));
            text.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(masked))
                && !before.is_some_and(u8::is_ascii_alphanumeric)
        })
    })?;
    Some((found.1, found.0.len()))
}

struct Writer<'t> {
    chunk: &'t str,
    at: usize,
    offset: usize,
    out: String,
    runs: Vec<Run>,
    marks: Vec<usize>,
    /// Inside the path of a URL whose scheme and host were not defanged: nothing is undone there,
    /// since a real query may hold `[at]` (the rule of `rempart_model::observable::refang`).
    untouched_path: bool,
    /// Where the host of the current URL begins in `out`.
    host: Option<usize>,
}

impl<'t> Writer<'t> {
    fn new(chunk: &'t str, offset: usize) -> Self {
        Self {
            chunk,
            at: 0,
            offset,
            out: String::with_capacity(chunk.len()),
            runs: Vec::new(),
            marks: Vec::new(),
            untouched_path: false,
            host: None,
        }
    }

    fn run(mut self) -> View<'t> {
        while let Some(c) = self.rest().chars().next() {
            if self.copy_plain() {
                continue;
            }
            let taken = self.invisible(c) || (!self.untouched_path && (self.mark(c) || self.spelled(c)));
            if !taken {
                self.copy(c);
            }
        }
        View { text: Cow::Owned(self.out), offset: self.offset, runs: self.runs, marks: self.marks }
    }

    fn rest(&self) -> &'t str {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    fn last(&self) -> Option<char> {
        self.out.chars().next_back()
    }

    /// Writes `meant` for the next `length` bytes.
    fn write(&mut self, meant: &str, length: usize, marked: bool) {
        if marked {
            self.marks.push(self.out.len());
        }
        if meant.len() == length && !marked {
            self.note_exact();
        } else {
            let from = self.offset + self.at;
            self.runs.push(Run { at: self.out.len(), from, length: Some(length) });
        }
        self.out.push_str(meant);
        self.at += length;
        self.after(marked);
    }

    /// Copies what can neither be nor end a mark or a scheme; false where there is nothing of it.
    fn copy_plain(&mut self) -> bool {
        let plain = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'&' | b'%' | b'+')
        };
        let length = self.rest().bytes().take_while(plain).count();
        if length > 0 {
            self.note_exact();
        }
        self.out.push_str(self.rest().get(..length).unwrap_or_default());
        self.at += length;
        length > 0
    }

    /// What is written next stands for itself: it goes on with the run before it, or begins one.
    fn note_exact(&mut self) {
        let (at, from) = (self.out.len(), self.offset + self.at);
        let goes_on =
            self.runs.last().is_some_and(|run| run.length.is_none() && run.from + (at - run.at) == from);
        if !goes_on {
            self.runs.push(Run { at, from, length: None });
        }
    }

    fn copy(&mut self, c: char) {
        let length = c.len_utf8();
        match c {
            // What IDNA takes for a dot (UTS 46, section 4, step 1).
            '\u{ff0e}' | '\u{ff61}' => self.write(".", length, false),
            _ => self.write(c.encode_utf8(&mut [0; 4]), length, false),
        }
    }

    /// Keeps track of where a URL's path begins, and unmasks its scheme.
    fn after(&mut self, marked: bool) {
        if self.out.ends_with("://") {
            let end = self.out.len() - 3;
            let masked = masked_scheme(self.out.as_bytes().get(..end).unwrap_or_default());
            if let Some((scheme, length)) = masked {
                self.unmask(end - length, end, scheme);
            }
            let defanged = marked || masked.is_some() || self.marks.last().is_some_and(|mark| *mark >= end);
            self.host = (!defanged).then_some(self.out.len());
            self.untouched_path = false;
        } else if let Some(host) = self.host
            && self.out.len() > host
            && self.out.ends_with(['/', '?', '#'])
        {
            self.untouched_path = self.marks.last().is_none_or(|mark| *mark < host);
            self.host = None;
        }
    }

    fn unmask(&mut self, start: usize, end: usize, scheme: &str) {
        let origin = |at: usize| origin_of(&self.runs, at).unwrap_or((self.offset, self.offset));
        let (first, last) = (origin(start).0, origin(end.saturating_sub(1)).1);
        // The few bytes behind the scheme move, each with where it comes from.
        let behind: Vec<(usize, usize)> = (end..self.out.len()).map(origin).collect();
        let tail = self.out.split_off(end);
        self.out.truncate(start);
        self.out.push_str(scheme);
        while self.runs.last().is_some_and(|run| run.at >= start) {
            self.runs.pop();
        }
        self.runs.push(Run { at: start, from: first, length: Some(last - first) });
        for (place, (from, to)) in behind.into_iter().enumerate() {
            self.runs.push(Run { at: self.out.len() + place, from, length: Some(to - from) });
        }
        self.out.push_str(&tail);
        while self.marks.last().is_some_and(|mark| *mark >= start) {
            self.marks.pop();
        }
        self.marks.push(start);
    }

    /// Drops zero-width characters and soft hyphens; joiners stay inside scripts that join.
    fn invisible(&mut self, c: char) -> bool {
        let drop = match c {
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{200e}' | '\u{200f}' => true,
            '\u{200c}' | '\u{200d}' => self.last().is_none_or(|last| last.is_ascii()),
            _ => false,
        };
        if drop {
            self.at += c.len_utf8();
        }
        drop
    }

    /// `[.]` and its kin, `[.` and `.]` alone, `\.`, `:\\`.
    fn mark(&mut self, c: char) -> bool {
        let rest = self.rest();
        let follows_word = self.last().is_some_and(char::is_alphanumeric);
        match c {
            '\\' if rest.starts_with("\\/") => {
                self.at += 1;
                self.write("/", 1, false);
                true
            }
            '\\' if rest.starts_with("\\.") && follows_word && begins_word(rest.get(2..)) => {
                self.write(".", 2, true);
                true
            }
            '\\' if rest.starts_with("\\\\") && self.out.ends_with(':') && self.ends_in_scheme() => {
                self.write("//", 2, true);
                true
            }
            '\\' | '[' | '(' | '{' => match bracketed(rest) {
                Some((meant, length)) if follows_word || self.last() == Some(']') || meant.len() > 1 => {
                    self.at += length;
                    let behind = spaces(self.rest());
                    self.at -= length;
                    self.write(meant, length + behind, true);
                    true
                }
                _ if rest.starts_with("[.") && follows_word && begins_word(rest.get(2..)) => {
                    self.write(".", 2, true);
                    true
                }
                _ => false,
            },
            '.' if rest.starts_with(".]") && follows_word && begins_word(rest.get(2..)) => {
                self.write(".", 2, true);
                true
            }
            // Spaces are in a chunk only where a mark stands beside them.
            ' ' if bracketed(rest.trim_start_matches(' ')).is_some() => {
                self.at += spaces(rest);
                true
            }
            _ => false,
        }
    }

    /// ` dot ` and ` at `, which are in a chunk only where they were found to spell a name.
    fn spelled(&mut self, c: char) -> bool {
        if c != ' ' {
            return false;
        }
        let rest = self.rest();
        for (word, meant) in [(" dot ", "."), (" at ", "@")] {
            if rest.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)) {
                self.write(meant, word.len(), true);
                return true;
            }
        }
        false
    }

    fn ends_in_scheme(&self) -> bool {
        let head = self.out.strip_suffix(':').unwrap_or_default().as_bytes();
        let plain = [b"http".as_slice(), b"https", b"ftp"];
        masked_scheme(head).is_some()
            || plain.iter().any(|scheme| {
                head.len()
                    .checked_sub(scheme.len())
                    .and_then(|start| head.get(start..))
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(scheme))
            })
    }
}

fn begins_word(text: Option<&str>) -> bool {
    text.and_then(|text| text.chars().next()).is_some_and(char::is_alphanumeric)
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// Without one backslash, or two, at the beginning.
fn unescaped(text: &str) -> &str {
    let text = text.strip_prefix('\\').unwrap_or(text);
    text.strip_prefix('\\').unwrap_or(text)
}

/// A mark in brackets at the beginning of `text`: what it stands for, and its length.
pub(super) fn bracketed(text: &str) -> Option<(&'static str, usize)> {
    let inside = unescaped(text).strip_prefix(['[', '(', '{'])?;
    let inside = inside.strip_prefix(' ').unwrap_or(inside);
    MARKS.iter().find_map(|(mark, meant)| {
        let found = inside.get(..mark.len())?;
        if !found.eq_ignore_ascii_case(mark) {
            return None;
        }
        let after = inside.get(mark.len()..)?;
        let after = after.strip_prefix(' ').unwrap_or(after);
        let end = unescaped(after).strip_prefix([']', ')', '}'])?;
        Some((*meant, text.len() - end.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defanging_is_undone_and_the_way_back_is_kept() {
        for (written, meant) in [
            ("hxxps[:]//evil[.]example/a[.]php", "https://evil.example/a.php"),
            ("hxxps[://]evil[dot]example", "https://evil.example"),
            ("h**p://evil(.)example", "http://evil.example"),
            ("meow://evil{dot}example", "http://evil.example"),
            ("evil[.example", "evil.example"),
            ("evil.]example", "evil.example"),
            ("evil\\.example", "evil.example"),
            ("evil[.)example", "evil.example"),
            ("user[at]evil(dot)example", "user@evil.example"),
            ("evil [.] example", "evil.example"),
            ("evil[.] example", "evil.example"),
            ("evil dot example", "evil.example"),
            ("ev\u{200b}il\u{ad}.example", "evil.example"),
            ("2001[:]db8[:]:1", "2001:db8::1"),
            ("hxxp:\\\\evil.example", "http://evil.example"),
            ("http:\\/\\/evil.example\\/a", "http://evil.example/a"),
            ("http://evil.example/?q=a[at]b", "http://evil.example/?q=a[at]b"),
            ("[text](http://a.example)", "[text](http://a.example)"),
            ("f(x)", "f(x)"),
        ] {
            let view = View::new(written, 100);
            assert_eq!(view.text(), meant, "{written}");
            assert_eq!(view.origin(0, meant.len()), (100, 100 + written.len()), "{written}");
        }
    }

    #[test]
    fn what_was_undone_is_known_by_place() {
        let view = View::new("a.example,b[.]example", 0);
        assert!(!view.is_defanged(0, 9));
        assert!(view.is_defanged(10, 19));
        assert_eq!(view.origin(10, 19), (10, 21));
    }
}
