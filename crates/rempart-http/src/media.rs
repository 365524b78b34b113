//! Which media types are asked for and given (TAXII 2.1, section 3.1; RFC 9110, section 12.5.1).

use std::iter;

/// The content type of every TAXII response, errors included. Clients compare these very bytes.
pub const TAXII: &str = "application/taxii+json;version=2.1";
/// The type of an object of STIX 2.1.
pub const STIX_21: &str = "application/stix+json;version=2.1";
/// The type of an object of STIX 2.0.
pub const STIX_20: &str = "application/stix+json;version=2.0";

/// Whether TAXII 2.1 may answer a request with these `Accept` headers.
///
/// Clients send much that the standard does not name (`*/*`, `application/json`, nothing at all), and
/// may be served; only who asks for something else alone, such as TAXII 2.0 or HTML, is refused.
pub fn accepted<'a>(headers: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut anything_asked = false;
    for range in headers.flat_map(|header| header.split(|byte| *byte == b',')) {
        let range = range.trim_ascii();
        if range.is_empty() {
            continue;
        }
        anything_asked = true;
        if serves(range) {
            return true;
        }
    }
    !anything_asked
}

/// Whether TAXII 2.1 is within one media range.
fn serves(range: &[u8]) -> bool {
    let (kind, parameters) = split(range);
    if parameters.clone().any(|(name, value)| name.eq_ignore_ascii_case(b"q") && is_zero(value)) {
        return false;
    }
    let is = |name: &[u8]| kind.eq_ignore_ascii_case(name);
    is(b"*/*")
        || is(b"application/*")
        || is(b"application/json")
        || (is(b"application/taxii+json") && version_is_ours(parameters))
}

/// Whether a body of this `Content-Type` is read as TAXII 2.1.
pub fn is_taxii(content_type: &[u8]) -> bool {
    let (kind, parameters) = split(content_type);
    kind.eq_ignore_ascii_case(b"application/taxii+json") && version_is_ours(parameters)
}

/// The type and its parameters; quotation marks around a value are taken off.
fn split(text: &[u8]) -> (&[u8], impl Iterator<Item = (&[u8], &[u8])> + Clone) {
    let mut parts = text.split(|byte| *byte == b';');
    let kind = parts.next().unwrap_or_default().trim_ascii();
    let parameters = parts.map(|part| {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let name = halves.next().unwrap_or_default().trim_ascii();
        let value = halves.next().unwrap_or_default().trim_ascii();
        (name, value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
    });
    (kind, parameters)
}

/// Without a version the highest is meant, which is 2.1.
fn version_is_ours<'a>(parameters: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> bool {
    let mut versions = parameters.filter(|(name, _)| name.eq_ignore_ascii_case(b"version"));
    versions.all(|(_, version)| version == b"2.1")
}

fn is_zero(quality: &[u8]) -> bool {
    let mut digits = quality.iter().chain(iter::once(&b'0'));
    quality.first() == Some(&b'0') && digits.all(|byte| matches!(byte, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_liberally_and_refuses_other_types() {
        let table: [(&[&str], bool); 23] = [
            (&[], true),
            (&[""], true),
            (&["application/taxii+json;version=2.1"], true),
            (&["application/taxii+json; version=2.1"], true),
            (&["application/taxii+json ; version = 2.1"], true),
            (&["application/taxii+json;version=\"2.1\""], true),
            (&["APPLICATION/TAXII+JSON;VERSION=2.1"], true),
            (&["application/taxii+json"], true),
            (&["application/json"], true),
            (&["application/json, text/plain, */*"], true),
            (&["*/*"], true),
            (&["*/*;q=0.1"], true),
            (&["application/*"], true),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true),
            (&["text/html", "application/taxii+json;version=2.1"], true),
            (&["application/taxii+json;version=2.0, application/taxii+json;version=2.1"], true),
            (&["application/taxii+json;version=2.0"], false),
            (&["application/taxii+json;version=2.2"], false),
            (&["application/vnd.oasis.taxii+json; version=2.0"], false),
            (&["text/html"], false),
            (&["application/taxii+json;version=2.1;q=0"], false),
            (&["*/*;q=0.000"], false),
            (&["application/stix+json;version=2.1"], false),
        ];
        for (headers, expected) in table {
            assert_eq!(accepted(headers.iter().map(|header| header.as_bytes())), expected, "{headers:?}");
        }
    }

    #[test]
    fn takes_bodies_of_taxii_alone() {
        for (text, expected) in [
            (TAXII, true),
            ("application/taxii+json; version=2.1", true),
            ("application/taxii+json", true),
            ("application/taxii+json;version=2.0", false),
            ("application/taxii+json;version=2.1;version=2.0", false),
            ("application/json", false),
            ("application/stix+json;version=2.1", false),
            ("text/plain", false),
            ("", false),
            ("*/*", false),
        ] {
            assert_eq!(is_taxii(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_any_bytes_without_a_panic(bytes: Vec<u8>) {
            let _ = accepted(std::iter::once(bytes.as_slice()));
            let _ = is_taxii(&bytes);
        }

        #[test]
        fn what_else_is_asked_for_takes_nothing_away(other in "[a-z*]{1,8}/[a-z*+]{1,12}(;q=[01]\\.[0-9])?") {
            prop_assert!(accepted([other.as_bytes(), TAXII.as_bytes()].into_iter()));
            let joined = format!("{other},{TAXII}");
            prop_assert!(accepted([joined.as_bytes()].into_iter()));
        }
    }
}
