//! What the look of a name adds: names that lists of malware hold against names that people chose.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rempart_model::observable::SuffixList;
use rempart_model::{Kind, Observable};
use rempart_triage::learn::calibrate::Platt;
use rempart_triage::learn::domain::label;
use rempart_triage::learn::features::hash;
use rempart_triage::learn::model::{self, DomainModel};

use crate::domains;

/// Of one family at most so many names, so that none speaks for all.
const PER_FAMILY: usize = 200;

/// Scores of names, and whether a list of malware holds them.
pub(super) struct Scores {
    /// To learn from: one half of the families, people's names with a licence.
    pub(super) learn: Vec<(f32, bool)>,
    /// To measure on: the other half, other people's names.
    pub(super) measure: Vec<(f32, bool)>,
    /// People's names that no list of popular ones holds.
    pub(super) second: Vec<f32>,
    pub(super) families: usize,
    pub(super) names: usize,
}

/// The labels of malware's domains by family.
fn families(data: &Path, suffixes: &SuffixList) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let folder = data.join("feeds/maltrail/malware");
    let list = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&bytes);
        let names = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let mut labels: Vec<String> = names
            .filter_map(|line| Observable::parse(&Kind::Domain, line).ok())
            .filter_map(|domain| label(domain.value(), suffixes).map(str::to_owned))
            .collect();
        labels.sort_by_key(|label| hash(b'm', label.as_bytes()));
        labels.dedup();
        labels.truncate(PER_FAMILY);
        families.insert(name, labels);
    }
    Ok(families)
}

/// As many of either, in a fixed order.
fn balanced(malware: Vec<f32>, people: Vec<f32>) -> Vec<(f32, bool)> {
    let count = malware.len().min(people.len());
    let take = |list: Vec<f32>, is: bool| {
        let step = (list.len() / count.max(1)).max(1);
        list.into_iter().step_by(step).take(count).map(move |score| (score, is)).collect::<Vec<_>>()
    };
    let mut both = take(malware, true);
    both.extend(take(people, false));
    both
}

/// Scores all names by the model that is shipped.
pub(super) fn scores(data: &Path) -> anyhow::Result<Scores> {
    let suffixes = SuffixList::from_text(&rempart_matching::public_suffix_list()?)
        .map_err(|error| anyhow::anyhow!("the list of public suffixes {error}"))?;
    let model: DomainModel<'_> = model::shipped()?;
    let people = domains::people(data, &suffixes)?;
    let families = families(data, &suffixes)?;
    let odds = |labels: &[String]| -> Vec<f32> { labels.iter().map(|label| model.odds(label)).collect() };
    let mut halves = [Vec::new(), Vec::new()];
    for (name, labels) in &families {
        if let Some(half) = halves.get_mut((hash(b'f', name.as_bytes()) % 2) as usize) {
            half.extend(odds(labels));
        }
    }
    let [learn, measure] = halves;
    let names = learn.len() + measure.len();
    Ok(Scores {
        learn: balanced(learn, odds(&people.validation)),
        measure: balanced(measure, odds(&people.test)),
        second: odds(&people.second),
        families: families.len(),
        names,
    })
}

/// Learns how much a score is worth, in log-odds.
pub(super) fn fit(scores: &Scores) -> Platt {
    Platt::fit(&scores.learn)
}
