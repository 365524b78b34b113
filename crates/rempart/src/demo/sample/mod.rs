//! The demo's sample: a made-up day of a national CSIRT, in every format that is read.
//!
//! Nothing in it is real, and nothing can be taken for real: names lie below `.example`, `.test` and
//! `.invalid`, addresses in ranges that are reserved for benchmarks and documentation, hashes begin
//! with `5eed`, and every file says that it is synthetic. The same seed gives the same bytes on the
//! same day; times are counted back from the day, since indicators grow old.
//!
//! Every tenth value stands in several files, two sources copy another one, and a handful of records
//! are broken on purpose, as everywhere.

mod archive;
mod lists;
mod md5;
mod members;
mod misp;
mod random;
mod reports;
mod stix;
mod stix20;
mod tables;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rempart_model::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use members::members;
use values::Maker;

/// Raised when the same seed makes another sample than before.
const VERSION: u32 = 1;
/// What is said of a finished sample; hidden, so that a reader of folders passes over it.
const STAMP: &str = ".sample.json";
const NOTICE: &str = "SYNTHETIC.txt";
const NOTICE_TEXT: &str = "\
Everything in this folder is invented. Names lie below .example, .test and .invalid (RFC 2606),
addresses in 198.18.0.0/15 (RFC 2544) and 2001:db8::/32 (RFC 3849), hashes begin with 5eed.
Organisations, campaigns and malware do not exist.
";

/// What was written.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// The sources, in the order in which to take them in.
    pub(crate) sources: Vec<SampleSource>,
    /// Records that name an indicator, in all of them.
    pub(crate) indicators: usize,
}

/// One source of the sample.
#[derive(Debug, Clone)]
pub(crate) struct SampleSource {
    /// The name to take it in under.
    pub(crate) name: String,
    /// The file, or the folder of a MISP feed.
    pub(crate) path: PathBuf,
    /// The name of its format, where it is not left to be found out.
    pub(crate) format: Option<&'static str>,
    /// The file that says what its columns mean.
    pub(crate) mapping: Option<PathBuf>,
    /// The TLP of what is not marked in it.
    pub(crate) tlp: Option<&'static str>,
    /// Its reliability on the Admiralty scale.
    pub(crate) reliability: char,
    /// The members for whom the source means what it marks AMBER+STRICT or RED.
    pub(crate) recipients: &'static [&'static str],
}

/// What a format's writer made.
struct Made {
    /// Names and contents; a single one without a name is the source's file itself.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Records that name an indicator.
    indicators: usize,
    /// Records that are broken on purpose.
    #[cfg_attr(not(test), expect(dead_code, reason = "what the tests hold the readers to"))]
    faults: usize,
}

/// A single file.
fn file(bytes: Vec<u8>) -> Vec<(PathBuf, Vec<u8>)> {
    vec![(PathBuf::new(), bytes)]
}

/// A source and how its file is written.
struct Plan {
    name: &'static str,
    path: &'static str,
    format: Option<&'static str>,
    mapping: Option<&'static str>,
    tlp: Option<&'static str>,
    reliability: char,
    recipients: &'static [&'static str],
    write: fn(&mut Maker) -> io::Result<Made>,
}

/// A source that is told by its content and marks nothing for few.
const fn plan(
    name: &'static str,
    path: &'static str,
    tlp: Option<&'static str>,
    reliability: char,
    write: fn(&mut Maker) -> io::Result<Made>,
) -> Plan {
    Plan { name, path, format: None, mapping: None, tlp, reliability, recipients: &[], write }
}

/// The sources. A copy follows what it copies.
const PLANS: [Plan; 17] = [
    Plan {
        recipients: &["csirt-fr", "csirt-pl", "csirt-ee"],
        ..plan("sample-hub", "hub/stix-2.1-bundle.json", Some("green"), 'A', stix::bundle)
    },
    plan("sample-archive", "archive/stix-2.0-bundle.json", Some("amber"), 'B', stix20::bundle),
    plan("sample-taxii-peer", "taxii-peer/envelope.json", Some("amber"), 'B', stix::envelope),
    plan("sample-misp", "misp", Some("amber"), 'B', misp::feed),
    plan("sample-commercial", "commercial/indicators.csv", Some("amber"), 'B', tables::csv),
    Plan {
        mapping: Some("sector/mapping.toml"),
        ..plan("sample-sector", "sector/sectoriel.csv", Some("amber"), 'C', tables::mapped)
    },
    plan("sample-sensor", "sensor/intel.tsv", Some("green"), 'B', tables::tsv),
    plan("sample-tracker", "tracker/iocs.json", Some("clear"), 'C', tables::json),
    plan("sample-community", "community/indicators.jsonl", Some("clear"), 'C', tables::json_lines),
    plan("sample-reseller", "reseller/indicators.jsonl.zst", Some("green"), 'D', tables::copied_lines),
    plan("sample-addresses", "addresses/attackers.txt", Some("clear"), 'C', lists::plain),
    plan("sample-mirror", "mirror/attackers.txt.gz", Some("clear"), 'E', lists::mirror),
    plan("sample-blocklist", "blocklist/hosts", Some("clear"), 'D', lists::hosts),
    plan("sample-browser-list", "browser-list/filters.txt", Some("clear"), 'D', lists::adblock),
    plan("sample-partner", "partner/export.zip", Some("amber"), 'C', archive::zip),
    plan("sample-reports", "reports/copper-heron.md", None, 'B', reports::markdown),
    Plan {
        format: Some("text"),
        ..plan("sample-flash-notes", "flash-notes/winter-quarry.txt", None, 'C', reports::text)
    },
];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stamp {
    version: u32,
    seed: u64,
    day: String,
    indicators: usize,
    /// The length of each file, by which one is found that was cut off.
    files: BTreeMap<String, u64>,
}

