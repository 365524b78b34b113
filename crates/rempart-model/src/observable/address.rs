//! IP addresses and networks: one text for each, whatever way it was written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use super::special::is_special;
use super::{Kind, Observable, Reason, bounded, defang::refang, domain::is_port, visible};

/// Where IPv4 stands inside IPv6: `::ffff:0:0/96` (RFC 4291, section 2.5.5.2).
pub(super) const MAPPED: u128 = 0xffff << 32;

/// Reads an address or a network.
pub(super) fn parse(text: &str) -> Result<Observable, Reason> {
    if let Some(address) = plain(text) {
        return Ok(address);
    }
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = refang(text);
    parse_refanged(visible(&refanged)?)
}

/// The fast way, for nearly every address of nearly every list: dotted decimal numbers without
/// leading zeros, which is how IPv4 is written here.
pub(super) fn plain(text: &str) -> Option<Observable> {
    text.parse::<Ipv4Addr>().is_ok().then(|| Observable::from_canonical(Kind::Ipv4, text))
}

pub(super) fn parse_refanged(text: &str) -> Result<Observable, Reason> {
    match text.split_once('/') {
        Some((address, mask)) => parse_network(address, mask),
        None => parse_address(text).map(observable),
    }
}

/// Reads an address, with its port where there is one; IPv4-mapped IPv6 addresses become IPv4.
pub(super) fn parse_address(text: &str) -> Result<IpAddr, Reason> {
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']').ok_or("has an opening bracket and no closing one")?;
            if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
                return Err("has something other than a port after its brackets".into());
            }
            inside
        }
        None => match text.split_once(':') {
            Some((address, port)) if is_port(port) && address.contains('.') => address,
            _ => text,
        },
    };
    parse_bare(address)
}

fn parse_bare(text: &str) -> Result<IpAddr, Reason> {
    if text.contains(':') {
        let unzoned = text.split_once('%').map_or(text, |(address, _zone)| address);
        let address: Ipv6Addr = unzoned.parse().map_err(|_| "is not an IPv6 address")?;
        return Ok(address.to_canonical());
    }
    text.parse::<Ipv4Addr>().map(IpAddr::V4).map_err(|_| why_not_ipv4(text))
}

fn why_not_ipv4(text: &str) -> Reason {
    let parts = || text.split('.');
    if parts().count() == 4
        && parts().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    {
        return if parts().any(|part| part.len() > 1 && part.starts_with('0')) {
            "is ambiguous: an IPv4 address with leading zeros is read as octal by some and as decimal by others"
                .into()
        } else {
            "is not an IPv4 address: a part is greater than 255".into()
        };
    }
    "is not an IP address".into()
}

/// Whether this was meant to be an address or a network, right or wrong: four numbers and three
/// dots, or an address before a slash and a number after it.
pub(super) fn is_meant(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('/') {
        Some((address, mask)) => {
            parse_bare(address).is_ok()
                && mask.split('.').all(number)
                && matches!(mask.split('.').count(), 1 | 4)
        }
        None => text.split('.').count() == 4 && text.split('.').all(number),
    }
}

fn parse_network(address: &str, mask: &str) -> Result<Observable, Reason> {
    let written = parse_bare(address)?;
    let length: u32 = match mask.parse::<Ipv4Addr>() {
        Ok(mask) if address.contains(':') => {
            return Err(format!("is an IPv6 network with the IPv4 mask {mask}").into());
        }
        Ok(mask) => {
            let bits = u32::from(mask);
            if bits.leading_ones() + bits.trailing_zeros().min(32) < 32 {
                return Err("has a mask with holes".into());
            }
            bits.leading_ones()
        }
        Err(_) if (1..=3).contains(&mask.len()) && mask.bytes().all(|byte| byte.is_ascii_digit()) => {
            mask.parse().map_err(|_| "has no prefix length after the slash")?
        }
        Err(_) => return Err("has no prefix length after the slash".into()),
    };
    // What was written as IPv6 counts its bits as IPv6, even where it means IPv4.
    let (longest, shift) = if address.contains(':') { (128, 0) } else { (32, 96) };
    if length > longest {
        return Err(format!("has a prefix length of {length}, where {longest} is the most").into());
    }
    let first = to_u128(written) & prefix_mask(length + shift);
    let length = length + shift;
    if length == 128 {
        return Ok(observable(from_u128(first)));
    }
    let text = if length >= 96 && first >> 32 == MAPPED >> 32 {
        format!("{}/{}", from_u128(first), length - 96)
    } else {
        format!("{}/{length}", Ipv6Addr::from(first))
    };
    Ok(Observable::from_canonical(Kind::Cidr, &text))
}

fn observable(address: IpAddr) -> Observable {
    let kind = if address.is_ipv4() { Kind::Ipv4 } else { Kind::Ipv6 };
    Observable::from_canonical(kind, &address.to_string())
}

fn prefix_mask(length: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0)
}

/// An address as a number; IPv4 stands at `::ffff:0:0/96`.
pub fn to_u128(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => MAPPED | u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address that a number stands for; the inverse of [`to_u128`].
pub fn from_u128(address: u128) -> IpAddr {
    Ipv6Addr::from(address).to_canonical()
}

/// The first and the last address that an [`Kind::Ipv4`], [`Kind::Ipv6`] or [`Kind::Cidr`]
/// observable stands for, as numbers (see [`to_u128`]); `None` for every other kind.
pub fn range(observable: &Observable) -> Option<(u128, u128)> {
    match observable.kind() {
        Kind::Ipv4 | Kind::Ipv6 => {
            let address = to_u128(observable.value().parse().ok()?);
            Some((address, address))
        }
        Kind::Cidr => {
            let (address, length) = observable.value().split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let length: u32 = length.parse().ok()?;
            let shift = if address.is_ipv4() { 96 } else { 0 };
            let length = length.checked_add(shift).filter(|length| *length <= 128)?;
            let mask = prefix_mask(length);
            let first = to_u128(address) & mask;
            Some((first, first | !mask))
        }
        _ => None,
    }
}
