//! Pages as they are written: envelopes, manifests, version lists (TAXII 2.1, sections 3.7, 5.3, 5.8).
//!
//! Bodies of objects are appended as they are; nothing is parsed or formatted that need not be.

use std::io::Write;

use rempart_model::Timestamp;

/// One page in the making: `{"objects":[…],"more":…,"next":…}`.
pub struct Page {
    bytes: Vec<u8>,
    empty: bool,
}

impl Page {
    /// A page whose list has this name. `capacity` is a guess at its bytes.
    pub fn new(list: &'static str, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity.max(64));
        bytes.extend_from_slice(b"{\"");
        bytes.extend_from_slice(list.as_bytes());
        bytes.extend_from_slice(b"\":[");
        Self { bytes, empty: true }
    }

    fn separate(&mut self) {
        if !self.empty {
            self.bytes.push(b',');
        }
        self.empty = false;
    }

    /// An object, byte for byte.
    pub fn object(&mut self, body: &[u8]) {
        self.separate();
        self.bytes.extend_from_slice(body);
    }

    /// A manifest record (section 5.3.1).
    pub fn record(
        &mut self,
        kind: &str,
        uuid: &[u8],
        added: Timestamp,
        version: Timestamp,
        media_type: &str,
    ) {
        self.separate();
        self.bytes.extend_from_slice(b"{\"id\":\"");
        // Object types are letters, digits and hyphens, so that nothing needs an escape.
        self.bytes.extend_from_slice(kind.as_bytes());
        self.bytes.extend_from_slice(b"--");
        hyphenated(&mut self.bytes, uuid);
        // Writing to memory does not fail.
        let _ = write!(self.bytes, "\",\"date_added\":\"{added:#}\",\"version\":\"");
        version_text(&mut self.bytes, version);
        self.bytes.extend_from_slice(b"\",\"media_type\":\"");
        self.bytes.extend_from_slice(media_type.as_bytes());
        self.bytes.extend_from_slice(b"\"}");
    }

    /// A version of an object.
    pub fn version(&mut self, version: Timestamp) {
        self.separate();
        self.bytes.push(b'"');
        version_text(&mut self.bytes, version);
        self.bytes.push(b'"');
    }

    /// The whole page. Empty lists are left out (section 2), and an empty last page is `{}`; `more` and
    /// `next` always go together, since clients loop on the one without the other.
    pub fn finish(mut self, next: Option<&str>) -> Vec<u8> {
        if self.empty {
            self.bytes.clear();
            self.bytes.push(b'{');
            if next.is_none() {
                self.bytes.push(b'}');
                return self.bytes;
            }
        } else {
            self.bytes.extend_from_slice(b"],");
        }
        match next {
            None => self.bytes.extend_from_slice(b"\"more\":false}"),
            Some(token) => {
                // Tokens are of the URL-safe alphabet of base64.
                self.bytes.extend_from_slice(b"\"more\":true,\"next\":\"");
                self.bytes.extend_from_slice(token.as_bytes());
                self.bytes.extend_from_slice(b"\"}");
            }
        }
        self.bytes
    }
}

/// The version of an object that has neither `modified` nor `created`: the server's to choose, as long as it
/// is always the same (section 5.3.1).
pub const NO_VERSION: Timestamp = Timestamp::MIN;

fn version_text(bytes: &mut Vec<u8>, version: Timestamp) {
    let shown = if version == NO_VERSION { Timestamp::from_micros(0) } else { version };
    let _ = write!(bytes, "{shown}");
}

fn hyphenated(bytes: &mut Vec<u8>, uuid: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            bytes.push(b'-');
        }
        for nibble in [byte >> 4, byte & 15] {
            bytes.extend(DIGITS.get(usize::from(nibble)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(page: Page, next: Option<&str>) -> String {
        String::from_utf8(page.finish(next)).unwrap()
    }

    #[test]
    fn objects_stand_as_they_came() {
        let mut page = Page::new("objects", 0);
        page.object(b"{ \"a\" : 1.0 }");
        page.object("{\"b\":\"\u{fc}\\u00fc\"}".as_bytes());
        assert_eq!(
            text(page, None),
            "{\"objects\":[{ \"a\" : 1.0 },{\"b\":\"\u{fc}\\u00fc\"}],\"more\":false}"
        );
    }

    #[test]
    fn empty_pages_have_no_list() {
        assert_eq!(text(Page::new("objects", 10), None), "{}");
        assert_eq!(text(Page::new("versions", 10), Some("abc")), "{\"more\":true,\"next\":\"abc\"}");
    }

    #[test]
    fn records_and_versions_are_written_out() {
        let mut page = Page::new("objects", 0);
        let uuid =
            [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let at = |micros| Timestamp::from_micros(micros);
        page.record("indicator", &uuid, at(1), at(1_500_000), STIX);
        assert_eq!(
            text(page, Some("t")),
            concat!(
                "{\"objects\":[{\"id\":\"indicator--12345678-9abc-def0-0123-456789abcdef\",",
                "\"date_added\":\"1970-01-01T00:00:00.000001Z\",\"version\":\"1970-01-01T00:00:01.500Z\",",
                "\"media_type\":\"application/stix+json;version=2.1\"}],\"more\":true,\"next\":\"t\"}"
            )
        );
        let mut page = Page::new("versions", 0);
        page.version(at(1_000_001));
        page.version(NO_VERSION);
        assert_eq!(
            text(page, None),
            "{\"versions\":[\"1970-01-01T00:00:01.000001Z\",\"1970-01-01T00:00:00.000Z\"],\"more\":false}"
        );
    }

    const STIX: &str = crate::media::STIX_21;

    proptest! {
        #[test]
        fn a_page_is_json_with_what_was_put_in(numbers in proptest::collection::vec(0u32..1000, 0..20), token in proptest::option::of("[-_A-Za-z0-9]{1,30}")) {
            let mut page = Page::new("objects", 0);
            for number in &numbers {
                page.object(number.to_string().as_bytes());
            }
            let read: Value = serde_json::from_slice(&page.finish(token.as_deref())).unwrap();
            let listed: Vec<u32> = read.get("objects").map(|list| serde_json::from_value(list.clone()).unwrap()).unwrap_or_default();
            prop_assert_eq!(&listed, &numbers);
            prop_assert_eq!(read.get("objects").is_some(), !numbers.is_empty());
            prop_assert_eq!(read.get("next").and_then(Value::as_str), token.as_deref());
            let more = read.get("more").and_then(Value::as_bool);
            prop_assert_eq!(more.unwrap_or(false), token.is_some());
            prop_assert_eq!(more.is_some(), token.is_some() || !numbers.is_empty());
        }
    }
}
