//! The compact form in which address tables are shipped: columns of differences, then zstd.
//!
//! `RPIP`, a version byte, a kind byte, then one zstd frame of: the values; for IPv4 and for IPv6 the
//! number of ranges and three columns (how many zero bits end each difference between starts, the
//! difference without them, its value plus one). Numbers are LEB128.

use std::io::Read;

use rempart_model::Country;

use super::{IpTable, Systems, Values};
use crate::ranges::{Address, NOTHING, Ranges};

/// Why bytes are not an address table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are of something else, or of a later version.
    #[error("not an address table of version 1; renew the data with `cargo xtask data`")]
    Header,
    /// The compressed part is damaged.
    #[error("the address table is damaged: {0}")]
    Damaged(&'static str),
}

const MAGIC: &[u8; 5] = b"RPIP\x01";

/// No table of addresses is larger than this when it is unpacked.
const MAX_UNPACKED: u64 = 64 << 20;

impl IpTable {
    /// Writes the compact form.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        let kind = match &self.values {
            Values::Countries(countries) => {
                put(&mut plain, countries.len() as u128);
                for country in countries {
                    plain.extend_from_slice(country.as_str().as_bytes());
                }
                b'C'
            }
            Values::Systems(systems) => {
                put(&mut plain, systems.numbers.len() as u128);
                for number in &systems.numbers {
                    put(&mut plain, u128::from(*number));
                }
                let mut before = 0;
                for end in &systems.ends {
                    put(&mut plain, u128::from(end - before));
                    before = *end;
                }
                plain.extend_from_slice(systems.names.as_bytes());
                b'A'
            }
        };
        put_ranges(&mut plain, self.v4.known().map(|(a, b, v)| (a.into(), b.map(u128::from), v)));
        put_ranges(&mut plain, self.v6.known());
        let mut out = MAGIC.to_vec();
        out.push(kind);
        out.extend(zstd::encode_all(plain.as_slice(), 19)?);
        Ok(out)
    }

    /// Reads the compact form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let packed = bytes.strip_prefix(MAGIC).ok_or(CodecError::Header)?;
        let (&kind, packed) = packed.split_first().ok_or(CodecError::Header)?;
        let mut plain = Vec::new();
        zstd::Decoder::new(packed)
            .and_then(|decoder| decoder.take(MAX_UNPACKED + 1).read_to_end(&mut plain))
            .map_err(|_| CodecError::Damaged("not zstd"))?;
        if plain.len() as u64 > MAX_UNPACKED {
            return Err(CodecError::Damaged("larger than any table"));
        }
        let mut input = Input(&plain);
        let values = match kind {
            b'C' => {
                let count = input.count()?;
                let text = input.take(count.saturating_mul(2))?;
                let countries = text.chunks_exact(2).map(|pair| {
                    std::str::from_utf8(pair)
                        .ok()
                        .and_then(Country::new)
                        .ok_or(CodecError::Damaged("a country"))
                });
                Values::Countries(countries.collect::<Result<_, _>>()?)
            }
            b'A' => Values::Systems(systems(&mut input)?),
            _ => return Err(CodecError::Header),
        };
        let v4 = get_ranges(&mut input, |start| u32::try_from(start).ok())?;
        let v6 = get_ranges(&mut input, Some)?;
        Ok(Self { v4, v6, values })
    }
}

fn systems(input: &mut Input<'_>) -> Result<Systems, CodecError> {
    let count = input.count()?;
    let numbers = (0..count).map(|_| input.small()).collect::<Result<_, _>>()?;
    let mut end = 0u32;
    let mut ends = Vec::with_capacity(count);
    for _ in 0..count {
        end = end.checked_add(input.small()?).ok_or(CodecError::Damaged("a name"))?;
        ends.push(end);
    }
    let names = std::str::from_utf8(input.take(end as usize)?).map_err(|_| CodecError::Damaged("a name"))?;
    Ok(Systems { numbers, ends, names: names.to_owned() })
}

