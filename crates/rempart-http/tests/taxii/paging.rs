//! Walks through a collection in every way that clients walk.

use std::collections::HashSet;

use rempart_model::Tlp;
use serde_json::Value;

use crate::client::{Client, Reply, encode};
use crate::world::{BOTH, GREEN, THREE, VERSIONED, World, bundle, collection, id, indicator, shared};

fn token(reply: &Reply) -> Option<String> {
    let page = reply.json();
    let more = page.get("more").and_then(Value::as_bool).unwrap_or(false);
    let next = page.get("next").and_then(Value::as_str).map(str::to_owned);
    assert_eq!(more, next.is_some(), "more and next go together: {page}");
    next
}

/// Walks from `first`; `following` makes the query of each later page from the page before.
fn walk(client: &Client, path: &str, first: &str, following: impl Fn(&Reply, &str) -> String) -> Vec<String> {
    let mut ids = Vec::new();
    let mut query = first.to_owned();
    loop {
        let reply = client.get(&format!("{path}?{query}"));
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        ids.extend(reply.ids());
        let Some(next) = token(&reply) else { return ids };
        query = following(&reply, &next);
        assert!(ids.len() < 1000, "a walk that does not end");
    }
}

fn last(reply: &Reply) -> String {
    encode(reply.header("x-taxii-date-added-last").unwrap())
}

#[test]
fn every_way_of_paging_finds_each_object_once() {
    let client = &shared().north;
    let all = collection(client, "all");
    for path in [format!("{all}objects/"), format!("{all}manifest/")] {
        let whole = client.get(&path).ids();
        assert_eq!(whole.iter().collect::<HashSet<_>>().len(), whole.len());
        assert!(whole.len() > 25);
        for limit in [1, 3, 7, 1000] {
            let first = format!("limit={limit}");
            let ways: [(&str, Vec<String>); 4] = [
                ("next", walk(client, &path, &first, |_, next| format!("{first}&next={next}"))),
                (
                    "added_after",
                    walk(client, &path, &first, |page, _| format!("{first}&added_after={}", last(page))),
                ),
                (
                    "both",
                    walk(client, &path, &first, |page, next| {
                        format!("{first}&next={next}&added_after={}", last(page))
                    }),
                ),
                ("limit changes", walk(client, &path, &first, |_, next| format!("limit=5&next={next}"))),
            ];
            for (way, ids) in ways {
                assert_eq!(ids, whole, "{path} {way} {limit}");
            }
        }
        let filter = "match%5Btype%5D=indicator";
        let filtered = client.get(&format!("{path}?{filter}")).ids();
        assert!(filtered.len() < whole.len());
        let first = format!("{filter}&limit=4");
        for (way, ids) in [
            ("filters kept", walk(client, &path, &first, |_, next| format!("{first}&next={next}"))),
            ("filters dropped", walk(client, &path, &first, |_, next| format!("next={next}"))),
            (
                "filters dropped, limit kept",
                walk(client, &path, &first, |_, next| format!("limit=4&next={next}")),
            ),
        ] {
            assert_eq!(ids, filtered, "{path} {way}");
        }
    }
}

#[test]
fn a_changed_filter_is_refused_and_a_reordered_one_is_not() {
    let client = &shared().north;
    let path = format!("{}objects/", collection(client, "all"));
    let first = client.get(&format!("{path}?limit=2&match[type]=indicator,malware"));
    let next = token(&first).unwrap();
    let go = |query: &str| client.get(&format!("{path}?limit=2&next={next}&{query}"));
    assert_eq!(go("match[type]=malware,indicator").status, 200);
    go("match[type]=indicator").assert_error(400, "another filter");
    go("match[type]=indicator,malware&match[version]=all").assert_error(400, "a filter more");
}

#[test]
fn a_token_is_for_one_collection_and_one_member() {
    let (north, south) = (&shared().north, &shared().south);
    let all = collection(north, "all");
    let next = token(&north.get(&format!("{all}objects/?limit=2"))).unwrap();
    let mut damaged = next.clone();
    let at = damaged.len() / 2;
    let other = if &damaged[at..=at] == "A" { "B" } else { "A" };
    damaged.replace_range(at..=at, other);
    for (client, path, token) in [
        (north, collection(north, "concerns"), &next),
        (south, collection(south, "all"), &next),
        (north, all.clone(), &damaged),
        (north, all.clone(), &format!("{next}A")),
    ] {
        client.get(&format!("{path}objects/?next={token}")).assert_error(400, &path);
    }
    assert_eq!(north.get(&format!("{all}objects/?next={next}")).status, 200);
}

