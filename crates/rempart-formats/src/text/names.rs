//! What a run of name characters may be: an address, a domain name, a hash, or none of them.

use std::net::Ipv6Addr;

use super::tld;

/// The most bytes that a domain name has in text, with room for scripts that A-labels shorten.
const LONGEST_NAME: usize = 512;

/// Whether the last label of `name` is a top-level domain, and there is one before it.
pub(super) fn ends_in_top_level_domain(name: &str) -> bool {
    name.trim_end_matches('.')
        .rsplit_once('.')
        .is_some_and(|(labels, last)| !labels.is_empty() && tld::is_known(last))
}

/// Whether `text` is a whole host: an IPv4 address or a name that ends in a top-level domain that
/// no file name ends in.
pub(super) fn is_host(text: &str) -> bool {
    if ipv4_length(text) == Some(text.len()) {
        return true;
    }
    let ending = text.rsplit('.').next().unwrap_or_default();
    name_in(text) == Some((0, text.len())) && !tld::is_file_ending(ending) && !looks_like_file(text)
}

/// Where the domain name in a run of name characters begins and ends.
pub(super) fn name_in(run: &str) -> Option<(usize, usize)> {
    let mut start = run.len() - run.trim_start_matches(['.', '-']).len();
    let mut end = run.trim_end_matches(['.', '-', '_']).len();
    // Chinese and Japanese are written without spaces: `恶意域名evil.example的`.
    if !run.is_ascii() {
        let name = run.get(start..end)?;
        let dot = name.rfind('.')?;
        let is_wide = |c: char| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}');
        let last = name.get(dot + 1..)?;
        if last.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some(wide) = last.find(is_wide)
        {
            end = start + dot + 1 + wide;
        }
        let head = run.get(start..start + dot)?;
        if let Some((place, c)) = head.char_indices().rev().find(|(_, c)| is_wide(*c)) {
            let after = place + c.len_utf8();
            if after < head.len() && !head.get(after..)?.starts_with(['.', '-']) {
                start += after;
            }
        }
    }
    let name = run.get(start..end)?;
    let (labels, last) = name.rsplit_once('.')?;
    if labels.is_empty() || name.len() > LONGEST_NAME || !tld::is_known(last) {
        return None;
    }
    let bad = |label: &str| label.is_empty() || label.starts_with('-') || label.ends_with('-');
    (!name.split('.').any(bad) && ipv4_length(name).is_none()).then_some((start, end))
}

/// Whether a name that was not defanged is far more likely code or prose: `System.Net`,
/// `e.g`, a full stop without a space behind it.
pub(super) fn looks_like_code(name: &str) -> bool {
    let Some((labels, last)) = name.rsplit_once('.') else { return true };
    let lower = |text: &str| text.bytes().any(|byte| byte.is_ascii_lowercase());
    let upper_first = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
    // `files.This`, `System.Net`, `ASP.NET`, `Inc.In`.
    if upper_first(last) && (lower(last) || lower(labels)) {
        return true;
    }
    // `ASP.NET`, `VB.NET`.
    if matches!(name, "ASP.NET" | "VB.NET" | "ADO.NET" | "ML.NET") {
        return true;
    }
    // `Thread.is`, `oShell.run`: capitals inside a lower-case name, and a short ending.
    let camel = labels
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    if camel && last.len() <= 4 && (tld::is_file_ending(last) || last.len() == 2) {
        return true;
    }
    // `i.e`, `e.g`, `a.m`, `p.m`; single letters on both sides of every dot.
    labels.split('.').all(|label| label.len() == 1)
        && last.len() <= 2
        && !labels.bytes().any(|b| b.is_ascii_digit())
}

