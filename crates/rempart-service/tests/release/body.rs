//! Items as bytes: STIX 2.1 and 2.0, MISP, plain lists.

use rempart_model::Tlp;
use serde_json::{Map, Value, json};

use crate::script::{Item, Label, Meaning, Shape};

/// The ids of a TLP in the dialects that have one: TLP 2.0, TLP 1, OpenCTI's own.
fn tlp_ids(tlp: Tlp) -> &'static [&'static str] {
    match tlp {
        Tlp::Clear => &["94868c89-83c2-464b-929b-a1a8aa3c8487", "613f2e26-407d-48c7-9eca-b8e91df99dc9"],
        Tlp::Green => &["bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "34098fce-860f-48ae-8e50-ebd3cc5e41da"],
        Tlp::Amber => &["55d920b0-5e8b-4f79-9ee9-91f868d9b421", "f88d31f6-486f-44da-b317-01333bde0b82"],
        Tlp::AmberStrict => &["939a9414-2ddd-4d32-a0cd-375ea402b003", "826578e1-40ad-459f-bc73-ede076f81f37"],
        Tlp::Red => &["e828b379-4e03-4974-9ac4-e53a884c97c1", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],
    }
}

fn tlp_ref(tlp: Tlp, dialect: usize) -> String {
    let ids = tlp_ids(tlp);
    format!("marking-definition--{}", ids[dialect % ids.len()])
}

fn time(minutes: u32) -> String {
    format!("2026-02-{:02}T{:02}:{:02}:00.000Z", 1 + minutes / 1440, minutes / 60 % 24, minutes % 60)
}

fn mark(object: &mut Map<String, Value>, labels: &[Label]) {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    let part = |reference: String| json!({"marking_ref": reference, "selectors": ["created"]});
    for label in labels {
        match label {
            Label::Tlp(tlp, dialect) => whole.push(json!(tlp_ref(*tlp, *dialect))),
            Label::Custom(id) => whole.push(json!(id)),
            Label::Broken => whole.push(json!("identity--2f4b1b1c-6c1e-4a3e-9d59-3c8d2b3b7a11")),
            Label::Granular(tlp, dialect) => parts.push(part(tlp_ref(*tlp, *dialect))),
            Label::GranularCustom(id) => parts.push(part(id.clone())),
            Label::Language => parts.push(json!({"lang": "fr", "selectors": ["created"]})),
        }
    }
    if !whole.is_empty() {
        object.insert("object_marking_refs".into(), Value::Array(whole));
    }
    if !parts.is_empty() {
        object.insert("granular_markings".into(), Value::Array(parts));
    }
}

/// One STIX object.
pub(crate) fn stix(item: &Item) -> String {
    let token = item.token();
    let mut object = Map::new();
    let kind = item.id.split_once("--").map_or("", |(kind, _)| kind);
    object.insert("type".into(), json!(kind));
    if !item.spec_20 {
        object.insert("spec_version".into(), json!("2.1"));
    }
    object.insert("id".into(), json!(item.id));
    object.insert("created".into(), json!(time(0)));
    if kind != "marking-definition" {
        object.insert("modified".into(), json!(time(item.version)));
    }
    if item.revoked {
        object.insert("revoked".into(), json!(true));
    }
    let mut set = |more: Value| {
        if let Value::Object(more) = more {
            object.extend(more);
        }
    };
    match &item.shape {
        Shape::Indicator(shared) => {
            let values = std::iter::once(item.value()).chain(shared.iter().cloned());
            let pattern: Vec<String> = values.map(|value| format!("domain-name:value = '{value}'")).collect();
            let pattern = format!("[{}]", pattern.join(" OR "));
            set(json!({"name": token, "pattern": pattern, "valid_from": time(0)}));
            if item.spec_20 {
                set(json!({"labels": ["malicious-activity"]}));
            } else {
                set(json!({"pattern_type": "stix", "indicator_types": ["malicious-activity"]}));
            }
        }
        Shape::Malware => set(json!({"name": token, "is_family": true})),
        Shape::Location(country) => set(json!({"name": token, "country": country})),
        Shape::Relationship { kind, from, to } => set(json!({
            "relationship_type": kind, "source_ref": from, "target_ref": to, "description": token,
        })),
        Shape::Sighting { of } => set(json!({"sighting_of_ref": of, "description": token})),
        Shape::Definition(meaning) => {
            set(json!({"x_note": token}));
            match meaning {
                Meaning::Tlp(tlp, 0) => {
                    set(json!({"definition_type": "tlp", "definition": {"tlp": tlp.name()}}));
                }
                Meaning::Tlp(tlp, 1) => set(json!({"name": format!("TLP:{}", tlp.name().to_uppercase())})),
                Meaning::Tlp(tlp, _) => set(json!({"extensions": {
                    "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":
                        {"extension_type": "property-extension", "tlp_2_0": tlp.name()}}})),
                Meaning::Statement => set(json!({
                    "definition_type": "statement", "definition": {"statement": "Copyright"}})),
                Meaning::Pap => set(json!({"definition_type": "PAP", "definition": {"pap": "red"}})),
                Meaning::Strange => set(json!({"definition_type": "x-acme", "definition": {"eyes": 2}})),
            }
        }
        Shape::Attribute | Shape::Event | Shape::Line => {}
    }
    mark(&mut object, &item.labels);
    Value::Object(object).to_string()
}

/// A bundle, for the command import.
pub(crate) fn bundle(items: &[Item]) -> String {
    let version = if items.iter().any(|item| item.spec_20) { ",\"spec_version\":\"2.0\"" } else { "" };
    let objects: Vec<String> = items.iter().map(stix).collect();
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--3f1d5b0e-5a0c-4a53-9a55-0e5b8a0f6f6f\"{version},\"objects\":[{}]}}",
        objects.join(",")
    )
}

