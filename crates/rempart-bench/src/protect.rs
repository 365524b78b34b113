//! From an import to what a resolver answers: Unbound takes the zones, and each name is asked until its answer changes.

use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::report::Report;
use crate::server::{self, Server};

/// Names that are in the zone before.
const NAMES: usize = 200_000;
/// Times that a name comes and goes.
const ROUNDS: usize = 15;
/// How long a change is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
const NXDOMAIN: u8 = 3;

/// Measures all of it; without Unbound nothing, aloud.
pub(crate) fn run(scratch: &Path, report: &mut Report) -> anyhow::Result<()> {
    if Command::new("unbound").arg("-V").output().is_err() {
        println!("no Unbound: `cargo xtask test` installs it");
        return Ok(());
    }
    let binary = server::binary()?;
    let data = scratch.join("protect");
    std::fs::create_dir(&data)?;
    let (zones, port) = (free_port()?, free_port()?);
    std::fs::write(data.join("rempart.toml"), configuration(zones, port))?;
    for source in SOURCES {
        server::command(&binary, &data, &["source", "set", "--name", source, "--reliability", "A"])?;
    }
    let list = scratch.join("names.txt");
    let names: String = (0..NAMES).map(|number| format!("known-bad-{number}.com\n")).collect();
    std::fs::write(&list, names)?;
    let list = list.to_str().context("a path that is not UTF-8")?;
    for source in SOURCES {
        server::command(&binary, &data, &["import", "--source", source, "--tlp", "clear", list])?;
    }
    let resolver = Resolver::start(scratch, zones, port)?;
    let _server = Server::start(&binary, &data)?;

    let started = Instant::now();
    server::command(&binary, &data, &["protect", "live", "other"])?;
    let last = format!("known-bad-{}.com", NAMES - 1);
    // An empty zone may grow to 1,000 at once; the rest waits for a person.
    let mut let_through = None;
    while !resolver.blocks(&last)? {
        if let_through.is_none() && started.elapsed() > Duration::from_millis(200) {
            server::command(&binary, &data, &["protect", "let-through", "other"])?;
            let_through = Some(started.elapsed());
        }
        patience(started, "the zone")?;
    }
    report.inform(
        &format!("going live with {NAMES} names, until Unbound answers for the last"),
        format!("{:.1} s", started.elapsed().as_secs_f64()),
    );

    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let name = format!("new-bad-{round}.com");
        let below = format!("www.{name}");
        import(&binary, &data, "one", &name)?;
        import(&binary, &data, "two", &name)?;
        added.push(until(&resolver, &below, true, || import(&binary, &data, "three", &name))?);
        removed.push(until(&resolver, &below, false, || {
            server::command(&binary, &data, &["override", &name, "--benign", "--reason", "a mistake"])
                .map(drop)
        })?);
    }
    for (what, times) in [
        ("from the start of `rempart import` of a domain to NXDOMAIN at Unbound", &mut added),
        ("from the start of `rempart override --benign` to its removal at Unbound", &mut removed),
    ] {
        times.sort_unstable();
        let at = |part: usize| times.get((times.len() - 1) * part / 100).copied().unwrap_or_default();
        report.hold(
            &format!("{what}, {NAMES} names in the zone"),
            format!(
                "{:.0} ms at the median, {:.0} ms at most",
                at(50).as_secs_f64() * 1e3,
                at(100).as_secs_f64() * 1e3
            ),
            "1 s at the median",
            at(50) < Duration::from_secs(1),
        );
    }
    let stopped =
        until(&resolver, &last, false, || server::command(&binary, &data, &["protect", "stop"]).map(drop))?;
    report.hold(
        "kill switch: from `rempart protect stop` until Unbound answers for nothing of it",
        format!("{:.2} s", stopped.as_secs_f64()),
        "60 s",
        stopped < Duration::from_secs(60),
    );
    Ok(())
}

const SOURCES: [&str; 3] = ["one", "two", "three"];

fn configuration(zones: u16, resolver: u16) -> String {
    format!(
        "[protect]\ndns_listen = \"127.0.0.1:{zones}\"\nsuffix_days = 10000\nlists_every = 86400\n\
         [[protect.consumer]]\nname = \"resolver\"\nnetworks = [\"127.0.0.0/8\"]\n\
         notify = [\"127.0.0.1:{resolver}\"]\n"
    )
}

