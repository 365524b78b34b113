//! Formats are told by content; a name only helps where that says too little.

use rempart_formats::Format;
use rempart_formats::detect::{detect, unreadable};

#[test]
fn content_decides() {
    let uuid = "5e396a1e-68e4-4db5-8810-ca350aba047c";
    let cases: &[(&str, &str, Format)] = &[
        ("x.txt", r#"{"type": "bundle", "id": "bundle--X", "objects": []}"#, Format::Stix),
        ("x.json", r#"{"more": false, "objects": [{"type": "indicator"}]}"#, Format::Stix),
        ("x", &format!(r#"{{"type":"indicator","id":"indicator--{uuid}"}}"#), Format::Stix),
        (
            "x",
            r#"[{"type":"domain-name","spec_version":"2.1","id":"domain-name--5e396a1e-68e4-4db5-8810-ca350aba047c"}]"#,
            Format::Stix,
        ),
        ("x.json", r#"{"Event": {"info": "x"}}"#, Format::Misp),
        ("x.json", r#"{"response": [{"Event": {"info": "x"}}]}"#, Format::Misp),
        ("x", r#"{"Event": {"System": {"EventID": 4624}, "ip": "192.0.2.1"}}"#, Format::Json),
        ("x.json", r#"[{"ip_address": "192.0.2.1", "port": 443}]"#, Format::Json),
        ("x.csv", "{\"ip\": \"192.0.2.1\"}\n{\"ip\": \"192.0.2.2\"}\n", Format::JsonLines),
        ("x", "ip,first_seen\n192.0.2.1,2021-01-01\n", Format::Csv),
        ("x", "ip;first_seen\n192.0.2.1;2021-01-01\n", Format::Csv),
        ("x", "# a|b\nbot|192.0.2.1|64496\nbot|192.0.2.2|64496\n", Format::Csv),
        ("x", "ip\tfirst_seen\n192.0.2.1\t2021-01-01\n", Format::Tsv),
        (
            "x",
            "#separator \\x09\n#fields\tindicator\tindicator_type\nx.example\tIntel::DOMAIN\n",
            Format::Tsv,
        ),
        ("x.csv", "a,b\n1,2\n", Format::Csv),
        ("x.csv", "\u{feff}192.0.2.0/24\n198.51.100.0/24\n", Format::Plain),
        ("x", "IPAddress\n192.0.2.1\n192.0.2.2\n", Format::Plain),
        ("x", "# comment\nevil[.]example[.]com\nhxxp://x.example/ # seen\n192.0.2.1:80\n", Format::Plain),
        ("x", "# Reference: https://x.example/\n\n/gate.php\n/panel/\n", Format::Plain),
        ("x", "192.0.2.0/24 ; SBL1\n198.51.100.0/24 ; SBL2\n", Format::Plain),
        ("x", "127.0.0.1 localhost\n0.0.0.0 evil.example.com\n0.0.0.0 two.example.com\n", Format::Hosts),
        ("x", "||evil.example.com^\n||two.example.com^$all\n", Format::Adblock),
        ("x", "! Title: A list\n192.0.2.1\nevil.example.com\n", Format::Adblock),
        ("x", "[Adblock Plus 2.0]\nexample.com##.ad\n", Format::Adblock),
        ("x.md", "# Report\n\n- evil[.]example[.]com\n- 192.0.2.1\n", Format::Text),
        (
            "x.txt",
            "The group, active since May, used evil[.]example[.]com and 192.0.2.1, among others.\n\n\
             Later, in June, it moved to two[.]example[.]com, three[.]example[.]com, and more.\n",
            Format::Text,
        ),
        (
            "x",
            "= Indicators\n\n|===\n|Hash |Name\n\n|d41d8cd98f00b204e9800998ecf8427e |a.exe\n|===\n",
            Format::Text,
        ),
        ("x", "<html><body>x</body></html>", Format::Text),
    ];
    for (name, text, format) in cases {
        assert_eq!(detect(Some(name), text.as_bytes()), Some(*format), "{text}");
        let wide: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        if !text.starts_with('\u{feff}') {
            assert_eq!(detect(Some(name), &wide), Some(*format), "in UTF-16: {text}");
        }
    }
}

#[test]
fn a_sample_may_be_cut_anywhere() {
    let mut list = "evil-host-number.example.com\n".repeat(4000).into_bytes();
    list.truncate(64 << 10);
    assert_eq!(detect(None, &list), Some(Format::Plain));
    let mut table = "ip,comment\n".to_owned();
    table.push_str(&"192.0.2.1,\"ü, quoted\"\n".repeat(4000));
    assert_eq!(detect(None, &table.as_bytes()[..64 << 10]), Some(Format::Csv));
}

#[test]
fn what_is_not_read_is_named() {
    for (bytes, what) in [
        (&b"%PDF-1.7\n"[..], "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a zip archive or an office document"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "an executable"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "an executable"),
        (b"\x00\x01\x02\x03 random \x00", "binary data"),
    ] {
        assert_eq!(detect(Some("x.txt"), bytes), None);
        assert!(unreadable(bytes).is_some_and(|text| text.starts_with(what)), "{what}");
    }
    assert_eq!(unreadable(b"MZ-host.example.com\n"), None, "two letters can begin a text");
    let quoting =
        [&b"it wrote e\0v\0i\0l\0 to the registry, "[..], &b"and called evil.example. ".repeat(20)].concat();
    assert_eq!(unreadable(&quoting), None, "a report may quote what is no text");
}
