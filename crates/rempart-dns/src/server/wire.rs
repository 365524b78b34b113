//! Reading questions and writing records (RFC 1035, section 4).

use crate::name::{LONGEST_NAME, Name};
use crate::serial::Serial;

/// Types of records (RFC 1035, section 3.2.2, and those named).
pub(crate) mod kind {
    pub(crate) const NS: u16 = 2;
    pub(crate) const CNAME: u16 = 5;
    pub(crate) const SOA: u16 = 6;
    pub(crate) const PTR: u16 = 12;
    pub(crate) const TXT: u16 = 16;
    /// EDNS(0), RFC 6891.
    pub(crate) const OPT: u16 = 41;
    /// RFC 8945.
    pub(crate) const TSIG: u16 = 250;
    /// RFC 1995.
    pub(crate) const IXFR: u16 = 251;
    /// RFC 5936.
    pub(crate) const AXFR: u16 = 252;
}

/// The class `IN`.
pub(crate) const IN: u16 = 1;
/// The class `ANY`, which TSIG records have.
pub(crate) const ANY: u16 = 255;

/// What a question is answered with (RFC 1035, section 4.1.1; RFC 2136 for the last).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rcode {
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NotImp = 4,
    Refused = 5,
    NotAuth = 9,
}

/// The operation of a question (RFC 1035, section 4.1.1).
pub(crate) const OPCODE_QUERY: u8 = 0;
/// RFC 1996.
pub(crate) const OPCODE_NOTIFY: u8 = 4;

/// The bytes of a header.
pub(crate) const HEADER: usize = 12;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) id: u16,
    pub(crate) opcode: u8,
    /// Recursion is desired; it is copied into the answer.
    pub(crate) recursion: bool,
    pub(crate) name: Name,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    /// The serial that the asker has, in a question for a difference.
    pub(crate) has: Option<Serial>,
    /// What it says with EDNS(0), where it does.
    pub(crate) edns: Option<Edns>,
    /// The signature, and where in the message it begins.
    pub(crate) tsig: Option<(Signature, usize)>,
}

/// What a question says with EDNS(0) (RFC 6891, section 6.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edns {
    pub(crate) version: u8,
}

/// A TSIG record (RFC 8945, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) key: Name,
    pub(crate) algorithm: Name,
    /// Seconds since 1970.
    pub(crate) time: u64,
    pub(crate) fudge: u16,
    pub(crate) mac: Vec<u8>,
    pub(crate) original_id: u16,
    pub(crate) error: u16,
    pub(crate) other: Vec<u8>,
}

/// Why a message is not a question that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Nothing is answered: it is an answer itself, or shorter than a header.
    Ignored,
    /// It is answered with an error under this id.
    Malformed { id: u16 },
}

/// Goes through a message.
struct Cursor<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Cursor<'m> {
    fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        let bytes = self.message.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(bytes)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A name, with its compression undone (RFC 1035, section 4.1.4): each pointer leads further back.
    fn name(&mut self) -> Option<Name> {
        let mut wire = Vec::new();
        let mut at = self.at;
        let mut end = None;
        let mut before = self.at;
        loop {
            let length = *self.message.get(at)?;
            match length {
                0 => {
                    wire.push(0);
                    self.at = end.unwrap_or(at + 1);
                    return Name::from_wire(&wire);
                }
                1..=63 => {
                    wire.extend_from_slice(self.message.get(at..at + 1 + usize::from(length))?);
                    at += 1 + usize::from(length);
                    if wire.len() > LONGEST_NAME {
                        return None;
                    }
                }
                0xc0.. => {
                    let low = *self.message.get(at + 1)?;
                    let target = usize::from(length & 0x3f) << 8 | usize::from(low);
                    end.get_or_insert(at + 2);
                    if target >= before {
                        return None;
                    }
                    (at, before) = (target, target);
                }
                _ => return None,
            }
        }
    }
}

/// Reads a question.
pub(crate) fn read(message: &[u8]) -> Result<Request, Unreadable> {
    let mut cursor = Cursor { message, at: 0 };
    let (Some(id), Some(flags)) = (cursor.u16(), cursor.u16()) else { return Err(Unreadable::Ignored) };
    if message.len() < HEADER || flags & 0x8000 != 0 {
        return Err(Unreadable::Ignored);
    }
    let request = read_rest(&mut cursor, id, flags).ok_or(Unreadable::Malformed { id })?;
    // Anything behind the last record is nothing that was signed or asked.
    if cursor.at != message.len() { Err(Unreadable::Malformed { id }) } else { Ok(request) }
}

