//! What is not written at all, and what is left out one by one.

use std::net::IpAddr;

use rempart_formats::protect::rtbh::Consent;
use rempart_formats::protect::{Format, LeftOut, Settings, WriteError};
use rempart_model::block::Action;
use rempart_model::{Block, Kind};

use crate::sample::{block, blocks, consenting, now, settings, write};

fn refusal(format: Format, blocks: &[Block], settings: &Settings) -> String {
    let mut bytes = Vec::new();
    let error = format.write(blocks, settings, &mut bytes).expect_err(format.name());
    assert!(bytes.is_empty(), "{format:?} wrote before it refused");
    error.to_string()
}

#[test]
fn no_route_is_announced_without_a_consent_that_holds() {
    let with = |change: &dyn Fn(&mut Consent)| {
        let mut settings = consenting();
        settings.rtbh.as_mut().map(change);
        settings
    };
    let cases: [(&str, Settings); 9] = [
        ("there is none", settings()),
        ("name who agreed", with(&|consent| consent.noc = " ".into())),
        ("name who agreed", with(&|consent| consent.noc = "NOC\nroute 192.0.2.9/32".into())),
        ("has expired", with(&|consent| consent.until = now())),
        ("a second and a day", with(&|consent| consent.longest = 0)),
        ("a second and a day", with(&|consent| consent.longest = 86_401)),
        ("names no next hop", with(&|consent| (consent.next_hop_v4, consent.next_hop_v6) = (None, None))),
        ("not the address of a host", with(&|consent| consent.next_hop_v4 = Some([0, 0, 0, 0].into()))),
        ("no session of BGP", with(&|consent| consent.neighbour.as_mut().unwrap().peer_as = 0)),
    ];
    for format in [Format::ExaBgp, Format::GoBgp] {
        assert!(format.announces());
        for (words, settings) in &cases {
            let refused = refusal(format, &blocks(), settings);
            assert!(refused.contains(words), "{format:?}: {refused:?} does not say {words:?}");
        }
        // Three addresses are on the list.
        let few = with(&|consent| consent.max_prefixes = 2);
        assert!(refusal(format, &blocks(), &few).contains("3 routes are more than the 2"), "{format:?}");
    }
    let alone = with(&|consent| consent.neighbour = None);
    assert!(refusal(Format::ExaBgp, &blocks(), &alone).contains("names no neighbour"));
    assert_eq!(write(Format::GoBgp, &blocks(), &alone).1.entries, 3);
}

#[test]
fn only_hosts_that_end_soon_and_are_not_routers_are_announced() {
    let mut lasting = block(1, Kind::Ipv4, "192.0.2.1");
    lasting.until = now().plus_seconds(86_401);
    let list = [
        lasting,
        block(2, Kind::Cidr, "203.0.113.0/24"),
        block(3, Kind::Ipv4, "192.0.2.254"),
        block(4, Kind::Ipv4, "192.0.2.253"),
        block(5, Kind::Ipv6, "2001:db8::ffff"),
        block(6, Kind::Ipv4, "192.0.2.2"),
        block(7, Kind::Domain, "evil.example"),
    ];
    let wanted = [
        (0, LeftOut::TooLasting),
        (1, LeftOut::Kind),
        (2, LeftOut::Outside),
        (3, LeftOut::Outside),
        (4, LeftOut::Outside),
        (6, LeftOut::Kind),
    ];
    for format in [Format::ExaBgp, Format::GoBgp] {
        let (text, written) = write(format, &list, &consenting());
        assert_eq!((written.entries, &written.left_out[..]), (1, &wanted[..]), "{format:?}");
        assert!(text.contains("# Replace before: 2026-11-26T00:00:00.000Z\n"), "{format:?}");
    }
    let mut settings = consenting();
    if let Some(consent) = &mut settings.rtbh {
        consent.next_hop_v6 = None;
    }
    let six = [block(1, Kind::Ipv6, "2001:db8::1")];
    assert_eq!(write(Format::GoBgp, &six, &settings).1.left_out, [(0, LeftOut::Outside)]);
    let neighbour = settings.rtbh.unwrap().neighbour.unwrap();
    assert!(matches!(neighbour.peer, IpAddr::V4(_)));
}

