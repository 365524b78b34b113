//! Look-ups within one process: the index opened, and asked value by value.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Instant;

use rempart_matching::index::{Matcher, Wanted};
use rempart_model::Timestamp;

use super::sample::Lists;
use crate::sample::Numbers;

/// Values of each kind that are looked up, half of them listed.
const VALUES: usize = 1_000_000;
const ROUNDS: usize = 5;

/// What was measured.
pub(super) struct Lookups {
    /// Microseconds that opening took.
    pub(super) open: f64,
    /// Addresses a second.
    pub(super) addresses: f64,
    /// Domains a second, parents walked.
    pub(super) domains: f64,
}

/// Addresses of which every other one is listed.
fn addresses(lists: &Lists) -> Vec<IpAddr> {
    let (mut numbers, mut draws) = (Numbers::new(41), Numbers::new(43));
    let all = (0..VALUES).map(|at| {
        let place = (numbers.next() >> 8) as usize % lists.addresses.len().max(1);
        let listed = lists.addresses.get(place).filter(|_| at % 2 == 0).copied();
        IpAddr::V4(Ipv4Addr::from_bits(listed.unwrap_or_else(|| lists.unlisted(&mut draws))))
    });
    all.collect()
}

/// Names of which every other one is listed, or below one that is.
pub(super) fn names(lists: &Lists, count: usize) -> Vec<String> {
    let (mut numbers, mut draws) = (Numbers::new(47), Numbers::new(53));
    let all = (0..count).map(|at| {
        let place = (numbers.next() >> 8) as usize % lists.domains.len().max(1);
        let mut name = String::from(["", "www.", "a.b."][at / 2 % 3]);
        match lists.domains.get(place).filter(|_| at % 2 == 0) {
            Some(listed) => name.push_str(listed),
            None => {
                name.clear();
                Lists::usual(&mut draws, &mut name);
            }
        }
        name
    });
    all.collect()
}

/// Asks an index; every answer is compared with what is listed.
pub(super) fn run(index: &Path, lists: &Lists) -> anyhow::Result<Lookups> {
    let mut open = f64::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        black_box(Matcher::open(index)?);
        open = open.min(started.elapsed().as_secs_f64() * 1e6);
    }
    let matcher = Matcher::open(index)?;
    let finder = matcher.finder(Wanted::at(Timestamp::from_micros(1)));
    let addresses = addresses(lists);
    let names = names(lists, VALUES);
    // One block of memory, as a log is.
    let text = names.concat();
    let mut ends = 0;
    let names: Vec<&[u8]> = (names.iter())
        .filter_map(|name| {
            let from = ends;
            ends += name.len();
            text.as_bytes().get(from..ends)
        })
        .collect();
    let (mut by_address, mut by_name) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut found = 0;
        finder.addresses(&addresses, |_, entry| found += usize::from(!entry.is_exact() || black_box(true)));
        by_address = by_address.max(addresses.len() as f64 / started.elapsed().as_secs_f64());
        anyhow::ensure!(found == addresses.len() / 2, "{found} of {} addresses", addresses.len() / 2);
        let started = Instant::now();
        let mut found = 0;
        finder.domains(&names, |_, entry| found += usize::from(!entry.is_exact() || black_box(true)));
        by_name = by_name.max(names.len() as f64 / started.elapsed().as_secs_f64());
        anyhow::ensure!(found == names.len() / 2, "{found} of {} names", names.len() / 2);
    }
    Ok(Lookups { open, addresses: by_address, domains: by_name })
}
