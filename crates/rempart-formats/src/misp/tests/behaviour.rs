//! What each part of an event becomes.

use rempart_model::{Category, Hint, Kind, LinkKind, Stance, Tlp};
use serde_json::json;

use super::{attribute, body, event, take};

#[test]
fn each_type_becomes_the_kind_it_is() {
    let md5 = "0123456789abcdef0123456789abcdef";
    for (kind, value, expected) in [
        ("domain", "Evil.Example.", &[("domain", "evil.example")][..]),
        ("hostname", "c2.evil[.]example", &[("domain", "c2.evil.example")]),
        ("hostname", "WORKSTATION7", &[("hostname", "WORKSTATION7")]),
        ("ip-dst", "192.0.2.7", &[("ipv4", "192.0.2.7")]),
        ("ip-src", "2001:DB8::7", &[("ipv6", "2001:db8::7")]),
        ("ip-src", "192.0.2.0/24", &[("cidr", "192.0.2.0/24")]),
        ("domain", "192.0.2.7", &[("ipv4", "192.0.2.7")]),
        ("domain|ip", "evil.example|192.0.2.7", &[("domain", "evil.example"), ("ipv4", "192.0.2.7")]),
        ("ip-dst|port", "192.0.2.7|8080", &[("ipv4", "192.0.2.7")]),
        ("hostname|port", "evil.example|443", &[("domain", "evil.example")]),
        ("filename|md5", "a|b.exe|0123456789ABCDEF0123456789abcdef", &[("md5", md5)]),
        ("malware-sample", "b.exe|0123456789abcdef0123456789abcdef", &[("md5", md5)]),
        ("filename", "b.exe", &[("file-name", "b.exe")]),
        ("regkey|value", "HKLM\\Run\\x|C:\\x|y", &[("windows-registry-key", "HKLM\\Run\\x")]),
        ("email-src", "Bad Actor <bad@evil.example>", &[("email", "bad@evil.example")]),
        ("AS", "AS64496", &[("asn", "AS64496")]),
        ("vulnerability", "cve-2024-12345", &[("cve", "CVE-2024-12345")]),
        ("vulnerability", "GHSA-xxxx", &[("vulnerability", "GHSA-xxxx")]),
        ("url", "hxxp://evil[.]example/x", &[("url", "http://evil.example/x")]),
        ("btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", &[("btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")]),
        ("comment", "first line\r\nsecond", &[("comment", "first line second")]),
        ("brand-new-type", "x", &[("brand-new-type", "x")]),
    ] {
        let kept = take(event(&json!([attribute(kind, value)]), &json!({})).to_string());
        assert_eq!(kept.reasons(), [""; 0], "{kind} {value}");
        let found: Vec<_> = kept
            .claims()
            .iter()
            .map(|claim| (claim.observable.kind().name(), claim.observable.value()))
            .collect();
        assert_eq!(found, expected, "{kind} {value}");
        assert_eq!(kept.decoded.len(), 2, "the attribute and the event");
    }
}

#[test]
fn what_is_not_of_its_type_is_rejected_with_the_reason() {
    for (kind, value, reason) in [
        ("md5", "1234", "given as md5"),
        ("ip-dst", "nowhere", "given as ip-dst"),
        ("domain", "", "no value"),
        ("", "x", "no type"),
    ] {
        let kept = take(event(&json!([attribute(kind, value)]), &json!({})).to_string());
        assert_eq!(kept.rejected.len(), 1, "{kind} {value}");
        assert!(kept.reasons()[0].contains(reason), "{}", kept.reasons()[0]);
        assert_eq!(body(&kept.decoded[0].1)["type"], "incident", "nothing is left for a report to name");
    }
}

