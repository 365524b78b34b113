//! Finding values in a stretch of text whose defanging is undone.
//!
//! A stretch is read once from left to right. Runs of name characters are looked at together with
//! the characters right before and after them; a URL, once found, is taken as a whole, so that its
//! host is not found a second time.

use rempart_model::{Kind, Observable};

use super::names;
use super::view::View;

/// A value that was found, and what its looks say.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) observable: Observable,
    /// Where it stands in the original text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) looks: Looks,
}

/// What the looks of a value say before anything around it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looks {
    /// It was written so that nobody clicks it.
    pub(super) defanged: bool,
    /// It could as well be the name of a file, a method or a namespace.
    pub(super) name_like: bool,
    /// It is a part of a longer name or of a path (`report_<hash>.exe`).
    pub(super) embedded: bool,
    /// It is a URL that was written with its scheme.
    pub(super) schemed: bool,
    /// It could as well be a version number.
    pub(super) version_like: bool,
}

/// Schemes whose URLs are indicators.
const SCHEMES: &[&str] = &[
    "http", "https", "ftp", "ftps", "sftp", "tcp", "udp", "ws", "wss", "ssh", "smb", "ldap", "ldaps", "rmi",
    "tftp", "irc", "ircs", "telnet", "rtsp", "socks", "socks4", "socks5", "stratum", "tls", "ssl", "dns",
    "gopher", "quic", "rdp", "vnc", "mqtt", "amqp", "redis", "mysql", "rsync", "git", "nntp", "imap", "pop3",
    "smtp",
];
/// The longest run of name characters that is looked at.
const LONGEST_RUN: usize = 1024;
/// The lengths of hashes that have a kind of their own.
const DIGITS: &[(usize, Kind)] =
    &[(32, Kind::Md5), (40, Kind::Sha1), (64, Kind::Sha256), (128, Kind::Sha512)];

/// The kind of hash with that many hexadecimal digits.
pub(super) fn hash_kind(digits: usize) -> Option<Kind> {
    DIGITS.iter().find(|(length, _)| *length == digits).map(|(_, kind)| kind.clone())
}

