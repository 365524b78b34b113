//! The splitter: every record of a JSON input, whatever is wrong with the others.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::{self, Read};
use std::ops::ControlFlow;

use proptest::prelude::*;
use rempart_formats::json::{Options, Piece, records};
use rempart_formats::{DecodeError, Limits};

/// Gives a few bytes at a time, so that every boundary falls inside something.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(to.len());
        to[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Seen = Vec<(u64, Result<String, String>)>;

fn limits() -> Limits {
    Limits { record_bytes: 200, depth: 6, ..Limits::default() }
}

fn read(input: &mut dyn Read, limits: &Limits) -> (Seen, Result<(), DecodeError>) {
    let options = Options { limits, lists: &["objects"], wrappers: &["bundle"] };
    let mut seen = Vec::new();
    let end = records(input, &options, &mut |record| {
        let what = match record.piece {
            Piece::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Piece::Rejected(why) => Err(why.reason.into()),
        };
        seen.push((record.at.line, what));
        ControlFlow::Continue(())
    });
    (seen, end)
}

/// The text behind blanks. The beginning of an input is read at once, to tell its encoding; what is
/// behind it comes in pieces.
fn behind_blanks(text: &str) -> String {
    let (mark, text) = text.split_at(if text.starts_with('\u{feff}') { 3 } else { 0 });
    format!("{mark}{}{text}", " ".repeat(1024))
}

/// What is found, with rejections as `!`.
fn found(text: &str) -> Vec<String> {
    let text = &behind_blanks(text);
    let brief = |(seen, _): (Seen, _)| -> Vec<String> {
        seen.into_iter().map(|(_, what)| what.unwrap_or_else(|_| "!".to_owned())).collect()
    };
    let whole = brief(read(&mut text.as_bytes(), &limits()));
    for size in [1, 2, 7] {
        assert_eq!(
            brief(read(&mut Drip(text.as_bytes(), size), &limits())),
            whole,
            "{size} at a time: {text}"
        );
    }
    whole
}

#[test]
fn records_are_found_in_every_shape() {
    for (text, expected) in [
        ("", vec![]),
        (" \n ", vec![]),
        (r#"{"a":1}"#, vec![r#"{"a":1}"#]),
        (r#"[{"a":1}, {"b":"]"} ,3]"#, vec![r#"{"a":1}"#, r#"{"b":"]"}"#, "3"]),
        ("{\"a\":1}\r\n{\"a\":2}\n\n{\"a\":3}", vec![r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]),
        (r#"{"a":1}{"a":2}"#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
        ("\u{1e}{\"a\":1}\n\u{1e}{\"a\":2}\n", vec![r#"{"a":1}"#, r#"{"a":2}"#]),
        (
            r#"{"type":"bundle","id":"b","objects":[{"x":[1,{}]},{"y":"\\"}],"z":{}}"#,
            vec![r#"{"x":[1,{}]}"#, r#"{"y":"\\"}"#],
        ),
        (r#"{"more":false,"objects":[{"x":1}]}{"objects":[{"x":2}]}"#, vec![r#"{"x":1}"#, r#"{"x":2}"#]),
        (r#"[{"type":"bundle","objects":[{"x":1}]},{"y":2}]"#, vec![r#"{"x":1}"#, r#"{"y":2}"#]),
        (r#"{"type":"bundle","objects":[]}"#, vec![]),
        (r#"{"type":"report","objects":[{}]}"#, vec![r#"{"type":"report","objects":[{}]}"#]),
        (r#"{"objects":{"0":{}}}"#, vec![r#"{"objects":{"0":{}}}"#]),
        (r#"{"in":{"objects":[{}]}}"#, vec![r#"{"in":{"objects":[{}]}}"#]),
        ("\u{feff}{\"a\":1}", vec![r#"{"a":1}"#]),
        ("prose\n{\"a\":1}", vec!["prose", r#"{"a":1}"#]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_broken_record_costs_itself() {
    let (a, b) = (r#"{"type":"a"}"#, r#"{"type":"b","n":[1]}"#);
    let long = format!(r#"{{"type":"{}"}}"#, "x".repeat(300));
    let deep = format!("{{\"d\":{}1{}}}", "[".repeat(9), "]".repeat(9));
    let very_deep = format!("{{\"d\":{}1{}}}", "[".repeat(90), "]".repeat(90));
    for broken in [
        r#"{"type":"x","n":[1}"#,
        r#"{"type":"x","n":{1]"#,
        r#"{"type":"x","n":"1}"#,
        r#"{"type":"x","n":1"#,
        r#"{"type":"x","n":{"m":1}"#,
        r#"{"type":"x","n":"say "so" there"}"#,
        r#"{"type":"x" {"#,
        long.as_str(),
        deep.as_str(),
        very_deep.as_str(),
    ] {
        for (before, between, after) in [
            ("[", ",", "]"),
            ("[\n", ",\n", "\n]"),
            ("{\"type\":\"bundle\",\"objects\":[", ",", "]}"),
            ("", "\n", "\n"),
        ] {
            let text = [before, a, between, broken, between, b, between, a, after].concat();
            assert_eq!(found(&text), [a, "!", b, a], "{text}");
        }
    }
}

#[test]
fn a_cut_input_gives_all_that_is_complete() {
    let text = r#"{"type":"bundle","objects":[{"a":1},{"a":2},{"a":3}]}"#;
    let places = |from: usize| (from..text.len()).map(|end| &text[..end]);
    for cut in places(28) {
        let (seen, end) = read(&mut cut.as_bytes(), &limits());
        let complete = seen.iter().filter(|(_, what)| what.is_ok()).count();
        assert_eq!(complete, cut.matches('}').count().min(3), "{cut}");
        let inside = cut.matches('{').count() > cut.matches('}').count() + 1;
        assert_eq!(seen.len() - complete, usize::from(inside), "{cut}");
        assert!(matches!(end, Err(DecodeError::Truncated { .. })), "{cut}: {end:?}");
    }
}

#[test]
fn the_line_and_the_reason_are_told() {
    let text = "[\n{\"a\":1},\r\n{\"a\":\"x\n},\n{\"b\":\"\"}\n,{\"c\":";
    let (seen, end) = read(&mut text.as_bytes(), &limits());
    let broken = "is not valid JSON: a quote or a bracket is missing or too much";
    let cut = "is cut off: the input ends inside it";
    let expected = [
        (2, Ok("{\"a\":1}".to_owned())),
        (3, Err(broken.to_owned())),
        (5, Ok("{\"b\":\"\"}".to_owned())),
        (6, Err(cut.to_owned())),
    ];
    assert_eq!(seen, expected);
    assert!(end.is_ok());
}

#[test]
fn utf_16_is_read_as_it_comes() {
    let text = "[{\"a\":\"é😀\"},{\"b\":1}]";
    let little: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (seen, _) = read(&mut little.as_slice(), &limits());
    assert_eq!(seen[0].1, Ok("{\"a\":\"é😀\"}".to_owned()));
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_string_without_measure_costs_little() {
    let limits = Limits { record_bytes: 1 << 20, ..Limits::default() };
    let endless = io::repeat(b'x').take(1 << 28);
    let mut input = "[{\"a\":1},{\"b\":\"".as_bytes().chain(endless).chain("\"},{\"c\":3}]".as_bytes());
    let (seen, end) = read(&mut input, &limits);
    assert!(end.is_ok());
    let kinds: Vec<_> = seen.iter().map(|(_, what)| what.is_ok()).collect();
    assert_eq!(kinds, [true, false, true]);
    // The same without any end, and brackets without any end.
    for byte in [b'x', b'[', b'{', b' ', b'"', b'\\'] {
        let mut input = "[{\"a\":1},{\"b\":[".as_bytes().chain(io::repeat(byte).take(16 << 20));
        let (seen, _) = read(&mut input, &limits);
        assert!(seen[0].1.is_ok() && seen.len() < 3, "{}", char::from(byte));
    }
}

#[test]
fn what_is_broken_after_the_records_or_beyond_the_bound_is_told_alike() {
    let long = "x".repeat(150);
    for text in [
        "{\"type\":\"bundle\",\"objects\":[{\"a\":1}],\"b\":\"no end ,{\"c\":2}\n{\"d\":3}".to_owned(),
        "{\"objects\":[{\"a\":1}],\"name\"\n,{\"c\":2}".to_owned(),
        format!("[{{\"a\":\"{long}\",\"b\":\"{long},{{\"c\":2}},{{\"d\":3}}]"),
        format!("{{\"a\":\"{long}\",\"{long},{{\"c\":2}},{{\"d\":3}}\n{{\"e\":4}}"),
        format!("{{\"a\":\"{long}\",\"b\":\"{}\",\"objects\":[{{\"c\":2}}]}}", "y".repeat(33)),
        format!("{{\"a\":{},{{\"b\":2}}\n{{\"c\":3}}", " ".repeat(410)),
    ] {
        found(&text);
    }
}

fn record() -> impl Strategy<Value = String> {
    proptest::collection::vec(("[a-z]{1,4}", "[ -~é]{0,12}"), 0..4).prop_map(|members| {
        let map: serde_json::Map<String, serde_json::Value> =
            members.into_iter().map(|(key, value)| (key, value.into())).collect();
        serde_json::Value::Object(map).to_string()
    })
}

proptest! {
    #[test]
    fn all_records_come_out_of_a_bundle(list in proptest::collection::vec(record(), 0..8), size in 1usize..40) {
        let text = behind_blanks(&format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", list.join(" ,\n")));
        let (seen, end) = read(&mut Drip(text.as_bytes(), size), &limits());
        prop_assert!(end.is_ok());
        let seen: Vec<String> = seen.into_iter().map(|(_, what)| what.unwrap()).collect();
        prop_assert_eq!(seen, list);
    }

    #[test]
    fn nothing_panics_or_hangs(parts in proptest::collection::vec(
        prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\""), Just("\\"), Just("\n"),
            Just("\"objects\":["), Just("\"type\":\"bundle\""), Just("1"), Just("a"), Just(" "), Just("},{\""),
        ], 0..60), size in 1usize..9)
    {
        let text = behind_blanks(&parts.concat());
        let (whole, _) = read(&mut text.as_bytes(), &limits());
        let (dripped, _) = read(&mut Drip(text.as_bytes(), size), &limits());
        prop_assert_eq!(&whole, &dripped);
    }

    #[test]
    fn nothing_found_depends_on_how_the_bytes_come(start in prop_oneof![
        Just(""), Just("["), Just("{\"type\":\"bundle\",\"objects\":[{\"a\":1}],"), Just("{\"a\":\"xxxxxxxx\","),
    ], parts in proptest::collection::vec(
        prop_oneof![
            Just("{"), Just("}"), Just("]"), Just(","), Just(":"), Just("\""), Just("\\"), Just("\n"), Just("1"),
            Just("\"objects\":["), Just("\"k\":\"vvvvv\","), Just("xxxxxxx"), Just("       "), Just("},{\"d\":2},"),
        ], 0..40), size in 1usize..9)
    {
        let text = behind_blanks(&[start, &parts.concat()].concat());
        let limits = Limits { record_bytes: 24, depth: 6, ..Limits::default() };
        let (whole, _) = read(&mut text.as_bytes(), &limits);
        let (dripped, _) = read(&mut Drip(text.as_bytes(), size), &limits);
        prop_assert_eq!(&whole, &dripped, "{}", text.trim_start());
    }
}
