//! Campaigns follow what is stored, and what people decide of them holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::path::Path;
use std::sync::Arc;

use rempart_model::{Reliability, Timestamp, Tlp};
use rempart_service::campaigns::CampaignSummary;
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
