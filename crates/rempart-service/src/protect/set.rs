//! A zone and what should be in it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use rempart_dns::{Action, Change, Name, Serial, Zone, ZoneSettings};
use rempart_model::{Action as Policy, Block, BlockClass, BlockId, Kind, Timestamp};
use rempart_store::OutputState;
use rempart_triage::guard;

use super::settings::Settings;
use crate::error::ServiceError;

/// The zone of a class, and the blocks that belong in it.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) class: BlockClass,
    pub(super) zone: Arc<Zone>,
    policy: Policy,
    /// Names that are blocked, with their labels in reverse so that what is below a name follows it.
    entries: BTreeMap<Box<str>, BlockId>,
    /// How the output stood when it was last looked at.
    pub(super) state: OutputState,
    /// Whether it only shrinks until a person looks: it grew too much, or was taken back.
    pub(super) held: bool,
}

/// Labels in reverse: `www.evil.example` is `example.evil.www`.
fn reversed(name: &str) -> Box<str> {
    let labels: Vec<&str> = name.rsplit('.').collect();
    labels.join(".").into()
}

/// Opens the zone with a name in a folder.
pub(super) fn open(
    folder: &Path,
    name: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<Arc<Zone>, ServiceError> {
    let origin = Name::parse(name)
        .map_err(|error| ServiceError::Invalid(format!("{name} cannot be the name of a zone: {error}")))?;
    let mut made = ZoneSettings::new(origin);
    made.ttl = settings.ttl;
    made.stop = vec![super::stop_file(&settings.folder)];
    let zone = Zone::open(folder, made, seconds(now)).map_err(failed)?;
    Ok(Arc::new(zone))
}

/// Seconds since 1970.
pub(super) fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.micros() / 1_000_000).unwrap_or(0)
}

pub(super) fn failed(error: rempart_dns::ZoneError) -> ServiceError {
    ServiceError::Unavailable(format!("cannot change a zone: {error}"))
}

impl Set {
    pub(super) fn open(class: BlockClass, settings: &Settings, now: Timestamp) -> Result<Self, ServiceError> {
        let folder = settings.folder.join("zones").join(class.name());
        let zone = open(&folder, &settings.zone_of(class), settings, now)?;
        let policy = settings.action(class).clone();
        let state = OutputState::default();
        Ok(Self { class, zone, policy, entries: BTreeMap::new(), state, held: false })
    }

    /// What resolvers do with the name of a block.
    fn action(&self, id: BlockId) -> Action {
        match &self.policy {
            Policy::NxDomain => Action::NxDomain,
            Policy::NoData => Action::NoData,
            Policy::Drop => Action::Drop,
            Policy::PassThru => Action::PassThru,
            // A host that is too long was refused when the settings were read.
            Policy::Garden(host) => {
                Name::parse(&format!("{id}.{host}")).map_or(Action::NxDomain, Action::Garden)
            }
        }
    }

    /// Whether a name above this one is blocked too: then that one stands for it. A name of its own below a
    /// wildcard would end what the wildcard stands for (RFC 4592, section 2.2.2).
    fn is_covered(&self, reversed: &str) -> bool {
        reversed
            .match_indices('.')
            .any(|(at, _)| reversed.get(..at).is_some_and(|above| self.entries.contains_key(above)))
    }

