//! Observables: atomic values in canonical form. Canonical form is decided here and nowhere else.

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

impl Observable {
    /// Reads `text` as a value of `kind` and brings it into canonical form. Defanged forms are
    /// refanged. For [`Kind::Ipv4`], [`Kind::Ipv6`] and [`Kind::Cidr`] the result may be of another
    /// of these kinds (an IPv4-mapped IPv6 address is an IPv4 address, a /32 an address).
    pub fn parse(kind: &Kind, text: &str) -> Result<Self, ObservableError> {
        let _ = (kind, text);
        Err(ObservableError { reason: "not written yet".into() })
    }

    /// Reads `text` as whatever it plainly is, among the kinds other than [`Kind::Other`].
    pub fn guess(text: &str) -> Result<Self, ObservableError> {
        let _ = text;
        Err(ObservableError { reason: "not written yet".into() })
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
}
