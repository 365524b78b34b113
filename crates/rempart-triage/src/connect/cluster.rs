//! The clustering that lives: evidence and decisions come in, and only what they touch is grouped anew.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, EvidenceKind, Settings};
use super::index::Index;
use super::naming;
use super::solve::{Links, OUTSIDE, Problem, ends, links, solve, value_weight, weigh};

/// In no cluster.
const ALONE: u32 = u32::MAX;

/// What a person decides. It holds in every later run until it is lifted; of two that contradict each other
/// the later holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// These two do not belong together.
    Apart {
        /// One observable.
        a: u64,
        /// The other.
        b: u64,
    },
    /// These two belong together.
    Together {
        /// One observable.
        a: u64,
        /// The other.
        b: u64,
    },
    /// A merge is undone: neither of the first belongs together with either of the second. Of each group
    /// these are its linked member, which may not come back over the same link, and its earliest.
    Undone {
        /// Of the first group.
        a: [u64; 2],
        /// Of the second.
        b: [u64; 2],
    },
    /// This value says nothing, whoever shares it.
    Ignore {
        /// Its kind.
        kind: EvidenceKind,
        /// Its hash.
        value: u64,
    },
}

impl Decision {
    /// The pairs that it keeps apart.
    pub(super) fn apart(&self) -> Vec<(u64, u64)> {
        match *self {
            Self::Apart { a, b } => vec![(a, b)],
            Self::Undone { a, b } => {
                let mut pairs: Vec<(u64, u64)> = a.iter().flat_map(|a| b.iter().map(|b| (*a, *b))).collect();
                pairs.sort_unstable();
                pairs.dedup();
                pairs
            }
            Self::Together { .. } | Self::Ignore { .. } => Vec::new(),
        }
    }
}

/// What became of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is a new one.
    Founded {
        /// Its name.
        name: u64,
        /// The cluster that most of its members were in before, where it split off.
        from: Option<u64>,
    },
    /// Members came or went.
    Changed {
        /// Its name.
        name: u64,
        /// How many came.
        came: u32,
        /// How many went.
        went: u32,
    },
    /// It is no more.
    Retired {
        /// Its name.
        name: u64,
        /// The cluster that took up most of its members.
        into: Option<u64>,
    },
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// What became of clusters.
    pub changes: Vec<Change>,
    /// How many observables were grouped anew.
    pub regrouped: u32,
    /// How many weighed links the communities were found in, after what is certain was united.
    pub weak_links: usize,
    /// Decisions that newer ones contradict, so that they do not hold.
    pub overruled: Vec<Decision>,
    /// There were more links than the bound: values shared by more observables than this were left out.
    pub lowered: Option<u32>,
    /// How many pieces of evidence were left because an observable had too many.
    pub left: u64,
    /// There are by now so many more observables that rarity is to be counted against another number of
    /// them: a [`Clustering::rebuild`] is due. Never again from [`Settings::population`] on.
    pub rebuild_due: bool,
}

/// One cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Its name: the id of the member that founded it.
    pub name: u64,
    pub(super) members: &'a [u32],
    pub(super) index: &'a Index,
}

impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for Index {}

impl Cluster<'_> {
    /// How many members it has: two or more.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// No cluster is empty.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Its members.
    pub fn members(&self) -> impl Iterator<Item = u64> + '_ {
        self.members.iter().map(|member| self.index.id(*member))
    }
}

#[derive(Debug, Clone, Default)]
struct Slot {
    name: u64,
    members: Vec<u32>,
    mass: f32,
}

/// Observables, what links them, and the clusters they form.
#[derive(Debug, Clone, Default)]
pub struct Clustering {
    pub(super) settings: Settings,
    pub(super) index: Index,
    /// The number of observables that rarity is counted against.
    pub(super) population: u32,
    /// In the order in which they were taken.
    pub(super) decisions: Vec<Decision>,
    cluster_of: Vec<u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    names: BTreeMap<u64, u32>,
}

