//! Making an index.

use std::net::{Ipv4Addr, Ipv6Addr};

use rempart_model::{Kind, Observable, Timestamp, observable::address};

use super::address::{Network, write_directory, write_networks};
use super::hash::{Hasher, checksum, role};
use super::layout::{BLOCK, HEADER, Header, LONGEST_AUDIENCE, SECTION_COUNT, Section};
use super::note::{Notes, Tail};
use super::reader::{EXACT, RECORD, REMOVED, filter_bits, removed_hash, slot_of, text_hash};
use super::{Note, code_of, url};

/// Bits of the filter for each key.
const FILTER_BITS: usize = 16;
/// Bytes of the bits for top-level domains.
const TOPS: usize = (1 << 16) / 8;

/// What is said of an index as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For whom it is made; cut at 480 bytes.
    pub audience: Box<str>,
    /// When.
    pub built_at: Timestamp,
    /// The position in its change log up to which it goes.
    pub position: u64,
    /// Keys its hashes, so that nobody can choose values that collide: drawn at random for an index, and taken
    /// over from it for its delta.
    pub seed: u64,
    /// Of a delta, the [`identity`](super::Index::identity) of its index.
    pub base: Option<u64>,
}

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// For itself and what is below it: a domain's subdomains, the pages below a page.
    Below,
    /// For itself alone.
    Exact,
}

/// Why a value cannot be put into an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its kind is not one that is looked for.
    #[error("values of this kind are not looked for")]
    Kind,
    /// It is not written as its kind is.
    #[error("not in canonical form")]
    Form,
    /// It names no host that can be told in a text.
    #[error("its host is a single label, which is not looked for")]
    Host,
}

/// Gathers entries, in any order, and writes an index. A value that comes twice becomes one entry: the strictest
/// marking, the highest probability, all sources, the longest validity.
#[derive(Debug)]
pub struct Builder {
    settings: Settings,
    hasher: Hasher,
    notes: Notes,
    texts: Vec<u8>,
    records: Vec<Pending>,
    hosts: Vec<u64>,
    tops: Vec<u8>,
    addresses: Vec<(u32, Tail)>,
    networks: Vec<Network>,
}

/// An entry of the table that is to be written.
#[derive(Debug, Clone, Copy)]
struct Pending {
    hash: u64,
    text: u64,
    length: u16,
    kind: u8,
    flags: u8,
    tail: Tail,
}

impl Builder {
    /// An index with nothing in it.
    pub fn new(mut settings: Settings) -> Self {
        if settings.audience.len() > LONGEST_AUDIENCE {
            let mut cut = LONGEST_AUDIENCE;
            while !settings.audience.is_char_boundary(cut) {
                cut -= 1;
            }
            settings.audience = settings.audience.get(..cut).unwrap_or_default().into();
        }
        Self {
            hasher: Hasher::new(settings.seed),
            settings,
            notes: Notes::default(),
            texts: Vec::new(),
            records: Vec::new(),
            hosts: Vec::new(),
            tops: vec![0; TOPS],
            addresses: Vec::new(),
            networks: Vec::new(),
        }
    }

    /// Adds a value.
    ///
    /// # Errors
    /// Where it is nothing that can be looked for.
    pub fn add(&mut self, observable: &Observable, note: &Note, reach: Reach) -> Result<(), Refused> {
        let kind = code_of(observable.kind()).ok_or(Refused::Kind)?;
        let value = observable.value();
        match observable.kind() {
            Kind::Ipv4 => {
                let ip: Ipv4Addr = value.parse().map_err(|_| Refused::Form)?;
                let tail = self.notes.add(note);
                self.addresses.push((ip.to_bits(), tail));
                return Ok(());
            }
            Kind::Cidr => {
                let (first, last) = address::range(observable).ok_or(Refused::Form)?;
                let (_, length) = value.split_once('/').ok_or(Refused::Form)?;
                let length: u8 = length.parse().map_err(|_| Refused::Form)?;
                let is_v4 = !value.contains(':');
                let low = |address: u128| if is_v4 { address & u128::from(u32::MAX) } else { address };
                let tail = self.notes.add(note);
                self.networks.push(Network { first: low(first), last: low(last), length, is_v4, tail });
                return Ok(());
            }
            Kind::Domain => self.top(value),
            Kind::Url => {
                let parts = url::parts(value).ok_or(Refused::Form)?;
                if parts.host.parse::<Ipv6Addr>().is_err() {
                    if !parts.host.contains('.') {
                        return Err(Refused::Host);
                    }
                    if parts.host.parse::<Ipv4Addr>().is_err() {
                        self.top(parts.host);
                    }
                }
                self.hosts.push(parts.host_hash(self.hasher));
            }
            Kind::Email => {
                let (_, host) = value.rsplit_once('@').ok_or(Refused::Form)?;
                self.top(host);
                self.hosts.push(self.hasher.role(self.hasher.name(host.as_bytes()), role::EMAIL_HOST));
            }
            _ => {}
        }
        let tail = self.notes.add(note);
        let flags = if reach == Reach::Exact { EXACT } else { 0 };
        self.record(text_hash(self.hasher, kind, value), kind, flags, value, tail)
    }

