//! Writing JSON by hand where a tree of values would cost more than the text.

/// Appends `text` as a JSON string (RFC 8259, section 7).
pub fn push_string(to: &mut String, text: &str) {
    to.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        to.push_str(text.get(from..at).unwrap_or_default());
        if short.is_empty() {
            to.push_str("\\u00");
            to.push(char::from(b'0' + (byte >> 4)));
            to.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        } else {
            to.push_str(short);
        }
        from = at + 1;
    }
    to.push_str(text.get(from..).unwrap_or_default());
    to.push('"');
}

/// Appends `"name":` to an object that is being written, with a comma where one is due.
pub fn push_name(to: &mut String, name: &str) {
    if !to.is_empty() && !to.ends_with('{') {
        to.push(',');
    }
    push_string(to, name);
    to.push(':');
}

/// Appends a member whose value is a string.
pub fn push_member(to: &mut String, name: &str, value: &str) {
    push_name(to, name);
    push_string(to, value);
}

/// Appends a member whose value is JSON already.
pub fn push_raw(to: &mut String, name: &str, json: &str) {
    push_name(to, name);
    to.push_str(json);
}

/// Appends a member whose value is an array of strings.
pub fn push_strings<'a>(to: &mut String, name: &str, values: impl IntoIterator<Item = &'a str>) {
    push_name(to, name);
    to.push('[');
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        push_string(to, value);
    }
    to.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_written_string_reads_back(text: String) {
            let mut json = String::new();
            push_string(&mut json, &text);
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn members_are_separated() {
        let mut json = String::from("{");
        push_member(&mut json, "a", "1\u{1f}\u{0}");
        push_strings(&mut json, "b", ["x", "\"y\""]);
        push_raw(&mut json, "c", "{}");
        push_raw(&mut json, "d", "1");
        json.push('}');
        assert_eq!(json, r#"{"a":"1\u001f\u0000","b":["x","\"y\""],"c":{},"d":1}"#);
    }
}