impl Clustering {
    /// An empty one.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Adds observables and evidence, and groups anew what that touches. The first time, and in
    /// [`Clustering::rebuild`], that is everything.
    pub fn add(&mut self, evidence: &[Evidence]) -> Outcome {
        let mut values: Vec<(u32, bool)> = Vec::new();
        let mut touched: Vec<u32> = Vec::new();
        let before = self.index.len();
        for one in evidence {
            if let Some((observable, value, more)) = self.index.add(one) {
                values.push((value, more));
                touched.push(observable);
            }
        }
        self.cluster_of.resize(self.index.len() as usize, ALONE);
        if self.population == 0 {
            return self.rebuild();
        }
        touched.extend(before..self.index.len());
        touched.sort_unstable();
        touched.dedup();
        values.sort_unstable();
        let mut members = self.certain_neighbours(&touched, &values);
        for added in values.chunk_by(|a, b| a.0 == b.0) {
            let Some((value, _)) = added.first().copied() else { continue };
            let more = added.iter().filter(|(_, more)| *more).count();
            self.reweighed(value, u32::try_from(more).unwrap_or(u32::MAX), &mut members);
        }
        // What a person put together may come after the decision.
        for decision in &self.decisions {
            if let Decision::Together { a, b } = decision
                && let (Some(a), Some(b)) = (self.index.observable(*a), self.index.observable(*b))
                && (touched.binary_search(&a).is_ok() || touched.binary_search(&b).is_ok())
            {
                members.extend([a, b]);
            }
        }
        members.append(&mut touched);
        self.regroup(members, true)
    }

    /// Everyone who has a value of which `added` more have it now, where it weighed something between others
    /// before and weighs something else now.
    fn reweighed(&self, value: u32, added: u32, members: &mut Vec<u32>) {
        let Some(known) = self.index.value(value).filter(|known| !known.ignored) else { return };
        let weight = |count| self.settings.weight(known.kind, count, self.population);
        let old = weight(known.count.saturating_sub(added));
        #[allow(clippy::float_cmp, reason = "the same formula gives the same bits")]
        if old > 0.0 && old != weight(known.count) {
            members.extend(self.index.members(value).map(|(member, _)| member));
        }
    }

    /// Everyone whose link to one of `touched`, by values that came, is certain now. Their clusters are
    /// grouped anew too, so that what unites at once is the same as if all had come at once; whoever is
    /// linked weakly stays, and others may come to it.
    fn certain_neighbours(&self, touched: &[u32], values: &[(u32, bool)]) -> Vec<u32> {
        let mut local = vec![OUTSIDE; self.index.len() as usize];
        let count = u32::try_from(touched.len()).unwrap_or(u32::MAX);
        for (place, one) in (0_u32..).zip(touched) {
            if let Some(slot) = local.get_mut(*one as usize) {
                *slot = place;
            }
        }
        let mut others: Vec<u32> = Vec::new();
        let node = |one: u32| {
            let Some(slot) = local.get_mut(one as usize) else { return OUTSIDE };
            if *slot == OUTSIDE {
                *slot = count + u32::try_from(others.len()).unwrap_or(0);
                others.push(one);
            }
            *slot
        };
        let mut all: Vec<u32> =
            touched.iter().flat_map(|one| self.index.of(*one).map(|(value, _)| value)).collect();
        all.extend(values.iter().map(|(value, _)| *value));
        all.sort_unstable();
        all.dedup();
        // A strong value ties each to the next: all that have it are taken.
        let Links { mut weak, .. } =
            links(&self.index, &self.settings, self.population, &all, &|_| false, node, count);
        weak.sort_unstable();
        let mut members: Vec<u32> = Vec::new();
        for value in all {
            if value_weight(&self.index, &self.settings, self.population, value) >= self.settings.high {
                members.extend(self.index.members(value).map(|(one, _)| one));
            }
        }
        for same in weak.chunk_by(|a, b| a.pair == b.pair) {
            if let [first, ..] = same
                && let Some(other) = ends(first.pair).1.checked_sub(count)
                && weigh(&self.index, &self.settings, self.population, same) >= self.settings.high
            {
                members.extend(others.get(other as usize));
            }
        }
        members
    }

    /// Everyone who has a value that says anything.
    fn affected(&self, value: u32, members: &mut Vec<u32>) {
        if value_weight(&self.index, &self.settings, self.population, value) > 0.0 {
            members.extend(self.index.members(value).map(|(member, _)| member));
        }
    }

    /// Takes a decision and groups anew what it is about.
    pub fn decide(&mut self, decision: Decision) -> Outcome {
        self.decisions.retain(|old| *old != decision);
        self.decisions.push(decision);
        let members = self.concerned(decision, true);
        self.regroup(members, false)
    }

    /// Lifts a decision and groups anew what it was about.
    pub fn lift(&mut self, decision: Decision) -> Outcome {
        self.decisions.retain(|old| *old != decision);
        let members = self.concerned(decision, false);
        self.regroup(members, false)
    }

