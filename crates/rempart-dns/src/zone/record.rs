//! The records of a journal on disk: a head with its own check, a body, and the check of both.
//!
//! ```text
//! length u32 | kind u8 | from u32 | to u32 | time u64 | changes u32 | check of the head, 8 bytes
//! body, `length` bytes                                              | check of the body, 8 bytes
//! ```
//!
//! Numbers are big-endian. A check is the first 8 bytes of a SHA-256 over the check before it and the bytes: a record
//! that is moved, missing or changed is noticed. The head has a check of its own so that a damaged length is not taken
//! for a record that was not written to its end.

use ring::digest;

use super::content::is_owner;
use crate::action;
use crate::serial::Serial;

/// The bytes of a check.
pub(crate) const CHECK: usize = 8;
/// The bytes of a head, without its check.
const HEAD: usize = 25;

/// A check of bytes that follow something checked.
pub(crate) type Check = [u8; CHECK];

/// The check of bytes behind a check.
pub(crate) fn check(before: &Check, bytes: &[u8]) -> Check {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(before);
    context.update(bytes);
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

/// What a record of the journal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The zone was made.
    Made,
    /// Entries changed.
    Changed,
    /// Entries changed at once for all stages: emptied, or taken back.
    Withdrawn,
    /// The stop file appeared: the zone is served empty from here.
    Stopped,
    /// The stop file is gone: the zone is served again.
    Resumed,
    /// The folder was found in another place than it was written to: a copy that was restored.
    Restored,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Made,
            1 => Self::Changed,
            2 => Self::Withdrawn,
            3 => Self::Stopped,
            4 => Self::Resumed,
            5 => Self::Restored,
            _ => return None,
        })
    }
}

/// The head of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) from: Serial,
    pub(crate) to: Serial,
    /// Seconds since 1970.
    pub(crate) time: u64,
    pub(crate) changes: u32,
}

/// A record as bytes, and the check that the next one follows.
pub(crate) fn encode(head: &Head, body: &[u8], before: &Check) -> Option<(Vec<u8>, Check)> {
    let length = u32::try_from(body.len()).ok()?;
    let mut bytes = Vec::with_capacity(HEAD + body.len() + 2 * CHECK);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.push(head.kind as u8);
    bytes.extend_from_slice(&head.from.0.to_be_bytes());
    bytes.extend_from_slice(&head.to.0.to_be_bytes());
    bytes.extend_from_slice(&head.time.to_be_bytes());
    bytes.extend_from_slice(&head.changes.to_be_bytes());
    let head = check(before, &bytes);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(body);
    let body = check(&head, body);
    bytes.extend_from_slice(&body);
    Some((bytes, body))
}

/// What stands at a place in a journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A whole record: its head, where its body starts in the bytes given, the body, and all of its bytes.
    Record { head: Head, start: usize, body: &'a [u8], length: usize, check: Check },
    /// A record that was not written to its end, which can only be the last.
    Torn,
    /// Something else.
    Damaged(&'static str),
}

/// Reads the record at the start of bytes that are not empty and go to the end of the file.
pub(crate) fn decode<'a>(bytes: &'a [u8], before: &Check) -> Found<'a> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Found::Torn };
    let Some((sum, rest)) = rest.split_first_chunk::<CHECK>() else { return Found::Torn };
    // After a power cut a file may have its length already and its bytes not yet.
    if bytes.iter().all(|&byte| byte == 0) {
        return Found::Torn;
    }
    if *sum != check(before, head) {
        return Found::Damaged("the head of a record does not fit its check");
    }
    let Some((length, parsed)) = parse_head(head) else {
        return Found::Damaged("a record is of an unknown kind");
    };
    let Some((body, rest)) = rest.split_at_checked(length) else { return Found::Torn };
    let Some((end, rest)) = rest.split_first_chunk::<CHECK>() else { return Found::Torn };
    if *end != check(sum, body) {
        return match rest.is_empty() {
            true => Found::Torn,
            false => Found::Damaged("the body of a record does not fit its check"),
        };
    }
    let start = HEAD + CHECK;
    Found::Record { head: parsed, start, body, length: start + length + CHECK, check: *end }
}