fn read_rest(cursor: &mut Cursor<'_>, id: u16, flags: u16) -> Option<Request> {
    let (questions, answers, authorities, more) =
        (cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?);
    if questions != 1 {
        return None;
    }
    let (name, kind, class) = (cursor.name()?, cursor.u16()?, cursor.u16()?);
    let mut request = Request {
        id,
        // Four bits.
        opcode: u8::try_from(flags >> 11 & 15).ok()?,
        recursion: flags & 0x0100 != 0,
        name,
        kind,
        class,
        has: None,
        edns: None,
        tsig: None,
    };
    let (before, all) = (usize::from(answers), usize::from(answers) + usize::from(authorities));
    for index in 0..all + usize::from(more) {
        // A signature is the last record.
        if request.tsig.is_some() {
            return None;
        }
        let start = cursor.at;
        let owner = cursor.name()?;
        let (kind, class, ttl, length) = (cursor.u16()?, cursor.u16()?, cursor.u32()?, cursor.u16()?);
        let end = cursor.at.checked_add(usize::from(length))?;
        if end > cursor.message.len() {
            return None;
        }
        match kind {
            kind::SOA if index >= before && index < all && owner == request.name => {
                cursor.name()?;
                cursor.name()?;
                request.has = Some(Serial(cursor.u32()?));
            }
            // RFC 6891, section 6.1.1: there is one, and its owner is the root.
            kind::OPT if request.edns.is_some() || owner.wire() != b"\0" => return None,
            kind::OPT if index >= all => request.edns = Some(Edns { version: ttl.to_be_bytes()[1] }),
            // RFC 8945, section 4.2: these two are not signed, and have one value each.
            kind::TSIG if class != ANY || ttl != 0 => return None,
            kind::TSIG if index >= all => request.tsig = Some((signature(cursor, owner)?, start)),
            _ => {}
        }
        if cursor.at > end {
            return None;
        }
        cursor.at = end;
    }
    Some(request)
}

fn signature(cursor: &mut Cursor<'_>, key: Name) -> Option<Signature> {
    let algorithm = cursor.name()?;
    let time = u64::from(cursor.u16()?) << 32 | u64::from(cursor.u32()?);
    let fudge = cursor.u16()?;
    let length = cursor.u16()?;
    let mac = cursor.take(usize::from(length))?.to_vec();
    let (original_id, error, length) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let other = cursor.take(usize::from(length))?.to_vec();
    Some(Signature { key, algorithm, time, fudge, mac, original_id, error, other })
}

/// The id and the code of an answer; nothing for what is none.
pub(crate) fn answered(message: &[u8]) -> Option<(u16, u8)> {
    let mut cursor = Cursor { message, at: 0 };
    let (id, high, low) = (cursor.u16()?, cursor.u8()?, cursor.u8()?);
    (high & 0x80 != 0).then_some((id, low & 15))
}

/// A message that is being written.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    answers: u16,
}

/// Where the name of the question stands, so that the end of other names can lead there.
const QUESTION: u16 = 0xc000 | HEADER as u16;

