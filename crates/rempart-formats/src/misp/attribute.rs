//! One MISP attribute to one object and its claims.

use rempart_model::{
    Category, Claim, Decoded, Hint, Kind, Link, LinkKind, Loss, Marking, Observable, Rejection, Stance,
    Timestamp,
};
use serde_json::{Map, Value, json};

use super::countries::country;
use super::marking::{distribution, inner_distribution};
use super::minted::{Part, loss};
use super::tags::{MOST_HINTS, Sense, describes_attributes};
use super::types::{Shape, is_target, kept_as_written, shape};
use super::wire::{self, Attribute, ObjectHead, flag, items, key, text_of, time};
use crate::{Context, Draft};

/// Longest value that becomes an observable, in bytes.
const LONGEST_VALUE: usize = 4096;
/// Longest part beside a value that becomes a label, in bytes.
const LONGEST_PART: usize = 256;

/// What an event says of all its attributes.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Its marking, tags and distribution together.
    pub(crate) marking: Marking,
    /// What its tags say.
    pub(crate) sense: Sense,
    /// Its UUID, or empty.
    pub(crate) uuid: String,
    /// Its date.
    pub(crate) date: Option<Timestamp>,
    /// Its version.
    pub(crate) version: Option<Timestamp>,
    /// The id of its sharing group.
    pub(crate) sharing_group_id: Option<String>,
    /// Nothing is known of the event, so nothing can be inherited from it.
    pub(crate) missing: bool,
}

impl Scope {
    /// The scope of an attribute that came by itself, from what it says of its event.
    fn of_event(event: &Value) -> Self {
        let field = |name: &str| event.get(name).and_then(text_of);
        let mut sense = Sense::default();
        sense.read(event.get("Tag").unwrap_or(&Value::Null));
        let group = event.get("SharingGroup").unwrap_or(&Value::Null);
        let mut marking = distribution(field("distribution").as_deref(), group, true);
        marking.restrict(&sense.marking);
        Self {
            marking,
            sense,
            uuid: key(field("uuid").as_deref()),
            date: time(field("date").as_deref()),
            version: time(field("timestamp").as_deref()),
            sharing_group_id: field("sharing_group_id"),
            missing: false,
        }
    }
}

/// An object around attributes.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) head: ObjectHead,
    /// Its own restriction, or unknown where its head could not be read.
    pub(crate) marking: Marking,
}

impl Around {
    /// Reads the head of an object within an event of that sharing group.
    pub(crate) fn read(text: &[u8], event_group: Option<&str>) -> Self {
        let Ok(head) = serde_json::from_slice::<ObjectHead>(text) else {
            return Self {
                head: ObjectHead::default(),
                marking: Marking { unknown: true, ..Marking::default() },
            };
        };
        let group = head.sharing_group_id.as_deref();
        let marking =
            inner_distribution(head.distribution.as_deref(), group, &head.sharing_group, event_group);
        Self { head, marking }
    }
}

/// The object for an attribute, and one for each sighting that calls it a false positive.
pub(crate) fn decode(
    text: &[u8],
    scope: &Scope,
    around: Option<&Around>,
    context: &Context<'_>,
) -> Result<(Decoded, Vec<Decoded>), Rejection> {
    let attribute = parse(text)?;
    if attribute.event.is_object() && scope.missing {
        let scope = Scope::of_event(&attribute.event);
        return build(text, attribute, &scope, around, context);
    }
    build(text, attribute, scope, around, context)
}

fn parse(text: &[u8]) -> Result<Attribute, Rejection> {
    if text.first() != Some(&b'{') {
        return Err(wire::reject(text, "an attribute is a JSON object, this is another value"));
    }
    serde_json::from_slice(text).map_err(|error| {
        let what = if error.is_syntax() || error.is_eof() { "not valid JSON" } else { "not an attribute" };
        wire::reject(text, format!("{what}: {error}"))
    })
}

fn own_marking(attribute: &Attribute, sense: &Sense, scope: &Scope) -> Marking {
    let level = attribute.distribution.as_deref();
    let group = attribute.sharing_group_id.as_deref();
    let mut marking = if scope.missing {
        distribution(level, &attribute.sharing_group, true)
    } else {
        inner_distribution(level, group, &attribute.sharing_group, scope.sharing_group_id.as_deref())
    };
    marking.restrict(&sense.marking);
    marking
}

fn own_sense(attribute: &Attribute) -> Sense {
    let mut sense = Sense::default();
    sense.read(&attribute.tags);
    sense.read(&attribute.attribute_tags);
    sense.read_galaxies(&attribute.galaxies);
    sense
}

