//! ExaBGP's configuration and the commands for GoBGP.

use super::body;
use super::shared::{address, id};

/// A host route.
fn prefix(text: &str) -> String {
    let (host, length) = text.split_once('/').unwrap();
    let target = address(host);
    assert_eq!(length, if target.starts_with("ipv4") { "32" } else { "128" }, "{text:?} is no host route");
    target
}

fn hop(text: &str) {
    assert!(matches!(text, "192.0.2.254" | "2001:db8::ffff"), "{text:?} is no next hop that was agreed on");
}

pub(super) fn exabgp(text: &str) -> Vec<String> {
    let mut lines = body(text, "#");
    assert!(lines.next().unwrap().starts_with("# Agreed: NOC of Testland"));
    assert!(lines.next().unwrap().starts_with("# Replace before: 2026-"));
    let head = [
        "neighbor 192.0.2.253 {",
        "  router-id 192.0.2.252;",
        "  local-address 192.0.2.252;",
        "  local-as 64496;",
        "  peer-as 64496;",
        "  family {",
        "    ipv4 unicast;",
        "    ipv6 unicast;",
        "  }",
        "  static {",
    ];
    for line in head {
        assert_eq!(lines.next(), Some(line));
    }
    let mut targets = Vec::new();
    for line in lines.by_ref() {
        if line == "  }" {
            break;
        }
        if let Some(comment) = line.strip_prefix("    # ") {
            id(comment.split(' ').next().unwrap());
            continue;
        }
        let words: Vec<&str> = line.strip_prefix("    route ").unwrap().split(' ').collect();
        let [route, "next-hop", next, "community", "[65535:666", "65535:65281];"] = words[..] else {
            panic!("{line:?}")
        };
        hop(next);
        targets.push(prefix(route));
    }
    assert_eq!((lines.next(), lines.next()), (Some("}"), None));
    targets
}

pub(super) fn gobgp(text: &str) -> Vec<String> {
    let mut lines = body(text.strip_prefix("#!/bin/sh\n").unwrap(), "#");
    assert!(lines.next().unwrap().starts_with("# Agreed: NOC of Testland"));
    assert!(lines.next().unwrap().starts_with("# Replace before: 2026-"));
    let head = [
        "set -eu",
        ": \"${GOBGP:=gobgp}\"",
        "$GOBGP global rib del all -a ipv4",
        "$GOBGP global rib del all -a ipv6",
    ];
    for line in head {
        assert_eq!(lines.next(), Some(line));
    }
    let late = lines.next().and_then(|line| line.strip_prefix("if [ \"$(date +%s)\" -ge ")).unwrap();
    assert!(late.strip_suffix(" ]; then").unwrap().parse::<u64>().unwrap() > 1_700_000_000, "{late:?}");
    assert!(lines.next().unwrap().starts_with("  echo 'these routes have ended"));
    assert_eq!((lines.next(), lines.next()), (Some("  exit 1"), Some("fi")));
    let mut targets = Vec::new();
    for line in lines {
        if let Some(comment) = line.strip_prefix("# ") {
            id(comment.split(' ').next().unwrap());
            continue;
        }
        let words: Vec<&str> = line.strip_prefix("$GOBGP global rib add -a ").unwrap().split(' ').collect();
        let [family, route, "nexthop", next, "community", "65535:666,65535:65281"] = words[..] else {
            panic!("{line:?}")
        };
        let target = prefix(route);
        assert!(target.starts_with(family), "{line:?}");
        hop(next);
        targets.push(target);
    }
    targets
}
