//! Warninglists in the form of MISP (<https://github.com/MISP/misp-warninglists>): values that are often
//! reported by mistake, or that need a second look. A hit is a reason, never a silent drop.

mod build;

use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use rempart_model::{Kind, Observable};

pub use build::{Builder, Skipped, WarninglistError};

use crate::names::{Names, suffixes};
use crate::place::{self, Place};
use crate::ranges::Overlaps;

/// What it means to stand on a list (`category` in MISP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Effect {
    /// The value is very likely harmless, and reported by mistake.
    FalsePositive = 0,
    /// The value is known for something that one should know before acting on it: shared by many
    /// (a cloud, a shortener), a sinkhole, a scanner of a research project.
    Known = 1,
}

impl Effect {
    /// `false-positive` or `known`.
    pub fn name(self) -> &'static str {
        match self {
            Effect::FalsePositive => "false-positive",
            Effect::Known => "known",
        }
    }
}

/// Kinds of observables that a list speaks of, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const DOMAIN: Kinds = Kinds(1);
    const URL: Kinds = Kinds(2);
    const ADDRESS: Kinds = Kinds(4);
    const EMAIL: Kinds = Kinds(8);
    const HASH: Kinds = Kinds(16);
    const OTHER: Kinds = Kinds(32);
    const ALL: Kinds = Kinds(63);

    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Domain => Kinds::DOMAIN,
            Kind::Url => Kinds::URL,
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => Kinds::ADDRESS,
            Kind::Email => Kinds::EMAIL,
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => Kinds::HASH,
            Kind::Asn | Kind::Cve | Kind::Other(_) => Kinds::OTHER,
        }
    }

    fn has(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warninglist {
    /// Its name, as its authors gave it.
    pub name: Box<str>,
    /// What it means to stand on it.
    pub effect: Effect,
    /// How many values it holds.
    pub entries: usize,
    kinds: Kinds,
}

/// A list that an observable stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The list's name.
    pub list: &'a str,
    /// What the hit means. Weaker than the list's own effect where the match is indirect: a page on
    /// a popular site, or a host below a popular name, is not itself popular.
    pub effect: Effect,
}

/// All the lists, as one index.
#[derive(Debug, Clone)]
pub struct Warninglists {
    lists: Vec<Warninglist>,
    /// The value is the list's number times four; bit 0 says that the entry covers the names below
    /// it, bit 1 that it does so with full effect.
    names: Names,
    v4: Overlaps<u32>,
    v6: Overlaps<u128>,
    needles: Vec<Needles>,
    skipped: Vec<Skipped>,
}

/// What is looked for anywhere in values of the same kinds.
#[derive(Debug, Clone)]
struct Needles {
    kinds: Kinds,
    search: AhoCorasick,
    /// The list of each needle.
    lists: Vec<u32>,
}

impl Warninglists {
    /// The bundled selection.
    pub fn bundled() -> Result<Self, WarninglistError> {
        let mut builder = Builder::new();
        builder.bundled()?;
        Ok(builder.build())
    }

    /// No list at all.
    pub fn empty() -> Self {
        Builder::new().build()
    }

    /// The lists.
    pub fn lists(&self) -> &[Warninglist] {
        &self.lists
    }

    /// What could not be used of the lists that were put in.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The lists that the observable stands on, each once, in the order in which they were put in.
    pub fn hits(&self, observable: &Observable) -> Vec<Hit<'_>> {
        let mut found: Vec<(u32, Effect)> = Vec::new();
        let kind = Kinds::of(observable.kind());
        let place = Place::of(observable);
        // A page on a listed host says little about the page.
        let direct = !kind.has(Kinds::URL) || place::is_bare_url(observable.value());
        let mut note = |list: u32, direct: bool| {
            let Some(known) = usize::try_from(list).ok().and_then(|list| self.lists.get(list)) else {
                return;
            };
            if known.kinds.has(kind) {
                found.push((list, if direct { known.effect } else { Effect::Known }));
            }
        };

        let value = observable.value();
        let lowered;
        let value = if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lowered = value.to_ascii_lowercase();
            lowered.as_str()
        } else {
            value
        };
        if !matches!(place, Place::Name(name) if name == value) {
            self.names.get(value).for_each(|entry| note(entry >> 2, true));
        }
        match place {
            Place::Name(name) => {
                for (depth, above) in suffixes(name).enumerate() {
                    for entry in self.names.get(above) {
                        let itself = depth == 0 || (depth == 1 && name.starts_with("www."));
                        if depth == 0 || entry & 1 != 0 {
                            note(entry >> 2, direct && (itself || entry & 2 != 0));
                        }
                    }
                }
            }
            Place::Address(address) => {
                let sets = match address.to_canonical() {
                    IpAddr::V4(address) => self.v4.at(address.to_bits()),
                    IpAddr::V6(address) => self.v6.at(address.to_bits()),
                };
                sets.iter().for_each(|list| note(*list, direct));
            }
            Place::Network(IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.around(first.to_bits(), last.to_bits()).into_iter().for_each(|list| note(list, true));
            }
            Place::Network(IpAddr::V6(first), IpAddr::V6(last)) => {
                self.v6.around(first.to_bits(), last.to_bits()).into_iter().for_each(|list| note(list, true));
            }
            _ => {}
        }
        for needles in self.needles.iter().filter(|needles| needles.kinds.has(kind)) {
            for matched in needles.search.find_overlapping_iter(value) {
                if let Some(list) = needles.lists.get(matched.pattern().as_usize()) {
                    note(*list, direct);
                }
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        // The stronger effect of a list that was hit twice comes first and is the one that stays.
        found.sort_unstable();
        found.dedup_by_key(|(list, _)| *list);
        let hit = |(list, effect): (u32, Effect)| {
            self.lists.get(list as usize).map(|known| Hit { list: &known.name, effect })
        };
        found.into_iter().filter_map(hit).collect()
    }

    /// The lists on which the very name stands, whatever they say of names above it.
    pub fn listed<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.names.get(name).filter_map(|entry| {
            let list = usize::try_from(entry >> 2).ok()?;
            self.lists.get(list).map(|known| &*known.name)
        })
    }

    /// Every host name that stands on a list which speaks of names, with the place of that list in
    /// [`Warninglists::lists`]. For those who must know what lies *below* a name.
    pub fn listed_names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().filter_map(|(name, entry)| {
            let list = usize::try_from(entry >> 2).ok()?;
            let speaks_of_names = self.lists.get(list)?.kinds.has(Kinds::DOMAIN);
            (speaks_of_names && !name.contains(['/', ':'])).then_some((name, list))
        })
    }

    /// Bytes that the index takes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.names.heap_bytes()
            + self.v4.heap_bytes()
            + self.v6.heap_bytes()
            + self.needles.iter().map(|needles| needles.search.memory_usage()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
