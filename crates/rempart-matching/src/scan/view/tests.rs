//! What stands in a text is found as it stands there, and nothing else is.

use rempart_model::{Observable, Timestamp};

use crate::index::{Builder, Index, Matcher, Note, Reach, Settings, Wanted};
use crate::scan::Scanner;

const LISTED: &[&str] = &[
    "evil.example",
    "xn--bcher-kva.example",
    "192.0.2.4",
    "2001:db8::7",
    "198.51.100.0/24",
    "http://bad.example/a/b",
    "d41d8cd98f00b204e9800998ecf8427e",
    "mallory@post.example",
];

fn matcher() -> Matcher {
    Matcher::new(Index::from_bytes(bytes()).expect("an index"), None).expect("a matcher")
}

fn bytes() -> Vec<u8> {
    let mut builder = Builder::new(Settings {
        audience: "test".into(),
        built_at: Timestamp::from_micros(1),
        position: 1,
        seed: 7,
        base: None,
    });
    for value in LISTED {
        let observable = Observable::guess(value).expect("a value");
        builder.add(&observable, &Note::default(), Reach::Below).expect("an entry");
    }
    builder.finish()
}

fn found(text: &str) -> Vec<(String, String)> {
    let matcher = matcher();
    let wanted = Wanted::at(Timestamp::from_micros(2));
    let (mut fast, mut plain) = (Vec::new(), Vec::new());
    Scanner::new(&matcher, wanted).scan(text.as_bytes(), &mut fast);
    Scanner::plain(&matcher, wanted).scan(text.as_bytes(), &mut plain);
    let told = |found: Vec<crate::scan::Found<'_>>| -> Vec<(String, String)> {
        let one = |found: &crate::scan::Found<'_>| {
            (text[found.range.clone()].to_owned(), found.entry.value().into())
        };
        found.iter().map(one).collect()
    };
    let fast = told(fast);
    assert_eq!(fast, told(plain), "{text}");
    fast
}

#[test]
fn what_is_listed_is_found_as_it_stands_in_the_text() {
    for (text, range, value) in [
        ("see evil.example now", "evil.example", "evil.example"),
        ("EVIL.Example.", "EVIL.Example", "evil.example"),
        ("a.b.evil.example:443", "a.b.evil.example", "evil.example"),
        ("evil[.]example", "evil[.]example", "evil.example"),
        ("hxxp://evil[dot]example", "evil[dot]example", "evil.example"),
        ("x=%2Fevil.example%20y", "evil.example", "evil.example"),
        ("evil%2Eexample", "evil%2Eexample", "evil.example"),
        ("bücher.example", "bücher.example", "xn--bcher-kva.example"),
        ("[192.0.2.4]:80", "192.0.2.4", "192.0.2.4"),
        ("192[.]0[.]2[.]4", "192[.]0[.]2[.]4", "192.0.2.4"),
        ("198.51.100.77", "198.51.100.77", "198.51.100.0/24"),
        ("[2001:DB8::7]:53", "2001:DB8::7", "2001:db8::7"),
        ("::ffff:192.0.2.4", "::ffff:192.0.2.4", "192.0.2.4"),
        ("md5 D41D8CD98F00B204E9800998ECF8427E", "D41D8CD98F00B204E9800998ECF8427E", LISTED[6]),
        ("to mallory@post.example", "mallory@post.example", "mallory@post.example"),
        ("http://bad.example/a/b/c?d", "http://bad.example/a/b/c?d", "http://bad.example/a/b"),
    ] {
        assert_eq!(found(text), [(range.to_owned(), value.to_owned())], "{text}");
    }
}

#[test]
fn no_part_of_a_token_is_found() {
    for text in [
        "notevil.example",
        "not-evil.example",
        "evil.example.au",
        "evil.example%2Eau",
        "evil.example[.]au",
        "192.0.2.45",
        "1.192.0.2.4",
        "1192.0.2.4",
        "ad41d8cd98f00b204e9800998ecf8427e",
        "http://bad.example/a/bc",
        "bad.example",
        "eve.mallory@post.example",
        "",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// A text in which everything that is listed stands once, and the values found in it.
fn found_with(bytes: Vec<u8>) -> Option<Vec<String>> {
    let text = LISTED.join(" ").replace("0/24", "9");
    let matcher = Matcher::new(Index::from_bytes(bytes).ok()?, None).ok()?;
    let mut found = Vec::new();
    Scanner::new(&matcher, Wanted::at(Timestamp::from_micros(2))).scan(text.as_bytes(), &mut found);
    Some(found.iter().map(|found| found.entry.value().into_owned()).collect())
}

#[test]
fn a_damaged_index_finds_no_other_than_a_whole_one() {
    let whole = bytes();
    let all = found_with(whole.clone()).expect("a whole index");
    assert_eq!(all.len(), LISTED.len());
    // The bits for top-level domains are many and alike: every place in front, then in steps.
    for at in (0..whole.len()).filter(|at| *at < 2048 || at % 13 == 0 || whole[*at] != 0) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        for value in found_with(damaged).unwrap_or_default() {
            assert!(all.contains(&value), "{value} with a bit changed at {at}");
        }
    }
    for length in (0..whole.len()).filter(|length| *length < 2048 || length % 13 == 0) {
        assert_eq!(found_with(whole[..length].to_vec()), None, "cut at {length}");
    }
}
