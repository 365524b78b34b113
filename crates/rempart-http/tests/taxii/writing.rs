//! Adding, statuses, deleting.

use std::time::{Duration, Instant};

use rempart_model::Tlp;
use rempart_service::Scopes;
use serde_json::{Value, json};

use crate::client::{Client, TAXII};
use crate::world::{AMBER, BOTH, GREEN, RED_ONE, THREE, World, bundle, collection, id, indicator, shared};

fn envelope(objects: &[String]) -> String {
    format!("{{\"objects\":[{}]}}", objects.join(","))
}

struct Pair {
    world: World,
    client: Client,
    other: Client,
    path: String,
}

fn pair() -> Pair {
    let world = World::new();
    let client = world.key(world.member("Giver", "DE", Tlp::Amber), BOTH);
    let other = world.key(world.member("Taker", "FR", Tlp::Amber), BOTH);
    let path = collection(&client, "contribute");
    Pair { world, client, other, path }
}

#[test]
fn what_is_added_is_there_for_those_who_may_see_it() {
    let Pair { world: _world, client, other, path } = pair();
    let wanted = indicator(1, THREE[0], GREEN);
    let reply = client
        .post(&format!("{path}objects/"), &envelope(&[wanted.clone(), "{\"type\":\"indicator\"}".into()]));
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some(TAXII));
    let status = reply.json();
    let number = |name: &str| status[name].as_u64().unwrap();
    assert_eq!(status["status"], "complete");
    assert_eq!((number("total_count"), number("success_count")), (2, 1));
    assert_eq!((number("failure_count"), number("pending_count")), (1, 0));
    assert_eq!(status["successes"][0]["id"], id(1));
    assert_eq!(status["successes"][0]["version"], THREE[0]);
    assert!(status["failures"][0]["message"].as_str().unwrap().len() > 3);
    assert_eq!(status.get("pendings"), None);
    let stamp = status["request_timestamp"].as_str().unwrap();
    assert!(stamp.len() == 27 && stamp.ends_with('Z'), "{stamp}");

    let again = client.get(&format!("/api/status/{}/", status["id"].as_str().unwrap()));
    assert_eq!((again.status, again.json()), (200, status.clone()));
    other
        .get(&format!("/api/status/{}/", status["id"].as_str().unwrap()))
        .assert_error(404, "another's status");

    let served = client.get(&format!("{path}objects/")).text();
    assert_eq!(served, format!("{{\"objects\":[{wanted}],\"more\":false}}"));
    for member in [&client, &other] {
        let all = collection(member, "all");
        assert!(member.get(&format!("{all}objects/")).text().contains(&wanted));
    }
    assert_eq!(other.get(&format!("{}objects/", collection(&other, "contribute"))).text(), "{}");
}

#[test]
fn a_marking_is_respected() {
    let Pair { world, client, other: _, path } = pair();
    let green_only = world.key(world.member("Third", "IT", Tlp::Green), BOTH);
    client.post(
        &format!("{path}objects/"),
        &envelope(&[indicator(1, THREE[0], AMBER), indicator(2, THREE[0], GREEN)]),
    );
    let all = collection(&green_only, "all");
    assert_eq!(green_only.get(&format!("{all}objects/")).ids(), [id(2)]);
}

#[test]
fn adding_the_same_again_is_no_failure() {
    let Pair { client, path, world: _world, .. } = pair();
    let body = envelope(&[indicator(1, THREE[0], GREEN)]);
    for round in 0..3 {
        let status = client.post(&format!("{path}objects/"), &body).json();
        assert_eq!((&status["success_count"], &status["failure_count"]), (&json!(1), &json!(0)), "{round}");
        let message = status["successes"][0].get("message").cloned();
        assert_eq!(message, (round > 0).then(|| json!("Object already added")), "{round}");
    }
    assert_eq!(client.get(&format!("{path}objects/")).ids(), [id(1)]);
}

