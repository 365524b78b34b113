//! What is known of an observable that others may share: its own form, and what sources name it together with.

use std::collections::HashMap;
use std::net::IpAddr;

use rempart_model::{Kind, LinkKind, Observable};
use rempart_store::{ClaimRow, ObservableRow};
use rempart_triage::connect::template::{Feature, address_features, name_features, path_features};
use rempart_triage::connect::{Evidence, EvidenceKind, hash_value};

use super::context::Entity;
use crate::app::App;
use crate::error::ServiceError;

/// Objects that refer to more others than this say nothing of what belongs together.
const MOST_LINKS: usize = 200;

/// What is kept of what objects say an observable belongs to.
const MOST_SAID: usize = 24;

/// One thing that is known of an observable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) feature: Feature,
    /// Who says it; [`Evidence::OWN`] for what its form tells.
    pub(super) source: u32,
}

/// What a source's object says an observable belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The source's number.
    pub(super) source: u32,
    pub(super) what: Pointer,
}

/// How an object says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pointer {
    /// It is linked to the object of this key.
    Object(i64),
    /// It carries a label that names an actor, a tool or a technique.
    Label(Box<Entity>),
}

/// What is known of an observable, and what sources say of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) known: Vec<Known>,
    pub(super) said: Vec<Said>,
}

impl Known {
    /// The same as evidence. The key keeps hashes from meeting those of another instance.
    pub(super) fn evidence(&self, observable: u64, key: u64) -> Evidence {
        Evidence { observable, kind: self.feature.kind, value: hash(key, &self.feature), source: self.source }
    }
}

/// The hash of a feature.
pub(super) fn hash(key: u64, feature: &Feature) -> u64 {
    hash_value(key ^ feature.kind as u64, feature.text.as_bytes())
}

impl App {
    /// What is known of some observables, each with its claims.
    pub(super) fn known_of(
        &self,
        rows: &[(ObservableRow, Vec<ClaimRow>)],
    ) -> Result<Vec<Findings>, ServiceError> {
        let mut seqs: Vec<_> =
            rows.iter().flat_map(|(_, claims)| claims.iter().map(|claim| claim.object)).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let objects = self.store.objects(&seqs)?;
        let keys: HashMap<_, i64> =
            objects.iter().map(|object| (object.seq, self.store.id_key(&object.id))).collect();
        let labels: HashMap<_, Vec<Entity>> = objects
            .iter()
            .map(|object| (object.seq, labels(&object.body)))
            .filter(|(_, labels)| !labels.is_empty())
            .collect();
        let mut ends: HashMap<i64, Vec<i64>> = HashMap::new();
        let all: Vec<i64> = keys.values().copied().collect();
        for (from, kind, to, _) in self.store.links(&all)? {
            if kind == LinkKind::Indicates {
                ends.entry(from).or_default().push(to);
                ends.entry(to).or_default().push(from);
            }
        }
        Ok(rows
            .iter()
            .map(|(row, claims)| {
                let mut known = self.own_features(&row.observable);
                let mut said: Vec<Said> = Vec::new();
                for claim in claims.iter().filter(|claim| !claim.attached) {
                    let source = claim.source.0.saturating_add(1);
                    let mut add = |text: String| {
                        known.push(Known { feature: Feature { kind: EvidenceKind::Report, text }, source });
                    };
                    // Values of one object: it names them together.
                    add(format!("o:{}", claim.object.0));
                    let Some(key) = keys.get(&claim.object) else { continue };
                    let linked = ends.get(key).map(Vec::as_slice).unwrap_or_default();
                    if linked.len() <= MOST_LINKS {
                        linked.iter().for_each(|end| add(format!("r:{end}")));
                        let pointers = linked.iter().map(|end| Pointer::Object(*end));
                        let labels = labels.get(&claim.object).into_iter().flatten();
                        let pointers =
                            pointers.chain(labels.map(|one| Pointer::Label(Box::new(one.clone()))));
                        for what in pointers {
                            let one = Said { source: claim.source.0, what };
                            if said.len() < MOST_SAID && !said.contains(&one) {
                                said.push(one);
                            }
                        }
                    }
                }
                Findings { known, said }
            })
            .collect())
    }

    /// What the form of an observable tells.
    pub(super) fn own_features(&self, observable: &Observable) -> Vec<Known> {
        let value = observable.value();
        let features = match observable.kind() {
            Kind::Domain => name_features(value.trim_start_matches("*."), self.suffixes()),
            Kind::Ipv4 | Kind::Ipv6 => {
                value.parse::<IpAddr>().map(|address| self.of_address(address, None)).unwrap_or_default()
            }
            Kind::Url => self.of_url(value),
            _ => Vec::new(),
        };
        features.into_iter().map(|feature| Known { feature, source: Evidence::OWN }).collect()
    }

    fn of_address(&self, address: IpAddr, port: Option<u16>) -> Vec<Feature> {
        let system = self.tables.asns.asn_number(address);
        address_features(address, port, system)
    }

    fn of_url(&self, url: &str) -> Vec<Feature> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (host, None),
        };
        let mut features = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => self.of_address(address, port),
            Err(_) => name_features(host, self.suffixes()),
        };
        features.extend(path_features(path));
        features
    }
}

/// The actors, tools and techniques that an object's labels name.
fn labels(body: &[u8]) -> Vec<Entity> {
    #[derive(serde::Deserialize)]
    struct Labelled {
        #[serde(default)]
        labels: Vec<String>,
    }
    // Few objects have such labels, and reading all of them would take most of the time.
    if !std::str::from_utf8(body).is_ok_and(|body| body.contains("misp-galaxy:")) {
        return Vec::new();
    }
    let labels = serde_json::from_slice::<Labelled>(body).map(|body| body.labels).unwrap_or_default();
    labels.iter().filter_map(|label| super::context::labelled(label)).collect()
}

/// A feature in words.
pub(super) fn in_words(feature: &Feature) -> String {
    let (sort, rest) = feature.text.split_once(':').unwrap_or(("", &feature.text));
    match feature.kind {
        EvidenceKind::Report if sort == "o" => "named in one object".to_owned(),
        EvidenceKind::Report => "named in the same report or campaign of a source".to_owned(),
        EvidenceKind::Template => format!("names of the pattern {rest}"),
        EvidenceKind::Shape => format!("names built alike ({rest})"),
        EvidenceKind::NamePart => format!("names with {rest}"),
        EvidenceKind::KitPath => format!("URLs with {rest}"),
        EvidenceKind::Registrable => format!("below {}", feature.text),
        EvidenceKind::Platform => format!("at the platform {}", feature.text),
        EvidenceKind::Address => format!("the address {}", feature.text),
        EvidenceKind::Network => format!("the network {}", feature.text),
        EvidenceKind::Port => format!("port {}", feature.text),
        EvidenceKind::System => format!("AS{}", feature.text),
        kind => format!("the {} {}", kind.name(), feature.text),
    }
}
