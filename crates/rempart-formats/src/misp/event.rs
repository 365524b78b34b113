//! A MISP event as an object of its own, which names the objects of its attributes.

use std::collections::HashSet;

use rempart_model::{Decoded, Link, LinkKind, Marking, Rejection, StixId};
use serde_json::{Map, Value, json};

use super::attribute::Scope;
use super::marking::{distribution, inner_distribution};
use super::minted::{self, Part, loss};
use super::tags::{MOST_HINTS, MOST_LABELS, Sense};
use super::wire::{self, EventReport, flag, key, text_of, time};
use crate::Context;

/// Most objects that one report names (about 600 kB of STIX).
const MOST_REFS: usize = 10_000;
/// Most losses that one event lists.
const MOST_LOSSES: usize = 32;

/// What has been read of an event, beside its attributes.
#[derive(Debug, Default)]
pub(crate) struct EventHead {
    pub(crate) uuid: Option<String>,
    pub(crate) info: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) publish_timestamp: Option<String>,
    pub(crate) published: Option<String>,
    pub(crate) distribution: Vec<String>,
    pub(crate) sharing_group_id: Option<String>,
    pub(crate) threat_level: Option<String>,
    pub(crate) analysis: Option<String>,
    pub(crate) extends: Option<String>,
    pub(crate) deleted: Option<String>,
    pub(crate) sharing_group: Value,
    pub(crate) creator: Value,
    pub(crate) sense: Sense,
    /// All of the event's tags have been read.
    pub(crate) tags_read: bool,
    /// The input ended, or could not be read on, inside the event.
    pub(crate) cut: bool,
    pub(crate) proposals: usize,
    pub(crate) references: usize,
    pub(crate) unknown: Vec<String>,
}

impl EventHead {
    /// Whether this is an event at all, and not just a wrapper around one.
    pub(crate) fn is_event(&self) -> bool {
        self.info.is_some()
            || (self.uuid.is_some() && (self.date.is_some() || self.published.is_some()))
            || !self.creator.is_null()
    }

    /// Takes a plain member; `false`: there is none of that name.
    pub(crate) fn set(&mut self, name: &str, value: &Value) -> bool {
        let text = text_of(value);
        let field = match name {
            "uuid" => &mut self.uuid,
            "info" => &mut self.info,
            "date" => &mut self.date,
            "timestamp" => &mut self.timestamp,
            "publish_timestamp" => &mut self.publish_timestamp,
            "published" => &mut self.published,
            "sharing_group_id" => &mut self.sharing_group_id,
            "threat_level_id" => &mut self.threat_level,
            "analysis" => &mut self.analysis,
            "extends_uuid" => &mut self.extends,
            "deleted" => &mut self.deleted,
            "distribution" => {
                // Said twice, both hold.
                self.distribution.extend(text);
                return true;
            }
            "SharingGroup" => {
                self.sharing_group = value.clone();
                return true;
            }
            "Orgc" => {
                self.creator = value.clone();
                return true;
            }
            // Of the instance that wrote it, not of what it says.
            "id"
            | "org_id"
            | "orgc_id"
            | "Org"
            | "attribute_count"
            | "locked"
            | "proposal_email_lock"
            | "disable_correlation"
            | "event_creator_email"
            | "sighting_timestamp"
            | "protected"
            | "CryptographicKey" => return true,
            _ => return false,
        };
        if field.is_none() {
            *field = text;
        }
        true
    }

    /// What it says of all its attributes.
    pub(crate) fn scope(&self) -> Scope {
        let mut marking = self.sense.marking.clone();
        for level in &self.distribution {
            marking.restrict(&distribution(Some(level), &self.sharing_group, true));
        }
        // Tags and distribution may have stood in the part that is not there.
        marking.unknown |= self.cut && (!self.tags_read || self.distribution.is_empty());
        Scope {
            marking,
            sense: self.sense.clone(),
            uuid: key(self.uuid.as_deref()),
            date: time(self.date.as_deref()),
            version: time(self.timestamp.as_deref()),
            sharing_group_id: self.sharing_group_id.clone(),
            missing: !self.is_event(),
        }
    }

    fn key(&self) -> String {
        match key(self.uuid.as_deref()) {
            uuid if !uuid.is_empty() => uuid,
            _ => format!("{}\n{}", self.info.as_deref().unwrap_or(""), self.date.as_deref().unwrap_or("")),
        }
    }

    /// A published event is a STIX `report`, any other a `grouping`, which need not be finished.
    fn kind(&self) -> &'static str {
        if flag(self.published.as_deref()) { "report" } else { "grouping" }
    }

    /// The id of the event's object, where it names at least one other.
    pub(crate) fn id(&self, scope: &Scope, context: &Context<'_>) -> StixId {
        minted::id(self.kind(), &self.key(), &scope.marking, context)
    }
}

/// The objects that an event's own object names.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    named: Vec<StixId>,
    seen: HashSet<StixId>,
    beyond: usize,
    stricter: usize,
}

impl Refs {
    /// Adds an object. One that fewer may see than the event is not named: its id would tell that
    /// it exists.
    pub(crate) fn add(&mut self, object: &Decoded, event: &Marking) {
        if object.marking != *event {
            self.stricter += 1;
        } else if self.named.len() >= MOST_REFS {
            self.beyond += 1;
        } else if self.seen.insert(object.id.clone()) {
            self.named.push(object.id.clone());
        }
    }
}

