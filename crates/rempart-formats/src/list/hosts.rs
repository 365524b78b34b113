//! Hosts files (`0.0.0.0 name`), as used for blocking.

use std::io::Read;
use std::net::IpAddr;

use rempart_model::{Claim, Kind, Observable};

use super::block::Block;
use super::{Outcome, each_line, inline_comment, plain};
use crate::{Context, DecodeError, Sink};

/// Names that a system's own hosts file maps; never records.
const OWN: [&str; 14] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost6",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
    "0.0.0.0",
];

/// Reads a hosts file. Only lines that point at nowhere (unspecified, loopback) block something;
/// a line that points elsewhere is rejected. Several names on a line are one record.
///
/// # Errors
/// Where the input cannot be read.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let mut block = Block::default();
    each_line(input, context, sink, &mut |line| {
        let line = line.trim();
        if line.is_empty() {
            return Outcome::Nothing;
        }
        if let Some(comment) = plain::comment(line) {
            block.comment(comment);
            return Outcome::Nothing;
        }
        block.value();
        read_line(line, &block)
    })
}

fn read_line(line: &str, block: &Block) -> Outcome<'static> {
    let (mapping, note) = inline_comment(line, &["#"]);
    let mut words = mapping.split_ascii_whitespace();
    let (address, names) = (words.next().unwrap_or_default(), words.collect::<Vec<_>>());
    match sink_address(address) {
        None if names.is_empty() => {
            // A name alone, as in lists that mix both forms.
            return match Observable::guess(address) {
                Ok(observable) => record(vec![observable], note, block),
                Err(_) => Outcome::Rejected(plain::why_not(address)),
            };
        }
        None => return Outcome::Rejected("the line does not begin with an IP address".into()),
        Some(false) => {
            return Outcome::Rejected("the line points a name at an address that is not a sink".into());
        }
        Some(true) => {}
    }
    let names: Vec<&str> = names.into_iter().filter(|name| !is_own(name)).collect();
    if names.is_empty() {
        return Outcome::Nothing;
    }
    let mut observables = Vec::new();
    let mut reason = None;
    for name in names {
        match Observable::parse(&Kind::Domain, name) {
            Ok(observable) => observables.push(observable),
            Err(error) => reason = reason.or(Some(format!("not a domain name: {error}").into())),
        }
    }
    match reason {
        Some(reason) if observables.is_empty() => Outcome::Rejected(reason),
        _ => record(observables, note, block),
    }
}

fn record(observables: Vec<Observable>, note: &str, block: &Block) -> Outcome<'static> {
    let claims = observables.into_iter().map(Claim::malicious).collect();
    let note = (!note.is_empty()).then(|| note.chars().take(1000).collect());
    plain::record(claims, note, block)
}

/// Whether a text is an address, and one that leads nowhere.
pub(crate) fn sink_address(text: &str) -> Option<bool> {
    let address: IpAddr = text.split('%').next()?.parse().ok()?;
    Some(match address {
        IpAddr::V4(v4) => v4.is_unspecified() || v4.is_loopback() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() || is_link_local(v6),
    })
}

fn is_link_local(address: std::net::Ipv6Addr) -> bool {
    address.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80)
}

fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}
