//! STIX 2.1: a large bundle of a hub that tells of campaigns, targets and sightings, and a TAXII 2.1
//! envelope.

use std::collections::HashMap;

use rempart_model::Tlp;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::values::{ALL, Kind, Maker, Value};
use super::words::{CAMPAIGNS, NATIONS, THREATS};
use super::{Made, file};

/// Indicators of the bundle.
const BUNDLE: usize = 30_000;
/// Indicators of the envelope.
const ENVELOPE: usize = 1_500;

/// An indicator (STIX 2.1, section 4.7).
#[derive(Serialize)]
struct Indicator<'a> {
    r#type: &'static str,
    spec_version: &'static str,
    id: &'a str,
    created_by_ref: &'a str,
    created: &'a str,
    modified: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    revoked: bool,
    name: &'a str,
    description: String,
    indicator_types: [&'static str; 1],
    pattern: String,
    pattern_type: &'static str,
    pattern_version: &'static str,
    valid_from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    confidence: u8,
    labels: [&'static str; 2],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    object_marking_refs: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    granular_markings: Vec<Granular>,
}

/// A granular marking (STIX 2.1, section 7.2.3).
#[derive(Serialize)]
struct Granular {
    marking_ref: &'static str,
    selectors: [&'static str; 1],
}

/// The objects of one file, one a line.
struct Objects<'m> {
    maker: &'m mut Maker,
    bytes: Vec<u8>,
    /// The identity that created them.
    creator: String,
    created: String,
    /// The markings that all of the last indicator's companions carry as well.
    marking: Vec<&'static str>,
}

impl<'m> Objects<'m> {
    fn new(maker: &'m mut Maker, head: &str) -> Self {
        let creator = format!("identity--{}", maker.random.uuid());
        let created = maker.day.plus_seconds(-100 * 86_400).to_string();
        Self { maker, bytes: head.as_bytes().to_vec(), creator, created, marking: Vec::new() }
    }

    fn push(&mut self, object: &impl Serialize) -> std::io::Result<()> {
        push(&mut self.bytes, object)
    }

    fn id(&mut self, kind: &str) -> String {
        format!("{kind}--{}", self.maker.random.uuid())
    }

    /// An object that is nobody's secret; gives its id.
    fn context(&mut self, kind: &str, mut properties: Json) -> std::io::Result<String> {
        let id = self.id(kind);
        if let Some(map) = properties.as_object_mut() {
            map.insert("type".into(), kind.into());
            map.insert("spec_version".into(), "2.1".into());
            map.insert("id".into(), id.as_str().into());
            map.insert("created_by_ref".into(), self.creator.as_str().into());
            map.insert("created".into(), self.created.as_str().into());
            map.insert("modified".into(), self.created.as_str().into());
            map.insert("labels".into(), json!(["synthetic"]));
            map.insert("object_marking_refs".into(), json!([tlp_id(Tlp::Green)]));
        }
        self.push(&properties)?;
        Ok(id)
    }

    fn head(&mut self, name: &str) -> std::io::Result<()> {
        for tlp in Tlp::ALL {
            self.push(&tlp_definition(tlp))?;
        }
        let (id, created) = (self.creator.clone(), self.created.clone());
        self.push(&json!({
            "type": "identity", "spec_version": "2.1", "id": id, "created": created, "modified": created,
            "name": name, "identity_class": "organization", "labels": ["synthetic"],
            "description": "Invented, as everything in this file.",
        }))
    }

    fn indicator(&mut self, value: &Value) -> std::io::Result<String> {
        let id = self.id("indicator");
        let random = &mut self.maker.random;
        self.marking = match random.below(100) {
            0..10 => vec![],
            10..35 => vec![tlp_id(Tlp::Clear)],
            35..65 => vec![tlp_id(Tlp::Green)],
            65..87 => vec![tlp_id(Tlp::Amber)],
            87..95 => vec![tlp_id(Tlp::AmberStrict)],
            _ => vec![tlp_id(Tlp::Red)],
        };
        let granular_markings = match random.below(100) {
            0 => vec![Granular { marking_ref: tlp_id(Tlp::Red), selectors: ["description"] }],
            1 => vec![Granular { marking_ref: tlp_id(Tlp::Amber), selectors: ["name"] }],
            _ => vec![],
        };
        let revoked = random.below(100) == 0;
        // Some have ended already, some will, some have no end.
        let until = random
            .chance(60)
            .then(|| value.last.plus_seconds(86_400 * i64::from(5 + random.below(175))).to_string());
        let created = value.first.to_string();
        let indicator = Indicator {
            r#type: "indicator",
            spec_version: "2.1",
            id: &id,
            created_by_ref: &self.creator,
            created: &created,
            modified: value.last.to_string(),
            revoked,
            name: &value.text,
            description: format!("Synthetic sample: {} of {}", value.threat.label, value.threat.malware),
            indicator_types: ["malicious-activity"],
            pattern: pattern(value),
            pattern_type: "stix",
            pattern_version: "2.1",
            valid_from: &created,
            valid_until: until,
            confidence: value.confidence,
            labels: ["synthetic", value.threat.label],
            object_marking_refs: self.marking.clone(),
            granular_markings,
        };
        push(&mut self.bytes, &indicator)?;
        Ok(id)
    }

    /// Whoever may not see the indicator may not see what is related to it.
    fn relationship(&mut self, from: &str, kind: &str, to: &str, when: &str) -> std::io::Result<()> {
        let id = self.id("relationship");
        let mut object = json!({
            "type": "relationship", "spec_version": "2.1", "id": id, "created_by_ref": self.creator,
            "created": when, "modified": when, "relationship_type": kind, "source_ref": from, "target_ref": to,
        });
        if let Some(map) = object.as_object_mut().filter(|_| !self.marking.is_empty()) {
            map.insert("object_marking_refs".into(), json!(self.marking));
        }
        self.push(&object)
    }

    fn sighting(&mut self, of: &str, value: &Value, at: &str) -> std::io::Result<()> {
        let id = self.id("sighting");
        let count = 1 + self.maker.random.below(40);
        let mut object = json!({
            "type": "sighting", "spec_version": "2.1", "id": id, "created_by_ref": self.creator,
            "created": value.last.to_string(), "modified": value.last.to_string(),
            "first_seen": value.first.to_string(), "last_seen": value.last.to_string(), "count": count,
            "sighting_of_ref": of, "where_sighted_refs": [at],
        });
        if let Some(map) = object.as_object_mut().filter(|_| !self.marking.is_empty()) {
            map.insert("object_marking_refs".into(), json!(self.marking));
        }
        self.push(&object)
    }
}

/// Appends an object to a list of them.
fn push(bytes: &mut Vec<u8>, object: &impl Serialize) -> std::io::Result<()> {
    if bytes.ends_with(b"}") {
        bytes.extend_from_slice(b",\n");
    }
    Ok(serde_json::to_writer(bytes, object)?)
}

/// The bundle of a hub.
pub(super) fn bundle(maker: &mut Maker) -> std::io::Result<Made> {
    let id = maker.random.uuid();
    let head = format!("{{\"type\":\"bundle\",\"id\":\"bundle--{id}\",\"objects\":[\n");
    let mut objects = Objects::new(maker, &head);
    objects.head("Sample hub (synthetic)")?;
    let context = context(&mut objects)?;
    for _ in 0..BUNDLE {
        let value = objects.maker.value(&ALL);
        let indicator = objects.indicator(&value)?;
        let when = value.last.to_string();
        match objects.maker.random.below(12) {
            0..3 => {
                let campaign = objects.maker.random.pick(&context.campaigns).clone();
                objects.relationship(&indicator, "indicates", &campaign, &when)?;
            }
            3 | 4 => {
                if let Some(malware) = context.malware.get(value.threat.malware) {
                    objects.relationship(&indicator, "indicates", malware, &when)?;
                }
            }
            5 if value.nation.is_some() => {
                let victim = objects.maker.random.pick(&context.victims).clone();
                objects.sighting(&indicator, &value, &victim)?;
            }
            _ => {}
        }
    }
    // A record that cannot be taken in costs that record: an indicator without a pattern.
    let id = objects.id("indicator");
    let created = objects.created.clone();
    objects.push(&json!({
        "type": "indicator", "spec_version": "2.1", "id": id, "created": created, "modified": created,
        "name": "Synthetic sample: broken on purpose", "pattern_type": "stix", "valid_from": created,
    }))?;
    objects.bytes.extend_from_slice(b"\n]}\n");
    Ok(Made { files: file(objects.bytes), indicators: BUNDLE, faults: 1 })
}

/// What the indicators of the bundle refer to.
struct Context {
    campaigns: Vec<String>,
    malware: HashMap<&'static str, String>,
    victims: Vec<String>,
}

fn context(objects: &mut Objects<'_>) -> std::io::Result<Context> {
    let mut places = HashMap::new();
    let mut victims = Vec::new();
    for nation in &NATIONS {
        let place = objects.context("location", json!({ "name": nation.name, "country": nation.code }))?;
        for (sector, kind) in [("energy", "Grid operator"), ("healthcare", "Hospital group")] {
            let name = format!("{kind} in {} (synthetic)", nation.code);
            let properties = json!({ "name": name, "identity_class": "organization", "sectors": [sector] });
            let victim = objects.context("identity", properties)?;
            objects.marking = vec![tlp_id(Tlp::Green)];
            let when = objects.created.clone();
            objects.relationship(&victim, "located-at", &place, &when)?;
            victims.push(victim);
        }
        places.insert(nation.code, place);
    }
    let mut malware = HashMap::new();
    for threat in &THREATS {
        let properties = json!({
            "name": threat.malware, "is_family": true, "malware_types": [threat.malware_type],
            "description": "An invented family of malware.",
        });
        malware.insert(threat.malware, objects.context("malware", properties)?);
    }
    let mut campaigns = Vec::new();
    for (name, targets) in CAMPAIGNS {
        let description = "An invented campaign.";
        let campaign = objects.context("campaign", json!({ "name": name, "description": description }))?;
        objects.marking = vec![tlp_id(Tlp::Green)];
        let when = objects.created.clone();
        for place in targets.iter().filter_map(|code| places.get(code)) {
            objects.relationship(&campaign, "targets", place, &when)?;
        }
        let family = objects.maker.random.pick(&THREATS).malware;
        if let Some(family) = malware.get(family) {
            objects.relationship(&campaign, "uses", family, &when)?;
        }
        campaigns.push(campaign);
    }
    Ok(Context { campaigns, malware, victims })
}

/// An envelope (TAXII 2.1, section 3.7), as a client saves a page of a collection.
pub(super) fn envelope(maker: &mut Maker) -> std::io::Result<Made> {
    let mut objects = Objects::new(maker, "{\"more\":false,\"objects\":[\n");
    objects.head("Sample TAXII peer (synthetic)")?;
    for _ in 0..ENVELOPE {
        let value = objects.maker.value(&ALL);
        objects.indicator(&value)?;
    }
    objects.bytes.extend_from_slice(b"\n]}\n");
    Ok(Made { files: file(objects.bytes), indicators: ENVELOPE, faults: 0 })
}

/// A pattern (STIX 2.1, section 9) that `value` matches.
pub(super) fn pattern(value: &Value) -> String {
    let path = match value.kind {
        Kind::Domain => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Ipv4 | Kind::Network => "ipv4-addr:value",
        Kind::Ipv6 => "ipv6-addr:value",
        Kind::Email => "email-addr:value",
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
    };
    format!("[{path} = '{}']", value.text)
}

fn tlp_id(tlp: Tlp) -> &'static str {
    rempart_formats::mint::tlp_marking_id(tlp)
}

/// The marking definition of TLP 2.0 that OASIS publishes for a label.
fn tlp_definition(tlp: Tlp) -> Json {
    json!({
        "type": "marking-definition", "spec_version": "2.1", "id": tlp_id(tlp),
        "created": "2022-10-01T00:00:00.000Z", "name": format!("TLP:{}", tlp.name().to_uppercase()),
        "extensions": { "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
            "extension_type": "property-extension", "tlp_2_0": tlp.name(),
        } },
    })
}