#[test]
fn what_a_contributor_may_not_see_answers_like_what_is_not_there() {
    let Pair { world, client, path, .. } = pair();
    world.import("secret", &bundle(&[indicator(RED_ONE, THREE[0], crate::world::RED)]));
    let hidden =
        client.post(&format!("{path}objects/"), &envelope(&[indicator(RED_ONE, THREE[0], GREEN)])).json();
    let fresh = client.post(&format!("{path}objects/"), &envelope(&[indicator(5, THREE[0], GREEN)])).json();
    let shape = |status: &Value| {
        let mut status = status.clone();
        for name in ["id", "request_timestamp"] {
            status.as_object_mut().unwrap().remove(name);
        }
        status.to_string().replace(&id(RED_ONE), "ID").replace(&id(5), "ID")
    };
    assert_eq!(shape(&hidden), shape(&fresh));
}

#[test]
fn bodies_that_are_no_envelopes_are_refused() {
    let Pair { client, path, world: _world, .. } = pair();
    let post = |body: &str| client.post(&format!("{path}objects/"), body);
    for body in ["", "{", "[]", "null", "{\"objects\":1}", "{\"objects\":{}}", "\u{fffd}"] {
        post(body).assert_error(422, body);
    }
    assert_eq!(client.get(&format!("{path}objects/")).text(), "{}");
}

#[test]
fn the_type_of_a_body_is_checked() {
    let Pair { client, path, world: _world, .. } = pair();
    let body = envelope(&[indicator(1, THREE[0], GREEN)]);
    let table: [(&[(&str, &str)], u16); 9] = [
        (&[("Content-Type", TAXII)], 202),
        (&[("Content-Type", "application/taxii+json; version=2.1")], 202),
        (&[("Content-Type", "application/taxii+json")], 202),
        (&[("Content-Type", TAXII), ("Content-Encoding", "identity")], 202),
        (&[("Content-Type", "application/taxii+json;version=2.0")], 415),
        (&[("Content-Type", "application/json")], 415),
        (&[("Content-Type", "text/plain")], 415),
        (&[], 415),
        (&[("Content-Type", TAXII), ("Content-Encoding", "gzip")], 415),
    ];
    for (headers, status) in table {
        let reply = client.send("POST", &format!("{path}objects/"), headers, body.as_bytes());
        assert_eq!(reply.status, status, "{headers:?}");
        if status != 202 {
            reply.assert_error(status, &format!("{headers:?}"));
        }
    }
    let reply = client.send(
        "POST",
        &format!("{path}objects/"),
        &[("Content-Type", TAXII), ("Accept", "text/html")],
        body.as_bytes(),
    );
    reply.assert_error(406, "a POST whose answer nobody wants");
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let world = World::with(|settings| settings.max_content_length = 2_000_000);
    let client = world.key(world.member("M", "DE", Tlp::Amber), BOTH);
    let path = format!("{}objects/", collection(&client, "contribute"));
    let padded = |length: usize| {
        let body = envelope(&[indicator(1, THREE[0], GREEN)]);
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    assert_eq!(client.post(&path, &padded(2_000_000)).status, 202);
    client.post(&path, &padded(2_000_001)).assert_error(413, "one byte more");
    // Without an announcement of the length, it is found out on the way.
    let chunked = |length: usize| {
        let key = client.key.as_deref().unwrap();
        let mut bytes = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nContent-Type: {TAXII}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        .into_bytes();
        for chunk in padded(length).as_bytes().chunks(100_000) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        client.send_raw(&bytes)
    };
    assert_eq!(chunked(2_000_000).status, 202);
    chunked(2_000_001).assert_error(413, "one byte more, in chunks");
}

#[test]
fn a_client_that_waits_for_leave_is_told_at_once() {
    let client = &shared().north;
    let path = format!("{}objects/", collection(client, "all"));
    let started = Instant::now();
    let key = client.key.as_deref().unwrap();
    let reply = client.send_raw(
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nContent-Type: {TAXII}\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"
        )
        .as_bytes(),
    );
    reply.assert_error(403, "a collection that nobody adds to");
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
}

