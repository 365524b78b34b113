//! Real feeds, from the folder that `REMPART_TEST_DATA` names: how much of each is understood.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says so by failing")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rempart_formats::container::{self, Content, Input};
use rempart_formats::{Context, Format, Limits, Minter, Sink, import};
use rempart_model::{Decoded, Position, Rejection, Timestamp, Tlp};

#[derive(Default)]
struct Account {
    decoded: usize,
    claims: usize,
    without_claim: usize,
    rejected: usize,
    losses: usize,
    reasons: BTreeMap<String, (usize, String)>,
}

impl Account {
    fn records(&self) -> usize {
        self.decoded + self.rejected
    }
}

impl Sink for Account {
    fn decoded(&mut self, _: Position, record: Decoded) -> ControlFlow<()> {
        self.decoded += 1;
        self.claims += record.claims.len();
        self.without_claim += usize::from(record.claims.is_empty());
        self.losses += record.losses.len();
        ControlFlow::Continue(())
    }

    fn rejected(&mut self, _: Position, why: Rejection) -> ControlFlow<()> {
        self.rejected += 1;
        let reason = self.reasons.entry(why.reason.into()).or_default();
        reason.0 += 1;
        reason.1 = why.excerpt.into();
        ControlFlow::Continue(())
    }
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("REMPART_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: REMPART_TEST_DATA is not set");
    }
    folder
}

fn read_all(folder: &Path, mut each: impl FnMut(&str, Option<Format>, &Account)) {
    let minter = Minter::new(&[7; 32]);
    let context = Context {
        now: Timestamp::from_date(2026, 1, 1).unwrap(),
        source: "test",
        minter: &minter,
        unmarked: Tlp::Amber,
        limits: Limits::default(),
    };
    container::open(Input::Path(folder), &context.limits, &mut |entry| {
        match entry.content {
            Content::Bytes(bytes) => {
                let mut account = Account::default();
                let format = import::read(entry.name, bytes, None, None, &context, &mut account);
                if let Err(error) = &format {
                    println!("{}: {error}", entry.name);
                }
                each(entry.name, format.ok(), &account);
            }
            Content::Refused(why) => println!("{}: refused: {}", entry.name, why.reason),
            Content::Skipped(why) => println!("{}: skipped: {why}", entry.name),
        }
        ControlFlow::Continue(())
    })
    .unwrap();
}

#[test]
fn at_least_95_of_100_records_of_real_feeds_become_claims() {
    let Some(data) = data() else { return };
    let mut total = Account::default();
    let mut folders: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    read_all(&data.join("feeds"), |name, format, account| {
        let format = format.map_or("none", Format::name);
        println!(
            "{name}: {format}, {} records, {} with a claim, {} rejected, {} losses",
            account.records(),
            account.decoded - account.without_claim,
            account.rejected,
            account.losses,
        );
        for (reason, (count, excerpt)) in account.reasons.iter().take(4) {
            println!("    {count} x {reason}: {excerpt}");
        }
        // What is not about threats (applications, a provider's networks) is no feed of indicators.
        let context = ["Microsoft.OAuth.KnownApplications.csv", "VPS_Networks.csv"];
        if context.iter().any(|list| name.ends_with(list)) {
            return;
        }
        let folder: Vec<&str> = name.split('/').take(2).collect();
        let sums = folders.entry(folder.join("/")).or_default();
        sums.0 += account.records();
        sums.1 += account.decoded - account.without_claim;
        total.decoded += account.decoded;
        total.without_claim += account.without_claim;
        total.rejected += account.rejected;
        total.claims += account.claims;
        for (reason, (count, excerpt)) in &account.reasons {
            let sum = total.reasons.entry(reason.clone()).or_default();
            sum.0 += count;
            sum.1.clone_from(excerpt);
        }
    });
    for (folder, (records, with_claim)) in &folders {
        println!("{folder}: {with_claim} of {records}");
    }
    for (reason, (count, excerpt)) in &total.reasons {
        println!("{count} x {reason}: {excerpt}");
    }
    let with_claim = total.decoded - total.without_claim;
    println!("all: {} records, {with_claim} with a claim, {} claims", total.records(), total.claims);
    assert!(with_claim * 100 >= total.records() * 95, "{with_claim} of {}", total.records());
}

#[test]
fn samples_of_other_tools_are_read_without_a_crash() {
    let Some(data) = data() else { return };
    for folder in ["ref/formats/intelmq-feed-samples", "ref/formats/shadowserver", "extract/amnesty"] {
        let mut records = 0;
        read_all(&data.join(folder), |name, format, account| {
            records += account.records();
            let format = format.map_or("none", Format::name);
            println!(
                "{name}: {format}, {} records, {} with a claim, {} rejected, {} losses",
                account.records(),
                account.decoded - account.without_claim,
                account.rejected,
                account.losses
            );
            for (reason, (count, excerpt)) in account.reasons.iter().take(2) {
                println!("    {count} x {reason}: {excerpt}");
            }
        });
        assert!(records > 0, "{folder}");
    }
}
