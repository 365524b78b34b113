//! Reports that say almost the same, or tell of almost the same values.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rempart_formats::text;
use rempart_model::StixId;
use rempart_store::store::StoredObject;
use rempart_store::{Role, SourceId};
use rempart_triage::connect::near::{Near, Signature, set, shingles};
use serde::Serialize;
use serde_json::Value;

use super::Campaigns;
use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

/// Texts shorter than this, in characters, are no reports: "malspam" and "see attachment" are everywhere.
const SHORTEST: usize = 80;
/// Of a text, so many bytes are compared: what is longer differs, or is the same, before.
const LONGEST: usize = 1 << 20;
/// Reports with fewer values than this are not compared by them.
const FEWEST: usize = 3;

/// What is to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// A stored report, grouping or note, by its id.
    Id(&'a str),
    /// A text.
    Text(&'a str),
}

/// A report that is near.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearReport {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who brought it.
    pub source: String,
    /// The share of both texts' parts that both have, 0 to 1, estimated to within 0.09 (two standard errors).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<f64>,
    /// The share of both reports' observables that both tell of, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observables: Option<f64>,
}

/// The reports that are known.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    near: Near,
    /// By key; the number is that in `near`, of the newest version.
    known: BTreeMap<i64, Known>,
    added: u64,
}

#[derive(Debug)]
struct Known {
    id: StixId,
    name: String,
    source: SourceId,
    /// None for what has too little text.
    number: Option<u64>,
}

impl Reports {
    pub(super) fn take(&mut self, key: i64, object: &StoredObject, body: &Value) {
        let signature = signature(&words(body));
        let number = signature.map(|signature| {
            self.added += 1;
            self.near.add(self.added, signature);
            self.added
        });
        let name = ["name", "abstract"].into_iter().find_map(|key| body.get(key)?.as_str());
        let name = name.unwrap_or("without a name").to_owned();
        self.known.insert(key, Known { id: object.id.clone(), name, source: object.source, number });
    }

    pub(super) fn forget(&mut self, key: i64) {
        self.known.remove(&key);
    }

    /// The keys and similarities of what is near to a text.
    fn find(&self, signature: &Signature, least: f64) -> BTreeMap<i64, f64> {
        let numbers: HashMap<u64, i64> =
            self.known.iter().filter_map(|(key, known)| Some((known.number?, *key))).collect();
        let near = self.near.find(signature, least).into_iter();
        near.filter_map(|(number, similarity)| Some((*numbers.get(&number)?, similarity))).collect()
    }
}

/// What a report says, in its own words.
fn words(body: &Value) -> String {
    let parts = ["name", "abstract", "description", "content"].into_iter();
    parts.filter_map(|key| body.get(key)?.as_str()).collect::<Vec<_>>().join("\n")
}

fn signature(text: &str) -> Option<Signature> {
    if text.chars().take(SHORTEST).count() < SHORTEST {
        return None;
    }
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Signature::of(&shingles(text.get(..end).unwrap_or(text)))
}

impl App {
    /// The reports that say almost the same as a stored one or a text, or tell of almost the same observables, the
    /// nearest first. `least` is the similarity from which on that is told, 0 to 1.
    ///
    /// # Errors
    /// Where the caller may not read, the id is not known, or `least` is no share.
    pub fn near(
        &self,
        caller: &Caller,
        asked: Asked<'_>,
        least: f64,
    ) -> Result<Vec<NearReport>, ServiceError> {
        caller.require(Role::Reader)?;
        if !(0.0..=1.0).contains(&least) {
            return Err(ServiceError::Invalid(format!("the similarity has to be from 0 to 1, not {least}")));
        }
        let (own, text) = match asked {
            Asked::Text(text) => (None, text.to_owned()),
            Asked::Id(id) => {
                let id = StixId::parse(id).map_err(|error| {
                    ServiceError::Invalid(format!("{id:?} is no id of an object: {error}"))
                })?;
                let key = self.store.id_key(&id);
                let object = self.store.objects_by_key(key)?.into_iter().find(|object| object.id == id);
                let object =
                    object.ok_or_else(|| ServiceError::NotFound(format!("{id} is not stored here")))?;
                let body: Value = serde_json::from_slice(&object.body).unwrap_or_default();
                (Some(key), words(&body))
            }
        };
        self.with_campaigns(|campaigns| {
            let texts = signature(&text).map(|one| campaigns.context.reports.find(&one, least));
            let texts = texts.unwrap_or_default();
            let values = campaigns.near_by_values(own, &text, least);
            let keys: BTreeSet<i64> = texts.keys().chain(values.keys()).copied().collect();
            let mut found = Vec::new();
            for key in keys.into_iter().filter(|key| Some(*key) != own) {
                let Some(known) = campaigns.context.reports.known.get(&key) else { continue };
                // What was deleted since is not told of.
                let stored = self.store.objects_by_key(key)?;
                if !stored.iter().any(|object| object.id == known.id && !object.revoked) {
                    continue;
                }
                let picture = self.picture();
                let source = picture.source(known.source).map(|source| source.name.clone());
                found.push(NearReport {
                    id: known.id.to_string(),
                    name: known.name.clone(),
                    source: source.unwrap_or_default(),
                    text: texts.get(&key).copied(),
                    observables: values.get(&key).copied(),
                });
            }
            let nearness = |one: &NearReport| one.text.unwrap_or(0.0).max(one.observables.unwrap_or(0.0));
            found.sort_by(|a, b| nearness(b).total_cmp(&nearness(a)).then(a.id.cmp(&b.id)));
            Ok(found)
        })
    }
}

impl Campaigns {
    /// The reports that tell of almost the same observables, of those that are held for malicious.
    fn near_by_values(&self, own: Option<i64>, text: &str, least: f64) -> BTreeMap<i64, f64> {
        let mut by_report: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
        for (member, keys) in self.ends() {
            let Some(value) = self.members.get(&member) else { continue };
            for key in keys.filter(|key| self.context.reports.known.contains_key(key)) {
                by_report.entry(key).or_default().insert(value.value());
            }
        }
        let in_text: Vec<String> = match own {
            Some(_) => Vec::new(),
            None => text::extract(text, text::Options::default())
                .into_iter()
                .filter(|found| found.role == text::Role::Indicator)
                .map(|found| found.value.to_string())
                .collect(),
        };
        let asked: BTreeSet<&str> = match own {
            Some(key) => by_report.get(&key).cloned().unwrap_or_default(),
            None => in_text.iter().map(String::as_str).collect(),
        };
        let asked = match asked.len() {
            0..FEWEST => return BTreeMap::new(),
            _ => set(asked),
        };
        let Some(asked) = Signature::of(&asked) else { return BTreeMap::new() };
        by_report
            .into_iter()
            .filter(|(key, values)| Some(*key) != own && values.len() >= FEWEST)
            .filter_map(|(key, values)| Some((key, Signature::of(&set(values))?.similarity(&asked))))
            .filter(|(_, similarity)| *similarity >= least)
            .collect()
    }
}
