//! Objects made from what was no STIX: sound STIX 2.1, the same whenever they are made again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use rempart_formats::stix::{Definitions, decode_object};
use rempart_formats::{Context, Draft, Limits, Minter};
use rempart_model::{Category, Claim, Decoded, Kind, Marking, Observable, Origin, Stance, Timestamp, Tlp};
use serde_json::Value;

fn build(draft: Draft<'_>, now: &str) -> Decoded {
    let minter = Minter::new(&[7; 32]);
    let context = context(&minter, now);
    draft.build(&context)
}

fn context<'a>(minter: &'a Minter, now: &str) -> Context<'a> {
    Context {
        now: Timestamp::parse(now).unwrap(),
        source: "test",
        minter,
        unmarked: Tlp::Amber,
        limits: Limits::default(),
    }
}

fn body(object: &Decoded) -> Value {
    serde_json::from_slice(&object.body).unwrap()
}

fn observable(kind: &str, value: &str) -> Observable {
    Observable::parse(&Kind::from_name(kind), value).unwrap()
}

const SOME: &[(&str, &str, &str)] = &[
    ("domain", "evil.example", "domain-name"),
    ("url", "http://evil.example/a'b\\c", "url"),
    ("ipv4", "192.0.2.1", "ipv4-addr"),
    ("ipv6", "2001:db8::1", "ipv6-addr"),
    ("cidr", "192.0.2.0/24", "ipv4-addr"),
    ("cidr", "2001:db8::/32", "ipv6-addr"),
    ("asn", "AS64496", "autonomous-system"),
    ("email", "a@b.example", "email-addr"),
    ("md5", "d41d8cd98f00b204e9800998ecf8427e", "file"),
    ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "file"),
    ("cve", "CVE-2024-1234", "vulnerability"),
    ("mutex", "Global\\x", "mutex"),
    ("file-name", "a.exe", "file"),
    ("windows-registry-key", "HKEY_LOCAL_MACHINE\\x", "windows-registry-key"),
    ("x509-fingerprint-sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "x509-certificate"),
    ("user-agent", "curl \"8\"\n", "x-rempart-observable"),
    ("telegram-channel", "@evil", "x-rempart-observable"),
];

#[test]
fn an_observation_becomes_the_object_of_its_kind_and_reads_back() {
    let minter = Minter::new(&[7; 32]);
    for (kind, value, expected) in SOME {
        let observable = observable(kind, value);
        let claim = Claim { stance: Stance::Observed, ..Claim::malicious(observable.clone()) };
        let draft = Draft {
            claims: vec![claim],
            description: Some("seen".into()),
            labels: vec!["x".into()],
            references: vec![("report".into(), "https://example.org/".into())],
            ..Draft::default()
        };
        let object = build(draft, "2026-06-01T00:00:00Z");
        let json = body(&object);
        assert_eq!(json["type"], *expected, "{kind}");
        assert_eq!(object.id.kind(), *expected);
        assert_eq!(json["id"], object.id.to_string());
        let context = context(&minter, "2026-06-01T00:00:00Z");
        let again = decode_object(&object.body, &context, &mut Definitions::default(), None).unwrap();
        assert_eq!(again.claims[0].observable, observable, "{kind}");
        assert_eq!(again.claims[0].stance, Stance::Observed);
        assert!(again.losses.is_empty(), "{kind}: {:?}", again.losses);
    }
}

