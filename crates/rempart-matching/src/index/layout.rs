//! The header of an index file and the sections behind it.
//!
//! All numbers are little-endian. The header is [`HEADER`] bytes, its last eight the checksum of those before.
//! Sections follow in their order, each at a multiple of 64; the last holds the checksums of the blocks of
//! [`BLOCK`] bytes between the header and itself.

use std::ops::Range;

use rempart_model::Timestamp;

use super::IndexError;
use super::hash::checksum;

/// Bytes of the header.
pub(crate) const HEADER: usize = 1024;
/// Bytes that one checksum covers.
pub(crate) const BLOCK: usize = 16 << 10;
/// The version of the format that is written and read.
pub(crate) const VERSION: u32 = 1;
/// Most bytes of the name of the audience.
pub(crate) const LONGEST_AUDIENCE: usize = 480;

const MAGIC: &[u8; 8] = b"RempartI";
const COUNTS: usize = 56;
const SECTIONS: usize = 160;
const AUDIENCE: usize = 448;

/// What the file is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// 64-bit words, in which each key of the table has four bits of one word.
    Filter,
    /// 64-bit slots: 24 bits of the hash, 40 bits of the place in the records.
    Slots,
    /// Records with their values.
    Records,
    /// Bits for the top-level domains that occur.
    Tops,
    /// Where the addresses with certain leading bits begin.
    V4Directory,
    /// Sorted IPv4 addresses.
    V4Addresses,
    /// Their tails.
    V4Tails,
    /// Where the boundaries with certain leading bits begin.
    Net4Directory,
    /// Sorted IPv4 addresses from which on another network is the narrowest.
    Net4Starts,
    /// Which network.
    Net4Owners,
    /// The same of IPv6.
    Net6Starts,
    /// Which network.
    Net6Owners,
    /// Networks, with the next wider one and their tails.
    Networks,
    /// What is said of entries, without what is each one's own.
    Notes,
    /// Lists of sources.
    Sources,
    /// The names of sources.
    Strings,
    /// Checksums of blocks.
    Sums,
}

/// How many sections there are.
pub(crate) const SECTION_COUNT: usize = Section::Sums as usize + 1;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) seed: u64,
    pub(crate) built_at: Timestamp,
    pub(crate) position: u64,
    /// The identity of the index that this one is a delta to; 0 where it is none.
    pub(crate) base: u64,
    pub(crate) longest_probe: u32,
    pub(crate) counts: [u64; 10],
    pub(crate) removed: u64,
    pub(crate) audience: Box<str>,
    pub(crate) sections: [Range<usize>; SECTION_COUNT],
    /// The checksum of the checksums, and so of everything.
    pub(crate) sum: u64,
}

fn put(to: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(to) = to.get_mut(at..at + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        put(&mut out, 0, MAGIC);
        put(&mut out, 8, &VERSION.to_le_bytes());
        put(&mut out, 12, &(BLOCK as u32).to_le_bytes());
        put(&mut out, 16, &self.seed.to_le_bytes());
        put(&mut out, 24, &self.built_at.micros().to_le_bytes());
        put(&mut out, 32, &self.position.to_le_bytes());
        put(&mut out, 40, &self.base.to_le_bytes());
        put(&mut out, 48, &self.longest_probe.to_le_bytes());
        for (at, count) in self.counts.iter().enumerate() {
            put(&mut out, COUNTS + at * 8, &count.to_le_bytes());
        }
        put(&mut out, 136, &self.removed.to_le_bytes());
        put(&mut out, 144, &self.sum.to_le_bytes());
        for (at, section) in self.sections.iter().enumerate() {
            put(&mut out, SECTIONS + at * 16, &(section.start as u64).to_le_bytes());
            put(&mut out, SECTIONS + at * 16 + 8, &(section.end as u64).to_le_bytes());
        }
        put(&mut out, AUDIENCE, &(self.audience.len() as u16).to_le_bytes());
        put(&mut out, AUDIENCE + 2, self.audience.as_bytes());
        let sum = checksum(out.get(..HEADER - 8).unwrap_or_default());
        put(&mut out, HEADER - 8, &sum.to_le_bytes());
        out
    }

    /// Reads the header of a file of which `bytes` is all.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, IndexError> {
        if !bytes.starts_with(MAGIC) {
            return Err(IndexError::Foreign);
        }
        match u32_at(bytes, 8) {
            Some(VERSION) => {}
            Some(version) => return Err(IndexError::Version(version)),
            None => return Err(IndexError::Damaged("it ends within its header")),
        }
        let header = bytes.get(..HEADER).ok_or(IndexError::Damaged("it ends within its header"))?;
        let body = header.get(..HEADER - 8).unwrap_or_default();
        if u64_at(header, HEADER - 8) != Some(checksum(body)) {
            return Err(IndexError::Damaged("the checksum of its header is wrong"));
        }
        // From here on what is wrong was written so, but nothing is taken on trust.
        const ODD: IndexError = IndexError::Damaged("its header contradicts itself");
        let number = |at| u64_at(header, at).ok_or(ODD);
        if u32_at(header, 12) != Some(BLOCK as u32) {
            return Err(ODD);
        }
        let mut sections: [Range<usize>; SECTION_COUNT] = std::array::from_fn(|_| 0..0);
        let mut before = HEADER;
        for (at, section) in sections.iter_mut().enumerate() {
            let place = |at| number(at).and_then(|place| usize::try_from(place).map_err(|_| ODD));
            *section = place(SECTIONS + at * 16)?..place(SECTIONS + at * 16 + 8)?;
            if section.start < before || section.end < section.start {
                return Err(ODD);
            }
            before = section.end;
        }
        if before != bytes.len() {
            return Err(IndexError::Damaged("it has another length than its header says"));
        }
        let sums = &sections[Section::Sums as usize];
        if (sums.start - HEADER).div_ceil(BLOCK) * 8 != sums.len() {
            return Err(ODD);
        }
        let mut counts = [0; 10];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = number(COUNTS + at * 8)?;
        }
        let length = header
            .get(AUDIENCE..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |length| u16::from_le_bytes(*length));
        let audience =
            header.get(AUDIENCE + 2..).and_then(|rest| rest.get(..usize::from(length))).ok_or(ODD)?;
        Ok(Self {
            seed: number(16)?,
            built_at: Timestamp::from_micros(number(24)? as i64),
            position: number(32)?,
            base: number(40)?,
            longest_probe: u32_at(header, 48).ok_or(ODD)?,
            counts,
            removed: number(136)?,
            sum: number(144)?,
            audience: std::str::from_utf8(audience).map_err(|_| ODD)?.into(),
            sections,
        })
    }
}
