//! Routes, media types, keys and errors.

use serde_json::{Value, json};

use crate::client::{Client, TAXII};
use crate::world::{World, collection, id, shared};
use rempart_model::Tlp;
use rempart_service::Scopes;

/// Paths that exist for a member, and paths that do not.
fn paths(client: &Client) -> (Vec<String>, Vec<String>) {
    let all = collection(client, "all");
    let there = vec![
        "/taxii2/".into(),
        "/api/".into(),
        "/api/collections/".into(),
        all.clone(),
        format!("{all}manifest/"),
        format!("{all}objects/"),
        format!("{all}objects/{}/", id(1)),
        format!("{all}objects/{}/versions/", id(1)),
    ];
    let unknown = "00000000-0000-4000-8000-000000000000";
    let missing = vec![
        "/taxii2/nothing/".into(),
        "/api/nothing/".into(),
        format!("/api/status/{unknown}/"),
        "/api/status/nonsense/".into(),
        format!("/api/collections/{unknown}/"),
        format!("/api/collections/{unknown}/objects/"),
        format!("/api/collections/{unknown}/manifest/"),
        "/api/collections/nonsense/".into(),
        "/api/collections/%ff%fe/".into(),
        format!("{all}nothing/"),
        format!("{all}objects/{}/", id(777)),
        format!("{all}objects/{}/versions/", id(777)),
        format!("{all}objects/nonsense/"),
        format!("{all}objects/nonsense/versions/"),
        format!("{all}objects/{}/nothing/", id(1)),
    ];
    (there, missing)
}

#[test]
fn every_resource_is_there_and_says_what_it_is() {
    let client = &shared().north;
    let (there, missing) = paths(client);
    for path in &there {
        let reply = client.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some(TAXII), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        reply.json();
    }
    for path in &missing {
        client.get(path).assert_error(404, path);
    }
    client.get("/nothing/").assert_error(404, "outside of TAXII");
}

#[test]
fn a_path_is_served_without_its_last_slash() {
    let client = &shared().north;
    for path in paths(client).0 {
        let bare = path.trim_end_matches('/');
        let (with, without) = (client.get(&path), client.get(bare));
        assert_eq!((with.status, &with.body), (without.status, &without.body), "{path}");
    }
}

