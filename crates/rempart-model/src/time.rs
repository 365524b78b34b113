//! Points in time, in microseconds.

use std::fmt;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, from year 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time of RFC 3339 between the years 0001 and 9999")]
pub struct TimestampError;

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999_999);

    /// From microseconds since 1970; beyond the years 0001 to 9999 it is clamped.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// This time and `seconds` (which may be negative) more, clamped.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads RFC 3339 (`2026-01-31T12:00:00.5Z`, also with an offset, a blank for the `T`, or lower
    /// case). A fraction finer than microseconds is cut. A leap second is taken for the second before.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        parse(text.as_bytes()).ok_or(TimestampError)
    }

    /// Midnight UTC of a day of the Gregorian calendar, `None` where there is no such day.
    pub fn from_date(year: i64, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month)
        {
            return None;
        }
        Some(Self(days_from_civil(year, month, day) * 86_400_000_000))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with `Z`, with three digits of fraction, or six where they are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000_000);
        let rest = self.0.rem_euclid(86_400_000_000);
        let (year, month, day) = civil_from_days(days);
        let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let short = micros % 1000 == 0 && !f.alternate();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let fraction = if short { (micros / 1000, 20, 3) } else { (micros, 20, 6) };
        let fields = [(year, 0, 4), (month, 5, 2), (day, 8, 2), (h, 11, 2), (m, 14, 2), (s, 17, 2)];
        for (mut value, from, count) in fields.into_iter().chain([fraction]) {
            for place in text.iter_mut().skip(from).take(count).rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        let length = if short { 24 } else { 27 };
        if let Some(last) = text.get_mut(length - 1) {
            *last = b'Z';
        }
        f.write_str(text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default())
    }
}

fn digits(bytes: &[u8], from: usize, count: usize) -> Option<i64> {
    let part = bytes.get(from..from + count)?;
    part.iter().try_fold(0i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

fn parse(b: &[u8]) -> Option<Timestamp> {
    let at = |index: usize| b.get(index).copied();
    if at(4)? != b'-' || at(7)? != b'-' || !matches!(at(10)?, b'T' | b't' | b' ') {
        return None;
    }
    if at(13)? != b':' || at(16)? != b':' {
        return None;
    }
    let day = Timestamp::from_date(
        digits(b, 0, 4)?,
        u32::try_from(digits(b, 5, 2)?).ok()?,
        u32::try_from(digits(b, 8, 2)?).ok()?,
    )?;
    let (hour, minute, second) = (digits(b, 11, 2)?, digits(b, 14, 2)?, digits(b, 17, 2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut next = 19;
    let mut micros = 0i64;
    if at(next) == Some(b'.') {
        next += 1;
        let start = next;
        let mut scale = 100_000;
        while let Some(byte) = at(next).filter(u8::is_ascii_digit) {
            micros += i64::from(byte - b'0') * scale;
            scale /= 10;
            next += 1;
        }
        if next == start {
            return None;
        }
    }
    let offset = match at(next)? {
        b'Z' | b'z' if b.len() == next + 1 => 0,
        sign @ (b'+' | b'-') if b.len() == next + 6 && at(next + 3) == Some(b':') => {
            let (h, m) = (digits(b, next + 1, 2)?, digits(b, next + 4, 2)?);
            if h > 23 || m > 59 {
                return None;
            }
            (h * 60 + m) * if sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let seconds = hour * 3600 + minute * 60 + second.min(59) - offset;
    let micros = day.0 + seconds * 1_000_000 + micros;
    (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&micros).then_some(Timestamp(micros))
}

fn days_in(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a civil date (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// The civil date (year, month, day) of a number of days since 1970-01-01 (same source).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339() {
        for (text, written) in [
            ("2026-11-24T02:24:38Z", "2026-11-24T02:24:38.000Z"),
            ("2016-02-29T23:59:60.1234567Z", "2016-02-29T23:59:59.123456Z"),
            ("1970-01-01t00:00:00.5+01:30", "1969-12-31T22:30:00.500Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), written);
        }
        for wrong in [
            "",
            "2026-11-24",
            "99999-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "9999-12-31T23:59:59-01:00",
            "2026-01-01T00:00:00Zx",
        ] {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
        }
    }
}
