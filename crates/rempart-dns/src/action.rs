//! What a resolver does with a name: the actions of response-policy zones.

use crate::name::Name;

/// What a resolver answers for a name (draft-vixie-dnsop-dns-rpz-00, section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The name does not exist: `CNAME .` (section 3.1).
    NxDomain,
    /// The name exists and has no data: `CNAME *.` (section 3.2).
    NoData,
    /// The name is answered as if no policy were there: `CNAME rpz-passthru.` (section 3.3).
    PassThru,
    /// No answer at all: `CNAME rpz-drop.` (section 3.4).
    Drop,
    /// The name leads to a walled garden: a CNAME to this host (section 3.6).
    Garden(Name),
}

/// The targets of the actions without a host of their own, in wire form, by tag.
const TARGETS: [&[u8]; 4] = [b"\0", b"\x01*\0", b"\x0crpz-passthru\0", b"\x08rpz-drop\0"];
/// The tag of the walled garden, which is followed by a length and the host.
const GARDEN: u8 = 4;

impl Action {
    /// Writes the action as it is kept in memory and on disk.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::NxDomain => out.push(0),
            Self::NoData => out.push(1),
            Self::PassThru => out.push(2),
            Self::Drop => out.push(3),
            Self::Garden(host) => {
                out.push(GARDEN);
                // A name has 255 bytes at most.
                out.push(u8::try_from(host.wire().len()).unwrap_or(u8::MAX));
                out.extend_from_slice(host.wire());
            }
        }
    }

    /// Reads an encoded action.
    pub(crate) fn decode(encoded: &[u8]) -> Option<Self> {
        Some(match encoded {
            [0] => Self::NxDomain,
            [1] => Self::NoData,
            [2] => Self::PassThru,
            [3] => Self::Drop,
            [GARDEN, _, host @ ..] => Self::Garden(Name::from_wire(host)?),
            _ => return None,
        })
    }
}

/// The target of the CNAME of an encoded action, in wire form.
pub(crate) fn target(encoded: &[u8]) -> &[u8] {
    match encoded {
        [GARDEN, _, host @ ..] => host,
        [tag, ..] => TARGETS.get(usize::from(*tag)).copied().unwrap_or(b"\0"),
        [] => b"\0",
    }
}

/// Splits an encoded action off what follows it, or nothing where none stands there.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match bytes {
        [0..=3, ..] => 1,
        [GARDEN, length, ..] => 2 + usize::from(*length),
        _ => return None,
    };
    bytes.split_at_checked(length)
}

/// Whether an encoded action is one, host included.
pub(crate) fn is_valid(encoded: &[u8]) -> bool {
    Action::decode(encoded).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_kept_as_they_are() {
        let garden = Name::parse("b-1.block.example").unwrap();
        for (action, expected) in [
            (Action::NxDomain, &b"\0"[..]),
            (Action::NoData, b"\x01*\0"),
            (Action::PassThru, b"\x0crpz-passthru\0"),
            (Action::Drop, b"\x08rpz-drop\0"),
            (Action::Garden(garden.clone()), garden.wire()),
        ] {
            let mut bytes = Vec::new();
            action.encode(&mut bytes);
            assert_eq!(target(&bytes), expected);
            bytes.extend_from_slice(b"rest");
            let (encoded, rest) = split(&bytes).unwrap();
            assert_eq!((Action::decode(encoded), rest), (Some(action), &b"rest"[..]));
        }
        assert_eq!(split(&[9, 0]), None);
        assert!(!is_valid(&[4, 2, 1, 1]));
    }
}