#[test]
fn an_attribute_says_what_it_says() {
    let attribute = json!({"uuid": "ABCDEF00-0000-4000-8000-000000000001", "type": "ip-dst|port",
        "category": "Network activity", "value": "192.0.2.7|8443", "to_ids": "1", "timestamp": 1772366400,
        "comment": "C2", "first_seen": "2026-02-01T00:00:00.000000+00:00", "last_seen": null,
        "deleted": false, "Tag": [{"name": "osint:certainty=\"80\""}, {"name": "country:fr"}],
        "Sighting": [{"type": "0", "date_sighting": "1772452800"}, {"type": "2", "date_sighting": "1775000000"}]});
    let tags = json!({"Tag": [{"name": "tlp:green"}, {"name": "misp-galaxy:tool=\"Cobalt Strike\""},
        {"name": "type:OSINT"}]});
    let kept = take(event(&json!([attribute]), &tags).to_string());
    let object = &kept.decoded[0].1;
    let claim = &object.claims[0];
    assert_eq!(claim.stance, Stance::Malicious);
    assert_eq!(claim.category, Category::C2Server);
    assert_eq!(claim.confidence, Some(80));
    assert_eq!(claim.valid_from.unwrap().to_string(), "2026-02-01T00:00:00.000Z");
    assert_eq!(claim.last_seen.unwrap().to_string(), "2026-03-02T12:00:00.000Z");
    assert_eq!(claim.valid_until.unwrap().micros(), 1_775_000_000_000_000);
    assert_eq!(object.version.to_string(), "2026-03-03T12:00:00.000Z", "the event was changed after it");
    assert_eq!(object.marking.tlp, Some(Tlp::Green));
    let targets: Vec<String> = object.hints.iter().map(|hint| format!("{hint:?}")).collect();
    assert!(
        matches!(&object.hints[..], [Hint::TargetsCountry(country)] if country.as_str() == "FR"),
        "{targets:?}"
    );
    let body = body(object);
    assert_eq!(body["type"], "indicator");
    assert_eq!(body["pattern"], "[ipv4-addr:value = '192.0.2.7']");
    assert_eq!(body["description"], "C2");
    assert_eq!(body["external_references"][0]["external_id"], "5a8e935e-5484-488c-852c-776f7c7cf985");
    let labels = body["labels"].as_array().unwrap();
    for label in ["misp-galaxy:tool=\"Cobalt Strike\"", "misp:type=\"ip-dst|port\"", "misp:port=\"8443\""] {
        assert!(labels.contains(&label.into()), "{label} in {labels:?}");
    }
    assert!(!labels.contains(&"type:OSINT".into()), "describes the event");
}

#[test]
fn the_event_names_its_attributes_and_keeps_what_is_said_of_it() {
    let attributes = json!([attribute("domain", "a.example"), attribute("domain", "bb.example")]);
    let more = json!({"Tag": [{"name": "type:OSINT"}], "threat_level_id": "1", "analysis": 2,
        "ShadowAttribute": [{"value": "x"}], "extends_uuid": "", "NewMember": {"a": 1}, "RelatedEvent": [{"Event": {"info": "y"}}]});
    let kept = take(event(&attributes, &more).to_string());
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (3, 0));
    let report = &kept.decoded[2].1;
    let body = body(report);
    assert_eq!(body["type"], "report");
    assert_eq!(body["name"], "Campaign");
    assert_eq!(body["published"], "2026-03-03T12:01:40.000Z");
    assert_eq!(body["created"], "2026-03-01T00:00:00.000Z");
    let named: Vec<String> = kept.decoded[..2].iter().map(|(_, object)| object.id.to_string()).collect();
    assert_eq!(body["object_refs"], json!(named));
    assert_eq!(
        body["labels"],
        json!(["type:OSINT", "misp:threat-level=\"high-risk\"", "misp:analysis=\"completed\""])
    );
    assert!(report.links.iter().all(|link| link.kind == LinkKind::Indicates && link.from == report.id));
    assert_eq!(report.links.len(), 2);
    let lost: Vec<&str> = report.losses.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["ShadowAttribute", "NewMember"]);

    let draft = take(event(&attributes, &json!({"published": false})).to_string());
    assert_eq!(self::body(&draft.decoded[2].1)["type"], "grouping");
}

