//! MISP's JSON as it is met: identifiers, times and flags as text or as numbers, lists as lists or
//! as single objects, members that are missing or empty.

use rempart_model::{Rejection, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// One attribute, of an event or of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute {
    #[serde(deserialize_with = "text")]
    pub(crate) uuid: Option<String>,
    #[serde(rename = "type", deserialize_with = "text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) value: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) to_ids: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) timestamp: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) comment: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) deleted: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) distribution: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sharing_group_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) first_seen: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) last_seen: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) object_relation: Option<String>,
    #[serde(rename = "SharingGroup")]
    pub(crate) sharing_group: Value,
    #[serde(rename = "Tag")]
    pub(crate) tags: Value,
    #[serde(rename = "AttributeTag")]
    pub(crate) attribute_tags: Value,
    #[serde(rename = "Galaxy")]
    pub(crate) galaxies: Value,
    #[serde(rename = "Sighting")]
    pub(crate) sightings: Value,
    /// The event, where the attribute came by itself (`/attributes/restSearch`).
    #[serde(rename = "Event")]
    pub(crate) event: Value,
    /// Written by the reader in the place of embedded data.
    #[serde(rename = "data")]
    pub(crate) left_out: bool,
}

/// What is said of a MISP object as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ObjectHead {
    #[serde(deserialize_with = "text")]
    pub(crate) uuid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) comment: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) deleted: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) distribution: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sharing_group_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) first_seen: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) last_seen: Option<String>,
    #[serde(rename = "SharingGroup")]
    pub(crate) sharing_group: Value,
}

/// A report in Markdown that belongs to an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EventReport {
    #[serde(deserialize_with = "text")]
    pub(crate) uuid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) content: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) timestamp: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) deleted: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) distribution: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sharing_group_id: Option<String>,
    #[serde(rename = "SharingGroup")]
    pub(crate) sharing_group: Value,
    #[serde(rename = "Tag")]
    pub(crate) tags: Value,
}

/// Text, whatever JSON wrote it as; empty text, `null`, lists and objects are nothing.
fn text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    struct Lenient;
    impl<'de> serde::de::Visitor<'de> for Lenient {
        type Value = Option<String>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text or a number")
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
        }
        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }
        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }
        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }
        fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
            Ok(Some(flag.to_string()))
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    }
    from.deserialize_any(Lenient)
}

/// The text of a JSON value, by the same rules.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    text(value).ok().flatten()
}

/// A flag: `true`, `"1"`, `1`. What is not plainly true is false.
pub(crate) fn flag(text: Option<&str>) -> bool {
    text.is_some_and(|text| matches!(text.trim(), "1") || text.trim().eq_ignore_ascii_case("true"))
}

/// A time: seconds since 1970 as MISP writes them (0 is "never"), or a date and time, or a date.
pub(crate) fn time(text: Option<&str>) -> Option<Timestamp> {
    let text = text?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds > 0).then(|| Timestamp::from_micros(seconds.saturating_mul(1_000_000)));
    }
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(seconds) = seconds.parse::<i64>()
    {
        return (seconds > 0).then(|| Timestamp::from_micros(seconds.saturating_mul(1_000_000)));
    }
    if let Ok(time) = Timestamp::parse(&format!("{text}Z")) {
        return Some(time);
    }
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Timestamp::from_date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The UUID in lower case, where the text can be one (or another short name that tells the record).
pub(crate) fn key(uuid: Option<&str>) -> String {
    let key = uuid.unwrap_or_default().trim();
    if key.len() > 64 || key.chars().any(char::is_control) { String::new() } else { key.to_ascii_lowercase() }
}

/// A rejection of the record `bytes`.
pub(crate) fn reject(bytes: &[u8], reason: impl Into<Box<str>>) -> Rejection {
    let head = bytes.get(..bytes.len().min(480)).unwrap_or_default();
    Rejection {
        reason: reason.into(),
        excerpt: String::from_utf8_lossy(head).chars().take(120).collect::<String>().into(),
    }
}

/// The items of a JSON list; of a single object, itself; of an object numbered like a list
/// (`{"0": …}`), its members.
pub(crate) fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map)
            if !map.is_empty() && map.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            map.values().collect()
        }
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_spellings_of_one_attribute() {
        for json in [
            r#"{"uuid":"A","timestamp":"1500000000","to_ids":true,"deleted":false,"value":"1"}"#,
            r#"{"uuid":"A","timestamp":1500000000,"to_ids":"1","deleted":"0","value":1}"#,
            r#"{"uuid":"A","timestamp":1500000000.0,"to_ids":1,"deleted":null,"value":"1","comment":[]}"#,
        ] {
            let attribute: Attribute = serde_json::from_str(json).unwrap();
            assert_eq!(key(attribute.uuid.as_deref()), "a");
            assert_eq!(time(attribute.timestamp.as_deref()).unwrap().micros(), 1_500_000_000_000_000);
            assert!(flag(attribute.to_ids.as_deref()) && !flag(attribute.deleted.as_deref()));
            assert_eq!(attribute.value.as_deref(), Some("1"));
            assert_eq!(attribute.comment, None);
        }
        assert!(serde_json::from_str::<Attribute>(r#"{"uuid":"a","uuid":"b"}"#).is_err());
    }

    #[test]
    fn reads_the_spellings_of_time() {
        for (text, written) in [
            ("2021-06-01", "2021-06-01T00:00:00.000Z"),
            ("2021-06-01T10:00:00.000000+02:00", "2021-06-01T08:00:00.000Z"),
            ("2021-06-01T10:00:00", "2021-06-01T10:00:00.000Z"),
            ("1622541600", "2021-06-01T10:00:00.000Z"),
            ("1622541600.25", "2021-06-01T10:00:00.000Z"),
        ] {
            assert_eq!(time(Some(text)).unwrap().to_string(), written, "{text}");
        }
        for nothing in ["", "0", "-5", "soon", "2021-13-01", "."] {
            assert_eq!(time(Some(nothing)), None, "{nothing}");
        }
    }
}
