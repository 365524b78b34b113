//! The whole zone as one file, so that opening it needs only the end of the journal.
//!
//! ```text
//! "rempart zone 1\n" | settings, 8 bytes | serial u32 | segments u32 | origin length u8 | origin | check
//! for each segment: length u32 | entries | check
//! ```

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::content::{Content, Segment};
use super::error::ZoneError;
use super::record::{CHECK, Check, check};
use crate::Name;
use crate::serial::Serial;

/// The file within the folder of a zone.
pub(crate) const FILE: &str = "zone.snapshot";
const MAGIC: &[u8; 15] = b"rempart zone 1\n";

/// What a snapshot says.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) origin: Name,
    /// A fingerprint of all settings that what is served follows from.
    pub(crate) settings: Check,
    pub(crate) serial: Serial,
    pub(crate) content: Content,
}

/// Writes a snapshot in place of the one before; durable when it returns.
pub(crate) fn write(folder: &Path, snapshot: &Snapshot) -> Result<(), ZoneError> {
    let file = folder.join(FILE);
    let new = folder.join("zone.snapshot.new");
    let failed = ZoneError::file("write", &new);
    let mut out = BufWriter::with_capacity(1 << 18, File::create(&new).map_err(&failed)?);
    encode(snapshot, &mut out).map_err(&failed)?;
    let out = out.into_inner().map_err(|e| failed(e.into_error()))?;
    out.sync_all().map_err(&failed)?;
    fs::rename(&new, &file).map_err(&failed)?;
    sync_folder(folder)
}

/// Makes what was created, renamed or removed in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), ZoneError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(ZoneError::file("sync", folder))
}

fn encode(snapshot: &Snapshot, out: &mut impl Write) -> std::io::Result<()> {
    let segments = snapshot.content.segments();
    let too_many = |_| std::io::Error::other("the zone is too large");
    let mut head = Vec::new();
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&snapshot.settings);
    head.extend_from_slice(&snapshot.serial.0.to_be_bytes());
    head.extend_from_slice(&u32::try_from(segments.len()).map_err(too_many)?.to_be_bytes());
    // A name has 255 bytes at most.
    head.push(u8::try_from(snapshot.origin.wire().len()).unwrap_or(u8::MAX));
    head.extend_from_slice(snapshot.origin.wire());
    let mut sum = check(&[0; CHECK], &head);
    out.write_all(&head)?;
    out.write_all(&sum)?;
    for segment in segments {
        let bytes = segment.bytes();
        out.write_all(&u32::try_from(bytes.len()).map_err(too_many)?.to_be_bytes())?;
        out.write_all(bytes)?;
        sum = check(&sum, bytes);
        out.write_all(&sum)?;
    }
    Ok(())
}

/// Reads the snapshot of a folder, or nothing where there is none.
pub(crate) fn read(folder: &Path) -> Result<Option<Snapshot>, ZoneError> {
    let file = folder.join(FILE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ZoneError::file("read", &file)(error)),
    };
    decode(&bytes).map(Some).map_err(|(rest, what)| ZoneError::damaged(&file, bytes.len() - rest, what))
}

/// Reads a snapshot; an error says how many bytes were left, and what is wrong.
fn decode(bytes: &[u8]) -> Result<Snapshot, (usize, &'static str)> {
    let short = |rest: &[u8]| (rest.len(), "the file ends too early");
    let rest = bytes.strip_prefix(MAGIC).ok_or((bytes.len(), "this is not a zone"))?;
    let (settings, rest) = rest.split_first_chunk::<CHECK>().ok_or(short(rest))?;
    let (serial, rest) = rest.split_first_chunk().ok_or(short(rest))?;
    let (count, rest) = rest.split_first_chunk().ok_or(short(rest))?;
    let (&length, rest) = rest.split_first().ok_or(short(rest))?;
    let (origin, rest) = rest.split_at_checked(usize::from(length)).ok_or(short(rest))?;
    let head = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
    let (sum, mut rest) = rest.split_first_chunk::<CHECK>().ok_or(short(rest))?;
    let mut before = check(&[0; CHECK], head);
    if before != *sum {
        return Err((bytes.len(), "the head does not fit its check"));
    }
    let origin = Name::from_wire(origin).ok_or((bytes.len(), "the origin is not a name"))?;
    let count = u32::from_be_bytes(*count);
    let mut segments = Vec::new();
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk().ok_or(short(rest))?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| short(rest))?;
        let (entries, after) = after.split_at_checked(length).ok_or(short(rest))?;
        let (sum, after) = after.split_first_chunk::<CHECK>().ok_or(short(after))?;
        before = check(&before, entries);
        if before != *sum {
            return Err((rest.len(), "entries do not fit their check"));
        }
        let segment = Segment::from_bytes(entries.into())
            .ok_or((rest.len(), "entries are not in the form of entries"))?;
        segments.push(Arc::new(segment));
        rest = after;
    }
    if !rest.is_empty() {
        return Err((rest.len(), "something follows the last entry"));
    }
    let content = Content::from_segments(segments).ok_or((0, "the entries are not in order"))?;
    Ok(Snapshot { origin, settings: *settings, serial: Serial(u32::from_be_bytes(*serial)), content })
}
