//! The patterning language: what it says of observables, and that it is read as it is written.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use rempart_formats::mint;
use rempart_formats::stix::pattern::{
    Comparison, Literal, Observation, Operator, Path, Pattern, Qualifier, Step, Test, observables, parse,
    read,
};
use rempart_model::{Claim, Kind, Observable};

/// The values and the number of parts that are not understood.
fn values(text: &str) -> (Vec<String>, usize) {
    let full = observables(&parse(text).unwrap_or_else(|error| panic!("{text}: {error}")));
    assert_eq!(read(text).unwrap(), full, "{text}");
    let values = full.malicious.iter().map(|o| format!("{} {}", o.kind().name(), o.value())).collect();
    (values, full.not_understood.len())
}

#[test]
fn values_that_make_a_pattern_match_are_found() {
    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
    let md5 = format!("md5 {MD5}");
    let hashed = |text: &str| text.replace("MD5SUM", MD5);
    let cases: Vec<(String, Vec<&str>, usize)> = [
        ("[domain-name:value = 'evil.example']", vec!["domain evil.example"], 0),
        ("[ipv4-addr:value='192.0.2.1']", vec!["ipv4 192.0.2.1"], 0),
        ("[ipv4-addr:value = '192.0.2.0/24']", vec!["cidr 192.0.2.0/24"], 0),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", vec!["cidr 192.0.2.0/24"], 0),
        ("[ipv4-addr:value ISSUPERSET '192.0.2.1']", vec![], 1),
        ("[ipv6-addr:value = '2001:DB8::1']", vec!["ipv6 2001:db8::1"], 0),
        ("[autonomous-system:number = 64496]", vec!["asn AS64496"], 0),
        ("[file:hashes.MD5 = 'MD5SUM']", vec![&md5], 0),
        ("[file:hashes.'MD5' = 'MD5SUM' OR file:name = 'a.exe']", vec![&md5, "file-name a.exe"], 0),
        ("[file:hashes.'MD5' = 'MD5SUM' AND file:name = 'a.exe']", vec![&md5], 0),
        ("[file:name = 'a.exe' AND file:size = 12]", vec!["file-name a.exe"], 1),
        ("[(file:name = 'a' OR file:name = 'b') AND file:hashes.MD5 = 'MD5SUM']", vec![&md5], 0),
        ("[file:name = 'a' OR (file:hashes.MD5 = 'MD5SUM' AND file:name = 'b')]", vec![&md5, "file-name a"], 0),
        ("[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
            vec!["x509-fingerprint-sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"], 0),
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.9' AND network-traffic:dst_port = 443]",
            vec!["ipv4 192.0.2.9"], 1),
        ("[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']",
            vec!["domain a.example", "ipv4 192.0.2.1"], 0),
        ("[domain-name:value IN ('a.example', 'b.example', 'c.example')]",
            vec!["domain a.example", "domain b.example", "domain c.example"], 0),
        ("[domain-name:value NOT IN ('a.example')]", vec![], 1),
        ("[domain-name:value NOT = 'a.example']", vec![], 1),
        ("[domain-name:value != 'a.example']", vec![], 1),
        ("[domain-name:value LIKE 'a.example']", vec!["domain a.example"], 0),
        ("[domain-name:value LIKE '%.example']", vec![], 1),
        ("[url:value MATCHES '^http']", vec![], 1),
        ("[EXISTS file:hashes.MD5]", vec![], 1),
        ("[domain-name:value = 'a.example'] AND [url:value = 'http://b.example/x']",
            vec!["domain a.example", "url http://b.example/x"], 0),
        ("([domain-name:value = 'a.example'] FOLLOWEDBY [file:name = 'x']) WITHIN 5 SECONDS", vec!["domain a.example"], 1),
        ("[domain-name:value = 'a.example'] REPEATS 5 TIMES START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
            vec!["domain a.example"], 2),
        ("[email-message:from_ref.value = 'a@b.example' OR email-addr:value = 'a@b.example']", vec!["email a@b.example"], 0),
        ("[mutex:name = 'it\\'s \\\\ me']", vec!["mutex it's \\ me"], 0),
        ("[windows-registry-key:key = 'HKLM\\\\Software']", vec!["windows-registry-key HKLM\\Software"], 0),
        ("[x-telegram:value = '@evil']", vec!["telegram @evil"], 0),
        ("[domain-name:value = '']", vec![], 1),
        ("[ url:value='http://a.example/' /* seen once */ ] // comment", vec!["url http://a.example/"], 0),
    ]
    .into_iter()
    .map(|(text, values, lost)| (hashed(text), values, lost))
    .collect();
    for (text, expected, lost) in cases {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(values(&text), (expected, lost), "{text}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_its_place() {
    let deep = format!("[{}a:b = 1{}]", "(".repeat(100_000), ")".repeat(100_000));
    for (text, offset) in [
        ("", 0),
        ("domain-name:value = 'x'", 0),
        ("[domain-name:value = 'x'", 24),
        ("[domain-name:value = 'x]", 21),
        ("[domain-name:value 'x']", 19),
        ("[domain-name = 'x']", 13),
        ("[a:b = 1] XOR [a:b = 2]", 10),
        ("[a:b = 1] REPEATS 0 TIMES", 18),
        ("[a:b = h'xyz']", 7),
        ("[a:b = t'99999-01-01T00:00:00Z']", 7),
        ("[a:b = 99999999999999999999]", 7),
        ("[a:b LIKE 5]", 11),
        ("[a:b = 1]\u{7}", 9),
        (deep.as_str(), 42),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.offset, offset, "{}: {error}", text.chars().take(60).collect::<String>());
        assert!(read(text).is_err());
    }
}

