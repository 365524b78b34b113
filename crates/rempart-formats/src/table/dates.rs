//! Dates as feeds write them.

use rempart_model::Timestamp;

/// How `2/4/2022` is meant where it can be meant both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// February 4: what the feeds that write so mostly mean.
    #[default]
    MonthFirst,
    /// April 2.
    DayFirst,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a point in time, UTC where no offset is given:
///
/// - RFC 3339, with `T` or a blank, with or without seconds, fraction and offset (`Z`, `+0000`,
///   ` UTC`); a day alone is its midnight; `20220204` is a day too;
/// - `2/4/2022`, `2-4-2022` and `4.2.2022`, with or without a time: slashes and dashes by `order`,
///   swapped where only that gives a month; dots have the day first;
/// - `04/Jan/2022:10:00:00 +0100`, `4 Jan 2022`, `Jan 4 2022`, and with a weekday in front (RFC 5322);
/// - seconds, milliseconds or microseconds since 1970.
pub fn parse(text: &str, order: DateOrder) -> Option<Timestamp> {
    let text = text.trim().trim_matches(['"', '\'']);
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.matches('.').count() <= 1 {
        return number(text);
    }
    let (day, rest) = date(text, order)?;
    let rest = rest.trim_start_matches([' ', 'T', 't', ':', ',']).trim();
    with_time(day, rest)
}

/// Seconds since 1970 (a fraction is cut), finer units by their size, or a day as eight digits.
fn number(text: &str) -> Option<Timestamp> {
    let whole = text.split('.').next()?;
    let value: i64 = whole.parse().ok()?;
    match whole.len() {
        8 if text.len() == 8 => {
            let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
            civil(year, month, day).or_else(|| Some(Timestamp::from_micros(value.checked_mul(1_000_000)?)))
        }
        9..=10 => Some(Timestamp::from_micros(value.checked_mul(1_000_000)?)),
        13 => Some(Timestamp::from_micros(value.checked_mul(1000)?)),
        16 => Some(Timestamp::from_micros(value)),
        _ => None,
    }
}

fn civil(year: i64, month: i64, day: i64) -> Option<Timestamp> {
    if !(1900..=9999).contains(&year) {
        return None;
    }
    Timestamp::from_date(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// The day at the beginning of `text`, and what follows.
fn date(text: &str, order: DateOrder) -> Option<(Timestamp, &str)> {
    let (first, rest) = token(text)?;
    if let Token::Word(word) = first
        && month(word).is_none()
    {
        // A weekday in front.
        return if word.len() >= 3 { date(rest.trim_start_matches([',', ' ', '.']), order) } else { None };
    }
    let separator = rest.chars().next()?;
    let (second, rest) = token(rest.trim_start_matches(['/', '-', '.', ' ', ',']))?;
    let (third, rest) = token(rest.trim_start_matches(['/', '-', '.', ' ', ',']))?;
    let day = match (first, second, third) {
        (Token::Number(year @ 1000..), Token::Number(month), Token::Number(day)) => civil(year, month, day),
        (Token::Number(a), Token::Number(b), Token::Number(year @ 1000..)) => {
            let day_first = separator == '.' || order == DateOrder::DayFirst;
            let (month, day) = if day_first { (b, a) } else { (a, b) };
            civil(year, month, day).or_else(|| civil(year, day, month))
        }
        (Token::Number(day), Token::Word(word), Token::Number(year @ 1000..))
        | (Token::Word(word), Token::Number(day), Token::Number(year @ 1000..)) => {
            civil(year, month(word)?, day)
        }
        _ => None,
    };
    Some((day?, rest))
}

enum Token<'t> {
    Number(i64),
    Word(&'t str),
}

/// A run of digits (at most four) or of letters.
fn token(text: &str) -> Option<(Token<'_>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let value = (digits <= 4).then(|| text.get(..digits)?.parse().ok())??;
        return Some((Token::Number(value), text.get(digits..)?));
    }
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    (letters > 0).then(|| Some((Token::Word(text.get(..letters)?), text.get(letters..)?)))?
}

fn month(word: &str) -> Option<i64> {
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| *name == start)?;
    i64::try_from(at + 1).ok()
}

