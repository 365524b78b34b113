//! What is promised of finding, written down once more: slow, character by character, with a set and a list.
//!
//! It shares nothing with the scanner but the canonical forms of the model.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use rempart_model::{Kind, Observable, observable::address};

/// What is listed.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Domains, addresses, hashes, e-mail addresses; whether each stands for itself alone.
    values: BTreeMap<(Kind, String), bool>,
    /// Networks with their first and last address.
    networks: Vec<(u128, u128, String)>,
    urls: Vec<(String, bool)>,
}

/// A finding: where it stands, and what is known.
pub(crate) type Finding = (Range<usize>, String);

impl Listed {
    /// Lists a value.
    pub(crate) fn add(&mut self, observable: &Observable, exact: bool) {
        let value = observable.value().to_owned();
        match observable.kind() {
            Kind::Cidr => {
                let (first, last) = address::range(observable).expect("a network");
                self.networks.push((first, last, value));
            }
            Kind::Url => match self.urls.iter_mut().find(|(other, _)| *other == value) {
                Some((_, other)) => *other &= exact,
                None => self.urls.push((value, exact)),
            },
            kind => {
                let place = self.values.entry((kind.clone(), value)).or_insert(exact);
                *place &= exact;
            }
        }
    }

    fn has(&self, kind: &Kind, value: &str) -> Option<String> {
        self.values.contains_key(&(kind.clone(), value.to_owned())).then(|| value.to_owned())
    }

    /// A name, or the nearest name above it. A single label is no name.
    fn name(&self, name: &str) -> Option<String> {
        let mut rest = name;
        while rest.contains('.') {
            if let Some(exact) = self.values.get(&(Kind::Domain, rest.to_owned()))
                && (!exact || rest == name)
            {
                return Some(rest.to_owned());
            }
            rest = rest.split_once('.')?.1;
        }
        None
    }

    /// An address, or the narrowest network around it.
    fn address(&self, ip: IpAddr) -> Option<String> {
        let ip = ip.to_canonical();
        let kind = if ip.is_ipv4() { Kind::Ipv4 } else { Kind::Ipv6 };
        self.has(&kind, &ip.to_string()).or_else(|| {
            let number = match ip {
                IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
                IpAddr::V6(ip) => u128::from(ip),
            };
            // As wide as the family: every address of version 4 is also one of version 6 here.
            let around = self.networks.iter().filter(|(first, last, value)| {
                (*first..=*last).contains(&number) && value.contains('.') == ip.is_ipv4()
            });
            around.min_by_key(|(first, last, _)| last - first).map(|(_, _, value)| value.clone())
        })
    }

    /// A URL: the listed one, or the longest one above it; with the length of what is listed of its path.
    fn url(&self, canonical: &str) -> Option<(usize, String)> {
        let wanted = Place::of(canonical)?;
        let all = self.urls.iter().filter_map(|(value, exact)| {
            let listed = Place::of(value)?;
            if (listed.host, listed.port) != (wanted.host, wanted.port) {
                return None;
            }
            let is_same = listed.rest == wanted.rest;
            let has_below = !exact && listed.rest != "/" && !listed.rest.contains('?');
            let is_above = has_below
                && wanted.rest.strip_prefix(&*listed.rest).is_some_and(|below| {
                    let path = wanted.rest.split('?').next().unwrap_or_default();
                    listed.rest.len() <= path.len()
                        && (listed.rest.ends_with('/') || below.starts_with(['/', '?']))
                });
            (is_same || is_above).then(|| (listed.rest.len(), value.clone()))
        });
        let longest = all.clone().map(|(length, _)| length).max()?;
        // Of those that differ in nothing that counts, the one that is written alike.
        all.filter(|(length, _)| *length == longest)
            .min_by_key(|(_, value)| (value != canonical, value.clone()))
    }
}

/// What of a URL counts.
struct Place<'u> {
    host: &'u str,
    port: &'u str,
    rest: String,
}

impl<'u> Place<'u> {
    fn of(url: &'u str) -> Option<Self> {
        let after = url.split_once("://")?.1;
        let (authority, rest) = match after.find(['/', '?']) {
            Some(at) => after.split_at(at),
            None => (after, "/"),
        };
        let place = authority.rsplit('@').next()?;
        let (host, port) = match place.rfind(':') {
            Some(at) if !place.ends_with(']') => (&place[..at], &place[at + 1..]),
            _ => (place, ""),
        };
        let port = if ["80", "443"].contains(&port) { "" } else { port };
        Some(Self { host: host.trim_matches(['[', ']']), port, rest: rest.to_owned() })
    }
}

