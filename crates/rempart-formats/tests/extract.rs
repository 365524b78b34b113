//! What is found in texts, how it was written, and what it is there for.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rempart_formats::text::{Finding, Options, Role, extract};
use rempart_model::{Kind, Observable};

const MD5: &str = "9e107d9d372bb6826bd81d3542a419d6";
const SHA1: &str = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12";
const SHA256: &str = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592";

fn all(text: &str) -> Vec<Finding> {
    extract(text, Options { all: true, own: &[] })
}

/// Type and value of everything found.
fn found(text: &str) -> Vec<(String, String)> {
    all(text).into_iter().map(|finding| (finding.kind.name().to_owned(), finding.value)).collect()
}

fn one(text: &str) -> Finding {
    let found = all(text);
    assert_eq!(found.len(), 1, "{text:?} gave {found:#?}");
    found.into_iter().next().unwrap()
}

#[test]
fn values_are_found_however_they_are_written() {
    for (text, kind, value, written) in [
        ("evil[.]example", "domain", "evil.example", "evil[.]example"),
        ("evil(.)example", "domain", "evil.example", "evil(.)example"),
        ("evil{.}example", "domain", "evil.example", "evil{.}example"),
        ("evil[dot]example", "domain", "evil.example", "evil[dot]example"),
        ("evil (dot) example", "domain", "evil.example", "evil (dot) example"),
        ("evil [.] example", "domain", "evil.example", "evil [.] example"),
        ("calls malware dot evil dot com daily", "domain", "malware.evil.com", "malware dot evil dot com"),
        ("evil\\.example", "domain", "evil.example", "evil\\.example"),
        ("evil[.example", "domain", "evil.example", "evil[.example"),
        ("(evil.example)", "domain", "evil.example", "evil.example"),
        ("\"evil.example\",", "domain", "evil.example", "evil.example"),
        ("“evil.example”.", "domain", "evil.example", "evil.example"),
        ("*.evil.example", "domain", "evil.example", "evil.example"),
        ("EVIL.EXAMPLE", "domain", "evil.example", "EVIL.EXAMPLE"),
        ("_dmarc.evil.example", "domain", "_dmarc.evil.example", "_dmarc.evil.example"),
        ("bücher.example", "domain", "xn--bcher-kva.example", "bücher.example"),
        ("пример.рф", "domain", "xn--e1afmkfd.xn--p1ai", "пример.рф"),
        ("恶意域名evil.example的", "domain", "evil.example", "evil.example"),
        ("ev\u{200b}il.exa\u{ad}mple", "domain", "evil.example", "ev\u{200b}il.exa\u{ad}mple"),
        ("evil.example:8080", "domain", "evil.example", "evil.example"),
        ("hxxp://evil[.]example/a", "url", "http://evil.example/a", "hxxp://evil[.]example/a"),
        ("hxxps[:]//evil.example/a?b=c", "url", "https://evil.example/a?b=c", "hxxps[:]//evil.example/a?b=c"),
        ("hXXps[://]evil[.]example", "url", "https://evil.example/", "hXXps[://]evil[.]example"),
        ("h**p://evil.example/a", "url", "http://evil.example/a", "h**p://evil.example/a"),
        ("<http://evil.example/a>", "url", "http://evil.example/a", "http://evil.example/a"),
        ("(http://evil.example/a_(b))", "url", "http://evil.example/a_(b)", "http://evil.example/a_(b)"),
        ("'http://evil.example/a')", "url", "http://evil.example/a", "http://evil.example/a"),
        (
            "http://evil.example/a[v1]/b.php",
            "url",
            "http://evil.example/a[v1]/b.php",
            "http://evil.example/a[v1]/b.php",
        ),
        ("http://evil.example/a[a link]", "url", "http://evil.example/a", "http://evil.example/a"),
        ("`+hxxp://evil[.]example/a+`", "url", "http://evil.example/a", "hxxp://evil[.]example/a"),
        ("**http://evil.example/a**", "url", "http://evil.example/a", "http://evil.example/a"),
        ("http://evil.example/a.", "url", "http://evil.example/a", "http://evil.example/a"),
        ("http:\\/\\/evil.example\\/a", "url", "http://evil.example/a", "http:\\/\\/evil.example\\/a"),
        ("evil[.]example/a/b.php", "url", "http://evil.example/a/b.php", "evil[.]example/a/b.php"),
        ("203.0.113.9:8080/x", "url", "http://203.0.113.9:8080/x", "203.0.113.9:8080/x"),
        ("tcp://203.0.113.9:4444", "url", "tcp://203.0.113.9:4444", "tcp://203.0.113.9:4444"),
        ("203[.]0[.]113[.]9", "ipv4", "203.0.113.9", "203[.]0[.]113[.]9"),
        ("203.0.113[.]9:443", "ipv4", "203.0.113.9", "203.0.113[.]9"),
        ("[203.0.113.9]", "ipv4", "203.0.113.9", "203.0.113.9"),
        ("203.0.113.9|443", "ipv4", "203.0.113.9", "203.0.113.9"),
        ("203.0.113.0/24", "cidr", "203.0.113.0/24", "203.0.113.0/24"),
        ("2001:db8::7", "ipv6", "2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "ipv6", "2001:db8::7", "2001:db8::7"),
        ("2001[:]db8[:]:7", "ipv6", "2001:db8::7", "2001[:]db8[:]:7"),
        ("2001:db8::/32", "cidr", "2001:db8::/32", "2001:db8::/32"),
        ("user[@]evil[.]example", "email", "user@evil.example", "user[@]evil[.]example"),
        ("user(at)evil(dot)example", "email", "user@evil.example", "user(at)evil(dot)example"),
        ("<User+tag@evil.example>", "email", "user+tag@evil.example", "User+tag@evil.example"),
        ("cve-2024-12345,", "cve", "CVE-2024-12345", "cve-2024-12345"),
        ("CVE–2024–1234", "cve", "CVE-2024-1234", "CVE–2024–1234"),
        ("(AS64496)", "asn", "AS64496", "AS64496"),
        ("ASN 64496", "asn", "AS64496", "ASN 64496"),
    ] {
        let finding = one(text);
        let got = (finding.kind.name(), finding.value.as_str(), finding.text.as_str());
        assert_eq!(got, (kind, value, written), "{text}");
    }
}

#[test]
fn hashes_are_told_by_their_length() {
    let sha512 = format!("{SHA256}{SHA256}");
    for (hash, kind) in [(MD5, "md5"), (SHA1, "sha1"), (SHA256, "sha256"), (sha512.as_str(), "sha512")] {
        for text in [
            hash.to_owned(),
            format!("`{}`", hash.to_uppercase()),
            format!("MD5={hash};"),
            format!("| {hash} |"),
        ] {
            let finding = one(&text);
            assert_eq!(
                (finding.kind.name(), finding.value.as_str(), finding.role),
                (kind, hash, Role::Indicator),
                "{text}"
            );
        }
    }
    for text in [
        &SHA256[1..],
        &format!("{MD5}0"),
        &"0".repeat(64),
        &"12".repeat(16),
        &format!("0x{SHA1}"),
        &SHA256[..56],
    ] {
        assert!(found(text).is_empty(), "{text} gave {:?}", found(text));
    }
}

#[test]
fn hashes_that_are_broken_over_lines_are_whole() {
    for breaking in ["\n", "\r\n", "\n    ", "  \n\t", "\r"] {
        for at in [40, 50, 56] {
            let text = format!("x\n- {}{breaking}{}\nend", &SHA256[..at], &SHA256[at..]);
            let finding = one(&text);
            assert_eq!((finding.value.as_str(), finding.start), (SHA256, 4), "{text:?}");
            assert_eq!(finding.end, text.len() - 4);
        }
        let text = format!("{}{breaking}{}{breaking}{}", &SHA256[..24], &SHA256[24..48], &SHA256[48..]);
        assert_eq!(one(&text).value, SHA256);
    }
    // What is whole already is not joined.
    assert_eq!(found(&format!("{MD5}\n{MD5}")).len(), 2);
    assert_eq!(found(&format!("{SHA1}\n20240102\n")).len(), 1);
    assert_eq!(found(&format!("{MD5}\ndeadbeef and words")).len(), 1);
    let sixteen = &MD5[..16];
    assert!(found(&format!("{sixteen}\n{sixteen}")).is_empty());
}

#[test]
fn what_only_looks_like_a_value_is_not_found() {
    for text in [
        "e.g. this, i.e. that, p.m. and a.m.",
        "cmd.exe and kernel32.dll and notes.txt",
        "System.Net.WebClient and Microsoft.Win32.Registry",
        "ASP.NET and VB.NET",
        "the end of a sentence.The next one.It goes on",
        "thread.is() and oShell.run(x) and String.fromCharCode",
        "Win32/Agent.AFYI and MSIL/Spy.Agent.AES",
        "C:\\Users\\a\\evil.com\\b and /usr/lib/evil.com",
        "12:30:45 and 2024-01-02T12:30:45Z",
        "std::string and Abc::Def and ::",
        "aa:bb:cc:dd:ee:ff and aa:bb:cc:dd:ee:ff:00:11",
        "1.2.3.4.5 and 999.1.1.1 and 1.2.3",
        "file:///etc/passwd and chrome-extension://abcdef/x.html",
        "VirtualBox.app/Contents/MacOS/VirtualBox",
        "@evil.example on a network, $obj.is",
        "connect the dot com bubble",
        "[removed].gov.example",
        "f01dab1e-1234-5678-9abc-def012345678",
        "CVE-24-1 and ACVE-2024-1234x",
        "AS OF 2024 and AS400x",
        "http://[victim]/path and http:///x and http://server/x",
    ] {
        assert!(found(text).is_empty(), "{text:?} gave {:?}", found(text));
    }
}

#[test]
fn names_of_files_and_versions_are_context() {
    for text in [
        "download README.md or install.sh",
        "- File name: report.zip",
        "Chrome/120.0.0.0 Safari",
        "updated to version 4.2.1.9 today",
        "3.1.4.2 Persistence of the implant",
        "listens on 127.0.0.1 and 192.168.1.1",
        "d41d8cd98f00b204e9800998ecf8427e",
        "imphash: 9e107d9d372bb6826bd81d3542a419d6",
        "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
    ] {
        for finding in all(text) {
            assert_eq!(finding.role, Role::Context, "{text:?} gave {finding:?}");
        }
    }
}

const REPORT: &str = "\
# Operation Paper Boat — indicators of compromise

Our report is at https://www.welivesecurity.com/2024/01/01/paper-boat/. Write to threatintel@eset.com.
The group reads [ATT&CK](https://attack.mitre.org/techniques/T1059/) and exploits CVE-2024-12345.
The loader beacons to 198.51.100[.]7 and checks api.ipify[.]org for its address.

## Network

| Address | Domain | Note |
|---|---|---|
| 203.0.113.9 | `c2.paper-boat[.]test` | C&C |
| 203.0.113.10 | www.bank[.]test | legitimate website of a victim |

- hxxps://github[.]com/paperboat/stage/raw/main/a.exe
- `cdn.paper-boat.test`
- From: <mallory@paper-boat.test>

## Files

9e107d9d372bb6826bd81d3542a419d6  boat.zip

## References

- https://research.unknown-vendor.test/paper-boat
1. See also https://twitter.com/somebody/status/1
";

#[test]
fn a_report_gives_what_it_presents() {
    let indicators: Vec<String> =
        all(REPORT).into_iter().filter(|f| f.role == Role::Indicator).map(|f| f.value).collect();
    assert_eq!(
        indicators,
        [
            "198.51.100.7",
            "203.0.113.9",
            "c2.paper-boat.test",
            "https://github.com/paperboat/stage/raw/main/a.exe",
            "cdn.paper-boat.test",
            "mallory@paper-boat.test",
            MD5,
        ]
    );
    let role = |value: &str| all(REPORT).into_iter().find(|f| f.value == value).map(|f| f.role);
    assert_eq!(role("https://www.welivesecurity.com/2024/01/01/paper-boat/"), Some(Role::Reference));
    assert_eq!(role("threatintel@eset.com"), Some(Role::OwnName));
    assert_eq!(role("https://attack.mitre.org/techniques/T1059/"), Some(Role::Reference));
    assert_eq!(role("https://research.unknown-vendor.test/paper-boat"), Some(Role::Reference));
    assert_eq!(role("https://twitter.com/somebody/status/1"), Some(Role::Reference));
    assert_eq!(role("api.ipify.org"), Some(Role::Context));
    assert_eq!(role("www.bank.test"), Some(Role::Context));
    assert_eq!(role("CVE-2024-12345"), Some(Role::Context));
    assert!(all(REPORT).iter().all(|finding| !finding.why.is_empty()));
}

#[test]
fn by_default_indicators_and_vulnerabilities_come_out() {
    let default = extract(REPORT, Options::default());
    assert!(default.iter().all(|f| f.role == Role::Indicator || f.kind == Kind::Cve));
    assert!(default.iter().any(|f| f.kind == Kind::Cve));
    assert!(all(REPORT).len() > default.len());
}

#[test]
fn the_authors_own_domains_are_theirs() {
    let text = "IOCs:\n\nhxxp://blog.cert[.]test/x\nhxxp://evil[.]test/x\n";
    let found = extract(text, Options { all: true, own: &["cert.test"] });
    let roles: Vec<Role> = found.iter().map(|f| f.role).collect();
    assert_eq!(roles, [Role::OwnName, Role::Indicator]);
}

#[test]
fn plain_lists_without_any_heading_are_indicators() {
    let text = "evil-one.com\nevil-two.pl\nevil-three.ml\nevil-four.rs\nevil-five.net\n203.0.113.4|8080\n";
    let found = extract(text, Options::default());
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn a_json_line_has_the_fixed_names() {
    let finding = one("see hxxp://evil[.]example/\u{e4}");
    let line: serde_json::Value = serde_json::from_str(&finding.to_json_line(false)).unwrap();
    let names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.len(), 5);
    for name in ["type", "value", "start", "end", "text"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(line["start"], 4);
    assert_eq!(line["value"], "http://evil.example/%C3%A4");
    let explained: serde_json::Value = serde_json::from_str(&finding.to_json_line(true)).unwrap();
    assert!(explained["role"].is_string() && explained["why"].is_string());
}

/// Collects what a reader hands on.
#[derive(Default)]
struct Collected {
    decoded: Vec<(rempart_model::Position, rempart_model::Decoded)>,
    rejected: Vec<rempart_model::Rejection>,
}

impl rempart_formats::Sink for Collected {
    fn decoded(
        &mut self,
        at: rempart_model::Position,
        record: rempart_model::Decoded,
    ) -> std::ops::ControlFlow<()> {
        self.decoded.push((at, record));
        std::ops::ControlFlow::Continue(())
    }

    fn rejected(
        &mut self,
        _at: rempart_model::Position,
        why: rempart_model::Rejection,
    ) -> std::ops::ControlFlow<()> {
        self.rejected.push(why);
        std::ops::ControlFlow::Continue(())
    }
}

fn read(bytes: &[u8], text_bytes: usize) -> Collected {
    let minter = rempart_formats::Minter::new(&[7; 32]);
    let context = rempart_formats::Context {
        now: rempart_model::Timestamp::MIN,
        source: "test",
        minter: &minter,
        unmarked: rempart_model::Tlp::Amber,
        limits: rempart_formats::Limits { text_bytes, ..rempart_formats::Limits::default() },
    };
    let mut collected = Collected::default();
    rempart_formats::text::read(&mut &bytes[..], &context, &mut collected).unwrap();
    collected
}

#[test]
fn each_distinct_indicator_is_one_record_where_it_stands_first() {
    let text = "TLP:GREEN\n\nIOCs:\nevil[.]example\nhxxp://evil[.]example/\nEVIL[.]example\nCVE-2024-1234\n8.8.8.8\n";
    let collected = read(text.as_bytes(), 1 << 20);
    let places: Vec<(u64, u64)> = collected.decoded.iter().map(|(at, _)| (at.offset, at.line)).collect();
    assert_eq!(places, [(17, 4), (32, 5)]);
    for (_, record) in &collected.decoded {
        assert_eq!(record.marking.tlp, Some(rempart_model::Tlp::Green));
        assert_eq!(record.claims.len(), 1);
    }
    assert!(collected.rejected.is_empty());
}

#[test]
fn the_strictest_label_in_the_text_marks_all_of_it() {
    for (label, tlp) in [
        ("tlp: amber+strict", rempart_model::Tlp::AmberStrict),
        ("TLP:WHITE, parts TLP:RED", rempart_model::Tlp::Red),
        ("TLP:AMBER", rempart_model::Tlp::Amber),
    ] {
        let collected = read(format!("{label}\nevil[.]example").as_bytes(), 1 << 20);
        assert_eq!(collected.decoded[0].1.marking.tlp, Some(tlp), "{label}");
    }
    assert_eq!(read(b"evil[.]example", 1 << 20).decoded[0].1.marking.tlp, None);
}

#[test]
fn a_text_that_is_too_long_is_rejected_as_a_whole() {
    let collected = read(b"evil[.]example and more", 10);
    assert!(collected.decoded.is_empty());
    assert_eq!(collected.rejected.len(), 1);
    assert!(collected.rejected[0].reason.contains("10 bytes"));
}

/// Pieces that stretches of hostile and of honest text are made of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("hxxp".to_owned()),
        Just("://".to_owned()),
        Just("[.]".to_owned()),
        Just("[:]".to_owned()),
        Just(" dot ".to_owned()),
        Just("(at)".to_owned()),
        Just("http://evil.com/".to_owned()),
        Just("evil".to_owned()),
        Just(".com".to_owned()),
        Just("1.2.3.4".to_owned()),
        Just("/24".to_owned()),
        Just("2001:db8::1".to_owned()),
        Just("a@b.org".to_owned()),
        Just(MD5.to_owned()),
        Just(SHA256[..40].to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("](".to_owned()),
        Just("CVE-2024-".to_owned()),
        Just("1234".to_owned()),
        Just("AS64496".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("ü".to_owned()),
        Just("的".to_owned()),
        Just("| ".to_owned()),
        Just("\\".to_owned()),
        Just("..".to_owned()),
        "[ -~]{0,6}",
        "\\PC{0,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn positions_and_values_hold_for_any_text(pieces in prop::collection::vec(piece(), 0..24)) {
        let text = pieces.concat();
        let mut last = 0;
        for finding in all(&text) {
            prop_assert_eq!(text.get(finding.start..finding.end), Some(finding.text.as_str()));
            prop_assert!(finding.start < finding.end && finding.start >= last, "out of order in {:?}", text);
            last = finding.start;
            let again = Observable::parse(&finding.kind, &finding.value).unwrap();
            prop_assert_eq!((again.kind(), again.value()), (&finding.kind, finding.value.as_str()));
        }
    }

    #[test]
    fn any_string_is_read_without_a_panic(text in "\\PC*") {
        let _ = all(&text);
    }

    #[test]
    fn what_was_defanged_is_what_would_have_been_found(
        label in "[a-z]{3,12}", tld in prop::sample::select(vec!["com", "org", "ru", "de"]), path in "[a-z0-9]{1,8}",
        dot in prop::sample::select(vec!["[.]", "(.)", "[dot]", "{dot}", "[.", " [.] "]),
    ) {
        let plain = all(&format!("x http://{label}.{tld}/{path} x"));
        let defanged = all(&format!("x hxxp://{label}{dot}{tld}/{path} x"));
        prop_assert_eq!(plain.len(), 1);
        prop_assert_eq!(defanged.len(), 1, "{:?}", defanged);
        prop_assert_eq!(&plain[0].value, &defanged[0].value);
    }
}

/// Hostile input takes time in proportion to its length: four times as much, at most about four
/// times as long. The bound leaves room for a busy machine.
#[test]
fn hostile_input_takes_linear_time() {
    let patterns: [(&str, String); 22] = [
        ("dots", ".".into()),
        ("brackets", "[".into()),
        ("marks", "[.]".into()),
        ("spaced marks", "a [.] ".into()),
        ("scheme and bracket", "hxxp[".into()),
        ("schemes", "hxxp://".into()),
        ("backslashes", "\\".into()),
        ("closing", "http://a.com/)".into()),
        ("addresses", "1.1.1.1-".into()),
        ("paths", "1.1.1.1/".into()),
        ("names with paths", "a.com/".into()),
        ("ellipses", "a.com..".into()),
        ("wide", "a.com的".into()),
        ("colons", ":".into()),
        ("groups", "a:".into()),
        ("at signs", "a@".into()),
        ("plus signs", "a+".into()),
        ("digits", "9f8e7d6c5b4a".into()),
        ("pieces", format!("{}\n", &SHA256[..12])),
        ("invisible", "\u{200b}".into()),
        ("spelled", "a dot ".into()),
        ("headings", "# ioc [1]: `a.com` see \n".into()),
    ];
    let time = |pattern: &str, bytes: usize| {
        let text = pattern.repeat(bytes / pattern.len());
        let start = Instant::now();
        let count = all(&text).len();
        (start.elapsed(), count)
    };
    for (name, pattern) in &patterns {
        let (short, _) = time(pattern, 100_000);
        let (long, _) = time(pattern, 400_000);
        let bound = short.max(Duration::from_millis(40)) * 12;
        assert!(long < bound, "{name}: {short:?} for 100 kB, {long:?} for 400 kB");
    }
}
