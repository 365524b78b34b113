//! Addresses and networks: sorted, with a directory by leading bits, so that most look-ups touch one place.

use super::entry::Value;
use super::layout::{Section, u32_at, u64_at};
use super::note::{TAIL, Tail};
use super::{Entry, Index};
use crate::raw::prefetch::prefetch;

/// No network.
const NOBODY: u32 = u32::MAX;
/// Bytes of a network: first address, next wider network, prefix length, family, tail.
const NETWORK: usize = 16 + 4 + 4 + TAIL;

/// The sections for addresses, at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables<'a> {
    index: &'a Index,
    v4_directory: Directory<'a>,
    v4_addresses: &'a [u8],
    net4_directory: Directory<'a>,
    net4_starts: &'a [u8],
    net4_owners: &'a [u8],
    net6_starts: &'a [u8],
    net6_owners: &'a [u8],
    networks: &'a [u8],
}

/// Where in a sorted array the addresses with certain leading bits begin.
#[derive(Debug, Clone, Copy)]
struct Directory<'a> {
    places: &'a [u8],
    shift: u32,
}

impl<'a> Directory<'a> {
    fn new(places: &'a [u8]) -> Self {
        // One place more than there are prefixes, whose number is a power of two.
        let bits = (places.len() / 4).saturating_sub(1).checked_ilog2().unwrap_or(0);
        Self { places, shift: 32 - bits.min(32) }
    }

    /// Has the places fetched that [`Self::range`] will ask.
    #[inline]
    fn prefetch(&self, address: u32) {
        prefetch(self.places, address.checked_shr(self.shift).unwrap_or(0) as usize * 4);
    }

    /// The places of the first address with the leading bits of `address` and of the first beyond them.
    #[inline]
    fn range(&self, address: u32) -> Option<(u32, u32)> {
        let prefix = address.checked_shr(self.shift).unwrap_or(0) as usize;
        let both = self.places.get(prefix * 4..)?.first_chunk::<8>()?;
        let both = u64::from_le_bytes(*both);
        Some((both as u32, (both >> 32) as u32))
    }
}

impl<'a> Tables<'a> {
    pub(super) fn new(index: &'a Index) -> Self {
        let section = |section| index.section(section);
        Self {
            index,
            v4_directory: Directory::new(section(Section::V4Directory)),
            v4_addresses: section(Section::V4Addresses),
            net4_directory: Directory::new(section(Section::Net4Directory)),
            net4_starts: section(Section::Net4Starts),
            net4_owners: section(Section::Net4Owners),
            net6_starts: section(Section::Net6Starts),
            net6_owners: section(Section::Net6Owners),
            networks: section(Section::Networks),
        }
    }

    /// Has fetched what a look-up of this IPv4 address asks first.
    #[inline]
    pub(crate) fn prefetch(&self, address: u32) {
        self.v4_directory.prefetch(address);
        self.net4_directory.prefetch(address);
    }

    /// Has fetched what a look-up asks next, once the first is there.
    #[inline]
    pub(crate) fn prefetch_next(&self, address: u32) {
        if let Some((from, to)) = self.v4_directory.range(address)
            && from != to
        {
            prefetch(self.v4_addresses, from as usize * 4);
        }
    }

