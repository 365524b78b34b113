//! How observables are written in STIX: as patterns and as cyber-observable objects.

use rempart_model::{Kind, Observable};

use crate::json::write::{push_member, push_name, push_raw};

/// How a kind is written: the type of object, the property, and how the property is written in a
/// pattern. Properties with a dot are an entry of a dictionary.
struct Term {
    object: &'static str,
    property: &'static str,
    path: &'static str,
}

const fn term(object: &'static str, property: &'static str, path: &'static str) -> Term {
    Term { object, property, path }
}

/// The type of kinds that STIX has no object for; they carry `kind` and `value`.
pub(crate) const CUSTOM: &str = "x-rempart-observable";

fn term_of(observable: &Observable) -> Option<Term> {
    Some(match observable.kind() {
        Kind::Domain => term("domain-name", "value", "domain-name:value"),
        Kind::Url => term("url", "value", "url:value"),
        Kind::Ipv4 => term("ipv4-addr", "value", "ipv4-addr:value"),
        Kind::Ipv6 => term("ipv6-addr", "value", "ipv6-addr:value"),
        Kind::Cidr if observable.value().contains(':') => term("ipv6-addr", "value", "ipv6-addr:value"),
        Kind::Cidr => term("ipv4-addr", "value", "ipv4-addr:value"),
        Kind::Email => term("email-addr", "value", "email-addr:value"),
        Kind::Md5 => term("file", "hashes.MD5", "file:hashes.MD5"),
        Kind::Sha1 => term("file", "hashes.SHA-1", "file:hashes.'SHA-1'"),
        Kind::Sha256 => term("file", "hashes.SHA-256", "file:hashes.'SHA-256'"),
        Kind::Sha512 => term("file", "hashes.SHA-512", "file:hashes.'SHA-512'"),
        Kind::Asn => term("autonomous-system", "number", "autonomous-system:number"),
        Kind::Cve => term("vulnerability", "name", "vulnerability:name"),
        Kind::Other(name) => match &**name {
            "mutex" => term("mutex", "name", "mutex:name"),
            "file-name" | "filename" => term("file", "name", "file:name"),
            "windows-registry-key" | "regkey" => {
                term("windows-registry-key", "key", "windows-registry-key:key")
            }
            "mac-address" => term("mac-addr", "value", "mac-addr:value"),
            "directory" => term("directory", "path", "directory:path"),
            "sha3-256" => term("file", "hashes.SHA3-256", "file:hashes.'SHA3-256'"),
            "sha3-512" => term("file", "hashes.SHA3-512", "file:hashes.'SHA3-512'"),
            "ssdeep" => term("file", "hashes.SSDEEP", "file:hashes.SSDEEP"),
            "tlsh" => term("file", "hashes.TLSH", "file:hashes.TLSH"),
            "x509-fingerprint-md5" => term("x509-certificate", "hashes.MD5", "x509-certificate:hashes.MD5"),
            "x509-fingerprint-sha1" => {
                term("x509-certificate", "hashes.SHA-1", "x509-certificate:hashes.'SHA-1'")
            }
            "x509-fingerprint-sha256" => {
                term("x509-certificate", "hashes.SHA-256", "x509-certificate:hashes.'SHA-256'")
            }
            // These are properties of objects that need more than them.
            "user-agent" => {
                term(CUSTOM, "", "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'")
            }
            "imphash" => term(CUSTOM, "", "file:extensions.'windows-pebinary-ext'.imphash"),
            "email-subject" => term(CUSTOM, "", "email-message:subject"),
            "command-line" => term(CUSTOM, "", "process:command_line"),
            _ => return None,
        },
    })
}

/// The type of the cyber-observable object of an observable (for a CVE, `vulnerability`).
pub(crate) fn object_type(observable: &Observable) -> &'static str {
    term_of(observable).map_or(CUSTOM, |term| term.object)
}

/// Appends the properties by which that object says its value.
pub(crate) fn push_properties(to: &mut String, observable: &Observable) {
    let value = observable.value();
    match term_of(observable).filter(|term| term.object != CUSTOM) {
        Some(Term { property: "number", .. }) => push_raw(to, "number", number(value)),
        Some(Term { property, .. }) => match property.split_once('.') {
            Some((dictionary, key)) => {
                push_name(to, dictionary);
                to.push('{');
                push_member(to, key, value);
                to.push('}');
            }
            None => push_member(to, property, value),
        },
        None => {
            push_member(to, "kind", observable.kind().name());
            push_member(to, "value", value);
        }
    }
}

/// Appends the comparison by which a pattern finds the value.
pub(crate) fn push_comparison(to: &mut String, observable: &Observable) {
    let value = observable.value();
    match term_of(observable) {
        Some(term) => to.push_str(term.path),
        None => {
            to.push_str("x-");
            let from = to.len();
            let name = observable.kind().name();
            to.extend(name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'));
            to.push_str(if to.len() == from { "value:value" } else { ":value" });
        }
    }
    to.push_str(" = ");
    if *observable.kind() == Kind::Asn {
        to.push_str(number(value));
        return;
    }
    to.push('\'');
    for part in value.split_inclusive(['\'', '\\']) {
        match part.as_bytes().last() {
            Some(b'\'' | b'\\') => {
                to.push_str(part.get(..part.len() - 1).unwrap_or_default());
                to.push('\\');
                to.push_str(part.get(part.len() - 1..).unwrap_or_default());
            }
            _ => to.push_str(part),
        }
    }
    to.push('\'');
}

/// The number of an autonomous system.
fn number(value: &str) -> &str {
    value.strip_prefix("AS").unwrap_or(value)
}
