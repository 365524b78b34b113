//! The URL parameters of TAXII 2.1 (section 3.4): filters and pagination, read strictly and cheaply.
//!
//! A parameter that is known and malformed, or given twice, is an error; a parameter or match field
//! that is not known is ignored, as the section allows.

use std::borrow::Cow;

use rempart_model::{StixId, Timestamp};

/// Bytes that the values of match fields may have together. A walk's token carries them, so that
/// this also bounds the token, and with it the head of every later request.
pub const MATCH_BYTES: usize = 12 << 10;

/// What a request asks of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    /// Only what was added after this (strictly).
    pub added_after: Option<Timestamp>,
    /// At most so many objects; never 0.
    pub limit: Option<usize>,
    /// The token of the page before.
    pub next: Option<String>,
    /// `match[id]`.
    pub ids: Option<Vec<StixId>>,
    /// `match[type]`.
    pub types: Option<Vec<String>>,
    /// `match[version]`.
    pub versions: Option<Versions>,
    /// `match[spec_version]`.
    pub spec_versions: Option<SpecVersions>,
}

/// Which versions of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// All.
    All,
    /// Any of these.
    Any {
        /// The first.
        first: bool,
        /// The last.
        last: bool,
        /// Exactly these, in order.
        exact: Vec<Timestamp>,
    },
}

/// Which versions of the STIX specification. Versions that do not exist match nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpecVersions {
    /// 2.0.
    pub v20: bool,
    /// 2.1.
    pub v21: bool,
}

/// Why the parameters cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A known parameter's value is not percent-encoded UTF-8.
    #[error("{0} is not percent-encoded UTF-8")]
    Encoding(&'static str),
    /// A parameter stands there more than once.
    #[error("{0} may be given once only; separate several values by commas")]
    Repeated(&'static str),
    /// A value cannot be read.
    #[error("{name} must be {rule}")]
    Malformed {
        /// The parameter.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The match fields are longer than [`MATCH_BYTES`].
    #[error("the match fields are longer than {MATCH_BYTES} bytes; ask in several requests")]
    TooLong,
}

impl Parameters {
    /// Reads the query part of a URL, without its question mark.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        let mut read = Self::default();
        let mut match_bytes = 0usize;
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(field) = decode(name).and_then(|name| Field::named(&name)) else { continue };
            let name = field.name();
            let value = decode(value).ok_or(QueryError::Encoding(name))?;
            if field.is_match() {
                match_bytes = match_bytes.saturating_add(value.len());
                if match_bytes > MATCH_BYTES {
                    return Err(QueryError::TooLong);
                }
            }
            match field {
                Field::AddedAfter => once(&mut read.added_after, name, added_after(&value)?)?,
                Field::Limit => once(&mut read.limit, name, limit(&value)?)?,
                Field::Next => once(&mut read.next, name, next(value)?)?,
                Field::Id => once(&mut read.ids, name, ids(&value)?)?,
                Field::Type => once(&mut read.types, name, types(&value)?)?,
                Field::Version => once(&mut read.versions, name, versions(&value)?)?,
                Field::SpecVersion => once(&mut read.spec_versions, name, spec_versions(&value)?)?,
            }
        }
        Ok(read)
    }
}

#[derive(Clone, Copy)]
enum Field {
    AddedAfter,
    Limit,
    Next,
    Id,
    Type,
    Version,
    SpecVersion,
}

impl Field {
    const ALL: [Field; 7] = [
        Field::AddedAfter,
        Field::Limit,
        Field::Next,
        Field::Id,
        Field::Type,
        Field::Version,
        Field::SpecVersion,
    ];

    fn name(self) -> &'static str {
        match self {
            Field::AddedAfter => "added_after",
            Field::Limit => "limit",
            Field::Next => "next",
            Field::Id => "match[id]",
            Field::Type => "match[type]",
            Field::Version => "match[version]",
            Field::SpecVersion => "match[spec_version]",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    fn is_match(self) -> bool {
        !matches!(self, Field::AddedAfter | Field::Limit | Field::Next)
    }
}

fn once<T>(slot: &mut Option<T>, name: &'static str, value: T) -> Result<(), QueryError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(QueryError::Repeated(name)),
    }
}

/// Percent-decoding (RFC 3986, section 2.1) with the plus sign of forms for a blank. `None` where an
/// escape is broken or the result is not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'+' => b' ',
            _ => byte,
        });
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn added_after(value: &str) -> Result<Timestamp, QueryError> {
    timestamp(value).ok_or(QueryError::Malformed {
        name: "added_after",
        rule: "one timestamp of RFC 3339 in UTC, such as 2026-01-31T12:00:00.123456Z",
    })
}

