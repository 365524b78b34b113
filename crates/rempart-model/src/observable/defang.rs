//! Undoing what people do to indicators so that nobody clicks them: `hxxp://evil[.]example`.
//!
//! The text is written anew one character at a time, and a mark is undone the moment its last
//! character arrives. What has been written therefore never holds a mark, which is why refanging
//! twice changes nothing.

use std::borrow::Cow;

/// What may stand around an indicator in prose, before it.
const LEADING: &[char] = &['"', '\'', '`', '<', '(', '{', '“', '”', '„', '‘', '’', '«', '»'];
/// What may stand around an indicator in prose, after it, besides.
const TRAILING: &[char] = &['>', ')', '}', ',', ';', '.', '!'];

/// The text with its defanging undone: `hxxp`, `h**p`, `meow`, `[.]`, `(dot)`, `[@]`, `[:]//` and
/// their kin, invisible characters, quotes around it and punctuation after it.
///
/// The path and query of a URL are refanged only where its scheme or host was defanged: an
/// untouched URL may well hold `[at]` in its query, and a comma at its end. For the same reason
/// nothing is taken off the end of such a URL but what also stood at its beginning.
pub fn refang(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let seen = without_invisible(text);
    let refanged = rewrite(unwrap(seen.trim()));
    if refanged == text { Cow::Borrowed(text) } else { Cow::Owned(refanged) }
}

/// Takes off what an indicator may be wrapped in, from an indicator without a path.
pub(super) fn trim_prose(text: &str) -> &str {
    text.trim_start_matches(is_before).trim_end_matches(|c| is_before(c) || TRAILING.contains(&c))
}

fn is_before(c: char) -> bool {
    c.is_whitespace() || LEADING.contains(&c)
}

/// True for a text that holds nothing that refanging could change.
fn is_plain(text: &str) -> bool {
    const fn table() -> [bool; 256] {
        let mut plain = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let c = byte as u8;
            plain[byte] = c.is_ascii_alphanumeric()
                || matches!(
                    c,
                    b'.' | b'-' | b'_' | b':' | b'/' | b'@' | b'%' | b'=' | b'&' | b'?' | b'+' | b'~'
                );
            byte += 1;
        }
        plain
    }
    const PLAIN: [bool; 256] = table();
    text.bytes().all(|byte| PLAIN[usize::from(byte)]) && !text.ends_with('.') && real_scheme(text).is_none()
}

/// Takes off quotes and brackets that open at the beginning, with their closing where it is there.
fn unwrap(mut text: &str) -> &str {
    while let Some(open) = text.chars().next().filter(|c| LEADING.contains(c)) {
        text = text[open.len_utf8()..].trim_start();
        let closes = |c: char| match open {
            '<' => c == '>',
            '(' => c == ')',
            '{' => c == '}',
            '"' | '\'' | '`' => c == open,
            _ => matches!(c, '“' | '”' | '‘' | '’' | '«' | '»'),
        };
        if let Some(rest) = text.strip_suffix(closes) {
            text = rest.trim_end();
        }
    }
    text
}

/// `evil dot example`, `evil . example`: joined where the text is one token otherwise.
fn join_spelled_out(text: &str) -> Option<String> {
    let mut joined = String::with_capacity(text.len());
    let mut words = 0_usize;
    for (place, word) in text.split_ascii_whitespace().enumerate() {
        words = place + 1;
        match word {
            _ if place % 2 == 0 => word.chars().for_each(|c| {
                push(&mut joined, c);
            }),
            _ if word == "." || word.eq_ignore_ascii_case("dot") => {
                push(&mut joined, '.');
            }
            _ if word == "@" || word.eq_ignore_ascii_case("at") => {
                push(&mut joined, '@');
            }
            _ => return None,
        }
    }
    (words > 1 && words % 2 == 1).then_some(joined)
}

fn rewrite(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_head = true; // scheme and host; everything, where there is no path
    let mut defanged = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if in_head && ends_head(c, &out) {
            in_head = false;
            defanged |= real_scheme(&out).is_some();
            if !defanged {
                out.push(c);
                out.push_str(rest.as_str());
                break;
            }
        }
        defanged |= push(&mut out, c);
    }
    if in_head || defanged {
        let bare = trim_prose(&out);
        match join_spelled_out(bare).filter(|_| in_head) {
            Some(joined) => out = trim_prose(&joined).to_owned(),
            None if bare.len() < out.len() => out = bare.to_owned(),
            None => {}
        }
    }
    if let Some((scheme, end)) = real_scheme(&out) {
        out.replace_range(..end, scheme);
    }
    out
}

