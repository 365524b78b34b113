//! Country and autonomous system of an address.

mod codec;
mod csv;

use std::net::IpAddr;

use rempart_model::Country;

pub use codec::CodecError;
pub use csv::CsvError;

use crate::ranges::{NOTHING, Ranges};

/// A table from ranges of addresses to countries, or to autonomous systems.
///
/// It is made once and kept by the caller; look-ups neither allocate nor lock.
#[derive(Debug, Clone)]
pub struct IpTable {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Countries(Vec<Country>),
    Systems(Systems),
}

/// Autonomous systems, in columns.
#[derive(Debug, Clone, Default)]
struct Systems {
    numbers: Vec<u32>,
    /// Where the name of each ends in `names`.
    ends: Vec<u32>,
    names: String,
}

/// An autonomous system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutonomousSystem<'a> {
    /// Its number.
    pub number: u32,
    /// The organisation that runs it, as the table names it; may be empty.
    pub name: &'a str,
}

/// Whether a table tells countries or autonomous systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpTableKind {
    /// Addresses to countries.
    Country,
    /// Addresses to autonomous systems.
    Asn,
}

impl IpTable {
    /// The bundled table of countries, from the registries' delegations and WHOIS.
    pub fn bundled_country() -> Result<Self, CodecError> {
        Self::from_bytes(crate::bundled::IP_COUNTRY)
    }

    /// The bundled table of autonomous systems.
    pub fn bundled_asn() -> Result<Self, CodecError> {
        Self::from_bytes(crate::bundled::IP_ASN)
    }

    /// A table that knows nothing.
    pub fn empty(kind: IpTableKind) -> Self {
        let values = match kind {
            IpTableKind::Country => Values::Countries(Vec::new()),
            IpTableKind::Asn => Values::Systems(Systems::default()),
        };
        Self { v4: Ranges::empty(), v6: Ranges::empty(), values }
    }

    /// Whether it tells countries or autonomous systems.
    pub fn kind(&self) -> IpTableKind {
        match self.values {
            Values::Countries(_) => IpTableKind::Country,
            Values::Systems(_) => IpTableKind::Asn,
        }
    }

    /// The country of an address. `None` where it is not known, or the table tells something else.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        self.country_of(self.value(address))
    }

    /// The autonomous system of an address. `None` where it is not known, or the table tells
    /// something else.
    pub fn asn(&self, address: IpAddr) -> Option<AutonomousSystem<'_>> {
        self.system_of(self.value(address))
    }

    /// The number alone of the autonomous system of an address; cheaper than [`IpTable::asn`].
    pub fn asn_number(&self, address: IpAddr) -> Option<u32> {
        self.number_of(self.value(address))
    }

    /// The countries of all the addresses from `first` to `last`, each once, at most `limit`.
    pub fn countries(&self, first: IpAddr, last: IpAddr, limit: usize) -> Vec<Country> {
        let mut found = Vec::new();
        self.across(first, last, |value| {
            if let Some(country) = self.country_of(value)
                && !found.contains(&country)
            {
                found.push(country);
            }
            found.len() < limit
        });
        found
    }

    /// The numbers of the autonomous systems of the addresses from `first` to `last`, each once,
    /// at most `limit`.
    pub fn asns(&self, first: IpAddr, last: IpAddr, limit: usize) -> Vec<u32> {
        let mut found = Vec::new();
        self.across(first, last, |value| {
            if let Some(number) = self.number_of(value)
                && !found.contains(&number)
            {
                found.push(number);
            }
            found.len() < limit
        });
        found
    }

    /// How many ranges of IPv4 and of IPv6 addresses are kept, gaps included.
    pub fn ranges(&self) -> (usize, usize) {
        (self.v4.len(), self.v6.len())
    }

    /// Bytes that the table takes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Countries(countries) => countries.capacity() * size_of::<Country>(),
            Values::Systems(systems) => {
                (systems.numbers.capacity() + systems.ends.capacity()) * 4 + systems.names.capacity()
            }
        };
        self.v4.heap_bytes() + self.v6.heap_bytes() + values
    }

    fn value(&self, address: IpAddr) -> u32 {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.get(address.to_bits()),
            IpAddr::V6(address) => self.v6.get(address.to_bits()),
        }
    }

    fn across(&self, first: IpAddr, last: IpAddr, mut go_on: impl FnMut(u32) -> bool) {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                let _ = self.v4.across(first.to_bits(), last.to_bits()).all(&mut go_on);
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let _ = self.v6.across(first.to_bits(), last.to_bits()).all(&mut go_on);
            }
            _ => {}
        }
    }

    fn country_of(&self, value: u32) -> Option<Country> {
        match &self.values {
            Values::Countries(countries) if value != NOTHING => countries.get(value as usize).copied(),
            _ => None,
        }
    }

    fn number_of(&self, value: u32) -> Option<u32> {
        match &self.values {
            Values::Systems(systems) if value != NOTHING => systems.numbers.get(value as usize).copied(),
            _ => None,
        }
    }

    fn system_of(&self, value: u32) -> Option<AutonomousSystem<'_>> {
        match &self.values {
            Values::Systems(systems) if value != NOTHING => systems.get(value as usize),
            _ => None,
        }
    }
}

