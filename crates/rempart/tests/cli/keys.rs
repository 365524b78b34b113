//! Keys: revoked, expired and wrong ones, what they allow, and how often one may try.

use crate::support::{Client, Data, Server, envelope, indicator};

const COLLECTIONS: &str = "/api/collections/";

#[test]
fn keys_that_are_not_valid_are_all_refused_alike() {
    let data = Data::new();
    let good = data.member("CERT-FR", "FR", "fr");
    let (revoked, expired) = (data.key("CERT-FR"), data.key("CERT-FR"));
    // Nobody waits a day for a key to end: its last day is moved to 1970.
    let keys = data.ok(&["key", "list", "--json"]).lines();
    let newest = keys.iter().filter_map(|key| key["id"].as_u64()).max().unwrap();
    let connection = rusqlite::Connection::open(data.path().join("rempart.sqlite")).unwrap();
    let changed =
        connection.execute("UPDATE access_key SET expires = 1 WHERE id = ?1", [newest as i64]).unwrap();
    assert_eq!(changed, 1);
    drop(connection);

    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    assert_eq!(client.get(COLLECTIONS, &good).unwrap().status, 200);
    assert_eq!(client.get(COLLECTIONS, &revoked).unwrap().status, 200, "not revoked yet");
    data.ok(&["key", "revoke", &revoked]);
    let mut answers = Vec::new();
    for key in [&revoked, &expired, &"B".repeat(40), "short", ""] {
        let answer = client.get(COLLECTIONS, key).unwrap();
        assert_eq!(answer.status, 401, "{key:?}: {}", answer.head);
        assert!(answer.head.to_ascii_lowercase().contains("www-authenticate: basic"), "{}", answer.head);
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "which of them is wrong, and how, is not told");
    // Nothing is told of what exists to whom has no key.
    let there = client.get("/api/status/00000000-0000-4000-8000-000000000000/", "").unwrap();
    let nowhere = client.get("/api/no/such/place", "").unwrap();
    assert_eq!((there.status, nowhere.status), (401, 401));
    assert_eq!(client.get(COLLECTIONS, &good).unwrap().status, 200);
    assert_eq!(data.run(&["key", "revoke", &revoked]).code, Some(1), "revoked before");
}

#[test]
fn who_tries_too_often_has_to_wait() {
    let data = Data::new();
    let good = data.member("CERT-FR", "FR", "fr");
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let mut refused = 0;
    let mut limited = None;
    for attempt in 0..60 {
        let answer = client.get(COLLECTIONS, &format!("{attempt:0>40}")).unwrap();
        match answer.status {
            401 => refused += 1,
            429 => {
                limited = Some(answer);
                break;
            }
            other => panic!("{other}: {}", answer.head),
        }
    }
    let limited = limited.expect("attempts are not limited");
    assert!((5..=30).contains(&refused), "{refused} attempts");
    let wait = limited
        .head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("retry-after:")?.trim().parse::<u32>().ok());
    assert!(wait.is_some_and(|seconds| (1..=3600).contains(&seconds)), "{}", limited.head);
    assert_eq!(client.get("/healthz", "").unwrap().status, 200);
    // Guessing is of no use either: the right key does not get through now, and a restart changes nothing.
    assert_eq!(client.get(COLLECTIONS, &good).unwrap().status, 429);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&data);
    assert_eq!(Client::new(server.address).get(COLLECTIONS, &good).unwrap().status, 429);
}

#[test]
fn a_key_allows_no_more_than_it_says() {
    let data = Data::new();
    data.member("CERT-FR", "FR", "fr");
    let reading = data.ok(&["key", "create", "--member", "CERT-FR", "--read-only"]).text();
    data.ok(&["person", "add", "--name", "maria", "--role", "reader"]);
    let person = data.ok(&["key", "create", "--person", "maria"]).text();
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let body = envelope(&[indicator(41, 0)]);
    let path = client.collection(reading.trim(), "contribute");
    assert_eq!(client.post(&path, reading.trim(), &body).unwrap().status, 403);
    let path = client.collection(person.trim(), "everything");
    assert_eq!(client.post(&path, person.trim(), &body).unwrap().status, 403);
    assert_eq!(client.get(&path, person.trim()).unwrap().status, 200);
    assert_eq!(data.ok(&["status", "--json"]).json()["objects"], 0);
}

#[test]
fn one_member_does_not_reach_into_what_is_another_s() {
    let data = Data::new();
    let keys = [data.member("CERT-FR", "FR", "fr"), data.member("CERT-PL", "PL", "pl")];
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let path = client.collection(&keys[0], "contribute");
    let posted = client.post(&path, &keys[0], &envelope(&[indicator(42, 0)])).unwrap().json();
    let status = format!("/api/status/{}/", posted["id"].as_str().unwrap());
    assert_eq!(client.get(&status, &keys[0]).unwrap().status, 200);
    let (other, nothing) = (
        client.get(&status, &keys[1]).unwrap(),
        client.get("/api/status/00000000-0000-4000-8000-000000000000/", &keys[1]).unwrap(),
    );
    assert_eq!((other.status, &other.body), (404, &nothing.body));
    let (other, nothing) = (
        client.get(&path, &keys[1]).unwrap(),
        client.get("/api/collections/00000000-0000-4000-8000-000000000000/objects/", &keys[1]).unwrap(),
    );
    assert_eq!((other.status, &other.body), (404, &nothing.body));
}