/// A day and a time of day: `10:00`, `10:00:01`, `10:00:01.5`, `3:04:05 PM`, with an offset behind.
fn with_time(day: Timestamp, text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return Some(day);
    }
    let clock = text.bytes().take_while(|byte| byte.is_ascii_digit() || b":.".contains(byte)).count();
    let (clock, zone) = text.split_at_checked(clock)?;
    let mut zone = zone.trim();
    let mut parts = clock.trim_end_matches('.').splitn(3, ':');
    let mut hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (second, fraction) = match parts.next() {
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            (whole.parse::<i64>().ok()?, micros(fraction)?)
        }
        None => (0, 0),
    };
    let half = zone.get(..2).map(str::to_ascii_uppercase);
    if let Some(half @ ("AM" | "PM")) = half.as_deref() {
        hour = hour % 12 + if half == "PM" { 12 } else { 0 };
        zone = zone.get(2..)?.trim();
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = offset(zone)?;
    let seconds = hour * 3600 + minute * 60 + second.min(59) - offset;
    Some(Timestamp::from_micros(day.micros() + seconds * 1_000_000 + fraction))
}

fn micros(fraction: &str) -> Option<i64> {
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let zone = zone.trim_matches(['(', ')']);
    if zone.is_empty() || ["Z", "UTC", "GMT"].iter().any(|name| zone.eq_ignore_ascii_case(name)) {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = zone.chars().skip(1).filter(|c| *c != ':').collect();
    let value: i64 = digits.parse().ok()?;
    match digits.len() {
        2 if value < 24 => Some(sign * value * 3600),
        4 if value / 100 < 24 && value % 100 < 60 => Some(sign * (value / 100 * 3600 + value % 100 * 60)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_dates_are_read() {
        for (text, expected) in [
            ("2021-03-05T10:07:29.0421232Z", "2021-03-05T10:07:29.042123Z"),
            ("2021-01-17 07:44:46", "2021-01-17T07:44:46.000Z"),
            ("2021-01-17 07:44:46 UTC", "2021-01-17T07:44:46.000Z"),
            ("2021-01-17T07:44", "2021-01-17T07:44:00.000Z"),
            ("2015-10-20T06:14:00+0000", "2015-10-20T06:14:00.000Z"),
            ("2018-02-06T09:37:02", "2018-02-06T09:37:02.000Z"),
            ("2022-09-04", "2022-09-04T00:00:00.000Z"),
            ("20220904", "2022-09-04T00:00:00.000Z"),
            ("2/4/2022", "2022-02-04T00:00:00.000Z"),
            ("28/6/2021", "2021-06-28T00:00:00.000Z"),
            ("4.2.2022", "2022-02-04T00:00:00.000Z"),
            ("2/4/2022 3:04:05 PM", "2022-02-04T15:04:05.000Z"),
            ("04/Jan/2022", "2022-01-04T00:00:00.000Z"),
            ("01/Aug/2018:09:49:41 +0200", "2018-08-01T07:49:41.000Z"),
            ("Tue, 01 Jan 2019 00:22:46 UTC", "2019-01-01T00:22:46.000Z"),
            ("Jan 4, 2022", "2022-01-04T00:00:00.000Z"),
            ("1441008970", "2015-08-31T08:16:10.000Z"),
            ("1441008970.25", "2015-08-31T08:16:10.000Z"),
            ("1441008970123", "2015-08-31T08:16:10.123Z"),
        ] {
            let read = parse(text, DateOrder::MonthFirst).map(|time| time.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
        let day_first = parse("2/4/2022", DateOrder::DayFirst).map(|time| time.to_string());
        assert_eq!(day_first.as_deref(), Some("2022-04-02T00:00:00.000Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "-",
            "never",
            "13/13/2022",
            "192.0.2.1",
            "2022-13-01",
            "1.2",
            "99999-01-01",
            "2021-01-17 25:00",
            "4711",
            "May",
        ] {
            assert_eq!(parse(text, DateOrder::MonthFirst), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", digits in "[0-9/:. TZ+-]{0,30}") {
            let _ = parse(&text, DateOrder::MonthFirst);
            let _ = parse(&digits, DateOrder::DayFirst);
        }
    }
}
