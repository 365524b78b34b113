//! Reasons as bytes, to be stored beside what they are reasons for.
//!
//! A version byte, then for each reason a tag, the observable's number plus one (0 where there is
//! none), and what the tag says: a text with its length, a country's two letters, or a number. Numbers
//! are LEB128. Tags are never used again for something else.

use rempart_model::Country;

use super::{Reason, Why};

/// Why bytes are not reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not reasons of a known version, or cut off")]
pub struct ReasonsError;

const VERSION: u8 = 1;

pub(super) fn tag(why: &Why) -> u8 {
    match why {
        Why::Network(_) => 1,
        Why::Asn(_) => 2,
        Why::Domain(_) => 3,
        Why::AddressCountry(_) => 4,
        Why::TopLevelDomain(_) => 5,
        Why::TargetsCountry(_) => 6,
        Why::InCountry(_) => 7,
        Why::TargetsMember(_) => 8,
        Why::TargetsWord(_) => 9,
    }
}

/// Writes reasons as bytes.
pub fn encode_reasons(reasons: &[Reason]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + reasons.len() * 8);
    out.push(VERSION);
    for reason in reasons {
        out.push(tag(&reason.why));
        put(&mut out, reason.observable.map_or(0, |index| u64::from(index) + 1));
        match &reason.why {
            Why::Network(text) | Why::Domain(text) | Why::TargetsMember(text) | Why::TargetsWord(text) => {
                put(&mut out, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Why::Asn(asn) => put(&mut out, u64::from(*asn)),
            Why::AddressCountry(country)
            | Why::TopLevelDomain(country)
            | Why::TargetsCountry(country)
            | Why::InCountry(country) => out.extend_from_slice(country.as_str().as_bytes()),
        }
    }
    out
}

/// Reads what [`encode_reasons`] wrote.
pub fn decode_reasons(bytes: &[u8]) -> Result<Vec<Reason>, ReasonsError> {
    let (&version, mut input) = bytes.split_first().ok_or(ReasonsError)?;
    if version != VERSION {
        return Err(ReasonsError);
    }
    let mut reasons = Vec::new();
    while let Some((&tag, rest)) = input.split_first() {
        input = rest;
        let observable = match number(&mut input)?.checked_sub(1) {
            None => None,
            Some(index) => Some(u32::try_from(index).map_err(|_| ReasonsError)?),
        };
        let why = match tag {
            1 => Why::Network(text(&mut input)?),
            2 => Why::Asn(u32::try_from(number(&mut input)?).map_err(|_| ReasonsError)?),
            3 => Why::Domain(text(&mut input)?),
            4 => Why::AddressCountry(country(&mut input)?),
            5 => Why::TopLevelDomain(country(&mut input)?),
            6 => Why::TargetsCountry(country(&mut input)?),
            7 => Why::InCountry(country(&mut input)?),
            8 => Why::TargetsMember(text(&mut input)?),
            9 => Why::TargetsWord(text(&mut input)?),
            _ => return Err(ReasonsError),
        };
        reasons.push(Reason { why, observable });
    }
    Ok(reasons)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number(input: &mut &[u8]) -> Result<u64, ReasonsError> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = input.split_first().ok_or(ReasonsError)?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(ReasonsError)
}

fn take<'a>(input: &mut &'a [u8], count: u64) -> Result<&'a str, ReasonsError> {
    let count = usize::try_from(count).map_err(|_| ReasonsError)?;
    let (taken, rest) = input.split_at_checked(count).ok_or(ReasonsError)?;
    *input = rest;
    std::str::from_utf8(taken).map_err(|_| ReasonsError)
}

fn text(input: &mut &[u8]) -> Result<Box<str>, ReasonsError> {
    let length = number(input)?;
    Ok(take(input, length)?.into())
}

fn country(input: &mut &[u8]) -> Result<Country, ReasonsError> {
    Country::new(take(input, 2)?).ok_or(ReasonsError)
}