    /// Takes a value out of the index that this is a delta to.
    ///
    /// # Errors
    /// Where it is nothing that can be looked for.
    pub fn remove(&mut self, observable: &Observable) -> Result<(), Refused> {
        let kind = code_of(observable.kind()).ok_or(Refused::Kind)?;
        let value = observable.value();
        let hash = removed_hash(self.hasher, kind, value);
        self.record(hash, kind | REMOVED, 0, value, Tail { note: 0, until: 0, added: 0 })
    }

    fn record(&mut self, hash: u64, kind: u8, flags: u8, value: &str, tail: Tail) -> Result<(), Refused> {
        let length = u16::try_from(value.len()).map_err(|_| Refused::Form)?;
        self.records.push(Pending { hash, text: self.texts.len() as u64, length, kind, flags, tail });
        self.texts.extend_from_slice(value.as_bytes());
        Ok(())
    }

    /// Marks the top-level domain of a name.
    fn top(&mut self, name: &str) {
        let top = name.rsplit('.').next().unwrap_or_default();
        let hash = self.hasher.label(self.hasher.root(), top.as_bytes(), 0, top.len());
        let bit = (self.hasher.role(hash, role::TOP) >> 48) as usize;
        if let Some(byte) = self.tops.get_mut(bit / 8) {
            *byte |= 1 << (bit % 8);
        }
    }

    /// Writes the index: the bytes of the file.
    pub fn finish(mut self) -> Vec<u8> {
        let mut counts = [0; 10];
        let count = |counts: &mut [u64; 10], kind: u8, number: u64| {
            if let Some(count) = counts.get_mut(usize::from(kind)) {
                *count += number;
            }
        };
        self.merge();
        let removed = self.records.iter().filter(|record| record.kind & REMOVED != 0).count() as u64;
        self.records.iter().for_each(|record| count(&mut counts, record.kind, 1));
        count(&mut counts, 2, self.addresses.len() as u64);
        count(&mut counts, 4, self.networks.len() as u64);

        let mut sections: [Vec<u8>; SECTION_COUNT] = std::array::from_fn(|_| Vec::new());
        let mut set = |section: Section, bytes: Vec<u8>| {
            if let Some(place) = sections.get_mut(section as usize) {
                *place = bytes;
            }
        };
        set(Section::Filter, self.filter());
        let (slots, records, longest_probe) = self.table();
        set(Section::Slots, slots);
        set(Section::Records, records);
        set(Section::Tops, std::mem::take(&mut self.tops));
        set(Section::V4Directory, write_directory(self.addresses.iter().map(|(address, _)| *address)));
        set(
            Section::V4Addresses,
            self.addresses.iter().flat_map(|(address, _)| address.to_le_bytes()).collect(),
        );
        set(Section::V4Tails, self.addresses.iter().flat_map(|(_, tail)| tail.encode()).collect());
        let v4 = self.networks.partition_point(|network| network.is_v4);
        let (v4, v6) = self.networks.split_at(v4);
        let networks = write_networks(v4, v6);
        let [directory, starts, owners] = networks.net4;
        set(Section::Net4Directory, directory);
        set(Section::Net4Starts, starts);
        set(Section::Net4Owners, owners);
        let [starts, owners] = networks.net6;
        set(Section::Net6Starts, starts);
        set(Section::Net6Owners, owners);
        set(Section::Networks, networks.networks);
        let [notes, lists, strings] = self.notes.encode();
        set(Section::Notes, notes);
        set(Section::Sources, lists);
        set(Section::Strings, strings);

        let header = Header {
            seed: self.settings.seed,
            built_at: self.settings.built_at,
            position: self.settings.position,
            base: self.settings.base.unwrap_or(0),
            longest_probe,
            counts,
            removed,
            audience: self.settings.audience,
            sections: std::array::from_fn(|_| 0..0),
            sum: 0,
        };
        assemble(header, sections)
    }

