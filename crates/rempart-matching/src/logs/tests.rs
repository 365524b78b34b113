//! Fields are read as they were written, wherever a log is cut.

use proptest::prelude::*;

use super::*;
use crate::index::{Builder, Index, Matcher, Note, Reach, Settings, Wanted};
use crate::scan::Scanner;
use rempart_model::{Observable, Timestamp};

/// Column and meaning of each field of each record, or what is wrong with it.
fn read(format: Format, text: &str) -> Vec<Result<Vec<(String, String)>, Bad>> {
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = |record: Record| {
        let fields = record.fields?.into_iter();
        Ok(fields.map(|(_, column, meant)| (string(&column), string(&meant))).collect())
    };
    records(&mut Layout::new(format, None), text.as_bytes()).into_iter().map(fields).collect()
}

fn fields(of: &[(&str, &str)]) -> Result<Vec<(String, String)>, Bad> {
    Ok(of.iter().map(|(column, meant)| ((*column).to_owned(), (*meant).to_owned())).collect())
}

#[test]
fn strings_of_json_have_the_path_to_them() {
    for (line, wanted) in [
        (r#"{"query":"a.example","n":[1,-2.5e+3,true,null]}"#, &[("query", "a.example")][..]),
        (
            r#"{"dns":{"query":"a","answers":[{"rdata":"b"},"c"]},"x":"d"}"#,
            &[("dns.query", "a"), ("dns.answers.rdata", "b"), ("dns.answers", "c"), ("x", "d")],
        ),
        (r#"{"id.orig_h":"a"}"#, &[("id.orig_h", "id.orig_h"), ("id.orig_h", "a")]),
        (r#"{"by":{"evil.example":"1"}}"#, &[("by.evil.example", "evil.example"), ("by.evil.example", "1")]),
        (r#" "alone" "#, &[("", "alone")]),
        (r#"["a",["b"],{}]"#, &[("", "a"), ("", "b")]),
        (
            r#"{"u":"http:\/\/a\u002eb\ud83d\ude00\u00e9\ud800\n\"\\"}"#,
            &[("u", "http://a.b😀é\u{fffd}\n\"\\")],
        ),
        (r#"{"a\u0062":"c"}"#, &[("ab", "ab"), ("ab", "c")]),
        ("\u{feff}{\"a\":\"b\"}\r", &[("a", "b")]),
    ] {
        assert_eq!(read(Format::Jsonl, line), [fields(wanted)], "{line}");
    }
    for line in [
        "{\"a\":\"b\"",
        "{\"a\":}",
        "{\"a\" \"b\"}",
        "{a:1}",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "]",
        "1 2",
        "\"a",
        "01",
        "-",
        "1.",
        "1e",
        "tru",
        "\"\\q\"",
        "\"\\u12g4\"",
        "{\"a\":1]",
        "{1:2}",
        "\"a\" \"b\"",
    ] {
        assert!(matches!(read(Format::Jsonl, line)[..], [Err(Bad::Json { .. })]), "{line}");
    }
    let deep = |depth: usize| format!("{}\"a\"{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read(Format::Jsonl, &deep(DEEPEST)), [fields(&[("", "a")])]);
    assert_eq!(read(Format::Jsonl, &deep(DEEPEST + 1)), [Err(Bad::Deep)]);
    assert_eq!(read(Format::Jsonl, "\n\n \r\n").len(), 0);
}

#[test]
fn tables_of_zeek_are_read_by_their_headings() {
    let log = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
        #open\t2026-11-20-10-00-00\n#fields\tts\tquery\tanswers\n#types\ttime\tstring\tvector[string]\n\
        1.5\twww.evil\\x2eexample\ta.example,-,b\\x2c\\\\\n\
        2.5\t-\t(empty)\n3.5\ta\n4\ta\tb\tc\n#close\t2026\n\
        #separator \\x3b\n#fields;uid;host\nC1;b.example\r\n";
    let wanted = [
        fields(&[
            ("ts", "1.5"),
            ("query", "www.evil.example"),
            ("answers", "a.example"),
            ("answers", "b,\\"),
        ]),
        fields(&[("ts", "2.5")]),
        Err(Bad::Count { found: 2, named: 3 }),
        Err(Bad::Count { found: 4, named: 3 }),
        fields(&[("uid", "C1"), ("host", "b.example")]),
    ];
    assert_eq!(read(Format::Zeek, log), wanted);
    assert_eq!(read(Format::Zeek, "1\ta\n"), [Err(Bad::Headless)]);
}

#[test]
fn tables_of_csv_are_read_by_their_quotation_marks() {
    for (table, wanted) in [
        ("a,b\nc,d\n", vec![fields(&[("a", "c"), ("b", "d")])]),
        (
            "a;b;c,d\n1;;\"x;\"\"y\"\"\n z\"\n\n2;3;4",
            vec![
                fields(&[("a", "1"), ("c,d", "x;\"y\"\n z")]),
                fields(&[("a", "2"), ("b", "3"), ("c,d", "4")]),
            ],
        ),
        ("\u{feff}\"a\"\t\"b\"\r\n\"1\"\t2\r\n", vec![fields(&[("a", "1"), ("b", "2")])]),
        ("one\nx\"y\n", vec![fields(&[("one", "x\"y")])]),
        (
            "a,b\n1\n1,2,3\n",
            vec![Err(Bad::Count { found: 1, named: 2 }), Err(Bad::Count { found: 3, named: 2 })],
        ),
        // What is not closed, or goes on behind its end, costs its line and no other.
        ("a,b\n\"1,2\n3,4\n", vec![Err(Bad::Quotes), fields(&[("a", "3"), ("b", "4")])]),
        ("a,b\n1,\"2\"x\n3,4\n", vec![Err(Bad::Quotes), fields(&[("a", "3"), ("b", "4")])]),
    ] {
        assert_eq!(read(Format::Csv, table), wanted, "{table:?}");
    }
}

#[test]
fn places_within_a_field_are_those_of_its_text() {
    for (written, raw, meant, places) in [
        (Written::Json, r"a\u002eb\ud83d\ude00\/", "a.b😀/", &[0, 1, 7, 8, 8, 8, 8, 20, 22][..]),
        (Written::Zeek, r"a\x2eb\\\q", r"a.b\\q", &[0, 1, 5, 6, 8, 9, 10]),
        (Written::Csv, r#"a""b"#, r#"a"b"#, &[0, 1, 3, 4]),
        (Written::Plainly, "a\\b", "a\\b", &[0, 1, 2, 3]),
    ] {
        let mut decoded = Vec::new();
        written.decode(raw.as_bytes(), &mut decoded);
        assert_eq!(String::from_utf8_lossy(&decoded), meant);
        let told: Vec<_> = (0..=decoded.len()).map(|at| written.place(raw.as_bytes(), at)).collect();
        assert_eq!(told, places, "{raw}");
    }
}

fn matcher() -> Matcher {
    let mut builder = Builder::new(Settings {
        audience: "test".into(),
        built_at: Timestamp::from_micros(1),
        position: 1,
        seed: 7,
        base: None,
    });
    for value in ["evil.example", "192.0.2.4", "http://bad.example/a/b"] {
        let observable = Observable::guess(value).expect("a value");
        builder.add(&observable, &Note::default(), Reach::Below).expect("an entry");
    }
    Matcher::new(Index::from_bytes(builder.finish()).expect("an index"), None).expect("a matcher")
}

/// Of each hit its place, what is found, and the column; and how many records are bad.
fn searched(
    layout: &mut Layout,
    columns: &[&str],
    text: &[u8],
) -> (Vec<(Range<usize>, String, String)>, usize) {
    let matcher = matcher();
    let scanner = Scanner::new(&matcher, Wanted::at(Timestamp::from_micros(2)));
    let (mut hits, mut bad) = (Vec::new(), 0);
    Search::new(scanner, Columns::named(columns)).records(layout, text, &mut |event| match event {
        Event::Bad(..) => bad += 1,
        Event::Hit(hit) => {
            let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            hits.push((hit.range, string(hit.found), hit.column.map(string).unwrap_or_default()));
        }
    });
    (hits, bad)
}

#[test]
fn hits_stand_in_their_columns_at_their_places() {
    let json = r#"{"q":"www.evil\u002eexample","a":["x","192.0.2.4 evil.example"],"u":"http:\/\/bad.example\/a\/b"}
{"broken":"evil.example"
{"q":"evil.example"}
"#;
    let (hits, bad) = searched(&mut Layout::new(Format::Jsonl, None), &[], json.as_bytes());
    let told: Vec<_> =
        hits.iter().map(|(range, found, column)| (&json[range.clone()], &**found, &**column)).collect();
    let wanted = [
        ("www.evil\\u002eexample", "www.evil.example", "q"),
        ("192.0.2.4", "192.0.2.4", "a"),
        ("evil.example", "evil.example", "a"),
        ("http:\\/\\/bad.example\\/a\\/b", "http://bad.example/a/b", "u"),
        ("evil.example", "evil.example", ""),
        ("evil.example", "evil.example", "q"),
    ];
    assert_eq!((told, bad), (wanted.to_vec(), 1));
    assert!(hits.is_sorted_by_key(|(range, ..)| range.start));
    // A bad record is looked at whatever the columns are.
    let (hits, _) = searched(&mut Layout::new(Format::Jsonl, None), &["q"], json.as_bytes());
    assert_eq!(hits.iter().map(|(_, _, column)| &**column).collect::<Vec<_>>(), ["q", "", "q"]);

    let csv = "q,u\nevil.example,\"http://bad.example/a/b\"\n,http://bad.example/a/b\n\"evil.example,1\n";
    let (hits, bad) = searched(&mut Layout::new(Format::Csv, None), &[], csv.as_bytes());
    let told: Vec<_> = hits.iter().map(|(range, _, column)| (&csv[range.clone()], &**column)).collect();
    let url = "http://bad.example/a/b";
    assert_eq!((told, bad), (vec![("evil.example", "q"), (url, "u"), (url, "u"), ("evil.example", "")], 1));
}

/// Logs with everything in them that makes a difference to where they may be cut.
fn log() -> impl Strategy<Value = (Format, String)> {
    let part = |parts: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(parts), 0..24).prop_map(|parts| parts.concat())
    };
    prop_oneof![
        part(&[
            "{\"q\":\"evil.example\"}\n",
            "{\"q\":",
            "\"evil.example",
            "\"",
            "}",
            "\n",
            "\\u002e",
            "192.0.2.4"
        ])
        .prop_map(|log| (Format::Jsonl, log)),
        part(&[
            "#separator \\x09\n",
            "#separator \\x3b\n",
            "#fields\tq\n",
            "#fields;q;r\n",
            "evil.example",
            "\t",
            ";",
            "\n",
            "192.0.2.4\n",
            "#evil.example\n",
            "\\x2e",
        ])
        .prop_map(|log| (Format::Zeek, log)),
        part(&[
            "q,r\n",
            "evil.example",
            ",",
            ";",
            "\"",
            "\"\"",
            "\n",
            "\r\n",
            "\"192.0.2.4\",\"evil.example\n\"\n",
            "x"
        ])
        .prop_map(|log| (Format::Csv, log)),
    ]
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives((format, log) in log(), ends in prop::collection::vec(0_usize..200, 0..8)) {
        let text = log.as_bytes();
        let whole = searched(&mut Layout::new(format, None), &[], text);
        let mut layout = Layout::new(format, None);
        let (mut hits, mut bad, mut from) = (Vec::new(), 0, 0);
        let mut ends: Vec<_> = ends.into_iter().filter(|end| *end < text.len()).chain([text.len()]).collect();
        ends.sort_unstable();
        for end in ends {
            let piece = text.get(from..end).unwrap_or_default();
            let cut = from + layout.cut(piece, end == text.len());
            let piece = text.get(from..cut).unwrap_or_default();
            let (found, more) = searched(&mut layout.clone(), &[], piece);
            hits.extend(found.into_iter().map(|(range, found, column)| (range.start + from..range.end + from, found, column)));
            bad += more;
            layout.pass(piece);
            from = cut;
        }
        prop_assert_eq!((hits, bad), whole);
    }

    #[test]
    fn any_bytes_can_be_read(text in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Jsonl, Format::Zeek, Format::Csv] {
            let mut end = 0;
            for record in records(&mut Layout::new(format, None), &text) {
                prop_assert!(end <= record.range.start && record.range.end <= text.len());
                end = record.range.end;
            }
        }
    }
}
