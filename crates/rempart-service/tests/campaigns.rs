//! Campaigns follow what is stored, and what people decide of them holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::path::Path;
use std::sync::Arc;

use rempart_model::{Reliability, StixId, Timestamp, Tlp};
use rempart_service::campaigns::CampaignSummary;
use rempart_service::campaigns::near::Asked;
use rempart_service::clock::SetClock;
use rempart_service::intake::ImportRequest;
use rempart_service::{App, Caller, ServiceError, Source, Store, Suffixes, Tables};

/// The names of one kit, of another, and some that share nothing.
const KIT: [&str; 4] = [
    "secure-parcel-17.example.org",
    "secure-parcel-18.example.net",
    "secure-parcel-19.example.com",
    "secure-parcel-21.example.info",
];

fn running(folder: &Path) -> (App, Caller) {
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    let store = Store::open_embedded(folder).unwrap();
    let tables = Tables { suffixes: Suffixes::bundled().unwrap(), ..Tables::empty().unwrap() };
    let app = App::new(store, tables, Arc::new(SetClock::new(now))).unwrap();
    let operator = app.person_of_user(1, "operator").unwrap();
    let source = Source { reliability: Reliability::A, ..app.source("feed") };
    app.set_source(&operator, source).unwrap();
    (app, operator)
}

fn import(app: &App, operator: &Caller, source: &str, names: &[String]) {
    let request =
        ImportRequest { source: Some(source.into()), tlp: Some(Tlp::Clear), ..ImportRequest::default() };
    let account = app.import(operator, &request, Some(&mut names.join("\n").as_bytes()), &|_| {}).unwrap();
    assert_eq!(account.rejected, 0, "{account:?}");
}

/// Registered names that share nothing, so that what others share is rare.
fn noise() -> Vec<String> {
    let letter = |number: u64, place: u32| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(place * 7);
        char::from(b'a' + (mixed % 26) as u8)
    };
    let name = |number: u64| (0..9).map(|place| letter(number, place)).collect::<String>();
    let tlds = ["com", "net", "org", "info", "de", "fr", "pl", "it", "nl", "es"];
    (1..200u64)
        .flat_map(|number| {
            tlds.map(|tld| format!("{}.{tld}", name(number * 10 + u64::from(tld.as_bytes()[0]) * 4_000)))
        })
        .collect()
}

/// The names of the first kit, registered each on its own.
fn kit() -> Vec<String> {
    KIT.iter().map(|name| name.replace(".example.", ".")).collect()
}