/// Writes the sample of `seed` as of the day of `now` into `folder`, or leaves it as it is where it
/// is there already, of whatever day. It appears whole or not at all.
///
/// # Errors
/// Where it cannot be written, or `folder` holds something else.
pub(crate) fn write(folder: &Path, seed: u64, now: Timestamp) -> io::Result<Summary> {
    let there = read_stamp(folder);
    if let Some(stamp) = there.as_ref().filter(|stamp| stamp.seed == seed && is_whole(folder, stamp)) {
        return Ok(summary(folder, stamp.indicators));
    }
    let is_ours =
        there.is_some() || fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_ours {
        let what = format!("{} holds something else than a sample: name another folder", folder.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    let temporary = beside(folder, "tmp");
    let result = write_new(&temporary, seed, now).and_then(|indicators| {
        replace(folder, &temporary)?;
        Ok(summary(folder, indicators))
    });
    if result.is_err() {
        // What is left over helps nobody; the error that matters is the first one.
        let _ = fs::remove_dir_all(&temporary);
    }
    result
}

/// A name beside `folder`, on the same file system.
fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    folder.with_file_name(name)
}

fn replace(folder: &Path, new: &Path) -> io::Result<()> {
    let old = beside(folder, "old");
    match fs::rename(folder, &old) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return fs::rename(new, folder),
        other => other?,
    }
    fs::rename(new, folder)?;
    fs::remove_dir_all(old)
}

fn write_new(folder: &Path, seed: u64, now: Timestamp) -> io::Result<usize> {
    const DAY: i64 = 86_400_000_000;
    let day = Timestamp::from_micros(now.micros().div_euclid(DAY) * DAY);
    let mut maker = Maker::new(seed, day);
    let mut stamp =
        Stamp { version: VERSION, seed, day: day.to_string(), indicators: 0, files: BTreeMap::new() };
    let put = |stamp: &mut Stamp, path: &str, bytes: &[u8]| {
        let full = folder.join(path);
        fs::create_dir_all(full.parent().unwrap_or(folder))?;
        stamp.files.insert(path.to_owned(), bytes.len() as u64);
        fs::write(full, bytes)
    };
    for plan in &PLANS {
        maker.begin(plan.path);
        let made = (plan.write)(&mut maker)?;
        stamp.indicators += made.indicators;
        // A feed is a folder; what belongs to a file lies beside it.
        let is_folder = made.files.iter().all(|(name, _)| !name.as_os_str().is_empty());
        let below = if is_folder { Some(Path::new(plan.path)) } else { Path::new(plan.path).parent() };
        for (name, bytes) in &made.files {
            let path = match below {
                Some(below) if !name.as_os_str().is_empty() => below.join(name),
                _ => PathBuf::from(plan.path),
            };
            put(&mut stamp, &path.to_string_lossy(), bytes)?;
        }
    }
    put(&mut stamp, NOTICE, NOTICE_TEXT.as_bytes())?;
    fs::write(folder.join(STAMP), serde_json::to_vec_pretty(&stamp)?)?;
    Ok(stamp.indicators)
}

fn read_stamp(folder: &Path) -> Option<Stamp> {
    serde_json::from_slice(&fs::read(folder.join(STAMP)).ok()?).ok()
}

fn is_whole(folder: &Path, stamp: &Stamp) -> bool {
    stamp.version == VERSION
        && stamp.files.iter().all(|(path, length)| {
            fs::metadata(folder.join(path))
                .is_ok_and(|metadata| metadata.is_file() && metadata.len() == *length)
        })
}

fn summary(folder: &Path, indicators: usize) -> Summary {
    let source = |plan: &Plan| SampleSource {
        name: plan.name.into(),
        path: folder.join(plan.path),
        format: plan.format,
        mapping: plan.mapping.map(|path| folder.join(path)),
        tlp: plan.tlp,
        reliability: plan.reliability,
        recipients: plan.recipients,
    };
    Summary { sources: PLANS.iter().map(source).collect(), indicators }
}
