//! Address tables as CSV: `start,end,country` or `start,end,asn,organisation`.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use rempart_model::Country;

use super::{IpTable, Systems, Values};
use crate::ranges::{Address, NOTHING, Ranges};

/// Why a CSV file is not a table of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A line cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file has no line that says anything.
    #[error(
        "the table is empty: lines of the form start,end,country or start,end,asn,organisation are wanted"
    )]
    Empty,
    /// There are more lines than any table of the Internet needs.
    #[error("the table has more than {0} lines")]
    TooLong(usize),
}

/// More ranges than this are refused; the whole routing table of the Internet has about a million.
const MAX_LINES: usize = 8_000_000;

struct Row<A> {
    first: A,
    last: A,
    value: u32,
    line: usize,
}

impl IpTable {
    /// Reads CSV lines `start,end,country` (two letters) or `start,end,asn,organisation`; start and end
    /// are IPv4 or IPv6 addresses, both included. A first line of headings, blank lines and lines
    /// that begin with `#` are passed over; so are ranges of country `ZZ` or `-`. The order of the
    /// lines does not matter: where ranges overlap, the narrower one holds, and of two equal ones the
    /// later. The file replaces a bundled table, so any other line is an error.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, CsvError> {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        let mut values = Interned::default();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            if number > MAX_LINES {
                return Err(CsvError::TooLong(MAX_LINES));
            }
            let fail = |reason| CsvError::Line { line: number, reason };
            let line = std::str::from_utf8(line).map_err(|_| fail("not UTF-8"))?;
            let line = line.trim_matches(['\u{feff}', '\r', ' ']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.splitn(3, ',').map(|field| field.trim().trim_matches('"'));
            let (first, last) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            let rest = line.splitn(3, ',').nth(2).ok_or(fail("fewer than three columns"))?.trim();
            let ends = (first.parse::<IpAddr>(), last.parse::<IpAddr>());
            let (Ok(first), Ok(last)) = ends else {
                if number == 1 {
                    continue;
                }
                return Err(fail("the first two columns are not IP addresses"));
            };
            let Some(value) = values.intern(rest).map_err(fail)? else { continue };
            match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                    v4.push(Row { first: first.to_bits(), last: last.to_bits(), value, line: number });
                }
                (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                    v6.push(Row { first: first.to_bits(), last: last.to_bits(), value, line: number });
                }
                _ => return Err(fail("the range does not run from a lower to a higher address")),
            }
        }
        let values = values.finish().ok_or(CsvError::Empty)?;
        Ok(Self { v4: narrowest(&v4), v6: narrowest(&v6), values })
    }
}

/// Makes the ranges disjoint.
fn narrowest<A: Address>(rows: &[Row<A>]) -> Ranges<A> {
    // (address, whether a row begins there, the row's rank): the narrower, then the later, is first.
    let mut ranked: Vec<&Row<A>> = rows.iter().collect();
    ranked.sort_by_key(|row| (row.last.into() - row.first.into(), std::cmp::Reverse(row.line)));
    let mut events: Vec<(A, bool, usize)> = Vec::with_capacity(rows.len() * 2);
    for (rank, row) in ranked.iter().enumerate() {
        events.push((row.first, true, rank));
        if let Some(after) = row.last.next() {
            events.push((after, false, rank));
        }
    }
    events.sort_unstable();
    let mut open = BTreeSet::new();
    let mut starts = Vec::new();
    let mut values = Vec::new();
    for group in events.chunk_by(|a, b| a.0 == b.0) {
        for &(_, begins, rank) in group {
            if begins {
                open.insert(rank);
            } else {
                open.remove(&rank);
            }
        }
        let value = open.first().and_then(|rank| ranked.get(*rank)).map_or(NOTHING, |row| row.value);
        if let Some(&(start, _, _)) = group.first()
            && values.last().copied().unwrap_or(NOTHING) != value
        {
            starts.push(start);
            values.push(value);
        }
    }
    Ranges::from_changes(starts, values)
}

/// The values of a table, each once.
#[derive(Default)]
enum Interned {
    #[default]
    Nothing,
    Countries(Vec<Country>),
    Systems(Systems, HashMap<(u32, Box<str>), u32>),
}

