//! Real bundles: every object goes in, and every rejection is of what is no object. They are read
//! in place from the folder that `REMPART_TEST_DATA` names.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rempart_formats::stix::{Definitions, decode_object, read};
use rempart_formats::{Context, Limits, Minter, Sink};
use rempart_model::{Decoded, Position, Rejection, Timestamp, Tlp};

#[derive(Default)]
struct Account {
    objects: usize,
    rejected: Vec<Rejection>,
    claims: usize,
    converted: usize,
    indicators: usize,
    silent: Vec<String>,
    losses: BTreeMap<String, usize>,
    ids: Vec<String>,
    verbatim: Vec<Vec<u8>>,
}

impl Sink for Account {
    fn decoded(&mut self, _: Position, record: Decoded) -> ControlFlow<()> {
        self.objects += 1;
        self.claims += record.claims.len();
        self.converted += usize::from(record.original_v20.is_some());
        if record.id.kind() == "indicator" {
            self.indicators += 1;
            if record.claims.is_empty() {
                self.silent.push(format!("{}: {:?}", record.id, record.losses));
            }
        }
        for loss in &record.losses {
            *self.losses.entry(format!("{} {}", loss.what, loss.why)).or_default() += 1;
        }
        self.ids.push(record.id.to_string());
        let minter = Minter::new(&[7; 32]);
        let again =
            decode_object(&record.body, &context(&minter), &mut Definitions::default(), None).unwrap();
        assert_eq!(again.claims, record.claims, "{}", record.id);
        assert_eq!(again.body, record.body);
        self.verbatim.push(record.original_v20.unwrap_or(record.body));
        ControlFlow::Continue(())
    }
    fn rejected(&mut self, _: Position, why: Rejection) -> ControlFlow<()> {
        self.rejected.push(why);
        ControlFlow::Continue(())
    }
}

fn context(minter: &Minter) -> Context<'_> {
    Context {
        now: Timestamp::parse("2026-06-01T00:00:00Z").unwrap(),
        source: "test",
        minter,
        unmarked: Tlp::Amber,
        limits: Limits::default(),
    }
}

/// The data folder, or a line that says that the test is skipped.
fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("REMPART_TEST_DATA").map(PathBuf::from).filter(|path| path.is_dir());
    if folder.is_none() {
        eprintln!("skipped: {test} needs the folder that REMPART_TEST_DATA names");
    }
    folder
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|end| end == "zst") {
        return zstd::decode_all(&bytes[..]).unwrap();
    }
    bytes
}

fn account(bytes: &[u8]) -> Account {
    let minter = Minter::new(&[7; 32]);
    let mut account = Account::default();
    let mut input: &mut dyn Read = &mut &bytes[..];
    read(&mut input, &context(&minter), &mut account).unwrap();
    account
}

#[test]
fn attack_goes_in_whole() {
    let Some(data) = data("attack_goes_in_whole") else { return };
    for (file, objects, converted) in [
        ("ref/attack/enterprise-attack-18.1.stix20.json.zst", 24_771, 24_771),
        ("ref/attack/ics-attack-18.1.stix21.json.zst", 1_826, 0),
        ("ref/attack/mobile-attack-17.1.stix21.json.zst", 2_148, 0),
    ] {
        let text = bytes(&data.join(file));
        let account = account(&text);
        assert_eq!(account.rejected, [], "{file}");
        assert_eq!((account.objects, account.converted), (objects, converted), "{file}");
        // Byte for byte: each object is a piece of the file.
        let mut from = 0;
        for object in &account.verbatim {
            let found = text[from..].windows(object.len()).position(|piece| piece == object).unwrap();
            from += found + object.len();
        }
        eprintln!("{file}: {} objects, losses {:?}", account.objects, account.losses);
    }
}

#[test]
fn bundles_of_vendors_and_states_go_in() {
    let Some(data) = data("bundles_of_vendors_and_states_go_in") else { return };
    let mut files = Vec::new();
    for folder in
        ["extract/talos", "extract/amnesty", "fimi/viginum", "ref/formats/stix21", "ref/fimi/disarm"]
    {
        collect(&data.join(folder), &mut files);
    }
    files.push(data.join("ref/formats/misp/stix2_indicators_test.json"));
    files.push(data.join("ref/formats/misp/stix2_observables_test.json"));
    files.sort();
    let (mut indicators, mut silent, mut objects) = (0, 0, 0);
    let mut losses = BTreeMap::<String, usize>::new();
    for file in &files {
        let text = bytes(file);
        let parsed: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
        let Some(parsed) = parsed else { continue };
        let expected = match (&parsed["objects"], &parsed) {
            (serde_json::Value::Array(objects), _) => objects.clone(),
            (_, serde_json::Value::Array(objects)) => objects.clone(),
            _ => vec![parsed.clone()],
        };
        let account = account(&text);
        let is_stix = expected.iter().all(|object| object["type"].is_string() && object["id"].is_string());
        if is_stix {
            assert_eq!(account.rejected, [], "{}", file.display());
            let ids: Vec<&str> = expected.iter().filter_map(|object| object["id"].as_str()).collect();
            assert_eq!(account.ids, ids, "{}", file.display());
        } else {
            assert_eq!(account.rejected.len() + account.objects, expected.len(), "{}", file.display());
            eprintln!("{}: {}", file.display(), account.rejected.first().map_or("", |why| &why.reason));
        }
        objects += account.objects;
        indicators += account.indicators;
        silent += account.silent.len();
        for one in account.silent {
            eprintln!("no claim from {one}");
        }
        for (loss, count) in account.losses {
            *losses.entry(loss).or_default() += count;
        }
    }
    let mut losses: Vec<_> = losses.into_iter().collect();
    losses.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (loss, count) in losses.iter().take(60) {
        eprintln!("{count:6} {loss}");
    }
    eprintln!(
        "{} files, {objects} objects, {indicators} indicators, {silent} of them without a claim",
        files.len()
    );
    assert!(indicators > 10_000 && silent * 200 < indicators);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "json" || end == "stix2") {
            files.push(path);
        }
    }
}
