//! Looking values up: the filter, the table behind it, and what the records say.

use super::entry::Value;
use super::hash::{Hasher, role};
use super::layout::{Section, u64_at};
use super::note::{TAIL, Tail};
use super::{Entry, Index, code_of, url};
use crate::raw::prefetch::prefetch;
use rempart_model::Kind;

/// Bytes of a record before its value: tail, length, kind, flags.
pub(super) const RECORD: usize = TAIL + 4;
/// The flag of what stands for itself alone.
pub(super) const EXACT: u8 = 1;
/// The bit in a record's kind that says that the value was removed.
pub(super) const REMOVED: u8 = 0x80;

/// The sections that every look-up touches, at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(super) index: &'a Index,
    pub(crate) hasher: Hasher,
    filter: &'a [u8],
    filter_words: u64,
    tops: &'a [u8],
    slots: &'a [u8],
    slot_count: u64,
    longest_probe: usize,
    records: &'a [u8],
    pub(crate) addresses: super::address::Tables<'a>,
}

/// The word and the bits of a key in the filter.
#[inline]
pub(super) fn filter_bits(hash: u64, words: u64) -> (usize, u64) {
    let word = (u128::from(hash) * u128::from(words)) >> 64;
    let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63) | 1 << (hash >> 18 & 63);
    (word as usize, bits)
}

/// The slot where the search for a key begins, and what of the hash a slot keeps.
#[inline]
pub(super) fn slot_of(hash: u64, slots: u64) -> (usize, u64) {
    (((u128::from(hash) * u128::from(slots)) >> 64) as usize, hash >> 24 & 0xff_ffff)
}

