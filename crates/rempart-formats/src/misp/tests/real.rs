//! Published events, where a folder with them is given.

use rempart_model::Tlp;
use serde_json::Value;

use super::take;
use crate::misp::feed;

/// The folder with real data, if there is one.
fn real_data() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("REMPART_TEST_DATA");
    if folder.is_none() {
        #[allow(clippy::print_stderr, reason = "says why a test checks nothing")]
        {
            eprintln!("skipped: REMPART_TEST_DATA is not set");
        }
    }
    folder.map(Into::into)
}

fn files(folder: &std::path::Path, wanted: impl Fn(&str) -> bool) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())))
        .collect();
    found.sort();
    found
}

/// Attributes in a document, counted independently.
fn attributes_in(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(attributes_in).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match key.as_str() {
                "Attribute" => value.as_array().map_or(1, Vec::len),
                "Event" | "response" | "Object" => attributes_in(value),
                _ => 0,
            })
            .sum(),
        _ => 0,
    }
}

#[test]
fn the_published_events_of_anssi_and_eset_end_as_claims() {
    let Some(data) = real_data() else { return };
    let mut paths =
        files(&data.join("feeds/misp-anssi"), |name| name.ends_with(".json") && name != "manifest.json");
    for folder in files(&data.join("extract/eset"), |_| true) {
        if folder.is_dir() {
            paths.extend(files(&folder, |name| name.contains("misp") && name.ends_with(".json")));
        }
    }
    assert_eq!(paths.len(), 9 + 29);
    let (mut all, mut claimed) = (0, 0);
    for path in paths {
        let text = std::fs::read(&path).unwrap();
        let kept = take(&text);
        let reports = kept.decoded.iter().filter(|(_, object)| object.id.kind() == "note").count();
        let Ok(document) = serde_json::from_slice::<Value>(&text) else {
            // ESET's list of PyPI packages has a comma too many behind its last tag.
            assert!(path.ends_with("malicious_pypi_packages.misp-event.json"), "{path:?}");
            assert_eq!((kept.records() - reports - 1, kept.rejected.len()), (987, 0));
            continue;
        };
        let count = attributes_in(&document);
        let doubts = kept.decoded.iter().filter(|(_, object)| object.id.kind() == "sighting").count();
        assert_eq!(kept.records(), count + 1 + reports + doubts, "{path:?}");
        all += count;
        claimed += kept.with_claims();
    }
    assert!(claimed * 100 >= all * 95, "{claimed} of {all} attributes are claims");
}

#[test]
fn the_feed_of_anssi_is_complete_and_open() {
    let Some(data) = real_data() else { return };
    let folder = data.join("feeds/misp-anssi");
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    assert!(feed::is_manifest(&manifest[..200]));
    let announced = feed::manifest(&manifest).unwrap();
    let names: Vec<String> =
        files(&folder, |_| true).iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!((announced.len(), feed::missing(&announced, &names).len()), (9, 0));
    for path in files(&folder, |name| feed::event_uuid(name).is_some()) {
        let kept = take(std::fs::read(path).unwrap());
        assert!(kept.decoded.iter().all(|(_, object)| object.marking.tlp == Some(Tlp::Clear)));
        assert!(kept.decoded.iter().all(|(_, object)| !object.marking.unknown));
    }
}

#[test]
fn the_events_of_other_implementations_tests_are_read() {
    let Some(data) = real_data() else { return };
    let folder = data.join("ref/formats/misp");
    let mut paths = files(&folder, |name| name.starts_with("misp_") || name == "event.json");
    paths.extend(files(&folder.join("pymisp"), |name| name.ends_with(".json")));
    assert!(paths.len() > 25);
    for path in paths {
        let text = std::fs::read(&path).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        let kept = take(&text);
        let more = kept
            .decoded
            .iter()
            .filter(|(_, object)| {
                matches!(object.id.kind(), "note" | "sighting" | "report" | "grouping" | "incident")
            })
            .count();
        let count = attributes_in(&document);
        let judged = kept.records() - more;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if more == 0 && count == 0 {
            assert_eq!(kept.rejected.len(), 1, "{name} is not an event");
        } else {
            assert_eq!(judged, count, "{name}: {:?}", kept.reasons());
        }
    }
}
