//! The scanner beside a slow and obvious writing of the same promises, on generated and on real texts.
//!
//! Real texts are read in place from the folder that `REMPART_TEST_DATA` names; those tests say that they are
//! skipped where it is not set.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test")]

#[path = "differential/oracle.rs"]
mod oracle;
#[path = "differential/texts.rs"]
mod texts;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use oracle::{Finding, Listed};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rempart_matching::index::{Builder, Index, Matcher, Note, Reach, Settings, Wanted};
use rempart_matching::scan::{Found, Scanner};
use rempart_model::{Observable, Timestamp};

/// The same values, for the scanner and for its witness.
struct Pair {
    listed: Listed,
    matcher: Matcher,
}

impl Pair {
    fn new(values: impl IntoIterator<Item = (Observable, bool)>) -> Self {
        let mut listed = Listed::default();
        let mut builder = Builder::new(Settings {
            audience: "test".into(),
            built_at: Timestamp::from_micros(1),
            position: 1,
            seed: 7,
            base: None,
        });
        for (value, exact) in values {
            let reach = if exact { Reach::Exact } else { Reach::Below };
            if builder.add(&value, &Note::default(), reach).is_ok() {
                listed.add(&value, exact);
            }
        }
        let index = Index::from_bytes(builder.finish()).expect("an index");
        Self { listed, matcher: Matcher::new(index, None).expect("a matcher") }
    }

    /// What the scanner finds; both of its engines must agree.
    fn found(&self, text: &[u8]) -> Vec<Finding> {
        let wanted = Wanted::at(Timestamp::from_micros(2));
        let told = |mut scanner: Scanner<'_>| {
            let mut found = Vec::new();
            scanner.scan(text, &mut found);
            found.into_iter().map(|f: Found<'_>| (f.range, f.entry.value().into_owned())).collect::<Vec<_>>()
        };
        let found = told(Scanner::new(&self.matcher, wanted));
        assert_eq!(found, told(Scanner::plain(&self.matcher, wanted)), "the engines differ");
        assert!(
            found.is_sorted_by_key(|(range, _)| (range.start, usize::MAX - range.end)),
            "not in order: {found:?}"
        );
        let mut found = found;
        found.sort_by_key(|(range, value)| (range.start, usize::MAX - range.end, value.clone()));
        found
    }

    /// A text for which the two differ, told in full.
    fn differs(&self, text: &[u8]) -> Option<String> {
        let found = self.found(text);
        let expected = oracle::findings(&self.listed, text)?;
        (found != expected).then(|| {
            format!("{:?}\n   found {found:?}\nexpected {expected:?}", String::from_utf8_lossy(text))
        })
    }
}

static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    Pair::new(texts::LISTED.iter().map(|(value, exact)| (Observable::guess(value).expect(value), *exact)))
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn listed_values_in_lines_of_logs(text in texts::log()) {
        let told = PAIR.differs(text.as_bytes());
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
    }

    #[test]
    fn pieces_of_values_and_of_marks(text in texts::pieces()) {
        let told = PAIR.differs(&text);
        prop_assert!(told.is_none(), "{}", told.unwrap_or_default());
    }
}

/// What the two once differed in, and who was wrong.
#[test]
fn what_was_found_before() {
    for text in texts::BEFORE {
        let told = PAIR.differs(text);
        assert!(told.is_none(), "{}", told.unwrap_or_default());
    }
}

/// At every place of a strip, also over its edges, a text is found alike.
#[test]
fn wherever_it_stands() {
    let planted = " x http://Evil.Example:8080/a 192.0.2.4, evil[.]example 2001:db8::7 a@evil.example\n";
    let expected = oracle::findings(&PAIR.listed, planted.as_bytes()).expect("a plain text");
    assert!(expected.len() >= 5, "{expected:?}");
    for shift in (8192 - 100..8192 + 140).chain(0..70) {
        let mut text: String = "benign.test 10.0.0.1\t".repeat(shift / 20 + 1);
        text.truncate(shift);
        text.push_str(planted);
        text.push_str("behind it");
        let mut found = PAIR.found(text.as_bytes());
        found.iter_mut().for_each(|(range, _)| *range = range.start - shift..range.end - shift);
        assert_eq!(found, expected, "{shift}");
    }
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// Values that stand in lines and fields of a text.
fn values(text: &str) -> impl Iterator<Item = Observable> {
    let parts = text.split(['\n', ',', ' ', '\t', '"', '|']).map(str::trim).filter(|part| part.len() > 4);
    parts.filter_map(|part| Observable::guess(&part.replace("[.]", ".")).ok())
}

/// Reads real texts; a list is made of some of the values that stand in them.
#[test]
fn real_texts() {
    let folder = std::env::var_os("REMPART_TEST_DATA").map(PathBuf::from).filter(|path| path.is_dir());
    let Some(folder) = folder else {
        eprintln!("skipped: REMPART_TEST_DATA names no folder");
        return;
    };
    let mut paths = Vec::new();
    for part in ["extract", "feeds", "ref/logs", "logs", "ref/formats/abuse-emails", "ref/extract-unit"] {
        files(&folder.join(part), &mut paths);
    }
    let texts: Vec<(PathBuf, Vec<u8>)> = (paths.into_iter())
        .filter_map(|path| {
            let mut bytes = std::fs::read(&path).ok()?;
            if path.extension().is_some_and(|extension| extension == "zst") {
                bytes = zstd::decode_all(&*bytes).ok()?;
            }
            // The witness is slow: the head of each file.
            bytes.truncate(1_200);
            Some((path, bytes))
        })
        .collect();
    assert!(texts.len() > 300, "{} texts", texts.len());
    let mut listed = Vec::new();
    for (at, (_, text)) in texts.iter().enumerate() {
        let text = String::from_utf8_lossy(text);
        listed.extend(values(&text).step_by(9).take(12).map(|value| (value, at % 5 == 0)));
    }
    let pair = Pair::new(listed);
    let (mut differing, mut found) = (Vec::new(), 0);
    for (path, text) in &texts {
        // Line by line, so that what differs is told in short; the scanner reads the whole as well.
        let mut whole = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let expected = pair.found(line);
            found += expected.len();
            whole.extend(
                expected.into_iter().map(|(range, value)| (range.start + start..range.end + start, value)),
            );
            start += line.len();
            if line.len() < 4000 {
                differing.extend(pair.differs(line).map(|told| format!("{}: {told}", path.display())));
            }
        }
        assert_eq!(pair.found(text), whole, "{}: lines, and all of it", path.display());
    }
    eprintln!("{} texts, {found} findings", texts.len());
    assert!(found > 1000, "{found} findings");
    assert!(
        differing.is_empty(),
        "{} lines differ:\n{}",
        differing.len(),
        differing[..differing.len().min(12)].join("\n")
    );
}
