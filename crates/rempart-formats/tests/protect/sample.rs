//! Entries and settings to write: a plain list, and a hostile one.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use rempart_formats::protect::rtbh::{Consent, Neighbour};
use rempart_formats::protect::{Format, Settings, Written};
use rempart_model::{Block, BlockClass, BlockId, Category, Kind, Observable, Timestamp};

/// 2026-11-25T12:00:00Z.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-25T12:00:00Z").unwrap()
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new("malware", "CSIRT of Testland", "https://block.test/appeal", now());
    settings.licence = "CC0-1.0".into();
    settings.zone = "malware.rpz.test".into();
    settings.serial = 7;
    settings
}

/// Settings with a consent to announce.
pub(crate) fn consenting() -> Settings {
    let mut settings = settings();
    settings.rtbh = Some(Consent {
        noc: "NOC of Testland, noc@test.example".into(),
        until: now().plus_seconds(30 * 86_400),
        max_prefixes: 100,
        longest: 86_400,
        next_hop_v4: Some(Ipv4Addr::new(192, 0, 2, 254)),
        next_hop_v6: Some("2001:db8::ffff".parse().unwrap()),
        neighbour: Some(Neighbour {
            peer: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 253)),
            peer_as: 64496,
            local: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 252)),
            local_as: 64496,
            router_id: Ipv4Addr::new(192, 0, 2, 252),
        }),
    });
    settings
}

pub(crate) fn block(number: u8, kind: Kind, value: &str) -> Block {
    Block {
        id: BlockId::from_bytes([number; 10]),
        target: Observable::from_canonical(kind, value),
        class: BlockClass::Malware,
        category: Category::C2Server,
        reason: "commands a botnet".into(),
        since: now().plus_seconds(-3600),
        until: now().plus_seconds(43_200),
    }
}

/// One entry of each kind and some that meet: a name below another, a network inside another, one
/// target twice, one that has ended.
pub(crate) fn blocks() -> Vec<Block> {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let values = [
        (Kind::Domain, "evil.example"),
        (Kind::Domain, "login.evil.example"),
        (Kind::Domain, "xn--bcher-kva.test"),
        (Kind::Domain, "_dmarc.bad.test"),
        (Kind::Url, "http://files.test:8080/a.exe?x=1"),
        (Kind::Url, "https://bank.test/login"),
        (Kind::Ipv4, "192.0.2.1"),
        (Kind::Ipv4, "198.51.100.7"),
        (Kind::Ipv6, "2001:db8::7"),
        (Kind::Cidr, "203.0.113.0/24"),
        (Kind::Cidr, "203.0.113.128/25"),
        (Kind::Cidr, "2001:db8:1::/48"),
        (Kind::Email, "crook@evil.example"),
        (Kind::Md5, md5),
        (Kind::Sha1, sha1),
        (Kind::Sha256, sha256),
        (Kind::Sha512, &format!("{sha256}{sha256}")),
        (Kind::Domain, "evil.example"),
        (Kind::Domain, "old.test"),
    ]
    .map(|(kind, value)| (kind, value.to_owned()));
    let mut blocks: Vec<Block> =
        (1u8..).zip(values).map(|(number, (kind, value))| block(number, kind, &value)).collect();
    if let [.., twice, ended] = blocks.as_mut_slice() {
        twice.until = now().plus_seconds(60);
        ended.until = now();
    }
    blocks
}

/// What a format makes of the entries.
pub(crate) fn write(format: Format, blocks: &[Block], settings: &Settings) -> (String, Written) {
    let mut bytes = Vec::new();
    let written = format.write(blocks, settings, &mut bytes).unwrap_or_else(|e| panic!("{format:?}: {e}"));
    (String::from_utf8(bytes).unwrap(), written)
}

/// Texts that mean something to one format or another.
pub(crate) const PIECES: [&str; 52] = [
    "\"",
    "'",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\t",
    "#",
    "|",
    ";",
    "\\",
    "$",
    "*",
    "^",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    " ",
    "\u{2028}",
    "\u{85}",
    "\u{202e}",
    "é",
    "бот",
    "-",
    "--help",
    "`id`",
    "$(id)",
    "$INCLUDE /etc/passwd",
    "<",
    ">",
    "&",
    "%0a",
    "%",
    "@@",
    "##",
    "/",
    "//",
    ":",
    ",",
    ".",
    "evil.example",
    "a",
    "0.0.0.0 ok.test",
    "\nlocal-zone: \"ok.test\" static",
    "\u{1b}[31m",
    "xn--",
    "rpz-ip",
    "_",
    "(empty)",
];

pub(crate) fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned), 1 => "[a-z0-9.]{1,8}"];
    prop_oneof![
        20 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => Just("a.".repeat(4000)),
        1 => Just(format!("{}.example", "a".repeat(64))),
        1 => Just(format!("{}.example", "a.".repeat(123))),
    ]
}

