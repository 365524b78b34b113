//! Lists: one value a line, hosts files and AdBlock filters.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::values::{Kind, Maker, Value};
use super::{Made, file};

/// Lines of the list of addresses.
const ADDRESSES: usize = 3_000;
/// Networks among them.
const NETWORKS: usize = 40;
/// Lines of the hosts file.
const HOSTS: usize = 2_500;
/// Rules of the AdBlock list.
const RULES: usize = 1_500;
/// Rules that take a name out again.
const EXCEPTIONS: usize = 20;

/// Addresses and networks, some with a comment, and one line that names nothing.
pub(super) fn plain(maker: &mut Maker) -> std::io::Result<Made> {
    let mut values = maker.values(ADDRESSES - NETWORKS, &[Kind::Ipv4, Kind::Ipv4, Kind::Ipv4, Kind::Ipv6]);
    values.extend(maker.values(NETWORKS, &[Kind::Network]));
    let mut text = lines("Addresses that were seen attacking. Synthetic sample.", &values);
    text.push_str("/a/path/without/a/host\n");
    Ok(Made { files: file(text.into_bytes()), indicators: ADDRESSES, faults: 1 })
}

/// The list before this one once more: a mirror, which knows nothing of its own.
pub(super) fn mirror(maker: &mut Maker) -> std::io::Result<Made> {
    let text = lines("Mirror of another list. Synthetic sample.", &maker.previous);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes())?;
    Ok(Made { files: file(gzip.finish()?), indicators: maker.previous.len(), faults: 0 })
}

/// A plain list of `values`.
pub(super) fn lines(title: &str, values: &[Value]) -> String {
    let mut text = format!("# {title}\n");
    for (number, value) in values.iter().enumerate() {
        text.push_str(&value.text);
        if number % 10 == 0 {
            text.push_str(&format!(" # {}", value.threat.label));
        }
        text.push('\n');
    }
    text
}

/// A hosts file for blocking.
pub(super) fn hosts(maker: &mut Maker) -> std::io::Result<Made> {
    let mut text = String::from("# Synthetic sample.\n127.0.0.1 localhost\n::1 localhost\n");
    for value in maker.values(HOSTS, &[Kind::Domain]) {
        text.push_str(&format!("0.0.0.0 {}\n", value.text));
    }
    Ok(Made { files: file(text.into_bytes()), indicators: HOSTS, faults: 0 })
}

/// Filters of a browser extension, with exceptions, and one rule that hides a part of a page.
pub(super) fn adblock(maker: &mut Maker) -> std::io::Result<Made> {
    let mut text = String::from("[Adblock Plus 2.0]\n! Title: Synthetic sample\n! Expires: 1 day\n");
    for value in maker.values(RULES - EXCEPTIONS, &[Kind::Domain]) {
        let options = *maker.random.pick(&["", "", "$all", "$document"]);
        text.push_str(&format!("||{}^{options}\n", value.text));
    }
    for value in maker.values(EXCEPTIONS, &[Kind::Domain]) {
        text.push_str(&format!("@@||{}^\n", value.text));
    }
    text.push_str("outlet.example##.banner\n");
    Ok(Made { files: file(text.into_bytes()), indicators: RULES, faults: 1 })
}
