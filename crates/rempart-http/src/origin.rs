//! Which address a request comes from, for counting failed attempts.

use std::net::IpAddr;

/// The address to count by: the peer's, or what a trusted proxy says of it.
pub(crate) fn origin(peer: IpAddr, forwarded_for: Option<&[u8]>, trusted: &[IpAddr]) -> String {
    let peer = peer.to_canonical();
    let forwarded = if trusted.iter().any(|proxy| proxy.to_canonical() == peer) {
        // Only the last address was put there by the proxy; those before it are the client's own words.
        forwarded_for
            .and_then(|header| header.rsplit(|byte| *byte == b',').next())
            .and_then(|text| std::str::from_utf8(text).ok())
            .and_then(|text| text.trim_ascii().parse::<IpAddr>().ok())
    } else {
        None
    };
    name(forwarded.unwrap_or(peer).to_canonical())
}

/// One customer commonly has a whole /64 of IPv6, so that its addresses count as one.
fn name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_trusted_proxies_alone() {
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        let table = [
            ("198.51.100.7", None, "198.51.100.7"),
            ("198.51.100.7", Some("203.0.113.9"), "198.51.100.7"),
            ("192.0.2.1", Some("203.0.113.9"), "203.0.113.9"),
            ("::ffff:192.0.2.1", Some("1.1.1.1, 203.0.113.9"), "203.0.113.9"),
            ("192.0.2.1", Some("203.0.113.9, nonsense"), "192.0.2.1"),
            ("192.0.2.1", None, "192.0.2.1"),
            ("192.0.2.1", Some("2001:db8:1:2:3::4"), "2001:db8:1:2::/64"),
            ("2001:db8::1", None, "2001:db8:0:0::/64"),
            ("::ffff:198.51.100.7", None, "198.51.100.7"),
        ];
        for (peer, header, expected) in table {
            let found = origin(peer.parse().unwrap(), header.map(str::as_bytes), &[proxy]);
            assert_eq!(found, expected, "{peer} {header:?}");
        }
    }
}
