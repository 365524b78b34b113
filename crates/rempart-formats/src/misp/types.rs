//! MISP's attribute types (<https://www.misp-standard.org/rfc/misp-standard-core.html>, section
//! 2.4.2.3) and what each is in Rempart.

use rempart_model::Kind;

/// What the value of an attribute type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value.
    One(Kind),
    /// Two values, each a claim of its own (`domain|ip`).
    Both(Kind, Kind),
    /// A value, and after the last bar something that only describes it (`ip-dst|port`).
    Described(Kind, &'static str),
    /// Something that describes, and after the last bar the value (`filename|sha256`).
    Describing(&'static str, Kind),
    /// A detection rule in a language of its own (STIX 2.1 `pattern-type-ov`).
    Rule(&'static str),
}

/// What an attribute of type `name` is made of. A type that is not known here is kept under its own
/// name, so that types that MISP has yet to invent are not lost.
pub(crate) fn shape(name: &str) -> Shape {
    if let Some((left, right)) = name.split_once('|') {
        return match (left, right) {
            ("domain", "ip") => Shape::Both(Kind::Domain, Kind::Ipv4),
            ("ip-src" | "ip-dst", "port") => Shape::Described(Kind::Ipv4, "port"),
            ("hostname", "port") => Shape::Described(Kind::Domain, "port"),
            ("regkey", "value") => Shape::Described(other("windows-registry-key"), "data"),
            ("filename", hash) => Shape::Describing("filename", kind(hash)),
            _ => Shape::One(other(name)),
        };
    }
    match name {
        // The value is `filename|md5`; the sample itself is in `data`.
        "malware-sample" => Shape::Describing("filename", Kind::Md5),
        "yara" | "sigma" | "snort" => Shape::Rule(match name {
            "yara" => "yara",
            "sigma" => "sigma",
            _ => "snort",
        }),
        "stix2-pattern" => Shape::Rule("stix"),
        _ => Shape::One(kind(name)),
    }
}

/// The kind of a simple type.
pub(crate) fn kind(name: &str) -> Kind {
    match name {
        "domain" | "hostname" | "onion-address" => Kind::Domain,
        "ip-src" | "ip-dst" => Kind::Ipv4,
        "url" | "link" => Kind::Url,
        "uri" => Kind::Url,
        "email"
        | "email-src"
        | "email-dst"
        | "email-reply-to"
        | "target-email"
        | "whois-registrant-email"
        | "dns-soa-email" => Kind::Email,
        "md5" => Kind::Md5,
        "sha1" => Kind::Sha1,
        "sha256" => Kind::Sha256,
        "sha512" => Kind::Sha512,
        "AS" => Kind::Asn,
        "vulnerability" => Kind::Cve,
        "regkey" => other("windows-registry-key"),
        "filename" => other("file-name"),
        "named pipe" => other("named-pipe"),
        _ => other(name),
    }
}

fn other(name: &str) -> Kind {
    let plain: String = name
        .chars()
        .take(64)
        .map(|c| if c.is_whitespace() || c.is_control() { '-' } else { c.to_ascii_lowercase() })
        .collect();
    Kind::Other(if plain.is_empty() { "text".into() } else { plain.into() })
}

/// Whether a value of this type that cannot be brought into the canonical form of its kind is still
/// worth keeping as it came: names of machines without a domain, paths without a host,
/// vulnerabilities without a CVE.
pub(crate) fn kept_as_written(name: &str) -> bool {
    matches!(name, "hostname" | "uri" | "link" | "vulnerability" | "AS") || name.starts_with("target-")
}

/// Whether the type says who is the target rather than what attacks.
pub(crate) fn is_target(name: &str) -> bool {
    name.starts_with("target-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composite_types_have_two_parts() {
        for (name, expected) in [
            ("domain|ip", Shape::Both(Kind::Domain, Kind::Ipv4)),
            ("ip-src|port", Shape::Described(Kind::Ipv4, "port")),
            ("filename|sha256", Shape::Describing("filename", Kind::Sha256)),
            ("filename|sha512/256", Shape::Describing("filename", Kind::Other("sha512/256".into()))),
            ("malware-sample", Shape::Describing("filename", Kind::Md5)),
            ("regkey|value", Shape::Described(Kind::Other("windows-registry-key".into()), "data")),
            ("named pipe", Shape::One(Kind::Other("named-pipe".into()))),
            ("x509-fingerprint-sha1", Shape::One(Kind::Other("x509-fingerprint-sha1".into()))),
            ("a|b", Shape::One(Kind::Other("a|b".into()))),
            ("", Shape::One(Kind::Other("text".into()))),
        ] {
            assert_eq!(shape(name), expected, "{name}");
        }
    }
}
