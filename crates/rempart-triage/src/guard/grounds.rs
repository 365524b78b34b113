//! What the rules rest on.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rempart_matching::Warninglists;
use rempart_model::observable::{SuffixList, address};
use rempart_model::{Kind, Observable, Timestamp};

use super::Listing;

/// Names, addresses and networks that are never blocked.
#[derive(Debug, Clone, Default)]
pub struct Protected {
    /// Names, each with whose it is; what is below them is protected with them.
    names: HashMap<Box<str>, Box<str>>,
    /// The names above them, whose blocking would catch them too.
    above: HashMap<Box<str>, Box<str>>,
    /// First and last address, and whose they are; sorted.
    networks: Vec<(u128, u128, Box<str>)>,
}

impl Protected {
    /// Protects a name with all below it, an address or a network; `whose` is told as the reason. A last label
    /// alone, and what is neither name nor address, protects nothing.
    pub fn add(&mut self, observable: &Observable, whose: &str) {
        match observable.kind() {
            Kind::Domain => self.add_name(observable.value(), whose),
            _ => {
                if let Some((first, last)) = address::range(observable) {
                    let at = self.networks.partition_point(|network| network.0 < first);
                    self.networks.insert(at, (first, last, whose.into()));
                }
            }
        }
    }

    /// Protects a name in canonical form.
    pub fn add_name(&mut self, name: &str, whose: &str) {
        if !name.contains('.') {
            return;
        }
        self.names.insert(name.into(), whose.into());
        for (dot, _) in name.match_indices('.') {
            let above = name.get(dot + 1..).unwrap_or_default();
            self.above.entry(above.into()).or_insert_with(|| name.into());
        }
    }

    /// Whose a name is: its own, or that of a name above it.
    pub fn name(&self, name: &str) -> Option<&str> {
        let mut rest = Some(name);
        while let Some(name) = rest {
            if let Some(whose) = self.names.get(name) {
                return Some(whose);
            }
            rest = name.split_once('.').map(|(_, above)| above);
        }
        None
    }

    /// A protected name below a name.
    pub fn below(&self, name: &str) -> Option<&str> {
        self.above.get(name).map(|below| &**below)
    }

    /// Whose an address, or any in a network, is.
    pub fn network(&self, observable: &Observable) -> Option<&str> {
        let (first, last) = address::range(observable)?;
        let upto = self.networks.partition_point(|network| network.0 <= last);
        let before = self.networks.get(..upto)?.iter();
        before.rev().find(|network| network.1 >= first).map(|(_, _, whose)| &**whose)
    }

    /// What tells it from another, to see when everything has to be judged again.
    pub fn fingerprint(&self) -> u64 {
        let mut names: Vec<&str> = self.names.keys().map(|name| &**name).collect();
        names.sort_unstable();
        let mut hasher = DefaultHasher::new();
        names.hash(&mut hasher);
        self.networks.hash(&mut hasher);
        hasher.finish()
    }
}

/// The names above those on lists: to block one would catch what is listed. Made once from the lists.
#[derive(Debug, Clone, Default)]
pub struct Above {
    /// Each with a name below it.
    names: HashMap<Box<str>, Box<str>>,
}

impl Above {
    /// Takes the lists in whose names must stay reachable.
    pub fn new(warninglists: &Warninglists) -> Self {
        let mut above = Self::default();
        let lists = warninglists.lists();
        let matters = |list: usize| {
            let listing = lists.get(list).map(|list| super::listing(&list.name));
            matches!(listing, Some(Listing::Popular | Listing::Official | Listing::Infrastructure))
        };
        for (name, _) in warninglists.listed_names().filter(|(_, list)| matters(*list)) {
            let mut rest = name;
            while let Some((_, parent)) = rest.split_once('.') {
                if above.names.contains_key(parent) {
                    // Whoever put it there has put all above it, too.
                    break;
                }
                above.names.insert(parent.into(), name.into());
                rest = parent;
            }
        }
        above
    }

    /// A listed name below a name.
    pub fn below(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(|below| &**below)
    }
}

/// What the rules rest on.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// The Public Suffix List, both sections.
    pub suffixes: &'a SuffixList,
    /// Its date; `None`: it has none.
    pub suffixes_as_of: Option<Timestamp>,
    /// After how many days it is too old to decide by.
    pub suffix_days: u32,
    /// The warninglists.
    pub warninglists: &'a Warninglists,
    /// The names above those on them.
    pub above: &'a Above,
    /// What is never blocked.
    pub protected: &'a Protected,
    /// Names that the Internet's plumbing has, and those above them.
    pub(super) infrastructure: HashSet<&'static str>,
}

impl<'a> Grounds<'a> {
    /// Puts together what the rules rest on.
    pub fn new(
        suffixes: &'a SuffixList,
        suffixes_as_of: Option<Timestamp>,
        suffix_days: u32,
        warninglists: &'a Warninglists,
        above: &'a Above,
        protected: &'a Protected,
    ) -> Self {
        let infrastructure = super::lists::INFRASTRUCTURE.into_iter().collect();
        Self { suffixes, suffixes_as_of, suffix_days, warninglists, above, protected, infrastructure }
    }
}