#[test]
fn an_action_that_a_format_cannot_say_is_refused() {
    let garden = Action::Garden("block.test".into());
    for (format, actions) in [
        (Format::Dnsmasq, vec![Action::NoData, Action::Drop, garden.clone()]),
        (Format::Knot, vec![garden]),
        (Format::Hosts, vec![Action::PassThru]),
        (Format::Nftables, vec![Action::PassThru]),
        (Format::Adblock, vec![Action::PassThru]),
        (Format::SquidDomains, vec![Action::PassThru]),
        (Format::Stix, vec![Action::PassThru]),
    ] {
        for action in actions {
            let mut settings = settings();
            settings.action = action.clone();
            let error = format.write(&blocks(), &settings, &mut Vec::new());
            assert!(matches!(error, Err(WriteError::Action { .. })), "{format:?} {action:?}");
        }
    }
}

#[test]
fn hostile_values_are_left_out_of_every_format() {
    let cases = [
        (Kind::Domain, "evil.example\" static\nlocal-zone: \"ok.test", LeftOut::Value),
        (Kind::Domain, "evil.example\0.test", LeftOut::Value),
        (Kind::Domain, "-x.example", LeftOut::Value),
        (Kind::Domain, "*.example", LeftOut::Value),
        (Kind::Domain, "evil.example#", LeftOut::Value),
        (Kind::Domain, "evil.example/", LeftOut::Value),
        (Kind::Domain, "bücher.example", LeftOut::Value),
        (Kind::Domain, "example", LeftOut::Value),
        (Kind::Domain, "Evil.example", LeftOut::Value),
        (Kind::Domain, "evil..example", LeftOut::Value),
        (Kind::Domain, "1.2.3.4", LeftOut::Value),
        (Kind::Domain, "printer.local", LeftOut::Special),
        (Kind::Ipv4, "192.0.2.1/0", LeftOut::Value),
        (Kind::Ipv4, "192.0.2.1; flush ruleset", LeftOut::Value),
        (Kind::Ipv4, "127.0.0.1", LeftOut::Special),
        (Kind::Ipv4, "0.0.0.0", LeftOut::Special),
        (Kind::Ipv6, "::1", LeftOut::Special),
        (Kind::Cidr, "0.0.0.0/0", LeftOut::TooWide),
        (Kind::Cidr, "10.0.0.0/8", LeftOut::Special),
        (Kind::Cidr, "203.0.113.1/24", LeftOut::Value),
        (Kind::Url, "http://evil.example/a\nhttp://ok.test/", LeftOut::Value),
        (Kind::Url, "http://ok.test@evil.example/", LeftOut::Value),
        (Kind::Url, "javascript://evil.example/", LeftOut::Kind),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427", LeftOut::Value),
    ];
    let list: Vec<Block> =
        (1u8..).zip(&cases).map(|(number, (kind, value, _))| block(number, kind.clone(), value)).collect();
    let wanted: Vec<(usize, LeftOut)> = cases.iter().map(|case| case.2).enumerate().collect();
    for format in [Format::Json, Format::Stix, Format::MispEvent] {
        let written = write(format, &list, &consenting()).1;
        assert_eq!((written.entries, written.left_out), (0, wanted.clone()), "{format:?}");
    }
    for format in Format::all() {
        assert_eq!(write(format, &list, &consenting()).1.entries, 0, "{format:?}");
    }
}

#[test]
fn an_entry_without_reason_or_with_its_end_behind_it_is_left_out() {
    let mut list = vec![
        block(1, Kind::Domain, "a.test"),
        block(2, Kind::Domain, "b.test"),
        block(3, Kind::Domain, "c.test"),
    ];
    list[0].reason = " \n".into();
    list[1].until = now();
    list[2].since = list[2].until;
    for format in [Format::Hosts, Format::Rpz, Format::Json, Format::Stix, Format::MispEvent, Format::Zeek] {
        let wanted = [(0, LeftOut::NoReason), (1, LeftOut::Expired), (2, LeftOut::NoExpiry)];
        assert_eq!(write(format, &list, &settings()).1.left_out, wanted, "{format:?}");
    }
}

#[test]
fn names_that_mean_something_to_a_policy_zone_stay_out_of_it() {
    let long = format!("{}.{}.{}.example", "a".repeat(63), "b".repeat(63), "c".repeat(60));
    let list = [
        block(1, Kind::Domain, "32.1.2.0.192.rpz-ip"),
        block(2, Kind::Domain, "ns.evil.rpz-nsdname"),
        block(3, Kind::Domain, &format!("{long}.{}", "d".repeat(45))),
    ];
    for format in [Format::Rpz, Format::Knot] {
        let wanted = [(0, LeftOut::Value), (1, LeftOut::Value), (2, LeftOut::TooLong)];
        assert_eq!(write(format, &list, &settings()).1.left_out, wanted, "{format:?}");
    }
}