#[test]
fn tags_and_distribution_hold_wherever_they_stand_and_the_strictest_counts() {
    let plain = attribute("domain", "a.example");
    let mut red = attribute("domain", "bb.example");
    red["Tag"] = json!([{"name": "TLP:RED"}]);
    let mut own = attribute("domain", "ccc.example");
    own["distribution"] = "0".into();
    let group = json!({"SharingGroupOrg": [{"Organisation": {"name": "CERT-A"}}, {"Organisation": {"name": "CERT-B"}}]});
    let mut few = attribute("domain", "dddd.example");
    few["distribution"] = 4.into();
    few["SharingGroup"] = json!({"SharingGroupOrg": [{"Organisation": {"name": "CERT-B"}}]});
    let attributes = json!([plain, red, own, few]);
    // Keys in both orders: before and after the attributes.
    let before = format!(
        r#"{{"Event":{{"info":"x","distribution":"4","SharingGroup":{group},"Tag":[{{"name":"tlp:amber"}}],"Attribute":{attributes}}}}}"#
    );
    let after = format!(
        r#"{{"Event":{{"info":"x","Attribute":{attributes},"\u0054ag":[{{"name":"tlp:amber"}}],"SharingGroup":{group},"distribution":"4"}}}}"#
    );
    for text in [before, after] {
        let kept = take(text);
        let markings: Vec<_> = kept.decoded.iter().map(|(_, object)| &object.marking).collect();
        let names =
            |names: &[&str]| Some(names.iter().map(|name| Box::from(*name)).collect::<Vec<Box<str>>>());
        assert_eq!(
            (markings[0].tlp, &markings[0].recipients),
            (Some(Tlp::Amber), &names(&["CERT-A", "CERT-B"]))
        );
        assert_eq!(markings[1].tlp, Some(Tlp::Red));
        assert_eq!(markings[2].recipients, Some(Vec::new()));
        assert_eq!(markings[3].recipients, names(&["CERT-B"]));
        assert_eq!(markings[4], markings[0], "the event itself");
        let event = &kept.decoded[4].1;
        assert_eq!(event.links.len(), 1, "ids of what fewer may see are not in the event's object");
        assert_eq!(event.links[0].to, kept.decoded[0].1.id);
    }
}

#[test]
fn objects_lend_their_attributes_what_is_said_of_them() {
    let object = json!({"name": "file", "meta-category": "file", "comment": "dropper", "distribution": "0",
        "Attribute": [
            {"type": "md5", "object_relation": "md5", "value": "0123456789abcdef0123456789abcdef", "to_ids": true,
             "data": "QUJD", "category": "Payload delivery"},
            {"type": "size-in-bytes", "object_relation": "size-in-bytes", "value": 1234, "to_ids": false}],
        "deleted": true, "ObjectReference": [{"referenced_uuid": "x"}], "first_seen": "2026-01-01T00:00:00Z"});
    let text = event(&json!([attribute("domain", "a.example")]), &json!({"Object": [object]})).to_string();
    let kept = take(&text);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (4, 0));
    let (at, hash) = &kept.decoded[1];
    assert_eq!(hash.marking.recipients, Some(Vec::new()));
    assert!(hash.revoked);
    assert_eq!(hash.claims[0].category, Category::MalwareDistribution);
    assert_eq!(hash.claims[0].valid_from.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
    assert_eq!(hash.losses.len(), 1, "the embedded file");
    assert!(text[usize::try_from(at.offset).unwrap()..].starts_with("{\"category\":\"Payload delivery\""));
    let size = &kept.decoded[2].1;
    assert_eq!(size.claims[0].stance, Stance::Observed);
    assert_eq!(size.claims[0].observable.kind(), &Kind::Other("size-in-bytes".into()));
    assert!(!kept.decoded[0].1.revoked);
    assert_eq!(body(size)["description"], "dropper");
}

#[test]
fn what_is_said_of_a_mere_observation_is_kept() {
    let mut seen = attribute("ip-src", "192.0.2.9");
    seen["to_ids"] = false.into();
    seen["comment"] = "VPN exit".into();
    let object = body(&take(event(&json!([seen]), &json!({})).to_string()).decoded[0].1);
    assert_eq!(object["type"], "ipv4-addr");
    assert_eq!(object["x_rempart_description"], "VPN exit");
    assert!(object["x_rempart_labels"].as_array().unwrap().contains(&"misp:type=\"ip-src\"".into()));
    assert_eq!(object["x_rempart_references"][0]["source_name"], "misp-event");
}

