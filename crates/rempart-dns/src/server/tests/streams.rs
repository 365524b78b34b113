//! Connections: the silent, the slow and the many cost the others nothing.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::*;
use crate::server::wire::kind;

const LIMITS: Limits =
    Limits { connections: 8, each: 4, idle: Duration::from_secs(1), write: Duration::from_millis(1500) };

struct World {
    running: Running,
    at: SocketAddr,
    _folder: tempfile::TempDir,
}

impl World {
    /// Within a runtime.
    fn new(names: usize, consumer: Consumer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let sockets = Sockets { udp: None, tcp: Some(listener), tls: None };
        let settings = ServerSettings { consumers: vec![consumer], catalog: None };
        let zones = vec![zone(folder.path(), names)];
        let running = start_within(LIMITS, zones, settings, sockets, Arc::new(|| NOW)).unwrap();
        Self { running, at, _folder: folder }
    }

    fn sent(&self) -> u64 {
        self.running.counters().bytes.load(Ordering::Relaxed)
    }

    async fn ask(&self, kind: u16) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        // So that the system takes little of what nobody reads.
        socket.set_recv_buffer_size(8 << 10).unwrap();
        let mut stream = socket.connect(self.at).await.unwrap();
        let question = Question::new("rpz.test", kind).bytes();
        stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
        stream.write_all(&question).await.unwrap();
        stream
    }

    /// Whether a question for the SOA record is answered at all.
    async fn answers(&self) -> bool {
        self.ask(kind::SOA).await.read_u16().await.is_ok()
    }
}

/// How long it takes until the other side closes a connection.
async fn closed(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it stays open");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_holds_little_and_blocks_nobody() {
    let world = World::new(200_000, consumer(&[(HERE, 32)]));
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(world.ask(kind::AXFR).await);
    }
    assert!(world.answers().await);
    let mut sent = 0;
    while world.sent() != sent {
        sent = world.sent();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // The whole zone has more than 8 MB: of that nothing is made for them but what fits into a socket.
    assert!(sent < 3 * (6 << 20), "{sent} bytes are made for who does not read");
    // One who reads gets all of it.
    let mut reader = world.ask(kind::AXFR).await;
    let mut read = 0;
    while read < 8 << 20 {
        let length = u64::from(reader.read_u16().await.unwrap());
        read += tokio::io::copy(&mut (&mut reader).take(length), &mut tokio::io::sink()).await.unwrap();
    }
    for stream in &mut slow {
        closed(stream).await;
    }
    world.running.stop().await;
}

#[tokio::test]
async fn who_says_nothing_is_left() {
    let world = World::new(1, consumer(&[(HERE, 32)]));
    let mut silent = TcpStream::connect(world.at).await.unwrap();
    assert!(closed(&mut silent).await >= LIMITS.idle / 2);
    // Nor does half a question keep a connection.
    let mut half = TcpStream::connect(world.at).await.unwrap();
    half.write_all(&[0, 40, 1, 2, 3]).await.unwrap();
    closed(&mut half).await;
    let mut long = TcpStream::connect(world.at).await.unwrap();
    long.write_all(&[0xff, 0xff]).await.unwrap();
    closed(&mut long).await;
    // After an answer it may ask again.
    let mut stream = world.ask(kind::SOA).await;
    for _ in 0..2 {
        let length = stream.read_u16().await.unwrap();
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[3] & 15, 0);
        let question = Question::new("rpz.test", kind::SOA).bytes();
        stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
        stream.write_all(&question).await.unwrap();
    }
    world.running.stop().await;
}

#[tokio::test]
async fn one_address_has_a_few_connections_and_strangers_none() {
    let world = World::new(1, consumer(&[(HERE, 32)]));
    let mut held = Vec::new();
    for _ in 0..LIMITS.each {
        held.push(TcpStream::connect(world.at).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut more = TcpStream::connect(world.at).await.unwrap();
    assert!(closed(&mut more).await < LIMITS.idle / 2, "it is closed at once");
    drop(held);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(world.answers().await, "there is room again");
    world.running.stop().await;

    let world = World::new(1, consumer(&[(IpAddr::from([192, 0, 2, 0]), 24)]));
    let mut stranger = TcpStream::connect(world.at).await.unwrap();
    assert!(closed(&mut stranger).await < LIMITS.idle / 2);
    assert_eq!(world.running.counters().refused.load(Ordering::Relaxed), 1);
    world.running.stop().await;
}
