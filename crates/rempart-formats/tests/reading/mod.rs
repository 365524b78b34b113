//! What the tests of readers share.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::io::Read;
use std::ops::ControlFlow;

use rempart_formats::container::{self, Bytes, Content, Input};
use rempart_formats::table::Mapping;
use rempart_formats::{Context, DecodeError, Format, Limits, Minter, Sink, import};
use rempart_model::{Decoded, Position, Rejection, Timestamp, Tlp};

/// Everything that came out, in order.
#[derive(Default)]
pub struct Collected {
    pub records: Vec<(Position, Result<Decoded, Rejection>)>,
}

impl Sink for Collected {
    fn decoded(&mut self, at: Position, record: Decoded) -> ControlFlow<()> {
        self.records.push((at, Ok(record)));
        ControlFlow::Continue(())
    }

    fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()> {
        self.records.push((at, Err(why)));
        ControlFlow::Continue(())
    }
}

impl Collected {
    /// The values of each record, or `!` and the reason.
    pub fn lines(&self) -> Vec<String> {
        self.records
            .iter()
            .map(|(_, record)| match record {
                Ok(record) => {
                    record.claims.iter().map(|claim| claim.observable.value()).collect::<Vec<_>>().join(" ")
                }
                Err(why) => format!("! {}", why.reason),
            })
            .collect()
    }

    pub fn decoded(&self) -> Vec<&Decoded> {
        self.records.iter().filter_map(|(_, record)| record.as_ref().ok()).collect()
    }

    /// A property of the served object of a record.
    pub fn property(&self, record: usize, name: &str) -> serde_json::Value {
        let body: serde_json::Value = serde_json::from_slice(&self.decoded()[record].body).unwrap();
        body.get(name).cloned().unwrap_or_default()
    }
}

pub fn with_context<T>(limits: Limits, run: impl FnOnce(&Context<'_>) -> T) -> T {
    let minter = Minter::new(&[7; 32]);
    run(&Context {
        now: Timestamp::from_date(2026, 1, 1).unwrap(),
        source: "test",
        minter: &minter,
        unmarked: Tlp::Amber,
        limits,
    })
}

/// Reads text as a format.
pub fn read(format: Format, text: &[u8]) -> Collected {
    read_with(Some(format), None, Limits::default(), text).0
}

pub fn read_with(
    format: Option<Format>,
    mapping: Option<&Mapping>,
    limits: Limits,
    input: impl Read,
) -> (Collected, Result<Format, DecodeError>) {
    let mut collected = Collected::default();
    let result = with_context(limits, |context| {
        import::read("input", Bytes::new(input).unwrap(), format, mapping, context, &mut collected)
    });
    (collected, result)
}

/// The entries of an input, each with its lines.
pub type Entries = Vec<(String, Vec<String>)>;

/// What came of each entry: its name and its values, or why not.
pub fn open(input: Input<'_>, limits: Limits) -> (Entries, Result<(), DecodeError>) {
    let mut entries = Vec::new();
    let result = with_context(limits, |context| {
        container::open(input, &limits, &mut |entry| {
            let lines = match entry.content {
                Content::Bytes(bytes) => {
                    let mut collected = Collected::default();
                    let result = import::read(entry.name, bytes, None, None, context, &mut collected);
                    let mut lines = collected.lines();
                    lines.truncate(20);
                    lines.extend(result.err().map(|error| format!("error: {error}")));
                    lines
                }
                Content::Refused(why) => vec![format!("refused: {}", why.reason)],
                Content::Skipped(why) => vec![format!("skipped: {why}")],
            };
            entries.push((entry.name.to_owned(), lines));
            ControlFlow::Continue(())
        })
    });
    (entries, result)
}
