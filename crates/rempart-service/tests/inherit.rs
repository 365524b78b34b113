//! What an object inherits from others bears only on members that may see what says so.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::sync::Arc;

use rempart_model::member::Constituency;
use rempart_model::{Country, Member, MemberId, MemberKind, StixId, Timestamp, Tlp};
use rempart_service::clock::SetClock;
use rempart_service::intake::ImportRequest;
use rempart_service::share::{CollectionKind, Query};
use rempart_service::{App, KeyOwner, Scopes, Store, Tables};

const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// An indicator of a campaign that targets France; `marking` is that of what says that it does.
fn bundle(marking: &str) -> String {
    let object = |kind: &str, number: u8, rest: &str, marking: &str| {
        format!(
            r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--00000000-0000-4000-8000-0000000000{number:02}",
            "created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",{rest},"object_marking_refs":["{marking}"]}}"#
        )
    };
    let id = |kind: &str, number: u8| format!("{kind}--00000000-0000-4000-8000-0000000000{number:02}");
    let relationship = |what: &str, from: String, to: String| {
        format!(r#""relationship_type":"{what}","source_ref":"{from}","target_ref":"{to}""#)
    };
    let objects = [
        object(
            "indicator",
            1,
            r#""pattern":"[domain-name:value = 'evil.example.org']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z""#,
            GREEN,
        ),
        object("campaign", 2, r#""name":"A campaign""#, GREEN),
        object("location", 3, r#""country":"FR""#, GREEN),
        object("relationship", 4, &relationship("indicates", id("indicator", 1), id("campaign", 2)), GREEN),
        object("relationship", 5, &relationship("targets", id("campaign", 2), id("location", 3)), marking),
    ];
    format!(r#"{{"type":"bundle","id":"{}","objects":[{}]}}"#, id("bundle", 9), objects.join(","))
}

/// The relationship by which the campaign targets France.
const TARGETS: &str = "relationship--00000000-0000-4000-8000-000000000005";

/// What happens after the bundle came.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    /// The relationship is revoked by its source.
    Revoked,
    /// It is deleted.
    Deleted,
}

/// The types of the objects that concern the French member in the end.
fn concerning(marking: &str, then: Then) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_embedded(folder.path()).unwrap();
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    let app = App::new(store, Tables::empty().unwrap(), Arc::new(SetClock::new(now))).unwrap();
    let operator = app.person_of_user(1, "operator").unwrap();
    let member = Member {
        id: MemberId(0),
        name: "csirt-fr".into(),
        aliases: Vec::new(),
        country: Country::new("FR").unwrap(),
        kind: MemberKind::NationalCsirt,
        clearance: Tlp::Red,
        constituency: Constituency::default(),
        since: now,
    };
    let member = app.add_member(&operator, member).unwrap();
    let request = ImportRequest { source: Some("feed".into()), ..ImportRequest::default() };
    let text = bundle(marking);
    let account = app.import(&operator, &request, Some(&mut text.as_bytes()), &|_| {}).unwrap();
    assert_eq!((account.objects, account.rejected, account.errors.len()), (5, 0, 0), "{account:?}");
    match then {
        Then::Nothing => {}
        Then::Revoked => {
            let revoked = format!(
                r#"{{"type":"relationship","spec_version":"2.1","id":"{TARGETS}","revoked":true,
                "created":"2026-01-01T00:00:00Z","modified":"2026-02-01T00:00:00Z","relationship_type":"targets",
                "source_ref":"campaign--00000000-0000-4000-8000-000000000002",
                "target_ref":"location--00000000-0000-4000-8000-000000000003"}}"#
            );
            let account = app.import(&operator, &request, Some(&mut revoked.as_bytes()), &|_| {}).unwrap();
            assert_eq!((account.objects, account.rejected), (1, 0), "{account:?}");
        }
        Then::Deleted => {
            let id = StixId::parse(TARGETS).unwrap();
            app.retract(&operator, &[id], None, &|_, _| ()).unwrap();
        }
    }
    let key = app.create_key(&operator, KeyOwner::Member(member), Scopes::READ, None).unwrap();
    let caller = app.authenticate(&key.secret, "test").unwrap();
    let collections = app.collections(&caller);
    let concerns = collections.iter().find(|one| one.kind == CollectionKind::Concerns).unwrap();
    let mut types = Vec::new();
    app.page(&caller, concerns, &Query::default(), &mut |view| types.push(view.kind.to_owned())).unwrap();
    types.sort();
    types
}

#[test]
fn a_campaign_that_targets_a_country_concerns_it_with_its_indicators() {
    assert_eq!(concerning(GREEN, Then::Nothing), ["campaign", "indicator", "location"]);
}

#[test]
fn what_a_member_may_not_see_concerns_it_in_nothing() {
    // RED goes to whom the source names, and it names nobody: that the campaign targets France is hidden.
    assert_eq!(concerning(RED, Then::Nothing), ["location"]);
}

#[test]
fn what_is_no_longer_said_concerns_nobody() {
    for then in [Then::Revoked, Then::Deleted] {
        assert_eq!(concerning(GREEN, then), ["location"]);
    }
}