impl Interned {
    /// The number of the value that the third column and what follows it stand for; `None` where
    /// they say that nothing is known.
    fn intern(&mut self, text: &str) -> Result<Option<u32>, &'static str> {
        let (head, name) = text.split_once(',').unwrap_or((text, ""));
        let head = head.trim().trim_matches('"');
        if head.is_empty() || head == "-" || head.eq_ignore_ascii_case("zz") || head == "0" {
            return Ok(None);
        }
        let digits = head.trim_start_matches("AS").trim_start_matches("as");
        if let Ok(number) = digits.parse::<u32>() {
            if matches!(self, Self::Nothing) {
                *self = Self::Systems(Systems::default(), HashMap::new());
            }
            let Self::Systems(systems, known) = self else {
                return Err("an autonomous system in a table of countries");
            };
            let name = name.trim();
            let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                Some(quoted) => quoted.replace("\"\"", "\""),
                None => name.to_owned(),
            };
            let next = u32::try_from(systems.numbers.len()).map_err(|_| "too many autonomous systems")?;
            let key = (number, name.into_boxed_str());
            if let Some(value) = known.get(&key) {
                return Ok(Some(*value));
            }
            systems.numbers.push(number);
            systems.names.push_str(&key.1);
            systems.ends.push(u32::try_from(systems.names.len()).map_err(|_| "the names are too long")?);
            known.insert(key, next);
            return Ok(Some(next));
        }
        let country =
            Country::new(head).ok_or("the third column is neither a country code nor an AS number")?;
        if matches!(self, Self::Nothing) {
            *self = Self::Countries(Vec::new());
        }
        let Self::Countries(countries) = self else {
            return Err("a country in a table of autonomous systems");
        };
        let place = countries.iter().position(|known| *known == country).unwrap_or_else(|| {
            countries.push(country);
            countries.len() - 1
        });
        Ok(u32::try_from(place).ok())
    }

    fn finish(self) -> Option<Values> {
        match self {
            Self::Nothing => None,
            Self::Countries(countries) => Some(Values::Countries(countries)),
            Self::Systems(systems, _) => Some(Values::Systems(systems)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_both_kinds_of_table() {
        let table = IpTable::from_csv(
            b"\xef\xbb\xbfstart,end,asn,org\r\n# a comment\r\n\r\n192.0.2.0,192.0.2.255,64496,\"Example, \"\"Inc\"\"\"\r\n\
              2001:db8::,2001:db8:ffff::,AS64497,Other\n198.51.100.0,198.51.100.9,0,none\n",
        )
        .unwrap();
        let found = table.asn("192.0.2.7".parse().unwrap()).unwrap();
        assert_eq!((found.number, found.name), (64496, "Example, \"Inc\""));
        assert_eq!(table.asn("2001:db8:1::".parse().unwrap()).unwrap().number, 64497);
        assert!(table.asn("198.51.100.1".parse().unwrap()).is_none());

        let table =
            IpTable::from_csv(b"10.0.0.0,10.0.0.9,el\n10.0.0.20,10.0.0.20,\"UK\"\n1.0.0.0,1.0.0.1,ZZ")
                .unwrap();
        let country = |address: &str| table.country(address.parse().unwrap()).map(|c| c.to_string());
        assert_eq!(country("10.0.0.9").as_deref(), Some("GR"));
        assert_eq!(country("10.0.0.20").as_deref(), Some("GB"));
        assert_eq!((country("10.0.0.10"), country("1.0.0.0")), (None, None));
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for (text, message) in [
            (
                "",
                "the table is empty: lines of the form start,end,country or start,end,asn,organisation are wanted",
            ),
            ("1.0.0.0,1.0.0.9,FR\nx,y,FR", "line 2: the first two columns are not IP addresses"),
            ("1.0.0.0,1.0.0.9", "line 1: fewer than three columns"),
            ("1.0.0.9,1.0.0.0,FR", "line 1: the range does not run from a lower to a higher address"),
            ("1.0.0.0,::2,FR", "line 1: the range does not run from a lower to a higher address"),
            ("1.0.0.0,1.0.0.9,France", "line 1: the third column is neither a country code nor an AS number"),
            (
                "1.0.0.0,1.0.0.9,FR\n2.0.0.0,2.0.0.1,1,x",
                "line 2: an autonomous system in a table of countries",
            ),
            ("1.0.0.0,1.0.0.9,1,x\n2.0.0.0,2.0.0.1,FR", "line 2: a country in a table of autonomous systems"),
        ] {
            assert_eq!(IpTable::from_csv(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
        }
        assert_eq!(
            IpTable::from_csv(b"1.0.0.0,1.0.0.9,\xff").unwrap_err(),
            CsvError::Line { line: 1, reason: "not UTF-8" }
        );
    }

    proptest! {
        #[test]
        fn the_narrowest_range_holds(rows in prop::collection::vec((0u8..60, 0u8..30, 0usize..3), 0..20)) {
            let names = ["FR", "DE", "EE"];
            let rows: Vec<_> = rows.into_iter().map(|(a, length, name)| (a, a + length, names[name])).collect();
            let text: String = rows.iter().map(|(a, b, c)| format!("10.0.0.{a},10.0.0.{b},{c}\n")).collect();
            let text = text + "11.0.0.0,11.0.0.1,SE\n";
            let table = IpTable::from_csv(text.as_bytes()).unwrap();
            for probe in 0u8..100 {
                let holding = rows.iter().rev().filter(|(a, b, _)| (*a..=*b).contains(&probe));
                let naive = holding.min_by_key(|(a, b, _)| b - a).map(|(_, _, c)| Country::new(c).unwrap());
                prop_assert_eq!(table.country([10, 0, 0, probe].into()), naive);
            }
        }

        #[test]
        fn never_dies_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = IpTable::from_csv(&bytes);
        }

        #[test]
        fn agrees_with_a_linear_search_and_with_itself_after_encoding(
            cuts in prop::collection::btree_set(any::<u128>(), 0..60),
            narrow in prop::collection::btree_set(any::<u32>(), 2..60),
        ) {
            use std::net::{Ipv4Addr, Ipv6Addr};
            let names = ["FR", "DE", "EE"];
            let mut ranges: Vec<(IpAddr, IpAddr, &str)> = Vec::new();
            let narrow: Vec<u32> = narrow.into_iter().collect();
            for (index, pair) in narrow.chunks_exact(2).enumerate() {
                let (a, b) = (Ipv4Addr::from_bits(pair[0]), Ipv4Addr::from_bits(pair[1]));
                ranges.push((a.into(), b.into(), names[index % 3]));
            }
            // Mapped addresses are IPv4 and cannot be written as IPv6 ranges.
            let cuts: Vec<u128> = cuts.into_iter().filter(|cut| *cut > u128::from(u64::MAX)).collect();
            for (index, pair) in cuts.chunks_exact(2).enumerate() {
                let (a, b) = (Ipv6Addr::from_bits(pair[0]), Ipv6Addr::from_bits(pair[1]));
                ranges.push((a.into(), b.into(), names[index % 2]));
            }
            let text: String = ranges.iter().rev().map(|(a, b, name)| format!("{a},{b},{name}\n")).collect();
            let table = IpTable::from_csv(text.as_bytes()).unwrap();
            let again = IpTable::from_bytes(&table.to_bytes().unwrap()).unwrap();
            for probe in ranges.iter().flat_map(|(a, b, _)| [*a, *b]).flat_map(neighbours) {
                let naive = ranges.iter().find(|(a, b, _)| *a <= probe && probe <= *b);
                let naive = naive.map(|(_, _, name)| Country::new(name).unwrap());
                prop_assert_eq!(table.country(probe), naive);
                prop_assert_eq!(again.country(probe), naive);
            }
        }
    }

    fn neighbours(address: IpAddr) -> [IpAddr; 3] {
        match address {
            IpAddr::V4(a) => [a.to_bits().wrapping_sub(1), a.to_bits(), a.to_bits().wrapping_add(1)]
                .map(|bits| std::net::Ipv4Addr::from_bits(bits).into()),
            IpAddr::V6(a) => [a.to_bits().wrapping_sub(1), a.to_bits(), a.to_bits().wrapping_add(1)]
                .map(|bits| std::net::Ipv6Addr::from_bits(bits).into()),
        }
    }
}