fn key() -> impl Strategy<Value = Box<str>> {
    prop_oneof!["[a-z_]{1,6}", "[ -~]{1,8}", "[0-9]{1,2}"].prop_map(Into::into)
}

fn path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![key().prop_map(Step::Key), any::<i64>().prop_map(Step::Index), Just(Step::Any)];
    let object = prop_oneof!["domain-name", "file", "x-[a-z]{1,5}", "ipv4-addr", "url"];
    (object, key(), proptest::collection::vec(step, 0..3)).prop_map(|(object, first, rest)| Path {
        object: object.into(),
        steps: std::iter::once(Step::Key(first)).chain(rest).collect(),
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        "[ -~é\n]{0,10}".prop_map(|text| Literal::Text(text.into())),
        any::<i64>().prop_map(Literal::Integer),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Literal::Float),
        any::<bool>().prop_map(Literal::Boolean),
        "([0-9a-f]{2}){0,4}".prop_map(|text| Literal::Hex(text.into())),
        "[A-Za-z0-9+/]{0,8}=?".prop_map(|text| Literal::Binary(text.into())),
        Just(Literal::Time("2026-01-31T12:00:00.5Z".into())),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    use Operator::{
        Equal, Greater, GreaterOrEqual, In, IsSubset, IsSuperset, Less, LessOrEqual, Like, Matches, NotEqual,
    };
    let operator = proptest::sample::select(vec![
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        In,
        Like,
        Matches,
        IsSubset,
        IsSuperset,
    ]);
    (path(), any::<bool>(), operator, proptest::collection::vec(literal(), 1..4)).prop_map(
        |(path, negated, operator, mut values)| {
            if operator != In {
                values.truncate(1);
            }
            if matches!(operator, Like | Matches | IsSubset | IsSuperset) {
                values = vec![Literal::Text("a%".into())];
            }
            Test { path, negated, operator, values }
        },
    )
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let leaf = prop_oneof![
        4 => test().prop_map(Comparison::Test),
        1 => (path(), any::<bool>()).prop_map(|(path, negated)| Comparison::Exists(path, negated)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = proptest::collection::vec(inner, 2..4);
        prop_oneof![list.clone().prop_map(Comparison::And), list.prop_map(Comparison::Or)]
    })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let qualifier = prop_oneof![
        (0.0..1e6f64).prop_map(Qualifier::Within),
        (1..1000i64).prop_map(Qualifier::Repeats),
        Just(Qualifier::StartStop("2026-01-01T00:00:00Z".into(), "2026-02-01T00:00:00Z".into())),
    ];
    comparison()
        .prop_map(Observation::Single)
        .prop_recursive(3, 8, 3, move |inner| {
            let list = proptest::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                list.clone().prop_map(Observation::And),
                list.clone().prop_map(Observation::Or),
                list.prop_map(Observation::FollowedBy),
                (inner, qualifier.clone()).prop_map(|(one, q)| Observation::Qualified(Box::new(one), q)),
            ]
        })
        .prop_map(|root| Pattern { root })
}

