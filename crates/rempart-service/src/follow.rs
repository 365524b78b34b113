//! What follows from what came: references between objects, marking definitions that came late,
//! members that joined, time that passed. Each follower keeps its own cursor and can stop anywhere.

use std::collections::BTreeSet;

use rempart_formats::stix::{Definitions, decode_object};
use rempart_formats::{Context, Limits};
use rempart_model::{Hint, LinkKind, Stance};
use rempart_store::store::StoredObject;
use rempart_store::{ClassId, EntryKind, NewConcern, ObjectSeq};

use crate::app::App;
use crate::error::ServiceError;
use crate::intake::terms_of;

/// Deals with references between objects.
const CONTEXT: &str = "context";
/// Routes again what was there when members changed, up to [`ROUTE_UNTIL`].
const ROUTE: &str = "route";
const ROUTE_UNTIL: &str = "route.until";

/// Entries of the ledger that are dealt with at a time.
const ENTRIES: usize = 20_000;
/// Objects that are routed again at a time.
const OBJECTS: usize = 2_000;
/// How far references are followed from an object.
const DEPTH: usize = 3;
/// Most objects that are looked at for the sake of one.
const WIDTH: usize = 1_000;

impl App {
    /// Brings every follower to the end of the ledger, or until `stop` says so.
    pub fn follow(&self, stop: &dyn Fn() -> bool) -> Result<(), ServiceError> {
        let _one_at_a_time = self.following.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while !stop() && self.follow_context()? {}
        while !stop() && self.follow_route()? {}
        Ok(())
    }

    /// Concludes again what is due because time passed. Returns whether there is more.
    pub fn reassess_due(&self) -> Result<bool, ServiceError> {
        const AT_A_TIME: usize = 5_000;
        let done = self.store.reassess_due(AT_A_TIME, &self.judge(), self.now())?;
        self.metrics.reassessed.add(done as u64);
        Ok(done == AT_A_TIME)
    }

    /// After a change of members or tables, everything that is stored is routed again.
    pub(crate) fn request_reroute(&self) -> Result<(), ServiceError> {
        let last = self.store.last_object()?;
        self.store.set_cursor(ROUTE, 0)?;
        self.store.set_cursor(ROUTE_UNTIL, u64::try_from(last.0).unwrap_or(0))?;
        Ok(())
    }

    fn follow_route(&self) -> Result<bool, ServiceError> {
        let (at, until) = (self.store.cursor(ROUTE)?, self.store.cursor(ROUTE_UNTIL)?);
        if at >= until {
            return Ok(false);
        }
        let objects = self.store.objects_after(ObjectSeq(i64::try_from(at).unwrap_or(i64::MAX)), OBJECTS)?;
        let Some(last) = objects.last().map(|object| object.seq.0) else {
            self.store.set_cursor(ROUTE, until)?;
            return Ok(false);
        };
        self.route_again(&objects)?;
        self.store.set_cursor(ROUTE, u64::try_from(last).unwrap_or(0))?;
        Ok(true)
    }

    /// Routes objects anew, with all that is known of them by now.
    fn route_again(&self, objects: &[StoredObject]) -> Result<(), ServiceError> {
        let judge = self.judge();
        let mut concerns: Vec<(ObjectSeq, Vec<NewConcern>)> = Vec::with_capacity(objects.len());
        for object in objects {
            if object.foreign {
                continue;
            }
            let observables = self.store.observables_by_number(&object.observables)?;
            let mut hints = object.hints.clone();
            self.inherit(object, &mut hints)?;
            let found = judge.concerns(observables.iter().map(|row| &row.observable), &hints);
            if !found.is_empty() || !object.placements.is_empty() {
                concerns.push((object.seq, found));
            }
        }
        if !concerns.is_empty() {
            self.store.reroute(&concerns, &judge, self.now())?;
        }
        Ok(())
    }

