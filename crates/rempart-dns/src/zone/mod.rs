//! A zone and its journal on disk.
//!
//! A zone is a folder: a snapshot of all entries, and a journal of what changed. What was applied is on disk before
//! [`Zone::apply`] returns; a process that is killed at any moment leaves a folder that opens with the last state that was
//! acknowledged. The serial of the SOA record is a position in the journal.

mod change;
mod content;
mod difference;
mod error;
mod holds;
mod journal;
mod record;
mod settings;
mod snapshot;
mod state;
mod stop;
#[cfg(test)]
mod tests;
mod transfer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

pub use change::{Change, Outcome, Refused};
pub(crate) use content::Content;
pub(crate) use difference::Difference;
pub use error::ZoneError;
pub(crate) use record::Change as Changed;
pub use settings::ZoneSettings;
pub(crate) use transfer::Transfer;

use crate::action::Action;
use crate::name::{Name, owner};
use crate::serial::Serial;
use journal::Journal;
use record::{Head, Kind};
use snapshot::Snapshot;
use state::State;

/// A journal that grew by this since the last snapshot makes a new one, where the zone itself is not larger.
const SNAPSHOT_AFTER: u64 = 4 << 20;

/// A zone that is open; one process has it open at a time.
#[derive(Debug)]
pub struct Zone {
    folder: PathBuf,
    settings: ZoneSettings,
    writer: Mutex<Writer>,
    state: RwLock<State>,
    /// Held while a snapshot is written, which changes need not wait for.
    snapshot: Mutex<()>,
    changed: watch::Sender<u64>,
}

/// What those who change the zone share.
#[derive(Debug)]
struct Writer {
    journal: Journal,
    /// The newest serial on disk.
    durable: Serial,
    /// The serial of the snapshot.
    snapshot: Serial,
    /// Bytes of changes since the snapshot.
    since: u64,
    _lock: File,
}

impl Zone {
    /// Opens the zone in a folder, which is made if it is not there. `now` is in seconds since 1970, here and below.
    pub fn open(folder: &Path, settings: ZoneSettings, now: u64) -> Result<Self, ZoneError> {
        std::fs::create_dir_all(folder).map_err(ZoneError::file("make", folder))?;
        let lock = stop::lock(folder)?;
        let fingerprint = settings.fingerprint();
        let found = snapshot::read(folder)?;
        let fresh = found.is_none();
        let mut snapshot = match found {
            Some(snapshot) if snapshot.origin != settings.origin => {
                return Err(ZoneError::OtherZone {
                    file: folder.join(snapshot::FILE),
                    found: snapshot.origin,
                    wanted: settings.origin,
                });
            }
            Some(snapshot) => snapshot,
            None => Snapshot {
                origin: settings.origin.clone(),
                settings: fingerprint,
                serial: Serial(0).next(now),
                content: Content::default(),
            },
        };
        let mut state = State::new(Content::default(), snapshot.serial);
        // The changes after the snapshot; all of them are known to be after it once its serial was met.
        let (mut newer, mut met) = (Vec::new(), false);
        let mut journal = Journal::open(folder, |entry, body| {
            if fresh {
                return Err("there is a journal, and no snapshot beside it");
            }
            met |= entry.head.from == snapshot.serial;
            if met && !body.is_empty() {
                newer.push(body.to_vec());
            }
            met |= entry.head.to == snapshot.serial;
            state.add(entry.clone());
            Ok(())
        })?;
        let known = !state.positions.is_empty();
        if known && !met && state.serial.is_newer_than(snapshot.serial) {
            let file = folder.join(snapshot::FILE);
            return Err(ZoneError::damaged(&file, 0, "the journal begins after the snapshot"));
        }
        if known && !met || snapshot.settings != fingerprint {
            // The journal ends before the snapshot, or its records were made of other settings.
            let content = Difference::from_bodies(std::mem::take(&mut newer)).redo(&snapshot.content);
            let serial = state.serial.max(snapshot.serial).next(now);
            snapshot = Snapshot { origin: settings.origin.clone(), settings: fingerprint, serial, content };
            snapshot::write(folder, &snapshot)?;
            journal.clear()?;
            let stopped = state.stopped;
            state = State::new(Content::default(), serial);
            state.stopped = stopped;
        } else if fresh {
            snapshot::write(folder, &snapshot)?;
        }
        let since = newer.iter().map(|body| body.len() as u64).sum();
        state.content = Difference::from_bodies(newer).redo(&snapshot.content);
        state.holds = holds::read(folder)?;
        let writer = Writer { journal, durable: state.serial, snapshot: snapshot.serial, since, _lock: lock };
        let zone = Self {
            folder: folder.to_owned(),
            settings,
            writer: Mutex::new(writer),
            state: RwLock::new(state),
            snapshot: Mutex::new(()),
            changed: watch::Sender::new(0),
        };
        zone.begin(now)?;
        zone.maintain(now)?;
        Ok(zone)
    }