#[test]
fn targets_bear_on_the_whole_event_unless_fewer_may_see_them() {
    let mut org = attribute("target-org", "Ministry of Examples");
    org["Tag"] = json!([{"name": "tlp:red"}]);
    let attributes = json!([attribute("domain", "a.example"), attribute("target-location", "France"), org]);
    let kept = take(event(&attributes, &json!({})).to_string());
    for (index, expected) in [(0, 1), (1, 1), (2, 2), (3, 1)] {
        let object = &kept.decoded[index].1;
        assert_eq!(object.hints.len(), expected, "{index}: {:?}", object.hints);
        assert!(
            object.hints.iter().any(|hint| matches!(hint, Hint::TargetsCountry(c) if c.as_str() == "FR"))
        );
    }
    assert_eq!(kept.decoded[1].1.claims[0].stance, Stance::Observed, "a target is no indicator");
}

#[test]
fn rules_reports_and_doubts_are_objects_of_their_own() {
    let mut doubted = attribute("domain", "a.example");
    doubted["Sighting"] =
        json!([{"type": "1", "uuid": "11111111-0000-4000-8000-000000000001", "date_sighting": "1772452800"}]);
    let more = json!({"EventReport": [{"uuid": "22222222-0000-4000-8000-000000000001", "name": "Report", "content": "# Text"}]});
    let kept =
        take(event(&json!([doubted, attribute("yara", "rule x {\n condition: true }")]), &more).to_string());
    let kinds: Vec<&str> = kept.decoded.iter().map(|(_, object)| object.id.kind()).collect();
    assert_eq!(kinds, ["indicator", "sighting", "indicator", "note", "report"]);
    let (indicator, sighting) = (&kept.decoded[0].1, &kept.decoded[1].1);
    assert_eq!(sighting.links[0].kind, LinkKind::FalsePositiveOf);
    assert_eq!(sighting.links[0].to, indicator.id);
    let rule = body(&kept.decoded[2].1);
    assert_eq!(
        (&rule["pattern_type"], &rule["pattern"]),
        (&"yara".into(), &"rule x {\n condition: true }".into())
    );
    let note = body(&kept.decoded[3].1);
    assert_eq!(note["object_refs"], json!([kept.decoded[4].1.id.to_string()]));
}

#[test]
fn an_attribute_is_known_again_by_its_uuid_and_told_apart_by_its_version() {
    let first = take(event(&json!([attribute("domain", "a.example")]), &json!({})).to_string());
    let again = take(event(&json!([attribute("domain", "a.example")]), &json!({})).to_string());
    assert_eq!(first.decoded, again.decoded);
    let mut changed = attribute("domain", "a.example");
    changed["comment"] = "seen again".into();
    changed["timestamp"] = "1790000000".into();
    let changed = take(event(&json!([changed]), &json!({})).to_string());
    let (old, new) = (&first.decoded[0].1, &changed.decoded[0].1);
    assert_eq!(old.id, new.id);
    assert!(new.version > old.version);
    assert_ne!(old.origin, new.origin);
}

#[test]
fn the_fixtures_hold_every_part_of_an_event() {
    let kept = take(include_str!("../../../fixtures/misp/event.json"));
    let kinds: Vec<&str> = kept.decoded.iter().map(|(_, object)| object.id.kind()).collect();
    assert_eq!(kinds, ["indicator", "sighting", "x-rempart-observable", "indicator", "note", "report"]);
    assert_eq!(kept.rejected.len(), 1);
    assert!(kept.decoded.iter().all(|(_, object)| object.marking.tlp == Some(Tlp::Amber)));
    assert!(kept.decoded.iter().all(|(_, object)| object.marking.recipients.is_some()));
    assert_eq!(kept.decoded[3].1.marking.recipients, Some(Vec::new()));

    let kept = take(include_str!("../../../fixtures/misp/attributes.json"));
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (1, 0));
}