    fn concerned(&mut self, decision: Decision, ignored: bool) -> Vec<u32> {
        match decision {
            Decision::Apart { .. } | Decision::Together { .. } | Decision::Undone { .. } => {
                let mut ids: Vec<u64> = decision.apart().into_iter().flat_map(|(a, b)| [a, b]).collect();
                if let Decision::Together { a, b } = decision {
                    ids.extend([a, b]);
                }
                let mut members: Vec<u32> = ids.iter().filter_map(|id| self.index.observable(*id)).collect();
                // Whoever shares something with one of them may now come to the other's side.
                for one in members.clone() {
                    for (value, _) in self.index.of(one) {
                        self.affected(value, &mut members);
                    }
                }
                members
            }
            Decision::Ignore { kind, value } => {
                let value = self.index.ignore(kind, value, ignored);
                value.map(|value| self.index.members(value).map(|(one, _)| one).collect()).unwrap_or_default()
            }
        }
    }

    /// The number of observables to count rarity against: a power of two, so that it rarely changes.
    fn reference(&self) -> u32 {
        let count = self.index.len().clamp(1, 1 << 31).next_power_of_two();
        count.min(self.settings.population.max(1))
    }

    /// Groups everything anew, with rarity counted against all observables there are now.
    pub fn rebuild(&mut self) -> Outcome {
        self.population = self.reference();
        self.regroup((0..self.index.len()).collect(), false)
    }

