//! STIX 2.1 objects for what is not a claim: events, reports, rules, sightings.

use rempart_model::{Decoded, Hint, Link, Loss, Marking, Origin, StixId, Timestamp, Tlp};
use serde_json::{Map, Value, json};

use crate::Context;
use crate::mint::tlp_marking_id;

/// An object in the making.
#[derive(Debug, Default)]
pub(crate) struct Part<'a> {
    /// The STIX type.
    pub(crate) kind: &'static str,
    /// What tells it from others of its type and source.
    pub(crate) key: &'a str,
    /// MISP's version of it.
    pub(crate) version: Option<Timestamp>,
    /// When it was made, where that is known.
    pub(crate) created: Option<Timestamp>,
    pub(crate) marking: Marking,
    pub(crate) revoked: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) losses: Vec<Loss>,
    /// The properties of its type.
    pub(crate) properties: Map<String, Value>,
}

/// Whether the id of an object with this marking must not be guessable.
fn restricted(marking: &Marking, context: &Context<'_>) -> bool {
    marking.tlp.unwrap_or(context.unmarked) > Tlp::Green || marking.unknown || marking.recipients.is_some()
}

/// The id that [`Part::build`] gives, known before the object is made.
pub(crate) fn id(kind: &str, key: &str, marking: &Marking, context: &Context<'_>) -> StixId {
    context.minter.id(kind, &[context.source, kind, key], restricted(marking, context))
}

impl Part<'_> {
    /// The object.
    pub(crate) fn build(self, context: &Context<'_>) -> Decoded {
        let id = id(self.kind, self.key, &self.marking, context);
        let version = self.version.or(self.created).unwrap_or(context.now);
        let created = self.created.unwrap_or(version).min(version);
        let mut body = Map::new();
        body.insert("type".into(), self.kind.into());
        body.insert("spec_version".into(), "2.1".into());
        body.insert("id".into(), id.to_string().into());
        body.insert("created".into(), created.to_string().into());
        body.insert("modified".into(), version.to_string().into());
        body.extend(self.properties);
        if self.revoked {
            body.insert("revoked".into(), true.into());
        }
        if !self.labels.is_empty() {
            body.insert("labels".into(), json!(self.labels));
        }
        if let Some(tlp) = self.marking.tlp {
            body.insert("object_marking_refs".into(), json!([tlp_marking_id(tlp)]));
        }

        // As for claims, the object's own times do not make it another.
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        for (name, property) in
            body.iter().filter(|(name, _)| !matches!(name.as_str(), "created" | "modified"))
        {
            hash.update(name.as_bytes());
            hash.update(property.to_string().as_bytes());
        }
        hash.update(format!("{:?}", self.marking).as_bytes());
        let mut digest = [0u8; 16];
        digest.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);

        Decoded {
            id,
            version,
            body: Value::Object(body).to_string().into_bytes(),
            original_v20: None,
            origin: Origin::Minted { digest, version: self.version },
            created_by: None,
            revoked: self.revoked,
            marking: self.marking,
            claims: Vec::new(),
            hints: self.hints,
            links: Vec::<Link>::new(),
            losses: self.losses,
            defines: None,
        }
    }
}

/// A loss.
pub(crate) fn loss(what: &str, why: impl Into<Box<str>>) -> Loss {
    Loss { what: what.into(), why: why.into() }
}
