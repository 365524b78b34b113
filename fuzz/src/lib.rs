//! The laws that every reader keeps whatever its input, checked by the fuzz targets.

use std::io::Read;
use std::ops::ControlFlow;

use rempart_formats::{Context, DecodeError, Limits, Minter, Sink};
use rempart_model::{Decoded, Observable, Position, Rejection, Timestamp, Tlp};

/// Bounds small enough for the fuzzer to reach them.
pub const LIMITS: Limits = Limits {
    record_bytes: 4 << 10,
    depth: 32,
    input_bytes: 1 << 20,
    expansion: 100,
    entries: 16,
    text_bytes: 64 << 10,
};

/// Calls `use_it` with a context that is the same every time.
pub fn with_context<T>(use_it: impl FnOnce(&Context<'_>) -> T) -> T {
    let minter = Minter::new(&[7; 32]);
    use_it(&Context {
        now: Timestamp::from_micros(1_750_000_000_000_000),
        source: "fuzz",
        minter: &minter,
        unmarked: Tlp::Amber,
        limits: LIMITS,
    })
}

/// Reads `data` twice with `reader`. Every record must keep the laws of [`check_decoded`], and the
/// second reading must give what the first gave, though it gets the bytes in small pieces.
pub fn check_reader(
    reader: impl Fn(&mut dyn Read, &Context<'_>, &mut dyn Sink) -> Result<(), DecodeError>,
    data: &[u8],
) {
    with_context(|context| {
        let mut whole = Laws::default();
        let first = reader(&mut { data }, context, &mut whole);
        let mut pieces = Laws::default();
        let second = reader(&mut Pieces(data), context, &mut pieces);
        assert_eq!(first.is_ok(), second.is_ok(), "whole: {first:?}, in pieces: {second:?}");
        assert_eq!(whole.outcomes, pieces.outcomes, "the outcome depends on how the bytes come");
    });
}

/// What must hold of a decoded record: its body is a JSON object of its id, within reason of the
/// bounds, and what it claims is in canonical form.
pub fn check_decoded(record: &Decoded) {
    let body: serde_json::Value = serde_json::from_slice(&record.body).expect("the body is JSON");
    let id = body.get("id").and_then(|id| id.as_str()).expect("the body has an id");
    assert!(record.id.to_string().eq_ignore_ascii_case(id), "the body's id is the record's id");
    for claim in &record.claims {
        check_canonical(&claim.observable);
        assert!(claim.confidence.is_none_or(|confidence| confidence <= 100));
    }
}

/// Canonicalising twice changes nothing.
pub fn check_canonical(observable: &Observable) {
    let again = Observable::parse(observable.kind(), observable.value());
    assert_eq!(again.as_ref(), Ok(observable), "canonical form is stable");
}

/// A sink that checks each record and remembers its outcome.
#[derive(Default)]
pub struct Laws {
    /// Per record: where, and the id or the reason.
    pub outcomes: Vec<(u64, String)>,
}

impl Sink for Laws {
    fn decoded(&mut self, at: Position, record: Decoded) -> ControlFlow<()> {
        check_decoded(&record);
        self.outcomes.push((at.offset, record.id.to_string()));
        ControlFlow::Continue(())
    }

    fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()> {
        assert!(!why.reason.is_empty(), "a rejection has a reason");
        assert!(why.excerpt.chars().count() <= 120, "an excerpt is short");
        self.outcomes.push((at.offset, why.reason.into()));
        ControlFlow::Continue(())
    }
}

/// Gives its bytes seven at a time, as a slow network might.
pub struct Pieces<'a>(pub &'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = to.len().min(7).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        to[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// An index of the lines of a list; what is no value is passed over.
pub fn index_of(list: &str) -> Vec<u8> {
    use rempart_matching::index::{Builder, Note, Reach, Settings};
    let mut builder = Builder::new(Settings {
        audience: "fuzzing".into(),
        built_at: rempart_model::Timestamp::from_micros(1),
        position: 1,
        seed: 7,
        base: None,
    });
    for line in list.lines() {
        if let Ok(observable) = rempart_model::Observable::guess(line) {
            // What an index does not look for is not put in.
            let _ = builder.add(&observable, &Note::default(), Reach::Below);
        }
    }
    builder.finish()
}

/// Rows of cells, cut out of any bytes: 1 ends a cell, 2 ends a row.
pub fn cells(data: &[u8]) -> Vec<Vec<Vec<u8>>> {
    data.split(|byte| *byte == 2)
        .map(|row| row.split(|byte| *byte == 1).map(<[u8]>::to_vec).collect())
        .collect()
}

/// What holds of a log whatever is in it: records stand in order and within the text, fields within their
/// records and in order; and a search finds in the whole what it finds piece by piece, each hit where it stands.
pub fn check_log(format: rempart_matching::logs::Format, text: &[u8]) {
    use rempart_matching::index::{Index, Matcher, Wanted};
    use rempart_matching::logs::{Columns, Event, Layout, Search, records};
    use rempart_matching::scan::Scanner;

    let mut end = 0;
    for record in records(&mut Layout::new(format, None), text) {
        assert!(end <= record.range.start && record.range.start < record.range.end);
        end = record.range.end;
        assert!(end <= text.len(), "a record is within the text");
        let mut from = record.range.start;
        for (place, _, meant) in record.fields.into_iter().flatten() {
            assert!(from <= place.start && place.start <= place.end && place.end <= record.range.end);
            assert!(meant.len() <= place.len(), "no escape is shorter than what it means");
            from = place.end;
        }
    }
    let index =
        Index::from_bytes(index_of("evil.example\n192.0.2.4\nhttp://bad.example/a")).expect("an index");
    let matcher = Matcher::new(index, None).expect("an index without a delta is a matcher");
    let search =
        |layout: &mut Layout, text: &[u8], offset: usize, told: &mut Vec<(usize, usize, Vec<u8>)>| {
            let scanner = Scanner::new(&matcher, Wanted::at(Timestamp::from_micros(2)));
            Search::new(scanner, Columns::default()).records(layout, text, &mut |event| match event {
                Event::Hit(hit) => {
                    assert!(hit.range.start < hit.range.end && hit.range.end <= text.len());
                    told.push((offset + hit.range.start, offset + hit.range.end, hit.found.to_vec()));
                }
                Event::Bad(at, _) => assert!(at < text.len()),
            });
        };
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    search(&mut Layout::new(format, None), text, 0, &mut whole);
    let (mut layout, mut from) = (Layout::new(format, None), 0);
    for end in [text.len() / 3, text.len() / 2, text.len()] {
        let cut = from + layout.cut(&text[from..end.max(from)], end == text.len());
        search(&mut layout.clone(), &text[from..cut], from, &mut pieces);
        layout.pass(&text[from..cut]);
        from = cut;
    }
    assert_eq!(whole, pieces, "where a log is cut makes no difference");
}
