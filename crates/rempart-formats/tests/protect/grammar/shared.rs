//! Values, and the formats that are JSON.

use serde_json::Value;

/// A name: labels of letters, digits, hyphens and underscores, the last of them no number.
pub(super) fn name(text: &str) -> String {
    assert!(text.len() <= 253 && text.contains('.'), "{text:?} is no name");
    for label in text.split('.') {
        assert!((1..=63).contains(&label.len()), "{text:?} has a bad label");
        for c in label.chars() {
            assert!(matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'), "{text:?} has {c:?}");
        }
    }
    assert!(!text.starts_with('-'), "{text:?} is an option");
    assert!(!text.rsplit('.').next().unwrap().chars().all(|c| c.is_ascii_digit()), "{text:?} is no name");
    format!("domain {text}")
}

pub(super) fn address(text: &str) -> String {
    let address: std::net::IpAddr = text.parse().unwrap_or_else(|_| panic!("{text:?} is no address"));
    assert_eq!(address.to_string(), text);
    assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast(), "{text}");
    format!("{} {text}", if address.is_ipv4() { "ipv4" } else { "ipv6" })
}

pub(super) fn network(text: &str) -> String {
    let (first, length) = text.split_once('/').unwrap_or_else(|| panic!("{text:?} is no network"));
    address(first);
    assert!((8..128).contains(&length.parse::<u8>().unwrap()), "{text:?}");
    format!("cidr {text}")
}

pub(super) fn url(text: &str) -> String {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let rest = rest.or_else(|| text.strip_prefix("ftp://")).unwrap_or_else(|| panic!("{text:?} is no URL"));
    assert!(rest.contains('/') && !rest.starts_with('/'), "{text:?}");
    assert!(text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{text:?}");
    assert!(!text.contains(['"', '<', '>', '\\', '#']), "{text:?}");
    format!("url {text}")
}

pub(super) fn hash(kind: &str, text: &str, digits: usize) -> String {
    assert!(text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text:?}");
    format!("{kind} {text}")
}

pub(super) fn id(text: &str) {
    assert!(
        text.len() == 16 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')),
        "{text:?} is no id"
    );
}

fn of_kind(kind: &str, value: &str) -> String {
    match kind {
        "domain" => name(value),
        "url" => url(value),
        "ipv4" | "ipv6" => address(value),
        "cidr" => network(value),
        "md5" => hash(kind, value, 32),
        "sha1" => hash(kind, value, 40),
        "sha256" => hash(kind, value, 64),
        "sha512" => hash(kind, value, 128),
        "email" => email(value),
        other => panic!("{other:?} is no kind"),
    }
}

pub(super) fn email(text: &str) -> String {
    let (local, host) = text.rsplit_once('@').unwrap();
    assert!(!local.is_empty() && local.bytes().all(|b| b.is_ascii_graphic() && b != b'@'), "{text:?}");
    name(host);
    format!("email {text}")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is not a text in {value}"))
}

/// Our own JSON.
pub(super) fn json(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let blocks = document["blocks"].as_array().unwrap();
    assert_eq!(document["entries"], blocks.len());
    blocks
        .iter()
        .map(|block| {
            id(text(block, "id"));
            assert!(!text(block, "reason").trim().is_empty());
            assert!(text(block, "valid_until") > text(block, "valid_from"));
            of_kind(text(block, "type"), text(block, "value"))
        })
        .collect()
}

/// A bundle: one identity, one marking, and indicators whose patterns compare one value.
pub(super) fn stix(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(text(&document, "type"), "bundle");
    let objects = document["objects"].as_array().unwrap();
    assert_eq!((text(&objects[0], "type"), text(&objects[1], "type")), ("identity", "marking-definition"));
    let indicators = objects[2..].iter().map(|object| {
        assert_eq!((text(object, "type"), text(object, "spec_version")), ("indicator", "2.1"));
        assert!(text(object, "valid_until") > text(object, "valid_from"));
        assert_eq!(object["created_by_ref"], objects[0]["id"]);
        assert_eq!(object["object_marking_refs"][0], objects[1]["id"]);
        let pattern = text(object, "pattern");
        let inside = pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix("']")).unwrap();
        let (path, value) = inside.split_once(" = '").unwrap();
        let mut plain = String::new();
        let mut signs = value.chars();
        while let Some(c) = signs.next() {
            match c {
                '\\' => plain.push(signs.next().filter(|c| matches!(c, '\\' | '\'')).unwrap()),
                '\'' => panic!("{pattern:?} ends too soon"),
                c => plain.push(c),
            }
        }
        assert_eq!(plain, text(object, "name"));
        let kind = match path {
            "domain-name:value" => "domain",
            "url:value" => "url",
            "ipv4-addr:value" | "ipv6-addr:value" if plain.contains('/') => "cidr",
            "ipv4-addr:value" => "ipv4",
            "ipv6-addr:value" => "ipv6",
            "email-addr:value" => "email",
            "file:hashes.MD5" => "md5",
            "file:hashes.'SHA-1'" => "sha1",
            "file:hashes.'SHA-256'" => "sha256",
            "file:hashes.'SHA-512'" => "sha512",
            other => panic!("{other:?} is no path"),
        };
        of_kind(kind, &plain)
    });
    indicators.collect()
}

/// A MISP event.
pub(super) fn misp(document: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let event = &document["Event"];
    for name in ["uuid", "info", "date", "timestamp", "analysis", "threat_level_id"] {
        text(event, name);
    }
    text(&event["Orgc"], "uuid");
    let attributes = event["Attribute"].as_array().unwrap().iter().map(|attribute| {
        assert_eq!(attribute["to_ids"], true);
        let value = text(attribute, "value");
        match text(attribute, "type") {
            "ip-dst" if value.contains('/') => network(value),
            "ip-dst" => address(value),
            "email-src" => email(value),
            kind => of_kind(kind, value),
        }
    });
    attributes.collect()
}
