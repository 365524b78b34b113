//! Observables: atomic values in canonical form. Canonical form is decided here and nowhere else.

pub mod address;
mod asn;
mod cve;
mod defang;
pub mod domain;
mod email;
mod hash;
mod special;
pub mod suffix;
mod url;

use std::borrow::Cow;

pub use defang::refang;
pub use domain::DomainName;
pub use suffix::{Suffix, SuffixList};

/// The most bytes of a value that is not a URL.
pub const LONGEST_VALUE: usize = 4096;
/// The most bytes of a URL in canonical form.
pub const LONGEST_URL: usize = 8192;

/// What kind of value an observable is. The codes are stored and never change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A domain name, in A-labels, lower case, without trailing dot.
    Domain,
    /// A URL.
    Url,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 or IPv6 network.
    Cidr,
    /// An autonomous system, `AS64496`.
    Asn,
    /// An e-mail address.
    Email,
    /// MD5, lower-case hexadecimal.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512 (SHA-2 of other lengths are `Other`).
    Sha512,
    /// A vulnerability, `CVE-2024-1234`.
    Cve,
    /// Anything else, kept as an opaque string; the name is a MISP or STIX term in lower case
    /// (`mutex`, `file-name`, `windows-registry-key`).
    Other(Box<str>),
}

impl Kind {
    /// The name on the command line and in JSON: `domain`, `url`, `ipv4`, `ipv6`, `cidr`, `email`,
    /// `md5`, `sha1`, `sha256`, `sha512`, `cve`, `asn`, or the other kind's own name.
    pub fn name(&self) -> &str {
        match self {
            Kind::Domain => "domain",
            Kind::Url => "url",
            Kind::Ipv4 => "ipv4",
            Kind::Ipv6 => "ipv6",
            Kind::Cidr => "cidr",
            Kind::Asn => "asn",
            Kind::Email => "email",
            Kind::Md5 => "md5",
            Kind::Sha1 => "sha1",
            Kind::Sha256 => "sha256",
            Kind::Sha512 => "sha512",
            Kind::Cve => "cve",
            Kind::Other(name) => name,
        }
    }

    /// The kind of a name; an unknown name is kept as [`Kind::Other`].
    pub fn from_name(name: &str) -> Self {
        match name {
            "domain" => Kind::Domain,
            "url" => Kind::Url,
            "ipv4" => Kind::Ipv4,
            "ipv6" => Kind::Ipv6,
            "cidr" => Kind::Cidr,
            "asn" => Kind::Asn,
            "email" => Kind::Email,
            "md5" => Kind::Md5,
            "sha1" => Kind::Sha1,
            "sha256" => Kind::Sha256,
            "sha512" => Kind::Sha512,
            "cve" => Kind::Cve,
            other => Kind::Other(other.into()),
        }
    }
}

/// A value in canonical form, with its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Observable {
    kind: Kind,
    value: Box<str>,
}

/// Why a text is not an observable of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ObservableError {
    /// A lowercase fragment for the operator.
    pub reason: Box<str>,
}

/// Why not, inside this module: most attempts of a guess fail, and cost nothing so.
type Reason = Cow<'static, str>;

impl From<Reason> for ObservableError {
    fn from(reason: Reason) -> Self {
        Self { reason: reason.into() }
    }
}

impl Observable {
    /// Reads `text` as a value of `kind` and brings it into canonical form. Defanged forms are
    /// refanged. For [`Kind::Ipv4`], [`Kind::Ipv6`] and [`Kind::Cidr`] the result may be of another
    /// of these kinds (an IPv4-mapped IPv6 address is an IPv4 address, a /32 an address), and a
    /// [`Kind::Other`] by the name of a known kind is of that kind.
    ///
    /// Canonical form is stable: parsing the value of the result again gives the same result.
    pub fn parse(kind: &Kind, text: &str) -> Result<Self, ObservableError> {
        parse(kind, text).map_err(Into::into)
    }

    /// Reads `text` as whatever it plainly is, among the kinds other than [`Kind::Other`] (but
    /// hashes of 56 and 96 digits are `sha224` and `sha384`). Tried in turn: network, address,
    /// hash, e-mail address, URL, CVE, AS number (with its `AS`), domain name.
    pub fn guess(text: &str) -> Result<Self, ObservableError> {
        guess(text).map_err(Into::into)
    }

