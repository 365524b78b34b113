//! Recall of the extraction on reports whose indicators were also published as lists.
//!
//! Reads the folder named by `REMPART_TEST_DATA`; skipped where it is not set.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rempart_formats::text::{Options, Role, extract};
use rempart_model::{Kind, Observable};

/// The least part of the published values that must be found.
const RECALL: f64 = 0.98;

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("REMPART_TEST_DATA").map(|data| PathBuf::from(data).join("extract"));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("skipped: REMPART_TEST_DATA names no folder with extract/ in it");
    }
    found
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The canonical form of a published value. Some lists call a bare name a URL.
fn canonical(kind: &str, value: &str) -> Option<String> {
    let kind = Kind::from_name(kind);
    if matches!(kind, Kind::Other(_)) {
        return None;
    }
    let parsed = Observable::parse(&kind, value).or_else(|_| Observable::guess(value)).ok()?;
    Some(parsed.value().to_owned())
}

fn measure(truth: &str, folder: &str) -> Option<(usize, usize)> {
    let data = data()?;
    let (mut wanted, mut got) = (0, 0);
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in read(&data.join(truth)).split('\n').filter(|line| !line.is_empty()) {
        let report: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = report["text"].as_str().unwrap();
        let text = read(&data.join(folder).join(name));
        let found: HashSet<String> = extract(&text, Options::default())
            .into_iter()
            .filter(|finding| finding.role == Role::Indicator)
            .map(|finding| finding.value)
            .collect();
        for pair in report["iocs"].as_array().unwrap() {
            let (kind, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            // Mutexes, file names and the like are not among the types of extraction; a value of an
            // extracted type that cannot be read counts as missed.
            if matches!(Kind::from_name(kind), Kind::Other(_)) {
                continue;
            }
            let hit = canonical(kind, value).is_some_and(|value| found.contains(&value));
            wanted += 1;
            got += usize::from(hit);
            let count = kinds.entry(kind.to_owned()).or_default();
            count.0 += 1;
            count.1 += usize::from(hit);
            if !hit {
                eprintln!("missed in {name}: {kind} {value}");
            }
        }
    }
    eprintln!("{truth}: {got} of {wanted} ({:.4}); by type {kinds:?}", got as f64 / wanted as f64);
    Some((got, wanted))
}

#[test]
fn recall_on_talos_reports() {
    if let Some((got, wanted)) = measure("talos_truth.jsonl", "talos") {
        assert!(wanted > 9_000 && got as f64 >= RECALL * wanted as f64, "{got} of {wanted}");
    }
}

#[test]
fn recall_on_eset_reports() {
    if let Some((got, wanted)) = measure("eset_truth.jsonl", "eset") {
        assert!(wanted > 3_000 && got as f64 >= RECALL * wanted as f64, "{got} of {wanted}");
    }
}