impl Message {
    /// An answer with the question, which authoritative data follow.
    pub(crate) fn answer(request: &Request, code: Rcode) -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(&request.id.to_be_bytes());
        let authority = u16::from(code == Rcode::NoError) << 10;
        let flags = 0x8000
            | u16::from(request.opcode) << 11
            | authority
            | u16::from(request.recursion) << 8
            | code as u16;
        bytes.extend_from_slice(&flags.to_be_bytes());
        bytes.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(request.name.wire());
        bytes.extend_from_slice(&request.kind.to_be_bytes());
        bytes.extend_from_slice(&request.class.to_be_bytes());
        Self { bytes, answers: 0 }
    }

    /// An error about a message of which nothing but the id could be read.
    pub(crate) fn malformed(id: u16) -> Self {
        let mut bytes = id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&(0x8000 | Rcode::FormErr as u16).to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, answers: 0 }
    }

    /// A question of our own (RFC 1996, section 3.7: authoritative, for the SOA record).
    pub(crate) fn notify(id: u16, zone: &Name) -> Self {
        let mut bytes = id.to_be_bytes().to_vec();
        let flags = u16::from(OPCODE_NOTIFY) << 11 | 1 << 10;
        bytes.extend_from_slice(&flags.to_be_bytes());
        bytes.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(zone.wire());
        bytes.extend_from_slice(&kind::SOA.to_be_bytes());
        bytes.extend_from_slice(&IN.to_be_bytes());
        Self { bytes, answers: 0 }
    }

    /// Appends a record of the zone that is asked for. `below` are the labels of its owner below the name of the
    /// question, without a root label; `data` writes what it says.
    pub(crate) fn record(&mut self, below: &[u8], kind: u16, ttl: u32, data: &[&[u8]]) {
        self.bytes.extend_from_slice(below);
        self.bytes.extend_from_slice(&QUESTION.to_be_bytes());
        self.fields(kind, ttl, data);
    }

    /// Appends a record whose owner is `*` below the owner that stands at `at`.
    pub(crate) fn wildcard(&mut self, at: usize, below: &[u8], kind: u16, ttl: u32, data: &[&[u8]]) {
        self.bytes.extend_from_slice(b"\x01*");
        match u16::try_from(at) {
            Ok(at) if at < 0x4000 => self.bytes.extend_from_slice(&(0xc000 | at).to_be_bytes()),
            _ => {
                self.bytes.extend_from_slice(below);
                self.bytes.extend_from_slice(&QUESTION.to_be_bytes());
            }
        }
        self.fields(kind, ttl, data);
    }

    fn fields(&mut self, kind: u16, ttl: u32, data: &[&[u8]]) {
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        self.bytes.extend_from_slice(&IN.to_be_bytes());
        self.bytes.extend_from_slice(&ttl.to_be_bytes());
        let length: usize = data.iter().map(|part| part.len()).sum();
        self.bytes.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        for part in data {
            self.bytes.extend_from_slice(part);
        }
        self.answers = self.answers.saturating_add(1);
    }

    /// How many records are in it.
    pub(crate) fn records(&self) -> u16 {
        self.answers
    }

    /// The bytes, with the records counted.
    pub(crate) fn finish(mut self, options: Options) -> Vec<u8> {
        if options.edns {
            // The root, OPT, a payload of 1232 bytes; the upper bits of the code, version 0, no flags.
            self.bytes.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, u8::from(options.bad_version), 0, 0, 0]);
            match options.explained {
                None => self.bytes.extend_from_slice(&[0, 0]),
                Some(code) => {
                    self.bytes.extend_from_slice(&[0, 6, 0, 15, 0, 2]);
                    self.bytes.extend_from_slice(&code.to_be_bytes());
                }
            }
        }
        let counts = [self.answers, 0, u16::from(options.edns)];
        for (place, count) in (6..).step_by(2).zip(counts) {
            if let Some(bytes) = self.bytes.get_mut(place..place + 2) {
                bytes.copy_from_slice(&count.to_be_bytes());
            }
        }
        self.bytes
    }
}

