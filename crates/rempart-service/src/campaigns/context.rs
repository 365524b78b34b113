//! What stored objects say of actors, their tools and techniques, and which object tells of which.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rempart_formats::misp::Galaxy;
use rempart_model::StixId;
use rempart_store::ObjectSeq;
use rempart_store::store::StoredObject;
use rempart_triage::connect::actor::{Trait, TraitKind};
use rempart_triage::connect::hash_value;
use serde_json::Value;

use super::near::Reports;
use crate::app::App;
use crate::error::ServiceError;

/// Objects of one read.
const AT_A_TIME: usize = 1_000;
/// References of one object that are kept.
const MOST_REFERENCES: usize = 2_000;

/// What an entity is that objects tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EntityKind {
    Actor,
    Trait(TraitKind),
}

/// An actor, a tool, a technique, or who is aimed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) kind: EntityKind,
    pub(super) name: String,
    /// Its names, its number in a catalogue before them: each as [`plain`] writes it.
    pub(super) names: Vec<String>,
}

impl Entity {
    /// What is compared: the number in a catalogue where there is one, else the name.
    pub(super) fn as_trait(&self) -> Option<Trait> {
        let EntityKind::Trait(kind) = self.kind else { return None };
        let value = self.names.first()?;
        Some(Trait { kind, value: hash_value(kind as u64, value.as_bytes()) })
    }
}

/// A name without what writers differ in: case, blanks, hyphens.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a tag of a MISP galaxy names (`misp-galaxy:threat-actor="APT28"`,
/// `misp-galaxy:mitre-attack-pattern="Phishing - T1566"`).
pub(super) fn labelled(label: &str) -> Option<Entity> {
    let (predicate, value) = label.strip_prefix("misp-galaxy:")?.split_once('=')?;
    let kind = match Galaxy::of(predicate)? {
        Galaxy::Actor => EntityKind::Actor,
        Galaxy::Tool => EntityKind::Trait(TraitKind::Tool),
        Galaxy::Technique => EntityKind::Trait(TraitKind::Technique),
        Galaxy::Campaign => return None,
    };
    let value = value.trim_matches('"');
    let (name, number) = match value.rsplit_once(" - ") {
        Some((name, number)) if is_number(number) => (name, Some(number)),
        _ => (value, None),
    };
    let names: Vec<String> =
        number.into_iter().chain([name]).map(plain).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| Entity { kind, name: name.to_owned(), names })
}

/// Whether it is a number of ATT&CK: `G0007`, `S0154`, `T1566.001`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['G', 'S', 'T', 'C']).unwrap_or_default();
    digits.len() >= 4 && digits.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
}

/// What stored objects say.
#[derive(Debug)]
pub(crate) struct Context {
    reached: ObjectSeq,
    entities: BTreeMap<i64, Entity>,
    /// Of reports and groupings.
    references: BTreeMap<i64, Vec<i64>>,
    /// Of relationships, each by its own key.
    relationships: BTreeMap<i64, (i64, i64)>,
    pub(super) reports: Reports,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            reached: ObjectSeq(0),
            entities: BTreeMap::new(),
            references: BTreeMap::new(),
            relationships: BTreeMap::new(),
            reports: Reports::default(),
        }
    }
}

impl Context {
    /// Reads what came since. What is deleted has all of it read anew ([`App::forget_context`]).
    pub(super) fn catch_up(&mut self, app: &App) -> Result<(), ServiceError> {
        loop {
            let objects = app.store.context_after(self.reached, AT_A_TIME)?;
            for object in &objects {
                self.reached = object.seq;
                self.take(app, object);
            }
            if objects.len() < AT_A_TIME {
                return Ok(());
            }
        }
    }