impl Systems {
    fn get(&self, index: usize) -> Option<AutonomousSystem<'_>> {
        let number = *self.numbers.get(index)?;
        let end = *self.ends.get(index)? as usize;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        Some(AutonomousSystem { number, name: self.names.get(start..end)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_bundled_tables_know_the_world() {
        let countries = IpTable::bundled_country().unwrap();
        let systems = IpTable::bundled_asn().unwrap();
        for (address, country, number) in [
            ("8.8.8.8", Some("US"), Some(15169)),
            ("::ffff:8.8.8.8", Some("US"), Some(15169)),
            ("193.0.6.139", Some("NL"), Some(3333)),
            ("2001:67c:2e8::1", Some("NL"), Some(3333)),
            ("10.1.2.3", None, None),
            ("fe80::1", None, None),
        ] {
            let found = countries.country(ip(address));
            assert_eq!(found.as_ref().map(Country::as_str), country, "{address}");
            assert_eq!(systems.asn(ip(address)).map(|system| system.number), number, "{address}");
            assert_eq!(systems.asn_number(ip(address)), number, "{address}");
            assert!(countries.asn(ip(address)).is_none() && systems.country(ip(address)).is_none());
        }
        assert!(systems.asn(ip("8.8.8.8")).unwrap().name.contains("Google"));
        assert_eq!(countries.kind(), IpTableKind::Country);
        assert_eq!(systems.kind(), IpTableKind::Asn);
    }

    #[test]
    fn a_range_has_the_countries_of_all_its_parts() {
        let table = IpTable::from_csv(
            b"10.0.0.0,10.0.0.255,FR\n10.0.2.0,10.0.2.255,DE\n2001:db8::,2001:db8::ff,FI\n",
        )
        .unwrap();
        let names = |first: &str, last: &str, limit| -> Vec<String> {
            table.countries(ip(first), ip(last), limit).iter().map(Country::to_string).collect()
        };
        assert_eq!(names("10.0.0.9", "10.0.0.10", 9), ["FR"]);
        assert_eq!(names("0.0.0.0", "255.255.255.255", 9), ["FR", "DE"]);
        assert_eq!(names("0.0.0.0", "255.255.255.255", 1), ["FR"]);
        assert_eq!(names("10.0.1.0", "10.0.1.255", 9), [""; 0]);
        assert_eq!(names("::", "ffff::", 9), ["FI"]);
        assert_eq!(names("10.0.0.0", "ffff::", 9), [""; 0]);
        assert_eq!(IpTable::empty(IpTableKind::Asn).asns(ip("::"), ip("ffff::"), 9), [0u32; 0]);
    }
}