    /// Writes the first record of a zone, and one that lifts the serial where the folder is a restored copy.
    fn begin(&self, now: u64) -> Result<(), ZoneError> {
        let mut writer = self.writer();
        let serial = self.state().serial;
        if self.state().positions.is_empty() {
            let kind = Kind::Made;
            let head =
                Head { kind, from: Serial(serial.0.wrapping_sub(1)), to: serial, time: now, changes: 0 };
            let entry = writer.journal.append(head, &[])?;
            self.state_mut().add(entry);
        }
        if !stop::in_place(&self.folder) {
            self.record(&mut writer, Kind::Restored, now, 0, &[])?;
            stop::set_place(&self.folder)?;
        }
        Ok(())
    }

    /// Appends a record under the next serial. The content stays.
    fn record(
        &self,
        writer: &mut Writer,
        kind: Kind,
        now: u64,
        changes: u32,
        body: &[u8],
    ) -> Result<Serial, ZoneError> {
        let to = self.state().serial.next(now);
        let entry =
            writer.journal.append(Head { kind, from: writer.durable, to, time: now, changes }, body)?;
        writer.durable = to;
        writer.since += body.len() as u64;
        self.state_mut().add(entry);
        self.wake();
        Ok(to)
    }

    /// Writes a snapshot where the journal has grown, forgets what is too old, and looks for the stop file. To be called
    /// every second; the server does.
    pub fn maintain(&self, now: u64) -> Result<(), ZoneError> {
        self.look_for_stop(now);
        let content_bytes = self.state().content.bytes() as u64;
        if self.writer().since > SNAPSHOT_AFTER.max(content_bytes) {
            self.write_snapshot()?;
        }
        let mut writer = self.writer();
        let before = now.saturating_sub(self.settings.keep.as_secs());
        let snapshot = writer.snapshot;
        let oldest = writer.journal.forget(before, self.settings.journal_bytes, snapshot)?;
        self.state_mut().forget(oldest);
        Ok(())
    }

    /// Writes a snapshot now, so that the next opening needs not go through the journal.
    pub fn write_snapshot(&self) -> Result<(), ZoneError> {
        let _one_at_a_time = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let (snapshot, since) = {
            let writer = self.writer();
            let content = self.state().content.clone();
            let settings = self.settings.fingerprint();
            let origin = self.settings.origin.clone();
            (Snapshot { origin, settings, serial: writer.durable, content }, writer.since)
        };
        snapshot::write(&self.folder, &snapshot)?;
        let mut writer = self.writer();
        writer.snapshot = snapshot.serial;
        writer.since -= since;
        Ok(())
    }

    /// What the zone was made with.
    pub fn settings(&self) -> &ZoneSettings {
        &self.settings
    }

    /// The name of the zone.
    pub fn origin(&self) -> &Name {
        &self.settings.origin
    }

    /// The newest serial.
    pub fn serial(&self) -> Serial {
        self.state().serial
    }

    /// The serials in the journal with the second in which each came, oldest first: where [`Zone::roll_back_to`] can go.
    pub fn history(&self) -> Vec<(Serial, u64)> {
        self.state().positions.iter().map(|p| (p.serial(), p.entry.head.time)).collect()
    }

    /// How many names are in the zone.
    pub fn names(&self) -> usize {
        self.state().content.names()
    }

    /// Whether a stop file empties the zone now.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// What the zone says of a name, whether it is stopped or not.
    pub fn get(&self, name: &str) -> Option<Action> {
        let owner = owner(name, &self.settings.origin, self.settings.prefix()).ok()?;
        self.state().content.get(&owner).and_then(Action::decode)
    }

    /// Calls a function with each name and its action, in the order of the zone.
    pub fn each(&self, mut f: impl FnMut(&str, Action)) {
        let content = self.state().content.clone();
        for (owner, action) in content.entries() {
            if let (Some(name), Some(action)) =
                (Name::from_wire(&[owner, &[0]].concat()), Action::decode(action))
            {
                f(name.to_string().trim_end_matches('.'), action);
            }
        }
    }

    /// Serves a stage nothing newer than a serial, or whatever is newest. It stays so when the zone is opened again.
    ///
    /// What was withdrawn with [`Zone::empty`] or [`Zone::roll_back_to`] and the stop file reach all stages at once.
    ///
    /// # Errors
    /// Where the disk does not take it; then nothing changes.
    pub fn hold(&self, stage: u32, serial: Option<Serial>) -> Result<(), ZoneError> {
        // Whoever writes, writes alone.
        let _writer = self.writer();
        let mut holds = self.state().holds.clone();
        match serial {
            Some(serial) => holds.insert(stage, serial),
            None => holds.remove(&stage),
        };
        holds::write(&self.folder, &holds)?;
        let mut state = self.state_mut();
        state.holds = holds;
        state.drop_unserved();
        drop(state);
        self.wake();
        Ok(())
    }

    /// The stages that are held, and at which serial.
    pub fn holds(&self) -> Vec<(u32, Serial)> {
        self.state().holds.iter().map(|(stage, serial)| (*stage, *serial)).collect()
    }

    /// The serial that a stage is served now, or nothing where its hold is older than the journal.
    pub fn served(&self, stage: u32) -> Option<Serial> {
        self.state().served(stage).map(|served| served.label)
    }

    /// Tells when something changes that may concern a secondary.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