/// Takes one name in as a command does it, from the start of the process.
fn import(binary: &Path, data: &Path, source: &str, name: &str) -> anyhow::Result<()> {
    let mut child = Command::new(binary)
        .arg("--data")
        .arg(data)
        .args(["import", "--source", source, "--tlp", "clear", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    child.stdin.take().context("standard input")?.write_all(format!("{name}\n").as_bytes())?;
    if !child.wait()?.success() {
        bail!("{name} was not taken in");
    }
    Ok(())
}

/// How long it takes from the start of `action` until a name is, or is not, blocked.
fn until(
    resolver: &Resolver,
    name: &str,
    blocked: bool,
    action: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    action()?;
    while resolver.blocks(name)? != blocked {
        patience(started, name)?;
    }
    Ok(started.elapsed())
}

fn patience(started: Instant, what: &str) -> anyhow::Result<()> {
    if started.elapsed() > PATIENCE {
        bail!("Unbound does not take the change of {what}");
    }
    std::thread::sleep(Duration::from_millis(1));
    Ok(())
}

/// A port that is free for packets and streams.
fn free_port() -> anyhow::Result<u16> {
    loop {
        let stream = TcpListener::bind("127.0.0.1:0")?;
        let port = stream.local_addr()?.port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
}

/// Unbound with the zones; for everything else it asks who knows of nothing.
struct Resolver {
    child: Child,
    socket: UdpSocket,
    asked: std::cell::Cell<u16>,
}

/// Answers each question at once: the name is there, and has no such record (RFC 2308, section 2.2).
fn answer_nothing(socket: &UdpSocket) {
    let mut packet = [0; 1500];
    while let Ok((length, who)) = socket.recv_from(&mut packet) {
        let Some(question) = packet.get_mut(12..length) else { continue };
        // The question ends with the name's root label, its type and its class; what follows is EDNS.
        let Some(root) = question.iter().position(|byte| *byte == 0) else { continue };
        let length = 12 + root + 5;
        if let Some(header) = packet.get_mut(2..12) {
            header.copy_from_slice(&[0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
        }
        let _ = socket.send_to(packet.get(..length).unwrap_or_default(), who);
    }
}

impl Resolver {
    fn start(scratch: &Path, zones: u16, port: u16) -> anyhow::Result<Self> {
        let upstream = UdpSocket::bind("127.0.0.1:0")?;
        let nobody = upstream.local_addr()?.port();
        std::thread::spawn(move || answer_nothing(&upstream));
        let mut text = format!(
            "server:\n  interface: 127.0.0.1@{port}\n  do-daemonize: no\n  use-syslog: no\n  username: \"\"\n  \
             chroot: \"\"\n  pidfile: \"\"\n  do-not-query-localhost: no\n  do-ip6: no\n  \
             module-config: \"respip iterator\"\nremote-control:\n  control-enable: no\n\
             forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{nobody}\n"
        );
        for zone in ["allow", "malware", "phishing", "other"] {
            text.push_str(&format!(
                "rpz:\n  name: {zone}.rpz.rempart.invalid.\n  primary: 127.0.0.1@{zones}\n  allow-notify: 127.0.0.1\n"
            ));
        }
        let file = scratch.join("unbound.conf");
        std::fs::write(&file, text)?;
        let log = std::fs::File::create(scratch.join("unbound.log"))?;
        let child = Command::new("unbound").arg("-d").arg("-c").arg(&file).stderr(log).spawn()?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(("127.0.0.1", port))?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        Ok(Self { child, socket, asked: std::cell::Cell::new(0) })
    }

    /// Whether the answer for the address of a name is NXDOMAIN (RFC 1035, section 4).
    fn blocks(&self, name: &str) -> anyhow::Result<bool> {
        self.asked.set(self.asked.get().wrapping_add(1));
        let [high, low] = self.asked.get().to_be_bytes();
        let mut question = vec![high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len())?);
            question.extend_from_slice(label.as_bytes());
        }
        question.extend_from_slice(&[0, 0, 1, 0, 1]);
        if self.socket.send(&question).is_err() {
            return Ok(false);
        }
        let mut answer = [0; 512];
        // Answers to earlier questions may still come.
        while let Ok(length) = self.socket.recv(&mut answer) {
            if length > 12 && answer.starts_with(&[high, low]) {
                return Ok(answer.get(3).is_some_and(|flags| flags & 0xf == NXDOMAIN));
            }
        }
        Ok(false)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
