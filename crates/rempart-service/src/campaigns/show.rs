//! A campaign as it is told to people: what is in it, and what holds it together.

use std::collections::BTreeMap;

use rempart_triage::connect::{Cluster, Ground, Merge};
use serde::Serialize;

use super::Campaigns;
use super::actors::Attribution;
use super::evidence::{Known, hash, in_words};
use crate::app::App;
use crate::error::ServiceError;

/// Values that a summary names.
const EXAMPLES: usize = 3;
/// Observables of one read.
const AT_A_TIME: usize = 1_000;

/// A campaign in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignSummary {
    /// `campaign-17`: the number of the observable that founded it.
    pub name: String,
    /// How many observables are in it.
    pub observables: usize,
    /// How many of each kind.
    pub kinds: BTreeMap<String, usize>,
    /// Its earliest values.
    pub examples: Vec<String>,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Campaign {
    /// In short.
    #[serde(flatten)]
    pub summary: CampaignSummary,
    /// Its observables, the earliest first.
    pub members: Vec<CampaignMember>,
    /// The links that hold it together, the strongest first: without one of them there would be two groups.
    pub merges: Vec<CampaignMerge>,
    /// Who may be behind it.
    pub attribution: Attribution,
}

/// An observable of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignMember {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Probability that it is malicious.
    pub probability: f32,
    /// RSIT category.
    pub category: &'static str,
    /// Who says something of it.
    pub sources: Vec<String>,
}

/// A link between two groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignMerge {
    /// The linked value of the first group.
    pub a: String,
    /// The linked value of the second.
    pub b: String,
    /// How many values are in each group.
    pub sides: [u32; 2],
    /// The earliest value of each group.
    pub earliest: [String; 2],
    /// What the link weighs, in nats: how much likelier the two share this if they belong together.
    pub weight: f32,
    /// Whether a person decided it.
    pub decided: bool,
    /// What the two share, the weightiest first.
    pub shared: Vec<Shared>,
}

/// What two values share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shared {
    /// Of which kind it is.
    pub kind: &'static str,
    /// What it is, in words.
    pub what: String,
    /// How many observables share it.
    pub shared_by: u32,
    /// What it weighs, in nats.
    pub weight: f32,
    /// The one source that says so; none where it is known from the values themselves, or from several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The name of a campaign.
pub(super) fn named(founder: u64) -> String {
    format!("campaign-{founder}")
}

impl Campaigns {
    pub(super) fn summary(&self, cluster: &Cluster<'_>) -> CampaignSummary {
        let mut members: Vec<u64> = cluster.members().collect();
        members.sort_unstable();
        let values = || members.iter().filter_map(|id| self.members.get(id));
        let mut kinds = BTreeMap::new();
        for value in values() {
            *kinds.entry(value.kind().name().to_owned()).or_default() += 1;
        }
        CampaignSummary {
            name: named(cluster.name),
            observables: cluster.len(),
            kinds,
            examples: values().take(EXAMPLES).map(|value| value.value().to_owned()).collect(),
        }
    }

    fn value(&self, id: u64) -> String {
        self.members.get(&id).map(|value| value.value().to_owned()).unwrap_or_default()
    }
}

impl App {
    pub(super) fn shown(&self, campaigns: &Campaigns, name: u64) -> Result<Option<Campaign>, ServiceError> {
        let Some(cluster) = campaigns.clustering.cluster(name) else { return Ok(None) };
        let mut ids: Vec<u64> = cluster.members().collect();
        ids.sort_unstable();
        let values: Vec<_> = ids.iter().filter_map(|id| campaigns.members.get(id).cloned()).collect();
        let picture = self.picture();
        let (mut members, mut known) = (Vec::new(), BTreeMap::new());
        for values in values.chunks(AT_A_TIME) {
            let mut rows = Vec::new();
            for row in self.store.observables(values)?.into_iter().flatten() {
                let claims = self.store.claims(row.id)?;
                let mut sources: Vec<String> = claims
                    .iter()
                    .filter_map(|claim| Some(picture.source(claim.source)?.name.clone()))
                    .collect();
                sources.sort_unstable();
                sources.dedup();
                members.push(CampaignMember {
                    kind: row.observable.kind().name().to_owned(),
                    value: row.observable.value().to_owned(),
                    probability: row.assessment.probability,
                    category: row.assessment.category.name(),
                    sources,
                });
                rows.push((row, claims));
            }
            for ((row, _), of_it) in rows.iter().zip(self.known_of(&rows)?) {
                known.insert(super::number(row.id), of_it.known);
            }
        }
        let merge = |merge: Merge| CampaignMerge {
            a: campaigns.value(merge.a),
            b: campaigns.value(merge.b),
            sides: merge.sides.map(|(_, size)| size),
            earliest: merge.sides.map(|(earliest, _)| campaigns.value(earliest)),
            weight: merge.weight,
            decided: merge.decided,
            shared: merge
                .grounds
                .iter()
                .map(|ground| self.shared(ground, known.get(&merge.a), campaigns.key))
                .collect(),
        };
        let merges = campaigns.clustering.merges(name).into_iter().map(merge).collect();
        let attribution = self.attribution(campaigns, &ids, &known);
        Ok(Some(Campaign { summary: campaigns.summary(&cluster), members, merges, attribution }))
    }

    fn shared(&self, ground: &Ground, known: Option<&Vec<Known>>, key: u64) -> Shared {
        let found = known
            .into_iter()
            .flatten()
            .find(|known| known.feature.kind == ground.kind && hash(key, &known.feature) == ground.value);
        let picture = self.picture();
        let source = ground.source.and_then(|number| number.checked_sub(1));
        Shared {
            kind: ground.kind.name(),
            what: found.map_or_else(|| ground.kind.name().to_owned(), |known| in_words(&known.feature)),
            shared_by: ground.shared,
            weight: ground.weight,
            source: source
                .and_then(|number| Some(picture.source(rempart_store::SourceId(number))?.name.clone())),
        }
    }
}