/// What stands at the end of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// EDNS(0) is answered where it was asked with (RFC 6891, section 6.1.1).
    pub(crate) edns: bool,
    /// The version asked with is not known here: BADVERS (section 6.1.3).
    pub(crate) bad_version: bool,
    /// Why something is refused (RFC 8914, section 2).
    pub(crate) explained: Option<u16>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header with these counts, before what follows it.
    fn message(counts: [u8; 4], rest: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 1, 0];
        counts.iter().for_each(|count| bytes.extend_from_slice(&[0, *count]));
        bytes.extend(rest.concat());
        bytes
    }

    const QUESTION: &[u8] = b"\x03RPZ\x04test\0\0\xfb\0\x01";
    /// An SOA record of the same name (a pointer to it), with the serial 7.
    const SOA: &[u8] = b"\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x16\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    /// The same of the root.
    const OTHER: &[u8] = b"\0\0\x06\0\x01\0\0\0\0\0\x16\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const OPT: &[u8] = b"\0\0\x29\x10\0\0\0\x80\0\0\0";
    /// A TSIG record without a code: key `k`, algorithm `a`, time 1, fudge 2.
    const TSIG: &[u8] = b"\x01k\0\0\xfa\0\xff\0\0\0\0\0\x13\x01a\0\0\0\0\0\0\x01\0\x02\0\0\x12\x34\0\0\0\0";

    #[test]
    fn a_question_is_read_with_what_comes_with_it() {
        let bytes = message([1, 0, 1, 2], &[QUESTION, SOA, OPT, TSIG]);
        let request = read(&bytes).unwrap();
        assert_eq!(request.name, Name::parse("rpz.test").unwrap());
        assert_eq!((request.id, request.opcode, request.recursion), (0x1234, OPCODE_QUERY, true));
        assert_eq!((request.kind, request.class, request.has), (kind::IXFR, IN, Some(Serial(7))));
        assert_eq!(request.edns, Some(Edns { version: 0 }));
        let (signature, start) = request.tsig.unwrap();
        assert_eq!((signature.time, signature.fudge, signature.original_id), (1, 2, 0x1234));
        assert_eq!(start, bytes.len() - TSIG.len());
        // A serial counts in the authority section, and of the zone that is asked for.
        for bytes in [message([1, 1, 0, 0], &[QUESTION, SOA]), message([1, 0, 1, 0], &[QUESTION, OTHER])] {
            assert_eq!(read(&bytes).unwrap().has, None);
        }
    }

    #[test]
    fn what_is_malformed_is_said_to_be() {
        let forward = b"\xc0\x10\0\x06\0\x01";
        for (what, bytes) in [
            ("a signature before the end", message([1, 0, 0, 2], &[QUESTION, TSIG, OPT])),
            ("two signatures", message([1, 0, 0, 2], &[QUESTION, TSIG, TSIG])),
            ("a signature of another class", message([1, 0, 0, 1], &[QUESTION, &TSIG.replaced(6, 1)])),
            ("a signature to be kept", message([1, 0, 0, 1], &[QUESTION, &TSIG.replaced(10, 1)])),
            ("a code longer than its record", message([1, 0, 0, 1], &[QUESTION, &TSIG.replaced(25, 9)])),
            ("EDNS of a name", message([1, 0, 0, 1], &[QUESTION, b"\x01a", OPT])),
            ("a record cut off", message([1, 0, 1, 0], &[QUESTION, &SOA[..SOA.len() - 1]])),
            ("more records said than there", message([1, 0, 2, 0], &[QUESTION, SOA])),
            ("a name that leads forward", message([1, 0, 0, 0], &[forward])),
            ("a label of a kind that is no more", message([1, 0, 0, 0], &[b"\x41a\0\0\x06\0\x01"])),
            ("a name without an end", message([1, 0, 0, 0], &[&[1, b'a'].repeat(200)])),
        ] {
            assert_eq!(read(&bytes), Err(Unreadable::Malformed { id: 0x1234 }), "{what}");
        }
    }

    trait Replaced {
        fn replaced(&self, at: usize, byte: u8) -> Vec<u8>;
    }

    impl Replaced for [u8] {
        fn replaced(&self, at: usize, byte: u8) -> Vec<u8> {
            let mut bytes = self.to_vec();
            bytes[at] = byte;
            bytes
        }
    }

    #[test]
    fn an_answer_counts_what_is_in_it() {
        let request = read(&message([1, 0, 0, 1], &[QUESTION, OPT])).unwrap();
        let mut answer = Message::answer(&request, Rcode::NoError);
        let at = answer.bytes.len();
        answer.record(b"\x01x", kind::CNAME, 60, &[b"\0"]);
        answer.wildcard(at, b"\x01x", kind::CNAME, 60, &[b"\0"]);
        assert_eq!(answer.records(), 2);
        let bytes = answer.finish(Options { edns: true, bad_version: false, explained: Some(18) });
        assert_eq!(bytes[..12], [0x12, 0x34, 0x85, 0, 0, 1, 0, 2, 0, 0, 0, 1]);
        let wildcard =
            [b"\x01*\xc0", &[u8::try_from(at).unwrap()][..], b"\0\x05\0\x01\0\0\0\x3c\0\x01\0"].concat();
        assert!(bytes.windows(wildcard.len()).any(|window| window == wildcard), "{bytes:?}");
        assert!(bytes.ends_with(&[0, 6, 0, 15, 0, 2, 0, 18]));
        assert_eq!(answered(&bytes), Some((0x1234, 0)));
        assert_eq!(answered(&message([1, 0, 0, 0], &[QUESTION])), None, "a question is no answer");
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0usize..13) {
            let good = message([1, 0, 1, 2], &[QUESTION, SOA, OPT, TSIG]);
            let _ = read(&[&good[..head.min(12)], &bytes].concat());
            let _ = answered(&bytes);
        }
    }
}
