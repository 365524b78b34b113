//! gzip and zstd, told by their first bytes, one inside another at most once.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use rempart_model::stix_id::parse_uuid;

use super::bounded::{Budget, LimitPassed};
use super::{Bytes, Content, Entry, refused, zip};
use crate::misp::feed;
use crate::{DecodeError, Limits};

/// Compressions inside one another that are opened: a gzip file in a zip archive, not more.
const NESTING: usize = 2;
/// Largest zstd window that is allocated: 2^27 bytes, what `zstd -d` itself accepts.
const WINDOW_LOG: u32 = 27;

pub(super) type Visit<'v> = dyn FnMut(Entry<'_>) -> ControlFlow<()> + 'v;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
    Zip,
    /// Known, and not opened; the name is for the operator.
    Other(&'static str),
}

/// Tells a compression by its magic bytes (RFC 1952, RFC 8878, APPNOTE.TXT 4.3).
fn sniff(first: &[u8]) -> Compression {
    match first {
        [0x1f, 0x8b, 8, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Compression::Zip,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Other("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Other("xz"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Compression::Other("7-Zip"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Compression::Other("RAR"),
        _ if first.get(257..262) == Some(b"ustar") => Compression::Other("tar"),
        _ => Compression::None,
    }
}

/// Opens a file: a zip archive in place, anything else as a stream.
pub(super) fn open_file(
    name: &str,
    mut file: File,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    if sniff(&magic) == Compression::Zip {
        return zip::open(name, file, limits, visit);
    }
    let budget = Budget::new(limits);
    let bytes = Bytes::new(budget.bound(name, false, budget.count(file)))?;
    expand(name, bytes, 0, &budget, visit)
}

/// Opens a stream. A zip archive needs to be read from its end, so it goes through an unnamed
/// temporary file first.
pub(super) fn open_stream(
    name: &str,
    stream: &mut dyn Read,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    let budget = Budget::new(limits);
    let mut bytes = Bytes::new(budget.count(stream))?;
    if sniff(bytes.first()) == Compression::Zip {
        let mut file = tempfile::tempfile()?;
        let copied = std::io::copy(&mut bytes.by_ref().take(limits.input_bytes), &mut file)?;
        if copied == limits.input_bytes {
            let what = format!("{name} is longer than {} bytes; split it", limits.input_bytes);
            return Err(DecodeError::Limit { what: what.into() });
        }
        file.seek(SeekFrom::Start(0))?;
        return zip::open(name, file, limits, visit);
    }
    let bytes = Bytes::new(budget.bound(name, false, bytes))?;
    expand(name, bytes, 0, &budget, visit)
}

/// Hands `bytes` to `visit`, decompressed as far as it is allowed.
pub(super) fn expand(
    name: &str,
    bytes: Bytes<'_>,
    depth: usize,
    budget: &Budget,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    let kind = sniff(bytes.first());
    let (suffixes, inner): (&[&str], Box<dyn Read + '_>) = match kind {
        Compression::None => {
            let content = match nothing_to_read(name, bytes.first()) {
                Some(why) => Content::Skipped(why),
                None => Content::Bytes(bytes),
            };
            return Ok(visit(Entry { name, content }));
        }
        Compression::Other(what) => {
            let why = format!("a {what} archive is not opened; unpack it first");
            return Ok(visit(refused(name, why)));
        }
        Compression::Zip => {
            let why = "a zip archive inside an archive is not opened; unpack the outer one first";
            return Ok(visit(refused(name, why)));
        }
        _ if depth >= NESTING => {
            let why = "compressed more than twice; decompress it first";
            return Ok(visit(refused(name, why)));
        }
        Compression::Gzip => (&[".gz", ".gzip"], Box::new(flate2::read::MultiGzDecoder::new(bytes))),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
            decoder.window_log_max(WINDOW_LOG)?;
            (&[".zst", ".zstd"], Box::new(decoder))
        }
    };
    let plain = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    match Bytes::new(budget.bound(name, true, inner)) {
        Ok(bytes) => expand(plain, bytes, depth + 1, budget, visit),
        Err(error) => Ok(visit(refused(name, broken(&error)))),
    }
}

/// Why a compressed entry gives nothing.
fn broken(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<LimitPassed>()) {
        Some(limit) => limit.0.clone(),
        None => format!("the compressed data is damaged: {error}"),
    }
}

/// The files of a MISP feed that are about the events and not events themselves, told by name and
/// content: `manifest.json` (the list of events) and `hashes.csv` (MD5 of a value, event UUID).
fn nothing_to_read(name: &str, first: &[u8]) -> Option<&'static str> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if base == "manifest.json" && feed::is_manifest(first) {
        return Some("the manifest of a MISP feed: it lists the events");
    }
    let is_index = || {
        let (hash, rest) = first.split_at_checked(32)?;
        let uuid = std::str::from_utf8(rest.strip_prefix(b",")?.get(..36)?).ok()?;
        (hash.iter().all(u8::is_ascii_hexdigit) && parse_uuid(uuid).is_some()).then_some(())
    };
    (feed::is_hashes_csv(name) && is_index().is_some())
        .then_some("the value index of a MISP feed: it repeats the events' values as MD5")
}

/// An entry of an archive.
pub(super) fn entry(
    name: &str,
    content: impl Read,
    budget: &Budget,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    match Bytes::new(budget.bound(name, true, content)) {
        Ok(bytes) => expand(name, bytes, 1, budget, visit),
        Err(error) => Ok(visit(refused(name, broken(&error)))),
    }
}
