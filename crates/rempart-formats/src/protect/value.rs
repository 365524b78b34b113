//! Whether a value is what its kind says, looked at once more before it goes into somebody's
//! configuration. The canonical form forbids most of this; a writer does not rely on it.

use std::net::IpAddr;

use rempart_model::observable::address;
use rempart_model::{Kind, Observable};

use super::LeftOut;

/// The most bytes of a URL that is written to a file; longer ones are cut by the programs that read it.
const LONGEST_URL: usize = 2048;

/// Checks the value of a kind that a protective file can hold.
pub(super) fn check(target: &Observable) -> Result<(), LeftOut> {
    let value = target.value();
    match target.kind() {
        Kind::Domain => name(value),
        Kind::Url => url(value).map(|_| ()),
        Kind::Ipv4 | Kind::Ipv6 => host(target.kind(), value),
        Kind::Cidr => network(target),
        Kind::Email => email(value),
        Kind::Md5 => hex(value, 32),
        Kind::Sha1 => hex(value, 40),
        Kind::Sha256 => hex(value, 64),
        Kind::Sha512 => hex(value, 128),
        Kind::Asn | Kind::Cve | Kind::Other(_) => Err(LeftOut::Kind),
    }
}

/// A domain name in canonical form (RFC 1035, section 2.3.4; RFC 8552 for underscores).
pub(super) fn name(text: &str) -> Result<(), LeftOut> {
    let sign =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    if text.len() > 253 {
        return Err(LeftOut::TooLong);
    }
    // A name that begins with a hyphen is an option to programs that are handed it.
    if !text.bytes().all(sign) || !text.contains('.') || text.starts_with('-') {
        return Err(LeftOut::Value);
    }
    if text.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(LeftOut::Value);
    }
    // A last label that is a number makes it an address to many readers.
    let last = text.rsplit('.').next().unwrap_or_default();
    let digits = last.strip_prefix("0x").map_or_else(
        || last.bytes().all(|byte| byte.is_ascii_digit()),
        |hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
    );
    match () {
        () if digits => Err(LeftOut::Value),
        () if NOBODYS.contains(&last) => Err(LeftOut::Special),
        () => Ok(()),
    }
}

/// Top-level domains whose names every machine and network gives out for itself (RFC 6761, RFC 6762,
/// RFC 3172 and ICANN's resolution on `internal`). Those for examples and tests may stand.
const NOBODYS: [&str; 5] = ["arpa", "internal", "local", "localdomain", "localhost"];

/// The parts of a URL that goes into a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'u> {
    pub(super) scheme: &'u str,
    /// Name or IPv4 address; of IPv6, with its brackets.
    pub(super) host: &'u str,
    pub(super) port: Option<&'u str>,
    /// From the first slash on, query included.
    pub(super) path: &'u str,
}

/// A URL of http, https or ftp, in ASCII, without user information and fragment.
pub(super) fn url(text: &str) -> Result<Parts<'_>, LeftOut> {
    if text.len() > LONGEST_URL {
        return Err(LeftOut::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#'))
    {
        return Err(LeftOut::Value);
    }
    let (scheme, rest) = text.split_once("://").ok_or(LeftOut::Value)?;
    if !matches!(scheme, "http" | "https" | "ftp") {
        return Err(LeftOut::Kind);
    }
    let slash = rest.find('/').ok_or(LeftOut::Value)?;
    let (authority, path) = rest.split_at_checked(slash).ok_or(LeftOut::Value)?;
    // User information is what deceives people; what programs see of a request lacks it.
    if authority.contains('@') {
        return Err(LeftOut::Value);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let (address, after) = inside.split_once(']').ok_or(LeftOut::Value)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| LeftOut::Value)?;
            let host = authority.get(..address.len() + 2).ok_or(LeftOut::Value)?;
            match after {
                "" => (host, None),
                after => (host, Some(after.strip_prefix(':').ok_or(LeftOut::Value)?)),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if port.is_some_and(|port| !port.bytes().all(|b| b.is_ascii_digit()) || port.parse::<u16>().is_err()) {
        return Err(LeftOut::Value);
    }
    if !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err() {
        name(host)?;
    }
    Ok(Parts { scheme, host, port, path })
}

/// An address that belongs to somebody (documentation aside, which examples and tests need).
fn host(kind: &Kind, text: &str) -> Result<(), LeftOut> {
    let address: IpAddr = text.parse().map_err(|_| LeftOut::Value)?;
    if address.is_ipv4() != (*kind == Kind::Ipv4) || address.to_string() != text {
        return Err(LeftOut::Value);
    }
    somebodys(address::to_u128(address))
}

fn somebodys(address: u128) -> Result<(), LeftOut> {
    match address::is_special(address) {
        None | Some("documentation") => Ok(()),
        Some(_) => Err(LeftOut::Special),
    }
}

/// A network that is neither of nobody nor a large part of the Internet.
fn network(target: &Observable) -> Result<(), LeftOut> {
    let (written, length) = target.value().split_once('/').ok_or(LeftOut::Value)?;
    let address: IpAddr = written.parse().map_err(|_| LeftOut::Value)?;
    let bits: u8 = length.parse().map_err(|_| LeftOut::Value)?;
    let (first, last) = address::range(target).ok_or(LeftOut::Value)?;
    if address.to_string() != written || bits.to_string() != length || address::to_u128(address) != first {
        return Err(LeftOut::Value);
    }
    // No registry hands out larger blocks (RFC 7020; the largest IPv6 allocations are /19).
    if bits < if address.is_ipv4() { 8 } else { 19 } {
        return Err(LeftOut::TooWide);
    }
    somebodys(first)?;
    somebodys(last)
}

fn email(text: &str) -> Result<(), LeftOut> {
    let (local, host) = text.rsplit_once('@').ok_or(LeftOut::Value)?;
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&byte);
    if local.is_empty() || local.len() > 64 || local.starts_with('-') || !local.bytes().all(sign) {
        return Err(LeftOut::Value);
    }
    name(host)
}

fn hex(text: &str, digits: usize) -> Result<(), LeftOut> {
    let sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    if text.len() == digits && text.bytes().all(sign) { Ok(()) } else { Err(LeftOut::Value) }
}

/// A text of one line that can stand in a comment.
pub(super) fn line(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    if text.len() > 400 {
        return Err("is longer than 400 bytes");
    }
    // The separators of Unicode end a line for some readers, and so do controls.
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("has a line break or another control character");
    }
    Ok(())
}

/// A URL that can stand in a comment and in every format without being quoted.
pub(super) fn link(text: &str) -> Result<(), &'static str> {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?&=%+".contains(&byte);
    if !(text.starts_with("https://") || text.starts_with("http://")) {
        return Err("must begin with https:// or http://");
    }
    if text.len() > 400 || !text.bytes().all(sign) {
        return Err("may only have letters, digits and -._~:/?&=%+");
    }
    url(&format!("{}/", text.trim_end_matches('/'))).map(|_| ()).map_err(|_| "is not a URL")
}
