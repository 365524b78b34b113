//! Domain names: A-labels (UTS 46, non-transitional), lower case, no trailing dot.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::{Reason, bounded, defang::refang, visible};

/// A domain name in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainName {
    /// The name.
    pub name: Box<str>,
    /// Whether it was written with a leading `*.` or `.`, which says "and everything below it".
    pub wildcard: bool,
}

/// The most bytes that a name has in text, without its trailing dot (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;
/// The most bytes that a label has (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// Reads a domain name of two labels or more. A port after it is dropped; labels with underscores
/// are names too (RFC 8552); an IP address is not.
pub fn parse(text: &str) -> Result<DomainName, super::ObservableError> {
    parse_name(text).map_err(Into::into)
}

pub(super) fn parse_name(text: &str) -> Result<DomainName, Reason> {
    if let Some(name) = plain(text) {
        return Ok(DomainName { name, wildcard: false });
    }
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = refang(text);
    let text = visible(&refanged)?;
    if text.contains(['/', '\\', '?', '#']) {
        return Err("is a URL or a path, not a domain name".into());
    }
    if text.contains('@') {
        return Err("is an e-mail address, not a domain name".into());
    }
    let host = without_port(text);
    let (host, wildcard) = match host.strip_prefix("*.").or_else(|| host.strip_prefix('.')) {
        Some(rest) => (rest, true),
        None => (host, false),
    };
    let name = to_name(host)?;
    Ok(DomainName { name: name.into(), wildcard })
}

/// Brings a host name, without port or wildcard, into canonical form.
pub(super) fn to_name(host: &str) -> Result<Cow<'_, str>, Reason> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Err("is an IP address, not a domain name".into());
    }
    let ascii = to_ascii(host)?;
    let name = without_root(ascii);
    check(&name)?;
    if !name.contains('.') {
        return Err("is a single label; a domain name has at least two".into());
    }
    Ok(name)
}

/// The A-label form of a host name (UTS 46), checked for what no host name holds.
///
/// What is ASCII is only brought into lower case: names with A-labels that UTS 46 would refuse are
/// registered, resolve, and are used.
pub(super) fn to_ascii(host: &str) -> Result<Cow<'_, str>, Reason> {
    let ascii = if host.is_ascii() {
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        }
    } else {
        Uts46::new()
            .to_ascii(host.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
            .map_err(|_| "is not a valid internationalised domain name (UTS 46)")?
    };
    match ascii.chars().find(|&c| !is_name_char(c)) {
        Some(c) => Err(format!("has the character {c:?}, which no domain name has").into()),
        None => Ok(ascii),
    }
}

/// Checks labels and lengths of a name that consists of the right characters.
pub(super) fn check(name: &str) -> Result<(), Reason> {
    if name.is_empty() {
        return Err("is empty".into());
    }
    if name.len() > LONGEST_NAME {
        return Err("is longer than the 253 characters that a domain name has at most".into());
    }
    let mut last = "";
    for label in name.split('.') {
        if label.is_empty() {
            return Err("has an empty label (two dots in a row, or a dot too many)".into());
        }
        if label.len() > LONGEST_LABEL {
            return Err("has a label of more than 63 characters".into());
        }
        last = label;
    }
    if ends_in_number(last) {
        return Err("ends in a number, as only an IP address does".into());
    }
    Ok(())
}

/// The fast way, for nearly every name of nearly every list: ASCII, and nothing to undo.
pub(super) fn plain(text: &str) -> Option<Box<str>> {
    let mut upper = false;
    let plain = text.len() <= LONGEST_NAME + 1
        && text.bytes().all(|byte| {
            upper |= byte.is_ascii_uppercase();
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
        });
    let name = text.strip_suffix('.').unwrap_or(text);
    if !plain || !name.contains('.') || check(name).is_err() {
        return None;
    }
    let mut name: Box<str> = name.into();
    if upper {
        name.make_ascii_lowercase();
    }
    Some(name)
}

/// Whether a name is in canonical form.
pub(super) fn is_canonical(name: &str) -> bool {
    name.contains('.') && name.chars().all(is_name_char) && check(name).is_ok()
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_')
}

fn is_a_label(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

/// Whether a last label makes the whole an IPv4 address (WHATWG URL, "ends in a number checker").
fn ends_in_number(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Whether the last label could be a top-level domain: letters only, or an A-label (RFC 3696,
/// section 2). Tells names from version numbers and the like.
pub(super) fn has_plausible_tld(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| {
        is_a_label(last) || (last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()))
    })
}

/// Takes off the dot of the root.
pub(super) fn without_root(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.strip_suffix('.').unwrap_or(name)),
        Cow::Owned(mut name) => {
            if name.ends_with('.') {
                name.pop();
            }
            Cow::Owned(name)
        }
    }
}

/// Drops `:8080` at the end.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && !name.contains(':') => name,
        _ => host,
    }
}

/// Whether the text is a port number.
pub(super) fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}
