//! Files, directories, streams and archives, opened by what is in them.
//!
//! Whatever comes (a file, a folder, standard input; plain, gzip, zstd or zip; one compressed inside
//! another), it ends as a sequence of named entries, each a bounded stream of bytes. Nothing is ever
//! written under a name that the input chose.

mod bounded;
mod compressed;
mod directory;
pub mod encoding;
pub(crate) mod window;
mod zip;

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use rempart_model::Rejection;

use crate::{DecodeError, Limits};

pub(crate) use bounded::LimitPassed;

/// How much of an entry is looked at to tell what it is.
pub const SNIFF: usize = 64 << 10;

/// Something to read from.
pub enum Input<'a> {
    /// A file or a directory.
    Path(&'a Path),
    /// A stream, with the name to report it under.
    Stream(&'a str, &'a mut dyn Read),
}

/// One thing found inside an input.
pub struct Entry<'a> {
    /// Its name: the path below the directory, the name in the archive, or the input's own.
    pub name: &'a str,
    /// What it is.
    pub content: Content<'a>,
}

/// What an [`Entry`] is.
pub enum Content<'a> {
    /// Bytes to decode.
    Bytes(Bytes<'a>),
    /// It is not read, and that is a loss the operator should hear of.
    Refused(Rejection),
    /// It is not read because there is nothing to take in from it; the text says why.
    Skipped(&'static str),
}

/// The bytes of an entry, with their beginning to tell the format from.
pub struct Bytes<'a> {
    first: Vec<u8>,
    read: usize,
    /// What went wrong behind the first bytes, if it did; told when these have been read.
    failed: Option<std::io::Error>,
    rest: Box<dyn Read + 'a>,
}

impl<'a> Bytes<'a> {
    /// Looks at the beginning of `rest`.
    ///
    /// # Errors
    /// Where nothing of the stream can be read. What can be read before an error is given first.
    pub fn new(rest: impl Read + 'a) -> std::io::Result<Self> {
        let mut rest: Box<dyn Read + 'a> = Box::new(rest);
        let mut first = Vec::with_capacity(4096);
        let failed = rest.by_ref().take(SNIFF as u64).read_to_end(&mut first).err();
        match failed {
            Some(error) if first.is_empty() => Err(error),
            failed => Ok(Self { first, read: 0, failed, rest }),
        }
    }

    /// The first bytes, at most [`SNIFF`]; all that there are if fewer. They are still to be read.
    pub fn first(&self) -> &[u8] {
        &self.first
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let mut left = self.first.get(self.read..).unwrap_or_default();
        if left.is_empty() {
            return match self.failed.take() {
                Some(error) => Err(error),
                None => self.rest.read(to),
            };
        }
        let count = left.read(to)?;
        self.read += count;
        Ok(count)
    }
}

/// Calls `visit` for every entry of `input`, in a fixed order: archives in the order of their
/// directory, folders sorted by name. `visit` stops it by returning `Break`.
///
/// A broken or forbidden entry is handed over as [`Content::Refused`] and the next one follows.
///
/// # Errors
/// Where the input itself cannot be opened, is not a readable archive, or passes [`Limits::entries`].
pub fn open(
    input: Input<'_>,
    limits: &Limits,
    visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<(), DecodeError> {
    match input {
        Input::Path(path) if path.is_dir() => directory::walk(path, limits, visit).map(drop),
        Input::Path(path) => {
            let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
            compressed::open_file(&name, File::open(path)?, limits, visit).map(drop)
        }
        Input::Stream(name, stream) => compressed::open_stream(name, stream, limits, visit).map(drop),
    }
}

/// The rejection of a whole entry; `name` is its excerpt.
fn refused<'a>(name: &'a str, reason: impl Into<Box<str>>) -> Entry<'a> {
    let excerpt = name.chars().take(120).collect::<String>().into();
    Entry { name, content: Content::Refused(Rejection { reason: reason.into(), excerpt }) }
}
