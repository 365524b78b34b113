//! The rules told a second time, by brute force over everything that was ever said, without a call to
//! the product: who may have what, who made what, what is the newest of what somebody may have.

use std::collections::{BTreeMap, BTreeSet};

use rempart_model::Tlp;

use crate::script::{Item, Label, Meaning, Party, Script, Shape};

/// Who brought something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Feed(usize),
    Member(usize),
}

/// Something that was brought and is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) item: Item,
    pub(crate) from: From,
    /// Another's object has the id: kept, never served.
    conflict: bool,
    unmarked: Tlp,
}

/// What the bringer is told of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Added,
    Duplicate,
    Conflict,
}

/// How far a thing may go.
struct Reach<'a> {
    tlp: Tlp,
    groups: Vec<&'a [String]>,
    unknown: bool,
}

/// Everything that was said so far.
pub(crate) struct Rules<'a> {
    script: &'a Script,
    /// The clearance of each member that takes part by now.
    pub(crate) clearance: BTreeMap<usize, Tlp>,
    pub(crate) kept: Vec<Kept>,
    /// What marking definitions mean, with who said so.
    meanings: Vec<(String, From, Meaning)>,
    /// How many of them were said before this step.
    settled: usize,
    /// Who has ever given what.
    givers: Vec<(u32, From)>,
    /// Tags that a member itself has given.
    pub(crate) given: BTreeMap<usize, BTreeSet<u32>>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(script: &'a Script) -> Self {
        let there = script.parties.iter().enumerate().filter(|(_, party)| !party.late);
        Self {
            script,
            clearance: there.map(|(index, party)| (index, party.clearance)).collect(),
            kept: Vec::new(),
            meanings: Vec::new(),
            settled: 0,
            givers: Vec::new(),
            given: BTreeMap::new(),
        }
    }

    fn party(&self, member: usize) -> &Party {
        &self.script.parties[member]
    }

    fn is_called(&self, member: usize, name: &str) -> bool {
        let party = self.party(member);
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        same(&party.name) || same(party.country) || party.alias.as_deref().is_some_and(same)
    }

    /// A definition counts where the object's own source has brought it, or the operator has. What a
    /// member says of a definition binds nobody's objects but its own.
    fn reach<'i>(&self, kept: &'i Kept) -> Reach<'i> {
        self.reach_by(kept, &self.meanings)
    }

    fn reach_by<'i>(&self, kept: &'i Kept, meanings: &[(String, From, Meaning)]) -> Reach<'i> {
        let mut tlp: Option<Tlp> = None;
        let mut unknown = false;
        for label in &kept.item.labels {
            match label {
                Label::Tlp(said, _) | Label::Granular(said, _) => tlp = tlp.max(Some(*said)),
                Label::Broken => unknown = true,
                Label::Language => {}
                Label::Custom(id) | Label::GranularCustom(id) => {
                    let meant: Vec<Meaning> = meanings
                        .iter()
                        .filter(|(of, by, _)| of == id && (*by == kept.from || matches!(by, From::Feed(_))))
                        .map(|(_, _, meaning)| *meaning)
                        .collect();
                    unknown |= meant.is_empty();
                    for meaning in meant {
                        match meaning {
                            Meaning::Tlp(said, _) => tlp = tlp.max(Some(said)),
                            Meaning::Statement | Meaning::Pap => {}
                            Meaning::Strange => unknown = true,
                        }
                    }
                }
            }
        }
        Reach {
            tlp: tlp.unwrap_or(kept.unmarked),
            groups: kept.item.groups.iter().map(Vec::as_slice).collect(),
            unknown,
        }
    }

    /// Whether the rules let a member have this.
    pub(crate) fn may_have(&self, member: usize, kept: &Kept) -> bool {
        let Some(clearance) = self.clearance.get(&member) else { return false };
        if kept.from == From::Member(member) {
            return true;
        }
        let reach = self.reach(kept);
        if reach.unknown || reach.tlp > *clearance {
            return false;
        }
        if !reach.groups.is_empty() {
            return reach.groups.iter().all(|group| group.iter().any(|name| self.is_called(member, name)));
        }
        let feed = match kept.from {
            From::Feed(feed) => Some(&self.script.feeds[feed]),
            From::Member(_) => None,
        };
        match reach.tlp {
            Tlp::Clear | Tlp::Green => true,
            Tlp::Amber => feed
                .and_then(|feed| feed.community.as_ref())
                .is_none_or(|community| community.contains(&member)),
            Tlp::AmberStrict | Tlp::Red => feed
                .and_then(|feed| feed.recipients.as_ref())
                .is_some_and(|named| named.iter().any(|name| self.is_called(member, name))),
        }
    }

    /// Whether whoever might see the second, known here or not, might see the first: then nobody lacks
    /// anything where the second is not served for the sake of the first.
    fn covers(&self, first: &Kept, second: &Kept) -> bool {
        // What this step says of definitions bears on what was there before once the step is done.
        let (a, b) = (self.reach_by(first, &self.meanings[..self.settled]), self.reach(second));
        if a.unknown || b.unknown {
            return false;
        }
        let lists = |kept: &Kept| match kept.from {
            From::Feed(feed) => self.script.feeds[feed].recipients.clone(),
            From::Member(_) => None,
        };
        let community = |kept: &Kept| match kept.from {
            From::Feed(feed) => self.script.feeds[feed].community.clone(),
            From::Member(_) => None,
        };
        // Anybody: called by one of the names that occur or by none, in one of the places or in none.
        let mut names: Vec<String> = [first, second].into_iter().filter_map(lists).flatten().collect();
        names.extend(a.groups.iter().chain(&b.groups).flat_map(|group| group.iter().cloned()));
        // Where nobody is named, whoever that might be one day is the same for all of the operator's
        // sources, and another for members.
        let nobody = |kept: &Kept| match kept.from {
            From::Feed(_) => "\0 of a feed",
            From::Member(_) => "\0 of a member",
        };
        names.extend([String::new(), nobody(first).to_owned(), nobody(second).to_owned()]);
        let mut places: Vec<usize> = [first, second].into_iter().filter_map(community).flatten().collect();
        places.push(usize::MAX);
        let may = |reach: &Reach<'_>, kept: &Kept, name: &str, place: usize, clearance: Tlp| {
            let called = |group: &[String]| group.iter().any(|other| other.eq_ignore_ascii_case(name));
            reach.tlp <= clearance
                && match reach.tlp {
                    _ if !reach.groups.is_empty() => reach.groups.iter().all(|group| called(group)),
                    Tlp::Clear | Tlp::Green => true,
                    Tlp::Amber => community(kept).is_none_or(|community| community.contains(&place)),
                    Tlp::AmberStrict | Tlp::Red => {
                        lists(kept).map_or(name == nobody(kept), |names| called(&names))
                    }
                }
        };
        Tlp::ALL.into_iter().all(|clearance| {
            names.iter().all(|name| {
                places.iter().all(|place| {
                    !may(&b, second, name, *place, clearance) || may(&a, first, name, *place, clearance)
                })
            })
        })
    }

    /// Whether more than one source has given the very same.
    pub(crate) fn is_given_by_several(&self, tag: u32) -> bool {
        self.givers.iter().filter(|(given, _)| *given == tag).count() > 1
    }

    /// A step begins.
    pub(crate) fn begin(&mut self) {
        self.settled = self.meanings.len();
    }

    /// Takes an item; says what its bringer is told.
    pub(crate) fn take(&mut self, from: From, unmarked: Tlp, item: &Item) -> Answer {
        if !self.givers.contains(&(item.tag, from)) {
            self.givers.push((item.tag, from));
        }
        if let From::Member(member) = from {
            self.given.entry(member).or_default().insert(item.tag);
        }
        let new = Kept { item: item.clone(), from, conflict: false, unmarked };
        let known: Vec<&Kept> = self
            .kept
            .iter()
            .filter(|kept| kept.item.id == item.id)
            .filter(|kept| {
                kept.from == from
                    || !kept.conflict
                        // What a definition says counts by whoever says it: each has its own.
                        && !matches!(item.shape, Shape::Definition(_))
                        && match from {
                            From::Member(member) => self.may_have(member, kept),
                            From::Feed(_) => self.covers(kept, &new),
                        }
            })
            .collect();
        if known.iter().any(|kept| kept.item.tag == item.tag) {
            return Answer::Duplicate;
        }
        let served: Vec<&&Kept> = known.iter().filter(|kept| !kept.conflict).collect();
        let conflict = served.first().is_some_and(|first| {
            first.from != from
                || served.iter().any(|kept| kept.from == from && kept.item.version == item.version)
        });
        if !conflict && let Shape::Definition(meaning) = item.shape {
            self.meanings.push((item.id.clone(), from, meaning));
        }
        self.kept.push(Kept { conflict, ..new });
        if conflict { Answer::Conflict } else { Answer::Added }
    }

    /// Everything of these ids is gone.
    pub(crate) fn forget(&mut self, ids: &[String], of: Option<From>) {
        self.kept.retain(|kept| {
            !(ids.contains(&kept.item.id) && of.is_none_or(|from| kept.from == from && !kept.conflict))
        });
    }

    /// What a feed's unmarked objects are taken for.
    pub(crate) fn unmarked(&self, feed: usize) -> Tlp {
        self.script.feeds[feed].unmarked
    }

    /// A member takes part from now on.
    pub(crate) fn join(&mut self, member: usize) {
        self.clearance.insert(member, self.party(member).clearance);
    }

    /// Tags of the newest of each id that a member has given itself.
    pub(crate) fn own_newest(&self, member: usize) -> BTreeSet<u32> {
        let own = |kept: &&Kept| kept.from == From::Member(member) && !kept.conflict;
        newest_of(self.kept.iter().filter(own))
    }

    /// Whether a member has something of its own under an id.
    pub(crate) fn has_given(&self, member: usize, id: &str) -> bool {
        self.kept.iter().any(|kept| kept.item.id == id && kept.from == From::Member(member) && !kept.conflict)
    }

    /// Tags of all that a member may have.
    pub(crate) fn released(&self, member: usize) -> BTreeSet<u32> {
        self.kept
            .iter()
            .filter(|kept| !kept.conflict && self.may_have(member, kept))
            .map(|kept| kept.item.tag)
            .collect()
    }

    /// Tags of all that everybody may know.
    pub(crate) fn public(&self) -> BTreeSet<u32> {
        let is_public = |kept: &&Kept| {
            let reach = self.reach(kept);
            !kept.conflict && !reach.unknown && reach.groups.is_empty() && reach.tlp == Tlp::Clear
        };
        self.kept.iter().filter(is_public).map(|kept| kept.item.tag).collect()
    }

    /// Tags of all versions that a member is served: of each id, those of the first source to bring
    /// it of all that the member may see.
    pub(crate) fn versions(&self, member: usize) -> BTreeSet<u32> {
        let mut makers: BTreeMap<&str, From> = BTreeMap::new();
        let mut tags = BTreeSet::new();
        for kept in self.kept.iter().filter(|kept| !kept.conflict && self.may_have(member, kept)) {
            if *makers.entry(&kept.item.id).or_insert(kept.from) == kept.from {
                tags.insert(kept.item.tag);
            }
        }
        tags
    }

    /// Of those, the newest of each id.
    pub(crate) fn newest(&self, member: usize) -> BTreeSet<u32> {
        let versions = self.versions(member);
        newest_of(self.kept.iter().filter(|kept| versions.contains(&kept.item.tag)))
    }
}

/// The tag of the highest version of each id.
fn newest_of<'k>(all: impl Iterator<Item = &'k Kept>) -> BTreeSet<u32> {
    let mut newest: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for kept in all {
        let at = newest.entry(&kept.item.id).or_insert((kept.item.version, kept.item.tag));
        *at = (*at).max((kept.item.version, kept.item.tag));
    }
    newest.into_values().map(|(_, tag)| tag).collect()
}