    /// What an object inherits from those that it refers to: the countries that its campaign targets.
    pub(crate) fn inherit(&self, object: &StoredObject, hints: &mut Vec<Hint>) -> Result<(), ServiceError> {
        let mut seen = BTreeSet::from([self.store.id_key(&object.id)]);
        let mut edge: Vec<i64> = seen.iter().copied().collect();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for (from, kind, to, _) in self.store.links(&edge)? {
                if !edge.contains(&from) || seen.len() > WIDTH || !seen.insert(to) {
                    continue;
                }
                let Some(target) = self.store.newest_by_key(to)? else { continue };
                match kind {
                    LinkKind::Targets => hints.extend(target.hints.iter().filter_map(|hint| match hint {
                        Hint::InCountry(country) => Some(Hint::TargetsCountry(*country)),
                        other => Some(other.clone()),
                    })),
                    LinkKind::Indicates => {
                        hints.extend(
                            target.hints.iter().filter(|hint| !matches!(hint, Hint::InCountry(_))).cloned(),
                        );
                        next.push(to);
                    }
                    LinkKind::LocatedAt | LinkKind::SightingOf | LinkKind::FalsePositiveOf => {}
                }
            }
            edge = next;
            if edge.is_empty() {
                break;
            }
        }
        hints.sort_unstable();
        hints.dedup();
        Ok(())
    }

    fn follow_context(&self) -> Result<bool, ServiceError> {
        let at = self.store.cursor(CONTEXT)?;
        let entries = self.store.ledger(at, ENTRIES)?;
        let Some(last) = entries.last().map(|entry| entry.seq + 1) else { return Ok(false) };
        let subjects: Vec<ObjectSeq> = entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::ContextAdded)
            .map(|entry| ObjectSeq(entry.subject))
            .collect();
        for chunk in subjects.chunks(OBJECTS) {
            let objects = self.store.objects(chunk)?;
            self.settle_definitions(&objects)?;
            self.settle_references(&objects)?;
        }
        self.store.set_cursor(CONTEXT, last)?;
        Ok(true)
    }

    /// Objects that waited for a marking definition get their terms.
    fn settle_definitions(&self, objects: &[StoredObject]) -> Result<(), ServiceError> {
        let keys: Vec<i64> = objects
            .iter()
            .filter(|object| object.id.kind() == "marking-definition")
            .map(|object| self.store.id_key(&object.id))
            .collect();
        let waiting = self.store.waiting_for(&keys)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut changes: Vec<(ObjectSeq, ClassId)> = Vec::new();
        for object in self.store.objects(&waiting)? {
            changes.extend(self.terms_again(&object)?.map(|class| (object.seq, class)));
        }
        let picture = self.picture();
        let audience = |class| self.audience(&picture, class);
        self.store.rerelease("rempart", &changes, &audience, &self.judge(), self.now())?;
        let moved: Vec<ObjectSeq> = changes.iter().map(|(seq, _)| *seq).collect();
        self.route_again(&self.store.objects(&moved)?)
    }

    /// The class that an object belongs in by what is known now; `None` where a definition is still missing.
    fn terms_again(&self, object: &StoredObject) -> Result<Option<ClassId>, ServiceError> {
        let picture = self.picture();
        let Some(source) = picture.source(object.source) else { return Ok(None) };
        let context = Context {
            now: self.now(),
            source: &source.name,
            minter: &self.minter,
            unmarked: source.unmarked,
            limits: Limits::default(),
        };
        let Ok(record) = decode_object(&object.body, &context, &mut Definitions::default(), None) else {
            return Ok(None);
        };
        let mut marking = record.marking;
        for id in std::mem::take(&mut marking.unresolved) {
            let found = self.store.definitions(&[self.store.id_key(&id)])?;
            match found.into_iter().next() {
                Some((_, _, known)) => marking.restrict(&known),
                None => return Ok(None),
            }
        }
        let owner =
            source.member.and_then(|id| picture.member(id)).map(|member| (member.id, member.clearance));
        Ok(Some(self.class_for(&terms_of(&marking, source.unmarked, source, owner))?))
    }

    /// Relationships bear on where their ends are routed; sightings are claims of their source.
    fn settle_references(&self, objects: &[StoredObject]) -> Result<(), ServiceError> {
        let mut again = BTreeSet::new();
        for object in objects {
            let own = self.store.id_key(&object.id);
            again.insert(own);
            for (from, kind, to, by) in self.store.links_of(object.seq)? {
                match kind {
                    LinkKind::SightingOf | LinkKind::FalsePositiveOf => {
                        let stance =
                            if kind == LinkKind::SightingOf { Stance::Malicious } else { Stance::Benign };
                        if let Some(target) = self.store.newest_by_key(to)? {
                            self.store.attach(by, &target.observables, stance, &self.judge(), self.now())?;
                        }
                    }
                    _ => {
                        again.insert(from);
                    }
                }
            }
        }
        // What points at an object that is routed anew is routed anew as well.
        let mut edge: Vec<i64> = again.iter().copied().collect();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for (from, kind, to, _) in self.store.links(&edge)? {
                let bears = matches!(kind, LinkKind::Indicates | LinkKind::Targets) && edge.contains(&to);
                if bears && again.len() < 100_000 && again.insert(from) {
                    next.push(from);
                }
            }
            edge = next;
        }
        let mut reached = Vec::new();
        for key in again {
            reached.extend(self.store.newest_by_key(key)?);
        }
        for chunk in reached.chunks(OBJECTS) {
            self.route_again(chunk)?;
        }
        Ok(())
    }
}
