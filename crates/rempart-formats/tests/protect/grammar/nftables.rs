//! Plain addresses and nftables (nft(8), "SETS" and "SET STATEMENT").

use super::body;
use super::shared::{address, id, network};

pub(super) fn addresses(text: &str) -> Vec<String> {
    body(text, "#").map(|line| if line.contains('/') { network(line) } else { address(line) }).collect()
}

pub(super) fn sets(text: &str, list: &str) -> Vec<String> {
    let mut lines = body(text, "#");
    assert_eq!(lines.next(), Some("add table inet rempart"));
    let sets = [("ipv4", "4", "timeout"), ("ipv6", "6", "timeout")];
    let nets = [("net4", "4", "interval, timeout"), ("net6", "6", "interval, timeout")];
    for (name, version, flags) in sets.into_iter().chain(nets) {
        let head = format!("add set inet rempart {list}-{name} {{ type ipv{version}_addr; flags {flags}; }}");
        assert_eq!(lines.next().unwrap(), head);
        assert_eq!(lines.next().unwrap(), format!("flush set inet rempart {list}-{name}"));
    }
    let mut targets = Vec::new();
    while let Some(line) = lines.next() {
        let rest = line.strip_prefix(&format!("add element inet rempart {list}-")).unwrap();
        let set = rest.strip_suffix(" {").unwrap();
        loop {
            let line = lines.next().unwrap();
            if line == "}" {
                break;
            }
            let words: Vec<&str> = line.strip_prefix("  ").unwrap().split(' ').collect();
            let [value, "timeout", seconds, "comment", comment] = words[..] else { panic!("{line:?}") };
            let seconds: u64 = seconds.strip_suffix('s').unwrap().parse().unwrap();
            assert!((1..100_000_000).contains(&seconds), "{line:?} stays for ever, or has too many digits");
            id(comment.strip_prefix('"').and_then(|rest| rest.strip_suffix("\",")).unwrap());
            let target = if value.contains('/') { network(value) } else { address(value) };
            let (kind, six) = (set.starts_with("net"), set.ends_with('6'));
            assert_eq!((target.starts_with("cidr"), value.contains(':')), (kind, six), "{line:?} in {set}");
            targets.push(target);
        }
    }
    targets
}