/// Finds every value in `view` and hands it to `found`.
pub(super) fn read(view: &View<'_>, found: &mut dyn FnMut(Candidate)) {
    let mut lexer = Lexer { view, text: view.text(), floor: 0 };
    let mut at = 0;
    while let Some(run) = lexer.next_run(at) {
        // What is longer is data, and no part of it is a value.
        if run.end - run.start > LONGEST_RUN {
            at = run.end;
            lexer.floor = at;
            continue;
        }
        let mut emitted = false;
        at = lexer.read_run(run, &mut |candidate| {
            emitted = true;
            found(candidate);
        });
        if emitted {
            lexer.floor = at;
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
}

struct Lexer<'v> {
    view: &'v View<'v>,
    text: &'v str,
    /// Nothing before this byte may become part of a value any more.
    floor: usize,
}

impl Lexer<'_> {
    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).and_then(|at| self.byte(at))
    }

    /// The next run of name characters from `at` on, or the colon that an IPv6 address begins with.
    /// An ellipsis is no part of a run.
    fn next_run(&self, at: usize) -> Option<Run> {
        let mut start = None;
        for (place, c) in self.text.get(at..)?.char_indices() {
            let place = at + place;
            let belongs = is_name_char(c) && !(c == '.' && self.byte(place + 1) == Some(b'.'));
            match (belongs, start) {
                (true, None) => start = Some(place),
                (false, Some(start)) => return Some(Run { start, end: place }),
                (false, None) if c == ':' && self.byte(place + 1) == Some(b':') => {
                    return Some(Run { start: place, end: place + 1 });
                }
                _ => {}
            }
        }
        start.map(|start| Run { start, end: self.text.len() })
    }

    fn candidate(&self, kind: &Kind, start: usize, end: usize, looks: Looks) -> Option<Candidate> {
        let observable = Observable::parse(kind, self.slice(start, end)).ok()?;
        let (first, last) = self.view.origin(start, end);
        let looks = Looks { defanged: self.view.is_defanged(start, end), ..looks };
        Some(Candidate { observable, start: first, end: last, looks })
    }

    /// Reads the values that begin in `run`; returns where to go on.
    fn read_run(&self, run: Run, found: &mut dyn FnMut(Candidate)) -> usize {
        if let Some((start, end)) = self.url(run) {
            let trimmed = self.trim_url(start, end);
            if self.host_is_plausible(start, trimmed)
                && let Some(candidate) =
                    self.candidate(&Kind::Url, start, trimmed, Looks { schemed: true, ..Looks::default() })
            {
                found(candidate);
            }
            return end;
        }
        if let Some((candidate, end)) = self.ipv6(run) {
            found(candidate);
            return end;
        }
        if self.byte(run.end) == Some(b'@') {
            if let Some((candidate, end)) = self.email(run) {
                found(candidate);
                return end;
            }
            // What follows is the host of `user@1.2.3.4`, or nothing.
            return run.end;
        }
        if let Some(end) = self.ipv4(run, found) {
            return end;
        }
        if let Some((candidate, end)) = self.identifier(run) {
            found(candidate);
            return end;
        }
        if let Some(end) = self.domain(run, found) {
            return end;
        }
        self.hashes(run, found);
        run.end
    }

    /// Where a URL begins and ends whose scheme ends `run`; other schemes are passed over.
    fn url(&self, run: Run) -> Option<(usize, usize)> {
        if !self.text.get(run.end..)?.starts_with("://") {
            return None;
        }
        let head = self.slice(run.start, run.end);
        let scheme = head.len() - head.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        let start = run.start + scheme;
        let lower = self.slice(start, run.end).to_ascii_lowercase();
        let known = SCHEMES.contains(&lower.as_str());
        // `urlhttp://`: glued to a word, as after a lost separator.
        let glued = ["https", "http"].iter().find(|scheme| !known && lower.ends_with(*scheme));
        let start = match glued {
            Some(scheme) => run.end - scheme.len(),
            None => start,
        };
        let end = self.url_end(start, run.end + 3);
        // The host of an unknown scheme (`file://`, `chrome-extension://`) is nothing to find.
        Some(if known || glued.is_some() { (start, end) } else { (end, end) })
    }

    /// Where the URL whose host begins at `host` ends, before its end is trimmed.
    fn url_end(&self, start: usize, host: usize) -> usize {
        let text = self.text.get(host..).unwrap_or_default();
        let quoted = self.before(start) == Some(b'\'');
        let mut in_host = true;
        let mut in_query = false;
        let mut bracket = false;
        let bracketed_host = text.starts_with('[');
        for (place, c) in text.char_indices() {
            let rest = text.get(place..).unwrap_or_default();
            let stop = match c {
                '/' => {
                    in_host = false;
                    false
                }
                '?' | '#' => {
                    in_host = false;
                    in_query = true;
                    false
                }
                '[' => {
                    bracket = !in_host && is_bracketed_part(rest);
                    place > 0 && !in_query && !bracket
                }
                ']' => {
                    let part = !in_host && std::mem::take(&mut bracket);
                    !(in_host && bracketed_host || part || in_query && !rest.starts_with("]("))
                }
                ',' | ';' => in_host || starts_url(rest.get(1..).unwrap_or_default()),
                '\'' => quoted || in_host,
                '\\' => in_host || rest.get(1..).is_some_and(is_escape),
                '{' | '}' | '(' | ')' | '!' => in_host,
                '…' | '，' | '、' | '；' | '）' | '】' | '」' | '–' | '—' | '→' => true,
                c => {
                    c.is_whitespace() || c.is_control() || (in_host && !c.is_ascii() && !c.is_alphanumeric())
                }
            };
            if stop {
                return host + place;
            }
        }
        self.text.len()
    }

    /// Takes punctuation and closing brackets off the end.
    fn trim_url(&self, start: usize, end: usize) -> usize {
        let url = self.slice(start, end);
        let count = |wanted: u8| url.bytes().filter(|byte| *byte == wanted).count();
        // How many more brackets close than open.
        let mut extra = [(b'(', b')'), (b'[', b']'), (b'{', b'}')]
            .map(|(open, close)| (close, count(close).saturating_sub(count(open))));
        let emphasis = self.before(start).filter(|byte| matches!(byte, b'*' | b'_' | b'~' | b'+'));
        let mut length = url.len();
        while let Some(last) = length.checked_sub(1).and_then(|last| url.as_bytes().get(last)).copied() {
            let cut = match last {
                b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'\\' | b'^' => true,
                b'*' | b'_' | b'~' | b'+' => Some(last) == emphasis || last == b'*',
                _ => match extra.iter_mut().find(|(close, count)| *close == last && *count > 0) {
                    Some((_, count)) => {
                        *count -= 1;
                        true
                    }
                    None => false,
                },
            };
            if !cut {
                break;
            }
            length -= 1;
        }
        start + length
    }

    /// Whether what stands as the host of a URL can be one: an address, or a name that ends in a
    /// top-level domain.
    fn host_is_plausible(&self, start: usize, end: usize) -> bool {
        let url = self.slice(start, end);
        let Some((_, rest)) = url.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.starts_with('[') {
            return true;
        }
        let name = host.split(':').next().unwrap_or_default();
        name.parse::<std::net::Ipv4Addr>().is_ok() || names::ends_in_top_level_domain(name)
    }

    fn email(&self, run: Run) -> Option<(Candidate, usize)> {
        let more = self
            .slice(self.floor, run.start)
            .bytes()
            .rev()
            .take(64)
            .take_while(|byte| matches!(byte, b'+' | b'%' | b'=' | b'&' | b'!' | b'#'))
            .count();
        let mut start = run.start - more;
        // Only a plus sign joins two words before the `@`.
        if more == 1 && self.byte(start) == Some(b'+') {
            let local = self.slice(self.floor, start);
            start -= local.bytes().rev().take(64).take_while(|byte| is_ascii_name(*byte)).count();
        } else {
            start = run.start;
        }
        let local = self.slice(start, run.end);
        start += local.len() - local.trim_start_matches(['.', '-', '+']).len();
        let host = self.next_run(run.end + 1).filter(|host| host.start == run.end + 1)?;
        let name = self.slice(host.start, host.end).trim_end_matches(['.', '-', '_']);
        let end = host.start + name.len();
        if start >= run.end || run.end - start > 64 || !names::ends_in_top_level_domain(name) {
            return None;
        }
        self.candidate(&Kind::Email, start, end, Looks::default()).map(|candidate| (candidate, host.end))
    }

    fn ipv6(&self, run: Run) -> Option<(Candidate, usize)> {
        let bracketed = self.before(run.start) == Some(b'[');
        if run.end - run.start > 4 || self.byte(run.end) != Some(b':') && self.byte(run.start) != Some(b':') {
            return None;
        }
        if self.before(run.start).is_some_and(|byte| byte == b':' || byte.is_ascii_alphanumeric()) {
            return None;
        }
        let text = self.text.get(run.start..)?;
        let length =
            text.bytes().take(64).take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')).count();
        let address = text.get(..length)?;
        let address = match address.trim_end_matches(['.', ':']) {
            trimmed if address.starts_with(trimmed) && address.get(trimmed.len()..) == Some("::") => address,
            trimmed => trimmed,
        };
        let after = text.get(address.len()..)?;
        if after.starts_with(|c: char| c.is_alphanumeric() || c == '_') || !names::is_plausible_ipv6(address)
        {
            return None;
        }
        let mut end = run.start + address.len();
        let mut kind = Kind::Ipv6;
        if !bracketed && let Some(prefix) = prefix_length(after, 128) {
            end += prefix;
            kind = Kind::Cidr;
        }
        self.candidate(&kind, run.start, end, Looks::default()).map(|candidate| (candidate, end))
    }

    /// The IPv4 addresses and networks that a run begins with (`1.2.3.4-1.2.3.9` are two).
    fn ipv4(&self, run: Run, found: &mut dyn FnMut(Candidate)) -> Option<usize> {
        let text = self.slice(run.start, run.end);
        let start = run.start + (text.len() - text.trim_start_matches(['-', '.', '_']).len());
        let length = names::ipv4_length(self.slice(start, run.end))?;
        let mut end = start + length;
        let doubled = matches!(self.slice(start.saturating_sub(2), start), "//" | "\\\\");
        let version_like = matches!(self.before(start), Some(b'/' | b'\\')) && !doubled;
        let looks = Looks { version_like, ..Looks::default() };
        let after = self.text.get(end..)?;
        if let Some(prefix) = prefix_length(after, 32) {
            end += prefix;
            found_some(self.candidate(&Kind::Cidr, start, end, looks), found);
            return Some(end);
        }
        if let Some((candidate, stop)) = self.url_without_scheme(start, end) {
            found_some(candidate.or_else(|| self.candidate(&Kind::Ipv4, start, end, looks)), found);
            return Some(stop);
        }
        found_some(self.candidate(&Kind::Ipv4, start, end, looks), found);
        let mut at = end;
        for part in self.slice(end, run.end).split('-') {
            if names::ipv4_length(part) == Some(part.len()) {
                found_some(self.candidate(&Kind::Ipv4, at, at + part.len(), looks), found);
            }
            at += part.len() + 1;
        }
        Some(run.end)
    }

    /// `host/path` and `host:port/path`; the host ends at `end`. `None` where no path follows; else
    /// the URL, if it is one, and where what follows ends.
    fn url_without_scheme(&self, start: usize, end: usize) -> Option<(Option<Candidate>, usize)> {
        let after = self.text.get(end..)?;
        let port = after.strip_prefix(':').map_or(0, |digits| {
            let digits = digits.bytes().take(5).take_while(u8::is_ascii_digit).count();
            if digits == 0 { 0 } else { digits + 1 }
        });
        let path = after.get(port..)?;
        let first = path.strip_prefix('/')?;
        if !first.starts_with(|c: char| c.is_alphanumeric() || "?~._-%$@+!#&=".contains(c)) {
            return None;
        }
        // `a.example/b.example` are two names.
        let segment = first.split('/').next().unwrap_or_default();
        if segment.len() == first.len() && names::is_host(segment.trim_end_matches(['.', ',', ')', ':', ';']))
        {
            return None;
        }
        let stop = self.url_end(start, end + port);
        let trimmed = self.trim_url(start, stop);
        Some((self.candidate(&Kind::Url, start, trimmed, Looks::default()), stop))
    }

    /// `CVE-2024-1234` and `AS64496`.
    fn identifier(&self, run: Run) -> Option<(Candidate, usize)> {
        let text = self.slice(run.start, run.end);
        let prefix = text.get(..3)?;
        if prefix.eq_ignore_ascii_case("cve") {
            // A dash of typography is not a name character, so look beyond the run.
            let all = self.text.get(run.start..)?;
            let length = names::cve_length(all)?;
            let end = run.start + length;
            return self.candidate(&Kind::Cve, run.start, end, Looks::default()).map(|found| (found, end));
        }
        if prefix.starts_with("AS") {
            let digits = text.strip_prefix("ASN").or_else(|| text.strip_prefix("AS"))?;
            let digits = digits.trim_end_matches('.');
            if (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let end = run.start + text.trim_end_matches('.').len();
                let looks = Looks { name_like: digits.len() < 4, ..Looks::default() };
                return self.candidate(&Kind::Asn, run.start, end, looks).map(|found| (found, end));
            }
        }
        None
    }

    /// Whether what stands before a name lets a name begin.
    fn opens_well(&self, start: usize) -> bool {
        match self.before(start) {
            Some(b'\\') => start >= 2 && self.slice(start - 2, start) == "\\\\",
            Some(b'/') => start >= 2 && self.slice(start - 2, start) == "//",
            Some(byte) => !matches!(byte, b'@' | b'$' | b'%' | b'~' | b'#'),
            None => true,
        }
    }

    /// Whether a name is what is left of one whose beginning was taken out (`[removed].gov.example`).
    fn is_rest(&self, start: usize) -> bool {
        self.before(start) == Some(b'.')
            && start
                .checked_sub(2)
                .and_then(|at| self.byte(at))
                .is_some_and(|byte| matches!(byte, b']' | b'}' | b')'))
    }

    /// The domain names in a run, and where to go on; `None` where it holds none.
    fn domain(&self, run: Run, found: &mut dyn FnMut(Candidate)) -> Option<usize> {
        let text = self.slice(run.start, run.end);
        if !text.contains('.') {
            return None;
        }
        let (from, to) = names::name_in(text)?;
        let (start, end) = (run.start + from, run.start + to);
        let defanged = self.view.is_defanged(start, end);
        let name = self.slice(start, end);
        let after = self.byte(end);
        let in_bundle = names::looks_like_file(name) && after == Some(b'/');
        let odd = in_bundle
            || self.is_rest(start)
            || !self.opens_well(start)
            || matches!(after, Some(b'('))
            || names::looks_like_code(name);
        if odd && !defanged {
            return None;
        }
        let looks = Looks { name_like: names::looks_like_file(name), ..Looks::default() };
        if let Some((candidate, stop)) = self.url_without_scheme(start, end) {
            found_some(candidate.or_else(|| self.candidate(&Kind::Domain, start, end, looks)), found);
            return Some(stop);
        }
        found(self.candidate(&Kind::Domain, start, end, looks)?);
        Some(end)
    }

    fn hashes(&self, run: Run, found: &mut dyn FnMut(Candidate)) {
        let text = self.slice(run.start, run.end);
        let mut at = 0;
        for part in text.split(['.', '-', '_']) {
            let start = run.start + at;
            let end = start + part.len();
            at += part.len() + 1;
            let Some(kind) = hash_kind(part.len()) else { continue };
            if !names::is_hash(part) {
                continue;
            }
            let in_path = matches!(self.before(start), Some(b'/' | b'\\'));
            let embedded = in_path || start > run.start || end < run.end;
            let looks = Looks { embedded, ..Looks::default() };
            found_some(self.candidate(&kind, start, end, looks), found);
        }
    }
}

