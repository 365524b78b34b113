//! The folder, its socket, the log, and one server at a time.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::support::{Client, Data, Server, bundle_of, envelope, indicator};

fn mode(path: &std::path::Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn nobody_else_can_look_into_the_folder() {
    let data = Data::new();
    let server = Server::start(&data);
    assert_eq!(mode(&data.path()), 0o700);
    assert_eq!(mode(&data.path().join("rempart.socket")), 0o600);
    drop(server);
}

#[test]
fn files_are_closed_to_others_where_the_folder_is_open() {
    let data = Data::new();
    std::fs::create_dir(data.path()).unwrap();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(&data);
    let file = data.file("list.txt", "evil-one.com\n");
    data.import(&file);
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "others can open {}", path.display());
    }
    drop(server);
}

#[test]
fn a_second_server_is_refused() {
    let data = Data::new();
    let server = Server::start(&data);
    let second = data.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(5), "{second}");
    assert!(second.stderr.contains("only one server"), "{second}");
    assert_eq!(second.text(), "");
    // The first has not noticed.
    data.ok(&["status"]);
    assert_eq!(Client::new(server.address).get("/healthz", "").unwrap().status, 200);
    assert_eq!(server.stop(), Some(0));
    assert!(!data.path().join("rempart.socket").exists(), "the socket is taken away at the end");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let data = Data::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = data.run(&["serve", "--listen", &address]);
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains(&address), "{ran}");
}

#[test]
fn commands_at_the_same_time_wait_for_one_another() {
    let data = Data::new();
    data.ok(&["status"]);
    std::thread::scope(|scope| {
        for number in 0..6u64 {
            let data = &data;
            scope.spawn(move || {
                let indicators: Vec<_> = (0..50).map(|index| indicator(20 + number, index)).collect();
                let file = data.file(&format!("{number}.json"), bundle_of(&indicators));
                assert_eq!(data.import(&file)["objects"], 50);
            });
        }
    });
    assert_eq!(data.ok(&["status", "--json"]).json()["objects"], 300);
}

#[test]
fn nonsense_on_the_socket_harms_nobody() {
    let data = Data::new();
    let server = Server::start(&data);
    for bytes in
        [b"".as_slice(), b"GET / HTTP/1.1\r\n\r\n", b"R\xff\xff\xff\xff", b"R\0\0\0\x04null", b"I\0\0\0\x01x"]
    {
        let mut socket = UnixStream::connect(data.path().join("rempart.socket")).unwrap();
        let _ = std::io::Write::write_all(&mut socket, bytes);
    }
    // One that stays open and says nothing does not keep others waiting.
    let silent = UnixStream::connect(data.path().join("rempart.socket")).unwrap();
    data.ok(&["status"]);
    drop(silent);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_log_holds_neither_keys_nor_what_is_restricted() {
    let data = Data::new();
    let key = data.member("CERT-FR", "FR", "fr");
    let mut command = data.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("REMPART_LOG", "debug");
    let server = Server::start_as(command, data.beside("server.log"));
    let posted = indicator(31, 0);
    let mut client = Client::new(server.address);
    let path = client.collection(&key, "contribute");
    assert_eq!(client.post(&path, &key, &envelope(std::slice::from_ref(&posted))).unwrap().status, 202);
    // What is refused, asked for in vain, or not readable must not be told either.
    let secret = "very-secret-loader.fr";
    let broken = posted.json.replace(&posted.value, secret).replace("\"pattern\":\"[", "\"pattern\":\"[[[");
    let _ = client.post(&path, &key, format!("{{\"objects\":[{broken}]}}").as_bytes());
    let _ = client.post(&path, &key, format!("{{\"objects\":[\"{secret}\"").as_bytes());
    let all = client.collection(&key, "all");
    let _ = client.get(&format!("{all}?match[id]={}", posted.id), &key);
    let _ = client.get(&format!("{all}?match[nothing]={secret}"), &key);
    let _ = client.get(&format!("/api/collections/{secret}/objects/"), &key);
    let wrong = "A".repeat(39) + "b";
    assert_eq!(client.get("/api/collections/", &wrong).unwrap().status, 401);
    let red = data.file("red.txt", "red-evil.com\nnot a value but red-too.com is in it ???\n");
    data.ok(&["import", "--tlp", "red", "--format", "plain", red.to_str().unwrap()]);
    data.ok(&["search", "red-evil.com"]);
    data.ok(&["explain", "red-evil.com"]);
    data.ok(&["override", "red-evil.com", "--benign", "--reason", "red-reason"]);
    data.run(&["explain", "red nonsense"]);
    let made = data.key("CERT-FR");
    data.ok(&["key", "revoke", &made]);

    let log = server.log();
    assert!(log.contains("/api/collections/{collection}/objects/"), "requests are logged: {log}");
    let names = [&key, &made, &wrong, &posted.value, &posted.id].map(String::as_str);
    for word in names.into_iter().chain([secret, "red-evil", "red-too", "red-reason", "red nonsense"]) {
        assert!(!log.contains(word), "{word} is in the log:\n{log}");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn health_and_metrics_are_answered_without_a_key() {
    let data = Data::new();
    // A port that was free a moment ago.
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = metrics.to_string();
    let command = data.command(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &listen]);
    let server = Server::start_as(command, data.beside("server.log"));
    let mut client = Client::new(server.address);
    assert_eq!(client.get("/healthz", "").unwrap().status, 200);
    assert_eq!(client.get("/readyz", "").unwrap().status, 200);
    assert_eq!(client.get("/metrics", "").unwrap().status, 404, "metrics have a listener of their own");
    let text = String::from_utf8(Client::new(metrics).get("/metrics", "").unwrap().body).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
    assert!(text.contains("rempart_ledger_entries"), "{text}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_stopped_server_finishes_what_it_began() {
    let data = Data::new();
    let key = data.member("CERT-FR", "FR", "fr");
    let server = Server::start(&data);
    let address = server.address;
    let mut client = Client::new(address);
    let path = client.collection(&key, "contribute");
    let indicators: Vec<_> = (0..4000).map(|index| indicator(32, index)).collect();
    let posting = std::thread::spawn(move || client.post(&path, &key, &envelope(&indicators)));
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(server.stop(), Some(0));
    // Either it was answered and all of it is there, or it was not and none has to be.
    let stored = data.ok(&["status", "--json"]).json()["objects"].as_u64().unwrap();
    match posting.join().unwrap() {
        Ok(answer) => assert_eq!((answer.status, stored), (202, 4000)),
        Err(error) => assert!(stored == 0 || stored == 4000, "{error}: {stored}"),
    }
    assert_eq!(data.path().metadata().unwrap().uid(), rustix::process::geteuid().as_raw());
}