    /// The entry for this very address.
    #[inline]
    pub(crate) fn v4(&self, address: u32) -> Option<Entry<'a>> {
        let (from, to) = self.v4_directory.range(address)?;
        if from == to {
            return None;
        }
        self.v4_among(address, from as usize, to as usize)
    }

    fn v4_among(&self, address: u32, from: usize, to: usize) -> Option<Entry<'a>> {
        let (addresses, _) = self.v4_addresses.get(from * 4..to * 4)?.as_chunks::<4>();
        let place = addresses.binary_search_by_key(&address, |bytes| u32::from_le_bytes(*bytes)).ok()?;
        let at = (from + place) * TAIL;
        let tail = Tail::decode(self.index.section(Section::V4Tails).get(at..)?)?;
        let is_whole = self.index.holds(Section::V4Addresses, (from + place) * 4, 4)
            && self.index.holds(Section::V4Tails, at, TAIL);
        is_whole.then_some(Entry { index: self.index, value: Value::V4(address), tail, exact: true })
    }

    /// The number of the narrowest network around an IPv4 address.
    #[inline]
    pub(crate) fn network4(&self, address: u32) -> Option<u32> {
        let (from, to) = self.net4_directory.range(address)?;
        // The lowest bit says whether the network that goes on here from before is one.
        if from >> 1 == to >> 1 && from & 1 == 0 {
            return None;
        }
        let (from, to) = ((from >> 1) as usize, (to >> 1) as usize);
        let (starts, _) = self.net4_starts.get(from * 4..to * 4)?.as_chunks::<4>();
        let place = from + starts.partition_point(|start| u32::from_le_bytes(*start) <= address);
        u32_at(self.net4_owners, place.checked_sub(1)? * 4).filter(|owner| *owner != NOBODY)
    }

    /// The number of the narrowest network around an IPv6 address.
    pub(crate) fn network6(&self, address: u128) -> Option<u32> {
        let (starts, _) = self.net6_starts.as_chunks::<16>();
        let place = starts.partition_point(|start| u128::from_le_bytes(*start) <= address);
        u32_at(self.net6_owners, place.checked_sub(1)? * 4).filter(|owner| *owner != NOBODY)
    }

    /// A network by its number, and the number of the next wider one.
    fn network(&self, number: u32) -> Option<(Entry<'a>, Option<u32>)> {
        let at = (number as usize).checked_mul(NETWORK)?;
        let bytes = self.networks.get(at..at.checked_add(NETWORK)?)?;
        if !self.index.holds(Section::Networks, at, NETWORK) {
            return None;
        }
        let first = u128::from(u64_at(bytes, 0)?) | u128::from(u64_at(bytes, 8)?) << 64;
        let wider = u32_at(bytes, 16).filter(|wider| *wider != NOBODY);
        let (length, is_v4) = (*bytes.get(20)?, *bytes.get(21)? == 4);
        let value = match is_v4 {
            true => Value::Network4(first as u32, length),
            false => Value::Network6(first, length),
        };
        let tail = Tail::decode(bytes.get(24..)?)?;
        Some((Entry { index: self.index, value, tail, exact: false }, wider))
    }

    /// The networks around an IPv4 address, the narrowest first.
    pub(crate) fn around4(self, address: u32) -> impl Iterator<Item = Entry<'a>> {
        self.chain(self.network4(address), move |value| match value {
            Value::Network4(first, length @ 0..=32) => {
                ((first ^ address).checked_shr(32 - u32::from(length)).unwrap_or(0) == 0).then_some(length)
            }
            _ => None,
        })
    }

    /// The networks around an IPv6 address, the narrowest first.
    pub(crate) fn around6(self, address: u128) -> impl Iterator<Item = Entry<'a>> {
        self.chain(self.network6(address), move |value| match value {
            Value::Network6(first, length @ 0..=128) => {
                ((first ^ address).checked_shr(128 - u32::from(length)).unwrap_or(0) == 0).then_some(length)
            }
            _ => None,
        })
    }

    /// Networks from a number on to wider ones, while they hold the address; `length` says so.
    fn chain(
        self,
        first: Option<u32>,
        length: impl Fn(Value<'a>) -> Option<u8>,
    ) -> impl Iterator<Item = Entry<'a>> {
        let mut next = first;
        let mut narrower = u8::MAX;
        std::iter::from_fn(move || {
            let (entry, wider) = self.network(next.take()?)?;
            // A damaged file must not lead in circles.
            let length = length(entry.value).filter(|length| *length < narrower)?;
            narrower = length;
            next = wider;
            Some(entry)
        })
    }
}

/// A network to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) first: u128,
    pub(super) last: u128,
    pub(super) length: u8,
    pub(super) is_v4: bool,
    pub(super) tail: Tail,
}