/// A text as it is read: each byte, where it comes from, and whether it was percent-encoded.
#[derive(Debug, Clone)]
struct Reading {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
    encoded: Vec<bool>,
    /// What is the meaning of a mark in the reading before this one.
    marked: Vec<bool>,
}

/// A character of a reading; `None` for a byte that is no UTF-8.
#[derive(Debug, Clone, Copy)]
struct Character {
    what: Option<char>,
    from: usize,
    to: usize,
}

impl Reading {
    fn literal(text: &[u8]) -> Self {
        Self {
            bytes: text.to_vec(),
            places: (0..text.len()).map(|at| at..at + 1).collect(),
            encoded: vec![false; text.len()],
            marked: vec![false; text.len()],
        }
    }

    /// The same, with marks taken for what they mean, and percent-encoding decoded if wished.
    fn meant(&self, decode: bool) -> Self {
        let mut out = Self::literal(&[]);
        let mut at = 0;
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let (length, meant, encoded) = match (escape(rest).filter(|_| decode), mark(rest)) {
                (Some(byte), _) => (3, vec![byte], true),
                (None, Some((length, meant))) => (length, meant.into(), false),
                (None, None) => (1, vec![rest[0]], false),
            };
            for byte in meant {
                out.bytes.push(byte);
                out.places.push(self.places[at].start..self.places[at + length - 1].end);
                out.encoded.push(encoded || self.encoded[at]);
                out.marked.push(length > 1 && !encoded);
            }
            at += length;
        }
        out
    }

    fn characters(&self) -> Vec<Character> {
        let mut all = Vec::new();
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                all.push(Character { what: Some(c), from: at, to: at + c.len_utf8() });
                at += c.len_utf8();
            }
            for _ in chunk.invalid() {
                all.push(Character { what: None, from: at, to: at + 1 });
                at += 1;
            }
        }
        all
    }

    fn text(&self, range: Range<usize>) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(range)?).ok()
    }

    /// Where in the text bytes of this reading stand.
    fn place(&self, range: Range<usize>) -> Range<usize> {
        self.places[range.start].start..self.places[range.end - 1].end
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn before(&self, at: usize) -> Option<u8> {
        self.byte(at.checked_sub(1)?)
    }
}

/// A percent-encoded byte at the beginning.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low] = text.get(..3)? else { return None };
    let digits = [char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?];
    Some((digits[0] * 16 + digits[1]) as u8)
}

/// A mark of defanging at the beginning: its length and its meaning.
fn mark(text: &[u8]) -> Option<(usize, &'static [u8])> {
    if !b"\\[({".contains(text.first()?) {
        return None;
    }
    for slash in ["\\", ""] {
        for open in ["[", "(", "{"] {
            for (name, meant) in
                [(".", "."), ("dot", "."), ("@", "@"), ("at", "@"), ("://", "://"), (":", ":"), ("/", "/")]
            {
                for close in ["]", ")", "}", "\\]", "\\)", "\\}"] {
                    let mark = [slash, open, name, close].concat();
                    let head = text.get(..mark.len()).unwrap_or_default();
                    if head.eq_ignore_ascii_case(mark.as_bytes()) {
                        return Some((mark.len(), meant.as_bytes()));
                    }
                }
            }
            // `evil[.example`: the closing one was forgotten.
            let mark = [slash, open, "."].concat();
            if text.starts_with(mark.as_bytes())
                && text.get(mark.len()).is_some_and(u8::is_ascii_alphanumeric)
            {
                return Some((mark.len(), b"."));
            }
        }
    }
    match text.get(..2)? {
        b"\\." => Some((2, b".")),
        b"\\/" => Some((2, b"/")),
        _ => None,
    }
}

/// Whether text of any format ends here.
fn is_hard(byte: u8) -> bool {
    byte <= b' ' || b"\"<>`\x7f".contains(&byte)
}