fn of(app: &App, operator: &Caller, value: &str) -> Option<Vec<String>> {
    match app.campaign(operator, value) {
        Ok(campaign) => {
            let mut members: Vec<String> = campaign.members.into_iter().map(|member| member.value).collect();
            members.sort();
            Some(members)
        }
        Err(ServiceError::NotFound(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn names_of_one_pattern_are_a_campaign_that_says_why_and_follows_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    import(&app, &operator, "noise", &noise());
    let kit = kit();
    import(&app, &operator, "feed", &kit[..3]);
    assert_eq!(of(&app, &operator, &kit[0]).unwrap(), kit[..3]);
    let campaign = app.campaign(&operator, &kit[0]).unwrap();
    assert_eq!(campaign.merges.len(), 2, "three values are held together by two links");
    let first = &campaign.merges[0];
    assert!(first.shared.iter().any(|shared| shared.what.contains("secure-parcel-9")), "{first:?}");
    let found: Vec<CampaignSummary> = app.campaigns(&operator, 3).unwrap();
    assert!(found.iter().any(|one| one.name == campaign.summary.name && one.observables == 3), "{found:?}");
    assert_eq!(app.explain(&operator, &kit[0]).unwrap().campaign, Some(campaign.summary.name.clone()));
    // What comes later comes to it, and its name stays.
    import(&app, &operator, "feed", &kit[3..]);
    assert_eq!(of(&app, &operator, &kit[3]).unwrap(), kit);
    assert_eq!(app.campaign(&operator, &kit[3]).unwrap().summary.name, campaign.summary.name);
    // What is retracted leaves it.
    app.retract(&operator, &[], Some("feed"), &|_, _| {}).unwrap();
    assert_eq!(of(&app, &operator, &kit[0]), None);
}

#[test]
fn what_an_analyst_decides_holds_whatever_comes_until_it_is_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    let (kit, noise) = (kit(), noise());
    import(&app, &operator, "noise", &noise);
    import(&app, &operator, "feed", &kit[..2]);
    let pair = [kit[0].as_str(), kit[1].as_str()];
    assert!(app.connect_decide(&operator, pair, false, " ").is_err(), "without a reason");
    assert!(app.connect_decide(&operator, [pair[0], "unknown.example"], false, "why").is_err());
    assert_eq!(app.connect_undo(&operator, pair, "other people").unwrap(), 1);
    assert_eq!(of(&app, &operator, pair[0]), None);
    import(&app, &operator, "feed", &kit[2..]);
    let first = of(&app, &operator, pair[0]).unwrap_or_default();
    assert!(!first.contains(&kit[1]), "{first:?}");
    app.connect_lift(&operator, pair).unwrap();
    assert!(app.connect_lift(&operator, pair).is_err(), "there is nothing left to lift");
    assert_eq!(of(&app, &operator, pair[0]).unwrap(), kit);
    // Two that share nothing, by a person's word.
    app.connect_decide(&operator, [&noise[7], &noise[9]], true, "one panel").unwrap();
    let campaign = app.campaign(&operator, &noise[7]).unwrap();
    assert!(campaign.members.iter().any(|member| member.value == noise[9]));
    assert!(campaign.merges.iter().any(|merge| merge.decided), "{:?}", campaign.merges);
}

const REPORT: &str = "The operators sent parcel notices by text message to customers of three postal services, and led whoever \
    answered to a page that asked for a card number and the code that the bank sends. The pages lie on names registered the same day.";

fn id(kind: &str, number: u32) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012}")
}

/// A bundle with two actors and their tools, and a report of the first one's that tells of the kit's names.
fn bundle(names: &[String]) -> String {
    use serde_json::{Value, json};
    let common = |kind: &str, number: u32, mut rest: Value| {
        let times = json!({"type": kind, "spec_version": "2.1", "id": id(kind, number),
            "created": "2026-10-01T00:00:00Z", "modified": "2026-10-01T00:00:00Z"});
        let rest = rest.as_object_mut().unwrap();
        rest.extend(times.as_object().unwrap().clone());
        Value::Object(rest.clone())
    };
    let uses = |number: u32, actor: u32, tool: u32| {
        common(
            "relationship",
            number,
            json!({"relationship_type": "uses",
            "source_ref": id("intrusion-set", actor), "target_ref": id("malware", tool)}),
        )
    };
    let mut objects = vec![
        common("intrusion-set", 1, json!({"name": "Parcel Fox"})),
        common("intrusion-set", 2, json!({"name": "Other Hound"})),
        common("malware", 11, json!({"name": "Foxkit", "is_family": true})),
        common("malware", 12, json!({"name": "Foxloader", "is_family": true})),
        common("malware", 13, json!({"name": "Houndrat", "is_family": true})),
        uses(21, 1, 11),
        uses(22, 1, 12),
        uses(23, 2, 13),
    ];
    // What few of many have says something; of two actors it does not.
    for actor in 200..220 {
        objects.push(common("intrusion-set", actor, json!({"name": format!("Hound {actor}")})));
        objects.push(common("malware", actor, json!({"name": format!("Rat {actor}"), "is_family": true})));
        objects.push(uses(actor + 100, actor, actor));
    }
    let mut told = vec![id("malware", 11), id("malware", 12)];
    for (number, name) in (100..).zip(names) {
        objects.push(common(
            "indicator",
            number,
            json!({"name": name, "pattern_type": "stix",
            "pattern": format!("[domain-name:value = '{name}']"), "valid_from": "2026-10-01T00:00:00Z",
            "indicator_types": ["malicious-activity"], "confidence": 90}),
        ));
        told.push(id("indicator", number));
    }
    objects.push(common(
        "report",
        50,
        json!({"name": "Parcel notices", "description": REPORT,
        "published": "2026-10-01T00:00:00Z", "object_refs": told}),
    ));
    objects.push(common(
        "report",
        51,
        json!({"name": "Parcel notices", "description": format!("{REPORT} (Updated.)"),
        "published": "2026-10-02T00:00:00Z", "object_refs": [id("malware", 13)]}),
    ));
    json!({"type": "bundle", "id": id("bundle", 1), "objects": objects}).to_string()
}

