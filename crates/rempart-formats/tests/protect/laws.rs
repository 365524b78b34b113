//! Laws that hold for any entries, hostile ones too.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rempart_formats::protect::{Format, LeftOut, Settings, WriteError};
use rempart_model::{Block, Kind, Observable};

use crate::grammar;
use crate::sample::{self, consenting, hostile_blocks, hostile_text, write};

fn target(block: &Block) -> String {
    format!("{} {}", block.target.kind().name(), block.target.value())
}

/// The kinds that a format has words for, from its documentation.
fn kinds(format: Format) -> &'static [Kind] {
    const NAMES: &[Kind] = &[Kind::Domain];
    const ADDRESSES: &[Kind] = &[Kind::Ipv4, Kind::Ipv6];
    match format {
        Format::Hosts | Format::Domains | Format::Dnsmasq | Format::Unbound | Format::Rpz | Format::Knot => {
            NAMES
        }
        Format::SquidDomains | Format::SuricataDomains => NAMES,
        Format::Adblock => &[Kind::Domain, Kind::Ipv4, Kind::Ipv6, Kind::Url],
        Format::SquidUrls => &[Kind::Url],
        Format::Addresses | Format::Nftables => &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr],
        Format::SuricataRules => &[Kind::Domain, Kind::Ipv4, Kind::Ipv6, Kind::Cidr, Kind::Url],
        Format::SuricataAddresses | Format::ExaBgp | Format::GoBgp => ADDRESSES,
        Format::SuricataMd5 => &[Kind::Md5],
        Format::SuricataSha1 => &[Kind::Sha1],
        Format::SuricataSha256 => &[Kind::Sha256],
        Format::Zeek | Format::Json | Format::Stix | Format::MispEvent | Format::MispHashes => &[
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
        ],
        Format::Bind | Format::SuricataDatasetRules | Format::MispManifest => &[],
    }
}

/// An entry that no format with words for its kind may leave out for its value: current, with a
/// reason, and a name, address or hash that the model itself reads to the same canonical form.
fn must_stand(block: &Block, settings: &Settings) -> bool {
    let value = block.target.value();
    let ordinary = match block.target.kind() {
        Kind::Domain => value.ends_with(".example") && !value.starts_with('-') && value.len() <= 200,
        Kind::Ipv4 => value.starts_with("198.51.100."),
        Kind::Ipv6 => value.starts_with("2001:db8::"),
        Kind::Cidr => value.starts_with("203.0.113."),
        Kind::Md5 | Kind::Sha256 => true,
        _ => false,
    };
    ordinary
        && Observable::parse(block.target.kind(), value).is_ok_and(|parsed| parsed == block.target)
        && block.reason.chars().any(|c| c.is_alphanumeric())
        && block.since < block.until
        && block.until > settings.built_at
}

