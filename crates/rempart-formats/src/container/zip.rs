//! zip archives, entry by entry, nothing unpacked to disk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use ::zip::ZipArchive;
use ::zip::result::ZipError;

use super::bounded::Budget;
use super::compressed::{self, Visit};
use super::refused;
use crate::{DecodeError, Limits};

/// Hands every file of the archive to `visit`.
pub(super) fn open(
    name: &str,
    mut file: File,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    let declared = declared_entries(&mut file)?;
    // The directory is read whole, so its size is bounded before it is read.
    if declared > limits.entries as u64 {
        let what = format!("{name} has {declared} entries, more than {}; split it", limits.entries);
        return Err(DecodeError::Limit { what: what.into() });
    }
    let size = file.metadata()?.len();
    let mut archive = ZipArchive::new(file).map_err(|error| not_readable(&error))?;
    if is_office(&archive) {
        let why = "an office document is not a format that is read; save it as text, or as CSV";
        return Ok(visit(refused(name, why)));
    }
    let budget = Budget::new(limits);
    budget.take(size);
    for index in 0..archive.len() {
        let shown = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("entry {index}"),
        };
        if hidden(&shown) {
            continue;
        }
        let forbidden = match archive.by_index_data(index) {
            Ok(entry) if entry.is_dir() => continue,
            Ok(entry) => forbidden(&shown, entry.encrypted(), entry.is_symlink()),
            Err(error) => Some(format!("the archive's entry is damaged: {error}")),
        };
        let flow = if let Some(why) = forbidden {
            visit(refused(&shown, why))
        } else {
            match archive.by_index(index) {
                Ok(entry) => compressed::entry(&shown, entry, &budget, visit)?,
                Err(error) => visit(refused(&shown, format!("the archive's entry is not readable: {error}"))),
            }
        };
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn not_readable(error: &ZipError) -> DecodeError {
    DecodeError::Syntax { format: "zip", offset: 0, reason: error.to_string().into() }
}

/// Why an entry is not read, whatever is in it.
fn forbidden(name: &str, encrypted: bool, symlink: bool) -> Option<String> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with(['/', '\\']) || drive || name.contains('\0') {
        Some("its name is an absolute path".to_owned())
    } else if name.split(['/', '\\']).any(|part| part == "..") {
        Some("its name leads out of the archive (`..`)".to_owned())
    } else if symlink {
        Some("it is a symbolic link".to_owned())
    } else if encrypted {
        Some("it is encrypted; decrypt the archive first".to_owned())
    } else {
        None
    }
}

/// Hidden files, and the resource forks that macOS adds.
fn hidden(name: &str) -> bool {
    name.split(['/', '\\'])
        .any(|part| part == "__MACOSX" || (part.starts_with('.') && part != "." && part != ".."))
}

/// Whether it is an Office Open XML or OpenDocument file.
fn is_office(archive: &ZipArchive<File>) -> bool {
    let holds = |name: &str| archive.index_for_name(name).is_some();
    holds("[Content_Types].xml") || (holds("mimetype") && holds("content.xml"))
}

/// How many entries the end record says there are (APPNOTE.TXT 4.3.14 and 4.3.16); 0 where there is
/// no end record, which the archive's reader will say better.
fn declared_entries(file: &mut File) -> std::io::Result<u64> {
    const LONGEST: u64 = 22 + 65_535 + 20;
    let size = file.seek(SeekFrom::End(0))?;
    let from = size.saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.by_ref().take(LONGEST).read_to_end(&mut tail)?;
    let le = |at: usize, count: usize| {
        tail.get(at..at + count)
            .map_or(0u64, |bytes| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let end = memchr::memmem::rfind(&tail, b"PK\x05\x06");
    let mut entries = end.map_or(0, |end| le(end + 10, 2));
    if entries == 0xffff
        && let Some(locator) = memchr::memmem::rfind(&tail, b"PK\x06\x07")
    {
        let record = le(locator + 8, 8);
        entries = u64::MAX;
        if record.saturating_add(40) <= size {
            file.seek(SeekFrom::Start(record + 32))?;
            let mut count = [0; 8];
            file.read_exact(&mut count)?;
            entries = u64::from_le_bytes(count);
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(entries)
}
