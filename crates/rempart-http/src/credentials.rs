//! The key in an `Authorization` header (RFC 7617, RFC 6750, and what clients send besides).

use std::fmt;

/// Bytes of a header beyond which nobody's key is sought in it.
const LONGEST: usize = 1024;

/// A key that a request carries. It prints as nothing, so that no log ever holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The key itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The key in the value of an `Authorization` header: Basic with the key as password (any user name), or
/// as user name with an empty password; `Bearer KEY`; `Token KEY`; or the bare key.
pub fn secret(header: &[u8]) -> Option<Secret> {
    if header.len() > LONGEST {
        return None;
    }
    let header = std::str::from_utf8(header).ok()?.trim_ascii();
    let Some((scheme, rest)) = header.split_once([' ', '\t']) else {
        return key(header);
    };
    let rest = rest.trim_ascii();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("basic") {
        let pair = String::from_utf8(base64(rest.as_bytes())?).ok()?;
        let (user, password) = pair.split_once(':')?;
        return key(if password.is_empty() { user } else { password });
    }
    if is("bearer") || is("token") { key(rest) } else { None }
}

/// A key is one word of visible ASCII.
fn key(text: &str) -> Option<Secret> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Secret(text.to_owned()))
}

/// Base64 with or without padding (RFC 4648, section 4).
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.len() - text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let (digits, _) = text.split_at_checked(end)?;
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut group, mut bits) = (0u32, 0u32);
    for digit in digits {
        let sextet = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xff) as u8);
        }
    }
    // One digit left over is no byte.
    (digits.len() % 4 != 1).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let group = (0..3).fold(0u32, |group, i| group << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
            for i in 0..4 {
                let digit = ALPHABET[(group >> (18 - 6 * i) & 63) as usize];
                text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
            }
        }
        text
    }

    #[test]
    fn finds_the_key_in_every_form() {
        let basic = |pair: &str| format!("Basic {}", encode(pair.as_bytes()));
        let table = [
            (basic("anybody:KEY"), Some("KEY")),
            (basic(":KEY"), Some("KEY")),
            (basic("KEY:"), Some("KEY")),
            (basic("a:b:c"), Some("b:c")),
            (basic("a:KEY").replace('=', ""), Some("KEY")),
            (basic("a:KEY").replace("Basic", "bAsIc"), Some("KEY")),
            ("Bearer KEY".into(), Some("KEY")),
            ("bearer  KEY ".into(), Some("KEY")),
            ("Token KEY".into(), Some("KEY")),
            ("KEY".into(), Some("KEY")),
            (basic("no colon"), None),
            (basic(":"), None),
            (basic("a:k y"), None),
            ("Basic".into(), Some("Basic")),
            ("Basic !!!".into(), None),
            ("Basic a".into(), None),
            ("Basic /w==".into(), None),
            ("Digest username=\"x\"".into(), None),
            ("Bearer a b".into(), None),
            ("Bearer ".into(), Some("Bearer")),
            ("".into(), None),
            ("x".repeat(2000), None),
        ];
        for (header, expected) in table {
            let found = secret(header.as_bytes());
            assert_eq!(found.as_ref().map(Secret::expose), expected, "{header}");
        }
    }

    #[test]
    fn a_key_does_not_print() {
        let found = secret(b"Bearer hush").unwrap();
        assert!(!format!("{found:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn reads_any_bytes_without_a_panic(bytes: Vec<u8>) {
            let _ = secret(&bytes);
        }

        #[test]
        fn what_was_encoded_is_found(user in "[^:]{0,20}", key in "[!-~]{1,60}") {
            let header = format!("Basic {}", encode(format!("{user}:{key}").as_bytes()));
            prop_assert_eq!(secret(header.as_bytes()).map(|s| s.expose().to_owned()), Some(key));
        }

        #[test]
        fn decodes_what_was_encoded(bytes: Vec<u8>) {
            prop_assert_eq!(base64(encode(&bytes).as_bytes()), Some(bytes));
        }
    }
}
