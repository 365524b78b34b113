//! What is learnt of sources: it is checked, changes conclusions only once it is in use, and can be taken back.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use rempart_model::{Observable, Reliability, Timestamp, Tlp};
use rempart_service::clock::SetClock;
use rempart_service::intake::ImportRequest;
use rempart_service::trust::SourceTrust;
use rempart_service::{App, Caller, Source, Store, Tables};

fn running(folder: &Path) -> (App, Caller) {
    let clock = Arc::new(SetClock::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap()));
    let store = Store::open_embedded(folder).unwrap();
    let app = App::new(store, Tables::empty().unwrap(), clock).unwrap();
    let operator = app.person_of_user(1, "operator").unwrap();
    for name in ["honest", "second", "liar"] {
        app.set_source(&operator, Source { reliability: Reliability::C, ..app.source(name) }).unwrap();
    }
    (app, operator)
}

fn says(app: &App, operator: &Caller, source: &str, names: impl Iterator<Item = String>) {
    let mut list = String::new();
    for name in names {
        let _ = writeln!(list, "{name}");
    }
    let request =
        ImportRequest { source: Some(source.into()), tlp: Some(Tlp::Clear), ..ImportRequest::default() };
    app.import(operator, &request, Some(&mut list.as_bytes()), &|_| {}).unwrap();
}

fn bad(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("bad{number}.example.org"))
}

fn good(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("good{number}.example.net"))
}

fn decide(app: &App, operator: &Caller, names: impl Iterator<Item = String>, malicious: bool) {
    for name in names {
        let observable = Observable::guess(&name).unwrap();
        app.set_override(operator, &observable, Some(malicious), "looked at it").unwrap();
    }
}

/// Two honest sources that see half of the same, and one that lists what is harmless; analysts looked at some.
fn world(app: &App, operator: &Caller) {
    says(app, operator, "honest", bad(0..200));
    says(app, operator, "second", bad(100..300));
    says(app, operator, "liar", good(0..150).chain(bad(0..20)));
    decide(app, operator, bad(0..60), true);
    decide(app, operator, good(0..60), false);
}

fn probability(app: &App, operator: &Caller, name: &str) -> f32 {
    app.search(operator, &[name.to_owned()]).unwrap().remove(0).probability.unwrap()
}

fn of<'s>(sources: &'s [SourceTrust], name: &str) -> &'s SourceTrust {
    sources.iter().find(|one| one.source == name).unwrap()
}

#[test]
fn who_lies_loses_his_letter_and_it_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    world(&app, &operator);
    let before = [
        probability(&app, &operator, "good100.example.net"),
        probability(&app, &operator, "bad90.example.org"),
    ];
    assert!((before[0] - before[1]).abs() < 1e-6, "all sources are trusted alike: {before:?}");

    let version = app.learn_sources(&operator).unwrap();
    let (honest, liar) = (of(&version.card.sources, "honest"), of(&version.card.sources, "liar"));
    assert!(honest.precision > 0.8 && liar.precision < 0.4, "{honest:?} {liar:?}");
    assert_eq!((liar.set, liar.learnt), ('C', 'E'));
    assert!(liar.low <= liar.precision && liar.precision <= liar.high);
    let check = version.card.check.unwrap();
    assert_eq!(check.observables, 60);
    assert!(check.as_learnt < check.as_set * 0.7, "{check:?}");
    // To learn changes nothing.
    assert_eq!(probability(&app, &operator, "good100.example.net"), before[0]);

    assert!(app.use_sources(&operator, Some(version.version)).unwrap() > 300);
    while app.reassess_due().unwrap() {}
    let after = [
        probability(&app, &operator, "good100.example.net"),
        probability(&app, &operator, "bad90.example.org"),
    ];
    assert!(after[0] < 0.35 && after[1] > before[1], "{after:?}");
    let explained = app.explain(&operator, "good100.example.net").unwrap();
    assert!(
        explained.reasons.iter().any(|reason| reason.contains("liar: a source that is right in")),
        "{explained:?}"
    );
    // Somebody's decision goes before all of it.
    assert_eq!(probability(&app, &operator, "bad5.example.org"), 1.0);
    assert!(app.sources_learnt(&operator).unwrap().iter().any(|one| one.in_use));

    // It survives a restart, and goes when it is taken out of use.
    drop(app);
    let store = Store::open_embedded(folder.path()).unwrap();
    let clock = Arc::new(SetClock::new(Timestamp::parse("2026-11-01T01:00:00Z").unwrap()));
    let app = App::new(store, Tables::empty().unwrap(), clock).unwrap();
    says(&app, &operator, "liar", good(500..501));
    assert!(probability(&app, &operator, "good500.example.net") < 0.35);
    app.use_sources(&operator, None).unwrap();
    while app.reassess_due().unwrap() {}
    assert!((probability(&app, &operator, "good100.example.net") - before[0]).abs() < 0.01);
    assert!(app.use_sources(&operator, Some(99)).is_err());
}

#[test]
fn learning_is_the_same_whenever_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    world(&app, &operator);
    let (one, two) = (app.learn_sources(&operator).unwrap(), app.learn_sources(&operator).unwrap());
    assert_eq!(one.card, two.card);
    assert_eq!(app.sources_learnt(&operator).unwrap().len(), 2);
}

#[test]
fn nothing_is_learnt_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    let version = app.learn_sources(&operator).unwrap();
    assert_eq!((version.card.observables, version.card.check), (0, None));
    says(&app, &operator, "honest", bad(0..3));
    let few = app.learn_sources(&operator).unwrap();
    assert!(few.card.sources.iter().all(|one| !one.counts && one.learnt == 'F'));
}

#[test]
fn another_letter_is_heeded_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (app, operator) = running(folder.path());
    says(&app, &operator, "liar", good(0..1));
    let before = probability(&app, &operator, "good0.example.net");
    app.set_source(&operator, Source { reliability: Reliability::E, ..app.source("liar") }).unwrap();
    while app.reassess_due().unwrap() {}
    assert!(probability(&app, &operator, "good0.example.net") < before);
}