/// What went in and was not left out comes out under the strict grammar, and nothing else; what was left
/// out has a reason that is true.
fn holds(format: Format, blocks: &[Block], settings: &Settings) {
    let (text, written) = write(format, blocks, settings);
    let out: BTreeSet<usize> = written.left_out.iter().map(|(index, _)| *index).collect();
    assert_eq!(out.len(), written.left_out.len(), "{format:?}: an entry is left out twice");
    if kinds(format).is_empty() {
        assert_eq!((written.entries, out.len()), (0, 0), "{format:?} names no entries");
        return;
    }
    let kept: Vec<&Block> =
        blocks.iter().enumerate().filter(|(index, _)| !out.contains(index)).map(|(_, block)| block).collect();
    assert_eq!(kept.len(), written.entries, "{format:?}");
    if let Some(mut found) = grammar::targets(format, &text, settings) {
        let mut wanted: Vec<String> = kept.iter().map(|block| target(block)).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{format:?}");
    }
    for (index, why) in &written.left_out {
        let block = &blocks[*index];
        let above = |kept: &&&Block| {
            let (above, below) = (kept.target.value(), block.target.value());
            match block.target.kind() {
                Kind::Domain => below.ends_with(&format!(".{above}")),
                _ => *kept.target.kind() == Kind::Cidr,
            }
        };
        let named = kinds(format).contains(block.target.kind());
        match why {
            LeftOut::Duplicate => {
                let twin = kept.iter().find(|kept| kept.target == block.target).copied();
                // What stands for it may itself stand below another.
                assert!(
                    twin.is_some_and(|twin| twin.until >= block.until) || twin.is_none(),
                    "{format:?}: {block:?}"
                );
                assert!(blocks.iter().filter(|other| other.target == block.target).count() > 1);
            }
            LeftOut::Covered => assert!(kept.iter().any(|kept| above(&kept)), "{format:?}: {block:?}"),
            LeftOut::Expired => assert!(block.until <= settings.built_at),
            LeftOut::NoExpiry => assert!(block.until <= block.since),
            LeftOut::NoReason => assert!(!block.reason.chars().any(char::is_alphanumeric)),
            LeftOut::Kind => assert!(!named || *block.target.kind() == Kind::Url, "{format:?}: {block:?}"),
            LeftOut::Outside | LeftOut::TooLasting => assert!(format.announces(), "{format:?}: {block:?}"),
            LeftOut::Value | LeftOut::TooLong | LeftOut::Special | LeftOut::TooWide => {
                assert!(!named || !must_stand(block, settings), "{format:?}: {why:?} {block:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 200 } else { 2000 }))]

    #[test]
    fn what_went_in_comes_out_and_nothing_else(blocks in hostile_blocks()) {
        let settings = consenting();
        for format in Format::all() {
            holds(format, &blocks, &settings);
        }
    }

    #[test]
    fn the_order_of_the_entries_changes_nothing(blocks in hostile_blocks()) {
        let settings = consenting();
        let mut turned = blocks.clone();
        turned.reverse();
        for format in Format::all() {
            prop_assert_eq!(write(format, &blocks, &settings).0, write(format, &turned, &settings).0);
        }
    }

    #[test]
    fn texts_of_the_settings_stay_in_their_place_or_are_refused(
        publisher in hostile_text(), licence in hostile_text(), noc in hostile_text(), appeal in hostile_text(),
        list in hostile_text(),
    ) {
        let mut settings = consenting();
        for text in [&publisher, &licence] {
            let mut one = consenting();
            one.publisher = text.as_str().into();
            one.licence = text.as_str().into();
            check_or_refuse(&one);
        }
        settings.appeal = format!("https://block.test/{appeal}").into();
        refuse_unless(&settings, appeal.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?&=%+".contains(&b)));
        let mut settings = consenting();
        settings.list = list.as_str().into();
        let fit = list.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        refuse_unless(&settings, fit);
        let mut settings = consenting();
        if let Some(consent) = &mut settings.rtbh {
            consent.noc = format!("NOC of Testland{noc}").into();
        }
        for format in [Format::ExaBgp, Format::GoBgp] {
            if format.write(&sample::blocks(), &settings, &mut Vec::new()).is_ok() {
                holds(format, &sample::blocks(), &settings);
            }
        }
    }
}

fn check_or_refuse(settings: &Settings) {
    for format in Format::all() {
        match format.write(&sample::blocks(), settings, &mut Vec::new()) {
            Ok(_) => holds(format, &sample::blocks(), settings),
            Err(WriteError::Setting { .. }) => assert!(settings.check().is_err()),
            Err(other) => panic!("{format:?}: {other}"),
        }
    }
}

fn refuse_unless(settings: &Settings, fit: bool) {
    assert!(fit || settings.check().is_err(), "{settings:?}");
}

#[test]
fn the_sample_holds_in_every_format() {
    for format in Format::all() {
        holds(format, &sample::blocks(), &sample::consenting());
        holds(format, &[], &sample::consenting());
        let mut settings = sample::nasty();
        if let Some(consent) = &mut settings.rtbh {
            consent.max_prefixes = 10_000;
        }
        holds(format, &sample::many_hostile(), &settings);
    }
}

#[test]
fn a_format_says_which_kinds_it_leaves_out() {
    let blocks = sample::blocks();
    for format in Format::all().filter(|format| !kinds(*format).is_empty()) {
        let written = write(format, &blocks, &consenting()).1;
        for (index, block) in blocks.iter().enumerate() {
            let why = written.left_out.iter().find(|(at, _)| *at == index).map(|(_, why)| *why);
            if !kinds(format).contains(block.target.kind()) && block.until > sample::now() {
                assert_eq!(why, Some(LeftOut::Kind), "{format:?}: {block:?}");
            }
        }
    }
}

/// Reasons come back whole from the formats that have them.
#[test]
fn reasons_come_back() {
    let mut blocks = Vec::new();
    for (number, piece) in (0u8..).zip(sample::PIECES) {
        let mut block = sample::block(number, Kind::Domain, &format!("n{number}.test"));
        block.reason = format!("a{piece}b").into();
        blocks.push(block);
    }
    let json = |format| -> serde_json::Value {
        serde_json::from_str(&write(format, &blocks, &consenting()).0).unwrap()
    };
    let texts = |list: &serde_json::Value, value: &str, reason: &str| -> BTreeSet<(String, String)> {
        let text = |of: &serde_json::Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        list.as_array().unwrap().iter().map(|one| (text(one, value), text(one, reason))).collect()
    };
    let comment = |block: &Block| format!("{} (block {}, until {})", block.reason, block.id, block.until);
    let wanted = |reason: &dyn Fn(&Block) -> String| -> BTreeSet<(String, String)> {
        blocks.iter().map(|block| (block.target.value().to_owned(), reason(block))).collect()
    };
    let plain = wanted(&|block| block.reason.to_string());
    assert_eq!(texts(&json(Format::Json)["blocks"], "value", "reason"), plain);
    let mut stix = texts(&json(Format::Stix)["objects"], "name", "description");
    stix.retain(|(name, _)| name.ends_with(".test"));
    assert_eq!(stix, plain);
    assert_eq!(texts(&json(Format::MispEvent)["Event"]["Attribute"], "value", "comment"), wanted(&comment));
    let zeek = write(Format::Zeek, &blocks, &consenting()).0;
    let lines = zeek.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[0].to_owned(), grammar::zeek_text(fields[3]))
    });
    let described = |block: &Block| format!("{} ({}, {})", block.reason, block.category.name(), block.id);
    assert_eq!(lines.collect::<BTreeSet<_>>(), wanted(&described));
}