fn import_bundle(app: &App, operator: &Caller, bundle: &str) {
    let request = ImportRequest {
        source: Some("reports".into()),
        tlp: Some(Tlp::Clear),
        format: Some(rempart_formats::reader::Format::Stix),
        ..ImportRequest::default()
    };
    let account = app.import(operator, &request, Some(&mut bundle.as_bytes()), &|_| {}).unwrap();
    assert_eq!(account.rejected, 0, "{account:?}");
}

#[test]
fn an_actor_whose_tools_a_report_tells_of_is_a_candidate_with_reasons_and_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    import(&app, &operator, "noise", &noise());
    let kit = kit();
    import(&app, &operator, "feed", &kit);
    assert_eq!(
        app.campaign(&operator, &kit[0]).unwrap().attribution.known,
        0,
        "nothing is known of any actor"
    );
    import_bundle(&app, &operator, &bundle(&kit));
    let attribution = app.campaign(&operator, &kit[0]).unwrap().attribution;
    assert_eq!(attribution.known, 22);
    assert!(attribution.named.is_empty(), "no source names an actor for them: {attribution:?}");
    let first = &attribution.candidates[0];
    assert_eq!(first.actor, "Parcel Fox");
    assert!(
        first.reasons.iter().any(|reason| reason.kind == "tool" && reason.what.contains("Foxkit")),
        "{first:?}"
    );
    assert!(attribution.candidates.iter().all(|one| one.actor != "Other Hound"), "{attribution:?}");
    // What is retracted is not told of any more.
    app.retract(&operator, &[StixId::parse(&id("intrusion-set", 1)).unwrap()], None, &|_, _| {}).unwrap();
    let attribution = app.campaign(&operator, &kit[0]).unwrap().attribution;
    assert_eq!(attribution.known, 21);
    assert!(attribution.candidates.is_empty(), "{attribution:?}");
}

#[test]
fn reports_that_say_almost_the_same_are_near_until_one_is_retracted() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    import_bundle(&app, &operator, &bundle(&kit()));
    let (first, second) = (id("report", 50), id("report", 51));
    let near = app.near(&operator, Asked::Id(&first), 0.5).unwrap();
    assert_eq!(near.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [second.as_str()]);
    assert!(near[0].text.is_some_and(|text| text > 0.8), "{near:?}");
    // A text that is not stored, by its words and by the values in it.
    let near = app.near(&operator, Asked::Text(REPORT), 0.5).unwrap();
    assert_eq!(near.len(), 2, "{near:?}");
    let defanged = format!("Indicators:\n{}\n", kit().join("\n").replace('.', "[.]"));
    let near = app.near(&operator, Asked::Text(&defanged), 0.5).unwrap();
    assert_eq!(near.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [first.as_str()], "{near:?}");
    assert_eq!(near[0].observables, Some(1.0));
    assert!(app.near(&operator, Asked::Text("something else altogether"), 0.5).unwrap().is_empty());
    // What cannot be answered says why.
    assert!(app.near(&operator, Asked::Id("report"), 0.5).is_err());
    assert!(app.near(&operator, Asked::Id(&id("report", 77)), 0.5).is_err());
    assert!(app.near(&operator, Asked::Id(&first), 1.5).is_err());
    app.retract(&operator, &[StixId::parse(&second).unwrap()], None, &|_, _| {}).unwrap();
    assert!(app.near(&operator, Asked::Id(&first), 0.5).unwrap().is_empty());
}