/// Letters and digits of any script. What is no UTF-8 may be one.
fn is_word(what: Option<char>) -> bool {
    let Some(c) = what else { return true };
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let signs = [
        '\u{80}'..='\u{a9}',
        '\u{ab}'..='\u{b4}',
        '\u{b6}'..='\u{b6}',
        '\u{b8}'..='\u{b9}',
        '\u{bb}'..='\u{bf}',
        '\u{d7}'..='\u{d7}',
        '\u{f7}'..='\u{f7}',
        '\u{2000}'..='\u{200b}',
        '\u{200e}'..='\u{206f}',
        '\u{20a0}'..='\u{20cf}',
        '\u{2190}'..='\u{25ff}',
        '\u{3000}'..='\u{3003}',
        '\u{3008}'..='\u{3020}',
        '\u{fe10}'..='\u{fe19}',
        '\u{fe30}'..='\u{fe6f}',
        '\u{ff01}'..='\u{ff0c}',
        '\u{ff0f}'..='\u{ff0f}',
        '\u{ff1a}'..='\u{ff20}',
        '\u{ff3b}'..='\u{ff3e}',
        '\u{ff40}'..='\u{ff40}',
        '\u{ff5b}'..='\u{ff60}',
        '\u{ff62}'..='\u{ff65}',
        '\u{feff}'..='\u{feff}',
        '\u{fffc}'..='\u{fffd}',
    ];
    !(c.is_whitespace() || c.is_control() || signs.iter().any(|range| range.contains(&c)))
}

/// The names of a reading: whole tokens without the dots around them; two dots in a row part them.
fn names(reading: &Reading) -> Vec<Range<usize>> {
    let mut names = Vec::new();
    let characters = reading.characters();
    let dot = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.what == Some('.'));
    let mut start = 0;
    for end in 0..=characters.len() {
        let goes_on = characters.get(end).is_some_and(|c| match c.what {
            Some('.') => !dot(end.checked_sub(1)) && !dot(Some(end + 1)),
            what => is_word(what) || matches!(what, Some('-' | '_')),
        });
        if goes_on {
            continue;
        }
        let token = characters.get(start..end).unwrap_or_default();
        start = end + 1;
        let (Some(first), Some(last)) = (token.first(), token.last()) else { continue };
        // What is no UTF-8 may be anything.
        let Some(text) = reading.text(first.from..last.to) else { continue };
        let from = last.to - text.trim_start_matches('.').len();
        let name = text.trim_matches('.');
        if name.contains('.') {
            names.push(from..from + name.len());
        }
    }
    names
}

/// Everything that is found in a text, in order; `None` where it would have to be read twice to know.
pub(crate) fn findings(listed: &Listed, text: &[u8]) -> Option<Vec<Finding>> {
    let literal = Reading::literal(text);
    let refanged = literal.meant(false);
    let meant = literal.meant(true);
    if meant.meant(true).bytes != meant.bytes {
        return None;
    }
    let mut search = Search { listed, reading: &meant, found: Vec::new() };
    search.six();
    search.hashes();
    let names = names(&meant);
    names.iter().for_each(|name| search.name(name.clone()));
    let mut found = search.found;
    for reading in [&literal, &refanged, &meant] {
        let mut search = Search { listed, reading, found: Vec::new() };
        for name in &names {
            let place = meant.place(name.clone());
            let from = reading.places.iter().position(|other| other.start == place.start);
            let to = reading.places.iter().position(|other| other.end == place.end);
            let (Some(from), Some(to)) = (from, to) else { continue };
            if reading.bytes[from..=to] != meant.bytes[name.clone()] {
                continue;
            }
            // What stands beside a mark or an encoded part of it is read as it is meant alone.
            let of_refanged = refanged.places.iter().position(|other| other.start == place.start);
            let is_token = std::ptr::eq(reading, &meant)
                || !(is_beside(&meant, &meant.encoded, name.start)
                    || std::ptr::eq(reading, &literal)
                        && of_refanged.is_none_or(|from| is_beside(&refanged, &refanged.marked, from)));
            if is_token {
                search.url(from..to + 1);
            }
            if std::ptr::eq(reading, &literal) && reading.before(from) == Some(b'@') {
                search.email(from..to + 1, |start| {
                    let of_refanged = refanged.places.iter().position(|other| other.start == start);
                    of_refanged.is_some_and(|start| !is_beside(&refanged, &refanged.marked, start))
                });
            }
        }
        search.urls_in_brackets();
        found.extend(search.found);
    }
    found.sort_by_key(|(range, value)| (range.start, usize::MAX - range.end, value.clone()));
    let mut kept: Vec<Finding> = Vec::new();
    for (range, value) in found {
        if !kept.iter().any(|(other, known)| *known == value && other.end > range.start) {
            kept.push((range, value));
        }
    }
    Some(kept)
}

/// Whether bytes of some sort stand before a place: the one before it, or of the dots before it any.
fn is_beside(reading: &Reading, sort: &[bool], at: usize) -> bool {
    let dots = reading.bytes[..at].iter().rev().take_while(|byte| **byte == b'.').count();
    let is_part = |at: usize| goes_on(reading.bytes[at]) || !reading.encoded[at];
    sort[at - dots..at].contains(&true) || dots == 0 && at > 0 && sort[at - 1] && is_part(at - 1)
}