/// Targets that an attribute names for its whole event. One that fewer may see than the event
/// speaks only for itself.
pub(crate) fn event_targets(text: &[u8], around: Option<&Around>) -> Vec<Hint> {
    let Ok(attribute) = parse(text) else { return Vec::new() };
    let mut marking = own_marking(&attribute, &own_sense(&attribute), &Scope::default());
    if let Some(around) = around {
        marking.restrict(&around.marking);
    }
    if marking == Marking::default() { targets(&attribute) } else { Vec::new() }
}

/// Targets that the value of an attribute names.
fn targets(attribute: &Attribute) -> Vec<Hint> {
    let (Some(kind), Some(value)) = (attribute.kind.as_deref(), attribute.value.as_deref()) else {
        return Vec::new();
    };
    let name = || Hint::TargetsName(value.trim().chars().take(200).collect::<String>().into());
    match kind {
        "target-location" => vec![country(value).map_or_else(name, Hint::TargetsCountry)],
        "target-org" | "target-external" => vec![name()],
        _ => Vec::new(),
    }
}

fn build(
    text: &[u8],
    attribute: Attribute,
    scope: &Scope,
    around: Option<&Around>,
    context: &Context<'_>,
) -> Result<(Decoded, Vec<Decoded>), Rejection> {
    let Some(kind) = attribute.kind.as_deref().map(str::trim).filter(|kind| !kind.is_empty()) else {
        return Err(wire::reject(text, "the attribute has no type"));
    };
    let Some(value) = attribute.value.as_deref().map(str::trim).filter(|value| !value.is_empty()) else {
        return Err(wire::reject(text, "the attribute has no value"));
    };
    let head = around.map(|around| &around.head);
    let sense = own_sense(&attribute);
    let mut marking = scope.marking.clone();
    if let Some(around) = around {
        marking.restrict(&around.marking);
    }
    marking.restrict(&own_marking(&attribute, &sense, scope));

    let mut read = read_value(kind, value).map_err(|reason| wire::reject(text, reason))?;
    let mut losses = std::mem::take(&mut read.losses);
    if attribute.left_out {
        losses.push(loss("data", "embedded files are not kept; the attribute's value and hashes are"));
    }
    if sense.dropped > 0 {
        losses.push(loss(
            "Tag",
            format!("{} tags are too many or too long to be kept as labels", sense.dropped),
        ));
    }

    let timestamp = time(attribute.timestamp.as_deref());
    // A changed event may mark its attributes otherwise without touching them: that is a version too.
    let version = timestamp.max(scope.version);
    let seen = |own: &Option<String>, object: Option<&Option<String>>| {
        time(own.as_deref()).or_else(|| object.and_then(|text| time(text.as_deref())))
    };
    let first_seen = seen(&attribute.first_seen, head.map(|head| &head.first_seen));
    let mut last_seen = seen(&attribute.last_seen, head.map(|head| &head.last_seen));
    let mut valid_until = None;
    let mut doubted = Vec::new();
    for sighting in items(&attribute.sightings) {
        let field = |name: &str| sighting.get(name).and_then(text_of);
        let date = time(field("date_sighting").as_deref());
        match field("type").as_deref() {
            Some("1") => doubted.push((key(field("uuid").as_deref()), date)),
            Some("2") => valid_until = valid_until.max(date),
            _ => last_seen = last_seen.max(date),
        }
    }

    let false_positive = sense.false_positive || scope.sense.false_positive;
    let stance = match flag(attribute.to_ids.as_deref()) {
        _ if false_positive => Stance::Benign,
        true if !is_target(kind) => Stance::Malicious,
        _ => Stance::Observed,
    };
    let category = sense
        .category
        .or(scope.sense.category)
        .unwrap_or_else(|| category(attribute.category.as_deref().unwrap_or_default(), &read.kinds()));
    let claim = |observable| Claim {
        observable,
        stance,
        category,
        confidence: sense.confidence.or(scope.sense.confidence),
        valid_from: first_seen.or(timestamp).or(scope.date),
        valid_until,
        last_seen,
    };
    let uuid = key(attribute.uuid.as_deref());
    let labels = labels(&attribute, kind, &sense, scope, head, &read);
    let mut hints = targets(&attribute);
    for hint in sense.hints.iter().chain(&scope.sense.hints) {
        if hints.len() < MOST_HINTS && !hints.contains(hint) {
            hints.push(hint.clone());
        }
    }
    let revoked =
        flag(attribute.deleted.as_deref()) || head.is_some_and(|head| flag(head.deleted.as_deref()));
    let description = description(&attribute, head, &read);

    let decoded = match &read.rule {
        Some((language, pattern)) => {
            let mut properties = Map::new();
            properties.insert("name".into(), format!("{language} rule").into());
            properties.insert("indicator_types".into(), json!(["malicious-activity"]));
            properties.insert("pattern".into(), pattern.as_str().into());
            properties.insert("pattern_type".into(), (*language).into());
            let from = first_seen.or(timestamp).or(scope.date).unwrap_or(context.now);
            properties.insert("valid_from".into(), from.to_string().into());
            if let Some(description) = description {
                properties.insert("description".into(), description.into());
            }
            let key = if uuid.is_empty() { pattern.as_str() } else { uuid.as_str() };
            let created = scope.date;
            let kind = "indicator";
            Part { kind, key, version, created, marking, revoked, labels, hints, losses, properties }
                .build(context)
        }
        None => Draft {
            key: &uuid,
            claims: read.observables.into_iter().map(claim).collect(),
            name: None,
            description,
            labels,
            references: if scope.uuid.is_empty() {
                Vec::new()
            } else {
                vec![("misp-event".to_owned(), scope.uuid.clone())]
            },
            marking,
            hints,
            losses,
            created: scope.date,
            version,
            revoked,
        }
        .build(context),
    };
    Ok(with_doubts(decoded, doubted, context))
}