/// Whether a name could as well be that of a file or a program.
pub(super) fn looks_like_file(name: &str) -> bool {
    const DOS: &[&str] = &[
        "command.com",
        "chcp.com",
        "format.com",
        "mode.com",
        "more.com",
        "tree.com",
        "diskcopy.com",
        "win.com",
    ];
    let last = name.rsplit('.').next().unwrap_or_default();
    // Bundles of macOS are written with capitals: `VirtualBox.app`.
    let bundle = last == "app" && name.starts_with(|c: char| c.is_ascii_uppercase());
    tld::is_file_ending(last)
        || bundle
        || DOS.iter().any(|known| known.eq_ignore_ascii_case(name))
        || matches!(name, "node.js" | "socket.io" | "readme.md")
        || ((name.contains('_') || name.starts_with("lib"))
            && matches!(last, "so" | "in" | "ac" | "am" | "la"))
}

/// The length of the IPv4 address at the beginning of `run`; `None` where there is none, or where
/// more digits or letters follow (`1.2.3.4.5`, `1.2.3.4.example`, `1.2.3.4a`).
pub(super) fn ipv4_length(run: &str) -> Option<usize> {
    let bytes = run.as_bytes();
    let mut at = 0;
    for part in 0..4 {
        let digits = bytes.get(at..)?.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let number: u16 = run.get(at..at + digits)?.parse().ok()?;
        if digits > 3 || number > 255 || (digits > 1 && bytes.get(at) == Some(&b'0')) {
            return None;
        }
        at += digits;
        if part < 3 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
    }
    let after = bytes.get(at..)?;
    match after {
        [] => Some(at),
        [b'.' | b'_', next, ..] if !matches!(next, b'.' | b'-') => None,
        [b'-', next, ..] if next.is_ascii_alphabetic() => None,
        [b'.' | b'-' | b'_', ..] => Some(at),
        _ => None,
    }
}

/// Whether a text is an IPv6 address that was meant as one: not a time, a hardware address, a
/// fingerprint or a C++ name.
pub(super) fn is_plausible_ipv6(text: &str) -> bool {
    let Ok(address) = text.parse::<Ipv6Addr>() else { return false };
    let groups: Vec<&str> = text.split(':').filter(|group| !group.is_empty()).collect();
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    if !digits || groups.is_empty() {
        return false;
    }
    // Eight pairs are a fingerprint or an EUI-64, not an address.
    if groups.len() == 8 && groups.iter().all(|group| group.len() == 2) {
        return false;
    }
    let global =
        address.segments().first().is_some_and(|first| (0x2000..0x4000).contains(first) || *first >= 0xfc00);
    text.contains('.') || groups.len() >= 4 || (global && groups.len() >= 2) || address.is_loopback()
}

/// The length of the CVE identifier at the beginning of `text`, with any kind of dash.
pub(super) fn cve_length(text: &str) -> Option<usize> {
    let dash = |text: &str| {
        let c = text.chars().next()?;
        matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
            .then(|| c.len_utf8())
    };
    let digits = |text: &str, most: usize| text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let mut at = 3;
    at += dash(text.get(at..)?)?;
    if digits(text.get(at..)?, 5) != 4 {
        return None;
    }
    at += 4;
    at += dash(text.get(at..)?)?;
    let number = digits(text.get(at..)?, 20);
    at += number;
    let ends = !text.get(at..)?.starts_with(|c: char| c.is_alphanumeric());
    ((4..=19).contains(&number) && ends).then_some(at)
}

/// Whether hexadecimal digits are a hash: not a number, not a filling.
pub(super) fn is_hash(digits: &str) -> bool {
    let mut seen = [false; 256];
    let (mut letters, mut kinds) = (0_usize, 0_usize);
    for byte in digits.bytes() {
        if !byte.is_ascii_hexdigit() {
            return false;
        }
        letters += usize::from(byte.is_ascii_alphabetic());
        if let Some(slot) = seen.get_mut(usize::from(byte))
            && !*slot
        {
            *slot = true;
            kinds += 1;
        }
    }
    // A digest has fewer than six different digits about never.
    letters > 0 && kinds >= 6
}
