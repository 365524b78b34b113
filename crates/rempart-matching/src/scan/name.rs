//! Names: domains, with their parents; and what follows when a name is the host of something.

use rempart_model::{Kind, Observable};

use super::address::parse_v4;
use super::strip::Strip;
use super::waiting::{Waiting, What};
use super::{Found, context};

/// Most bytes of a name with letters beyond ASCII; A-labels are longer than what they stand for.
const LONGEST_UNICODE: usize = 1024;

impl<'a> Strip<'_, 'a> {
    /// Looks a token with a dot up.
    #[inline]
    pub(super) fn name(&self, mut from: usize, to: usize, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        if context::before(self.text, from) == Some(b'%')
            && let Some(byte) = context::escape(self.text, from - 1)
        {
            // `%2Fevil.example`: the token begins behind the escape, unless the escape is a part of it.
            from += 2;
            if context::goes_on(byte) {
                let Some(part) = parted(self.text.get(from..to).unwrap_or_default()) else { return };
                from += part;
            }
        }
        let high = if to - from <= 64 {
            self.bits(from, |word| word.high) & ones(to - from)
        } else {
            u64::from(!self.text.get(from..to).unwrap_or_default().is_ascii())
        };
        if high == 0 { self.ascii(from, to, waiting, found) } else { self.unicode(from, to, waiting, found) }
    }

    /// A token of ASCII.
    #[inline]
    fn ascii(&self, mut from: usize, mut to: usize, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        while from < to && context::byte(self.text, from) == Some(b'.') {
            from += 1;
        }
        while from < to && context::before(self.text, to) == Some(b'.') {
            to -= 1;
        }
        let length = to - from;
        if length > 64 {
            return self.long(from, to, waiting, found);
        }
        let dots = if self.covers(from, to) {
            self.bits(from, |word| word.dot) & ones(length)
        } else {
            let token = self.text.get(from..to).unwrap_or_default();
            token.iter().enumerate().fold(0, |dots, (at, byte)| dots | u64::from(*byte == b'.') << at)
        };
        if dots == 0 {
            return;
        }
        if dots & dots >> 1 != 0 {
            return self.pieces(from, to, waiting, found);
        }
        if length <= 15
            && dots.count_ones() == 3
            && let Some(address) = self.text.get(from..to).and_then(parse_v4)
        {
            return waiting.address(&self.finder.base, address, from, length);
        }
        let hasher = self.finder.base.hasher;
        let top = from + 64 - dots.leading_zeros() as usize;
        let mut hash = hasher.label(hasher.root(), self.text, top, to);
        if !self.finder.may_hold_top(hash) {
            return;
        }
        let (mut left, mut end) = (dots, top - 1);
        loop {
            left &= !(1 << (end - from));
            let start = if left == 0 { from } else { from + 64 - left.leading_zeros() as usize };
            hash = hasher.label(hash, self.text, start, end);
            waiting.probe(&self.finder.base, What::Name, hash, from, start - from, length);
            if left == 0 {
                break;
            }
            end = start - 1;
        }
        if context::before(self.text, from) == Some(b'@') {
            waiting.probe(&self.finder.base, What::Emails, self.finder.emails_of(hash), from, 0, length);
        }
        if self.may_be_url(to) {
            waiting.probe(&self.finder.base, What::Urls, self.finder.urls_of(hash), from, 0, length);
        }
    }

    /// A token of more than 64 bytes: the same, without the bits.
    #[cold]
    fn long(&self, from: usize, to: usize, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        let Some(token) = self.text.get(from..to) else { return };
        if memchr::memmem::find(token, b"..").is_some() {
            return self.pieces(from, to, waiting, found);
        }
        // No name is so long that its labels would be too many to look at.
        if let Some(entry) = self.finder.domain(token)
            && context::is_whole(self.text, from, to)
        {
            found.push(Found { range: from..to, entry });
        }
        self.as_host(self.finder.base.hasher.name(token), from, to, found);
    }

    /// A token with several dots in a row: what is between them are tokens.
    #[cold]
    fn pieces(&self, from: usize, to: usize, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        let mut start = from;
        while start < to {
            let rest = self.text.get(start..to).unwrap_or_default();
            let length = memchr::memmem::find(rest, b"..").unwrap_or(rest.len());
            if memchr::memchr(b'.', rest.get(..length).unwrap_or_default()).is_some() {
                self.ascii(start, start + length, waiting, found);
            }
            start += length;
            while context::byte(self.text, start) == Some(b'.') {
                start += 1;
            }
        }
    }

    /// A token with characters beyond ASCII: punctuation of other scripts ends it, letters are part of it.
    #[cold]
    fn unicode(&self, from: usize, to: usize, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        let (mut start, mut at, mut is_ascii, mut is_text) = (from, from, true, true);
        while at <= to {
            let next = if at < to { context::byte(self.text, at) } else { None };
            let (ends, length) = match next {
                None => (true, 1),
                // Two dots in a row part tokens.
                Some(b'.') => (at > start && context::byte(self.text, at + 1) == Some(b'.'), 1),
                Some(byte) if byte < 0x80 => (false, 1),
                Some(_) => match context::character(self.text, at) {
                    Some((c, length)) => (!context::is_letter(c), length),
                    None => {
                        is_text = false;
                        (false, 1)
                    }
                },
            };
            if !ends {
                is_ascii &= next.is_some_and(|byte| byte < 0x80);
                at += length;
                continue;
            }
            // What is no UTF-8 may be letters; nobody knows which.
            if is_text && is_ascii {
                if memchr::memchr(b'.', self.text.get(start..at).unwrap_or_default()).is_some() {
                    self.ascii(start, at, waiting, found);
                }
            } else if is_text {
                self.international(start, at, found);
            }
            at += length;
            (start, is_ascii, is_text) = (at, true, true);
        }
    }

    /// A token with letters beyond ASCII.
    fn international(&self, mut from: usize, mut to: usize, found: &mut Vec<Found<'a>>) {
        while from < to && context::byte(self.text, from) == Some(b'.') {
            from += 1;
        }
        while from < to && context::before(self.text, to) == Some(b'.') {
            to -= 1;
        }
        let name =
            self.text.get(from..to).filter(|name| name.len() <= LONGEST_UNICODE && name.contains(&b'.'));
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let Some(name) = name.and_then(|name| Observable::parse(&Kind::Domain, name).ok()) else { return };
        if let Some(entry) = self.finder.domain(name.value().as_bytes())
            && context::is_whole(self.text, from, to)
        {
            found.push(Found { range: from..to, entry });
        }
        self.as_host(self.finder.base.hasher.name(name.value().as_bytes()), from, to, found);
    }

    /// Looks up what a name may be the host of.
    #[inline]
    fn as_host(&self, hash: u64, from: usize, to: usize, found: &mut Vec<Found<'a>>) {
        if context::before(self.text, from) == Some(b'@') && self.finder.may_hold_emails(hash) {
            self.email(from, to, found);
        }
        if self.may_be_url(to) {
            self.url(hash, from, to, found);
        }
    }
}

/// Where what was written together is parted first: by two dots in a row, or by a sign beyond ASCII.
#[cold]
fn parted(token: &[u8]) -> Option<usize> {
    (0..token.len()).find(|at| match context::byte(token, *at) {
        Some(b'.') => context::byte(token, at + 1) == Some(b'.'),
        Some(0xc2..0xf5) => context::character(token, *at).is_some_and(|(c, _)| !context::is_letter(c)),
        _ => false,
    })
}

/// So many bits.
#[inline]
fn ones(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}
