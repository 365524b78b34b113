//! A primary by itself: serves one zone of a folder to this machine, and takes changes from files.
//!
//! `primary FOLDER ZONE PORT` says `serving SERIAL` once it answers. Each line of its standard input names a file with
//! changes, `+NAME` or `-NAME` on each of its lines; `applied SERIAL` says that they are on disk and served. The
//! benchmark of zones measures this process, so that nothing else is in its memory.

#![allow(clippy::print_stdout, reason = "what it says is for who runs it")]

use std::error::Error;
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rempart_dns::{
    Action, Change, Consumer, Name, Network, ServerSettings, Sockets, Zone, ZoneSettings, start,
};

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, origin, port] = &arguments[..] else { return Err("usage: primary FOLDER ZONE PORT".into()) };
    let zone = Arc::new(Zone::open(Path::new(folder), ZoneSettings::new(Name::parse(origin)?), now())?);
    let here = (Ipv4Addr::LOCALHOST, port.parse::<u16>()?);
    let consumer = Consumer {
        name: "this machine".into(),
        stage: 0,
        networks: Network::new(here.0.into(), 32).into_iter().collect(),
        key: None,
        notify: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _inside = runtime.enter();
    let sockets =
        Sockets { udp: Some(UdpSocket::bind(here)?), tcp: Some(TcpListener::bind(here)?), tls: None };
    let settings = ServerSettings { consumers: vec![consumer], catalog: None };
    let running = start(vec![zone.clone()], settings, sockets, Arc::new(now))?;
    say("serving", &zone)?;
    for file in std::io::stdin().lock().lines() {
        apply(&zone, &std::fs::read_to_string(file?)?)?;
        say("applied", &zone)?;
    }
    runtime.block_on(running.stop());
    Ok(())
}

fn apply(zone: &Zone, text: &str) -> Result<(), Box<dyn Error>> {
    let mut changes = Vec::new();
    for line in text.lines() {
        changes.push(match line.split_at_checked(1) {
            Some(("+", name)) => Change::put(name, Action::NxDomain),
            Some(("-", name)) => Change::remove(name),
            _ => return Err(format!("neither + nor - begins the line {line:?}").into()),
        });
    }
    let outcome = zone.apply(&changes, now())?;
    match outcome.refused.first() {
        Some(refused) => Err(refused.reason.to_string().into()),
        None => Ok(()),
    }
}

fn say(what: &str, zone: &Zone) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {}", zone.serial())?;
    out.flush()
}
