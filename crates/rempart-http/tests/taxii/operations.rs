//! Health, metrics, patience and stopping.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

use rempart_model::Tlp;
use rempart_service::Scopes;

use crate::client::{Client, connect};
use crate::world::{World, collection, shared};

#[test]
fn health_needs_no_key_and_metrics_are_elsewhere() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = free.local_addr().unwrap();
    drop(free);
    let world = World::with(|settings| settings.metrics = Some(metrics));
    let anonymous = Client::anonymous(world.address);
    for path in ["/healthz", "/readyz"] {
        let reply = anonymous.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
    }
    anonymous.get("/metrics").assert_error(404, "metrics on the main listener");
    let member = world.key(world.member("Quiet", "DE", Tlp::Amber), Scopes::READ);
    member.get(&format!("{}objects/?match[type]=quite-secret", collection(&member, "all")));
    anonymous.get("/taxii2/").assert_error(401, "no key");

    let watcher = Client::anonymous(metrics);
    let reply = watcher.send("GET", "/metrics", &[], b"");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = reply.text();
    for line in [
        "rempart_http_requests_total{route=\"/api/collections/\",status=\"2xx\"} 1",
        "rempart_http_requests_total{route=\"/api/collections/{collection}/objects/\",status=\"2xx\"} 1",
        "rempart_http_requests_total{route=\"/taxii2/\",status=\"4xx\"} 1",
        "rempart_http_requests_total{route=\"/healthz\",status=\"2xx\"} 1",
        "rempart_refused_total 1",
        "rempart_pages_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    for hidden in ["secret", "Quiet", member.key.as_deref().unwrap()] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    for path in ["/taxii2/", "/api/", "/healthz", "/"] {
        assert_eq!(watcher.send("GET", path, &[], b"").status, 404, "{path}");
    }
}

#[test]
fn one_connection_carries_many_requests() {
    let shared = shared();
    let mut stream = connect(shared.world.address);
    let key = shared.north.key.as_deref().unwrap();
    for path in ["/taxii2/", "/api/nothing/", "/api/collections/"] {
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n").as_bytes())
            .unwrap();
        let mut buffer = [0u8; 8192];
        let read = stream.read(&mut buffer).unwrap();
        assert!(buffer[..read].starts_with(b"HTTP/1.1 "), "{path}");
    }
}

/// A server that has little patience.
fn hasty() -> World {
    World::with(|settings| {
        settings.timeouts.head = Duration::from_millis(300);
        settings.timeouts.stall = Duration::from_millis(300);
        settings.timeouts.drain = Duration::from_millis(500);
    })
}

#[test]
fn who_dawdles_is_cut_off() {
    let world = hasty();
    let client = world.key(world.member("M", "DE", Tlp::Amber), crate::world::BOTH);
    let path = collection(&client, "contribute");
    let key = client.key.as_deref().unwrap();
    let head = format!(
        "POST {path}objects/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {key}\r\nContent-Type: {}\r\nContent-Length: 100\r\n\r\n{{",
        crate::client::TAXII
    );
    for (what, sent, expected) in [
        ("nothing at all", "", ""),
        ("half a head", "GET /taxii2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ", ""),
        ("half a body", head.as_str(), "HTTP/1.1 408 "),
    ] {
        let mut stream = connect(world.address);
        let started = Instant::now();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut reply = String::new();
        // A reset is an end as well.
        let _ = stream.read_to_string(&mut reply);
        assert!(reply.starts_with(expected), "{what}: {reply}");
        assert!(started.elapsed() < Duration::from_secs(5), "{what}");
    }
    assert_eq!(client.get("/taxii2/").status, 200);
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let world = World::with(|settings| settings.max_connections = 2);
    let idle = [connect(world.address), connect(world.address)];
    // Both places are taken once the server has said so to each.
    for mut stream in &idle {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 512]).unwrap() > 0);
    }
    let mut third = connect(world.address);
    third.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0; 512]).is_err(), "the third must wait");
    drop(idle);
    third.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(third.read(&mut [0; 512]).unwrap() > 0);
}

#[test]
fn stopping_ends_idle_connections_and_bounds_the_rest() {
    let mut world = hasty();
    let idle = connect(world.address);
    let mut half = connect(world.address);
    half.write_all(b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n").unwrap();
    assert_eq!(Client::anonymous(world.address).get("/healthz").status, 200);
    let started = Instant::now();
    world.stop();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(std::net::TcpStream::connect(world.address).is_err(), "the port is closed");
    drop(idle);
}

#[test]
fn heads_that_are_no_http_do_no_harm() {
    let address = shared().world.address;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X-A: b\r\n".repeat(1000));
    for bytes in
        ["\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", &long, &many]
    {
        let mut stream = connect(address);
        let _ = stream.write_all(bytes.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&reply));
    }
    assert_eq!(Client::anonymous(address).get("/healthz").status, 200);
}
