//! STIX identifiers, `type--uuid` (STIX 2.1, section 2.9).

use std::fmt;

/// An identifier: an object type and a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StixId {
    kind: Box<str>,
    uuid: [u8; 16],
}

/// Why a text is not a STIX identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StixIdError {
    /// There is no `--`, or a part is empty.
    #[error("an identifier is written type--uuid")]
    Shape,
    /// The type holds something else than `a-z`, `0-9` and `-`, or is longer than 250 characters.
    #[error("the type of an identifier has lower-case letters, digits and hyphens only")]
    Kind,
    /// What follows `--` is no UUID in its canonical form.
    #[error("what follows -- is not a UUID")]
    Uuid,
}

impl StixId {
    /// An identifier of `kind` (an object type such as `indicator`) and a UUID's bytes.
    pub fn new(kind: &str, uuid: [u8; 16]) -> Self {
        Self { kind: kind.into(), uuid }
    }

    /// Reads `type--uuid`. Upper-case hexadecimal digits are taken for lower case.
    pub fn parse(text: &str) -> Result<Self, StixIdError> {
        let Some(split) = text.len().checked_sub(38) else { return Err(StixIdError::Shape) };
        let (Some(kind), Some("--"), Some(uuid)) =
            (text.get(..split), text.get(split..split + 2), text.get(split + 2..))
        else {
            return Err(StixIdError::Shape);
        };
        if kind.is_empty() {
            return Err(StixIdError::Shape);
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if kind.len() > 250 || !kind.bytes().all(plain) {
            return Err(StixIdError::Kind);
        }
        Ok(Self { kind: kind.into(), uuid: parse_uuid(uuid).ok_or(StixIdError::Uuid)? })
    }

    /// The object type, for example `indicator`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The UUID's bytes.
    pub fn uuid(&self) -> &[u8; 16] {
        &self.uuid
    }
}

impl fmt::Display for StixId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
        // Ids are written for every object that is read or served; pieces would cost three times as much.
        let mut text = *b"--........-....-....-....-............";
        let mut places = text.iter_mut().skip(2).filter(|place| **place == b'.');
        for byte in self.uuid {
            if let (Some(high), Some(low)) = (places.next(), places.next()) {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        f.write_str(&self.kind)?;
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Reads a UUID written with its four hyphens.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut uuid = [0u8; 16];
    let mut digits = 0usize;
    for (index, &byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        let slot = uuid.get_mut(digits / 2)?;
        *slot = *slot << 4 | digit;
        digits += 1;
    }
    Some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let text = "x-mitre-tactic--2558fd61-8c75-4730-94c4-11926db2a263";
        assert_eq!(StixId::parse(text).unwrap().to_string(), text);
        for wrong in [
            "",
            "indicator",
            "--2558fd61-8c75-4730-94c4-11926db2a263",
            "indicator-2558fd61-8c75-4730-94c4-11926db2a263",
            "indicator--2558fd61-8c75-4730-94c4-11926db2a26g",
            "Indicator--2558fd61-8c75-4730-94c4-11926db2a263",
            "indicator--2558fd618c75473094c411926db2a263",
            "é--2558fd61-8c75-4730-94c4-11926db2a263",
        ] {
            assert!(StixId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
