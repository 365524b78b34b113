//! What blocks stopped: lines of resolvers' logs and requests for the walled garden, counted by day and country.
//! Who asked is looked at for its country and forgotten.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::net::IpAddr;

use rempart_model::{BlockId, Kind, Observable, Timestamp};
use rempart_store::{BlockHits, Role};
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

/// Longest line of a log, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// Counts that are gathered before they are written.
const GATHERED: usize = 10_000;
/// The country of an address of which none is known (ISO 3166-1 leaves it to users).
const UNKNOWN: &str = "ZZ";
/// Microseconds of a day.
const DAY: i64 = 86_400 * 1_000_000;

/// What became of the lines of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HitsTaken {
    /// Lines that were read.
    pub lines: u64,
    /// Lines that tell of a block in force.
    pub hits: u64,
    /// Lines that tell of a blocked name which is not blocked by this publisher now.
    pub unknown: u64,
    /// Lines that tell of nothing blocked.
    pub others: u64,
}

/// What a line of a resolver's log says: which name was asked for, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line<'l> {
    name: &'l str,
    client: Option<IpAddr>,
}

/// Reads a line of the log of BIND (category `rpz`), Unbound (`rpz-log: yes`) or Knot Resolver, or one of
/// `name<TAB>client`.
fn read(line: &str) -> Option<Line<'_>> {
    bind(line).or_else(|| unbound(line)).or_else(|| plain(line))
}

/// `client @0x7f 192.0.2.1#53124 (www.evil.example): rpz QNAME NXDOMAIN rewrite www.evil.example/A/IN via …`
fn bind(line: &str) -> Option<Line<'_>> {
    let (before, after) =
        line.split_once(": rpz QNAME ").or_else(|| line.split_once(": disabled rpz QNAME "))?;
    let (_, rewritten) = after.split_once(" rewrite ")?;
    let name = rewritten.split([' ', '/']).next()?;
    let client = before.split(' ').find_map(|word| word.split_once('#')?.0.parse().ok());
    Some(Line { name, client })
}

/// `rpz: applied [name] evil.example. rpz-nxdomain 192.0.2.1@53124 www.evil.example. A IN`
fn unbound(line: &str) -> Option<Line<'_>> {
    let (_, after) = line.split_once("rpz: applied ")?;
    let mut words = after.split_whitespace().skip_while(|word| !word.contains('@'));
    let client = words.next()?.split_once('@')?.0.parse().ok();
    Some(Line { name: words.next()?, client })
}

fn plain(line: &str) -> Option<Line<'_>> {
    let (name, client) = line.split_once('\t')?;
    Some(Line { name, client: Some(client.trim().parse().ok()?) })
}

impl App {
    /// Counts what the lines of a resolver's log say that was stopped.
    ///
    /// # Errors
    /// Where the caller may not, the input cannot be read, or the counts cannot be written; what was counted by
    /// then stays.
    pub fn take_hits(&self, caller: &Caller, input: &mut dyn Read) -> Result<HitsTaken, ServiceError> {
        caller.require(Role::Analyst)?;
        let mut reader = std::io::BufReader::with_capacity(1 << 20, input);
        let mut taken = HitsTaken::default();
        let mut counts: HashMap<(BlockId, Box<str>), u64> = HashMap::new();
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let broken =
                |error: std::io::Error| ServiceError::Unavailable(format!("cannot read the log: {error}"));
            if (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(broken)? == 0 {
                break;
            }
            taken.lines += 1;
            let text = String::from_utf8_lossy(&bytes);
            let Some(line) = read(text.trim_end()) else {
                taken.others += 1;
                continue;
            };
            let Some(block) = self.block_above(line.name)? else {
                taken.unknown += 1;
                continue;
            };
            taken.hits += 1;
            *counts.entry((block, self.country_of(line.client))).or_default() += 1;
            if counts.len() >= GATHERED {
                self.count(&mut counts)?;
            }
        }
        self.count(&mut counts)?;
        Ok(taken)
    }

    /// Counts a visit to the page of a block.
    ///
    /// # Errors
    /// Where the count cannot be written.
    pub fn count_visit(&self, block: BlockId, client: IpAddr) -> Result<(), ServiceError> {
        if self.store.block(block)?.is_none() {
            return Ok(());
        }
        let mut counts = HashMap::from([((block, self.country_of(Some(client))), 1)]);
        self.count(&mut counts)
    }

    fn count(&self, counts: &mut HashMap<(BlockId, Box<str>), u64>) -> Result<(), ServiceError> {
        let now = self.now();
        let day = now.micros().div_euclid(DAY);
        let hits: Vec<BlockHits> = counts
            .drain()
            .map(|((block, country), count)| BlockHits { block, day, country, count })
            .collect();
        if !hits.is_empty() {
            self.store.count_hits(&hits, now)?;
        }
        Ok(())
    }

    /// The block that stopped a question for a name: its own, or that of a name above it.
    fn block_above(&self, name: &str) -> Result<Option<BlockId>, ServiceError> {
        let Ok(observable) = Observable::parse(&Kind::Domain, name.trim_end_matches('.')) else {
            return Ok(None);
        };
        let mut name = observable.value();
        loop {
            let above = Observable::from_canonical(Kind::Domain, name);
            if let Some(block) = self.store.block_of(&above)? {
                return Ok(Some(block.id));
            }
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => return Ok(None),
            }
        }
    }

    fn country_of(&self, client: Option<IpAddr>) -> Box<str> {
        let country = client.and_then(|client| self.tables.countries.country(client));
        country.map_or_else(|| UNKNOWN.into(), |country| country.to_string().into())
    }

    /// What a block stopped: how often on each day since `from`.
    pub(super) fn hits_of(&self, block: BlockId) -> Result<Vec<(Timestamp, Box<str>, u64)>, ServiceError> {
        let hits = self.store.hits(block)?;
        let day = |hit: &BlockHits| Timestamp::from_micros(hit.day.saturating_mul(DAY));
        Ok(hits.into_iter().map(|hit| (day(&hit), hit.country.clone(), hit.count)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_resolvers_are_read() {
        let client = |text: &str| Some(text.parse().unwrap());
        for (line, name, from) in [
            (
                "26-Nov-2026 03:00:00.000 client @0x7f11 192.0.2.1#53124 (www.evil.example): rpz QNAME NXDOMAIN \
                 rewrite www.evil.example/A/IN via www.evil.example.malware.rpz.csirt.example",
                "www.evil.example",
                client("192.0.2.1"),
            ),
            (
                "[1764121200] unbound[77:0] info: rpz: applied [malware] *.evil.example. rpz-nxdomain 2001:db8::1@40000 \
                 www.evil.example. A IN",
                "www.evil.example.",
                client("2001:db8::1"),
            ),
            ("evil.example\t192.0.2.7", "evil.example", client("192.0.2.7")),
        ] {
            assert_eq!(read(line), Some(Line { name, client: from }), "{line}");
        }
        for line in
            ["", "client 192.0.2.1#5 (a.example): query: a.example IN A", "evil.example nobody", "\t\t"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
