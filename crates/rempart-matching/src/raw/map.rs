//! Bytes of a file, mapped into memory, or bytes that are there already.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// Bytes that do not change.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// A file.
    Mapped(memmap2::Mmap),
    /// Memory of our own.
    Owned(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Maps a file into memory.
///
/// # Errors
/// Where the operating system does not map it.
#[expect(unsafe_code, reason = "a mapped file may be changed by others; see below")]
pub(crate) fn open(file: &File) -> io::Result<Bytes> {
    // SAFETY: what is mapped is only ever read as bytes, every one of which is valid; an index is
    // replaced by renaming another file over it, never written in place, as the documentation of
    // `Index::open` demands. Whoever may write the file in place may also replace it.
    unsafe { memmap2::Mmap::map(file) }.map(Bytes::Mapped)
}
