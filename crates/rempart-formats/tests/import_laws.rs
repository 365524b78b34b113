//! Laws of every reader: one outcome per record, no panic, bounded memory, the same ids again.
#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

mod reading;

use std::io::{self, Read};
use std::ops::ControlFlow;

use proptest::prelude::*;
use reading::{read_with, with_context};
use rempart_formats::container::Bytes;
use rempart_formats::table::Mapping;
use rempart_formats::{DecodeError, Format, Limits, Sink, import};
use rempart_model::{Decoded, Position, Rejection};

/// The formats whose records are lines, unless a quotation mark goes over several.
const LINES: [Format; 6] =
    [Format::Plain, Format::Hosts, Format::Adblock, Format::Csv, Format::Tsv, Format::JsonLines];

fn small() -> Limits {
    Limits { record_bytes: 512, text_bytes: 1 << 20, ..Limits::default() }
}

/// Pieces of which inputs are made that get further than random bytes.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("192.0.2.1".to_owned()),
        Just("evil[.]example[.]com".to_owned()),
        Just("||x.example^$all".to_owned()),
        Just("0.0.0.0 ".to_owned()),
        Just("ip,type,value,tlp\n".to_owned()),
        Just("{\"ip\": [\"192.0.2.1\", {\"a\": null}]}".to_owned()),
        Just("{\"data\": [".to_owned()),
        Just("#fields\t".to_owned()),
        Just("# Reference: https://x.example/\n".to_owned()),
        Just("192.0.2.1-192.0.2.77".to_owned()),
        Just("\u{feff}".to_owned()),
        "[\"',;|\\t\\r\\n{}\\[\\]:#!/\\\\]{1,4}",
        "\\PC{0,12}",
        Just("x".repeat(600)),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn no_input_makes_a_reader_panic(bytes in text(), which in prop::sample::select(&Format::ALL[..])) {
        let _ = read_with(Some(which.0), None, small(), &bytes[..]);
        let _ = read_with(None, None, small(), &bytes[..]);
        let mapping = Mapping::from_toml("[[observables]]\ncolumn = 2\n[columns]\ntlp = \"tlp\"\n").unwrap();
        let _ = read_with(Some(Format::Csv), Some(&mapping), small(), &bytes[..]);
        let _ = read_with(Some(Format::Json), Some(&mapping), small(), &bytes[..]);
    }

    #[test]
    fn records_come_in_order_and_no_more_than_there_are_lines(
        bytes in text(),
        format in prop::sample::select(&LINES[..]),
    ) {
        let (collected, result) = read_with(Some(format), None, small(), &bytes[..]);
        prop_assert!(result.is_ok());
        let places: Vec<(u64, u64)> = collected.records.iter().map(|(at, _)| (at.offset, at.line)).collect();
        prop_assert!(places.is_sorted());
        let mut lines: Vec<u64> = places.iter().map(|(_, line)| *line).collect();
        lines.dedup();
        prop_assert_eq!(lines.len(), places.len(), "one outcome for a line");
    }

    #[test]
    fn each_line_of_a_table_or_a_list_is_accounted_for(
        rows in prop::collection::vec((any::<[u8; 4]>(), "[a-z \"]{0,12}", any::<bool>()), 1..300),
    ) {
        // A table with a heading: every row below it is exactly one outcome.
        let mut table = "ip,comment,tlp\n".to_owned();
        let mut list = String::new();
        let mut records = 0;
        for (ip, comment, good) in &rows {
            let ip = std::net::Ipv4Addr::from(*ip).to_string();
            let value = if *good { ip } else { "nothing".to_owned() };
            let comment = comment.replace('"', "\"\"");
            table.push_str(&format!("{value},\"{comment}\",green\n"));
            list.push_str(&format!("{value}\n"));
            records += 1;
        }
        for (format, text) in [(Format::Csv, &table), (Format::Plain, &list)] {
            let (collected, _) = read_with(Some(format), None, Limits::default(), text.as_bytes());
            prop_assert_eq!(collected.records.len(), records, "{:?}", format);
            let good = rows.iter().filter(|(_, _, good)| *good).count();
            prop_assert_eq!(collected.decoded().len(), good);
        }
    }

    #[test]
    fn fields_are_those_that_the_csv_crate_finds(
        rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n ]{0,8}", 2..4), 1..12),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let marked: Vec<String> = row.iter().map(|cell| format!("x{cell}x")).collect();
            writer.write_record([format!("192.0.2.{}", at % 250)].iter().chain(&marked)).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let mapping = Mapping::from_toml(
            "delimiter = \",\"\nheader = false\n[[observables]]\ncolumn = 1\n[columns]\ndescription = [2, 3, 4]\n",
        ).unwrap();
        let (collected, _) = read_with(Some(Format::Csv), Some(&mapping), Limits::default(), &bytes[..]);
        prop_assert_eq!(collected.decoded().len(), rows.len(), "{:?}", collected.lines());
        for (at, row) in rows.iter().enumerate() {
            let expected = row.iter().map(|cell| format!("x{cell}x")).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(collected.property(at, "description"), expected);
        }
    }

    #[test]
    fn reading_again_gives_the_same_objects(
        rows in prop::collection::vec((any::<[u8; 4]>(), 0u16..3, "[a-c]{0,2}"), 1..50),
    ) {
        let mut table = "ip,port,malware\n".to_owned();
        for (ip, port, malware) in &rows {
            table.push_str(&format!("{},{port},{malware}\n", std::net::Ipv4Addr::from(*ip)));
        }
        let objects = || {
            let (collected, _) = read_with(Some(Format::Csv), None, Limits::default(), table.as_bytes());
            collected.decoded().iter().map(|r| (r.id.to_string(), r.origin)).collect::<Vec<_>>()
        };
        let (first, second) = (objects(), objects());
        prop_assert_eq!(&first, &second);
        // What has the same id says the same, so that no row makes a version of another.
        let mut known = std::collections::HashMap::new();
        for (id, origin) in first {
            let other = known.insert(id, origin);
            prop_assert!(other.is_none_or(|other| other == origin));
        }
    }
}