/// The sections of networks of both families, each sorted by first address and then from wide to narrow.
pub(super) struct Written {
    pub(super) net4: [Vec<u8>; 3],
    pub(super) net6: [Vec<u8>; 2],
    pub(super) networks: Vec<u8>,
}

/// Writes networks; those of IPv4 come first.
pub(super) fn write_networks(v4: &[Network], v6: &[Network]) -> Written {
    let mut networks = Vec::with_capacity((v4.len() + v6.len()) * NETWORK);
    let changes4 = changes(v4, 0, u128::from(u32::MAX), &mut networks);
    let changes6 = changes(v6, v4.len() as u32, u128::MAX, &mut networks);
    let starts: Vec<u32> = changes4.iter().map(|(start, _)| *start as u32).collect();
    let mut directory = Vec::new();
    let mut place = 0;
    let is_one = |place: usize| {
        place.checked_sub(1).and_then(|at| changes4.get(at)).is_some_and(|(_, owner)| *owner != NOBODY)
    };
    let bits = directory_bits(starts.len());
    for prefix in 0..=1_u64 << bits {
        let first = prefix << (32 - bits);
        while starts.get(place).is_some_and(|start| u64::from(*start) < first) {
            place += 1;
        }
        directory.extend((((place as u32) << 1) | u32::from(is_one(place))).to_le_bytes());
    }
    let owners =
        |changes: &[(u128, u32)]| changes.iter().flat_map(|(_, owner)| owner.to_le_bytes()).collect();
    Written {
        net4: [directory, starts.iter().flat_map(|start| start.to_le_bytes()).collect(), owners(&changes4)],
        net6: [changes6.iter().flat_map(|(start, _)| start.to_le_bytes()).collect(), owners(&changes6)],
        networks,
    }
}

/// Writes networks that are sorted and stand once, numbered from `number`; gives where which one begins to
/// be the narrowest.
fn changes(sorted: &[Network], number: u32, end: u128, out: &mut Vec<u8>) -> Vec<(u128, u32)> {
    let mut changes: Vec<(u128, u32)> = Vec::new();
    let mut at = |start: u128, owner: u32| match changes.last_mut() {
        Some((last, replaced)) if *last == start => *replaced = owner,
        _ => changes.push((start, owner)),
    };
    // Those that are open, the narrowest last: last address and number.
    let mut open: Vec<(u128, u32)> = Vec::new();
    let close = |open: &mut Vec<(u128, u32)>, at: &mut dyn FnMut(u128, u32)| {
        let Some((last, _)) = open.pop() else { return };
        if last < end {
            at(last + 1, open.last().map_or(NOBODY, |(_, number)| *number));
        }
    };
    for (place, network) in sorted.iter().enumerate() {
        while open.last().is_some_and(|(last, _)| *last < network.first) {
            close(&mut open, &mut at);
        }
        let own = number + place as u32;
        out.extend(network.first.to_le_bytes());
        out.extend(open.last().map_or(NOBODY, |(_, number)| *number).to_le_bytes());
        out.extend([network.length, if network.is_v4 { 4 } else { 6 }, 0, 0]);
        out.extend(network.tail.encode());
        at(network.first, own);
        open.push((network.last, own));
    }
    while !open.is_empty() {
        close(&mut open, &mut at);
    }
    changes
}

/// Of how many leading bits there is a directory: about one address to a prefix.
fn directory_bits(count: usize) -> u32 {
    (count.max(1) as u32).next_power_of_two().ilog2().min(26)
}

/// The directory of sorted addresses.
pub(super) fn write_directory(sorted: impl ExactSizeIterator<Item = u32> + Clone) -> Vec<u8> {
    let bits = directory_bits(sorted.len());
    let mut out = Vec::with_capacity(((1 << bits) + 1) * 4);
    let mut sorted = sorted.peekable();
    let mut place = 0_u32;
    for prefix in 0..=1_u64 << bits {
        let first = prefix << (32 - bits);
        while sorted.next_if(|address| u64::from(*address) < first).is_some() {
            place += 1;
        }
        out.extend(place.to_le_bytes());
    }
    out
}