/// Sightings of an object that say it is a false positive, as objects of their own.
fn with_doubts(
    mut decoded: Decoded,
    doubted: Vec<(String, Option<Timestamp>)>,
    context: &Context<'_>,
) -> (Decoded, Vec<Decoded>) {
    let mut sightings = Vec::new();
    if doubted.is_empty() {
        return (decoded, sightings);
    }
    if !matches!(decoded.id.kind(), "indicator" | "vulnerability") {
        // STIX 2.1, section 5.2: what is sighted is a domain object, not a cyber-observable.
        decoded.losses.push(loss("Sighting", "false-positive sightings of what is not held to be malicious"));
        return (decoded, sightings);
    }
    for (index, (uuid, date)) in doubted.into_iter().enumerate() {
        let key = if uuid.is_empty() { format!("{} {index}", decoded.id) } else { uuid };
        let mut properties = Map::new();
        properties.insert("sighting_of_ref".into(), decoded.id.to_string().into());
        if let Some(date) = date {
            properties.insert("first_seen".into(), date.to_string().into());
            properties.insert("last_seen".into(), date.to_string().into());
        }
        let mut sighting = Part {
            kind: "sighting",
            key: &key,
            version: date,
            marking: decoded.marking.clone(),
            labels: vec!["misp:sighting-type=\"false-positive\"".to_owned()],
            properties,
            ..Part::default()
        }
        .build(context);
        let (from, to) = (sighting.id.clone(), decoded.id.clone());
        sighting.links.push(Link { from, kind: LinkKind::FalsePositiveOf, to });
        sightings.push(sighting);
    }
    (decoded, sightings)
}

