//! MISP feeds: a folder with `manifest.json`, one JSON file per event, and `hashes.csv`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::wire::{key, text_of, time};
use rempart_model::Timestamp;
use rempart_model::stix_id::parse_uuid;

/// Largest manifest that is read, in bytes (about 100,000 events).
pub const LARGEST_MANIFEST: usize = 64 << 20;

/// One event as a manifest announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The event's UUID in lower case; its file is named after it.
    pub uuid: String,
    /// Its title.
    pub info: Option<String>,
    /// Its version.
    pub timestamp: Option<Timestamp>,
    /// The organisation that created it.
    pub creator: Option<String>,
}

/// Why a manifest could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is too large.
    #[error("the manifest is longer than {LARGEST_MANIFEST} bytes")]
    TooLarge,
    /// It is not JSON, or not an object.
    #[error("the manifest is not a JSON object of events: {0}")]
    Syntax(#[from] serde_json::Error),
}

/// Whether a file beginning with `head` is a feed's manifest: an object whose first key is a UUID
/// with an object behind it.
pub fn is_manifest(head: &[u8]) -> bool {
    let rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let Some(rest) = rest.strip_prefix(b"{").map(<[u8]>::trim_ascii_start) else { return false };
    let Some((name, rest)) = rest.strip_prefix(b"\"").and_then(|rest| rest.split_at_checked(36)) else {
        return false;
    };
    let uuid = std::str::from_utf8(name).ok().and_then(parse_uuid);
    let Some(rest) = rest.strip_prefix(b"\"").map(<[u8]>::trim_ascii_start) else { return false };
    let object = rest.strip_prefix(b":").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
    uuid.is_some() && object
}

/// Whether a file of that name is a feed's list of hashes, which says nothing that the events do
/// not say.
pub fn is_hashes_csv(name: &str) -> bool {
    file_name(name).eq_ignore_ascii_case("hashes.csv")
}

/// The UUID of the event that a file of that name holds (`<uuid>.json`).
pub fn event_uuid(name: &str) -> Option<String> {
    let stem = file_name(name).strip_suffix(".json")?;
    parse_uuid(stem).map(|_| stem.to_ascii_lowercase())
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Reads a manifest. Members that are not events are passed over.
pub fn manifest(bytes: &[u8]) -> Result<Vec<Announced>, ManifestError> {
    if bytes.len() > LARGEST_MANIFEST {
        return Err(ManifestError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let map = Map::<String, Value>::deserialize(&mut deserializer)?;
    deserializer.end()?;
    let announced = map.iter().filter(|(uuid, entry)| parse_uuid(uuid).is_some() && entry.is_object());
    Ok(announced
        .map(|(uuid, entry)| Announced {
            uuid: key(Some(uuid)),
            info: entry.get("info").and_then(text_of),
            timestamp: time(entry.get("timestamp").and_then(text_of).as_deref()),
            creator: entry.get("Orgc").and_then(|creator| creator.get("name")).and_then(text_of),
        })
        .collect())
}

/// The announced events for which no file is there. `files` are names or paths.
pub fn missing<'a>(announced: &'a [Announced], files: &[&str]) -> Vec<&'a Announced> {
    let there: std::collections::HashSet<String> = files.iter().filter_map(|name| event_uuid(name)).collect();
    announced.iter().filter(|event| !there.contains(&event.uuid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{
        "5E396A1E-68e4-4db5-8810-ca350aba047c": {"Orgc": {"name": "CERT-X", "uuid": "u"}, "Tag": [],
            "info": "One", "date": "2020-02-04", "analysis": "2", "threat_level_id": "2", "timestamp": "1580817950"},
        "5eeb348a-cb74-40eb-9678-7c1d0aba047c": {"info": "Two", "timestamp": 1592472714}, "note": {"info": "x"}}"#;

    #[test]
    fn a_manifest_is_told_from_other_json() {
        assert!(is_manifest(MANIFEST.as_bytes()));
        assert!(is_manifest(&MANIFEST.as_bytes()[..80]));
        for other in [
            "",
            "{}",
            "{\"Event\":{\"uuid\":\"5e396a1e-68e4-4db5-8810-ca350aba047c\"}}",
            "{\"5e396a1e-68e4-4db5-8810-ca350aba047c\":[]}",
            "{\"5e396a1e-68e4-4db5-8810-ca350aba04",
            "[{\"5e396a1e-68e4-4db5-8810-ca350aba047c\":{}}]",
        ] {
            assert!(!is_manifest(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn events_without_a_file_are_named() {
        let announced = manifest(MANIFEST.as_bytes()).unwrap();
        assert_eq!(announced.len(), 2);
        let files = ["feed/5e396a1e-68e4-4db5-8810-ca350aba047c.json", "feed/hashes.csv", "manifest.json"];
        let missing = missing(&announced, &files);
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].info.as_deref(), Some("Two"));
        assert_eq!(missing[0].timestamp.unwrap().to_string(), "2020-06-18T09:31:54.000Z");
        assert!(is_hashes_csv(files[1]) && !is_hashes_csv(files[2]));
    }

    #[test]
    fn a_broken_manifest_is_an_error() {
        for text in ["", "[]", "{\"a\":", "{} {}"] {
            assert!(manifest(text.as_bytes()).is_err(), "{text}");
        }
    }
}