#[test]
fn a_walk_through_stix_20_stays_there_without_its_filter() {
    let world = World::new();
    let client = world.key(world.member("M", "DE", Tlp::Amber), BOTH);
    let old = |number: usize| {
        indicator(number, THREE[0], GREEN)
            .replace("\"spec_version\":\"2.1\",", "")
            .replace("\"pattern_type\":\"stix\",", "")
    };
    let objects: Vec<String> = (0..4).map(old).collect();
    world.import(
        "old",
        &bundle(&objects).replace("\"type\":\"bundle\"", "\"type\":\"bundle\",\"spec_version\":\"2.0\""),
    );
    let path = format!("{}manifest/", collection(&client, "all"));
    let first = client.get(&format!("{path}?limit=2&match[spec_version]=2.0"));
    let next = token(&first).unwrap();
    let second = client.get(&format!("{path}?next={next}"));
    for reply in [&first, &second] {
        for record in reply.json()["objects"].as_array().unwrap() {
            assert_eq!(record["media_type"], "application/stix+json;version=2.0");
        }
        assert_eq!(reply.ids().len(), 2);
    }
    assert_eq!(client.get(&path).json()["objects"][0]["media_type"], "application/stix+json;version=2.1");
}

#[test]
fn added_after_is_strict() {
    let client = &shared().north;
    let path = format!("{}objects/", collection(client, "all"));
    let whole = client.get(&path);
    assert_eq!(client.get(&format!("{path}?added_after={}", last(&whole))).text(), "{}");
    let first = encode(whole.header("x-taxii-date-added-first").unwrap());
    assert_eq!(client.get(&format!("{path}?added_after={first}")).ids(), whole.ids()[1..]);
    assert_eq!(client.get(&format!("{path}?added_after=2001-01-01T00:00:00Z")).ids(), whole.ids());
    assert_eq!(client.get(&format!("{path}?added_after=2001-01-01T00:00:00.5Z")).ids(), whole.ids());
    assert_eq!(client.get(&format!("{path}?added_after=2999-01-01T00:00:00Z")).text(), "{}");
}

#[test]
fn a_limit_beyond_the_servers_is_cut_silently() {
    let client = &shared().north;
    let path = format!("{}objects/", collection(client, "all"));
    for limit in ["10001", "99999999999", "99999999999999999999999999"] {
        assert_eq!(client.get(&format!("{path}?limit={limit}")).ids(), client.get(&path).ids());
    }
}

#[test]
fn versions_and_one_object_are_paged_too() {
    let client = &shared().north;
    let one = format!("{}objects/{}/", collection(client, "all"), id(VERSIONED));
    let mut found = Vec::new();
    let mut query = "limit=1".to_owned();
    for _ in 0..5 {
        let reply = client.get(&format!("{one}versions/?{query}"));
        let page = reply.json();
        found.extend(page["versions"].as_array().cloned().unwrap_or_default());
        let Some(next) = token(&reply) else { break };
        query = format!("next={next}&limit=1");
    }
    assert_eq!(found, THREE);
    let first = client.get(&format!("{one}?limit=1&match[version]=all"));
    let next = token(&first).unwrap();
    // Filters dropped: the walk goes on with those that it began with.
    let rest = client.get(&format!("{one}?next={next}"));
    assert_eq!(rest.json()["objects"].as_array().unwrap().len(), 2);
    // The token of another object's walk is not taken for this one.
    let other = format!("{}objects/{}/", collection(client, "all"), id(3));
    client.get(&format!("{other}?next={next}")).assert_error(400, "another object's token");
}

#[test]
fn what_comes_during_a_walk_is_found_after_it() {
    let world = World::new();
    let client = world.key(world.member("M", "DE", Tlp::Amber), BOTH);
    let path = format!("{}objects/", collection(&client, "all"));
    let make = |range: std::ops::Range<usize>| {
        let objects: Vec<String> = range.map(|n| indicator(n, "2024-01-01T00:00:00.000Z", GREEN)).collect();
        world.import("feed", &bundle(&objects));
    };
    make(0..10);
    let mut seen = Vec::new();
    let mut reply = client.get(&format!("{path}?limit=4"));
    seen.extend(reply.ids());
    make(10..15);
    while let Some(next) = token(&reply) {
        reply = client.get(&format!("{path}?limit=4&next={next}"));
        seen.extend(reply.ids());
        let date = last(&reply);
        if token(&reply).is_none() {
            // The next poll of the client.
            reply = client.get(&format!("{path}?limit=4&added_after={date}"));
            seen.extend(reply.ids());
        }
    }
    let expected: Vec<String> = (0..15).map(id).collect();
    assert_eq!(seen, expected);
}