fn found_some(candidate: Option<Candidate>, found: &mut dyn FnMut(Candidate)) {
    if let Some(candidate) = candidate {
        found(candidate);
    }
}

fn is_ascii_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// What names, addresses, hashes and identifiers consist of.
fn is_name_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    }
    // Vowel signs of Indic scripts, joiners, and combining marks belong to the letters before them.
    c.is_alphanumeric()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

/// The length of `/24` at the beginning of `text`, where it is a prefix length and nothing more.
fn prefix_length(text: &str, most: u16) -> Option<usize> {
    let digits = text.strip_prefix('/')?;
    let length = digits.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let number: u16 = digits.get(..length)?.parse().ok()?;
    let after = digits.get(length..)?;
    let word = |text: &str| text.starts_with(|c: char| c.is_alphanumeric());
    let goes_on = word(after)
        || after.starts_with(['/', '_', '-', '?', '='])
        || after.strip_prefix('.').is_some_and(word);
    (number <= most && !goes_on).then_some(length + 1)
}

/// Whether `[v17]` in a path is a part of it: it goes on behind the bracket. The text of a link in
/// AsciiDoc (`https://a.example/b[text]`) does not.
fn is_bracketed_part(text: &str) -> bool {
    let end = text.bytes().take(40).position(|byte| byte == b']');
    end.and_then(|end| text.get(end + 1..))
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || "/.-_=&?".contains(c)))
}

fn starts_url(text: &str) -> bool {
    ["http://", "https://", "http:", "ftp://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|found| found.eq_ignore_ascii_case(scheme)))
}

/// Whether what follows a backslash makes it an escape that ends a quoted text.
fn is_escape(after: &str) -> bool {
    match after.as_bytes() {
        [b'"' | b'\'', ..] => true,
        [b'n' | b'r' | b't'] => true,
        [b'n' | b'r' | b't', next, ..] => !next.is_ascii_alphanumeric(),
        _ => false,
    }
}
