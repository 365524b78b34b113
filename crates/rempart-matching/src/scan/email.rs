//! E-mail addresses: what stands before the `@` of a host.

use rempart_model::{Kind, Observable};

use super::strip::Strip;
use super::{Found, context};
use crate::index::code_of;

/// Most bytes before the `@` that are looked at; RFC 5321, section 4.5.3.1.1, allows 64.
const LONGEST_LOCAL: usize = 128;
/// Most bytes of user information in a URL that are looked at.
pub(super) const LONGEST_USER: usize = 256;

impl<'a> Strip<'_, 'a> {
    /// Looks the address up whose host is `from..to`, behind an `@`.
    #[cold]
    pub(super) fn email(&self, from: usize, to: usize, found: &mut Vec<Found<'a>>) {
        let Some(at) = from.checked_sub(1) else { return };
        if user_start(self.text, at).is_some() || !context::is_whole(self.text, from, to) {
            return;
        }
        let mut start = at;
        while at - start < LONGEST_LOCAL && context::before(self.text, start).is_some_and(is_local) {
            start -= 1;
        }
        // `to=a@b.example`: what the standard allows before the @ is often something else. The longest counts.
        let mut next = Some(start);
        while let Some(begin) = next {
            let entry = (self.text.get(begin..to).filter(|_| context::is_whole(self.text, begin, to)))
                .and_then(|text| std::str::from_utf8(text).ok())
                .and_then(|text| Observable::parse(&Kind::Email, text).ok())
                .and_then(|address| self.finder.text(code_of(&Kind::Email)?, address.value()));
            if let Some(entry) = entry {
                found.push(Found { range: begin..to, entry });
                return;
            }
            let rest = self.text.get(begin..at).unwrap_or_default();
            next = rest.iter().position(|byte| !is_usual(*byte)).map(|place| begin + place + 1);
        }
    }
}

/// Where the user information of a URL begins that ends in the `@` at a place.
pub(super) fn user_start(text: &[u8], at: usize) -> Option<usize> {
    let mut start = at;
    while at - start < LONGEST_USER
        && context::before(text, start).is_some_and(|byte| !context::is_hard(byte) && byte != b'/')
    {
        start -= 1;
    }
    text.get(..start)?.ends_with(b"//").then_some(start)
}

/// What may stand before the `@` (RFC 5322, section 3.2.3, and RFC 6532), but for the grave accent, at which texts end.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_{|}~.".contains(&byte) || byte >= 0x80
}

/// What does stand there, nearly always.
fn is_usual(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%') || byte >= 0x80
}
