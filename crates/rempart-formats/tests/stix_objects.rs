//! STIX objects: what is taken from them, what is refused and why, and how 2.0 becomes 2.1.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::ops::ControlFlow;

use proptest::prelude::*;
use rempart_formats::stix::{Definitions, decode_object, read};
use rempart_formats::{Context, Limits, Minter, Sink};
use rempart_model::{
    Category, Decoded, Hint, Link, LinkKind, Marking, Pap, Position, Rejection, Stance, StixId, Timestamp,
    Tlp,
};

#[derive(Default)]
struct Seen(Vec<Result<Decoded, Rejection>>);

impl Sink for Seen {
    fn decoded(&mut self, _: Position, record: Decoded) -> ControlFlow<()> {
        self.0.push(Ok(record));
        ControlFlow::Continue(())
    }
    fn rejected(&mut self, _: Position, why: Rejection) -> ControlFlow<()> {
        self.0.push(Err(why));
        ControlFlow::Continue(())
    }
}

fn with_context<T>(f: impl FnOnce(&Context<'_>) -> T) -> T {
    let minter = Minter::new(&[7; 32]);
    f(&Context {
        now: Timestamp::parse("2026-06-01T00:00:00Z").unwrap(),
        source: "test",
        minter: &minter,
        unmarked: Tlp::Amber,
        limits: Limits::default(),
    })
}

fn decode(json: &str) -> Result<Decoded, Rejection> {
    with_context(|context| decode_object(json.as_bytes(), context, &mut Definitions::default(), None))
}

fn read_all(bytes: &[u8]) -> Vec<Result<Decoded, Rejection>> {
    let mut seen = Seen::default();
    with_context(|context| read(&mut &bytes[..], context, &mut seen)).unwrap();
    seen.0
}

fn id(text: &str) -> StixId {
    StixId::parse(text).unwrap()
}

fn values(object: &Decoded) -> Vec<&str> {
    object.claims.iter().map(|claim| claim.observable.value()).collect()
}

const BUNDLE_21: &str = include_str!("../fixtures/stix/bundle-21.json");
const BUNDLE_20: &str = include_str!("../fixtures/stix/bundle-20.json");

#[test]
fn a_bundle_of_2_1_is_kept_as_it_came() {
    let objects: Vec<Decoded> = read_all(BUNDLE_21.as_bytes()).into_iter().map(Result::unwrap).collect();
    assert_eq!(objects.len(), 9);
    for object in &objects {
        let body = std::str::from_utf8(&object.body).unwrap();
        assert!(BUNDLE_21.contains(body) && body.starts_with('{') && body.ends_with('}'));
        assert_eq!(object.original_v20, None);
        assert!(object.losses.is_empty(), "{:?}", object.losses);
    }
    let indicator = &objects[2];
    assert_eq!(indicator.id, id("indicator--0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a003"));
    assert_eq!(indicator.created_by, Some(id("identity--0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a002")));
    assert_eq!(indicator.version, Timestamp::parse("2026-01-06T08:00:00.123456Z").unwrap());
    assert_eq!(indicator.marking, Marking::tlp(Tlp::AmberStrict));
    assert_eq!(values(indicator), ["update.evil.example", "192.0.2.77"]);
    let claim = &indicator.claims[0];
    assert_eq!(
        (claim.stance, claim.category, claim.confidence),
        (Stance::Malicious, Category::C2Server, Some(85))
    );
    assert_eq!(claim.valid_until, Some(Timestamp::parse("2026-03-05T08:00:00Z").unwrap()));
    assert_eq!(objects[0].defines, Some(Marking::tlp(Tlp::AmberStrict)));
    assert_eq!(
        (values(&objects[3]), objects[3].claims[0].stance),
        (vec!["update.evil.example"], Stance::Observed)
    );
    assert_eq!(values(&objects[4]).len(), 2, "both hashes and not the name: {:?}", values(&objects[4]));
    assert_eq!(objects[5].hints, [Hint::InCountry(rempart_model::Country::new("FR").unwrap())]);
    let targets = Link { from: indicator.id.clone(), kind: LinkKind::Targets, to: objects[5].id.clone() };
    assert_eq!(objects[6].links, [targets]);
    let sighting = Link { from: objects[7].id.clone(), kind: LinkKind::SightingOf, to: indicator.id.clone() };
    assert_eq!(objects[7].links, [sighting]);
    assert_eq!(objects[8].version, Timestamp::MIN);
}

#[test]
fn the_same_objects_come_out_of_every_shape() {
    let bundle: serde_json::Value = serde_json::from_str(BUNDLE_21).unwrap();
    let list = bundle["objects"].as_array().unwrap();
    let lines: String = list.iter().map(|object| format!("{object}\r\n")).collect();
    let utf16: Vec<u8> =
        [0xfe, 0xff].into_iter().chain(lines.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let expected: Vec<StixId> = read_all(BUNDLE_21.as_bytes()).into_iter().map(|o| o.unwrap().id).collect();
    for input in [
        lines.clone().into_bytes(),
        serde_json::to_vec(list).unwrap(),
        format!("{{\"more\":false,\"objects\":{}}}", bundle["objects"]).into_bytes(),
        format!("\u{feff}{lines}").into_bytes(),
        utf16,
    ] {
        let found: Vec<StixId> = read_all(&input).into_iter().map(|o| o.unwrap().id).collect();
        assert_eq!(found, expected);
    }
    let envelope = read_all(include_bytes!("../fixtures/stix/envelope.json"));
    let envelope: Vec<Decoded> = envelope.into_iter().map(Result::unwrap).collect();
    assert_eq!(values(&envelope[0]), ["2001:db8::/48"]);
    assert_eq!(values(&envelope[1]), ["CVE-2026-0001"]);
    for nothing in ["{}", "{\"more\":false}", "{\"type\":\"bundle\",\"id\":\"bundle--x\"}", "[]", ""] {
        assert_eq!(read_all(nothing.as_bytes()), [], "{nothing}");
    }
}

#[test]
fn objects_of_2_0_become_2_1_and_say_what_was_lost() {
    let objects: Vec<Decoded> = read_all(BUNDLE_20.as_bytes()).into_iter().map(Result::unwrap).collect();
    let bodies: Vec<serde_json::Value> =
        objects.iter().map(|object| serde_json::from_slice(&object.body).unwrap()).collect();
    for (object, body) in objects.iter().zip(&bodies) {
        let original = std::str::from_utf8(object.original_v20.as_deref().unwrap()).unwrap();
        assert!(BUNDLE_20.contains(original));
        let before: serde_json::Value = serde_json::from_str(original).unwrap();
        assert_eq!(body["spec_version"], "2.1");
        for (name, value) in before.as_object().unwrap().iter().filter(|(name, _)| *name != "objects") {
            assert_eq!(&body[name], value, "{name}");
        }
        // What was converted is sound STIX 2.1 by our own rules, and says the same.
        let again = decode(std::str::from_utf8(&object.body).unwrap()).unwrap();
        assert_eq!((&again.body, &again.claims, &again.links), (&object.body, &object.claims, &object.links));
    }
    assert_eq!(bodies[0]["roles"], serde_json::json!(["national-csirt"]));
    assert_eq!(bodies[1]["indicator_types"], serde_json::json!(["malicious-activity"]));
    assert_eq!(bodies[1]["pattern_type"], "stix");
    assert_eq!(objects[1].claims[0].category, Category::Phishing);
    assert_eq!(objects[1].marking, Marking::tlp(Tlp::Clear));
    assert_eq!(
        (&bodies[2]["malware_types"], &bodies[2]["is_family"]),
        (&serde_json::json!(["trojan"]), &true.into())
    );
    assert_eq!(objects[2].losses[0].what.as_ref(), "is_family");
    assert_eq!(values(&objects[3]), ["198.51.100.7"]);
    assert_eq!(objects[3].claims[0].last_seen, Some(Timestamp::parse("2018-01-04T08:00:00Z").unwrap()));
    assert_eq!(bodies[3]["object_refs"].as_array().unwrap().len(), 2);
    assert_eq!(objects[3].losses[0].what.as_ref(), "objects");
    assert_eq!(bodies[4]["report_types"], serde_json::json!(["threat-report"]));
    assert_eq!(objects[4].links.len(), 2);
}

const UUID: &str = "0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a001";

fn object(kind: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--{UUID}","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"{rest}}}"#
    )
}

#[test]
fn every_rejection_has_a_true_reason() {
    let deep = format!(r#"{{"type":"x","a":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
    let indicator = r#","pattern_type":"stix","pattern":"[a:b = 1]""#;
    for (json, reason) in [
        ("7".to_owned(), "is not a JSON object"),
        ("{}".to_owned(), "has no type"),
        (r#"{"type":"x"}"#.to_owned(), "has no id"),
        (r#"{"type":7,"id":"x"}"#.to_owned(), "its type is not a string"),
        (r#"{"type":"x","id":"x"}"#.to_owned(), "its id is \"x\": an identifier is written type--uuid"),
        (format!(r#"{{"type":"x","id":"y--{UUID}"}}"#), "is of type x and has the id of a y"),
        (
            format!(r#"{{"type":"x","id":"x--{UUID}","id":"x--{UUID}"}}"#),
            "has the key \"id\" twice in one object",
        ),
        (
            format!(r#"{{"type":"x","id":"x--{UUID}","a":{{"b":1,"b":2}}}}"#),
            "has the key \"b\" twice in one object",
        ),
        (object("tool", "").replace("\"2.1\"", "\"2.2\""), "has the spec_version \"2.2\""),
        (
            object("tool", "").replace("2026", "99999"),
            "its created is not a date and time between the years 0001 and 9999",
        ),
        (object("tool", ",\"revoked\":\"yes\""), "its revoked is neither true nor false"),
        (object("tool", ",\"created_by_ref\":\"me\""), "its created_by_ref is \"me\""),
        (object("tool", ",\"first_seen\":\"yesterday\""), "its first_seen is not a date"),
        (format!(r#"{{"type":"tool","spec_version":"2.1","id":"tool--{UUID}"}}"#), "has no created"),
        (
            object("indicator", r#","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z""#),
            "has no pattern",
        ),
        (object("indicator", indicator), "has no valid_from"),
        (
            object("relationship", r#","relationship_type":"uses","source_ref":"tool--x""#),
            "has no target_ref",
        ),
        (object("sighting", ""), "has no sighting_of_ref"),
        (r#"{"id":"x","version":"1.2","stix_header":{}}"#.to_owned(), "is STIX 1"),
        (format!(r#"{{"type":"bundle","id":"bundle--{UUID}"}}"#), "is a bundle inside a bundle"),
        (deep, "is nested deeper than 64 levels"),
        (object("tool", ",\"x\":\"\\ud800\""), "is not valid JSON at byte"),
    ] {
        let why = decode(&json).unwrap_err();
        assert!(why.reason.starts_with(reason), "{json}: {}", why.reason);
        assert!(json.starts_with(&why.excerpt[..10.min(why.excerpt.len())]));
        assert!(why.excerpt.chars().count() <= 120);
    }
    let why = with_context(|context| {
        decode_object(b"{\"type\":\"\xff\"}", context, &mut Definitions::default(), None).unwrap_err()
    });
    assert_eq!(&*why.reason, "is not valid UTF-8 from byte 9 on");
}

#[test]
fn one_bad_object_among_many_costs_itself() {
    let good = |n: usize| {
        object("tool", &format!(",\"name\":\"{n}\""))
            .replace(UUID, &format!("0e2f4f4e-6a19-4d8f-9d1b-{n:012x}"))
    };
    for bad in [
        "{\"type\":\"tool\"",
        "{\"type\":\"tool\",\"id\":\"tool--x\"}",
        "null",
        "{\"a\":\"x}",
        "{\"external_references\":[{\"a\":1},{\"b\":2}}",
    ] {
        let list: Vec<String> = (0..50).map(|n| if n == 20 { bad.to_owned() } else { good(n) }).collect();
        let text = format!("{{\"type\":\"bundle\",\"objects\":[\n{}\n]}}", list.join(",\n"));
        let seen = read_all(text.as_bytes());
        assert_eq!(seen.iter().filter(|one| one.is_ok()).count(), 49, "{bad}");
        assert_eq!(seen.len(), 50, "{bad}");
    }
}

#[test]
fn markings_are_the_strictest_of_all_dialects() {
    let marked = |refs: &str| decode(&object("tool", &format!(",\"name\":\"x\",{refs}"))).unwrap().marking;
    let reference = |uuid: &str| format!("marking-definition--{uuid}");
    for (uuids, tlp) in [
        (&["94868c89-83c2-464b-929b-a1a8aa3c8487"][..], Tlp::Clear),
        (&["613f2e26-407d-48c7-9eca-b8e91df99dc9"], Tlp::Clear),
        (&["34098fce-860f-48ae-8e50-ebd3cc5e41da"], Tlp::Green),
        (&["f88d31f6-486f-44da-b317-01333bde0b82", "613f2e26-407d-48c7-9eca-b8e91df99dc9"], Tlp::Amber),
        (&["826578e1-40ad-459f-bc73-ede076f81f37"], Tlp::AmberStrict),
        (&["e828b379-4e03-4974-9ac4-e53a884c97c1", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"], Tlp::Red),
    ] {
        let list: Vec<String> = uuids.iter().map(|uuid| format!("\"{}\"", reference(uuid))).collect();
        assert_eq!(marked(&format!("\"object_marking_refs\":[{}]", list.join(","))), Marking::tlp(tlp));
    }
    let granular = format!(
        r#""object_marking_refs":["{}"],"granular_markings":[{{"lang":"fr","selectors":["name"]}},{{"marking_ref":"{}","selectors":["name"]}}]"#,
        reference("94868c89-83c2-464b-929b-a1a8aa3c8487"),
        reference("5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
    );
    assert_eq!(marked(&granular), Marking::tlp(Tlp::Red));
    let unresolved = reference("0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a0ff");
    assert_eq!(marked(&format!("\"object_marking_refs\":[\"{unresolved}\"]")).unresolved, [id(&unresolved)]);
    for strange in
        ["\"object_marking_refs\":[7]", "\"object_marking_refs\":\"x\"", "\"granular_markings\":[{}]"]
    {
        assert!(marked(strange).unknown, "{strange}");
    }
}

#[test]
fn definitions_say_what_they_mean() {
    let unknown = || Marking { unknown: true, ..Marking::default() };
    let pap = |pap| Marking { pap: Some(pap), ..Marking::default() };
    for (rest, meaning) in [
        (r#","definition_type":"tlp","definition":{"tlp":"amber"}"#, Marking::tlp(Tlp::Amber)),
        (r#","definition_type":"tlp","definition":{"tlp":"ultraviolet"}"#, unknown()),
        (r#","definition_type":"statement","definition":{"statement":"Copyright"}"#, Marking::default()),
        (r#","definition_type":"statement","definition":{"statement":"TLP:RED"}"#, Marking::tlp(Tlp::Red)),
        (r#","definition_type":"PAP","name":"PAP:RED","definition":{"pap":"red"}"#, pap(Pap::Red)),
        (
            r#","definition_type":"statement","name":"PAP:AMBER","definition":{"statement":"x"}"#,
            pap(Pap::Amber),
        ),
        (
            r#","definition_type":"statement","x_opencti_definition":"TLP:AMBER+STRICT","definition":{}"#,
            Marking::tlp(Tlp::AmberStrict),
        ),
        (r#","definition_type":"iep","definition":{}"#, unknown()),
        (r#","extensions":{"extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce":{}}"#, unknown()),
        (
            r#","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"tlp_2_0":"green"}}"#,
            Marking::tlp(Tlp::Green),
        ),
        ("", unknown()),
    ] {
        assert_eq!(decode(&object("marking-definition", rest)).unwrap().defines, Some(meaning), "{rest}");
    }
    // Nobody redefines a label that everybody knows.
    let red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
    let lie = object("marking-definition", r#","definition_type":"tlp","definition":{"tlp":"white"}"#)
        .replace(&format!("marking-definition--{UUID}"), red);
    assert_eq!(decode(&lie).unwrap().defines, Some(Marking::tlp(Tlp::Red)));
}

#[test]
fn what_cannot_be_kept_is_listed() {
    let indicator = |rest: &str| {
        let object =
            decode(&object("indicator", &format!(",\"valid_from\":\"2026-01-01T00:00:00Z\",{rest}")))
                .unwrap();
        let losses: Vec<String> =
            object.losses.iter().map(|loss| format!("{} {}", loss.what, loss.why)).collect();
        (object.claims.len(), losses)
    };
    let (claims, losses) = indicator(r#""pattern_type":"yara","pattern":"rule x {}""#);
    assert_eq!((claims, losses.len()), (0, 1));
    assert!(losses[0].contains("yara"), "{losses:?}");
    let (claims, losses) =
        indicator(r#""pattern_type":"stix","pattern":"[domain-name:value = 'a.example' AND file:size > 3]""#);
    assert_eq!((claims, losses.len()), (1, 1));
    assert!(losses[0].contains("file:size > 3"), "{losses:?}");
    let (claims, losses) = indicator(r#""pattern_type":"stix","pattern":"domain-name:value""#);
    assert_eq!((claims, losses.len()), (0, 1));
    assert!(losses[0].contains("expected at byte 0"), "{losses:?}");
    let (claims, losses) = indicator(r#""pattern":"[domain-name:value = 'a.example']","confidence":150"#);
    assert_eq!((claims, losses.len()), (1, 2));
    let benign = decode(&object("indicator", r#","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","indicator_types":["benign"],"pattern":"[domain-name:value = 'a.example']""#)).unwrap();
    assert_eq!(benign.claims[0].stance, Stance::Benign);
}

proptest! {
    #[test]
    fn no_object_is_too_strange(parts in proptest::collection::vec(prop_oneof![
        Just("\"type\":\"indicator\""), Just("\"type\":\"observed-data\""), Just("\"type\":\"marking-definition\""),
        Just("\"id\":\"indicator--0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a001\""),
        Just("\"id\":\"observed-data--0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a001\""),
        Just("\"id\":\"marking-definition--0e2f4f4e-6a19-4d8f-9d1b-3c9ad0a1a001\""),
        Just("\"created\":\"2026-01-01T00:00:00Z\""), Just("\"created\":7"), Just("\"modified\":null"),
        Just("\"pattern\":\"[a:b = 1]\""), Just("\"pattern\":[]"), Just("\"valid_from\":\"2026-01-01T00:00:00Z\""),
        Just("\"objects\":{\"0\":{\"type\":\"file\",\"hashes\":{\"MD5\":7}}}"), Just("\"objects\":{\"0\":5}"),
        Just("\"objects\":[{}]"), Just("\"labels\":[1,{},\"x\"]"), Just("\"labels\":{}"), Just("\"extensions\":7"),
        Just("\"object_marking_refs\":{}"), Just("\"granular_markings\":[7]"), Just("\"kill_chain_phases\":[7,{}]"),
        Just("\"definition\":[]"), Just("\"definition_type\":{}"), Just("\"spec_version\":\"2.1\""), Just("\"name\":7"),
    ], 0..12)) {
        let json = format!("{{{}}}", parts.join(","));
        if let Ok(object) = decode(&json) {
            let body: serde_json::Value = serde_json::from_slice(&object.body).unwrap();
            prop_assert_eq!(&body["id"], &serde_json::Value::from(object.id.to_string()));
        }
        let _ = read_all(json.as_bytes());
    }
}
