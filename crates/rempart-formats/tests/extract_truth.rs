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

/// The fields of a line of comma-separated values.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// The published verdicts still speak of what the extraction gives: of those findings at least
/// 95 % are right, and at least 95 % of the right ones are still found at their place.
#[test]
fn the_published_verdicts_still_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evaluation/extraction/verdicts.csv");
    let verdicts: Vec<Vec<String>> = read(&path).lines().skip(1).map(fields).collect();
    assert_eq!(verdicts.len(), 300);
    assert!(verdicts.iter().all(|fields| fields.len() == 6 && matches!(&*fields[4], "right" | "wrong")));
    let right = verdicts.iter().filter(|fields| fields[4] == "right").count();
    assert!(right * 100 >= 95 * verdicts.len(), "{right} of {} are right", verdicts.len());

    let Some(data) = data() else { return };
    let mut texts: BTreeMap<&str, HashSet<(usize, usize, String)>> = BTreeMap::new();
    let (mut found, mut found_right) = (0, 0);
    for fields in &verdicts {
        let findings = texts.entry(&fields[0]).or_insert_with(|| {
            extract(&read(&data.join(&fields[0])), Options::default())
                .into_iter()
                .filter(|finding| finding.role == Role::Indicator)
                .map(|finding| (finding.start, finding.end, finding.kind.name().to_owned()))
                .collect()
        });
        let place = (fields[1].parse().unwrap(), fields[2].parse().unwrap(), fields[3].clone());
        if findings.contains(&place) {
            found += 1;
            found_right += usize::from(fields[4] == "right");
        } else {
            eprintln!("no longer found: {fields:?}");
        }
    }
    eprintln!("{found} of the 300 are still found, {found_right} of them right");
    assert!(found_right * 100 >= 95 * right, "{found_right} of {right} are still found");
    assert!(found_right * 100 >= 95 * found, "{found_right} of {found} are right");
}
