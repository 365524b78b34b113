//! What holds for every input.

use proptest::prelude::*;
use rempart_model::Tlp;
use serde_json::{Value, json};

use super::{body, event, take};

/// Any JSON, with MISP's keys where keys are.
fn misp_like() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "Event",
        "response",
        "Attribute",
        "Object",
        "Tag",
        "Galaxy",
        "GalaxyCluster",
        "SharingGroup",
        "SharingGroupOrg",
        "Organisation",
        "Orgc",
        "EventReport",
        "ShadowAttribute",
        "Sighting",
        "name",
        "uuid",
        "info",
        "type",
        "value",
        "to_ids",
        "timestamp",
        "date",
        "distribution",
        "deleted",
        "category",
        "content",
        "first_seen",
        "data",
        "tag_name",
        "x",
    ]);
    let text = prop::sample::select(vec![
        "domain",
        "ip-dst",
        "domain|ip",
        "filename|md5",
        "md5",
        "comment",
        "evil.example",
        "192.0.2.1",
        "a|192.0.2.1",
        "|",
        "tlp:red",
        "tlp:x",
        "misp-galaxy:target-information=\"France\"",
        "0",
        "4",
        "5",
        "1500000000",
        "99999999999999999999",
        "target-org",
        "yara",
        "",
        "\u{0}",
        "é",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

/// Attributes of any shape, good and bad.
fn attributes() -> impl Strategy<Value = Vec<Value>> {
    let kind = prop::sample::select(vec!["domain", "ip-dst", "md5", "text", "filename|sha1", "new|type", ""]);
    let value = prop_oneof![Just("a.example".to_owned()), Just("192.0.2.1".to_owned()), "\\PC{0,20}"];
    let one = prop_oneof![
        (kind, value, misp_like()).prop_map(
            |(kind, value, tags)| json!({"type": kind, "value": value, "Tag": tags, "to_ids": true})
        ),
        misp_like(),
    ];
    prop::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn no_shape_makes_it_panic_and_objects_are_whole(value in misp_like(), cut in 0.0..1.0f64) {
        let text = json!({"Event": value}).to_string();
        let kept = take(&text);
        for (_, object) in &kept.decoded {
            let body = body(object);
            prop_assert_eq!(&body["id"], &Value::from(object.id.to_string()));
        }
        let bytes = text.as_bytes();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a place inside a short text")]
        let end = (bytes.len() as f64 * cut) as usize;
        let part = take(&bytes[..end]);
        prop_assert!(end == 0 || !part.rejected.is_empty(), "a cut is told");
    }

    #[test]
    fn arbitrary_bytes_do_not_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        take(&bytes);
        take([br#"{"Event":{"info":"x","Attribute":["#.as_slice(), &bytes].concat());
    }

    #[test]
    fn every_attribute_has_one_outcome(attributes in attributes()) {
        // What is inside an attribute never makes another record, but for doubts about it.
        let count = attributes.len();
        let kept = take(event(&json!(attributes), &json!({})).to_string());
        let doubts = kept.decoded.iter().filter(|(_, object)| object.id.kind() == "sighting").count();
        prop_assert_eq!(kept.records() - doubts, count + 1);
    }

    #[test]
    fn an_event_restricts_each_of_its_attributes(attributes in attributes(), level in 0usize..5) {
        let tlp = Tlp::ALL[level];
        let tag = json!({"Tag": [{"name": format!("tlp:{}", tlp.name())}]});
        let kept = take(event(&json!(attributes), &tag).to_string());
        for (_, object) in &kept.decoded {
            prop_assert!(object.marking.tlp >= Some(tlp) || object.marking.unknown);
        }
    }
}