/// Writes where the value changes, gaps as the value 0.
fn put_ranges(out: &mut Vec<u8>, ranges: impl Iterator<Item = (u128, Option<u128>, u32)>) {
    let (mut shifts, mut differences, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0u128;
    let mut before = 0u128;
    let mut change = |start: u128, value: u128| {
        let difference = start - before;
        // A difference of zero can only be the first.
        let shift = if difference == 0 { 0 } else { difference.trailing_zeros() };
        shifts.push(shift as u8);
        put(&mut differences, difference >> shift);
        put(&mut values, value);
        before = start;
        count += 1;
    };
    let mut gap = None;
    for (start, end, value) in ranges {
        if let Some(gap) = gap.filter(|gap| *gap != start) {
            change(gap, 0);
        }
        change(start, u128::from(value) + 1);
        gap = end;
    }
    if let Some(gap) = gap {
        change(gap, 0);
    }
    put(out, count);
    for column in [shifts, differences, values] {
        put(out, column.len() as u128);
        out.extend(column);
    }
}

fn get_ranges<A: Address>(
    input: &mut Input<'_>,
    narrow: impl Fn(u128) -> Option<A>,
) -> Result<Ranges<A>, CodecError> {
    let count = input.count()?;
    let mut column = || input.count().and_then(|length| input.take(length)).map(Input);
    let (shifts, mut differences, mut numbers) = (column()?, column()?, column()?);
    if shifts.0.len() != count {
        return Err(CodecError::Damaged("a column"));
    }
    let mut starts = Vec::with_capacity(count);
    let mut values = Vec::with_capacity(count);
    let mut start = 0u128;
    for (index, shift) in shifts.0.iter().enumerate() {
        let difference = differences.number()?;
        let difference =
            difference.checked_mul(1u128.checked_shl(u32::from(*shift)).unwrap_or(0)).unwrap_or(0);
        if difference == 0 && index != 0 {
            return Err(CodecError::Damaged("an address"));
        }
        start = start.checked_add(difference).ok_or(CodecError::Damaged("an address"))?;
        starts.push(narrow(start).ok_or(CodecError::Damaged("an address"))?);
        values.push(numbers.small()?.checked_sub(1).unwrap_or(NOTHING));
    }
    Ok(Ranges::from_changes(starts, values))
}

fn put(out: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CodecError::Damaged("cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u128, CodecError> {
        let mut number = 0u128;
        for shift in (0..128).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(CodecError::Damaged("cut off"))?;
            self.0 = rest;
            number |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CodecError::Damaged("a number"))
    }

    fn small(&mut self) -> Result<u32, CodecError> {
        u32::try_from(self.number()?).map_err(|_| CodecError::Damaged("a number"))
    }

    /// A number of things that follow, each at least a byte long, so that nothing is reserved for
    /// what is not there.
    fn count(&mut self) -> Result<usize, CodecError> {
        let count = usize::try_from(self.number()?).map_err(|_| CodecError::Damaged("a number"))?;
        if count > self.0.len() { Err(CodecError::Damaged("cut off")) } else { Ok(count) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn says_what_is_wrong_with_bytes() {
        assert_eq!(IpTable::from_bytes(b"RPIP\x02Cxx").unwrap_err(), CodecError::Header);
        assert_eq!(IpTable::from_bytes(b"RPIP\x01").unwrap_err(), CodecError::Header);
        assert_eq!(IpTable::from_bytes(b"RPIP\x01Cxx").unwrap_err(), CodecError::Damaged("not zstd"));
    }

    proptest! {
        #[test]
        fn never_dies_on_damage(at in 0usize..60, to in any::<u8>(), kind in prop_oneof![Just(b'C'), Just(b'A')]) {
            let text: &[u8] =
                if kind == b'C' { b"1.0.0.0,1.0.0.9,FR\n::1,::2,DE" } else { b"1.0.0.0,1.0.0.9,7,x\n::1,::2,8,yy" };
            let good = IpTable::from_csv(text).unwrap().to_bytes().unwrap();
            let mut plain = zstd::decode_all(&good[6..]).unwrap();
            let length = plain.len();
            plain[at % length] = to;
            let mut bad = good[..6].to_vec();
            bad.extend(zstd::encode_all(plain.as_slice(), 1).unwrap());
            if let Ok(table) = IpTable::from_bytes(&bad) {
                let _ = table.asn("1.0.0.3".parse().unwrap());
            }
        }
    }
}
