//! Zeek's intelligence files, from the documentation of the framework and of the reader for text:
//! lines that begin with `#` are passed over but for `#fields`, a tab separates, `\xHH` is a byte,
//! and `-` or `(empty)` as a whole field is no text.

use super::body;
use super::shared::{address, email, name, network, url};

pub(super) fn items(text: &str) -> Vec<String> {
    let mut lines = body(text, "#");
    assert_eq!(lines.next(), Some("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url"));
    let item = |line: &str| {
        assert!(!line.starts_with('#'), "{line:?} is passed over");
        let fields: Vec<&str> = line.split('\t').collect();
        let [value, kind, source, description, link] = fields[..] else { panic!("{line:?}") };
        for field in &fields {
            assert!(!matches!(*field, "" | "-" | "(empty)"), "{line:?} has no text");
            assert!(!field.chars().any(char::is_control), "{line:?}");
        }
        assert_eq!((source, link), ("rempart-malware", "https://block.test/appeal"));
        for escape in description.split('\\').skip(1) {
            assert!(
                escape.starts_with('x') && u8::from_str_radix(&escape[1..3], 16).is_ok(),
                "{description:?}"
            );
        }
        assert!(!value.contains('\\'));
        match kind {
            "Intel::DOMAIN" => name(value),
            "Intel::ADDR" => address(value),
            "Intel::SUBNET" => network(value),
            "Intel::EMAIL" => email(value),
            "Intel::URL" => url(&format!("http://{value}")),
            "Intel::FILE_HASH" => match value.len() {
                32 => format!("md5 {value}"),
                40 => format!("sha1 {value}"),
                64 => format!("sha256 {value}"),
                128 => format!("sha512 {value}"),
                _ => panic!("{value:?} is no hash"),
            },
            other => panic!("{other:?} is no type"),
        }
    };
    lines.map(item).collect()
}

/// A field as the reader for text takes it: `\xHH` is a byte.
pub(crate) fn text(field: &str) -> String {
    let mut parts = field.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
