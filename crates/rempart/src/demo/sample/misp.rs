//! A MISP feed: `manifest.json`, `hashes.csv` and a file for each event
//! (<https://www.misp-standard.org/rfc/misp-standard-core.html>).

use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};

use super::Made;
use super::md5;
use super::values::{ALL, Kind, Maker, Value};
use super::words::CAMPAIGNS;

/// Events of the feed.
const EVENTS: usize = 20;
/// Attributes of an event.
const ATTRIBUTES: usize = 110;

/// Tags of TLP, in turn; the last events go to a sharing group.
const TLP: [&str; 5] = ["tlp:clear", "tlp:green", "tlp:amber", "tlp:amber+strict", "tlp:red"];

/// The feed.
pub(super) fn feed(maker: &mut Maker) -> std::io::Result<Made> {
    let creator = json!({ "name": "SAMPLE-CERT", "uuid": maker.random.uuid() });
    let group = json!({
        "id": "7", "name": "Sample bilateral group (synthetic)", "uuid": maker.random.uuid(),
        "SharingGroupOrg": [
            { "id": "1", "Organisation": { "id": "11", "name": "csirt-fr", "uuid": maker.random.uuid() } },
            { "id": "2", "Organisation": { "id": "12", "name": "csirt-de", "uuid": maker.random.uuid() } },
        ],
    });
    let mut files = Vec::new();
    let mut manifest = Map::new();
    let mut hashes = String::new();
    let mut indicators = 0;
    for number in 0..EVENTS {
        let tlp = TLP[number % TLP.len()];
        // What is meant for few is sent to a group that names them.
        let shared = tlp == "tlp:amber+strict" || tlp == "tlp:red";
        let (campaign, targets) = CAMPAIGNS[number % CAMPAIGNS.len()];
        let uuid = maker.random.uuid();
        let values = maker.values(ATTRIBUTES, &ALL);
        indicators += values.len();
        for value in &values {
            hashes.push_str(&format!("{},{uuid}\n", md5::hex(value.text.as_bytes())));
        }
        let mut latest = maker.day.plus_seconds(-90 * 86_400);
        let attributes: Vec<Json> = values
            .iter()
            .map(|value| {
                latest = latest.max(value.last);
                attribute(value, maker)
            })
            .collect();
        let mut tags = vec![json!({ "name": tlp, "colour": "#808080" })];
        let mut tag = |name: String| tags.push(json!({ "name": name, "colour": "#0088cc" }));
        tag("synthetic".into());
        tag("admiralty-scale:information-credibility=\"2\"".into());
        for code in targets {
            if let Some(nation) = super::words::NATIONS.iter().find(|nation| nation.code == *code) {
                tag(format!("misp-galaxy:target-information=\"{}\"", nation.name));
            }
        }
        let mut date = latest.to_string();
        date.truncate(10);
        let timestamp = seconds(latest);
        let info = format!("Synthetic sample {}: {campaign}", number + 1);
        let mut event = json!({
            "uuid": uuid, "info": info, "date": date, "analysis": "2", "threat_level_id": "2",
            "timestamp": timestamp, "publish_timestamp": timestamp, "published": true,
            "distribution": if shared { "4" } else { "3" }, "Orgc": creator, "Tag": tags,
            "Attribute": attributes, "Object": [],
        });
        if let Some(map) = event.as_object_mut().filter(|_| shared) {
            map.insert("sharing_group_id".into(), "7".into());
            map.insert("SharingGroup".into(), group.clone());
        }
        let announced = json!({
            "Orgc": creator, "Tag": event["Tag"], "info": info, "date": date, "analysis": "2",
            "threat_level_id": "2", "timestamp": timestamp,
        });
        manifest.insert(uuid.clone(), announced);
        let bytes = serde_json::to_vec_pretty(&json!({ "Event": event }))?;
        files.push((PathBuf::from(format!("{uuid}.json")), bytes));
    }
    files.push((PathBuf::from("manifest.json"), serde_json::to_vec_pretty(&manifest)?));
    files.push((PathBuf::from("hashes.csv"), hashes.into_bytes()));
    Ok(Made { files, indicators, faults: 0 })
}

fn attribute(value: &Value, maker: &mut Maker) -> Json {
    let (category, kind) = match value.kind {
        Kind::Domain => ("Network activity", "domain"),
        Kind::Url => ("Network activity", "url"),
        Kind::Ipv4 | Kind::Ipv6 | Kind::Network => ("Network activity", "ip-dst"),
        Kind::Email => ("Payload delivery", "email-src"),
        Kind::Md5 => ("Payload delivery", "md5"),
        Kind::Sha1 => ("Payload delivery", "sha1"),
        Kind::Sha256 => ("Payload delivery", "sha256"),
    };
    json!({
        "uuid": maker.random.uuid(), "type": kind, "category": category, "to_ids": true,
        "value": value.text, "timestamp": seconds(value.last), "distribution": "5", "deleted": false,
        "comment": format!("Synthetic: {} of {}", value.threat.label, value.threat.malware),
        "first_seen": value.first.to_string(), "last_seen": value.last.to_string(),
    })
}

fn seconds(time: rempart_model::Timestamp) -> String {
    (time.micros() / 1_000_000).to_string()
}
