//! Finding the records of a JSON input, each within its bounds and in order, and the members of one.
#![no_main]

use std::io::Read;
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use rempart_formats::json::members::elements;
use rempart_formats::json::{JsonError, Members, Options, Piece, records};
use rempart_fuzz::{LIMITS, Pieces};
use serde::de::IgnoredAny;

fuzz_target!(|data: &[u8]| {
    let whole = split(&mut { data });
    assert_eq!(whole, split(&mut Pieces(data)), "the records depend on how the bytes come");
    if let Ok(text) = std::str::from_utf8(data) {
        check_members(text);
    }
});

/// Offset, whether it stands alone, and the bytes or the reason, for each record; and how it ended.
type Split = (Vec<(u64, bool, Result<Vec<u8>, String>)>, Option<String>);

fn split(input: &mut dyn Read) -> Split {
    let options = Options { limits: &LIMITS, lists: &["objects"], wrappers: &["bundle"] };
    let mut found: Vec<(u64, bool, Result<Vec<u8>, String>)> = Vec::new();
    let ended = records(input, &options, &mut |record| {
        let piece = match record.piece {
            Piece::Bytes(bytes) => {
                assert!(!bytes.is_empty() && bytes.len() <= LIMITS.record_bytes);
                Ok(bytes.to_vec())
            }
            Piece::Rejected(why) => {
                assert!(!why.reason.is_empty() && why.excerpt.chars().count() <= 120);
                Err(why.reason.into())
            }
        };
        if let Some((before, _, piece)) = found.last() {
            let length = piece.as_ref().map_or(1, |bytes| bytes.len() as u64);
            assert!(before + length <= record.at.offset, "records come in order and do not overlap");
        }
        found.push((record.at.offset, record.outermost, piece));
        ControlFlow::Continue(())
    });
    (found, ended.err().map(|error| error.to_string()))
}

/// What is checked in one pass is what serde reads, and nothing else.
fn check_members(text: &str) {
    let json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    match Members::parse(text, LIMITS.depth) {
        Ok(members) => {
            let value: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
            // Numbers beyond the range of a double are JSON, but none that serde keeps.
            let Ok(value) = value else { return assert!(json(text), "what has members is JSON") };
            assert_eq!(members.len(), value.len());
            for (name, member) in members.iter() {
                assert_eq!(value.get(name), serde_json::from_str(member).ok().as_ref());
                assert_eq!(members.get(name), Some(member));
                assert_eq!(members.text(name).as_deref(), value.get(name).and_then(|value| value.as_str()));
                let items = value.get(name).and_then(|value| value.as_array()).map_or(0, Vec::len);
                assert_eq!(elements(member).filter(|element| json(element)).count(), items);
            }
        }
        Err(JsonError::NotAnObject) => {
            assert!(serde_json::from_str::<serde_json::Map<_, _>>(text).is_err());
        }
        Err(JsonError::Syntax { at, .. }) => {
            assert!(at <= text.len());
            // A whole tree: reading over a text, serde does not look at halves of surrogate pairs.
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "what serde reads is JSON");
        }
        Err(JsonError::Duplicate { .. } | JsonError::Depth { .. }) => {}
    }
}