/// Takes out zero-width characters and soft hyphens. The joiners mean something between letters
/// of scripts that join (RFC 5892, appendix A), so they stay where they follow such a letter.
fn without_invisible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut last = ' ';
    let seen = |c: &char| {
        let keep = match c {
            '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' => false,
            '\u{200C}' | '\u{200D}' => !last.is_ascii() && !is_before(last),
            _ => true,
        };
        if keep {
            last = *c;
        }
        keep
    };
    Cow::Owned(text.chars().filter(seen).collect())
}

/// True where `c` begins the path, the query or the fragment. A slash in a mark may yet become one
/// of those behind the scheme.
fn ends_head(c: char, before: &str) -> bool {
    const OPENINGS: [&str; 8] = [":", ":/", "[", "[/", "(", "(/", "{", "{/"];
    match c {
        '?' | '#' => true,
        '/' => !OPENINGS.iter().any(|opening| before.ends_with(opening)),
        _ => false,
    }
}

/// Writes one character and undoes the mark that it completes; true where there was one.
fn push(out: &mut String, c: char) -> bool {
    let before = out.len();
    match c {
        '.' | '@' => {
            let bare = out.trim_end_matches(['[', '(', '{', '\\']).len();
            out.truncate(bare);
            out.push(c);
            out.len() <= before
        }
        ']' | ')' | '}' => {
            let unescaped = out.trim_end_matches('\\');
            if unescaped.ends_with(['.', '@']) {
                out.truncate(unescaped.len());
                return true;
            }
            for (mark, meant) in
                [("dot", "."), ("at", "@"), (":", ":"), ("/", "/"), ("//", "//"), ("://", "://")]
            {
                if let Some(start) = opens_mark(unescaped, mark) {
                    out.truncate(start);
                    for c in meant.chars() {
                        push(out, c);
                    }
                    return true;
                }
            }
            out.push(c);
            false
        }
        '\\' if out.ends_with(":\\") => {
            out.truncate(out.len() - 1);
            out.push_str("//");
            true
        }
        _ => {
            out.push(c);
            false
        }
    }
}

/// Where `text` ends in an opening bracket and `mark`: the place of the bracket.
fn opens_mark(text: &str, mark: &str) -> Option<usize> {
    let start = text.len().checked_sub(mark.len())?;
    let tail = text.get(start..)?;
    let head = text.get(..start)?;
    (tail.eq_ignore_ascii_case(mark) && head.ends_with(['[', '(', '{']))
        .then(|| head[..head.len() - 1].trim_end_matches('\\').len())
}

/// The scheme that a defanged one at the beginning stands for, and where the defanged one ends.
fn real_scheme(text: &str) -> Option<(&'static str, usize)> {
    let bytes = text.as_bytes();
    if !matches!(bytes.first()?, b'h' | b'H' | b'f' | b'F' | b'm' | b'M') {
        return None;
    }
    let end = bytes.iter().take(8).position(|&byte| byte == b':')?;
    if !text.get(end..)?.starts_with("://") {
        return None;
    }
    let scheme = text.get(..end)?;
    let mut lower = [0_u8; 8];
    let lower = lower.get_mut(..scheme.len())?;
    lower.copy_from_slice(scheme.as_bytes());
    lower.make_ascii_lowercase();
    let real = match *lower {
        [b'h', a, b, b'p'] if masks(a, b) => "http",
        [b'h', a, b, b'p', b's'] if masks(a, b) => "https",
        [b'm', b'e', b'o', b'w'] => "http",
        [b'm', b'e', b'o', b'w', b's'] => "https",
        [b'f', b'x' | b'*', b'p'] => "ftp",
        [b'f', b'x' | b'*', b'p', b's'] => "ftps",
        _ => return None,
    };
    Some((real, end))
}

/// The two letters in the middle of `hxxp`, `h**p`, `hxtp`, but not of `http`.
fn masks(a: u8, b: u8) -> bool {
    let mask = |byte| matches!(byte, b'x' | b'*' | b't');
    mask(a) && mask(b) && (a, b) != (b't', b't')
}
