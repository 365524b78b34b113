//! STIX 2.0: a bundle as older platforms still send it.

use serde_json::{Value as Json, json};

use super::stix::pattern;
use super::values::{ALL, Kind, Maker};
use super::{Made, file};

/// Indicators of the bundle.
const INDICATORS: usize = 2_000;
/// Observed-data objects beside them.
const OBSERVED: usize = 40;

/// The TLP definitions of STIX 2.0, section 4.1.4; the standard fixes their ids.
const TLP: [(&str, &str); 4] = [
    ("white", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"),
    ("green", "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"),
    ("amber", "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"),
    ("red", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
];

/// The bundle.
pub(super) fn bundle(maker: &mut Maker) -> std::io::Result<Made> {
    let mut objects: Vec<Json> = TLP.iter().map(|(label, id)| definition(label, id)).collect();
    let creator = format!("identity--{}", maker.random.uuid());
    let start = maker.day.plus_seconds(-100 * 86_400).to_string();
    objects.push(json!({
        "type": "identity", "id": creator, "created": start, "modified": start,
        "name": "Sample archive (synthetic)", "identity_class": "organization",
    }));
    for _ in 0..INDICATORS {
        let value = maker.value(&ALL);
        let (_, marking) = *maker.random.pick(&TLP);
        let (first, last) = (value.first.to_string(), value.last.to_string());
        objects.push(json!({
            "type": "indicator", "id": format!("indicator--{}", maker.random.uuid()),
            "created_by_ref": creator, "created": first, "modified": last,
            "labels": ["malicious-activity", "synthetic", value.threat.label],
            "name": value.text, "description": "Synthetic sample", "pattern": pattern(&value),
            "valid_from": first, "object_marking_refs": [marking],
        }));
    }
    for _ in 0..OBSERVED {
        let value = maker.value(&[Kind::Ipv4]);
        let (first, last) = (value.first.to_string(), value.last.to_string());
        objects.push(json!({
            "type": "observed-data", "id": format!("observed-data--{}", maker.random.uuid()),
            "created_by_ref": creator, "created": last, "modified": last,
            "first_observed": first, "last_observed": last, "number_observed": 1,
            "objects": { "0": { "type": "ipv4-addr", "value": value.text } },
            "object_marking_refs": [TLP[1].1],
        }));
    }
    let id = format!("bundle--{}", maker.random.uuid());
    let bundle = json!({ "type": "bundle", "id": id, "spec_version": "2.0", "objects": objects });
    Ok(Made { files: file(serde_json::to_vec_pretty(&bundle)?), indicators: INDICATORS, faults: 0 })
}

fn definition(label: &str, id: &str) -> Json {
    json!({
        "type": "marking-definition", "id": id, "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp", "definition": { "tlp": label },
    })
}