    /// Sorts everything and makes one of what stands twice.
    fn merge(&mut self) {
        let texts = &self.texts;
        let text = |record: &Pending| {
            let from = record.text as usize;
            texts.get(from..from + usize::from(record.length)).unwrap_or_default()
        };
        // Where a hash is shared, the order must not depend on that in which entries came.
        self.records.sort_unstable_by(|a, b| {
            a.hash.cmp(&b.hash).then_with(|| (a.kind, text(a)).cmp(&(b.kind, text(b))))
        });
        let notes = &mut self.notes;
        self.records.dedup_by(|next, kept| {
            let same = next.hash == kept.hash && next.kind == kept.kind && text(next) == text(kept);
            if same {
                kept.tail = notes.merge(kept.tail, next.tail);
                // Once it was said to reach further, it does.
                kept.flags &= next.flags;
            }
            same
        });
        self.addresses.sort_by_key(|(address, _)| *address);
        self.addresses.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = notes.merge(kept.1, next.1);
            }
            same
        });
        self.networks.sort_by_key(|network| (!network.is_v4, network.first, network.length));
        self.networks.dedup_by(|next, kept| {
            let same = (next.is_v4, next.first, next.length) == (kept.is_v4, kept.first, kept.length);
            if same {
                kept.tail = notes.merge(kept.tail, next.tail);
            }
            same
        });
        self.hosts.sort_unstable();
        self.hosts.dedup();
    }

    fn filter(&self) -> Vec<u8> {
        let keys = self.records.len() + self.hosts.len();
        let mut words = vec![0_u64; (keys * FILTER_BITS).div_ceil(64) + 1];
        let count = words.len() as u64;
        let hashes = self.records.iter().map(|record| record.hash).chain(self.hosts.iter().copied());
        for hash in hashes {
            let (word, bits) = filter_bits(hash, count);
            if let Some(word) = words.get_mut(word) {
                *word |= bits;
            }
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The slots, the records and the longest search that finds one. Entries are sorted by hash, and so are
    /// the slots in which they belong: each goes into the first that is free.
    fn table(&self) -> (Vec<u8>, Vec<u8>, u32) {
        let count = (self.records.len() * 5).div_ceil(4).max(1);
        let mut slots = Vec::with_capacity(count * 8);
        let mut records = Vec::with_capacity(self.records.len() * RECORD + self.texts.len() + 8);
        // No record stands at 0, so that no slot in use is 0.
        records.extend([0; 8]);
        let mut longest = 0;
        for record in &self.records {
            let (wanted, part) = slot_of(record.hash, count as u64);
            if slots.len() / 8 < wanted {
                slots.resize(wanted * 8, 0);
            }
            longest = longest.max(slots.len() / 8 - wanted + 1);
            slots.extend((part << 40 | records.len() as u64).to_le_bytes());
            records.extend(record.tail.encode());
            records.extend(record.length.to_le_bytes());
            records.extend([record.kind, record.flags]);
            let from = record.text as usize;
            records.extend(self.texts.get(from..from + usize::from(record.length)).unwrap_or_default());
        }
        slots.resize((count + longest) * 8, 0);
        (slots, records, longest as u32)
    }
}

/// Puts header, sections and checksums together.
fn assemble(mut header: Header, mut sections: [Vec<u8>; SECTION_COUNT]) -> Vec<u8> {
    let total: usize = sections.iter().map(|section| section.len() + 64).sum();
    let mut out = Vec::with_capacity(HEADER + total + total / BLOCK * 8 + 64);
    out.resize(HEADER, 0);
    for (section, place) in sections.iter_mut().zip(&mut header.sections) {
        out.resize(out.len().next_multiple_of(64), 0);
        *place = out.len()..out.len() + section.len();
        out.append(section);
    }
    let sums: Vec<u8> = out
        .get(HEADER..)
        .unwrap_or_default()
        .chunks(BLOCK)
        .flat_map(|block| checksum(block).to_le_bytes())
        .collect();
    header.sum = checksum(&sums);
    if let Some(place) = header.sections.get_mut(Section::Sums as usize) {
        *place = out.len()..out.len() + sums.len();
    }
    out.extend(sums);
    let header = header.encode();
    if let Some(place) = out.get_mut(..HEADER) {
        place.copy_from_slice(&header);
    }
    out
}
