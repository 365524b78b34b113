//! Addresses as numbers, ranges, and those of nobody.

#![allow(clippy::expect_used, reason = "a test may stop at what it did not expect")]

use std::net::IpAddr;

use rempart_model::observable::address::{from_u128, is_special, range, to_u128};
use rempart_model::{Kind, Observable};

fn number(address: &str) -> u128 {
    to_u128(address.parse().expect(address))
}

#[test]
fn ranges() {
    for (text, first, last) in [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.0", "192.0.2.255"),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
        ("2001:db8::/126", "2001:db8::", "2001:db8::3"),
        ("2001:db8::9", "2001:db8::9", "2001:db8::9"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::fffe:0:0/95", "::fffe:0:0", "255.255.255.255"),
    ] {
        let observable = Observable::parse(&Kind::Cidr, text).expect(text);
        assert_eq!(range(&observable), Some((number(first), number(last))), "{text}");
    }
    let domain = Observable::parse(&Kind::Domain, "evil.example").expect("a domain");
    assert_eq!(range(&domain), None);
    for broken in ["192.0.2.0/999999999999", "192.0.2.0/4294967295", "192.0.2.0/77", "::/200", "x/1", "1"] {
        assert_eq!(range(&Observable::from_canonical(Kind::Cidr, broken)), None, "{broken}");
    }
}

#[test]
fn numbers_and_addresses_are_the_same() {
    for text in ["192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "::fffe:ffff:ffff"] {
        let address: IpAddr = text.parse().expect(text);
        assert_eq!(from_u128(to_u128(address)), address);
    }
    assert_eq!(number("::ffff:192.0.2.1"), number("192.0.2.1"));
}

#[test]
fn special_ranges_have_names_to_their_last_address_and_no_further() {
    for (first, last, name) in [
        ("0.0.0.0", "0.255.255.255", Some("this network")),
        ("1.0.0.0", "9.255.255.255", None),
        ("10.0.0.0", "10.255.255.255", Some("private")),
        ("11.0.0.0", "100.63.255.255", None),
        ("100.64.0.0", "100.127.255.255", Some("carrier-grade NAT")),
        ("100.128.0.0", "126.255.255.255", None),
        ("127.0.0.0", "127.255.255.255", Some("loopback")),
        ("169.254.0.0", "169.254.255.255", Some("link-local")),
        ("172.15.255.255", "172.15.255.255", None),
        ("172.16.0.0", "172.31.255.255", Some("private")),
        ("172.32.0.0", "172.32.0.0", None),
        ("192.0.2.0", "192.0.2.255", Some("documentation")),
        ("192.168.0.0", "192.168.255.255", Some("private")),
        ("198.18.0.0", "198.19.255.255", Some("benchmarking")),
        ("198.20.0.0", "198.20.0.0", None),
        ("198.51.100.0", "198.51.100.255", Some("documentation")),
        ("203.0.113.0", "203.0.113.255", Some("documentation")),
        ("223.255.255.255", "223.255.255.255", None),
        ("224.0.0.0", "233.251.255.255", Some("multicast")),
        ("233.252.0.0", "233.252.0.255", Some("documentation")),
        ("233.252.1.0", "239.255.255.255", Some("multicast")),
        ("240.0.0.0", "255.255.255.254", Some("reserved")),
        ("255.255.255.255", "255.255.255.255", Some("broadcast")),
        ("::", "::", Some("unspecified")),
        ("::1", "::1", Some("loopback")),
        ("::2", "::fffe:ffff:ffff", Some("reserved")),
        ("64:ff9b::", "64:ff9b::ffff:ffff", None),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Some("private")),
        ("100::", "100::ffff:ffff:ffff:ffff", Some("discard")),
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Some("benchmarking")),
        ("2001:5::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Some("reserved")),
        ("2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("documentation")),
        ("2001:db9::", "2620:4f:7fff::", None),
        ("2620:4f:8000::", "2620:4f:8000:ffff::", Some("AS112 service")),
        ("2a00::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Some("documentation")),
        ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("reserved")),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("private")),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("link-local")),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("multicast")),
    ] {
        for address in [first, last] {
            assert_eq!(is_special(number(address)), name, "{address}");
        }
    }
}