/// Counts, and keeps nothing.
#[derive(Default)]
struct Counter {
    decoded: usize,
    rejected: usize,
    stop_after: Option<usize>,
}

impl Counter {
    fn flow(&self) -> ControlFlow<()> {
        match self.stop_after {
            Some(most) if self.decoded + self.rejected >= most => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Sink for Counter {
    fn decoded(&mut self, _: Position, _: Decoded) -> ControlFlow<()> {
        self.decoded += 1;
        self.flow()
    }

    fn rejected(&mut self, _: Position, _: Rejection) -> ControlFlow<()> {
        self.rejected += 1;
        self.flow()
    }
}

fn run(format: Format, input: impl Read, mut counter: Counter) -> Counter {
    with_context(Limits { record_bytes: 1 << 20, ..Limits::default() }, |context| {
        let result =
            import::read("input", Bytes::new(input).unwrap(), Some(format), None, context, &mut counter);
        // What ends inside a record is said to be cut off, and was read as far as it goes.
        assert!(matches!(result, Ok(_) | Err(DecodeError::Truncated { .. })), "{result:?}");
    });
    counter
}

/// The most memory that this process has had at once, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn an_endless_line_is_one_rejection_and_costs_little_memory() {
    let size = 100 << 20;
    let before = peak();
    for format in LINES {
        let counter = run(format, io::repeat(b'x').take(size), Counter::default());
        assert_eq!((counter.decoded, counter.rejected), (0, 1), "{format:?}");
    }
    for format in [Format::Csv, Format::Json] {
        let open: &[u8] = if format == Format::Csv { b"a,\"" } else { b"{\"a\": \"" };
        let counter = run(format, open.chain(io::repeat(b'x').take(size)), Counter::default());
        assert_eq!((counter.decoded, counter.rejected), (0, 1), "{format:?}");
    }
    let grown = peak().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

#[test]
fn a_sink_that_has_enough_stops_the_reader() {
    let list = "192.0.2.1,x\n".repeat(1000);
    for format in [Format::Plain, Format::Csv] {
        let counter = run(format, list.as_bytes(), Counter { stop_after: Some(5), ..Counter::default() });
        assert_eq!(counter.decoded + counter.rejected, 5, "{format:?}");
    }
}
