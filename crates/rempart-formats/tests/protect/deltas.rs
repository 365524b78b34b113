//! The changes between two versions, applied to the older one, make the newer one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rempart_formats::protect::delta::{self, Changes, Span};
use rempart_formats::protect::{Format, Settings};
use rempart_model::Block;
use serde_json::Value;

use crate::sample::{self, hostile_blocks, settings, write};

fn span(old: &Settings, new: &Settings) -> Span {
    Span {
        list: "malware".into(),
        from: old.serial,
        to: new.serial,
        from_built_at: old.built_at,
        built_at: new.built_at,
    }
}

fn changes(old: &[Block], new: &[Block], span: &Span) -> (Value, Changes) {
    let mut bytes = Vec::new();
    let changes = delta::write(old, new, span, &mut bytes).unwrap();
    (serde_json::from_slice(&bytes).unwrap(), changes)
}

/// The entries of a JSON file by id; ids may meet in hostile lists, so that the target is part of it.
fn entries(blocks: &[Block], settings: &Settings) -> BTreeMap<String, Value> {
    let document: Value = serde_json::from_str(&write(Format::Json, blocks, settings).0).unwrap();
    document["blocks"].as_array().unwrap().iter().map(|block| (key(block), block.clone())).collect()
}

fn key(block: &Value) -> String {
    format!("{} {} {}", block["id"], block["type"], block["value"])
}

fn applied_makes_the_new(old: &[Block], new: &[Block], later: i64) {
    let (before, mut after) = (settings(), settings());
    after.built_at = before.built_at.plus_seconds(later);
    after.serial += 1;
    let mut state = entries(old, &before);
    let (document, count) = changes(old, new, &span(&before, &after));
    let mut counted = Changes::default();
    for change in document["changes"].as_array().unwrap() {
        let mut entry = change.clone();
        let kind = entry.as_object_mut().unwrap().remove("change").unwrap();
        if kind == "removed" {
            counted.removed += 1;
            assert!(state.remove(&key(&entry)).is_some(), "{entry} was not there");
        } else {
            counted.added += 1;
            assert!(state.insert(key(&entry), entry.clone()).is_none(), "{entry} was there");
        }
    }
    assert_eq!(state, entries(new, &after));
    assert_eq!(count, counted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn applied_to_the_older_version_it_makes_the_newer(
        both in hostile_blocks(), old in hostile_blocks(), new in hostile_blocks(), later in 0i64..50_000,
    ) {
        applied_makes_the_new(&[both.clone(), old].concat(), &[new, both].concat(), later);
    }
}

#[test]
fn what_ends_or_changes_is_taken_out() {
    let old = sample::blocks();
    let mut new = old.clone();
    new[0].reason = "commands another botnet".into();
    new.remove(1);
    applied_makes_the_new(&old, &new, 0);
    // All but nothing changed but the time: what has ended is removed.
    applied_makes_the_new(&old, &old, 43_200);
    let (before, mut after) = (settings(), settings());
    after.built_at = before.built_at.plus_seconds(43_200);
    let count = changes(&old, &old, &span(&before, &after)).1;
    assert_eq!((count.added, count.removed), (0, 17));
}

#[test]
fn nothing_changed_is_an_empty_list() {
    let mut bytes = Vec::new();
    let span = span(&settings(), &settings());
    delta::write(&sample::blocks(), &sample::blocks(), &span, &mut bytes).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "{\"version\":1,\"list\":\"malware\",\"from\":7,\"to\":7,\"built_at\":\"2026-11-25T12:00:00.000Z\",\
         \"changes\":[\n]}\n"
    );
}
