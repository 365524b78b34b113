//! A zone, a server for it, and programs beside it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rempart_dns::{
    Action, Algorithm, Change, Consumer, Key, Name, Network, Running, ServerSettings, Sockets, Tls, Zone,
    ZoneSettings, start,
};

/// The secret of all keys here, as bytes and in base 64.
pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const SECRET_64: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub(crate) const ORIGIN: &str = "malware.rpz.test";

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// A program, also where the PATH of a plain user does not look.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found
}

/// A port that is free for both packets and streams.
pub(crate) fn sockets() -> (std::net::UdpSocket, std::net::TcpListener, u16) {
    for _ in 0..50 {
        let tcp = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = tcp.local_addr().unwrap().port();
        if let Ok(udp) = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) {
            return (udp, tcp, port);
        }
    }
    panic!("no free port");
}

pub(crate) fn free_port() -> u16 {
    sockets().2
}

/// A child that does not outlive its test.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn start(program: &Path, arguments: &[&str], log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A consumer of the canary stage at a port of this machine.
pub(crate) fn consumer(name_of: &str, key: bool, notify: Option<u16>) -> Consumer {
    Consumer {
        name: name_of.into(),
        stage: 0,
        networks: Network::new(Ipv4Addr::LOCALHOST.into(), 32).into_iter().collect(),
        key: key.then(|| Key::new(name(&format!("{name_of}.test")), Algorithm::Sha256, SECRET).unwrap()),
        notify: notify.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).into_iter().collect(),
    }
}

/// A zone with some entries, served.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) zone: Arc<Zone>,
    pub(crate) port: u16,
    /// Where it listens over TLS; 0 where it does not.
    pub(crate) tls_port: u16,
    pub(crate) running: Option<Running>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new(consumers: Vec<Consumer>) -> Self {
        Self::with(consumers, None)
    }

    /// One that is served over TLS, and not over plain streams.
    pub(crate) fn over_tls(consumers: Vec<Consumer>, tls: Tls) -> Self {
        Self::with(consumers, Some(tls))
    }

    fn with(consumers: Vec<Consumer>, tls: Option<Tls>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = ZoneSettings::new(name(ORIGIN));
        let zone = Arc::new(Zone::open(&folder.path().join("zone"), settings, now()).unwrap());
        let changes = [
            Change::put("evil.example", Action::NxDomain),
            Change::put("empty.example", Action::NoData),
            Change::put("garden.example", Action::Garden(name("b-1.block.test"))),
            Change::put("good.evil.example", Action::PassThru),
        ];
        let outcome = zone.apply(&changes, now()).unwrap();
        assert!(outcome.refused.is_empty() && outcome.added == 4, "{outcome:?}");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (udp, tcp, port) = sockets();
        let tls_port = if tls.is_some() { port } else { 0 };
        let sockets = match tls {
            None => Sockets { udp: Some(udp), tcp: Some(tcp), tls: None },
            // Nothing but TLS, so that nothing can be taken in the clear.
            Some(tls) => Sockets { udp: None, tcp: None, tls: Some((tcp, tls)) },
        };
        let settings = ServerSettings { consumers, catalog: Some(name("catalog.test")) };
        let running = {
            let _inside = runtime.enter();
            start(vec![zone.clone()], settings, sockets, Arc::new(now)).unwrap()
        };
        Self { folder, zone, port, tls_port, running: Some(running), runtime }
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn put(&self, what: &str) {
        self.zone.apply(&[Change::put(what, Action::NxDomain)], now()).unwrap();
    }

    pub(crate) fn remove(&self, what: &str) {
        self.zone.apply(&[Change::remove(what)], now()).unwrap();
    }

    pub(crate) fn stop_file(&self) -> PathBuf {
        self.folder.path().join("zone/STOP")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// A configuration from the page for operators, with the values of a test: the primary, a key, the zone.
pub(crate) fn snippet(name: &str, world: &World, key: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/dns.md");
    let page = std::fs::read_to_string(page).unwrap();
    let after = page.split(&format!("<!-- {name} -->\n```text\n")).nth(1);
    let text = after.and_then(|after| after.split("```").next()).unwrap_or_else(|| panic!("no {name}"));
    let port = world.port;
    let text = text
        .replace("192.0.2.53 port 53 ", &format!("127.0.0.1 port {port} "))
        .replace("192.0.2.53 port 853 ", &format!("127.0.0.1 port {port} "))
        .replace("192.0.2.53@53", &format!("127.0.0.1@{port}"))
        .replace("192.0.2.53", "127.0.0.1")
        .replace("malware.rpz.csirt.example", ORIGIN)
        .replace("catalog.csirt.example", "catalog.test")
        .replace("resolver.csirt.example", key)
        .replace("SECRET", SECRET_64);
    assert!(!text.contains("192.0.2") && !text.contains("53 "), "{text}");
    text
}

/// What dig says to a question: everything that it prints.
pub(crate) fn dig(port: u16, arguments: &[&str]) -> String {
    let mut command = Command::new(program("dig").unwrap());
    command.args(["+tries=1", "+time=3", "-p", &port.to_string(), "@127.0.0.1"]).args(arguments);
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a resolver does with a name: `passed` on, or the code of its answer, `NXDOMAIN` or `NOERROR`.
pub(crate) fn status(port: u16, name: &str) -> String {
    let said = dig(port, &[name, "A"]);
    if said.contains("192.0.2.99") {
        return "passed".to_owned();
    }
    let status = said.split("status: ").nth(1).and_then(|rest| rest.split(',').next());
    status.unwrap_or("no answer").to_owned()
}

/// Waits until something holds; how long it took.
pub(crate) fn wait_for(what: &str, log: &Path, mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "{what} does not happen: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}

/// What a resolver asks where nothing is blocked: every name has the same address. Gives the port.
pub(crate) fn upstream() -> u16 {
    let (udp, _tcp, port) = sockets();
    std::thread::spawn(move || {
        let mut packet = [0u8; 1500];
        while let Ok((length, from)) = udp.recv_from(&mut packet) {
            // The question ends with the root label, its type and its class; EDNS is not answered.
            let Some(labels) = packet[12..length].iter().position(|byte| *byte == 0) else { continue };
            let mut answer = packet[..12 + labels + 5].to_vec();
            answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 99]);
            let _ = udp.send_to(&answer, from);
        }
    });
    port
}