    /// Groups the clusters of some observables anew, beginning with what they were or with each alone.
    fn regroup(&mut self, mut subset: Vec<u32>, warm: bool) -> Outcome {
        subset.sort_unstable();
        subset.dedup();
        let mut olds: Vec<u32> =
            subset.iter().map(|one| self.slot_of(*one)).filter(|slot| *slot != ALONE).collect();
        olds.sort_unstable();
        olds.dedup();
        for slot in &olds {
            subset
                .extend(self.slots.get(*slot as usize).iter().flat_map(|slot| slot.members.iter().copied()));
        }
        subset.sort_unstable();
        subset.dedup();
        let mut local = vec![OUTSIDE; self.index.len() as usize];
        for (place, one) in (0_u32..).zip(&subset) {
            if let Some(slot) = local.get_mut(*one as usize) {
                *slot = place;
            }
        }
        let latest_first: Vec<Decision> = self.decisions.iter().rev().copied().collect();
        let outside = |observable: u32| {
            let slot = self.slots.get(self.slot_of(observable) as usize);
            slot.map_or((observable, 1.0), |slot| {
                (slot.members.first().copied().unwrap_or(observable), slot.mass)
            })
        };
        let before = |observable: u32| outside(observable).0;
        let solution = solve(&Problem {
            index: &self.index,
            settings: &self.settings,
            population: self.population,
            subset: &subset,
            local: &local,
            decisions: &latest_first,
            outside: &outside,
            before: warm.then_some(&before),
        });
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); solution.count as usize];
        for (observable, group) in subset.iter().zip(&solution.groups) {
            if let Some(group) = groups.get_mut(*group as usize) {
                group.push(*observable);
            }
        }
        for (group, stands) in &solution.joined {
            if let Some(group) = groups.get_mut(*group as usize)
                && !group.is_empty()
            {
                match self.slot_of(*stands) {
                    ALONE => group.push(*stands),
                    slot => {
                        olds.push(slot);
                        group.extend(
                            self.slots.get(slot as usize).iter().flat_map(|slot| slot.members.iter()),
                        );
                    }
                }
            }
        }
        olds.sort_unstable();
        olds.dedup();
        let changes = self.rename(&olds, groups, &solution.masses);
        Outcome {
            changes,
            regrouped: u32::try_from(subset.len()).unwrap_or(u32::MAX),
            weak_links: solution.weak,
            overruled: solution.overruled,
            lowered: solution.lowered,
            left: self.index.left(),
            rebuild_due: self.reference() != self.population,
        }
    }

    /// Puts new groups in the place of old clusters.
    fn rename(&mut self, olds: &[u32], groups: Vec<Vec<u32>>, masses: &[f32]) -> Vec<Change> {
        let mut before: BTreeMap<u64, u32> = BTreeMap::new();
        for slot in olds.iter().filter_map(|slot| self.slots.get(*slot as usize)) {
            before.insert(slot.name, u32::try_from(slot.members.len()).unwrap_or(u32::MAX));
        }
        let mut kept: Vec<(Vec<u32>, f32)> = Vec::new();
        let mut origins: Vec<(naming::Origin, u64)> = Vec::new();
        let mut singles: Vec<(u32, Option<u64>)> = Vec::new();
        for (members, mass) in groups.into_iter().zip(masses) {
            if let [one] = *members {
                singles.push((one, self.name_at(one)));
                continue;
            }
            if members.is_empty() {
                continue;
            }
            let mut origin = naming::Origin::new();
            for name in members.iter().filter_map(|one| self.name_at(*one)) {
                *origin.entry(name).or_default() += 1;
            }
            let earliest = members.iter().map(|one| self.index.id(*one)).min().unwrap_or(u64::MAX);
            kept.push((members, *mass));
            origins.push((origin, earliest));
        }
        for slot in olds {
            if let Some(old) = self.slots.get_mut(*slot as usize) {
                self.names.remove(&old.name);
                *old = Slot::default();
                self.free.push(*slot);
            }
        }
        for (one, _) in &singles {
            if let Some(place) = self.cluster_of.get_mut(*one as usize) {
                *place = ALONE;
            }
        }
        let inherited = naming::inherit(&origins);
        let heirs: BTreeSet<u64> = inherited.iter().flatten().copied().collect();
        let mut changes = Vec::new();
        let mut places: BTreeMap<u64, (u32, Option<u64>)> = BTreeMap::new();
        for (((members, mass), (origin, _)), inherited) in kept.into_iter().zip(origins).zip(inherited) {
            let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
            let name = inherited.unwrap_or_else(|| {
                let ids: Vec<u64> = members.iter().map(|one| self.index.id(*one)).collect();
                naming::found(&ids, |name| self.names.contains_key(&name) || heirs.contains(&name))
            });
            let stayed = origin.get(&name).copied().unwrap_or(0);
            match inherited {
                Some(_) => {
                    let went = before.get(&name).copied().unwrap_or(0).saturating_sub(stayed);
                    if count != stayed || went > 0 {
                        changes.push(Change::Changed { name, came: count - stayed, went });
                    }
                }
                None => {
                    let from = origin.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
                    changes.push(Change::Founded { name, from: from.map(|(name, _)| *name) });
                }
            }
            for (old, part) in &origin {
                let most = places.entry(*old).or_insert((0, None));
                if *part > most.0 {
                    *most = (*part, Some(name));
                }
            }
            self.put(name, members, mass);
        }
        for name in before.keys().filter(|name| !heirs.contains(*name)) {
            // A cluster that came back under its own name was founded anew by the same member.
            let into = places.get(name).and_then(|(_, into)| *into).filter(|into| into != name);
            changes.push(Change::Retired { name: *name, into });
        }
        changes
    }

    fn put(&mut self, name: u64, mut members: Vec<u32>, mass: f32) {
        members.sort_unstable();
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(ALONE)
        });
        for one in &members {
            if let Some(place) = self.cluster_of.get_mut(*one as usize) {
                *place = number;
            }
        }
        self.names.insert(name, number);
        if let Some(slot) = self.slots.get_mut(number as usize) {
            *slot = Slot { name, members, mass };
        }
    }

    fn slot_of(&self, observable: u32) -> u32 {
        self.cluster_of.get(observable as usize).copied().unwrap_or(ALONE)
    }

    fn name_at(&self, observable: u32) -> Option<u64> {
        self.slots.get(self.slot_of(observable) as usize).map(|slot| slot.name)
    }

    /// The name of the cluster that an observable is in.
    pub fn cluster_of(&self, observable: u64) -> Option<u64> {
        self.index.observable(observable).and_then(|observable| self.name_at(observable))
    }

    /// A cluster.
    pub fn cluster(&self, name: u64) -> Option<Cluster<'_>> {
        let slot = self.slots.get(*self.names.get(&name)? as usize)?;
        Some(Cluster { name, members: &slot.members, index: &self.index })
    }

    /// All clusters of two or more, by name.
    pub fn clusters(&self) -> impl Iterator<Item = Cluster<'_>> + '_ {
        self.names.iter().filter_map(|(name, slot)| {
            let slot = self.slots.get(*slot as usize)?;
            Some(Cluster { name: *name, members: &slot.members, index: &self.index })
        })
    }

    /// How many observables there are.
    pub fn len(&self) -> usize {
        self.index.len() as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// The decisions that hold, the oldest first.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
