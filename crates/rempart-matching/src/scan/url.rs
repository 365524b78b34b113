//! URLs: a host that is known to have some, and the path behind it.

use rempart_model::{Kind, Observable};

use super::email::user_start;
use super::strip::Strip;
use super::{Found, context};
use crate::index::url::parts;

/// Most bytes of a URL that are looked at.
const LONGEST: usize = 8192;
/// Most places at which a URL may end that are tried.
const MOST_ENDS: usize = 16;

impl<'a> Strip<'_, 'a> {
    /// Whether behind a host, which ends here, a path, a query or a port begins.
    #[inline]
    pub(super) fn may_be_url(&self, to: usize) -> bool {
        match context::byte(self.text, to) {
            Some(b'/' | b'?') => true,
            Some(b':') => context::byte(self.text, to + 1).is_some_and(|byte| byte.is_ascii_digit()),
            // The dot of the root.
            Some(b'.') => matches!(context::byte(self.text, to + 1), Some(b'/' | b'?' | b':')),
            _ => false,
        }
    }

    /// Looks the URL up whose host is `from..to`, with this hash.
    pub(super) fn url(&self, host: u64, from: usize, to: usize, found: &mut Vec<Found<'a>>) {
        if self.finder.may_hold_urls(host) {
            self.url_behind(from, to, found);
        }
    }

    #[cold]
    pub(super) fn url_behind(&self, from: usize, to: usize, found: &mut Vec<Found<'a>>) {
        // Of a percent-decoded view only what was encoded: the rest was read as it stands, which is how the path
        // of a URL is to be read.
        let start = from - usize::from(context::before(self.text, from) == Some(b'.'));
        if self.decoded.is_some_and(|view| view.is_plain(start, to + 1)) || !is_whole(self.text, from) {
            return;
        }
        let rest = self.text.get(to..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(LONGEST)).unwrap_or(rest);
        let rest = rest.get(..rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len())).unwrap_or(rest);
        let mut best: Option<(usize, Found<'a>)> = None;
        for end in ends_of(rest) {
            let Some(text) = self.text.get(from..to + end).and_then(|text| std::str::from_utf8(text).ok())
            else {
                continue;
            };
            let Ok(url) = Observable::parse(&Kind::Url, &format!("http://{text}")) else { continue };
            let Some(entry) = self.finder.url(url.value()) else { continue };
            let length = parts(&entry.value()).map_or(0, |parts| parts.rest.len());
            if best.as_ref().is_none_or(|(longest, _)| length > *longest) {
                best = Some((length, Found { range: beginning(self.text, from)..to + end, entry }));
            }
        }
        found.extend(best.map(|(_, found)| found));
    }
}

/// Whether nothing before a host belongs to it. An address in brackets begins with its bracket.
fn is_whole(text: &[u8], from: usize) -> bool {
    context::byte(text, from) == Some(b'[') || context::is_whole(text, from, text.len())
}

/// Where the URL begins whose host begins here: with its scheme and user information where it has them.
fn beginning(text: &[u8], host: usize) -> usize {
    let mut start = host;
    if context::before(text, start) == Some(b'@') {
        start = user_start(text, start - 1).unwrap_or(start);
    }
    let Some(head) = text.get(..start).and_then(|head| head.strip_suffix(b"://")) else { return start };
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'*');
    let length = head.iter().rev().take(16).take_while(|byte| is_scheme(byte)).count();
    if length == 0 { start } else { head.len() - length }
}

/// What no URL holds as it stands.
fn ends(byte: u8) -> bool {
    context::is_hard(byte) || matches!(byte, b'\\' | b'^' | b'{' | b'}' | b'#')
}

/// The lengths at which a URL may end: without punctuation at its end; all of it; and before each sign that a
/// URL may hold but that often stands behind one.
fn ends_of(rest: &[u8]) -> Vec<usize> {
    let is_closing = |byte: &u8| b".,;:!?'\")]}*|".contains(byte);
    let trimmed = rest.len() - rest.iter().rev().take_while(|byte| is_closing(byte)).count();
    let mut all = vec![trimmed];
    if trimmed < rest.len() {
        all.push(rest.len());
    }
    let soft = rest.iter().enumerate().filter(|(at, byte)| match byte {
        b',' | b';' | b'|' | b')' | b']' | b'\'' | b'*' => true,
        // Quotation marks and other signs of other scripts.
        0xc2..0xf5 => context::character(rest, *at).is_some_and(|(c, _)| !context::is_letter(c)),
        _ => false,
    });
    all.extend(soft.map(|(at, _)| at).filter(|at| *at != trimmed).take(MOST_ENDS));
    all
}
