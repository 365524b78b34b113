//! The names, and how they are split.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use rempart_model::observable::SuffixList;
use rempart_triage::learn::domain::label;
use rempart_triage::learn::features::hash;
use ring::digest::{SHA256, digest};

/// Relatives, which are left out together.
const RELATIVES: [(&str, &str); 1] = [("nymaim2", "nymaim")];
/// Families with fewer labels are not measured.
const LEAST: usize = 20;

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) licence: &'static str,
    pub(super) sha256: String,
    pub(super) names: usize,
}

/// Which part of the benign names one belongs to, by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Learnt from.
    Training,
    /// Thresholds and calibration are fixed on it.
    Validation,
    /// Measured on.
    Test,
}

/// Labels of machines by family, and of people.
pub(super) struct Names {
    pub(super) families: BTreeMap<String, Vec<String>>,
    /// Each with the list that it came from.
    pub(super) benign: Vec<(String, String)>,
    /// The suffix under which a benign label was first seen.
    pub(super) suffix: BTreeMap<String, String>,
    pub(super) sources: Vec<Source>,
}

/// The part of a label. Whatever list holds it, it is in one part only.
pub(super) fn part(label: &str) -> Part {
    match hash(b's', label.as_bytes()) % 10 {
        0..6 => Part::Training,
        6..8 => Part::Validation,
        _ => Part::Test,
    }
}

/// The family under which one is left out.
pub(super) fn group(family: &str) -> &str {
    RELATIVES.iter().find(|(one, _)| *one == family).map_or(family, |(_, other)| other)
}

fn read(folder: &Path, name: &'static str, licence: &'static str) -> anyhow::Result<(String, Source)> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let sum = digest(&SHA256, &bytes);
    let sha256 = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = if name.ends_with(".zst") { zstd::decode_all(bytes.as_slice())? } else { bytes };
    let text = String::from_utf8_lossy(&text).into_owned();
    let names = text.lines().count().saturating_sub(1);
    Ok((text, Source { name, licence, sha256, names }))
}

impl Names {
    pub(super) fn read(data: &Path, suffixes: &SuffixList) -> anyhow::Result<Self> {
        let (machines, first) = read(
            data,
            "ml/dga/dga_baderj.csv",
            "outputs of algorithms; the repository that lists them is GPL-2.0",
        )?;
        let (people, second) = read(
            data,
            "ml/dga/benign_top_domains.csv.zst",
            "CC0-1.0 (MISP warninglists); the part `alexa2016` states none and is measured only",
        )?;
        let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut made = BTreeSet::new();
        for line in machines.lines().skip(1) {
            let Some((family, name)) = line.split_once(',') else { continue };
            let Some(label) = label(name.trim(), suffixes) else { continue };
            made.insert(label.to_owned());
            families.entry(family.to_owned()).or_default().insert(label.to_owned());
        }
        let mut seen = BTreeSet::new();
        let (mut benign, mut suffix) = (Vec::new(), BTreeMap::new());
        for line in people.lines().skip(1) {
            let Some((name, list)) = line.split_once(',') else { continue };
            let Some(label) = label(name.trim(), suffixes) else { continue };
            if !made.contains(label) && seen.insert(label.to_owned()) {
                benign.push((label.to_owned(), list.to_owned()));
                suffix.insert(label.to_owned(), suffixes.public_suffix(name.trim()).text.to_owned());
            }
        }
        let families =
            families.into_iter().map(|(name, labels)| (name, labels.into_iter().collect())).collect();
        Ok(Self { families, benign, suffix, sources: vec![first, second] })
    }

    /// Benign labels of a part; those without a licence only where they are measured.
    pub(super) fn of(&self, wanted: Part) -> impl Iterator<Item = &str> {
        self.benign
            .iter()
            .filter(move |(label, list)| {
                part(label) == wanted && (wanted == Part::Test || !list.starts_with("alexa"))
            })
            .map(|(label, _)| label.as_str())
    }

    /// Families that are large enough to be measured.
    pub(super) fn measured(&self) -> impl Iterator<Item = (&str, &Vec<String>)> {
        self.families
            .iter()
            .filter(|(_, labels)| labels.len() >= LEAST)
            .map(|(name, labels)| (name.as_str(), labels))
    }

    /// Labels of hosts at which Debian's packages have their home, and that are on none of the lists: a second benign set,
    /// of other suffixes and languages. `None` where the machine has no package lists.
    pub(super) fn homepages(&self, suffixes: &SuffixList) -> Option<Vec<String>> {
        let output = Command::new("apt-cache").arg("dumpavail").output().ok()?;
        let known: BTreeSet<&str> = self.benign.iter().map(|(label, _)| label.as_str()).collect();
        let mut labels = BTreeSet::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Some(home) = line.strip_prefix("Homepage:") else { continue };
            let rest = home.trim().split_once("://").map_or(home.trim(), |(_, rest)| rest);
            let host = rest.split(['/', ':', '?', '#']).next().unwrap_or("").to_ascii_lowercase();
            if let Some(label) =
                label(&host, suffixes).filter(|label| !known.contains(label) && host.contains('.'))
            {
                labels.insert(label.to_owned());
            }
        }
        (labels.len() > 500).then(|| labels.into_iter().collect())
    }
}