/// A value that is what it says.
fn honest() -> impl Strategy<Value = (Kind, String)> {
    prop_oneof![
        6 => "[a-z0-9_]{1,3}(-[a-z0-9]{1,2})?(\\.[a-z0-9]{1,3}){0,3}\\.(example|test)".prop_map(|name| (Kind::Domain, name)),
        2 => "(http|https)://[a-z]{1,3}\\.test(:8[0-9])?/[a-z/%.~!$&'()*+,;=:@|^`{}-]{0,12}(\\?[a-z=&'|]{0,6})?"
            .prop_map(|url| (Kind::Url, url)),
        2 => any::<u8>().prop_map(|last| (Kind::Ipv4, format!("198.51.100.{last}"))),
        2 => any::<u16>().prop_map(|last| {
            (Kind::Ipv6, format!("2001:db8::{last:x}").parse::<std::net::Ipv6Addr>().unwrap().to_string())
        }),
        1 => (25u32..32, any::<u8>()).prop_map(|(length, last)| {
            let last = u32::from(last) & (u32::MAX << (32 - length));
            (Kind::Cidr, format!("203.0.113.{last}/{length}"))
        }),
        1 => "[0-9a-f]{64}".prop_map(|hex| (Kind::Sha256, hex)),
        1 => "[0-9a-f]{32}".prop_map(|hex| (Kind::Md5, hex)),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Domain,
        Kind::Domain,
        Kind::Url,
        Kind::Ipv4,
        Kind::Ipv6,
        Kind::Cidr,
        Kind::Email,
        Kind::Md5,
        Kind::Sha1,
        Kind::Sha256,
        Kind::Sha512,
        Kind::Asn,
        Kind::Other("mutex".into()),
    ])
}

fn target() -> impl Strategy<Value = (Kind, String)> {
    let around = |prefix: &'static str, suffix: &'static str| {
        hostile_text().prop_map(move |text| format!("{prefix}{text}{suffix}"))
    };
    prop_oneof![
        8 => honest(),
        1 => (kind(), hostile_text()),
        1 => around("", ".example").prop_map(|name| (Kind::Domain, name)),
        1 => around("evil.example", "").prop_map(|name| (Kind::Domain, name)),
        1 => around("http://evil.example/", "").prop_map(|url| (Kind::Url, url)),
        1 => around("http://", ".example/").prop_map(|url| (Kind::Url, url)),
        1 => around("192.0.2.1", "").prop_map(|value| (Kind::Ipv4, value)),
        1 => around("192.0.2.0/24", "").prop_map(|value| (Kind::Cidr, value)),
        1 => prop::sample::select(vec!["127.0.0.1", "10.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"])
            .prop_map(|value| (Kind::Ipv4, value.to_owned())),
        1 => prop::sample::select(vec!["0.0.0.0/0", "10.0.0.0/8", "198.0.0.0/7", "::/0", "2001:db8::/18"])
            .prop_map(|value| (Kind::Cidr, value.to_owned())),
    ]
}

/// Entries of which some are hostile in value, reason or dates.
pub(crate) fn hostile_blocks() -> impl Strategy<Value = Vec<Block>> {
    let one = (any::<[u8; 10]>(), target(), hostile_text(), 0usize..3, 0usize..15, -2i64..40_000, -10i64..5);
    let one = one.prop_map(|(id, (kind, value), reason, class, category, until, since)| Block {
        id: BlockId::from_bytes(id),
        target: Observable::from_canonical(kind, &value),
        class: BlockClass::ALL[class].0,
        category: Category::ALL[category].0,
        reason: reason.into(),
        since: now().plus_seconds(since),
        until: now().plus_seconds(until),
    });
    prop::collection::vec(one, 0..24)
}

/// Many hostile entries, the same ones in each run, and some that strain the limits of names.
pub(crate) fn many_hostile() -> Vec<Block> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lists = prop::collection::vec(hostile_blocks(), 60);
    let mut blocks: Vec<Block> = lists.new_tree(&mut runner).unwrap().current().concat();
    let long = format!("{}.{}.{}.example", "a".repeat(63), "b".repeat(63), "c".repeat(63));
    let longest = format!("{}.{long}", "d".repeat(253 - long.len() - 1));
    let many = format!("{}example", "a.".repeat(123));
    for (number, name) in
        (200..).zip([&*long, &longest, &many, "xn--80ak6aa92e.test", "_a._b.test", "a--b-.test"])
    {
        blocks.push(block(number, Kind::Domain, name));
    }
    let mut lasting = block(210, Kind::Ipv4, "192.0.2.77");
    lasting.until = Timestamp::MAX;
    blocks.push(lasting);
    blocks
}

/// Settings whose texts are as nasty as they may be.
pub(crate) fn nasty() -> Settings {
    let mut settings = consenting();
    let text = "É\"q' # ; | \\ { } // /* $x `id` $(id) %s \u{202e} --help @INCLUDE \\";
    settings.publisher = text.into();
    settings.licence = text.into();
    if let Some(consent) = &mut settings.rtbh {
        consent.noc = format!("NOC of Testland {text}").into();
    }
    settings
}