/// The event's object. Without an object to name it is an `incident`, since STIX 2.1 demands at
/// least one of a report or grouping (sections 4.4 and 4.16).
pub(crate) fn decode(head: EventHead, scope: Scope, refs: Refs, context: &Context<'_>) -> Decoded {
    let key = head.key();
    let mut losses = Vec::new();
    let mut lose = |count: usize, what: &str, why: &str| {
        if count > 0 {
            losses.push(loss(what, format!("{count} {why}")));
        }
    };
    lose(head.proposals, "ShadowAttribute", "proposals of others, which the creator did not accept");
    lose(head.references, "ObjectReference", "relations between MISP objects");
    lose(refs.beyond, "Attribute", "objects are not named by the event's object, but refer to the event");
    lose(refs.stricter, "Attribute", "objects are not named by the event's object, since fewer may see them");
    lose(head.sense.dropped, "Tag", "tags are too many or too long to be kept as labels");
    for name in head.unknown.iter().take(MOST_LOSSES) {
        losses.push(loss(name, "not a member of an event that is understood"));
    }
    if head.cut {
        losses.push(loss("Event", "the rest of the event could not be read"));
    }

    let kind = if refs.named.is_empty() { "incident" } else { head.kind() };
    let mut properties = Map::new();
    let name = head.info.clone().unwrap_or_else(|| format!("MISP event {}", scope.uuid));
    properties.insert("name".into(), name.into());
    match kind {
        "report" => {
            let published = time(head.publish_timestamp.as_deref()).or(scope.version).or(scope.date);
            properties.insert("published".into(), published.unwrap_or(context.now).to_string().into());
            properties.insert("report_types".into(), json!(["threat-report"]));
        }
        "grouping" => _ = properties.insert("context".into(), "suspicious-activity".into()),
        _ => {}
    }
    if let Some(confidence) = head.sense.confidence {
        properties.insert("confidence".into(), confidence.into());
    }
    let references = references(&head, &scope);
    if !references.is_empty() {
        properties.insert("external_references".into(), Value::Array(references));
    }
    if !refs.named.is_empty() {
        let named: Vec<String> = refs.named.iter().map(StixId::to_string).collect();
        properties.insert("object_refs".into(), json!(named));
    }
    let mut labels = head.sense.labels.clone();
    let level = match head.threat_level.as_deref() {
        Some("1") => Some("high-risk"),
        Some("2") => Some("medium-risk"),
        Some("3") => Some("low-risk"),
        _ => None,
    };
    let analysis = match head.analysis.as_deref() {
        Some("0") => Some("initial"),
        Some("1") => Some("ongoing"),
        Some("2") => Some("completed"),
        _ => None,
    };
    labels.extend(level.map(|level| format!("misp:threat-level=\"{level}\"")));
    labels.extend(analysis.map(|analysis| format!("misp:analysis=\"{analysis}\"")));
    labels.truncate(MOST_LABELS + 2);
    let mut hints = head.sense.hints.clone();
    hints.truncate(MOST_HINTS);

    let mut decoded = Part {
        kind,
        key: &key,
        version: scope.version,
        created: scope.date,
        marking: scope.marking,
        revoked: flag(head.deleted.as_deref()),
        labels,
        hints,
        losses,
        properties,
    }
    .build(context);
    let from = decoded.id.clone();
    let link = |to| Link { from: from.clone(), kind: LinkKind::Indicates, to };
    decoded.links = refs.named.into_iter().map(link).collect();
    decoded
}

/// The event where it came from, and the one that it extends.
fn references(head: &EventHead, scope: &Scope) -> Vec<Value> {
    let mut references = Vec::new();
    if !scope.uuid.is_empty() {
        let mut reference = json!({ "source_name": "misp-event", "external_id": scope.uuid });
        let field = |name: &str| head.creator.get(name).and_then(text_of);
        let creator = [field("name"), field("uuid")].into_iter().flatten().collect::<Vec<_>>().join(", ");
        if !creator.is_empty() {
            reference["description"] = format!("created by {creator}").into();
        }
        references.push(reference);
    }
    let extended = key(head.extends.as_deref());
    if !extended.is_empty() {
        references.push(json!({
            "source_name": "misp-event", "external_id": extended, "description": "extended by this event",
        }));
    }
    references
}

/// A report in Markdown that belongs to an event: a STIX `note` about the event's object.
pub(crate) fn report(
    text: &[u8],
    scope: &Scope,
    about: &StixId,
    context: &Context<'_>,
) -> Result<Decoded, Rejection> {
    let report: EventReport = serde_json::from_slice(text)
        .map_err(|error| wire::reject(text, format!("not an event report: {error}")))?;
    let Some(content) = report.content.as_deref() else {
        return Err(wire::reject(text, "the event report has no content"));
    };
    let mut sense = Sense::default();
    sense.read(&report.tags);
    let mut marking = scope.marking.clone();
    marking.restrict(&sense.marking);
    marking.restrict(&inner_distribution(
        report.distribution.as_deref(),
        report.sharing_group_id.as_deref(),
        &report.sharing_group,
        scope.sharing_group_id.as_deref(),
    ));
    let mut properties = Map::new();
    if let Some(name) = &report.name {
        properties.insert("abstract".into(), name.as_str().into());
    }
    properties.insert("content".into(), content.into());
    properties.insert("object_refs".into(), json!([about.to_string()]));
    let uuid = key(report.uuid.as_deref());
    let unnamed = format!("{}\n{}", scope.uuid, report.name.as_deref().unwrap_or_default());
    Ok(Part {
        kind: "note",
        key: if uuid.is_empty() { &unnamed } else { &uuid },
        version: time(report.timestamp.as_deref()).max(scope.version),
        created: scope.date,
        marking,
        revoked: flag(report.deleted.as_deref()),
        labels: sense.labels,
        properties,
        ..Part::default()
    }
    .build(context))
}
