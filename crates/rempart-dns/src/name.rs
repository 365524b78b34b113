//! Names in wire form: absolute ones (a zone, a server, a garden host) and the owners within a zone.

use std::fmt;

/// The most bytes of a name in wire form, with its root label (RFC 1035, section 2.3.4).
pub(crate) const LONGEST_NAME: usize = 255;
/// The most bytes of a label (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// Labels that would turn an entry into a trigger on addresses or name servers, which blocks far more than a
/// name (draft-vixie-dnsop-dns-rpz-00, section 4).
const TRIGGERS: [&[u8]; 4] = [b"rpz-ip", b"rpz-client-ip", b"rpz-nsdname", b"rpz-nsip"];

/// Why a text is not a name that can stand in a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is there.
    #[error("the name is empty")]
    Empty,
    /// Two dots in a row, or one at the start.
    #[error("the name has an empty label (two dots in a row, or a dot too many)")]
    EmptyLabel,
    /// A label is too long.
    #[error("the name has a label of more than 63 bytes (RFC 1035, section 2.3.4)")]
    LongLabel,
    /// The name by itself is too long.
    #[error("the name has {0} bytes in wire form; 255 is the most (RFC 1035, section 2.3.4)")]
    LongName(usize),
    /// The name is too long below its zone.
    #[error(
        "the name has {bytes} bytes in wire form below {origin}; 255 is the most (RFC 1035, section 2.3.4)"
    )]
    LongBelow {
        /// The bytes it would have.
        bytes: usize,
        /// The zone.
        origin: Name,
    },
    /// A character that no host name has.
    #[error("the name has the byte {0:#04x}; only letters, digits, hyphens and underscores are taken")]
    Character(u8),
    /// One label only: that is a whole top-level domain.
    #[error("the name is a single label; a blocked name has at least two")]
    SingleLabel,
    /// The name would be a trigger on addresses or name servers.
    #[error("the name ends in the reserved label {0}, which makes it a trigger on addresses or name servers")]
    Reserved(String),
}

/// An absolute name in wire form, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// Reads a name as it is written in text; a dot at the end changes nothing, `.` is the root.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut wire = Vec::with_capacity(text.len() + 2);
        if text != "." {
            labels(text.strip_suffix('.').unwrap_or(text), &mut wire)?;
        }
        wire.push(0);
        if wire.len() > LONGEST_NAME {
            return Err(NameError::LongName(wire.len()));
        }
        Ok(Self(wire.into()))
    }

    /// Takes a name in wire form that is whole, uncompressed and within bounds; letters become lower case.
    pub fn from_wire(wire: &[u8]) -> Option<Self> {
        let mut rest = wire;
        loop {
            let (&length, after) = rest.split_first()?;
            if length == 0 {
                break (after.is_empty() && wire.len() <= LONGEST_NAME)
                    .then(|| Self(wire.to_ascii_lowercase().into()));
            }
            if usize::from(length) > LONGEST_LABEL {
                return None;
            }
            rest = after.get(usize::from(length)..)?;
        }
    }

    /// The wire form, with the root label at its end.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// The name with another label before it, where that is not too long.
    pub(crate) fn below(&self, label: &[u8]) -> Option<Self> {
        let length = u8::try_from(label.len()).ok().filter(|n| (1..=63).contains(n))?;
        let wire = [&[length], label, self.wire()].concat();
        (wire.len() <= LONGEST_NAME).then(|| Self(wire.into()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest: &[u8] = &self.0;
        while let Some((&length, after)) = rest.split_first() {
            if length == 0 {
                break;
            }
            let Some((label, after)) = after.split_at_checked(usize::from(length)) else { break };
            write!(f, "{}.", label.escape_ascii())?;
            rest = after;
        }
        if self.0.len() == 1 { f.write_str(".") } else { Ok(()) }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads the owner of an entry: the labels of a blocked name, relative to the zone, without a root label.
///
/// `prefix` is what the owners of an entry have more than the name itself: two bytes where `*.x` is served too.
pub(crate) fn owner(text: &str, origin: &Name, prefix: usize) -> Result<Vec<u8>, NameError> {
    let mut wire = Vec::with_capacity(text.len() + 1);
    let text = text.strip_suffix('.').unwrap_or(text);
    labels(text, &mut wire)?;
    let last = text.rsplit('.').next().unwrap_or_default();
    if last.len() == text.len() {
        return Err(NameError::SingleLabel);
    }
    if TRIGGERS.iter().any(|trigger| last.as_bytes().eq_ignore_ascii_case(trigger)) {
        return Err(NameError::Reserved(last.to_ascii_lowercase()));
    }
    let bytes = prefix + wire.len() + origin.wire().len();
    if bytes > LONGEST_NAME {
        return Err(NameError::LongBelow { bytes, origin: origin.clone() });
    }
    Ok(wire)
}

/// Writes the labels of a name in wire form, without the root label.
fn labels(text: &str, wire: &mut Vec<u8>) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    // Said before the labels are looked at, so that a text of any length costs nothing.
    if text.len() + 2 > LONGEST_NAME {
        return Err(NameError::LongName(text.len() + 2));
    }
    for label in text.as_bytes().split(|&byte| byte == b'.') {
        let length = u8::try_from(label.len()).map_err(|_| NameError::LongLabel)?;
        match label.len() {
            0 => return Err(NameError::EmptyLabel),
            1..=LONGEST_LABEL => {}
            _ => return Err(NameError::LongLabel),
        }
        if let Some(&bad) = label.iter().find(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_')) {
            return Err(NameError::Character(bad));
        }
        wire.push(length);
        wire.extend(label.iter().map(u8::to_ascii_lowercase));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for (text, wire, shown) in [
            ("rpz.example", &b"\x03rpz\x07example\0"[..], "rpz.example."),
            ("RPZ.Example.", b"\x03rpz\x07example\0", "rpz.example."),
            (".", b"\0", "."),
        ] {
            let name = Name::parse(text).unwrap();
            assert_eq!((name.wire(), name.to_string().as_str()), (wire, shown), "{text}");
            assert_eq!(Name::from_wire(wire), Some(name));
        }
        assert_eq!(Name::from_wire(b"\x03rpz"), None);
        assert_eq!(Name::from_wire(b"\xc0\x0c"), None);
    }

    #[test]
    fn owners_that_cannot_stand_in_a_zone_are_refused() {
        let origin = Name::parse("rpz.example").unwrap();
        let label = "a".repeat(63);
        // 13 bytes of origin and 2 of `*.` leave 240 for the name in wire form.
        let fits = format!("{label}.{label}.{label}.{}", "b".repeat(47));
        let long = format!("{label}.{label}.{label}.{}", "b".repeat(48));
        assert_eq!(owner(&fits, &origin, 2).unwrap().len(), 240);
        for (text, error) in [
            ("", NameError::Empty),
            ("a..b", NameError::EmptyLabel),
            ("com", NameError::SingleLabel),
            ("*.evil.example", NameError::Character(b'*')),
            ("evil\n.example", NameError::Character(b'\n')),
            ("32.1.2.0.192.rpz-ip", NameError::Reserved("rpz-ip".into())),
            ("ns.evil.example.RPZ-NSDNAME", NameError::Reserved("rpz-nsdname".into())),
            (&format!("{label}a.example"), NameError::LongLabel),
            (&long, NameError::LongBelow { bytes: 256, origin: origin.clone() }),
        ] {
            assert_eq!(owner(text, &origin, 2), Err(error), "{text}");
        }
        assert!(owner(&long, &origin, 2).unwrap_err().to_string().contains("below rpz.example."));
    }
}
