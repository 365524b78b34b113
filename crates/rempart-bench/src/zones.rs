//! A response-policy zone of a million records, transferred by Rempart, Knot and NSD in the same run.
//!
//! Each server is a process of its own on loopback; one client reads all three. What the others need to take changes
//! in (a zone file with a new serial) is written before the clock starts.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::report::Report;
use crate::sample::Numbers;
use crate::transfer::{Kind, Received, ask};

const ORIGIN: &str = "malware.rpz.example";
/// Names of the zone; each is two records.
const NAMES: usize = 500_000;
/// Names that change at a time: half of them go, as many come.
const CHANGES: usize = 1_000;
/// Transfers of the whole zone from each server.
const TRANSFERS: usize = 9;
/// Times that changes are taken in.
const ROUNDS: usize = 5;

/// Measures all of it; servers that are not installed are left out aloud.
pub(crate) fn run(scratch: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut zone = Contents::new();
    let mut ours = Rempart::start(&scratch.join("zone"), &zone, scratch)?;
    let mut knot = Knot::start(scratch, &zone)?;
    let mut nsd = nsd(scratch, &zone)?;
    let sizes = transfers(&mut ours, knot.as_mut(), nsd.as_mut(), report)?;
    println!("{sizes}");
    memory(&ours, knot.as_ref(), nsd.as_ref(), report);
    drop(nsd);
    changes(&mut ours, knot.as_mut(), &mut zone, scratch, report)
}

/// What is in the zone.
struct Contents {
    names: BTreeSet<String>,
    serial: u32,
    numbers: Numbers,
}

impl Contents {
    fn new() -> Self {
        let mut contents = Self { names: BTreeSet::new(), serial: 1, numbers: Numbers::new(11) };
        while contents.names.len() < NAMES {
            let name = contents.name();
            contents.names.insert(name);
        }
        contents
    }

    /// A name as they are found in feeds: two or three labels.
    fn name(&mut self) -> String {
        let n = self.numbers.next();
        let tld =
            ["com", "net", "fr", "de", "pl", "ee", "it", "es"].get((n >> 8) as usize % 8).unwrap_or(&"eu");
        let below = ["", "", "www.", "cdn.", "login."].get(n as usize % 5).unwrap_or(&"");
        format!("{below}{:x}-{:x}.{tld}", n >> 40, n >> 16 & 0xfff)
    }

    /// Changes names; gives the changes as the example reads them.
    fn change(&mut self) -> String {
        let step = self.names.len() / (CHANGES / 2);
        let offset = self.numbers.next() as usize % step;
        let gone: Vec<String> =
            self.names.iter().skip(offset).step_by(step).take(CHANGES / 2).cloned().collect();
        let mut text = String::new();
        for name in &gone {
            self.names.remove(name);
            text.push_str(&format!("-{name}\n"));
        }
        let mut come = 0;
        while come < CHANGES / 2 {
            let name = self.name();
            if !gone.contains(&name) && self.names.insert(name.clone()) {
                text.push_str(&format!("+{name}\n"));
                come += 1;
            }
        }
        self.serial += 1;
        text
    }

    /// As a zone file.
    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
        writeln!(out, "$ORIGIN {ORIGIN}.\n$TTL 60")?;
        writeln!(
            out,
            "@ SOA localhost. hostmaster.{ORIGIN}. {} 60 30 604800 60\n@ NS localhost.",
            self.serial
        )?;
        for name in &self.names {
            writeln!(out, "{name} CNAME .\n*.{name} CNAME .")?;
        }
        out.flush()?;
        Ok(())
    }
}

/// A server of the zone.
struct Server {
    name: String,
    child: Child,
    port: u16,
    /// How long it took from its start to its first answer.
    load: Duration,
}