    /// What is below a name.
    fn below<'s>(&'s self, reversed: &'s str) -> impl Iterator<Item = (&'s str, BlockId)> + 's {
        let from: Box<str> = format!("{reversed}.").into();
        let upto: Box<str> = format!("{reversed}/").into();
        self.entries.range(from..upto).map(|(name, id)| (&**name, *id))
    }

    /// Notes that a name is blocked; adds what that changes in the zone.
    fn put(&mut self, name: &str, id: BlockId, changes: &mut Vec<Change>) {
        let key = reversed(name);
        if !self.is_covered(&key) {
            changes.push(Change::put(name, self.action(id)));
            changes.extend(self.below(&key).map(|(below, _)| Change::remove(reversed(below))));
        }
        self.entries.insert(key, id);
    }

    /// Notes that a name is blocked no longer; adds what that changes in the zone.
    fn take(&mut self, name: &str, changes: &mut Vec<Change>) {
        let key = reversed(name);
        if self.entries.remove(&key).is_none() || self.is_covered(&key) {
            return;
        }
        changes.push(Change::remove(name));
        let mut last: Option<&str> = None;
        for (below, id) in self.below(&key) {
            // What is below another one that comes back is covered by it.
            if last.is_some_and(|last| below.strip_prefix(last).is_some_and(|rest| rest.starts_with('.'))) {
                continue;
            }
            changes.push(Change::put(reversed(below), self.action(id)));
            last = Some(below);
        }
    }

    /// Brings blocks that ended and blocks that began into the zone.
    pub(super) fn change(
        &mut self,
        ended: &[Block],
        placed: &[Block],
        now: Timestamp,
    ) -> Result<usize, ServiceError> {
        let mut changes = Vec::new();
        let ours = |block: &&Block| block.class == self.class && *block.target.kind() == Kind::Domain;
        let (ended, placed): (Vec<&Block>, Vec<&Block>) =
            (ended.iter().filter(ours).collect(), placed.iter().filter(ours).collect());
        for block in ended {
            self.take(block.target.value(), &mut changes);
        }
        for block in placed {
            self.put(block.target.value(), block.id, &mut changes);
        }
        self.apply(changes, now)
    }

    /// Makes the zone what these blocks, all that are in force, say.
    pub(super) fn reconcile(
        &mut self,
        blocks: &mut dyn Iterator<Item = Result<Block, ServiceError>>,
        now: Timestamp,
    ) -> Result<usize, ServiceError> {
        self.entries.clear();
        for block in blocks {
            let block = block?;
            if block.class == self.class && *block.target.kind() == Kind::Domain {
                self.entries.insert(reversed(block.target.value()), block.id);
            }
        }
        let mut wanted: HashMap<Box<str>, Action> = HashMap::with_capacity(self.entries.len());
        for (key, id) in &self.entries {
            if !self.is_covered(key) {
                wanted.insert(reversed(key), self.action(*id));
            }
        }
        let mut changes = Vec::new();
        self.zone.each(|name, action| match wanted.remove(name) {
            Some(same) if same == action => {}
            Some(other) => changes.push(Change::put(name, other)),
            None => changes.push(Change::remove(name)),
        });
        changes.extend(wanted.into_iter().map(|(name, action)| Change::put(name, action)));
        self.apply(changes, now)
    }

    /// Applies changes to the zone. Where it would grow too much, or only shrinks, what is new waits.
    fn apply(&mut self, mut changes: Vec<Change>, now: Timestamp) -> Result<usize, ServiceError> {
        if changes.is_empty() {
            return Ok(0);
        }
        let is_new = |change: &Change| change.action.is_some() && self.zone.get(&change.name).is_none();
        let added = changes.iter().filter(|change| is_new(change)).count();
        let removed = changes.iter().filter(|change| change.action.is_none()).count();
        let baseline = usize::try_from(self.state.baseline).unwrap_or(usize::MAX);
        let size = (self.zone.names() + added).saturating_sub(removed);
        if !self.held && guard::grows_too_much(baseline, size) {
            tracing::warn!(
                zone = %self.zone.origin(), baseline, size,
                "the zone would grow by more than a fifth: what is new waits until it is let through"
            );
            self.held = true;
        }
        if self.held {
            changes.retain(|change| !is_new(change));
        }
        let outcome = self.zone.apply(&changes, seconds(now)).map_err(failed)?;
        for refused in &outcome.refused {
            tracing::warn!(zone = %self.zone.origin(), reason = %refused.reason, "a name cannot stand in the zone");
        }
        Ok(outcome.added + outcome.replaced + outcome.removed)
    }

    /// How many names wait until the zone may grow.
    pub(super) fn waiting(&self) -> usize {
        if !self.held {
            return 0;
        }
        let served = self.zone.names();
        self.entries.keys().filter(|key| !self.is_covered(key)).count().saturating_sub(served)
    }

    /// Serves each stage what is old enough for it.
    pub(super) fn stage(&self, stages: &[u32], now: Timestamp) -> Result<(), ServiceError> {
        let now = seconds(now);
        let holds = self.zone.holds();
        let history = self.zone.history();
        for (stage, delay) in (0u32..).zip(stages).skip(1) {
            let old = history.iter().rev().find(|(_, time)| time + u64::from(*delay) <= now);
            let serial: Option<Serial> = old.or(history.first()).map(|(serial, _)| *serial);
            // The newest needs no hold.
            let newest = history.last().map(|(serial, _)| *serial);
            let wanted = serial.filter(|serial| Some(*serial) != newest);
            // A hold is written to the disk.
            let held = holds.iter().find(|(of, _)| *of == stage).map(|(_, serial)| *serial);
            if held != wanted {
                self.zone.hold(stage, wanted).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Takes the zone back to what it was at a time.
    pub(super) fn roll_back(&mut self, to: u64, now: Timestamp) -> Result<(), ServiceError> {
        let history = self.zone.history();
        let found = history.iter().rev().find(|(_, time)| *time <= to).map(|(serial, _)| *serial);
        match found {
            Some(serial) => self.zone.roll_back_to(serial, seconds(now)).map_err(failed)?,
            // What was before the journal is not known: then empty is the last good state.
            None => self.zone.empty(seconds(now)).map_err(failed)?,
        };
        self.held = true;
        Ok(())
    }
}