#[test]
fn scopes_bound_what_a_key_does() {
    let shared = shared();
    let body = envelope(&[indicator(800, THREE[0], GREEN)]);
    let contribute = collection(&shared.north, "contribute");
    let all = collection(&shared.north, "all");
    let objects = |path: &str| format!("{path}objects/");
    let one = |path: &str| format!("{path}objects/{}/", id(1));
    for (what, reply, status) in [
        ("add to what is only read", shared.north.post(&objects(&all), &body), 403),
        ("add with a key that reads", shared.north_reads.post(&objects(&contribute), &body), 403),
        ("read with a key that writes", shared.north_writes.get(&objects(&all)), 403),
        ("its manifest", shared.north_writes.get(&format!("{all}manifest/")), 403),
        ("an object", shared.north_writes.get(&one(&all)), 403),
        ("its versions", shared.north_writes.get(&format!("{}versions/", one(&all))), 403),
        (
            "with a filter that matches nothing",
            shared.north_writes.get(&format!("{}?match[spec_version]=3.0", objects(&all))),
            403,
        ),
        ("delete with a key that reads", shared.north_reads.delete(&one(&contribute)), 403),
        ("delete with a key that writes", shared.north_writes.delete(&one(&contribute)), 403),
        ("delete what is only read", shared.north.delete(&one(&all)), 403),
        ("delete where neither is allowed", shared.north_writes.delete(&one(&all)), 404),
    ] {
        reply.assert_error(status, what);
    }
    let listed = shared.north_writes.get("/api/collections/").json();
    for each in listed["collections"].as_array().unwrap() {
        assert_eq!(each["can_read"], json!(false));
    }
}

#[test]
fn deleting_takes_versions_away() {
    let Pair { client, other, path, world: _world } = pair();
    let one = format!("{path}objects/{}/", id(1));
    let add = || {
        let versions: Vec<String> = THREE.iter().map(|version| indicator(1, version, GREEN)).collect();
        assert_eq!(
            client.post(&format!("{path}objects/"), &envelope(&versions)).json()["success_count"],
            json!(3)
        );
    };
    let versions = || client.get(&format!("{one}versions/")).json()["versions"].clone();
    add();
    assert_eq!(versions(), json!(THREE));
    let reply = client.delete(&format!("{one}?match[version]={}", THREE[1]));
    assert_eq!((reply.status, reply.body.len(), reply.header("content-type")), (200, 0, Some(TAXII)));
    assert_eq!(versions(), json!([THREE[0], THREE[2]]));
    assert_eq!(client.delete(&format!("{one}?match[version]=first")).status, 200);
    assert_eq!(versions(), json!([THREE[2]]));
    client.delete(&format!("{one}?match[version]={}", THREE[0])).assert_error(404, "a version that is gone");
    client.delete(&format!("{one}?match[version]=soon")).assert_error(400, "a malformed filter");
    client.delete(&format!("{one}?match[spec_version]=9.9")).assert_error(404, "no such specification");
    // Without a filter, all of it.
    assert_eq!(client.delete(&one).status, 200);
    client.get(&one).assert_error(404, "an object that is gone");
    client.get(&format!("{one}versions/")).assert_error(404, "its versions");
    client.delete(&one).assert_error(404, "again");
    client.delete(&format!("{path}objects/nonsense/")).assert_error(404, "no id");
    let all = collection(&other, "all");
    other.get(&format!("{all}objects/{}/", id(1))).assert_error(404, "for others too");
}

#[test]
fn nobody_deletes_what_others_gave() {
    let Pair { world, client, other, path } = pair();
    world.import("feed", &bundle(&[indicator(1, THREE[0], GREEN)]));
    client.post(&format!("{path}objects/"), &envelope(&[indicator(2, THREE[0], GREEN)]));
    let theirs = collection(&other, "contribute");
    other.delete(&format!("{theirs}objects/{}/", id(2))).assert_error(404, "another member's");
    client.delete(&format!("{path}objects/{}/", id(1))).assert_error(404, "the operator's");
    assert_eq!(client.get(&format!("{}objects/", collection(&client, "all"))).ids().len(), 2);
}

#[test]
fn a_revoked_key_ends_at_once() {
    let world = World::new();
    let client = world.key(world.member("M", "DE", Tlp::Amber), Scopes::READ);
    assert_eq!(client.get("/taxii2/").status, 200);
    world.app.revoke_key(&world.admin, client.key.as_deref().unwrap()).unwrap();
    client.get("/taxii2/").assert_error(401, "a revoked key");
}