/// Whether a name would go on with a byte.
fn goes_on(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte) || byte >= 0x80
}

struct Search<'s> {
    listed: &'s Listed,
    reading: &'s Reading,
    found: Vec<Finding>,
}

impl Search<'_> {
    fn push(&mut self, range: Range<usize>, value: Option<String>) {
        let place = self.reading.place(range);
        self.found.extend(value.map(|value| (place, value)));
    }

    fn name(&mut self, name: Range<usize>) {
        let text = self.reading.text(name.clone()).expect("a name").to_owned();
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            if !self.is_in_six(&name) {
                self.push(name, self.listed.address(ip.into()));
            }
            return;
        }
        let canonical = if text.is_ascii() {
            Some(text.to_ascii_lowercase())
        } else {
            Observable::parse(&Kind::Domain, &text).ok().map(|name| name.value().to_owned())
        };
        let Some(canonical) = canonical else { return };
        self.push(name.clone(), self.listed.name(&canonical));
        if self.reading.before(name.start) == Some(b'@') {
            self.email(name, |_| true);
        }
    }

    /// The longest listed address that ends with this host, from a place where one may begin.
    fn email(&mut self, host: Range<usize>, may_begin: impl Fn(usize) -> bool) {
        let at = host.start - 1;
        if self.user(at).is_some() {
            return;
        }
        let is_local =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_{|}~.".contains(&byte) || byte >= 0x80;
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+%".contains(&byte) || byte >= 0x80;
        let length = self.reading.bytes[..at].iter().rev().take_while(|byte| is_local(**byte)).count();
        let longest = at - length.min(128);
        for start in longest..at {
            if start > longest && self.reading.before(start).is_some_and(is_usual) || !may_begin(start) {
                continue;
            }
            let address = self.reading.text(start..host.end);
            let address = address.and_then(|text| Observable::parse(&Kind::Email, text).ok());
            let value = address.and_then(|address| self.listed.has(&Kind::Email, address.value()));
            if value.is_some() {
                return self.push(start..host.end, value);
            }
        }
    }

    /// Where the user information of a URL begins that ends before the `@` at a place.
    fn user(&self, at: usize) -> Option<usize> {
        let stays = |byte: &&u8| !is_hard(**byte) && **byte != b'/';
        let length = self.reading.bytes[..at].iter().rev().take(256).take_while(stays).count();
        self.reading.bytes[..at - length].ends_with(b"//").then_some(at - length)
    }

    fn hashes(&mut self) {
        let characters = self.reading.characters();
        let is_digit = |c: &Character| c.what.is_some_and(|c| c.is_ascii_hexdigit());
        let mut at = 0;
        while at < characters.len() {
            let length = characters[at..].iter().take_while(|c| is_digit(c)).count();
            let next = at + length.max(1);
            let before = at.checked_sub(1).is_some_and(|at| is_word(characters[at].what));
            let behind = characters.get(next).is_some_and(|c| is_word(c.what));
            let kind = match length {
                32 => Some(Kind::Md5),
                40 => Some(Kind::Sha1),
                64 => Some(Kind::Sha256),
                128 => Some(Kind::Sha512),
                _ => None,
            };
            if let Some(kind) = kind.filter(|_| !before && !behind) {
                let range = characters[at].from..characters[at].from + length;
                let lower = self.reading.text(range.clone()).expect("digits").to_ascii_lowercase();
                self.push(range, self.listed.has(&kind, &lower));
            }
            at = next;
        }
    }

    /// The addresses of version 6.
    fn sixes(&self) -> Vec<(Range<usize>, Ipv6Addr)> {
        let characters = self.reading.characters();
        let in_run = |c: &Character| {
            // Two dots in a row part tokens.
            let is_parted = self.reading.bytes[c.from..].starts_with(b"..")
                || c.what == Some('.') && self.reading.before(c.from) == Some(b'.');
            !is_parted && c.what.is_some_and(|c| c.is_ascii_hexdigit() || c == ':' || c == '.')
        };
        let mut all = Vec::new();
        let mut at = 0;
        while at < characters.len() {
            let length = characters[at..].iter().take_while(|c| in_run(c)).count();
            let joins = |c: Option<&Character>| {
                c.is_some_and(|c| is_word(c.what) || matches!(c.what, Some('-' | '_')))
            };
            if length > 0 && !joins(characters.get(at + length)) {
                let from = characters[at].from;
                let run = self.reading.text(from..from + length).expect("ASCII");
                // A word before it goes on to the first colon.
                let inside = if joins(at.checked_sub(1).and_then(|at| characters.get(at))) {
                    run.find(':').and_then(|colon| run.get(colon + 1..)).filter(|_| {
                        !run.get(run.find(':').unwrap_or(0)..).is_some_and(|run| run.starts_with("::"))
                    })
                } else if run.starts_with(':') && !run.starts_with("::") {
                    run.get(1..)
                } else {
                    Some(run)
                };
                if let Some(inside) = inside {
                    let skipped = run.len() - inside.len();
                    let inside = inside.trim_end_matches('.');
                    let inside = match inside.strip_suffix(':') {
                        Some(shorter) if !shorter.ends_with(':') => shorter,
                        _ => inside,
                    };
                    if let Ok(ip) = inside.parse() {
                        all.push((from + skipped..from + skipped + inside.len(), ip));
                    }
                }
            }
            at += length.max(1);
        }
        all
    }

    fn is_in_six(&self, name: &Range<usize>) -> bool {
        self.sixes().iter().any(|(range, _)| range.start < name.start && name.start < range.end)
    }

    fn six(&mut self) {
        for (range, ip) in self.sixes() {
            self.push(range, self.listed.address(ip.into()));
        }
    }

    /// Those whose host is an address in brackets.
    fn urls_in_brackets(&mut self) {
        for (range, _) in self.sixes() {
            if self.reading.before(range.start) == Some(b'[') && self.reading.byte(range.end) == Some(b']') {
                self.url(range.start - 1..range.end + 1);
            }
        }
    }

    fn url(&mut self, host: Range<usize>) {
        let reading = self.reading;
        let at = host.end;
        let begins = match (reading.byte(at), reading.byte(at + 1)) {
            (Some(b'/' | b'?'), _) => true,
            (Some(b':'), Some(digit)) => digit.is_ascii_digit(),
            (Some(b'.'), Some(b'/' | b'?' | b':')) => true,
            _ => false,
        };
        // The path of a URL is to be read as it stands, so that a decoded one counts only where it would not be
        // seen else.
        let is_decoded = reading.encoded.iter().any(|encoded| *encoded);
        let start = host.start - usize::from(reading.before(host.start) == Some(b'.'));
        let needs_decoding = reading.encoded[start..(at + 1).min(reading.bytes.len())].contains(&true);
        if !begins || is_decoded && !needs_decoding {
            return;
        }
        let stops = |byte: u8| is_hard(byte) || b"\\^{}#".contains(&byte);
        let length = reading.bytes[at..].iter().take_while(|byte| !stops(**byte)).count();
        let all = &reading.bytes[at..at + length];
        let closing = all.iter().rev().take_while(|byte| b".,;:!?'\")]}*|".contains(byte)).count();
        let signs: Vec<usize> = (reading.characters().iter())
            .filter(|c| c.what.is_some_and(|c| !c.is_ascii()) && !is_word(c.what) && c.from >= at)
            .map(|c| c.from - at)
            .collect();
        let soft = (0..length).filter(|end| b",;|)]'*".contains(&all[*end]) || signs.contains(end));
        let alone = reading.text(host.clone()).map(|host| format!("http://{host}/"));
        let alone = alone.and_then(|alone| Observable::parse(&Kind::Url, &alone).ok());
        let of_host = alone.as_ref().and_then(Observable::host);
        let mut best: Option<(usize, usize, String)> = None;
        for end in [length - closing, length].into_iter().chain(soft) {
            let Some(text) = reading.text(host.start..at + end) else { continue };
            let Ok(url) = Observable::parse(&Kind::Url, &format!("http://{text}")) else { continue };
            // `a.b:2@host.example`: the host is another.
            if url.host() != of_host {
                continue;
            }
            if let Some((length, value)) = self.listed.url(url.value())
                && best.as_ref().is_none_or(|(longest, _, _)| length > *longest)
            {
                best = Some((length, at + end, value));
            }
        }
        if let Some((_, end, value)) = best {
            self.push(self.start_of_url(host.start)..end, Some(value));
        }
    }

    fn start_of_url(&self, host: usize) -> usize {
        let mut start = host;
        if self.reading.before(start) == Some(b'@') {
            start = self.user(start - 1).unwrap_or(start);
        }
        let Some(head) = self.reading.bytes[..start].strip_suffix(b"://") else { return start };
        let is_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+*".contains(byte);
        let length = head.iter().rev().take(16).take_while(is_scheme).count();
        if length == 0 { start } else { head.len() - length }
    }
}
