//! The stop file, and whether a folder is where it was written.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::error::ZoneError;
use super::journal;
use super::record::{Head, Kind};
use super::snapshot::sync_folder;
use super::{Writer, Zone};

/// The file whose existence empties a zone.
const STOP: &str = "STOP";
const LOCK: &str = "lock";
const PLACE: &str = "place";

/// Locks a folder for this process.
pub(super) fn lock(folder: &Path) -> Result<File, ZoneError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(ZoneError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ZoneError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(ZoneError::file("lock", &path)(error)),
    }
}

/// Whether the folder is the one that was written to, and no copy of it.
pub(super) fn in_place(folder: &Path) -> bool {
    let path = folder.join(PLACE);
    fs::read_to_string(&path).is_ok_and(|said| place(&path).is_some_and(|place| said == place))
}

/// Notes that this folder is the one that is written to. A copy of the note is another file and does not fit itself.
pub(super) fn set_place(folder: &Path) -> Result<(), ZoneError> {
    let path = folder.join(PLACE);
    let failed = ZoneError::file("write", &path);
    let file = File::create(&path).map_err(&failed)?;
    fs::write(&path, place(&path).unwrap_or_default()).map_err(&failed)?;
    file.sync_all().map_err(&failed)?;
    sync_folder(folder)
}

/// What tells a file from its copies: a number that the file system gave it, and when it was made.
fn place(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let made = metadata.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    Some(format!("{} {}\n", metadata.ino(), made.map_or(0, |made| made.as_nanos())))
}

impl Zone {
    /// Empties the zone for all who are served it where a stop file is there; serves it again where it is gone.
    pub(super) fn look_for_stop(&self, now: u64) {
        let own = self.folder.join(STOP);
        let mut exists = false;
        for file in self.settings.stop.iter().chain([&own]) {
            match file.try_exists() {
                Ok(found) => exists |= found,
                // A disk that does not answer is no reason to serve again.
                Err(_) => exists |= self.is_stopped(),
            }
        }
        let mut writer = self.writer();
        let kind = match (self.is_stopped(), exists) {
            (false, true) => Kind::Stopped,
            (true, false) => Kind::Resumed,
            _ => return,
        };
        self.record_anyhow(&mut writer, kind, now);
        let zone = self.origin();
        match kind {
            Kind::Stopped => tracing::warn!(%zone, serial = %self.serial(), "a stop file empties the zone"),
            _ => {
                tracing::warn!(%zone, serial = %self.serial(), "the stop file is gone, the zone is served again")
            }
        }
    }

    /// Records something that must happen whether or not the disk takes it.
    fn record_anyhow(&self, writer: &mut Writer, kind: Kind, now: u64) {
        if let Err(error) = self.record(writer, kind, now, 0, &[]) {
            tracing::error!(zone = %self.origin(), %error, "the stop is kept in memory only");
            let to = self.serial().next(now);
            let head = Head { kind, from: writer.durable, to, time: now, changes: 0 };
            self.state_mut().add(journal::Entry::unwritten(head));
            self.wake();
        }
    }
}
