//! What the observables of the benchmark tell by themselves, and nothing of where they stood.

use std::net::IpAddr;

use rempart_matching::{IpTable, IpTableKind};
use rempart_model::observable::SuffixList;
use rempart_triage::connect::template::{
    Commonplace, Feature, address_features, name_features, path_features,
};
use rempart_triage::connect::{Evidence, EvidenceKind, hash_value};

use super::benchmark::Benchmark;

/// The key of hashes: values of a benchmark are no secret.
const KEY: u64 = 0x5EED;

/// The tables that features need.
#[derive(Debug)]
pub(super) struct Tables {
    suffixes: SuffixList,
    systems: IpTable,
    common: Commonplace,
}

/// What so many popular names have is commonplace.
pub(super) const COMMON: usize = 3;

impl Tables {
    /// The tables that are shipped, and what popular names have in common: lines `name,source`.
    pub(super) fn new(popular: &str) -> anyhow::Result<Self> {
        let suffixes = SuffixList::from_text(&rempart_matching::public_suffix_list()?)?;
        let systems = IpTable::bundled_asn()?;
        anyhow::ensure!(
            systems.kind() == IpTableKind::Asn,
            "the table of autonomous systems is another table"
        );
        let names = popular.lines().skip(1).filter_map(|line| line.split(',').next());
        let common = Commonplace::of(names, &suffixes, COMMON);
        Ok(Self { suffixes, systems, common })
    }

    /// The features of one value: a name, an address, with a port, with a path, or a path alone.
    pub(super) fn features(&self, value: &str) -> Vec<Feature> {
        let (host, path) = match value.find('/') {
            Some(at) => value.split_at(at),
            None => (value, ""),
        };
        let mut features = path_features(path);
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse::<u16>().ok()),
            None => (host, None),
        };
        match name.parse::<IpAddr>() {
            Ok(address) => features.extend(address_features(address, port, self.systems.asn_number(address))),
            Err(_) => {
                features.extend(name_features(name, &self.suffixes));
                features
                    .extend(port.map(|port| Feature { kind: EvidenceKind::Port, text: port.to_string() }));
            }
        }
        features.retain(|feature| !self.common.contains(feature));
        features
    }
}

/// All evidence of a benchmark: observables are numbered by their place. `reports` adds the blocks under
/// one list of references, which is near to the truth.
pub(super) fn evidence(benchmark: &Benchmark, tables: &Tables, reports: bool) -> Vec<Evidence> {
    let mut all = Vec::new();
    for (observable, item) in (0_u64..).zip(&benchmark.items) {
        let own = |kind, text: &str| Evidence {
            observable,
            kind,
            value: hash_value(KEY, text.as_bytes()),
            source: Evidence::OWN,
        };
        let features = tables.features(&item.value);
        all.extend(features.iter().map(|feature| own(feature.kind, &feature.text)));
        if reports {
            all.push(own(EvidenceKind::Report, &item.block.to_string()));
        }
        if features.is_empty() && !reports {
            // It is there and shares nothing.
            all.push(own(EvidenceKind::Report, &format!("alone {observable}")));
        }
    }
    all
}