    fn take(&mut self, app: &App, object: &StoredObject) {
        if object.foreign || object.superseded {
            return;
        }
        let kind = object.id.kind();
        let is_told_of = kind_of(kind).is_some();
        if !is_told_of && !matches!(kind, "report" | "grouping" | "note" | "relationship") {
            return;
        }
        let key = app.store.id_key(&object.id);
        if object.revoked {
            self.entities.remove(&key);
            self.references.remove(&key);
            self.relationships.remove(&key);
            self.reports.forget(key);
            return;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&object.body) else { return };
        let reference = |value: &Value| StixId::parse(value.as_str()?).ok();
        if let Some(is) = kind_of(kind) {
            if let Some(entity) = entity(is, &body) {
                self.entities.insert(key, entity);
            }
        } else if kind == "relationship" {
            let ends =
                (body.get("source_ref").and_then(reference), body.get("target_ref").and_then(reference));
            let meant = body.get("relationship_type").and_then(Value::as_str).unwrap_or_default();
            let (Some(from), Some(to)) = ends else { return };
            let counts = matches!(meant, "uses" | "attributed-to" | "indicates" | "targets" | "part-of");
            if counts && kind_of(to.kind()).is_some() {
                self.relationships.insert(key, (app.store.id_key(&from), app.store.id_key(&to)));
            }
        } else {
            let references = body.get("object_refs").and_then(Value::as_array).into_iter().flatten();
            let told: Vec<i64> = references
                .take(MOST_REFERENCES)
                .filter_map(reference)
                .filter(|id| kind_of(id.kind()).is_some_and(|is| is != EntityKind::Trait(TraitKind::Target)))
                .map(|id| app.store.id_key(&id))
                .collect();
            self.references.insert(key, told);
            self.reports.take(key, object, &body);
        }
    }

    /// The entities by key, and of which of them each object tells.
    pub(super) fn told(&self) -> (&BTreeMap<i64, Entity>, HashMap<i64, Vec<i64>>) {
        let mut told: HashMap<i64, BTreeSet<i64>> = HashMap::new();
        for (from, to) in self.relationships.values() {
            told.entry(*from).or_default().insert(*to);
        }
        for (from, to) in &self.references {
            told.entry(*from).or_default().extend(to);
        }
        (&self.entities, told.into_iter().map(|(from, to)| (from, to.into_iter().collect())).collect())
    }
}

/// What an object of a type is, for those that are told of.
fn kind_of(kind: &str) -> Option<EntityKind> {
    match kind {
        "intrusion-set" | "threat-actor" => Some(EntityKind::Actor),
        "attack-pattern" => Some(EntityKind::Trait(TraitKind::Technique)),
        "malware" | "tool" => Some(EntityKind::Trait(TraitKind::Tool)),
        "identity" | "location" => Some(EntityKind::Trait(TraitKind::Target)),
        _ => None,
    }
}

fn entity(kind: EntityKind, body: &Value) -> Option<Entity> {
    let name = body.get("name").or_else(|| body.get("country")).and_then(Value::as_str)?;
    let strings =
        |key: &str| body.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let references = body.get("external_references").and_then(Value::as_array).into_iter().flatten();
    let numbers = references
        .filter_map(|one| one.get("external_id").and_then(Value::as_str))
        .filter(|number| is_number(number));
    let mut names: Vec<String> = numbers
        .chain([name])
        .chain(strings("aliases"))
        .chain(strings("x_mitre_aliases"))
        .map(plain)
        .filter(|name| !name.is_empty())
        .collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    (!names.is_empty()).then(|| Entity { kind, name: name.to_owned(), names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_galaxies_are_read_with_their_numbers() {
        let of = |label: &str| labelled(label).map(|entity| (entity.kind, entity.name, entity.names));
        let technique = EntityKind::Trait(TraitKind::Technique);
        assert_eq!(
            of("misp-galaxy:mitre-attack-pattern=\"Spearphishing Attachment - T1566.001\""),
            Some((
                technique,
                "Spearphishing Attachment".into(),
                vec!["t1566001".into(), "spearphishingattachment".into()]
            ))
        );
        assert_eq!(
            of("misp-galaxy:threat-actor=\"APT 28\""),
            Some((EntityKind::Actor, "APT 28".into(), vec!["apt28".into()]))
        );
        assert_eq!(
            of("misp-galaxy:mitre-enterprise-attack-intrusion-set=\"APT28 - G0007\"")
                .map(|(_, name, _)| name),
            Some("APT28".into())
        );
        for other in
            ["tlp:red", "misp-galaxy:sector=\"Energy\"", "misp-galaxy:threat-actor", "misp-galaxy:tool=\"\""]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
