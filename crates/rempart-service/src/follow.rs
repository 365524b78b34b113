//! What follows from what came: references between objects, marking definitions that came late,
//! members that joined, time that passed. Each follower keeps its own cursor and can stop anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use rempart_formats::stix::{Definitions, decode_object};
use rempart_formats::{Context, Limits};
use rempart_model::{Hint, LinkKind, MemberId, Stance};
use rempart_store::store::StoredObject;
use rempart_store::{ClassId, EntryKind, NewConcern, ObjectSeq, ObservableRow};
use rempart_triage::release::Use;

use crate::app::{App, Picture, covers, released};
use crate::error::ServiceError;
use crate::intake::{definition_of, terms_of};
use crate::judge::Judge;

/// Deals with references between objects.
const CONTEXT: &str = "context";
/// Routes again what was there when members changed, up to [`ROUTE_UNTIL`].
const ROUTE: &str = "route";
const ROUTE_UNTIL: &str = "route.until";

/// Entries of the ledger that are dealt with at a time.
const ENTRIES: usize = 20_000;
/// Entries without consequence after which the cursor is kept all the same.
const UNKEPT: u64 = 50_000;
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
        self.changed();
        Ok(())
    }

    /// Concludes again what is due because time passed. Returns whether there is more.
    pub fn reassess_due(&self) -> Result<bool, ServiceError> {
        const AT_A_TIME: usize = 5_000;
        let done = self.store.reassess_due(AT_A_TIME, &self.judge(), self.now())?;
        self.metrics.reassessed.add(done as u64);
        if done > 0 {
            self.changed();
        }
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
            // What was replaced claims nothing any more; whom it concerned stays as it was.
            if object.foreign || object.superseded {
                continue;
            }
            let observables = self.store.observables_by_number(&object.observables)?;
            let found = concerned(&judge, object, &observables, &self.inherited(object)?);
            if !found.is_empty() || !object.placements.is_empty() {
                concerns.push((object.seq, found));
            }
        }
        if !concerns.is_empty() {
            self.store.reroute(&concerns, &judge, self.now())?;
        }
        Ok(())
    }

    /// What an object inherits from those that it refers to (the countries that its campaign targets),
    /// each with the classes of all that it was learnt from: it bears only on who may see those.
    pub(crate) fn inherited(&self, object: &StoredObject) -> Result<Vec<Inherited>, ServiceError> {
        let mut found: Vec<Inherited> = Vec::new();
        let mut seen = BTreeSet::from([self.store.id_key(&object.id)]);
        let mut edge: Vec<(i64, BTreeSet<ClassId>)> =
            seen.iter().map(|key| (*key, BTreeSet::new())).collect();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for (start, learnt_from) in &edge {
                for (from, kind, to, by) in self.store.links(&[*start])? {
                    if from != *start || seen.len() > WIDTH || seen.contains(&to) {
                        continue;
                    }
                    let Some(link) = self.store.objects(&[by])?.pop() else { continue };
                    for target in self.store.objects_by_key(to)? {
                        let mut classes = learnt_from.clone();
                        classes.extend([link.class, target.class]);
                        classes.remove(&object.class);
                        let hints = target.hints.iter().filter_map(|hint| match (kind, hint) {
                            (LinkKind::Targets, Hint::InCountry(country)) => {
                                Some(Hint::TargetsCountry(*country))
                            }
                            (LinkKind::Indicates, Hint::InCountry(_)) => None,
                            (LinkKind::Targets | LinkKind::Indicates, other) => Some(other.clone()),
                            _ => None,
                        });
                        found.extend(hints.map(|hint| Inherited { hint, classes: classes.clone() }));
                        if kind == LinkKind::Indicates {
                            next.push((to, classes));
                        }
                    }
                }
            }
            seen.extend(next.iter().map(|(key, _)| *key));
            edge = next;
            if edge.is_empty() {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn follow_context(&self) -> Result<bool, ServiceError> {
        let kept = self.store.cursor(CONTEXT)?;
        let at = kept.max(self.context_seen.load(Ordering::Relaxed));
        let entries = self.store.ledger(at, ENTRIES)?;
        let Some(last) = entries.last().map(|entry| entry.seq + 1) else { return Ok(false) };
        let subjects: Vec<ObjectSeq> = entries
            .iter()
            .filter(|entry| matches!(entry.kind, EntryKind::ContextAdded | EntryKind::ReferencesChanged))
            .map(|entry| ObjectSeq(entry.subject))
            .collect();
        for chunk in subjects.chunks(OBJECTS) {
            let objects = self.store.objects(chunk)?;
            self.settle_definitions(&objects)?;
            self.settle_references(&objects)?;
        }
        self.context_seen.store(last, Ordering::Relaxed);
        // Where nothing was done, looking at the entries again after a crash costs less than a write now.
        if !subjects.is_empty() || last - kept > UNKEPT {
            self.store.set_cursor(CONTEXT, last)?;
        }
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
        let moved = self.store.objects(&moved)?;
        self.route_again(&moved)?;
        // What they refer to, and what refers to them, was not to be told before.
        self.settle_references(&moved)
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
            match definition_of(self, &picture, object.source, &id)? {
                Some(known) => marking.restrict(&known),
                None => return Ok(None),
            }
        }
        // What came unmarked was taken for something when it came in, by the import or the source.
        let unmarked = picture.terms(object.class).map_or(source.unmarked, |terms| terms.tlp);
        let owner =
            source.member.and_then(|id| picture.member(id)).map(|member| (member.id, member.clearance));
        Ok(Some(self.class_for(&terms_of(&marking, unmarked, source, owner))?))
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
                        let picture = self.picture();
                        // A sighting is a claim about what all that see it may see as well.
                        let target = self
                            .store
                            .objects_by_key(to)?
                            .into_iter()
                            .find(|target| covers(&picture, target.class, object.class));
                        if let Some(target) = target {
                            self.store.attach(by, target.seq, stance, &self.judge(), self.now())?;
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
            reached.extend(self.store.objects_by_key(key)?);
        }
        for chunk in reached.chunks(OBJECTS) {
            self.route_again(chunk)?;
        }
        Ok(())
    }
}

/// Something that an object inherits from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inherited {
    /// What national context reads.
    pub(crate) hint: Hint,
    /// The classes of the references and objects by which it came.
    classes: BTreeSet<ClassId>,
}

/// Whom an object concerns: each member by what it may itself see.
fn concerned(
    judge: &Judge,
    object: &StoredObject,
    observables: &[ObservableRow],
    inherited: &[Inherited],
) -> Vec<NewConcern> {
    let concerns = |hints: &[Hint]| judge.concerns(observables.iter().map(|row| &row.observable), hints);
    if inherited.is_empty() {
        return concerns(&object.hints);
    }
    let picture: &Picture = judge.picture();
    // Members that may see the same of it are dealt with together.
    let mut groups: BTreeMap<Vec<Hint>, Vec<MemberId>> = BTreeMap::new();
    for member in picture.members() {
        let may = |class: &ClassId| released(picture, member.id, *class, Use::Share);
        let visible =
            inherited.iter().filter(|part| part.classes.iter().all(may)).map(|part| part.hint.clone());
        let mut hints: Vec<Hint> = object.hints.iter().cloned().chain(visible).collect();
        hints.sort_unstable();
        hints.dedup();
        groups.entry(hints).or_default().push(member.id);
    }
    let mut found = Vec::new();
    for (hints, members) in &groups {
        found.extend(concerns(hints).into_iter().filter(|concern| members.contains(&concern.member)));
    }
    found
}