/// A record of the table.
struct Record<'a> {
    at: usize,
    tail: Tail,
    kind: u8,
    flags: u8,
    value: &'a str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(index: &'a Index) -> Self {
        let slots = index.section(Section::Slots);
        let longest_probe = index.header.longest_probe as usize;
        let filter = index.section(Section::Filter);
        Self {
            index,
            hasher: Hasher::new(index.header.seed),
            filter,
            filter_words: filter.len() as u64 / 8,
            tops: index.section(Section::Tops),
            slots,
            slot_count: (slots.len() / 8).saturating_sub(longest_probe) as u64,
            longest_probe,
            records: index.section(Section::Records),
            addresses: super::address::Tables::new(index),
        }
    }

    /// Whether a key may be there.
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = filter_bits(hash, self.filter_words);
        u64_at(self.filter, word * 8).is_some_and(|word| word & bits == bits)
    }

    /// Has the word fetched that [`Self::may_hold`] will ask.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        prefetch(self.filter, filter_bits(hash, self.filter_words).0 * 8);
    }

    /// Has fetched where a look-up of a key begins in the table.
    #[inline]
    pub(crate) fn prefetch_slot(&self, hash: u64) {
        prefetch(self.slots, slot_of(hash, self.slot_count).0 * 8);
    }

    /// Has the record fetched that a key leads to, once its slot is there.
    #[inline]
    pub(crate) fn prefetch_record(&self, hash: u64) {
        let (first, part) = slot_of(hash, self.slot_count);
        let slots = (first..first + self.longest_probe).map_while(|slot| u64_at(self.slots, slot * 8));
        if let Some(slot) = slots.take_while(|slot| *slot != 0).find(|slot| slot >> 40 == part) {
            let at = (slot & 0xff_ffff_ffff) as usize;
            prefetch(self.records, at);
            prefetch(self.records, at + RECORD + 16);
        }
    }

    /// Whether names under a top-level domain, whose hash this is, may be there.
    #[inline]
    pub(crate) fn may_hold_top(&self, top: u64) -> bool {
        let bit = (self.hasher.role(top, role::TOP) >> 48) as usize;
        self.tops.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
    }

    /// The records under a key.
    fn records(&self, hash: u64) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let (first, part) = slot_of(hash, self.slot_count);
        let (slots, records) = (self.slots, self.records);
        let probes = first..first.saturating_add(self.longest_probe);
        let slots = probes.map_while(move |slot| u64_at(slots, slot * 8).filter(|slot| *slot != 0));
        slots.filter(move |slot| slot >> 40 == part).filter_map(move |slot| {
            let at = (slot & 0xff_ffff_ffff) as usize;
            let fixed = records.get(at..)?.first_chunk::<RECORD>()?;
            let (tail, [low, high, kind, flags]) = fixed.split_last_chunk::<4>()?;
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            let value = records.get(at + RECORD..)?.get(..length)?;
            let value = std::str::from_utf8(value).ok()?;
            Some(Record { at, tail: Tail::decode(tail)?, kind: *kind, flags: *flags, value })
        })
    }

    /// The entry that a record is, if the file is whole there.
    fn entry(&self, record: &Record<'a>) -> Option<Entry<'a>> {
        let length = RECORD + record.value.len();
        self.index.holds(Section::Records, record.at, length).then_some(Entry {
            index: self.index,
            value: Value::Text(record.kind, record.value),
            tail: record.tail,
            exact: record.flags & EXACT != 0,
        })
    }

    /// The entry for a domain name, given with its hash and in any case.
    pub(crate) fn domain(&self, hash: u64, name: &[u8]) -> Option<Entry<'a>> {
        self.records(hash)
            .find(|record| record.kind == 0 && record.value.as_bytes().eq_ignore_ascii_case(name))
            .and_then(|record| self.entry(&record))
    }

    /// The entry for another value that is kept as text, in canonical form.
    pub(crate) fn text(&self, kind: u8, value: &str) -> Option<Entry<'a>> {
        let hash = text_hash(self.hasher, kind, value);
        if !self.may_hold(hash) {
            return None;
        }
        self.records(hash)
            .find(|record| record.kind == kind && record.value == value)
            .and_then(|record| self.entry(&record))
    }

    /// The entries for URLs that differ from these parts in nothing that counts.
    pub(crate) fn urls(&self, hash: u64, wanted: url::Parts<'_>) -> impl Iterator<Item = Entry<'a>> {
        let is_there = self.may_hold(hash);
        let records = self.records(hash).take_while(move |_| is_there);
        records
            .filter(move |record| record.kind == 1 && url::parts(record.value) == Some(wanted))
            .filter_map(|record| self.entry(&record))
    }

    /// Whether this delta takes a value out of its base.
    pub(crate) fn removes(&self, entry: &Entry<'_>) -> bool {
        if self.index.header.removed == 0 {
            return false;
        }
        let Some(code) = code_of(&entry.kind()) else { return false };
        let value = entry.value();
        let hash = removed_hash(self.hasher, code, &value);
        self.may_hold(hash)
            && self.records(hash).any(|record| {
                // Damage may well keep a value in, as it may keep one out.
                record.kind == code | REMOVED && record.value == value && self.entry(&record).is_some()
            })
    }
}

/// The hash of a domain name, a URL or another value that is kept as text.
pub(super) fn text_hash(hasher: Hasher, kind: u8, value: &str) -> u64 {
    match kind {
        0 => hasher.name(value.as_bytes()),
        1 => url::parts(value).map_or(0, |parts| parts.hash(hasher)),
        _ => hasher.bytes(hasher.role(hasher.root(), u64::from(kind)), value.as_bytes()),
    }
}

pub(super) fn removed_hash(hasher: Hasher, kind: u8, value: &str) -> u64 {
    hasher.bytes(hasher.role(hasher.root(), role::REMOVED + u64::from(kind)), value.as_bytes())
}

/// The code of a kind of hash, by its number of digits.
pub(crate) fn hash_kind(digits: usize) -> Option<u8> {
    let kind = match digits {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        64 => Kind::Sha256,
        128 => Kind::Sha512,
        _ => return None,
    };
    code_of(&kind)
}
