//! Wrappings, broken input and limits.

use std::io::Read;
use std::ops::ControlFlow;

use rempart_model::{Decoded, Position, Rejection, Timestamp, Tlp};
use serde_json::{Value, json};

use super::{attribute, event, take, take_from, take_limited};
use crate::misp::read;
use crate::{Context, Limits, Minter, Sink};

#[test]
fn every_wrapping_is_read() {
    let bare = event(&json!([attribute("domain", "a.example")]), &json!({}))["Event"].clone();
    let lines = format!("{}\n\n{}\r\n", json!({"Event": bare}), json!({"Event": bare}));
    for (text, records) in [
        (json!({"Event": bare}).to_string(), 2),
        (bare.to_string(), 2),
        (json!({"response": [{"Event": bare}, {"Event": bare}]}).to_string(), 4),
        (json!({"response": [bare]}).to_string(), 2),
        (json!({"response": {"Event": bare}}).to_string(), 2),
        (json!([{"Event": bare}, bare]).to_string(), 4),
        (lines, 4),
        (format!("\u{feff}{}", json!({"Event": bare})), 2),
        (json!({"response": {"Attribute": bare["Attribute"]}}).to_string(), 1),
        (json!({"Attribute": bare["Attribute"]}).to_string(), 1),
        (json!({"response": {"Attribute": bare["Attribute"][0]}}).to_string(), 1),
        (json!({"response": []}).to_string(), 0),
        ("[]".to_owned(), 0),
        (String::new(), 0),
    ] {
        let kept = take(&text);
        assert_eq!((kept.decoded.len(), kept.reasons()), (records, vec![]), "{text}");
    }
    for text in ["{}", "5", "\"Event\"", "{\"type\":\"bundle\",\"objects\":[]}", "[[[[[[[[{}]]]]]]]]"] {
        let kept = take(text);
        assert_eq!((kept.decoded.len(), kept.rejected.len()), (0, 1), "{text}");
    }
}

#[test]
fn an_attribute_by_itself_is_marked_by_what_it_says_of_its_event() {
    let search = |event: Value| {
        let mut attribute = attribute("domain", "a.example");
        attribute["distribution"] = "5".into();
        attribute["Event"] = event;
        take(json!({"response": {"Attribute": [attribute]}}).to_string()).decoded[0].1.marking.clone()
    };
    assert!(search(Value::Null).unknown, "nothing is known of what it inherits");
    let open = search(json!({"uuid": "x", "distribution": "3"}));
    assert!(!open.unknown && open.recipients.is_none());
    assert_eq!(search(json!({"distribution": "0"})).recipients, Some(Vec::new()));
    assert_eq!(search(json!({"distribution": "1", "Tag": [{"name": "tlp:red"}]})).tlp, Some(Tlp::Red));
}

