//! The reader as a whole: from JSON to objects, claims, markings and accounts.

mod behaviour;
mod hostile;
mod laws;
mod real;

use std::io::Read;
use std::ops::ControlFlow;

use rempart_model::{Claim, Decoded, Position, Rejection, Timestamp, Tlp};
use serde_json::{Value, json};

use super::read;
use crate::{Context, DecodeError, Limits, Minter, Sink};

/// Keeps what it gets.
#[derive(Default)]
struct Kept {
    decoded: Vec<(Position, Decoded)>,
    rejected: Vec<(Position, Rejection)>,
}

impl Sink for Kept {
    fn decoded(&mut self, at: Position, record: Decoded) -> ControlFlow<()> {
        self.decoded.push((at, record));
        ControlFlow::Continue(())
    }
    fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()> {
        self.rejected.push((at, why));
        ControlFlow::Continue(())
    }
}

impl Kept {
    fn records(&self) -> usize {
        self.decoded.len() + self.rejected.len()
    }
    fn claims(&self) -> Vec<&Claim> {
        self.decoded.iter().flat_map(|(_, object)| &object.claims).collect()
    }
    fn with_claims(&self) -> usize {
        self.decoded.iter().filter(|(_, object)| !object.claims.is_empty()).count()
    }
    fn reasons(&self) -> Vec<&str> {
        self.rejected.iter().map(|(_, why)| &*why.reason).collect()
    }
}

fn take_limited(mut text: &[u8], limits: Limits) -> Kept {
    take_from(&mut text, limits)
}

fn take_from(input: &mut dyn Read, limits: Limits) -> Kept {
    let minter = Minter::new(&[7; 32]);
    let context = Context {
        now: Timestamp::parse("2026-11-24T00:00:00Z").unwrap(),
        source: "test",
        minter: &minter,
        unmarked: Tlp::Amber,
        limits,
    };
    let mut kept = Kept::default();
    match read(input, &context, &mut kept) {
        Ok(()) => {}
        Err(DecodeError::Truncated { .. }) => {
            assert!(kept.reasons().iter().any(|why| why.contains("cut off")))
        }
        Err(error) => panic!("{error}"),
    }
    kept
}

fn take(text: impl AsRef<[u8]>) -> Kept {
    take_limited(text.as_ref(), Limits::default())
}

fn body(object: &Decoded) -> Value {
    serde_json::from_slice(&object.body).unwrap()
}

fn event(attributes: &Value, more: &Value) -> Value {
    let mut event = json!({
        "uuid": "5a8e935e-5484-488c-852c-776f7c7cf985", "info": "Campaign", "date": "2026-03-01",
        "timestamp": "1772539200", "published": true, "publish_timestamp": 1772539300,
        "Orgc": {"name": "CERT-X", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"},
        "Attribute": attributes,
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    json!({ "Event": event })
}

fn attribute(kind: &str, value: &str) -> Value {
    json!({"uuid": format!("00000000-0000-4000-8000-{:012x}", value.len() * 7919 + kind.len()),
        "type": kind, "category": "Network activity", "value": value, "to_ids": true,
        "timestamp": "1772366400"})
}
