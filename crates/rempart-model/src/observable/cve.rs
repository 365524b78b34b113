//! Vulnerabilities: `CVE-2024-1234`.

use super::{Reason, bounded, defang::refang, visible};

/// Reads a CVE identifier, in any case and with any kind of dash.
pub(super) fn parse(text: &str) -> Result<Box<str>, Reason> {
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = refang(text);
    parse_refanged(visible(&refanged)?)
}

pub(super) fn parse_refanged(text: &str) -> Result<Box<str>, Reason> {
    let folded: String = text.chars().map(fold).collect();
    let mut parts = folded.split('-');
    let (Some("CVE"), Some(year), Some(number), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("is not a CVE identifier, as in CVE-2024-1234".into());
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !digits(year) || year < "1999" {
        return Err("has no year from 1999 on after CVE-".into());
    }
    // The CVE record format, cveId: four to nineteen digits; zeros fill up to four only.
    if !(4..=19).contains(&number.len()) || !digits(number) || (number.len() > 4 && number.starts_with('0')) {
        return Err("has no number of four digits or more after the year".into());
    }
    Ok(folded.into())
}

fn fold(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c).to_ascii_uppercase()
        }
        _ => c.to_ascii_uppercase(),
    }
}