fn parse_head(head: &[u8]) -> Option<(usize, Head)> {
    let (length, head) = head.split_first_chunk()?;
    let (&kind, head) = head.split_first()?;
    let (from, head) = head.split_first_chunk()?;
    let (to, head) = head.split_first_chunk()?;
    let (time, head) = head.split_first_chunk()?;
    let (changes, _) = head.split_first_chunk()?;
    let parsed = Head {
        kind: Kind::from_byte(kind)?,
        from: Serial(u32::from_be_bytes(*from)),
        to: Serial(u32::from_be_bytes(*to)),
        time: u64::from_be_bytes(*time),
        changes: u32::from_be_bytes(*changes),
    };
    Some((usize::try_from(u32::from_be_bytes(*length)).ok()?, parsed))
}

/// An entry that changed: the owner, the encoded action before, and the one after.
pub(crate) type Change<'a> = (&'a [u8], Option<&'a [u8]>, Option<&'a [u8]>);

/// Adds a change to the body of a record.
pub(crate) fn encode_change(body: &mut Vec<u8>, (owner, old, new): Change<'_>) {
    body.push(u8::from(old.is_some()) | u8::from(new.is_some()) << 1);
    body.push(u8::try_from(owner.len()).unwrap_or(u8::MAX));
    body.extend_from_slice(owner);
    body.extend_from_slice(old.unwrap_or_default());
    body.extend_from_slice(new.unwrap_or_default());
}

/// Goes through the changes of a body; ends early at bytes that are none.
#[derive(Debug)]
pub(crate) struct Changes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Changes<'a> {
    type Item = Change<'a>;

    fn next(&mut self) -> Option<Change<'a>> {
        let ([flags, length], rest) = self.0.split_first_chunk::<2>()?;
        let (owner, mut rest) = rest.split_at_checked(usize::from(*length))?;
        let mut side = |bit: u8| -> Option<Option<&'a [u8]>> {
            if flags & bit == 0 {
                return Some(None);
            }
            let (encoded, after) = action::split(rest)?;
            rest = after;
            Some(Some(encoded))
        };
        let (old, new) = (side(1)?, side(2)?);
        self.0 = rest;
        Some((owner, old, new))
    }
}

/// Whether a body has so many changes and nothing else.
pub(crate) fn is_body(body: &[u8], changes: u32) -> bool {
    let mut all = Changes(body);
    let good = all.by_ref().take_while(|(owner, old, new)| {
        is_owner(owner) && [old, new].into_iter().all(|side| side.is_none_or(action::is_valid))
    });
    let count = good.count();
    u32::try_from(count) == Ok(changes) && all.0.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(changes: u32) -> Head {
        Head { kind: Kind::Changed, from: Serial(1), to: Serial(2), time: 3, changes }
    }

    #[test]
    fn each_cut_is_a_torn_tail_and_each_flip_is_noticed() {
        let mut body = Vec::new();
        encode_change(&mut body, (b"\x04evil\x07example", None, Some(&[0])));
        encode_change(&mut body, (b"\x05other\x07example", Some(&[1]), None));
        let (bytes, sum) = encode(&head(2), &body, &[7; CHECK]).unwrap();
        let Found::Record { head: read, body: read_body, length, check, start } = decode(&bytes, &[7; CHECK])
        else {
            panic!("not read");
        };
        assert_eq!((read, read_body, length, check), (head(2), &body[..], bytes.len(), sum));
        assert_eq!(&bytes[start..start + body.len()], &body[..]);
        assert!(is_body(read_body, 2) && !is_body(read_body, 1) && !is_body(&read_body[1..], 2));
        assert_eq!(Changes(read_body).count(), 2);
        for cut in 1..bytes.len() {
            assert_eq!(decode(&bytes[..cut], &[7; CHECK]), Found::Torn, "{cut}");
        }
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            // The last record may be torn; followed by another one it must be whole.
            assert!(!matches!(decode(&bad, &[7; CHECK]), Found::Record { .. }), "{at}");
            bad.push(1);
            assert!(matches!(decode(&bad, &[7; CHECK]), Found::Damaged(_)), "{at}");
        }
        assert!(matches!(decode(&bytes, &[8; CHECK]), Found::Damaged(_)));
        assert_eq!(decode(&[0; 4096], &[7; CHECK]), Found::Torn);
    }
}
