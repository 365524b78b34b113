//! Autonomous system numbers: `AS64496`.

use super::{Reason, bounded, defang::refang, visible};

/// Reads `AS64496`, `asn 64496`, `64496` and `AS1.10` (asdot, RFC 5396); canonical is asplain.
pub(super) fn parse(text: &str) -> Result<Box<str>, Reason> {
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = refang(text);
    let text = visible(&refanged)?;
    number(prefixed(text).unwrap_or(text)).map(|number| format!("AS{number}").into())
}

/// Reads only what says that it is an AS number.
pub(super) fn parse_prefixed(text: &str) -> Option<Box<str>> {
    let number = number(prefixed(text)?).ok()?;
    Some(format!("AS{number}").into())
}

fn prefixed(text: &str) -> Option<&str> {
    let rest = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("as")).and(text.get(2..))?;
    Some(rest.strip_prefix(['n', 'N']).unwrap_or(rest).trim_start())
}

fn number(text: &str) -> Result<u32, Reason> {
    let number = match text.split_once('.') {
        Some((high, low)) => digits(high)
            .zip(digits(low))
            .and_then(|(high, low)| Some((high.parse::<u16>().ok()?, low.parse::<u16>().ok()?)))
            .map(|(high, low)| u32::from(high) << 16 | u32::from(low)),
        None => digits(text).and_then(|text| text.parse().ok()),
    };
    number.ok_or_else(|| "is not an AS number (as in AS64496) of at most 32 bits".into())
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
