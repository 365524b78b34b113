//! An index of known values: one immutable file, mapped into memory and opened in a moment whatever its size.
//!
//! [`Builder`] makes it, [`Index`] opens it, [`Matcher`] asks it together with the small delta that may lie
//! beside it. What is read is never taken on trust: an access out of bounds is an absence, and what an answer
//! rests on is compared with the checksums of its blocks first, so that a damaged file is an error or finds
//! less, and never finds what was not put into it.

mod address;
mod build;
mod entry;
mod file;
pub(crate) mod hash;
mod layout;
mod many;
mod matcher;
mod note;
pub(crate) mod reader;
pub(crate) mod url;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rempart_model::{Kind, Timestamp};

use crate::raw::map::{self, Bytes};
pub use build::{Builder, Reach, Refused, Settings};
pub use entry::Entry;
pub use file::{Reload, delta_path, write};
pub use matcher::{Finder, Matcher, Wanted};
pub use note::Note;

use layout::{BLOCK, HEADER, Header, Section, u64_at};

/// Why a file is not an index that can be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read.
    #[error("cannot read the index")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is not an index; `rempart index build` makes one")]
    Foreign,
    /// It is of another version.
    #[error("this index is of version {0} of the format, and this program reads version {version}; build it anew", version = layout::VERSION)]
    Version(u32),
    /// It is not what was written.
    #[error("this index is damaged: {0}; build it anew")]
    Damaged(&'static str),
    /// The delta belongs to another index.
    #[error("this delta was made for another index than the one beside it")]
    OtherBase,
}

/// The kinds that are matched, with their codes, which are part of the format.
pub const KINDS: [Kind; 10] = [
    Kind::Domain,
    Kind::Url,
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Cidr,
    Kind::Email,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Sha512,
];

/// The code of a kind that is matched.
pub(crate) fn code_of(kind: &Kind) -> Option<u8> {
    KINDS.iter().position(|known| known == kind).map(|place| place as u8)
}

/// An index file that is open.
#[derive(Debug)]
pub struct Index {
    bytes: Bytes,
    header: Header,
    /// A bit for each block that is known to be whole.
    whole: Vec<AtomicU64>,
    damaged: AtomicBool,
}

/// What an index says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// For whom it was made.
    pub audience: Box<str>,
    /// When.
    pub built_at: Timestamp,
    /// The position in its change log up to which it goes.
    pub position: u64,
    /// Whether it is a delta.
    pub is_delta: bool,
    /// Entries of each of [`KINDS`].
    pub counts: [u64; 10],
    /// Values that it takes out of its base.
    pub removed: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Info {
    /// Entries of all kinds.
    pub fn entries(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Index {
    /// Opens a file. It is mapped, so it must never be written in place or cut short while it is open: a new
    /// index takes its name (see [`write`]).
    ///
    /// # Errors
    /// Where the file cannot be read or is not a whole index.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(IndexError::Foreign);
        }
        Self::new(map::open(&file)?)
    }

    /// Takes the bytes of an index.
    ///
    /// # Errors
    /// Where they are not a whole index.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, IndexError> {
        Self::new(Bytes::Owned(bytes))
    }

    fn new(bytes: Bytes) -> Result<Self, IndexError> {
        let header = Header::decode(&bytes)?;
        let blocks = bytes.len().div_ceil(BLOCK);
        let whole = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Ok(Self { bytes, header, whole, damaged: AtomicBool::new(false) })
    }

    /// What it says of itself.
    pub fn info(&self) -> Info {
        Info {
            audience: self.header.audience.clone(),
            built_at: self.header.built_at,
            position: self.header.position,
            is_delta: self.header.base != 0,
            counts: self.header.counts,
            removed: self.header.removed,
            bytes: self.bytes.len() as u64,
        }
    }

    /// What tells it from every other index; [`Settings::base`] of its delta.
    pub fn identity(&self) -> u64 {
        // Zero says that there is no base.
        u64_at(&self.bytes, HEADER - 8).unwrap_or_default().max(1)
    }

    /// The seed of its hashes; [`Settings::seed`] of its delta.
    pub fn seed(&self) -> u64 {
        self.header.seed
    }

    /// Reads all of it and compares it with its checksums.
    ///
    /// # Errors
    /// Where something is not as it was written.
    pub fn verify(&self) -> Result<(), IndexError> {
        if hash::checksum(self.section(Section::Sums)) != self.header.sum {
            return Err(IndexError::Damaged("the checksum of its checksums is wrong"));
        }
        let end = self.header.sections[Section::Sums as usize].start;
        if !self.is_whole(HEADER, end - HEADER) {
            return Err(IndexError::Damaged("the checksum of a block is wrong"));
        }
        Ok(())
    }

    /// Whether damage was met since it was opened.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    pub(crate) fn section(&self, section: Section) -> &[u8] {
        self.bytes.get(self.header.sections[section as usize].clone()).unwrap_or_default()
    }

    /// Whether the blocks that hold these bytes of a section are as they were written.
    pub(crate) fn holds(&self, section: Section, at: usize, length: usize) -> bool {
        let start = self.header.sections[section as usize].start;
        start.checked_add(at).is_some_and(|from| self.is_whole(from, length))
    }

    fn is_whole(&self, from: usize, length: usize) -> bool {
        if length == 0 {
            return true;
        }
        let (Some(first), Some(last)) = (from.checked_sub(HEADER), (from + length - 1).checked_sub(HEADER))
        else {
            return false;
        };
        (first / BLOCK..=last / BLOCK).all(|block| self.is_whole_block(block))
    }

    fn is_whole_block(&self, block: usize) -> bool {
        let (Some(word), bit) = (self.whole.get(block / 64), 1 << (block % 64)) else { return false };
        if word.load(Ordering::Relaxed) & bit != 0 {
            return true;
        }
        let end = self.header.sections[Section::Sums as usize].start;
        let from = HEADER + block * BLOCK;
        let bytes = self.bytes.get(from..end.min(from + BLOCK)).unwrap_or_default();
        let is_whole = u64_at(self.section(Section::Sums), block * 8) == Some(hash::checksum(bytes));
        if is_whole {
            word.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.damaged.store(true, Ordering::Relaxed);
        }
        is_whole
    }
}

#[cfg(test)]
mod tests;
