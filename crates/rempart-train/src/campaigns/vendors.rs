//! Groupings by vendors, for evaluation only: which network observables one report names together.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use rempart_triage::connect::hash_value;

use super::benchmark::{Benchmark, Item, hex};

/// Reads pairs of a report and its values; a value that several reports name is left out.
pub(super) fn read(path: &Path) -> anyhow::Result<(Benchmark, String)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut benchmark = Benchmark::default();
    let mut owners: BTreeMap<String, Option<u32>> = BTreeMap::new();
    for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
        let report: serde_json::Value = serde_json::from_str(line).context("a line is not JSON")?;
        let name = report.get("text").and_then(serde_json::Value::as_str).unwrap_or_default();
        let family = u32::try_from(benchmark.families.len())?;
        benchmark.families.push(name.to_owned());
        for ioc in report.get("iocs").and_then(serde_json::Value::as_array).into_iter().flatten() {
            let field = |place| ioc.get(place).and_then(serde_json::Value::as_str);
            let (Some(kind), Some(value)) = (field(0), field(1)) else { continue };
            if !matches!(kind, "ipv4" | "ipv6" | "domain" | "hostname" | "url") {
                continue;
            }
            let bare = value.split_once("://").map_or(value, |(_, rest)| rest).to_lowercase();
            owners
                .entry(bare)
                .and_modify(|owner| *owner = owner.filter(|owner| *owner == family))
                .or_insert(Some(family));
        }
    }
    for (value, family) in owners {
        if let Some(family) = family {
            benchmark.items.push(Item { value, family, block: family });
        }
    }
    benchmark.items.sort_by_key(|item| hash_value(0, item.value.as_bytes()));
    Ok((benchmark, hex(&bytes)))
}
