//! Address ranges `first-last`, as the smallest set of networks that covers exactly them.

use std::net::IpAddr;

use rempart_model::{Kind, Observable};

/// Most networks that one range may become. An IPv4 range needs 62 at most.
const MOST: usize = 64;

/// Why a text that looks like a range is none that can be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Two families.
    #[error("the range begins in one address family and ends in the other")]
    Family,
    /// Last before first.
    #[error("the range ends before it begins")]
    Order,
    /// Only possible with IPv6.
    #[error("the range needs more than {MOST} networks; write it as networks")]
    Ragged,
}

/// The networks of `first-last`; `None` where the text is not of that form.
pub fn parse(text: &str) -> Option<Result<Vec<Observable>, RangeError>> {
    let (first, last) = text.split_once(['-', '–'])?;
    let (first, last): (IpAddr, IpAddr) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    Some(match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            networks(u128::from(first.to_bits()), u128::from(last.to_bits()), 32)
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => networks(first.to_bits(), last.to_bits(), 128),
        _ => Err(RangeError::Family),
    })
}

/// Takes the largest aligned block again and again.
fn networks(first: u128, last: u128, width: u32) -> Result<Vec<Observable>, RangeError> {
    if last < first {
        return Err(RangeError::Order);
    }
    let mut found = Vec::new();
    let mut next = first;
    loop {
        if found.len() == MOST {
            return Err(RangeError::Ragged);
        }
        let left = last - next;
        // The block of 2^bits addresses must be aligned and must not reach beyond the last one.
        let fits = if left == u128::MAX { 128 } else { (left + 1).ilog2() };
        let bits = next.trailing_zeros().min(width).min(fits);
        let address = if width == 32 {
            std::net::Ipv4Addr::from_bits(u32::try_from(next).unwrap_or(u32::MAX)).to_string()
        } else {
            std::net::Ipv6Addr::from_bits(next).to_string()
        };
        let text = format!("{address}/{}", width - bits);
        match Observable::parse(&Kind::Cidr, &text) {
            Ok(network) => found.push(network),
            Err(_) => return Err(RangeError::Ragged),
        }
        let size = 1u128.checked_shl(bits).unwrap_or(0).wrapping_sub(1);
        if left <= size {
            return Ok(found);
        }
        next += size + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        parse(text).unwrap().unwrap().iter().map(|network| network.value().to_owned()).collect()
    }

    #[test]
    fn a_range_becomes_the_networks_that_cover_exactly_it() {
        assert_eq!(values("192.0.2.0-192.0.2.255"), ["192.0.2.0/24"]);
        assert_eq!(values("192.0.2.1 - 192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(values("192.0.2.5-192.0.2.8"), ["192.0.2.5", "192.0.2.6/31", "192.0.2.8"]);
        assert_eq!(values("0.0.0.1-255.255.255.254").len(), 62);
        assert_eq!(values("2001:db8::-2001:db8::ffff"), ["2001:db8::/112"]);
        assert_eq!(parse("192.0.2.9-192.0.2.1"), Some(Err(RangeError::Order)));
        assert_eq!(parse("192.0.2.9-2001:db8::1"), Some(Err(RangeError::Family)));
        assert_eq!(parse("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), Some(Err(RangeError::Ragged)));
        assert_eq!(parse("my-host.example"), None);
    }

    proptest::proptest! {
        #[test]
        fn the_networks_are_adjacent_and_cover_the_range(a: u32, b: u32) {
            let (first, last) = (a.min(b), a.max(b));
            let text = format!("{}-{}", std::net::Ipv4Addr::from(first), std::net::Ipv4Addr::from(last));
            let mut next = u64::from(first);
            for value in values(&text) {
                let (address, prefix) = value.split_once('/').unwrap_or((&value, "32"));
                let address: std::net::Ipv4Addr = address.parse().unwrap();
                assert_eq!(u64::from(address.to_bits()), next);
                next += 1 << (32 - prefix.parse::<u32>().unwrap());
            }
            assert_eq!(next, u64::from(last) + 1);
        }
    }
}
