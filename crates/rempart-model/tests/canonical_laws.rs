//! Laws of canonical form, over random texts and over indicators that were maltreated.

#![allow(clippy::expect_used, reason = "a test may stop at what it did not expect")]

use proptest::prelude::*;
use rempart_model::observable::{self, Kind, Observable, refang};

const KINDS: &[Kind] = &[
    Kind::Domain,
    Kind::Url,
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Cidr,
    Kind::Asn,
    Kind::Email,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Sha512,
    Kind::Cve,
];

/// Indicators as people write them.
const SEEDS: &[&str] = &[
    "http://evil.example/a/../b/%7Ex?q=%41#f",
    "hxxps[:]//user:pw@evil[.]example:8080[/]x(dot)php?a[at]=b",
    "h**p://192.0.2[.]1/bins/%%341.%2e/./x",
    "tcp://%45vil.example:443/a b",
    "file://evil.example/C:/x/%43|/..",
    "ssh://[::ffff:192.0.2.1]:22",
    "http:\\\\evil.example\\x",
    "192.0.2.1:8080/x/",
    "evil[.]example?x",
    "evil dot example",
    "*.b\u{fc}cher.example:53.",
    "xn--bcher-kva.example",
    "http://u@XN--zz9999999999.b.example:443/%7e",
    "fa\u{df}.\u{4f8b}\u{3048}\u{3002}\u{30c6}\u{30b9}\u{30c8}",
    "2001:db8:0:0:1::/64",
    "[2001:DB8::1%eth0]:443",
    "::ffff:c000:0201/120",
    "192.0.2.77/255.255.255.0",
    "AS64496",
    "asn 1.10",
    "Ann O'Hara <mailto:Ann+x(at)Evil[.]Example?subject=x>",
    "\"a.b@evil.example\",",
    "cve\u{2011}2024\u{2013}12345",
    "D41D8CD98F00B204E9800998ECF8427E",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// Pieces that a canonical form could stumble on.
const PIECES: &[&str] = &[
    ".",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "\\",
    "[.]",
    "(dot)",
    "[at]",
    "[at",
    "dot]",
    "@",
    ":",
    "/",
    "//",
    "://",
    "[:]",
    "[/]",
    " ",
    " dot ",
    "%",
    "%4",
    "%41",
    "%2e",
    "%2F",
    "%5b",
    "?",
    "#",
    "<",
    ">",
    "\"",
    "'",
    "`",
    ",",
    ";",
    "*",
    "*.",
    "-",
    "_",
    "hxxp",
    "http://",
    "meow://",
    "mailto:",
    "xn--",
    "\u{200b}",
    "\u{200d}",
    "\u{ad}",
    "\u{130}",
    "\u{212a}",
    "\u{ff0e}",
    "\u{3002}",
    "\u{df}",
    "\u{634}",
    "\u{1f600}",
    "1",
    "0",
    "01",
    "0x1",
    "::",
    "%eth0",
    "a",
    "A",
    "e\u{301}",
    "|",
    "^",
    "C:",
    "\u{a0}",
    "\u{0}",
    "\t",
    "&",
    "=",
    "~",
    "AS",
];

/// An indicator with pieces put in, parts taken out and case changed.
fn maltreated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0_usize..4, prop::sample::select(PIECES));
    (prop::sample::select(SEEDS), prop::collection::vec(edit, 0..6)).prop_map(|(seed, edits)| {
        let mut chars: Vec<char> = seed.chars().collect();
        for (place, remove, piece) in edits {
            let start = place.index(chars.len() + 1);
            let end = (start + remove).min(chars.len());
            chars.splice(start..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

/// Nothing but pieces.
fn pieced() -> impl Strategy<Value = String> {
    let any_piece = prop_oneof![prop::sample::select(PIECES), prop::sample::select(SEEDS)];
    prop::collection::vec(any_piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => maltreated(), 2 => pieced(), 1 => any::<String>(), 1 => "[ -~]{0,40}"]
}

fn stable(observable: &Observable) -> Result<(), TestCaseError> {
    let again = Observable::parse(observable.kind(), observable.value());
    prop_assert_eq!(again.as_ref(), Ok(observable));
    let taken_over = Observable::from_canonical(observable.kind().clone(), observable.value());
    prop_assert_eq!(&taken_over, observable);
    prop_assert!(!observable.value().is_empty());
    prop_assert!(!observable.value().chars().any(char::is_control));
    prop_assert!(observable.value().len() <= observable::LONGEST_URL);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_form_is_stable(text in text()) {
        for kind in KINDS.iter().chain([&Kind::Other("mutex".into()), &Kind::Other("sha384".into())]) {
            if let Ok(observable) = Observable::parse(kind, &text) {
                stable(&observable)?;
                let address = |kind: &Kind| matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr);
                prop_assert!(observable.kind() == kind || (address(kind) && address(observable.kind())));
            }
        }
    }

    #[test]
    fn a_guess_is_stable(text in text()) {
        if let Ok(observable) = Observable::guess(&text) {
            stable(&observable)?;
            // What was told by its looks looks no different in canonical form.
            let again = Observable::guess(observable.value());
            prop_assert_eq!(again, Ok(observable));
        }
    }

    #[test]
    fn refanging_twice_changes_nothing(text in text()) {
        let once = refang(&text);
        prop_assert_eq!(refang(&once), once.as_ref());
    }

    #[test]
    fn a_url_names_a_host_that_is_canonical(text in text()) {
        if let Ok(observable) = Observable::parse(&Kind::Url, &text) {
            let host = observable.host().expect("a URL has a host");
            prop_assert!(!host.is_empty());
            let again = if host.contains(':') {
                Observable::parse(&Kind::Ipv6, host)
            } else if host.contains('.') {
                Observable::parse(&Kind::Ipv4, host).or_else(|_| Observable::parse(&Kind::Domain, host))
            } else {
                return Ok(());
            };
            let again = again.expect(host);
            prop_assert_eq!(again.value(), host);
        }
    }

    #[test]
    fn every_way_to_write_an_ipv4_address_is_the_same(ip in any::<u32>(), port in any::<u16>()) {
        let ip = std::net::Ipv4Addr::from(ip);
        let wanted = Observable::from_canonical(Kind::Ipv4, &ip.to_string());
        let [a, b, c, d] = ip.octets();
        for text in [
            format!("{a}[.]{b}.{c}(dot){d}"),
            format!("{ip}:{port}"),
            format!("{ip}/32"),
            format!("::ffff:{ip}"),
            format!("0:0:0:0:0:FFFF:{:x}:{:x}", u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
            format!("[::ffff:{ip}]:{port}"),
        ] {
            prop_assert_eq!(Observable::guess(&text), Ok(wanted.clone()), "{}", text);
        }
    }

    #[test]
    fn every_way_to_write_an_ipv6_address_is_the_same(ip in any::<u128>(), port in any::<u16>()) {
        let ip = std::net::Ipv6Addr::from(ip | 1 << 127);
        let wanted = Observable::from_canonical(Kind::Ipv6, &ip.to_string());
        let long: Vec<_> = ip.segments().iter().map(|part| format!("{part:04X}")).collect();
        for text in [long.join(":"), format!("[{ip}]:{port}"), format!("{ip}%eth0"), format!("{ip}/128")] {
            prop_assert_eq!(Observable::guess(&text), Ok(wanted.clone()), "{}", text);
        }
    }

    #[test]
    fn a_network_holds_the_address_it_was_written_with(ip in any::<u128>(), v4 in any::<bool>(), length in 0_u32..=128) {
        let ip = if v4 { observable::address::from_u128(0xffff << 32 | (ip >> 96)) } else { observable::address::from_u128(ip) };
        let length = if ip.is_ipv4() { length % 33 } else { length };
        let network = Observable::parse(&Kind::Cidr, &format!("{ip}/{length}")).expect("a network");
        let (first, last) = observable::address::range(&network).expect("a range");
        let address = observable::address::to_u128(ip);
        prop_assert!(first <= address && address <= last);
        let host_bits = if ip.is_ipv4() { 32 - length } else { 128 - length };
        prop_assert_eq!(last - first, 1_u128.checked_shl(host_bits).map_or(u128::MAX, |size| size - 1));
    }
}

/// More cases on demand: `PROPTEST_CASES=100000 cargo test -p rempart-model --test canonical_laws`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
}