/// A value taken apart.
#[derive(Debug, Default)]
struct ReadValue {
    observables: Vec<Observable>,
    /// What stands beside the value: its name and text (`filename`, `port`).
    beside: Option<(&'static str, String)>,
    /// A detection rule: its language and text.
    rule: Option<(&'static str, String)>,
    /// The whole text, where the observable is only its beginning.
    whole: Option<String>,
    losses: Vec<Loss>,
}

impl ReadValue {
    fn kinds(&self) -> Vec<&Kind> {
        self.observables.iter().map(Observable::kind).collect()
    }
}

/// Takes the value of an attribute of type `name` apart.
fn read_value(name: &str, value: &str) -> Result<ReadValue, String> {
    let mut read = ReadValue::default();
    match shape(name) {
        Shape::One(kind) => one(&mut read, name, &kind, value)?,
        Shape::Both(left, right) => {
            let (first, second) = value.split_once('|').unwrap_or((value, ""));
            one(&mut read, name, &left, first)?;
            if second.trim().is_empty() {
                read.losses.push(loss(name, "the second part is missing"));
            } else if let Err(reason) = one(&mut read, name, &right, second) {
                read.losses.push(loss(name, reason));
            }
        }
        Shape::Described(kind, beside) => {
            let (main, rest) = if beside == "data" { value.split_once('|') } else { value.rsplit_once('|') }
                .unwrap_or((value, ""));
            one(&mut read, name, &kind, main)?;
            read.beside = (!rest.trim().is_empty()).then(|| (beside, rest.trim().to_owned()));
        }
        Shape::Describing(beside, kind) => {
            let (rest, main) = value.rsplit_once('|').unwrap_or(("", value));
            one(&mut read, name, &kind, main)?;
            read.beside = (!rest.trim().is_empty()).then(|| (beside, rest.trim().to_owned()));
        }
        Shape::Rule(language) => read.rule = Some((language, value.to_owned())),
    }
    Ok(read)
}

/// Reads one part of a value as `kind`.
fn one(read: &mut ReadValue, name: &str, kind: &Kind, text: &str) -> Result<(), String> {
    let text = text.trim();
    if let Kind::Other(_) = kind {
        let observable = match Observable::parse(kind, text) {
            Ok(observable) => observable,
            Err(_) => {
                read.whole = Some(text.to_owned());
                Observable::parse(kind, &beginning(text)).map_err(|error| told(name, &error))?
            }
        };
        read.observables.push(observable);
        return Ok(());
    }
    // `Display Name <address@example.org>`
    let bare = match (kind, text.rfind('<')) {
        (Kind::Email, Some(at)) => text.get(at..).unwrap_or(text),
        _ => text,
    };
    match Observable::parse(kind, bare) {
        Ok(observable) => read.observables.push(observable),
        Err(error) => {
            // A value under the wrong type, such as an address as `domain`, is still what it is.
            let network = matches!(kind, Kind::Domain | Kind::Ipv4 | Kind::Url);
            let guessed = if network { Observable::guess(text).ok() } else { None };
            let plainly = guessed.filter(|found| {
                matches!(found.kind(), Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Url)
            });
            let kept = || {
                if !kept_as_written(name) {
                    return None;
                }
                Observable::parse(&Kind::Other(name.to_lowercase().into()), &beginning(text)).ok()
            };
            match plainly.or_else(kept) {
                Some(observable) => read.observables.push(observable),
                None => return Err(told(name, &error)),
            }
        }
    }
    Ok(())
}

fn told(name: &str, error: &dyn std::fmt::Display) -> String {
    let name: String = name.chars().take(60).collect();
    format!("the value, given as {name}, {error}")
}

/// The beginning of a long text, on one line.
fn beginning(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let gap = usize::from(!line.is_empty());
        let room = LONGEST_VALUE.saturating_sub(line.len() + gap);
        if room == 0 {
            break;
        }
        if gap == 1 {
            line.push(' ');
        }
        let mut end = room.min(word.len());
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        line.push_str(word.get(..end).unwrap_or_default());
        if end < word.len() {
            break;
        }
    }
    line
}

fn labels(
    attribute: &Attribute,
    kind: &str,
    sense: &Sense,
    scope: &Scope,
    head: Option<&ObjectHead>,
    read: &ReadValue,
) -> Vec<String> {
    let mut labels = sense.labels.clone();
    for label in scope.sense.labels.iter().filter(|label| describes_attributes(label)) {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    let mut machine = |predicate: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| value.len() <= LONGEST_PART) {
            labels.push(format!("misp:{predicate}=\"{value}\""));
        }
    };
    machine("type", Some(kind));
    machine("category", attribute.category.as_deref());
    machine("object", head.and_then(|head| head.name.as_deref()));
    machine("object-relation", attribute.object_relation.as_deref());
    if let Some((name, value)) = &read.beside {
        machine(name, Some(value));
    }
    labels
}

fn description(attribute: &Attribute, head: Option<&ObjectHead>, read: &ReadValue) -> Option<String> {
    let beside = read.beside.as_ref().filter(|(_, value)| value.len() > LONGEST_PART);
    let parts = [
        read.whole.clone(),
        beside.map(|(name, value)| format!("{name}: {value}")),
        attribute.comment.clone(),
        head.and_then(|head| head.comment.clone()),
    ];
    let text =
        parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n\n");
    (!text.is_empty()).then_some(text)
}

/// What MISP's own category says of the kind of incident (misp-standard-core, section 2.4.2.4).
fn category(category: &str, kinds: &[&Kind]) -> Category {
    if kinds.iter().any(|kind| matches!(kind, Kind::Cve)) {
        return Category::VulnerableSystem;
    }
    let network = kinds.iter().any(|kind| {
        matches!(kind, Kind::Domain | Kind::Url | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Asn)
    });
    match category {
        "Network activity" if network => Category::C2Server,
        "Payload delivery" => Category::MalwareDistribution,
        "Payload installation" | "Artifacts dropped" | "Persistence mechanism" => Category::InfectedSystem,
        _ => Category::Other,
    }
}