/// Text of patterns that the fast path may take, and of some that it must not.
fn common() -> impl Strategy<Value = String> {
    let property = proptest::sample::select(vec![
        "domain-name:value",
        "url:value",
        "ipv4-addr:value",
        "file:hashes.'SHA-256'",
        "file:hashes.MD5",
        "file:name",
        "file:'name'",
        "x-a:value",
        "network-traffic:dst_ref.value",
        "network-traffic:dst_ref.type",
        "network-traffic:dst_port",
        "email-message:subject",
        "file:hashes.'a.b'",
        "file:hashes",
    ]);
    let value = proptest::sample::select(vec![
        "a.example",
        "192.0.2.1",
        "http://a.example/",
        "d41d8cd98f00b204e9800998ecf8427e",
        "x\\'y",
        "",
        "é",
        "a]b",
    ]);
    let equals = proptest::sample::select(vec![" = ", "=", "= ", " != ", " == ", " LIKE "]);
    let join = proptest::sample::select(vec![" OR ", " AND ", " or ", " OR  ", "OR", "\nOR\n"]);
    let test = (property, equals, value)
        .prop_map(|(property, equals, value)| format!("{property}{equals}'{value}'"));
    (proptest::collection::vec((test, join), 1..11), any::<bool>()).prop_map(|(tests, space)| {
        let mut text = String::from(if space { " [ " } else { "[" });
        for (index, (test, join)) in tests.iter().enumerate() {
            if index > 0 {
                text.push_str(join);
            }
            text.push_str(test);
        }
        text + if space { " ] " } else { "]" }
    })
}

proptest! {
    #[test]
    fn a_written_pattern_is_read_as_it_was(pattern in pattern()) {
        let text = pattern.to_string();
        prop_assert_eq!(parse(&text).map_err(|e| format!("{text}: {e}")).unwrap(), pattern);
    }

    #[test]
    fn the_fast_path_gives_the_same_answer(text in common()) {
        match parse(&text) {
            Ok(pattern) => prop_assert_eq!(read(&text).unwrap(), observables(&pattern)),
            Err(error) => prop_assert_eq!(read(&text), Err(error)),
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "[\\[\\]()'a-z:=.*0-9 \\\\]{0,40}", any: String) {
        for text in [text, any] {
            match parse(&text) {
                Ok(pattern) => prop_assert_eq!(read(&text).unwrap(), observables(&pattern)),
                Err(_) => prop_assert!(read(&text).is_err()),
            }
        }
    }

    #[test]
    fn a_minted_pattern_finds_what_it_was_made_from(values in proptest::collection::vec(("[ -~é]{1,12}", 0usize..24), 1..5)) {
        let kinds = ["mutex", "file-name", "windows-registry-key", "user-agent", "email-subject", "command-line",
            "mac-address", "directory", "ssdeep", "tlsh", "wallet", "x", "telegram-channel"];
        let hex = |digits: usize| "0123456789abcdef".repeat(8)[..digits].to_owned();
        let mut claims: Vec<Claim> = Vec::new();
        for (value, kind) in values {
            let observable = match kind {
                0 => Observable::guess("evil.example"),
                1 => Observable::guess("192.0.2.7"),
                2 => Observable::guess("2001:db8::/32"),
                3 => Observable::guess("http://a.example/it's"),
                4 => Observable::parse(&Kind::Sha256, &hex(64)),
                5 => Observable::parse(&Kind::Asn, "AS64496"),
                6 => Observable::parse(&Kind::Cve, "CVE-2024-1234"),
                7 => Observable::parse(&Kind::Other("imphash".into()), &hex(32)),
                8 => Observable::parse(&Kind::Other("x509-fingerprint-sha256".into()), &hex(64)),
                9 => Observable::parse(&Kind::Email, "a@b.example"),
                10 => Observable::parse(&Kind::Cidr, "198.51.100.0/24"),
                other => Observable::parse(&Kind::Other(kinds[other - 11].into()), &value),
            };
            let Ok(observable) = observable else { continue };
            if !claims.iter().any(|claim| claim.observable == observable) {
                claims.push(Claim::malicious(observable));
            }
        }
        prop_assume!(!claims.is_empty());
        let text = mint::pattern(&claims);
        let found = read(&text).unwrap();
        prop_assert!(found.not_understood.is_empty(), "{}: {:?}", text, found.not_understood);
        let sorted = |mut list: Vec<Observable>| { list.sort(); list };
        let wanted = claims.into_iter().map(|claim| claim.observable).collect();
        prop_assert_eq!(sorted(found.malicious), sorted(wanted), "{}", text);
    }
}
