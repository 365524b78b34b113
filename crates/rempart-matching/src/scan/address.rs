//! Addresses: four numbers, or hexadecimal groups between colons.

use std::net::{IpAddr, Ipv6Addr};

use super::strip::Strip;
use super::{Found, context};

/// Most bytes of an IPv6 address in text, with four numbers at its end.
const LONGEST_V6: usize = 45;

/// Reads four numbers without leading zeros.
#[inline]
pub(super) fn parse_v4(text: &[u8]) -> Option<u32> {
    let (mut address, mut part, mut digits, mut parts) = (0_u32, 0_u32, 0_u32, 0_u32);
    for byte in text {
        if *byte == b'.' {
            if digits == 0 || part > 255 {
                return None;
            }
            address = address << 8 | part;
            (part, digits, parts) = (0, 0, parts + 1);
            continue;
        }
        let digit = u32::from(byte.wrapping_sub(b'0'));
        // A leading zero would make it another number for some.
        if digit > 9 || digits >= 3 || (digits == 1 && part == 0) {
            return None;
        }
        part = part * 10 + digit;
        digits += 1;
    }
    (digits > 0 && part <= 255 && parts == 3).then_some(address << 8 | part)
}

impl<'a> Strip<'_, 'a> {
    /// Looks an IPv4 address up that stands at `from..to`.
    #[inline]
    pub(super) fn v4(&self, address: u32, from: usize, to: usize, found: &mut Vec<Found<'a>>) {
        if let Some(entry) = self.finder.v4(address)
            && context::is_whole(self.text, from, to)
            && !self.is_in_v6(from)
        {
            found.push(Found { range: from..to, entry });
        }
        if self.may_be_url(to) {
            let host = self.finder.base.hasher.name(self.text.get(from..to).unwrap_or_default());
            self.url(host, from, to, found);
        }
    }

    /// Whether the four numbers that begin here are the end of an IPv6 address.
    fn is_in_v6(&self, from: usize) -> bool {
        if context::before(self.text, from) != Some(b':') {
            return false;
        }
        match self.v6_run(from - 1).1 {
            Some((start, _, _)) => start < from,
            // Digits of an escape stand before it: that is for the decoded text to say.
            None => {
                let before = self.text.get(from.saturating_sub(LONGEST_V6)..from).unwrap_or_default();
                let run = before.iter().rev().take_while(|b| b.is_ascii_hexdigit() || **b == b':').count();
                context::before(self.text, from - run) == Some(b'%')
            }
        }
    }

    /// Looks the IPv6 address around a colon up; gives the end of the run.
    pub(super) fn v6_around(&self, at: usize, found: &mut Vec<Found<'a>>) -> usize {
        let (end, address) = self.v6_run(at);
        let Some((from, to, address)) = address else { return end };
        // A colon that was passed over belongs to what stands there.
        let start = from - usize::from(context::before(self.text, from) == Some(b':'));
        if !context::is_whole(self.text, start, to) || self.goes_on_as_v6(from, to) {
            return end;
        }
        let text = address.to_canonical().to_string();
        let entry = match address.to_canonical() {
            IpAddr::V4(address) => self.finder.v4(address.to_bits()),
            IpAddr::V6(address) => self.finder.v6_text(address.to_bits(), &text),
        };
        if let Some(entry) = entry {
            found.push(Found { range: from..to, entry });
        }
        let in_brackets =
            context::before(self.text, from) == Some(b'[') && context::byte(self.text, to) == Some(b']');
        if in_brackets && self.may_be_url(to + 1) {
            self.url(self.finder.base.hasher.name(text.as_bytes()), from - 1, to + 1, found);
        }
        end
    }

    /// Whether what stands beside an address, read as it is meant, makes it another one: `%20` before it, of
    /// which it has the digits, or a colon or a dot written in another way behind it.
    fn goes_on_as_v6(&self, from: usize, to: usize) -> bool {
        let before = from.checked_sub(1).and_then(|at| context::escape(self.text, at));
        // What was taken off.
        let off = |at: usize| usize::from(matches!(context::byte(self.text, at), Some(b':' | b'.')));
        let to = to + off(to);
        let to = to + off(to);
        let behind =
            context::mark(self.text, to).is_some_and(|(_, meant)| meant.starts_with(b":") || meant == b".");
        let escaped = context::escape(self.text, to);
        before.is_some() || behind || escaped.is_some_and(|byte| byte == b':' || context::goes_on(byte))
    }

    /// The end of the run of hexadecimal digits, colons and dots around a place, and the address that it is.
    fn v6_run(&self, at: usize) -> (usize, Option<(usize, usize, Ipv6Addr)>) {
        let text = self.text;
        let in_run =
            |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
        // Further to the left than an address is long it is none; to the right is where to go on.
        let most = LONGEST_V6 + 3;
        let (mut from, mut end) = (at, at);
        // Two dots in a row part tokens.
        let parts = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(b".."));
        while at - from < most && in_run(context::before(text, from)) && !parts(from.saturating_sub(2)) {
            from -= 1;
        }
        while in_run(context::byte(text, end)) && !parts(end) {
            end += 1;
        }
        (end, v6_within(text, from, end).filter(|_| at - from < most))
    }
}

/// The address that a run is, without what stands around it.
fn v6_within(text: &[u8], mut from: usize, mut to: usize) -> Option<(usize, usize, Ipv6Addr)> {
    let starts = |from: usize, what: &[u8]| text.get(from..).is_some_and(|rest| rest.starts_with(what));
    let joins = |byte: Option<u8>| matches!(byte, Some(b'_' | b'-'));
    if to - from > LONGEST_V6 + 3 {
        return None;
    }
    if context::word_at(text, to) || joins(context::byte(text, to)) {
        return None;
    }
    if context::word_before(text, from) || joins(context::before(text, from)) {
        // `addr:2001:db8::1`, where the name before the colon ends in what could be digits.
        let run = text.get(from..to)?;
        from += run.iter().position(|byte| *byte == b':')?;
        if starts(from, b"::") {
            return None;
        }
        from += 1;
    } else if starts(from, b":") && !starts(from, b"::") {
        from += 1;
    }
    while to > from && text.get(to - 1) == Some(&b'.') {
        to -= 1;
    }
    let run = text.get(from..to)?;
    if run.ends_with(b":") && !run.ends_with(b"::") {
        to -= 1;
    }
    let run = text.get(from..to).filter(|run| run.len() <= LONGEST_V6)?;
    let address = std::str::from_utf8(run).ok()?.parse().ok()?;
    Some((from, to, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "1.2.3.4",
            "10.20.30.40",
            "01.2.3.4",
            "1.2.3.04",
            "1.2.3.256",
            "1.2.3",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "1.2.3.4.5",
            "1.2.3.a",
            "0.0.0.00",
            "1.2.3.4444",
            "",
            "...",
        ] {
            let expected = text.parse::<std::net::Ipv4Addr>().ok().map(|address| address.to_bits());
            assert_eq!(parse_v4(text.as_bytes()), expected, "{text}");
        }
    }
}