    /// Takes over what is known to be canonical (it was written by this crate).
    pub fn from_canonical(kind: Kind, value: &str) -> Self {
        Self { kind, value: value.into() }
    }

    /// The kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The canonical value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The host that the observable names, in canonical form: of a domain or an address the value,
    /// of an e-mail address what follows the `@`, of a URL its host (without brackets). A URL's
    /// host may be a single label. `None` for every other kind, networks among them.
    pub fn host(&self) -> Option<&str> {
        match self.kind {
            Kind::Domain | Kind::Ipv4 | Kind::Ipv6 => Some(&self.value),
            Kind::Email => self.value.rsplit_once('@').map(|(_, host)| host),
            Kind::Url => url::host(&self.value),
            _ => None,
        }
    }
}

fn parse(kind: &Kind, text: &str) -> Result<Observable, Reason> {
    let value = match kind {
        Kind::Domain => domain::parse_name(text)?.name,
        Kind::Url => url::parse(text)?,
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => return address::parse(text),
        Kind::Asn => asn::parse(text)?,
        Kind::Email => email::parse(text)?,
        Kind::Cve => cve::parse(text)?,
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => hash::parse(kind, text)?,
        Kind::Other(name) => match Kind::from_name(name) {
            Kind::Other(_) if hash::digits(kind).is_some() => hash::parse(kind, text)?,
            Kind::Other(_) => opaque(text)?.into(),
            known => return parse(&known, text),
        },
    };
    Ok(Observable { kind: kind.clone(), value })
}

fn guess(text: &str) -> Result<Observable, Reason> {
    let of = |kind, value| Observable { kind, value };
    if let Some(address) = address::plain(text) {
        return Ok(address);
    }
    if let Some((kind, value)) = hash::guess(text) {
        return Ok(of(kind, value));
    }
    // Nothing that is tried before names looks like one with a top-level domain.
    if let Some(name) = domain::plain(text).filter(|name| domain::has_plausible_tld(name)) {
        return Ok(of(Kind::Domain, name));
    }
    if url::is_plain(text) {
        return Ok(of(Kind::Url, text.into()));
    }
    bounded(text, 2 * LONGEST_URL)?;
    let refanged = refang(text);
    let text = visible(&refanged)?;
    if url::has_scheme(text) {
        return url::parse_refanged(text).map(|value| of(Kind::Url, value));
    }
    let path = text.split_once('/');
    match address::parse_refanged(text) {
        Ok(address) => return Ok(address),
        // What was meant to be an address or a network is told what is wrong with it.
        Err(why) if address::is_meant(text) => return Err(why),
        Err(_) => {}
    }
    if let Some((kind, value)) = hash::guess(text) {
        return Ok(of(kind, value));
    }
    if path.is_none() && text.contains('@') {
        return email::parse_refanged(text).map(|value| of(Kind::Email, value));
    }
    if path.is_some() || text.contains('?') {
        return url::parse_refanged(text).map(|value| of(Kind::Url, value));
    }
    if let Ok(value) = cve::parse_refanged(text) {
        return Ok(of(Kind::Cve, value));
    }
    if let Some(value) = asn::parse_prefixed(text) {
        return Ok(of(Kind::Asn, value));
    }
    let name = domain::parse_name(text)?.name;
    if !domain::has_plausible_tld(&name) {
        return Err("is nothing that can be told by its looks; say what kind it is".into());
    }
    Ok(of(Kind::Domain, name))
}

/// A value of a kind that has no canonical form of its own: as it came, without space around it.
fn opaque(text: &str) -> Result<&str, Reason> {
    let text = visible(text)?;
    bounded(text, LONGEST_VALUE)?;
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(control(c)),
        None => Ok(text),
    }
}

/// Refuses what is too long to be looked at.
fn bounded(text: &str, most: usize) -> Result<(), Reason> {
    if text.len() <= most { Ok(()) } else { Err(format!("is longer than {most} bytes").into()) }
}

/// Trims, and refuses what is empty or holds control characters. Those beyond ASCII are left to
/// the kinds: where they stand in the path of a URL they get encoded.
fn visible(text: &str) -> Result<&str, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".into());
    }
    match text.bytes().find(u8::is_ascii_control) {
        Some(byte) => Err(control(byte.into())),
        None => Ok(text),
    }
}

fn control(c: char) -> Reason {
    format!("holds the control character U+{:04X}", u32::from(c)).into()
}
