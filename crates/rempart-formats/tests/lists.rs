//! Lists: what each style of line becomes.

mod reading;

use reading::read;
use rempart_formats::Format;
use rempart_model::Stance;

#[test]
fn plain_lists_hold_values_of_every_kind() {
    for (line, expected) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("192.0.2.0/24 ; SBL1", "192.0.2.0/24"),
        ("192.0.2.6-192.0.2.8", "192.0.2.6/31 192.0.2.8"),
        ("evil[.]example[.]com", "evil.example.com"),
        ("evil.example.com    # was: a name", "evil.example.com"),
        ("hxxp://evil.example.com/a#b", "http://evil.example.com/a"),
        ("192.0.2.1/bins/x", "http://192.0.2.1/bins/x"),
        ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"),
        ("AS64496 ; ZZ | A name", "AS64496"),
        ("user@evil.example.com", "user@evil.example.com"),
        ("192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2"),
        ("192.0.2.1,a scanner seen often", "192.0.2.1"),
        ("/gate.php", "! a path without a host: it cannot be matched by itself"),
        ("bad[0-9]{1,2}\\.(com|net)", "! a regular expression: it names no single observable"),
        ("192.0.2.9-192.0.2.1", "! the range ends before it begins"),
    ] {
        assert_eq!(read(Format::Plain, line.as_bytes()).lines(), [expected], "{line}");
    }
}

#[test]
fn comments_blank_lines_and_headings_are_not_records() {
    let list = "IPAddress\n# a\n; b\n// c\n! d\n\n   \n192.0.2.1\nIPAddress\n";
    let collected = read(Format::Plain, list.as_bytes());
    assert_eq!(collected.records.len(), 2, "{:?}", collected.lines());
    assert_eq!((collected.records[0].0.offset, collected.records[0].0.line), (32, 8));
    assert!(collected.records[1].1.is_err(), "only the first line can be a heading");
}

#[test]
fn the_comment_block_above_a_value_is_about_it() {
    let list = "# Aliases: foo, bar\n\n# Reference: https://a.example/1\n# Reference: https://b.example/2\n\n\
                one.example.com\ntwo.example.com # note\n\n# Generic\n\nthree.example.com\n";
    let collected = read(Format::Plain, list.as_bytes());
    assert_eq!(collected.property(0, "labels"), serde_json::json!(["foo", "bar"]));
    let references = serde_json::json!([
        { "source_name": "a.example", "url": "https://a.example/1" },
        { "source_name": "b.example", "url": "https://b.example/2" },
    ]);
    assert_eq!(collected.property(0, "external_references"), references);
    assert_eq!(collected.property(1, "external_references"), references);
    assert_eq!(collected.property(1, "description"), "note");
    assert_eq!(collected.property(2, "external_references"), serde_json::Value::Null);
    assert_eq!(collected.property(2, "labels"), serde_json::json!(["foo", "bar"]));
}

#[test]
fn a_value_under_two_references_is_two_objects_and_reading_again_gives_the_same() {
    let list = b"# Reference: https://a.example/1\nx.example.com\n\n# Reference: https://a.example/2\nx.example.com\n";
    let ids = || read(Format::Plain, list).decoded().iter().map(|r| r.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(), ids());
    assert_ne!(ids()[0], ids()[1]);
}

#[test]
fn hosts_files_block_names() {
    for (line, expected) in [
        ("0.0.0.0 evil.example.com", &["evil.example.com"][..]),
        ("127.0.0.1\tevil.example.com two.example.com # why", &["evil.example.com two.example.com"]),
        ("::1 evil.example.com", &["evil.example.com"]),
        ("127.0.0.1 localhost", &[]),
        ("fe80::1%lo0 localhost", &[]),
        ("::1 ip6-localhost ip6-loopback", &[]),
        ("0.0.0.0 0.0.0.0", &[]),
        ("# 0.0.0.0 evil.example.com", &[]),
        ("192.0.2.1 bank.example.com", &["! the line points a name at an address that is not a sink"]),
        ("0.0.0.0 under score", &["! not a domain name: is a single label; a domain name has at least two"]),
    ] {
        assert_eq!(read(Format::Hosts, line.as_bytes()).lines(), expected, "{line}");
    }
}

#[test]
fn adblock_rules_name_hosts_and_urls() {
    for (line, expected) in [
        ("||evil.example.com^", &["evil.example.com"][..]),
        ("||evil.example.com^$all,third-party", &["evil.example.com"]),
        ("||*.evil.example.com^", &["evil.example.com"]),
        ("||192.0.2.1/a.exe$all", &["http://192.0.2.1/a.exe"]),
        ("|https://evil.example.com/x|", &["https://evil.example.com/x"]),
        ("evil.example.com", &["evil.example.com"]),
        ("! comment", &[]),
        ("[Adblock Plus 2.0]", &[]),
        ("# comment", &[]),
        ("example.com##.ad", &["! a rule about parts of pages: it names nothing to block"]),
        ("/ads[0-9]+/", &["! a regular expression: it names no single observable"]),
        ("||evil.*/x", &["! a pattern with wildcards: it names no single observable"]),
        ("||evil.example.com^$badfilter", &["! a rule that takes another rule back ($badfilter)"]),
        ("||evil.example.com/p?a=$b", &["http://evil.example.com/p?a=$b"]),
    ] {
        assert_eq!(read(Format::Adblock, line.as_bytes()).lines(), expected, "{line}");
    }
    let exception = read(Format::Adblock, b"@@||good.example.com^");
    assert_eq!(exception.decoded()[0].claims[0].stance, Stance::Benign);
}

#[test]
fn line_ends_and_encodings_may_be_mixed() {
    let mixed = b"\xef\xbb\xbf192.0.2.1\r\n192.0.2.2\r192.0.2.3\n192.0.2.4 # z\xfcrich";
    let collected = read(Format::Plain, mixed);
    assert_eq!(collected.lines(), ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    assert_eq!(collected.property(3, "description"), "zürich");
    let wide: Vec<u8> =
        "evil.example.com\r\n192.0.2.1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(Format::Plain, &wide).lines(), ["evil.example.com", "192.0.2.1"]);
}
