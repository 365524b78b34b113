//! The index of the data folder and look-ups: what sensors are given, and how soon.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Client, Data, Server};

/// Scans lines with the index of the data folder, and returns what was found.
fn found(data: &Data, lines: &str) -> Vec<String> {
    let ran = data.pipe(&["match"], lines.as_bytes());
    ran.lines().iter().map(|hit| hit["value"].as_str().unwrap().to_owned()).collect()
}

/// Waits until something holds; returns after how long.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
    started.elapsed()
}

#[test]
fn the_index_of_a_server_follows_what_is_stored() {
    let data = Data::shipped();
    let list = data.file("list.txt", "evil-one.com\nevil-two.com\n5.188.10.0/24\n");
    data.ok(&["import", "--tlp", "green", list.to_str().unwrap()]);
    let server = Server::start(&data);
    let log = "GET http://www.evil-one.com/ from 5.188.10.9\nnotevil-two.com\nnew-one.com\n";
    eventually("the index", || found(&data, log) == ["evil-one.com", "5.188.10.0/24"]);

    let new = data.file("new.txt", "new-one.com\n");
    data.ok(&["import", "--tlp", "green", new.to_str().unwrap()]);
    let took = eventually("a new value", || found(&data, log).contains(&"new-one.com".to_owned()));
    println!("a new value is found after {took:?}");
    data.ok(&["override", "evil-one.com", "--benign", "--reason", "ours"]);
    eventually("what is decided", || found(&data, log) == ["5.188.10.0/24", "new-one.com"]);
    data.ok(&["retract", "--source", "list"]);
    eventually("what is retracted", || found(&data, log) == ["new-one.com"]);
    // The position of the index tells what came after: only what is new is found with it.
    let path = data.path().join("index/operator.idx");
    let index = data.ok(&["index", "info", "--json", path.to_str().unwrap()]).json();
    let position = index["position"].as_u64().unwrap().to_string();
    let since = data.pipe(&["match", "--since", &position], log.as_bytes());
    assert_eq!(since.lines().len(), 1, "{since}");
    assert_eq!(server.stop(), Some(0));

    // A server that starts again goes on from there.
    let server = Server::start(&data);
    let again = data.file("again.txt", "again.com\n");
    data.ok(&["import", "--tlp", "green", again.to_str().unwrap()]);
    eventually("what comes after a restart", || {
        found(&data, "again.com new-one.com evil-two.com").len() == 2
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_index_is_made_for_one_audience() {
    let data = Data::shipped();
    data.member("CERT-FR", "FR", "fr");
    for (name, tlp, value) in [("open", "green", "evil-one.com"), ("shut", "red", "evil-two.com")] {
        let list = data.file(&format!("{name}.txt"), format!("{value}\n"));
        data.ok(&["import", "--source", name, "--tlp", tlp, list.to_str().unwrap()]);
    }
    let log = data.file("log", "www.evil-one.com\nevil-two.com\n");
    for (audience, expected) in [(&[][..], 2), (&["--member", "CERT-FR"], 1)] {
        let output = data.beside("an.idx");
        let output = output.to_str().unwrap();
        let built = data.ok(&[&["index", "build", "--json", "--output", output], audience].concat()).json();
        assert_eq!(built["entries"], expected, "{built}");
        let ran = data.ok(&["match", "--index", output, log.to_str().unwrap()]);
        assert_eq!(ran.lines().len(), expected, "{ran}");
        let sources = ran.lines()[0]["sources"].as_array().unwrap().len();
        assert_eq!(sources, usize::from(audience.is_empty()), "who reported it is the operator's to know");
    }
    let nobody = data.run(&["index", "build", "--member", "nobody", "--output", "/dev/null/x"]);
    assert_eq!(nobody.code, Some(1), "{nobody}");
}

#[test]
fn sensors_look_many_values_up_in_one_call() {
    let data = Data::shipped();
    data.member("CERT-FR", "FR", "fr");
    let key = data.key("CERT-FR");
    let open = data.file("open.txt", "evil-one.com\n5.188.10.0/24\n");
    data.ok(&["import", "--tlp", "green", open.to_str().unwrap()]);
    let shut = data.file("shut.txt", "evil-two.com\n");
    data.ok(&["import", "--tlp", "red", shut.to_str().unwrap()]);
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let values = ["a.b.evil-one.com", "evil-two.com", "5.188.10.9", "5.188.11.9", "not a value"];
    let body = json!({ "values": values }).to_string();
    let answer = client.post("/v1/lookup", &key, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let answers = answer.json()["answers"].as_array().unwrap().clone();
    let matched: Vec<_> = answers.iter().map(|answer| answer["matched"]["value"].as_str()).collect();
    assert_eq!(matched, [Some("evil-one.com"), None, Some("5.188.10.0/24"), None, None]);
    assert!(answers[4]["error"].is_string());
    // What may not be seen is answered as what is not there, but for the value itself.
    assert_eq!(answers[1]["listed"], answers[3]["listed"]);
    assert_eq!(answers[1].as_object().unwrap().len(), answers[3].as_object().unwrap().len());

    for (key, body, status) in [
        ("", body.as_str(), 401),
        (key.as_str(), "{\"values\": 7}", 400),
        (key.as_str(), "{\"values\": [\"a.com\"], \"more\": 1}", 400),
        (key.as_str(), "", 400),
    ] {
        assert_eq!(client.post("/v1/lookup", key, body.as_bytes()).unwrap().status, status, "{body}");
    }
    let most: Vec<String> = (0..100_000).map(|n| format!("n{n}.evil-one.com")).collect();
    let answer = client.post("/v1/lookup", &key, json!({ "values": most }).to_string().as_bytes()).unwrap();
    assert_eq!(answer.json()["answers"].as_array().unwrap().len(), 100_000);
    let too_many = json!({ "values": vec!["a.com"; 100_001] }).to_string();
    assert_eq!(client.post("/v1/lookup", &key, too_many.as_bytes()).unwrap().status, 400);
    assert_eq!(client.get("/v1/lookup", &key).unwrap().status, 405);
}
