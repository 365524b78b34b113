//! Where in the network an observable stands: the name, the addresses or the system in its value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rempart_model::{Kind, Observable};

/// The part of a canonical value that tables of the network know something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A domain name, without a wildcard in front.
    Name(&'a str),
    /// One address.
    Address(IpAddr),
    /// A network, from its first to its last address.
    Network(IpAddr, IpAddr),
    /// An autonomous system.
    System(u32),
    /// It stands nowhere: a hash, a vulnerability.
    Nowhere,
}

impl<'a> Place<'a> {
    /// The place of an observable: of a URL its host, of an e-mail address its domain.
    pub fn of(observable: &'a Observable) -> Self {
        let value = observable.value();
        match observable.kind() {
            Kind::Domain => Place::Name(value.strip_prefix("*.").unwrap_or(value)),
            Kind::Url => host_of_url(value),
            Kind::Email => value.rsplit_once('@').map_or(Place::Nowhere, |(_, host)| of_host(host)),
            Kind::Ipv4 | Kind::Ipv6 => value.parse().map_or(Place::Nowhere, Place::Address),
            Kind::Cidr => network(value).map_or(Place::Nowhere, |(first, last)| Place::Network(first, last)),
            Kind::Asn => value
                .strip_prefix("AS")
                .and_then(|digits| digits.parse().ok())
                .map_or(Place::Nowhere, Place::System),
            _ => Place::Nowhere,
        }
    }
}

/// The host of an absolute URL (RFC 3986, 3.2.2).
fn host_of_url(url: &str) -> Place<'_> {
    let Some((_, rest)) = url.split_once("://") else { return Place::Nowhere };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.split(']').next().unwrap_or("");
        return inner.parse().map_or(Place::Nowhere, |address| Place::Address(IpAddr::V6(address)));
    }
    of_host(host.split(':').next().unwrap_or(""))
}

fn of_host(host: &str) -> Place<'_> {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    if host.is_empty() {
        return Place::Nowhere;
    }
    // Only what ends in a digit can be an address, and most hosts do not.
    if host.ends_with(|c: char| c.is_ascii_digit())
        && let Ok(address) = host.parse()
    {
        return Place::Address(address);
    }
    Place::Name(host)
}

/// Whether a URL says nothing beyond its host.
pub(crate) fn is_bare_url(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    !rest.trim_end_matches('/').contains(['/', '?', '#'])
}

/// The first and last address of a network in CIDR notation; an address alone is a network of one.
pub fn network(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => {
            let length = length.unwrap_or(32);
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            let first = address.to_bits() & !host;
            (length <= 32)
                .then(|| (Ipv4Addr::from_bits(first).into(), Ipv4Addr::from_bits(first | host).into()))
        }
        IpAddr::V6(address) => {
            let length = length.unwrap_or(128);
            let host = u128::MAX.checked_shr(length).unwrap_or(0);
            let first = address.to_bits() & !host;
            (length <= 128)
                .then(|| (Ipv6Addr::from_bits(first).into(), Ipv6Addr::from_bits(first | host).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_place_of_every_kind() {
        let ip = |text: &str| Place::Address(text.parse().unwrap());
        for (kind, value, place) in [
            (Kind::Domain, "a.example", Place::Name("a.example")),
            (Kind::Domain, "*.a.example", Place::Name("a.example")),
            (Kind::Url, "https://user:p@ss@host.example:8443/a@b?c", Place::Name("host.example")),
            (Kind::Url, "http://192.0.2.1:80/x", ip("192.0.2.1")),
            (Kind::Url, "http://[2001:db8::1]:80/x", ip("2001:db8::1")),
            (Kind::Url, "http://[bad/x", Place::Nowhere),
            (Kind::Url, "mailto:a@b", Place::Nowhere),
            (Kind::Url, "http://web2", Place::Name("web2")),
            (Kind::Email, "a@b@mail.example", Place::Name("mail.example")),
            (Kind::Ipv4, "192.0.2.1", ip("192.0.2.1")),
            (Kind::Ipv6, "2001:db8::", ip("2001:db8::")),
            (
                Kind::Cidr,
                "192.0.2.64/26",
                Place::Network("192.0.2.64".parse().unwrap(), "192.0.2.127".parse().unwrap()),
            ),
            (Kind::Asn, "AS64496", Place::System(64496)),
            (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", Place::Nowhere),
        ] {
            assert_eq!(Place::of(&Observable::from_canonical(kind, value)), place, "{value}");
        }
    }

    #[test]
    fn reads_networks() {
        let read = |text: &str| network(text).map(|(a, b)| format!("{a} {b}"));
        assert_eq!(read("10.1.2.3/8").unwrap(), "10.0.0.0 10.255.255.255");
        assert_eq!(read("10.1.2.3").unwrap(), "10.1.2.3 10.1.2.3");
        assert_eq!(read("0.0.0.0/0").unwrap(), "0.0.0.0 255.255.255.255");
        assert_eq!(read("::/0").unwrap(), ":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(read("2001:db8::1/127").unwrap(), "2001:db8:: 2001:db8::1");
        for wrong in ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "", "example", "999999999999/3"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn tells_bare_urls() {
        assert!(is_bare_url("https://example.org") && is_bare_url("https://example.org/"));
        assert!(!is_bare_url("https://example.org/a") && !is_bare_url("https://example.org/?q"));
    }
}