/// A TAXII timestamp (section 2): RFC 3339, capital `T` and `Z`, any fraction or none.
fn timestamp(value: &str) -> Option<Timestamp> {
    let strict = value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b':' | b'.' | b'T' | b'Z'))
        && value.ends_with('Z')
        && value.len() <= 40;
    // Anything finer than a microsecond is cut: no date added is that fine, so that what comes
    // strictly after stays the same.
    if strict { Timestamp::parse(value).ok() } else { None }
}

fn limit(value: &str) -> Result<usize, QueryError> {
    let wrong = QueryError::Malformed { name: "limit", rule: "a number above 0" };
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong);
    }
    // More digits than a number of this machine has are still a limit, and the page is shorter anyway.
    match value.parse().unwrap_or(usize::MAX) {
        0 => Err(wrong),
        limit => Ok(limit),
    }
}

fn next(value: Cow<'_, str>) -> Result<String, QueryError> {
    if value.is_empty() {
        return Err(QueryError::Malformed { name: "next", rule: "the token of the page before" });
    }
    Ok(value.into_owned())
}

/// The values between the commas, each read by `read`, sorted and without repetitions, so that the
/// same filter written otherwise is the same filter.
fn list<T: Ord>(
    value: &str,
    name: &'static str,
    rule: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, QueryError> {
    let read: Option<Vec<T>> = value.split(',').map(read).collect();
    let mut values = read.ok_or(QueryError::Malformed { name, rule })?;
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

fn ids(value: &str) -> Result<Vec<StixId>, QueryError> {
    list(value, "match[id]", "identifiers (type--UUID), separated by commas", |id| StixId::parse(id).ok())
}

fn types(value: &str) -> Result<Vec<String>, QueryError> {
    list(value, "match[type]", "names of object types, separated by commas", |kind| {
        // STIX 2.1, section 2.16; the underscore is in names of STIX 2.0 producers.
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        ((1..=250).contains(&kind.len()) && kind.bytes().all(plain)).then(|| kind.to_owned())
    })
}

fn versions(value: &str) -> Result<Versions, QueryError> {
    const NAME: &str = "match[version]";
    const RULE: &str = "first, last, timestamps, or all by itself, separated by commas";
    if value == "all" {
        return Ok(Versions::All);
    }
    let (mut first, mut last) = (false, false);
    let mut exact = Vec::new();
    for word in value.split(',') {
        match word {
            "first" => first = true,
            "last" => last = true,
            time => exact.push(timestamp(time).ok_or(QueryError::Malformed { name: NAME, rule: RULE })?),
        }
    }
    exact.sort_unstable();
    exact.dedup();
    Ok(Versions::Any { first, last, exact })
}

fn spec_versions(value: &str) -> Result<SpecVersions, QueryError> {
    let found =
        list(value, "match[spec_version]", "versions of STIX (2.0, 2.1), separated by commas", |version| {
            let (major, minor) = version.split_once('.')?;
            let number =
                |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            (number(major) && number(minor)).then(|| version.to_owned())
        })?;
    let has = |version: &str| found.iter().any(|given| given == version);
    Ok(SpecVersions { v20: has("2.0"), v21: has("2.1") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "indicator--aa0000aa-0000-4000-8000-00000000000a";

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn reads_what_clients_send() {
        let table: [(&str, Parameters); 15] = [
            ("", Parameters::default()),
            ("&&", Parameters::default()),
            ("limit=7", Parameters { limit: Some(7), ..Default::default() }),
            ("limit=99999999999999999999999", Parameters { limit: Some(usize::MAX), ..Default::default() }),
            (
                "next=a-b_c&limit=1",
                Parameters { next: Some("a-b_c".into()), limit: Some(1), ..Default::default() },
            ),
            (
                "added_after=2026-01-31T12%3A00%3A00.123456Z",
                Parameters { added_after: Some(time("2026-01-31T12:00:00.123456Z")), ..Default::default() },
            ),
            (
                "added_after=2026-01-31T12:00:00Z",
                Parameters { added_after: Some(time("2026-01-31T12:00:00Z")), ..Default::default() },
            ),
            (
                "match%5Btype%5D=malware%2Cindicator",
                Parameters { types: Some(vec!["indicator".into(), "malware".into()]), ..Default::default() },
            ),
            (
                &format!("match[id]={ID},{ID}"),
                Parameters { ids: Some(vec![StixId::parse(ID).unwrap()]), ..Default::default() },
            ),
            ("match[version]=all", Parameters { versions: Some(Versions::All), ..Default::default() }),
            (
                "match[version]=last,first,2016-04-06T20:03:48.123Z",
                Parameters {
                    versions: Some(Versions::Any {
                        first: true,
                        last: true,
                        exact: vec![time("2016-04-06T20:03:48.123Z")],
                    }),
                    ..Default::default()
                },
            ),
            (
                "match[spec_version]=2.1,2.0",
                Parameters {
                    spec_versions: Some(SpecVersions { v20: true, v21: true }),
                    ..Default::default()
                },
            ),
            (
                "match[spec_version]=3.7",
                Parameters { spec_versions: Some(SpecVersions::default()), ..Default::default() },
            ),
            ("match[colour]=red&match[colour]=red&page=2&x=%zz&%ff=1", Parameters::default()),
            ("limit=2&foo", Parameters { limit: Some(2), ..Default::default() }),
        ];
        for (query, expected) in table {
            assert_eq!(Parameters::parse(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn refuses_what_is_malformed_or_given_twice() {
        let malformed = [
            "limit=",
            "limit=0",
            "limit=000",
            "limit=-1",
            "limit=%2B5",
            "limit=+5",
            "limit=1.5",
            "limit=abc",
            "limit=1,2",
            "limit",
            "next=",
            "next",
            "added_after=",
            "added_after=yesterday",
            "added_after=2026-01-31",
            "added_after=2026-01-31T12:00:00",
            "added_after=2026-01-31t12:00:00z",
            "added_after=2026-01-31T12:00:00%2B00:00",
            "added_after=2026-01-31T12:00:00+00:00",
            "added_after=2026-02-30T12:00:00Z",
            "added_after=2026-01-31T12:00:00.Z",
            "added_after=2026-01-31T12:00:00Z,2026-01-31T12:00:00Z",
            "match[id]=",
            "match[id]=indicator",
            "match[id]=indicator--1",
            "match[type]=",
            "match[type]=indicator,",
            "match[type]=Indicator",
            "match[type]=a%20b",
            "match[type]=indicator, malware",
            "match[version]=",
            "match[version]=newest",
            "match[version]=all,first",
            "match[version]=first,all",
            "match[version]=all,all",
            "match[version]=2016-04-06",
            "match[spec_version]=",
            "match[spec_version]=2",
            "match[spec_version]=two",
            "match[spec_version]=2.1.0",
            "match[spec_version]=2.1,",
        ];
        for query in malformed {
            assert!(matches!(Parameters::parse(query), Err(QueryError::Malformed { .. })), "{query}");
        }
        let id = format!("match[id]={ID}");
        for pair in [
            "limit=1",
            "next=a",
            "added_after=2026-01-31T12:00:00Z",
            "match[type]=tool",
            &id,
            "match[version]=all",
            "match[spec_version]=2.1",
        ] {
            let encoded = pair.replace('[', "%5b").replace(']', "%5D");
            let twice = format!("{pair}&{encoded}");
            assert!(matches!(Parameters::parse(&twice), Err(QueryError::Repeated(_))), "{twice}");
        }
        for query in ["limit=%", "limit=%3", "next=%zz", "match[type]=%ff"] {
            assert!(matches!(Parameters::parse(query), Err(QueryError::Encoding(_))), "{query}");
        }
        let long = format!("match[type]={}", "tool,".repeat(3000));
        assert_eq!(Parameters::parse(&long), Err(QueryError::TooLong));
    }

    fn percent_encode(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    proptest! {
        #[test]
        fn reads_any_text_without_a_panic(query in ".{0,200}") {
            let _ = Parameters::parse(&query);
        }

        #[test]
        fn reads_near_misses_without_a_panic(
            query in "((limit|next|added_after|match\\[(id|type|version|spec_version)\\]|match%5[Bb]type%5D)=[-a-z0-9,.%TZ:+]{0,60}&?){0,5}"
        ) {
            let read = Parameters::parse(&query);
            prop_assert_eq!(read.clone(), Parameters::parse(&query));
            if let Ok(read) = read {
                prop_assert_ne!(read.limit, Some(0));
            }
        }

        #[test]
        fn encoding_changes_nothing(limit in 1usize..10_000, micros in 0i64..4_000_000_000_000_000, next in "[-_A-Za-z0-9]{1,80}") {
            let after = Timestamp::from_micros(micros);
            let expected = Parameters {
                added_after: Some(after), limit: Some(limit), next: Some(next.clone()), ..Default::default()
            };
            let plain = format!("added_after={after}&limit={limit}&next={next}");
            let encoded = format!(
                "next={}&limit={}&{}={}",
                percent_encode(&next), percent_encode(&limit.to_string()),
                percent_encode("added_after"), percent_encode(&format!("{after:#}")),
            );
            prop_assert_eq!(Parameters::parse(&plain), Ok(expected.clone()));
            prop_assert_eq!(Parameters::parse(&encoded), Ok(expected));
        }
    }
}
