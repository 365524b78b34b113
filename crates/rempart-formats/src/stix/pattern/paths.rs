//! What the properties of observed objects are as observables. Patterns and cyber-observable
//! objects share this table.

use rempart_model::{Kind, Observable};

/// What a property means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    /// A value that speaks for itself.
    Strong(Kind),
    /// A value that, beside a strong one, only narrows it down (a file name beside a hash).
    Weak(Kind),
    /// An address or a domain name.
    Host,
    /// Says of what type something is; the value beside it tells that as well.
    Type,
    /// Nothing that stands for itself.
    Nothing,
}

/// The meaning of a property. `property` is written as in a pattern, for example
/// `hashes.'SHA-256'` or `dst_ref.value`.
pub(crate) fn meaning(object: &str, property: &str) -> Meaning {
    use Meaning::{Host, Nothing, Strong, Type, Weak};
    let other = |name: &str| Kind::Other(name.into());
    if let Some(algorithm) = property.rsplit_once("hashes.").map(|(_, algorithm)| algorithm) {
        let algorithm = algorithm.trim_matches('\'');
        return match object {
            "x509-certificate" => fingerprint(algorithm).map_or(Nothing, Strong),
            "file" | "artifact" | "email-message" | "process" | "network-traffic" => {
                hash(algorithm).map_or(Nothing, Strong)
            }
            _ => Nothing,
        };
    }
    match (object, property) {
        ("domain-name", "value") => Strong(Kind::Domain),
        ("url", "value") => Strong(Kind::Url),
        ("ipv4-addr" | "ipv6-addr", "value") => Strong(Kind::Ipv4),
        ("email-addr", "value") => Strong(Kind::Email),
        ("domain-name", "resolves_to_refs[*].value" | "resolves_to_refs[0].value") => Host,
        ("ipv4-addr" | "ipv6-addr", "belongs_to_refs[*].number" | "belongs_to_refs[0].number") => {
            Weak(Kind::Asn)
        }
        ("network-traffic", "dst_ref.value" | "src_ref.value") => Host,
        ("network-traffic", "dst_ref.type" | "src_ref.type") => Type,
        ("network-traffic", _) if property.ends_with("request_header.'User-Agent'") => {
            Weak(other("user-agent"))
        }
        ("network-traffic", _) if property.ends_with("request_header.Host") => Host,
        ("email-message", "from_ref.value" | "sender_ref.value") => Strong(Kind::Email),
        ("email-message", "subject") => Weak(other("email-subject")),
        ("autonomous-system", "number") => Strong(Kind::Asn),
        ("vulnerability", "name" | "external_references[*].external_id") => Strong(Kind::Cve),
        ("file", "name") => Weak(other("file-name")),
        ("file", "path") => Weak(other("file-path")),
        ("file", _) if property.ends_with("'windows-pebinary-ext'.imphash") => Strong(other("imphash")),
        ("directory", "path") | ("file", "parent_directory_ref.path") => Weak(other("directory")),
        ("process", "name") => Weak(other("process")),
        ("process", "command_line") => Weak(other("command-line")),
        ("mutex", "name") => Strong(other("mutex")),
        ("windows-registry-key", "key") => Strong(other("windows-registry-key")),
        ("mac-addr", "value") => Strong(other("mac-address")),
        ("user-account", "account_login" | "user_id") => Strong(other("user-account")),
        ("x509-certificate", "serial_number") => Weak(other("x509-serial-number")),
        // Kinds that STIX does not have are written as types of their own.
        (_, "value" | "name" | "id") if object.starts_with("x-") || !is_standard(object) => {
            Strong(other(object.strip_prefix("x-").unwrap_or(object)))
        }
        _ => Nothing,
    }
}

/// The types of the standard whose other properties stand for nothing.
fn is_standard(object: &str) -> bool {
    const TYPES: [&str; 18] = [
        "artifact",
        "autonomous-system",
        "directory",
        "domain-name",
        "email-addr",
        "email-message",
        "file",
        "ipv4-addr",
        "ipv6-addr",
        "mac-addr",
        "mutex",
        "network-traffic",
        "process",
        "software",
        "url",
        "user-account",
        "windows-registry-key",
        "x509-certificate",
    ];
    TYPES.contains(&object)
}

/// The kind of a file's hash, by the name of the algorithm (STIX 2.1, section 10.7, and looser).
pub(crate) fn hash(algorithm: &str) -> Option<Kind> {
    Some(match algorithm {
        "MD5" | "md5" => Kind::Md5,
        "SHA-1" | "SHA1" | "sha1" | "sha-1" => Kind::Sha1,
        "SHA-256" | "SHA256" | "sha256" | "sha-256" => Kind::Sha256,
        "SHA-512" | "SHA512" | "sha512" | "sha-512" => Kind::Sha512,
        "SHA-224" | "SHA224" | "sha224" => Kind::Other("sha224".into()),
        "SHA-384" | "SHA384" | "sha384" => Kind::Other("sha384".into()),
        "SHA3-256" | "sha3-256" => Kind::Other("sha3-256".into()),
        "SHA3-512" | "sha3-512" => Kind::Other("sha3-512".into()),
        "SSDEEP" | "ssdeep" => Kind::Other("ssdeep".into()),
        "TLSH" | "tlsh" => Kind::Other("tlsh".into()),
        "IMPHASH" | "imphash" => Kind::Other("imphash".into()),
        "AUTHENTIHASH" | "authentihash" => Kind::Other("authentihash".into()),
        _ => return None,
    })
}

/// The kind of a certificate's fingerprint.
pub(crate) fn fingerprint(algorithm: &str) -> Option<Kind> {
    Some(Kind::Other(
        match hash(algorithm)? {
            Kind::Md5 => "x509-fingerprint-md5",
            Kind::Sha1 => "x509-fingerprint-sha1",
            Kind::Sha256 => "x509-fingerprint-sha256",
            _ => return None,
        }
        .into(),
    ))
}

/// Reads a value of a kind. What is plainly another kind of the network (an address where a domain
/// name should be, a URL where an address should be) is taken for what it is.
pub(crate) fn read(kind: &Kind, value: &str) -> Option<Observable> {
    match Observable::parse(kind, value) {
        Ok(observable) => Some(observable),
        Err(_) if matches!(kind, Kind::Domain | Kind::Ipv4) => host_like(value),
        // A path alone, or a URL with a wildcard for its host, is still a value to look for.
        Err(_) if *kind == Kind::Url => {
            host_like(value).or_else(|| Observable::parse(&Kind::Other("uri".into()), value).ok())
        }
        Err(_) => None,
    }
}

/// Reads an address or a domain name, or what is plainly a URL or a network.
pub(crate) fn host_like(value: &str) -> Option<Observable> {
    if let Ok(address) = Observable::parse(&Kind::Ipv4, value) {
        return Some(address);
    }
    Observable::guess(value).ok().filter(|observable| {
        matches!(observable.kind(), Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Url)
    })
}
