//! Lists of past years, as they stood on some days.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rempart_model::{Category, Kind, Observable, Timestamp};
use ring::digest::{Context as Hashing, SHA256};

/// A list, and how it is read.
struct Known {
    name: &'static str,
    folder: &'static str,
    licence: &'static str,
    category: Category,
    /// The first day of the part that is measured on; what came before is learnt from.
    split: &'static str,
}

const LISTS: [Known; 4] = [
    Known {
        name: "Feodo Tracker",
        folder: "feodotracker-json",
        licence: "CC0-1.0",
        category: Category::C2Server,
        split: "2022-12-25",
    },
    Known {
        name: "Talos IP blacklist",
        folder: "talos-ip-blacklist",
        licence: "terms of Cisco Talos; no model is made of it but two numbers",
        category: Category::Other,
        split: "2023-01-02",
    },
    Known {
        name: "blocklist.de",
        folder: "blocklist.de-all",
        licence: "free use",
        category: Category::BruteForce,
        split: "2023-01-02",
    },
    Known {
        name: "URLhaus",
        folder: "urlhaus-filter",
        licence: "CC0-1.0",
        category: Category::MalwareDistribution,
        split: "2020-08-01",
    },
];

/// A list with all that is known of it.
pub(super) struct Feed {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
    pub(super) licence: &'static str,
    pub(super) sha256: String,
    pub(super) category: Category,
    /// The days of its snapshots, counted from 1970.
    pub(super) days: Vec<i64>,
    /// The last day that is learnt from.
    pub(super) split: i64,
    /// For each value the places of the snapshots that hold it, rising.
    pub(super) seen: BTreeMap<Observable, Vec<usize>>,
    /// The first day that the list itself names.
    pub(super) first: BTreeMap<Observable, i64>,
}

/// A day as a number.
fn day(text: &str) -> anyhow::Result<i64> {
    let time =
        Timestamp::parse(&format!("{text}T00:00:00Z")).map_err(|_| anyhow::anyhow!("`{text}` is no day"))?;
    Ok(time.micros().div_euclid(86_400_000_000))
}

/// The time of a day.
pub(super) fn time(day: i64) -> Timestamp {
    Timestamp::from_micros(day * 86_400_000_000)
}

/// A line of a list, as a value: bare, or as a rule of a content blocker.
fn value(line: &str) -> Option<Observable> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['!', '#', '[']) {
        return None;
    }
    let bare = line.trim_start_matches('|').split('$').next().unwrap_or_default().trim_end_matches('^');
    if bare.contains('/') {
        return Observable::parse(&Kind::Url, &format!("http://{}", bare.trim_start_matches("http://"))).ok();
    }
    Observable::guess(bare)
        .ok()
        .filter(|value| matches!(value.kind(), Kind::Ipv4 | Kind::Ipv6 | Kind::Domain))
}

fn read(folder: &Path, known: &Known) -> anyhow::Result<Feed> {
    let folder = folder.join("feeds/timeseries").join(known.folder);
    let list = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut hashing = Hashing::new(&SHA256);
    let mut feed = Feed {
        name: known.name,
        folder: known.folder,
        licence: known.licence,
        sha256: String::new(),
        category: known.category,
        days: Vec::new(),
        split: day(known.split)?,
        seen: BTreeMap::new(),
        first: BTreeMap::new(),
    };
    for (place, file) in files.iter().enumerate() {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        feed.days.push(day(name.get(..10).unwrap_or_default())?);
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        hashing.update(&bytes);
        let mut values: Vec<(Observable, Option<i64>)> = Vec::new();
        if name.ends_with(".json") {
            let rows: Vec<serde_json::Value> = serde_json::from_slice(&bytes)?;
            for row in rows {
                let text = |key: &str| row.get(key).and_then(|value| value.as_str()).unwrap_or_default();
                let first = day(text("first_seen").get(..10).unwrap_or_default()).ok();
                values.extend(value(text("ip_address")).map(|value| (value, first)));
            }
        } else {
            values
                .extend(String::from_utf8_lossy(&bytes).lines().filter_map(value).map(|value| (value, None)));
        }
        for (value, first) in values {
            if let Some(first) = first {
                let known = feed.first.entry(value.clone()).or_insert(first);
                *known = first.min(*known);
            }
            let places = feed.seen.entry(value).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    let sum = hashing.finish();
    feed.sha256 = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(feed)
}

/// All lists.
pub(super) fn feeds(data: &Path) -> anyhow::Result<Vec<Feed>> {
    LISTS.iter().map(|known| read(data, known)).collect()
}