#[test]
fn a_broken_attribute_costs_itself_alone() {
    let good = attribute("domain", "a.example");
    for (bad, reason) in [
        ("5", "JSON object"),
        ("null", "JSON object"),
        (r#"{"type":"domain" "value":"x.example"}"#, ""),
        (r#"{"type":"domain","type":"ip-dst","value":"x.example"}"#, "duplicate field"),
        ("{\"type\":\"domain\",\"value\":\"\u{1}x.example\"}", "not valid JSON"),
        (r#"{"type":"domain","value":"\ud800"}"#, "not valid JSON"),
    ] {
        let text =
            format!(r#"{{"Event":{{"info":"x","Attribute":[{good},{bad},{good}],"distribution":"3"}}}}"#);
        let kept = take(&text);
        assert_eq!(kept.rejected.len(), 1, "{bad}");
        assert!(kept.reasons()[0].contains(reason), "{bad}: {}", kept.reasons()[0]);
        if !reason.is_empty() {
            assert_eq!(kept.decoded.len(), 3, "{bad}");
        }
        assert_eq!(kept.rejected[0].0.offset, text.find(bad).unwrap() as u64, "{bad}");
    }
}

/// Gives its bytes as few at a time as it is told.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let (now, later) = self.0.split_at(self.1.min(to.len()).min(self.0.len()));
        to[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

#[test]
fn what_is_told_of_broken_input_does_not_depend_on_how_it_comes() {
    let good = r#"{"Event":{"info":"y","Attribute":[{"type":"domain","value":"b.example"}]}}"#;
    for (broken, at) in [
        (r#"{"Event":{"info":"x","Attribute":[{"type":"domain","value":x"a.example"}]}}"#, None),
        (r#"{"Event":{"info":nil"x"}}"#, Some(20)),
        (r#"{"Event":{"info":{"a":[1,2]]},"x":1}}"#, Some(27)),
        ("{\"Event\":{\"info\":\"x", Some(20)),
        ("{\"Event\":{\"x\":[\"y\"", Some(19)),
    ] {
        let text = format!("{broken}\n{good}\n");
        let whole = take(&text);
        assert!(!whole.rejected.is_empty(), "{broken}");
        for size in [1, 2, 7, 50] {
            let kept = take_from(&mut Slow(text.as_bytes(), size), Limits::default());
            assert_eq!(kept.rejected, whole.rejected, "{broken}, {size} bytes at a time");
            assert_eq!(kept.decoded, whole.decoded, "{broken}, {size} bytes at a time");
        }
        if let Some(at) = at {
            let reason = whole.reasons()[0];
            assert!(reason.contains(&format!("at byte {at};")), "{broken}: {reason}");
        }
    }
}

#[test]
fn invalid_utf_8_costs_its_attribute() {
    let mut text = br#"{"Event":{"info":"x","Attribute":[{"type":"domain","value":"a.example"},{"type":"domain","value":""#.to_vec();
    text.extend_from_slice(b"\xff\xfe\"}]}}");
    let kept = take(text);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (2, 1));
}

#[test]
fn what_passes_a_limit_is_rejected_alone() {
    let limits = Limits { record_bytes: 2000, depth: 8, ..Limits::default() };
    let long = attribute("comment", &"x".repeat(3000));
    let mut deep = attribute("domain", "bb.example");
    deep["Galaxy"] = serde_json::from_str(&format!("{}{}", "[".repeat(20), "]".repeat(20))).unwrap();
    let mut sample = attribute("malware-sample", "b.exe|0123456789abcdef0123456789abcdef");
    sample["data"] = "QUJD".repeat(10_000).into();
    let text = event(&json!([long, attribute("domain", "a.example"), deep, sample]), &json!({})).to_string();
    let kept = take_limited(text.as_bytes(), limits);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (3, 2));
    assert!(kept.reasons()[0].contains("longer than 2000 bytes"));
    assert!(kept.reasons()[1].contains("nested deeper than 8"));
    assert!(kept.rejected.iter().all(|(_, why)| why.excerpt.chars().count() <= 120));

    let tight = Limits { text_bytes: 1500, ..Limits::default() };
    let many: Vec<Value> =
        (0..40).map(|index| attribute("domain", &format!("{}.example", "a".repeat(index + 1)))).collect();
    let kept = take_limited(event(&json!(many), &json!({})).to_string().as_bytes(), tight);
    assert_eq!(kept.records(), 41);
    assert!(kept.rejected.len() > 20 && kept.reasons()[0].contains("split the event"));
}

#[test]
fn a_cut_input_gives_what_is_whole_and_withholds_what_may_be_restricted() {
    let attributes = json!([attribute("domain", "a.example"), attribute("domain", "bb.example")]);
    let text = format!(
        r#"{{"Event":{{"info":"x","distribution":"3","Attribute":{attributes},"Tag":[{{"name":"tlp:red"}}]}}}}"#
    );
    let second = text.rfind("bb.example").unwrap();
    let kept = take(&text[..second]);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (2, 1), "one attribute, the event, the cut one");
    assert!(kept.decoded.iter().all(|(_, object)| object.marking.unknown));
    assert!(kept.reasons()[0].contains("cut off"));
    assert!(kept.rejected[0].1.excerpt.contains("Network activity"));

    let tagged =
        format!(r#"{{"Event":{{"info":"x","distribution":"3","Tag":[],"Attribute":{attributes}}}}}"#);
    let kept = take(&tagged[..tagged.len() - 3]);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (3, 1));
    assert!(
        kept.decoded.iter().all(|(_, object)| !object.marking.unknown),
        "all that restricts had been read"
    );

    let whole = format!("{text}\n");
    let lines = format!("{}\n{whole}", &text[..second]);
    let kept = take(&lines);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (2 + 3, 1), "the next line is whole");
    assert_eq!(kept.decoded.last().unwrap().0.line, 2);
}

#[test]
fn a_comma_too_many_loses_nothing() {
    let good = attribute("domain", "a.example");
    let text = format!(r#"{{"Event":{{"info":"x","Attribute":[{good},],"Tag":[{{"name":"tlp:red"}},],}}}}"#);
    let kept = take(&text);
    assert_eq!((kept.decoded.len(), kept.rejected.len()), (2, 0));
    assert_eq!(kept.decoded[0].1.marking.tlp, Some(Tlp::Red));
}

#[test]
fn a_sink_that_stops_is_not_called_again() {
    struct Once(usize);
    impl Sink for Once {
        fn decoded(&mut self, _: Position, _: Decoded) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Break(())
        }
        fn rejected(&mut self, _: Position, _: Rejection) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Break(())
        }
    }
    let minter = Minter::new(&[7; 32]);
    let now = Timestamp::from_micros(0);
    let context =
        Context { now, source: "s", minter: &minter, unmarked: Tlp::Amber, limits: Limits::default() };
    let text = event(&json!([attribute("domain", "a.example"), 5]), &json!({})).to_string();
    let mut sink = Once(0);
    read(&mut text.as_bytes(), &context, &mut sink).unwrap();
    assert_eq!(sink.0, 1);
}