#[test]
fn an_indicator_has_what_the_standard_wants() {
    let time = |text| Some(Timestamp::parse(text).unwrap());
    let claim = Claim {
        category: Category::Phishing,
        confidence: Some(70),
        valid_from: time("2026-05-01T00:00:00Z"),
        valid_until: time("2026-07-01T00:00:00Z"),
        ..Claim::malicious(observable("domain", "evil.example"))
    };
    let draft = Draft {
        claims: vec![claim, Claim::malicious(observable("ipv4", "192.0.2.1"))],
        name: Some("Evil \"quoted\"".into()),
        labels: vec!["a".into(), String::new()],
        references: vec![("misp".into(), "7".into()), ("blog".into(), "https://b.example".into())],
        marking: Marking::tlp(Tlp::Green),
        ..Draft::default()
    };
    let object = build(draft, "2026-06-01T00:00:00Z");
    let expected = serde_json::json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": object.id.to_string(),
        "created": "2026-06-01T00:00:00.000Z",
        "modified": "2026-06-01T00:00:00.000Z",
        "name": "Evil \"quoted\"",
        "indicator_types": ["malicious-activity"],
        "pattern": "[domain-name:value = 'evil.example' OR ipv4-addr:value = '192.0.2.1']",
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "confidence": 70,
        "labels": ["a"],
        "external_references": [
            { "source_name": "misp", "external_id": "7" },
            { "source_name": "blog", "url": "https://b.example" }
        ],
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
        "valid_from": "2026-05-01T00:00:00.000Z",
        "valid_until": "2026-07-01T00:00:00.000Z",
    });
    assert_eq!(body(&object), expected);
}

#[test]
fn restricted_ids_depend_on_the_secret_and_open_ones_do_not() {
    let draft = |tlp| Draft {
        claims: vec![Claim::malicious(observable("domain", "evil.example"))],
        marking: Marking::tlp(tlp),
        ..Draft::default()
    };
    let (one, two) = (Minter::new(&[1; 32]), Minter::new(&[2; 32]));
    let now = "2026-06-01T00:00:00Z";
    for (tlp, same) in [(Tlp::Clear, true), (Tlp::Green, true), (Tlp::Amber, false), (Tlp::Red, false)] {
        let ids = [&one, &two].map(|minter| draft(tlp).build(&context(minter, now)).id);
        assert_eq!(ids[0] == ids[1], same, "{}", tlp.name());
    }
}

#[test]
fn a_harmless_value_is_not_a_version_of_a_malicious_one() {
    let draft = |stance, key| Draft {
        key,
        claims: vec![Claim { stance, ..Claim::malicious(observable("domain", "evil.example")) }],
        ..Draft::default()
    };
    let id = |stance, key| build(draft(stance, key), "2026-06-01T00:00:00Z").id;
    assert_ne!(id(Stance::Malicious, ""), id(Stance::Benign, ""));
    assert_eq!(id(Stance::Malicious, "row 7"), id(Stance::Benign, "row 7"));
}

fn digest(object: &Decoded) -> [u8; 16] {
    match object.origin {
        Origin::Minted { digest, .. } => digest,
        Origin::Native => panic!("minted objects are not native"),
    }
}

proptest! {
    #[test]
    fn what_was_said_decides_what_it_is_and_not_when_it_was_read(
        index in 0..SOME.len(), other in 0..SOME.len(), observed: bool, name: Option<String>, label: String,
        confidence in proptest::option::of(0u8..=100), from in proptest::option::of(0i64..2_000_000_000_000_000),
    ) {
        let draft = |label: &str| {
            let claim = |index: usize| Claim {
                stance: if observed { Stance::Observed } else { Stance::Malicious },
                confidence,
                valid_from: from.map(Timestamp::from_micros),
                ..Claim::malicious(observable(SOME[index].0, SOME[index].1))
            };
            Draft {
                claims: vec![claim(index), claim(other)],
                name: name.clone(),
                labels: vec![label.to_owned()],
                ..Draft::default()
            }
        };
        let (first, second) = (build(draft(&label), "2026-06-01T00:00:00Z"), build(draft(&label), "2027-06-01T00:00:00Z"));
        prop_assert_eq!(&first.id, &second.id);
        prop_assert_eq!(digest(&first), digest(&second));
        let changed = build(draft(&format!("{label}!")), "2026-06-01T00:00:00Z");
        prop_assert_eq!(&first.id, &changed.id);
        prop_assert_ne!(digest(&first), digest(&changed));
        // Its own reader takes it, with nothing lost.
        let minter = Minter::new(&[7; 32]);
        let context = context(&minter, "2026-06-01T00:00:00Z");
        let again = decode_object(&first.body, &context, &mut Definitions::default(), None).unwrap();
        prop_assert!(again.losses.is_empty(), "{:?}", again.losses);
        prop_assert_eq!(body(&again), body(&first));
    }
}
