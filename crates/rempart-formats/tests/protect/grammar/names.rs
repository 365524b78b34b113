//! Hosts files, lists, AdBlock, dnsmasq, Unbound, zones, Squid.

use super::body;
use super::shared::{address, id, name, url};

pub(super) fn hosts(text: &str) -> Vec<String> {
    body(text, "#").map(|line| name(line.strip_prefix("0.0.0.0 ").unwrap())).collect()
}

pub(super) fn domains(text: &str) -> Vec<String> {
    body(text, "#").map(name).collect()
}

pub(super) fn squid_domains(text: &str) -> Vec<String> {
    body(text, "#").map(|line| name(line.strip_prefix('.').unwrap())).collect()
}

pub(super) fn squid_urls(text: &str) -> Vec<String> {
    body(text, "#").map(url).collect()
}

pub(super) fn adblock(text: &str) -> Vec<String> {
    let text = text.strip_prefix("[Adblock Plus 2.0]\n! Expires: 1 hours\n").unwrap();
    let rule = |line: &str| {
        if let Some(inside) = line.strip_prefix("||").and_then(|rest| rest.strip_suffix('^')) {
            if let Some(inside) = inside.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                return address(inside);
            }
            return if inside.parse::<std::net::Ipv4Addr>().is_ok() { address(inside) } else { name(inside) };
        }
        let inside = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')).unwrap();
        assert!(!inside.contains(['|', '^', '*', '$']), "{line:?} is a pattern");
        url(inside)
    };
    body(text, "!").map(rule).collect()
}

pub(super) fn dnsmasq(text: &str) -> Vec<String> {
    let line =
        |line: &str| name(line.strip_prefix("address=/").and_then(|rest| rest.strip_suffix('/')).unwrap());
    body(text, "#").map(line).collect()
}

pub(super) fn unbound(text: &str) -> Vec<String> {
    let mut lines = body(text, "#");
    assert_eq!(lines.next(), Some("server:"));
    let zone = |line: &str| {
        let rest = line.strip_prefix("  local-zone: \"").unwrap();
        let (zone, comment) = rest.split_once(".\" always_nxdomain # ").unwrap();
        id(comment);
        name(zone)
    };
    lines.map(zone).collect()
}

/// A zone: the head, then each name and its wildcard.
pub(super) fn zone(text: &str, zone: &str) -> Vec<String> {
    let mut lines = body(text, ";");
    assert_eq!(lines.next().unwrap(), format!("$ORIGIN {zone}."));
    assert_eq!(lines.next(), Some("$TTL 60"));
    assert_eq!(lines.next(), Some("@ IN SOA localhost. nobody.invalid. 7 60 60 604800 60"));
    assert_eq!(lines.next(), Some("@ IN NS localhost."));
    let mut targets = Vec::new();
    while let Some(line) = lines.next() {
        let (record, comment) = line.split_once(" ; ").unwrap();
        id(comment);
        let owner = record.strip_suffix(" CNAME .").unwrap();
        assert_eq!(lines.next().unwrap(), format!("*.{owner} CNAME ."));
        assert!(format!("*.{owner}.{zone}").len() <= 253, "{owner:?} does not fit");
        assert!(!owner.rsplit('.').next().unwrap().starts_with("rpz-"), "{owner:?} is a trigger");
        targets.push(name(owner));
    }
    targets
}
