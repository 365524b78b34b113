//! Zones miss nothing that comes in while the publisher looks.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use rempart_model::{BlockClass, Reliability, Timestamp, Tlp};
use rempart_service::clock::Clock;
use rempart_service::intake::ImportRequest;
use rempart_service::protect::{Publisher, Settings};
use rempart_service::{App, Caller, Source, Store, Tables};

type Then = Box<dyn FnOnce() + Send>;

/// A clock that goes on by a millisecond whenever it is asked, and then lets something happen, once: so that it
/// happens after the time was read and before anything else is.
struct Interrupted {
    micros: AtomicI64,
    then: Mutex<Option<Then>>,
}

impl Clock for Interrupted {
    fn now(&self) -> Timestamp {
        let now = Timestamp::from_micros(self.micros.fetch_add(1_000, Ordering::SeqCst));
        let then = self.then.lock().unwrap().take();
        if let Some(then) = then {
            then();
        }
        now
    }
}

const NAME: &str = "evil.example.org";

fn running(folder: &Path) -> (Arc<App>, Arc<Interrupted>, Caller) {
    let start = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    let clock = Arc::new(Interrupted { micros: AtomicI64::new(start.micros()), then: Mutex::new(None) });
    let store = Store::open_embedded(folder).unwrap();
    let settings = Settings { lists_every: None, ..Settings::new(folder.join("protect")) };
    let app = App::new(store, Tables::empty().unwrap(), clock.clone()).unwrap().protecting(settings);
    let operator = app.person_of_user(1, "operator").unwrap();
    for name in ["one", "two"] {
        let source = Source { reliability: Reliability::A, ..app.source(name) };
        app.set_source(&operator, source).unwrap();
    }
    (Arc::new(app), clock, operator)
}

fn import(app: &App, operator: &Caller, source: &str) {
    let request =
        ImportRequest { source: Some(source.into()), tlp: Some(Tlp::Clear), ..ImportRequest::default() };
    let account = app.import(operator, &request, Some(&mut format!("{NAME}\n").as_bytes()), &|_| {}).unwrap();
    assert_eq!(account.claims, 1, "{account:?}");
}

/// What turns the scale comes in just after the time of a step was read.
fn interrupt(app: &Arc<App>, clock: &Interrupted, operator: &Caller) {
    let (app, operator) = (app.clone(), operator.clone());
    *clock.then.lock().unwrap() = Some(Box::new(move || import(&app, &operator, "two")));
}

#[test]
fn what_comes_in_during_a_step_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock, operator) = running(folder.path());
    let mut publisher = Publisher::open(&app).unwrap();
    app.set_live(&operator, BlockClass::Other, true).unwrap();
    import(&app, &operator, "one");
    publisher.step(&app).unwrap();
    let zones = publisher.zones();
    assert!(zones.iter().all(|zone| zone.get(NAME).is_none()), "one source is not enough");
    interrupt(&app, &clock, &operator);
    publisher.step(&app).unwrap();
    publisher.step(&app).unwrap();
    assert!(zones.iter().any(|zone| zone.get(NAME).is_some()), "{:?}", app.explain_block(&operator, NAME));
}

#[test]
fn what_came_in_before_the_clock_was_set_back_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock, operator) = running(folder.path());
    let mut publisher = Publisher::open(&app).unwrap();
    import(&app, &operator, "one");
    import(&app, &operator, "two");
    clock.micros.fetch_sub(60_000_000, Ordering::SeqCst);
    app.set_live(&operator, BlockClass::Other, true).unwrap();
    publisher.step(&app).unwrap();
    assert!(publisher.zones().iter().any(|zone| zone.get(NAME).is_some()));
}

/// An indicator whose PAP is as given, or a sighting of it; both are TLP:CLEAR.
fn bundle(pap: &str, sighting: Option<u8>) -> String {
    const CLEAR: &str = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
    const PAP: &str = "marking-definition--00000000-0000-4000-8000-000000000099";
    let common = r#""spec_version":"2.1","created":"2026-10-31T00:00:00Z","modified":"2026-10-31T00:00:00Z""#;
    let marking = format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"{PAP}","created":"2026-10-31T00:00:00Z",
        "definition_type":"statement","definition":{{"statement":"PAP:{pap}"}}}}"#
    );
    let indicator = format!(
        r#"{{"type":"indicator",{common},"id":"indicator--00000000-0000-4000-8000-000000000001",
        "pattern":"[domain-name:value = '{NAME}']","pattern_type":"stix","valid_from":"2026-10-31T00:00:00Z",
        "indicator_types":["malicious-activity"],"object_marking_refs":["{CLEAR}","{PAP}"]}}"#
    );
    let sighted = |number: u8| {
        format!(
            r#"{{"type":"sighting",{common},"id":"sighting--00000000-0000-4000-8000-0000000000{number:02}",
            "sighting_of_ref":"indicator--00000000-0000-4000-8000-000000000001","object_marking_refs":["{CLEAR}"]}}"#
        )
    };
    let objects = sighting.map_or_else(|| format!("{marking},{indicator}"), sighted);
    format!(
        r#"{{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[{objects}]}}"#
    )
}

/// Whether the name is blocked where its indicator has this PAP and two others say openly that they saw it.
fn blocked_with(pap: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (app, _, operator) = running(folder.path());
    let mut publisher = Publisher::open(&app).unwrap();
    app.set_live(&operator, BlockClass::Other, true).unwrap();
    for (source, sighting) in [("one", None), ("one", Some(11)), ("two", Some(12))] {
        let request = ImportRequest { source: Some(source.into()), ..ImportRequest::default() };
        let text = bundle(pap, sighting);
        let account = app.import(&operator, &request, Some(&mut text.as_bytes()), &|_| {}).unwrap();
        assert_eq!((account.rejected, account.errors.len()), (0, 0), "{account:?}");
    }
    app.follow(&|| false).unwrap();
    let known = app.search(&operator, &[NAME.to_owned()]).unwrap();
    assert!(known[0].probability.unwrap() > 0.9, "{known:?}");
    publisher.step(&app).unwrap();
    publisher.zones().iter().any(|zone| zone.get(NAME).is_some())
}

#[test]
fn sightings_do_not_publish_what_its_own_source_keeps_from_action() {
    assert!(blocked_with("GREEN"), "otherwise the test would show nothing");
    assert!(!blocked_with("RED"));
}
