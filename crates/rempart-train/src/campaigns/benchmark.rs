//! The benchmark: observables whose family is known, from the trails of Maltrail.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use rempart_triage::connect::hash_value;

/// For the order of observables, the sample and the split.
const SEED: u64 = 0x00CA_3BA1_6E50_1234;
/// A family with fewer observables is not scored on its own terms: it is noise that must stay alone.
pub(super) const SMALLEST: usize = 5;
/// At most so many observables of one family, so that a few huge ones do not decide everything.
pub(super) const LARGEST: usize = 200;

/// One observable.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// As it stands in the file, in lowercase where it is a name.
    pub(super) value: String,
    /// The family: an index into [`Benchmark::families`].
    pub(super) family: u32,
    /// The block of lines under one list of references, unique over all families.
    pub(super) block: u32,
}

/// Observables in an order that says nothing, and their families.
#[derive(Debug, Clone, Default)]
pub(super) struct Benchmark {
    /// The names of the families.
    pub(super) families: Vec<String>,
    /// The observables.
    pub(super) items: Vec<Item>,
}

/// What was read, and what it was made from.
#[derive(Debug)]
pub(super) struct Source {
    /// All of it.
    pub(super) all: Benchmark,
    /// How many files there were.
    pub(super) files: usize,
    /// The SHA-256 over the lines `name SHA-256` of all files in the order of their names.
    pub(super) sha256: String,
    /// How many values stood in more than one family, and were left out.
    pub(super) ambiguous: usize,
}

/// Files that are no families: what is generic, seized or bought.
fn is_family(name: &str) -> bool {
    name != "generic" && !name.starts_with("sinkhole_") && !name.starts_with("hacked_")
}

/// Reads all families of a folder of Maltrail's static trails.
pub(super) fn read(folder: &Path) -> anyhow::Result<Source> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| {
            format!("cannot read {}; is --data the folder with the data sets?", folder.display())
        })?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let mut all = Benchmark::default();
    let mut owners: BTreeMap<String, Option<u32>> = BTreeMap::new();
    let mut blocks: BTreeMap<String, u32> = BTreeMap::new();
    let mut sums = String::new();
    let mut block = 0;
    for path in &paths {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        sums.push_str(&format!("{name} {}\n", hex(&bytes)));
        if !is_family(&name) {
            continue;
        }
        let family = u32::try_from(all.families.len())?;
        all.families.push(name);
        block += 1;
        let mut fresh = true;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim();
            if line.starts_with('#') {
                // A new list of references begins where trails went before.
                block += u32::from(!fresh);
                fresh = true;
                continue;
            }
            let trail = line.split(" #").next().unwrap_or("").trim();
            if trail.is_empty() {
                continue;
            }
            fresh = false;
            let value = normal(trail);
            owners
                .entry(value.clone())
                .and_modify(|owner| *owner = owner.filter(|owner| *owner == family))
                .or_insert(Some(family));
            blocks.entry(value).or_insert(block);
        }
    }
    let ambiguous = owners.values().filter(|owner| owner.is_none()).count();
    for (value, family) in owners {
        if let Some(family) = family {
            let block = blocks.get(&value).copied().unwrap_or(0);
            all.items.push(Item { value, family, block });
        }
    }
    all.items.sort_by_key(|item| hash_value(SEED, item.value.as_bytes()));
    Ok(Source { all, files: paths.len(), sha256: hex(sums.as_bytes()), ambiguous })
}

/// Without the scheme; host names in lowercase.
fn normal(trail: &str) -> String {
    let bare = trail.strip_prefix("http://").or_else(|| trail.strip_prefix("https://")).unwrap_or(trail);
    match bare.split_once('/') {
        Some((host, path)) => format!("{}/{path}", host.to_lowercase()),
        None => bare.to_lowercase(),
    }
}

/// The SHA-256 in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    ring::digest::digest(&ring::digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Benchmark {
    /// At most [`LARGEST`] observables of each family, drawn by their hash.
    pub(super) fn sampled(&self) -> Self {
        let mut taken = vec![0_usize; self.families.len()];
        let items = self
            .items
            .iter()
            .filter(|item| {
                let Some(taken) = taken.get_mut(item.family as usize) else { return false };
                *taken += 1;
                *taken <= LARGEST
            })
            .cloned()
            .collect();
        Self { families: self.families.clone(), items }
    }

    /// The half of the families on which parameters are chosen, and the half on which is reported.
    pub(super) fn split(&self) -> (Self, Self) {
        let development = |item: &Item| {
            let name = self.families.get(item.family as usize).map_or("", String::as_str);
            hash_value(SEED, name.as_bytes()).is_multiple_of(2)
        };
        let (first, second) = self.items.iter().cloned().partition(development);
        (
            Self { families: self.families.clone(), items: first },
            Self { families: self.families.clone(), items: second },
        )
    }

    /// The same observables, of which those that stood below one list of references count as one family.
    pub(super) fn by_block(&self) -> Self {
        let most = self.items.iter().map(|item| item.block).max().unwrap_or(0);
        let items = self.items.iter().map(|item| Item { family: item.block, ..item.clone() }).collect();
        Self { families: (0..=most).map(|block| block.to_string()).collect(), items }
    }

    /// How many observables each family has here.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.families.len()];
        for item in &self.items {
            if let Some(size) = sizes.get_mut(item.family as usize) {
                *size += 1;
            }
        }
        sizes
    }
}