#[test]
fn head_is_get_without_a_body() {
    let client = &shared().north;
    for path in paths(client).0 {
        let (get, head) = (client.get(&path), client.send("HEAD", &path, &[], b""));
        assert_eq!(head.status, 200, "{path}");
        assert!(head.body.is_empty(), "{path}");
        for name in ["content-type", "content-length", "x-taxii-date-added-first", "x-taxii-date-added-last"]
        {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[test]
fn discovery_root_and_collections_have_what_clients_require() {
    let client = &shared().north;
    let discovery = client.get("/taxii2/").json();
    assert_eq!(discovery, json!({"title": "Rempart", "default": "/api/", "api_roots": ["/api/"]}));
    let root = client.get("/api/").json();
    assert_eq!(root, json!({"title": "Rempart", "versions": [TAXII], "max_content_length": 104_857_600}));
    let listed = client.get("/api/collections/").json();
    let aliases: Vec<&str> =
        listed["collections"].as_array().unwrap().iter().map(|c| c["alias"].as_str().unwrap()).collect();
    assert_eq!(aliases, ["all", "concerns", "concerns-high", "contribute"]);
    for each in listed["collections"].as_array().unwrap() {
        let uuid = each["id"].as_str().unwrap();
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid} is a UUID of version 4");
        assert_eq!(each["can_read"], Value::Bool(true));
        assert_eq!(each["can_write"], Value::Bool(each["alias"] == "contribute"));
        assert!(each["title"].is_string() && each["media_types"].is_array());
        assert_eq!(&client.get(&format!("/api/collections/{uuid}/")).json(), each);
        let by_alias = format!("/api/collections/{}/", each["alias"].as_str().unwrap());
        assert_eq!(&client.get(&by_alias).json(), each);
    }
    assert_eq!(client.get("/api/collections/").body, client.get("/api/collections/").body, "the same order");
}

#[test]
fn settings_show_in_discovery() {
    let world = World::with(|settings| {
        settings.title = "CERT \"Test\"".into();
        settings.description = Some("d".into());
        settings.contact = Some("c".into());
        settings.max_content_length = 1234;
    });
    let client = world.key(world.member("M", "DE", Tlp::Amber), Scopes::READ);
    let discovery = client.get("/taxii2/").json();
    assert_eq!(
        discovery,
        json!({"title": "CERT \"Test\"", "description": "d", "contact": "c", "default": "/api/", "api_roots": ["/api/"]})
    );
    assert_eq!(client.get("/api/").json()["max_content_length"], json!(1234));
}

#[test]
fn accept_is_taken_liberally() {
    let client = &shared().north;
    let table: [(&[(&str, &str)], u16); 13] = [
        (&[], 200),
        (&[("Accept", TAXII)], 200),
        (&[("Accept", "application/taxii+json; version=2.1")], 200),
        (&[("Accept", "application/taxii+json")], 200),
        (&[("Accept", "application/json")], 200),
        (&[("Accept", "application/json, text/plain, */*")], 200),
        (&[("Accept", "*/*")], 200),
        (&[("Accept", "")], 200),
        (&[("Accept", "text/html"), ("Accept", TAXII)], 200),
        (&[("Accept", "application/taxii+json;version=2.0")], 406),
        (&[("Accept", "application/vnd.oasis.taxii+json; version=2.0")], 406),
        (&[("Accept", "text/html")], 406),
        (&[("Accept", "image/png"), ("Accept", "text/html")], 406),
    ];
    for path in paths(client).0 {
        for (headers, status) in table {
            let reply = client.send("GET", &path, headers, b"");
            assert_eq!(reply.status, status, "{path} {headers:?}");
            if status == 406 {
                reply.assert_error(406, &path);
            }
        }
    }
}

#[test]
fn methods_that_are_not_allowed_say_which_are() {
    let client = &shared().north;
    let all = collection(client, "all");
    let table = [
        ("POST", "/taxii2/".to_owned(), "GET, HEAD"),
        ("DELETE", "/api/collections/".to_owned(), "GET, HEAD"),
        ("PUT", format!("{all}objects/"), "GET, HEAD, POST"),
        ("DELETE", format!("{all}objects/"), "GET, HEAD, POST"),
        ("POST", format!("{all}objects/{}/", id(1)), "GET, HEAD, DELETE"),
        ("POST", format!("{all}manifest/"), "GET, HEAD"),
        ("BREW", format!("{all}manifest/"), "GET, HEAD"),
        ("OPTIONS", "/api/".to_owned(), "GET, HEAD"),
    ];
    for (method, path, allow) in table {
        let reply = client.send(method, &path, &[], b"");
        reply.assert_error(405, &path);
        assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn a_key_is_taken_in_every_form() {
    let world = World::new();
    let member = world.member("M", "DE", Tlp::Amber);
    let key = world.key(member, Scopes::READ).key.unwrap();
    let anonymous = Client::anonymous(world.address);
    let basic = |pair: &str| format!("Basic {}", base64(pair.as_bytes()));
    for value in [
        basic(&format!("anybody:{key}")),
        basic(&format!(":{key}")),
        basic(&format!("{key}:")),
        format!("Bearer {key}"),
        format!("bearer {key}"),
        format!("Token {key}"),
        key.clone(),
    ] {
        assert_eq!(
            anonymous.send("GET", "/taxii2/", &[("Authorization", &value)], b"").status,
            200,
            "{value}"
        );
    }
    for value in
        [basic(&format!("{key}:wrong")), format!("Bearer {key}x"), "Bearer".into(), key.to_lowercase()]
    {
        let reply = anonymous.send("GET", "/taxii2/", &[("Authorization", &value)], b"");
        reply.assert_error(401, &value);
    }
    let twice = [("Authorization", key.as_str()), ("Authorization", key.as_str())];
    anonymous.send("GET", "/taxii2/", &twice, b"").assert_error(401, "two headers");
}

#[test]
fn without_a_key_nobody_learns_what_exists() {
    let anonymous = Client::anonymous(shared().world.address);
    let (there, missing) = paths(&shared().north);
    let first = anonymous.get("/taxii2/");
    assert_eq!(first.header("www-authenticate"), Some("Basic realm=\"Rempart\""));
    for path in there.iter().chain(&missing) {
        for method in ["GET", "POST", "DELETE", "PUT", "BREW"] {
            let reply = anonymous.send(method, path, &[("Accept", "text/html")], b"");
            reply.assert_error(401, path);
            assert_eq!(reply.body, first.body, "{method} {path}");
            assert_eq!(reply.header("www-authenticate"), first.header("www-authenticate"), "{method} {path}");
        }
    }
}

#[test]
fn many_wrong_keys_are_made_to_wait() {
    let world = World::new();
    let client = world.key(world.member("M", "DE", Tlp::Amber), Scopes::READ);
    let guess = Client::new(world.address, "nobodys");
    let mut last = guess.get("/taxii2/");
    for _ in 0..60 {
        if last.status == 429 {
            break;
        }
        last.assert_error(401, "a wrong key");
        last = guess.get("/taxii2/");
    }
    last.assert_error(429, "too many wrong keys");
    let wait: u32 = last.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    // A right key from the same address is not told apart, or guessing would go on.
    client.get("/taxii2/").assert_error(429, "a right key");
}

#[test]
fn another_members_collection_is_not_there() {
    let (north, south) = (&shared().north, &shared().south);
    for alias in ["all", "concerns", "concerns-high", "contribute"] {
        let path = collection(north, alias);
        let unknown = south.get("/api/collections/00000000-0000-4000-8000-000000000000/");
        let reply = south.get(&path);
        reply.assert_error(404, alias);
        assert_eq!(reply.body, unknown.body);
        south.get(&format!("{path}objects/")).assert_error(404, alias);
        south.post(&format!("{path}objects/"), "{}").assert_error(404, alias);
        south.delete(&format!("{path}objects/{}/", id(1))).assert_error(404, alias);
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0u32, |group, i| group << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