/// An envelope, for a contribution.
pub(crate) fn envelope(items: &[Item]) -> String {
    let objects: Vec<String> = items.iter().map(stix).collect();
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

/// A list, one value a line.
pub(crate) fn lines(items: &[Item]) -> String {
    items.iter().map(|item| item.value() + "\n").collect()
}

/// A MISP event with its attributes; the last item is the event itself, whose first group and first
/// labels apply to every attribute.
pub(crate) fn misp(items: &[Item]) -> String {
    let Some((event, attributes)) = items.split_last() else { return "[]".into() };
    let uuid = |item: &Item| item.id.split_once("--").map_or("", |(_, uuid)| uuid).to_owned();
    let tags = |labels: &[Label]| -> Vec<Value> {
        let name = |label: &Label| match label {
            Label::Tlp(tlp, _) => format!("tlp:{}", tlp.name()),
            _ => "tlp:lime".to_owned(),
        };
        labels.iter().map(|label| json!({"name": name(label)})).collect()
    };
    let group = |to: &mut Value, named: Option<&Vec<String>>, otherwise: &str| match named {
        None => to["distribution"] = json!(otherwise),
        Some(named) if named.is_empty() => to["distribution"] = json!("0"),
        Some(named) => {
            let members: Vec<Value> =
                named.iter().map(|name| json!({"Organisation": {"name": name, "uuid": ""}})).collect();
            to["distribution"] = json!("4");
            to["SharingGroup"] = json!({"name": "a secret circle", "SharingGroupOrg": members});
        }
    };
    let common = event.labels.len();
    let listed: Vec<Value> = attributes
        .iter()
        .map(|item| {
            let mut attribute = json!({
                "uuid": uuid(item), "type": "domain", "category": "Network activity", "value": item.value(),
                "to_ids": true, "timestamp": "1770000000", "Tag": tags(&item.labels[common..]),
            });
            group(&mut attribute, item.groups.get(event.groups.len()), "5");
            attribute
        })
        .collect();
    let mut whole = json!({
        "uuid": uuid(event), "info": event.token(), "date": "2026-02-01", "timestamp": "1770000000",
        "published": true, "Tag": tags(&event.labels), "Attribute": listed,
    });
    group(&mut whole, event.groups.first(), "3");
    json!({ "Event": whole }).to_string()
}
