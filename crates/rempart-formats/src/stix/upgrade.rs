//! STIX 2.0 as STIX 2.1 (STIX 2.1, appendix C, lists the differences).

use rempart_model::{Loss, Marking, StixId, Tlp};

use super::object::{Object, loss};
use crate::Context;
use crate::json::Members;
use crate::json::members::texts;
use crate::json::write::{push_member, push_raw, push_strings};

/// Under this name the objects of STIX 2.0 observed data are kept.
pub(super) const EMBEDDED: &str = "x_rempart_objects";

/// Where the vocabulary of a type stood in `labels`, and under which name it stands now. Labels
/// that are no words of the vocabulary remain labels alone.
struct Moved {
    kind: &'static str,
    to: &'static str,
    words: &'static [&'static str],
}

const MOVED: [Moved; 6] = [
    Moved {
        kind: "indicator",
        to: "indicator_types",
        words: &[
            "anomalous-activity",
            "anonymization",
            "benign",
            "compromised",
            "malicious-activity",
            "attribution",
        ],
    },
    Moved {
        kind: "malware",
        to: "malware_types",
        words: &[
            "adware",
            "backdoor",
            "bot",
            "ddos",
            "dropper",
            "exploit-kit",
            "keylogger",
            "ransomware",
            "remote-access-trojan",
            "resource-exploitation",
            "rogue-security-software",
            "rootkit",
            "screen-capture",
            "spyware",
            "trojan",
            "virus",
            "worm",
        ],
    },
    Moved {
        kind: "report",
        to: "report_types",
        words: &[
            "threat-report",
            "attack-pattern",
            "campaign",
            "identity",
            "indicator",
            "intrusion-set",
            "malware",
            "observed-data",
            "threat-actor",
            "tool",
            "vulnerability",
        ],
    },
    Moved {
        kind: "threat-actor",
        to: "threat_actor_types",
        words: &[
            "activist",
            "competitor",
            "crime-syndicate",
            "criminal",
            "hacker",
            "insider-accidental",
            "insider-disgruntled",
            "nation-state",
            "sensationalist",
            "spy",
            "terrorist",
        ],
    },
    Moved {
        kind: "tool",
        to: "tool_types",
        words: &[
            "denial-of-service",
            "exploitation",
            "information-gathering",
            "network-capture",
            "credential-exploitation",
            "remote-access",
            "vulnerability-scanning",
        ],
    },
    // Of an identity, the labels were the roles that it plays; they had no vocabulary.
    Moved { kind: "identity", to: "roles", words: &[] },
];

/// The marking definitions of TLP 1, whose names are part of them since STIX 2.1 (section 7.2.1.4).
const TLP_1: [(&str, &str); 4] = [
    ("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:WHITE"),
    ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN"),
    ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER"),
    ("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED"),
];

/// The STIX 2.1 form of an object of STIX 2.0. Properties that mean the same stay as they came.
pub(super) fn upgrade(
    object: &Object<'_>,
    marking: &Marking,
    context: &Context<'_>,
    losses: &mut Vec<Loss>,
) -> String {
    let mut json = String::with_capacity(1024);
    json.push('{');
    push_member(&mut json, "type", &object.kind);
    push_member(&mut json, "spec_version", "2.1");
    for (name, value) in object.members.iter() {
        match name {
            "type" | "spec_version" => {}
            "objects" if object.kind == "observed-data" => {}
            _ => push_raw(&mut json, name, value),
        }
    }
    let missing = |name: &str| object.members.get(name).is_none();
    if let Some(moved) = MOVED.iter().find(|moved| moved.kind == object.kind && missing(moved.to)) {
        let labels: Vec<_> = object.members.get("labels").map(texts).into_iter().flatten().collect();
        let known = |label: &&str| moved.words.is_empty() || moved.words.contains(label);
        let mut types = labels.iter().map(AsRef::as_ref).filter(known).peekable();
        if types.peek().is_some() {
            push_strings(&mut json, moved.to, types);
        }
    }
    match &*object.kind {
        "indicator" if missing("pattern_type") => push_member(&mut json, "pattern_type", "stix"),
        "malware" if missing("is_family") => {
            push_raw(&mut json, "is_family", "true");
            losses
                .push(loss("is_family", "STIX 2.0 does not tell families from samples; written as a family"));
        }
        "observed-data" if missing("object_refs") => {
            observed_data(object, marking, context, &mut json, losses);
        }
        "marking-definition" if missing("name") => {
            let id = object.id.to_string();
            if let Some((_, name)) = TLP_1.iter().find(|(known, _)| *known == id) {
                push_member(&mut json, "name", name);
            }
        }
        _ => {}
    }
    if object.members.get("modified").is_none()
        && object.kind != "marking-definition"
        && let Some(created) = object.members.get("created")
    {
        push_raw(&mut json, "modified", created);
    }
    json.push('}');
    json
}

/// STIX 2.1 refers to what was observed by id. The observed objects are no records of their own, so
/// they stay inside, and the ids are made from what they are.
fn observed_data(
    object: &Object<'_>,
    marking: &Marking,
    context: &Context<'_>,
    json: &mut String,
    losses: &mut Vec<Loss>,
) {
    let Some(inside) = object.members.get("objects") else { return };
    let restricted = marking.tlp.unwrap_or(context.unmarked) > Tlp::Green
        || marking.unknown
        || !marking.unresolved.is_empty()
        || marking.recipients.is_some();
    let embedded = Members::parse(inside, usize::MAX).unwrap_or_default();
    let ids: Vec<String> = embedded
        .iter()
        .filter_map(|(key, value)| {
            let kind = Members::parse(value, usize::MAX).ok()?.text("type")?.into_owned();
            // The key keeps two like objects apart; the id must be one that can be read again.
            let id =
                context.minter.id(&kind, &[context.source, &object.id.to_string(), key, value], restricted);
            StixId::parse(&id.to_string()).ok().map(|id| id.to_string())
        })
        .collect();
    if !ids.is_empty() {
        push_strings(json, "object_refs", ids.iter().map(String::as_str));
    }
    push_raw(json, EMBEDDED, inside);
    losses.push(loss(
        "objects",
        "STIX 2.1 refers to observed objects by id; they are kept in x_rempart_objects and are no objects of their own",
    ));
}
