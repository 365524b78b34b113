//! What can go wrong with a zone.

use std::path::{Path, PathBuf};

use crate::serial::Serial;

/// What went wrong with a zone.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// A file cannot be read or written.
    #[error("cannot {what} {file}: {source}", file = file.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file is not what was written.
    #[error("{file} is damaged at byte {offset}: {what}; restore the folder from a backup, or move it away to start an empty zone", file = file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The folder belongs to another zone.
    #[error("{file} belongs to the zone {found}, not to {wanted}", file = file.display())]
    OtherZone {
        /// The file.
        file: PathBuf,
        /// The zone that it is of.
        found: crate::Name,
        /// The zone that was asked for.
        wanted: crate::Name,
    },
    /// Another process has the zone open.
    #[error("{folder} is in use by another process", folder = folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// Writing failed in a way that leaves open what is on disk.
    #[error("an earlier write to {folder} failed halfway; nothing is written until the zone is opened again", folder = folder.display())]
    Broken {
        /// The folder.
        folder: PathBuf,
    },
    /// The journal does not reach back to this serial.
    #[error("the journal does not know the serial {0}")]
    UnknownSerial(Serial),
    /// One change is too large for the journal.
    #[error("a change of {0} bytes is too large for one record of the journal; give it in parts")]
    TooLarge(usize),
}

impl ZoneError {
    /// For `map_err`: an error of the file system with what was tried.
    pub(crate) fn file(what: &'static str, file: &Path) -> impl Fn(std::io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File { what, file: file.clone(), source }
    }

    pub(crate) fn damaged(file: &Path, offset: usize, what: &'static str) -> Self {
        Self::Damaged { file: file.to_owned(), offset: offset as u64, what }
    }
}