impl Server {
    /// Starts a program and waits until it serves the zone.
    fn start(name: String, command: &mut Command, port: u16) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let mut server = Self { name, child, port, load: Duration::ZERO };
        loop {
            if ask(port, ORIGIN, Kind::Soa).is_ok_and(|received| received.serial != 0) {
                server.load = started.elapsed();
                return Ok(server);
            }
            if started.elapsed() > Duration::from_secs(120) || server.child.try_wait()?.is_some() {
                bail!("{} does not serve the zone", server.name);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn whole(&self) -> anyhow::Result<Received> {
        let received = ask(self.port, ORIGIN, Kind::Axfr).with_context(|| self.name.clone())?;
        // Two records of each name, NS, and SOA at both ends.
        if received.records != 2 * NAMES + 3 {
            bail!("{} sent {} records", self.name, received.records);
        }
        Ok(received)
    }

    /// The proportional set size of its processes in MB: what several share counts once.
    fn memory(&self) -> f64 {
        let mut all = vec![self.child.id()];
        let mut at = 0;
        while let Some(&id) = all.get(at) {
            let children =
                std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|text| text.parse::<u32>().ok()));
            at += 1;
        }
        let of = |id: u32| {
            let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:").map(str::to_owned));
            line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0)
        };
        all.into_iter().map(of).sum::<f64>() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // NSD's first process ends its others when it is asked to.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The primary of Rempart, which takes changes on its standard input.
struct Rempart {
    server: Server,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Rempart {
    /// Makes the zone, then starts on what is on disk, as the others start on their file.
    fn start(folder: &Path, zone: &Contents, scratch: &Path) -> anyhow::Result<Self> {
        let binary = binary()?;
        let mut first = Self::open(&binary, folder)?;
        let all: String = zone.names.iter().map(|name| format!("+{name}\n")).collect();
        let file = scratch.join("all");
        std::fs::write(&file, all)?;
        let began = Instant::now();
        first.apply(&file)?;
        println!("{NAMES} names taken into an empty zone in {:.2} s", began.elapsed().as_secs_f64());
        // Its upkeep writes the snapshot.
        std::thread::sleep(Duration::from_secs(3));
        drop(first);
        Self::open(&binary, folder)
    }

    fn open(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(binary);
        command.arg(folder).args([ORIGIN, &port.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = Server::start("Rempart".into(), &mut command, port)?;
        let input = server.child.stdin.take().context("its standard input")?;
        let output = BufReader::new(server.child.stdout.take().context("its standard output")?);
        let mut all = Self { server, input, output };
        all.line("serving ")?;
        Ok(all)
    }

    fn line(&mut self, prefix: &str) -> anyhow::Result<u32> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let serial =
            line.trim().strip_prefix(prefix).with_context(|| format!("the primary said {line:?}"))?;
        Ok(serial.parse()?)
    }

    /// Takes changes in; gives the new serial.
    fn apply(&mut self, file: &Path) -> anyhow::Result<u32> {
        writeln!(self.input, "{}", file.display())?;
        self.line("applied ")
    }
}

/// Builds the primary in release mode and tells where it is.
fn binary() -> anyhow::Result<PathBuf> {
    let arguments = ["build", "--release", "--quiet", "--package", "rempart-dns", "--example", "primary"];
    if !Command::new(env!("CARGO")).args(arguments).status()?.success() {
        bail!("the release build failed");
    }
    let binary = std::env::current_exe()?.with_file_name("examples").join("primary");
    if !binary.is_file() {
        bail!("there is no {}", binary.display());
    }
    Ok(binary)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program, also where the PATH of a plain user does not look.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found
}

/// Knot, which works out itself what changed in its zone file.
struct Knot {
    server: Server,
    config: PathBuf,
    control: PathBuf,
    file: PathBuf,
}

impl Knot {
    fn start(scratch: &Path, zone: &Contents) -> anyhow::Result<Option<Self>> {
        let (Some(knotd), Some(control)) = (program("knotd"), program("knotc")) else { return Ok(None) };
        let folder = std::fs::canonicalize(scratch)?.join("knot");
        std::fs::create_dir_all(&folder)?;
        let (file, config) = (folder.join("zone"), folder.join("knot.conf"));
        zone.write(&file)?;
        let (port, at) = (free_port()?, folder.display());
        std::fs::write(
            &config,
            format!(
                "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{at}\"\ndatabase:\n  storage: \"{at}\"\n\
                 log:\n  - target: stderr\n    any: error\n\
                 acl:\n  - id: here\n    address: 127.0.0.1\n    action: transfer\n\
                 zone:\n  - domain: {ORIGIN}\n    file: \"{}\"\n    semantic-checks: off\n    acl: here\n\
                 \x20   zonefile-load: difference\n    zonefile-sync: -1\n    journal-content: changes\n",
                file.display()
            ),
        )?;
        let mut command = Command::new(knotd);
        command.arg("-c").arg(&config);
        let server = Server::start(version(&control, "Knot"), &mut command, port)?;
        Ok(Some(Self { server, config, control, file }))
    }

    /// Takes in what the zone file says now.
    fn reload(&self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.control);
        let status = command
            .arg("-c")
            .arg(&self.config)
            .args(["-b", "-t", "120", "zone-reload", ORIGIN])
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("knotc does not reload the zone");
        }
        Ok(())
    }
}

/// NSD, with one process that serves.
fn nsd(scratch: &Path, zone: &Contents) -> anyhow::Result<Option<Server>> {
    let Some(nsd) = program("nsd") else { return Ok(None) };
    let folder = std::fs::canonicalize(scratch)?.join("nsd");
    std::fs::create_dir_all(&folder)?;
    let (port, at) = (free_port()?, folder.display());
    zone.write(&folder.join("zone"))?;
    let config = folder.join("nsd.conf");
    std::fs::write(
        &config,
        format!(
            "server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  database: \"\"\n  username: \"\"\n  pidfile: \"\"\n\
             \x20 zonesdir: \"{at}\"\n  zonelistfile: \"{at}/list\"\n  xfrdfile: \"{at}/xfrd\"\n  xfrdir: \"{at}\"\n\
             \x20 logfile: \"{at}/log\"\n  cookie-secret-file: \"\"\nremote-control:\n  control-enable: no\n\
             zone:\n  name: {ORIGIN}\n  zonefile: zone\n  provide-xfr: 127.0.0.1 NOKEY\n"
        ),
    )?;
    let mut command = Command::new(&nsd);
    command.arg("-d").arg("-c").arg(&config).stderr(Stdio::null());
    Server::start(version(&nsd, "NSD"), &mut command, port).map(Some)
}

/// A name with the release, from what a program says of itself.
fn version(program: &Path, name: &str) -> String {
    let flag = if name == "NSD" { "-v" } else { "-V" };
    let output = Command::new(program).arg(flag).output();
    let text = output.map(|output| [output.stderr, output.stdout].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.map_or_else(|| name.to_owned(), |number| format!("{name} {number}"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The whole zone from each, in turn.
fn transfers(
    ours: &mut Rempart,
    knot: Option<&mut Knot>,
    nsd: Option<&mut Server>,
    report: &mut Report,
) -> anyhow::Result<String> {
    let mut servers: Vec<&Server> = vec![&ours.server];
    let (knot, nsd) = (knot.map(|knot| &knot.server), nsd.map(|nsd| &*nsd));
    servers.extend(knot);
    servers.extend(nsd);
    let mut times = vec![Vec::new(); servers.len()];
    let mut bytes = vec![0; servers.len()];
    for round in 0..=TRANSFERS {
        for (index, server) in servers.iter().enumerate() {
            let began = Instant::now();
            let received = server.whole()?;
            // The first warms up.
            if round > 0 {
                times[index].push(began.elapsed().as_secs_f64());
            }
            bytes[index] = received.bytes;
        }
    }
    let times: Vec<f64> = times.into_iter().map(median).collect();
    let figure = |index: usize| format!("{:.3} s", times[index]);
    let mine = times[0];
    for (index, server) in servers.iter().enumerate().skip(1) {
        let (target, most) = if server.name.starts_with("Knot") { ("1.0", 1.0) } else { ("2.0", 2.0) };
        report.hold(
            &format!("whole transfer of {} records, time beside {}", 2 * NAMES, server.name),
            format!("{:.2} ({} beside {})", mine / times[index], figure(0), figure(index)),
            &format!("{target} at most"),
            mine / times[index] <= most,
        );
    }
    if servers.len() == 1 {
        report.inform(&format!("whole transfer of {} records", 2 * NAMES), figure(0));
    }
    let list = |what: &dyn Fn(usize, &Server) -> String| {
        let all: Vec<String> = servers
            .iter()
            .enumerate()
            .map(|(i, server)| format!("{} {}", server.name, what(i, server)))
            .collect();
        all.join(", ")
    };
    report.inform(
        "from the start of the server to its first answer",
        list(&|_, s| format!("{:.2} s", s.load.as_secs_f64())),
    );
    Ok(format!("bytes of a whole transfer: {}", list(&|i, _| format!("{:.1} MB", bytes[i] as f64 / 1e6))))
}

fn memory(ours: &Rempart, knot: Option<&Knot>, nsd: Option<&Server>, report: &mut Report) {
    let what = "memory (proportional set size) after these transfers";
    let mine = ours.server.memory();
    let mut others = String::new();
    for server in knot.map(|knot| &knot.server).into_iter().chain(nsd) {
        others.push_str(&format!(", {} {:.0} MB", server.name, server.memory()));
    }
    let figure = format!("{mine:.0} MB{others}");
    match knot.map(|knot| knot.server.memory()) {
        Some(most) => report.hold(what, figure, "as Knot at most", mine <= most),
        None => report.inform(what, figure),
    }
}

/// Takes changes in, and gives them on as differences.
fn changes(
    ours: &mut Rempart,
    mut knot: Option<&mut Knot>,
    zone: &mut Contents,
    scratch: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    let file = scratch.join("changes");
    let (mut taken, mut given, mut their_taken, mut their_given) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        std::fs::write(&file, zone.change())?;
        let before = ask(ours.server.port, ORIGIN, Kind::Soa)?.serial;
        let began = Instant::now();
        let serial = ours.apply(&file)?;
        if ask(ours.server.port, ORIGIN, Kind::Soa)?.serial != serial {
            bail!("what was applied is not served");
        }
        taken.push(began.elapsed().as_secs_f64() * 1e3);
        given.push(difference(&ours.server, before)?);
        if let Some(knot) = knot.as_deref_mut() {
            zone.write(&knot.file)?;
            let began = Instant::now();
            knot.reload()?;
            if ask(knot.server.port, ORIGIN, Kind::Soa)?.serial != zone.serial {
                bail!("Knot does not serve what its zone file says");
            }
            their_taken.push(began.elapsed().as_secs_f64() * 1e3);
            their_given.push(difference(&knot.server, zone.serial - 1)?);
        }
    }
    let beside = |what: Vec<f64>| match &knot {
        Some(knot) => format!(" beside {:.1} ms of {}", median(what), knot.server.name),
        None => String::new(),
    };
    let (taken, given) = (median(taken), median(given));
    report.hold(
        &format!("{CHANGES} names changed: durable and served"),
        format!("{taken:.1} ms{}", beside(their_taken)),
        "100 ms",
        taken < 100.0,
    );
    report.hold(
        &format!("the difference of {CHANGES} names ({} records) to a secondary", 2 * CHANGES),
        format!("{given:.1} ms{}", beside(their_given)),
        "10 ms",
        given < 10.0,
    );
    Ok(())
}

/// The milliseconds of a difference.
fn difference(server: &Server, since: u32) -> anyhow::Result<f64> {
    let began = Instant::now();
    let received = ask(server.port, ORIGIN, Kind::Ixfr(since))?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    if received.records != 2 * CHANGES + 4 {
        bail!("{} sent {} records as the difference", server.name, received.records);
    }
    Ok(took)
}
