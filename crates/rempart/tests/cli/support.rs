//! What the tests share: a data folder and the program on it, a server, a small HTTP client, and
//! indicators made from a seed.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longest that any one command of a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// TLP:GREEN of TLP 2.0.
const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";

/// The program, with nothing of this process's environment that it would listen to.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rempart"));
    quiet(&mut command);
    command
}

/// Takes away what the program would hear from the environment.
pub(crate) fn quiet(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("REMPART_") || name == "COLUMNS" || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
}

/// A folder for one test.
pub(crate) struct Data {
    folder: TempDir,
    tables: bool,
}

impl Data {
    /// With small tables of addresses and warninglists, which every command reads anew.
    pub(crate) fn new() -> Self {
        let data = Self { folder: tempfile::tempdir().unwrap(), tables: true };
        let tables = data.beside("tables");
        std::fs::create_dir_all(tables.join("lists")).unwrap();
        std::fs::write(tables.join("countries.csv"), "192.0.2.0,192.0.2.255,FR\n").unwrap();
        std::fs::write(tables.join("asns.csv"), "192.0.2.0,192.0.2.255,64500,Example\n").unwrap();
        let list = r#"{"name":"Examples","type":"hostname","version":1,"description":"Reserved names","list":["example.com"]}"#;
        std::fs::write(tables.join("lists/example.json"), list).unwrap();
        data
    }

    /// With the tables that the program ships.
    pub(crate) fn shipped() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), tables: false }
    }

    /// The data folder; the program makes it.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A place beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the data folder.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.beside(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The program on this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        self.choose_tables(&mut command);
        command.arg("--data").arg(self.path()).args(args);
        command
    }

    /// Tells a command which tables to read.
    pub(crate) fn choose_tables(&self, command: &mut Command) {
        if self.tables {
            command.env("REMPART_COUNTRIES", self.beside("tables/countries.csv"));
            command.env("REMPART_ASNS", self.beside("tables/asns.csv"));
            command.env("REMPART_WARNINGLISTS", self.beside("tables/lists"));
        }
    }

    /// Runs it.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        run(self.command(args), |_| ())
    }

    /// Runs it with something on its standard input.
    pub(crate) fn pipe(&self, args: &[&str], input: &[u8]) -> Ran {
        let input = input.to_vec();
        run(self.command(args), move |mut to| {
            // The program may have read enough before the end.
            let _ = to.write_all(&input);
        })
    }

    /// Runs it, and it must do what it was asked.
    pub(crate) fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran}");
        ran
    }

    /// Imports a file; gives the account.
    pub(crate) fn import(&self, path: &Path) -> Value {
        self.ok(&["import", "--json", path.to_str().unwrap()]).json()
    }

    /// Every object that is stored, by the operator's export.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let bundle = self.ok(&["export", "--format", "stix"]).json();
        match bundle {
            Value::Object(mut bundle) => match bundle.remove("objects") {
                Some(Value::Array(objects)) => objects,
                other => panic!("an export without objects: {other:?}"),
            },
            other => panic!("an export that is no bundle: {other}"),
        }
    }

    /// Adds a member that answers for a domain, with a key that it gives back.
    pub(crate) fn member(&self, name: &str, country: &str, domain: &str) -> String {
        let clearance = "amber+strict";
        self.ok(&[
            "member",
            "add",
            "--name",
            name,
            "--country",
            country,
            "--kind",
            "national-csirt",
            "--clearance",
            clearance,
            "--domain",
            domain,
        ]);
        self.key(name)
    }

    /// A new key of a member.
    pub(crate) fn key(&self, member: &str) -> String {
        let key = self.ok(&["key", "create", "--member", member]).text().trim().to_owned();
        assert_eq!(key.len(), 40, "a key alone is printed");
        key
    }
}

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// Largest resident size that was seen, in KiB.
    pub(crate) peak: u64,
    pub(crate) took: Duration,
}

impl Ran {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// One JSON value a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.text().lines().map(line).collect()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: String = String::from_utf8_lossy(&self.stdout).chars().take(2000).collect();
        let said: String = self.stderr.chars().take(2000).collect();
        write!(f, "exit {:?} after {:?}\n--- stdout\n{shown}\n--- stderr\n{said}", self.code, self.took)
    }
}

/// Runs a command to its end, feeding its standard input; a command that takes too long is a failure.
pub(crate) fn run(mut command: Command, feed: impl FnOnce(ChildStdin) + Send + 'static) -> Ran {
    let started = Instant::now();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let feeding = std::thread::spawn(move || feed(stdin));
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        out.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let listening = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        err.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut peak = 0;
    let status = loop {
        peak = peak.max(resident(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = started.elapsed();
    feeding.join().unwrap();
    Ran {
        code: status.code(),
        stdout: reading.join().unwrap(),
        stderr: listening.join().unwrap(),
        peak,
        took,
    }
}

/// The largest resident size that a process had so far, in KiB; 0 where it is gone.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts one on a free port and waits until it is ready.
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_as(data.command(&["serve", "--listen", "127.0.0.1:0"]), data.beside("server.log"))
    }

    /// Starts one by a command that is given.
    pub(crate) fn start_as(mut command: Command, log: PathBuf) -> Self {
        let open = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(open).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("://").and_then(|(_, address)| address.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            panic!("the server said {line:?} and {}", std::fs::read_to_string(&log).unwrap_or_default());
        };
        let server = Self { child, address, log };
        let started = Instant::now();
        while !Client::new(server.address).get("/readyz", "").is_ok_and(|answer| answer.status == 200) {
            assert!(started.elapsed() < PATIENCE, "the server does not get ready: {}", server.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// Everything that it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it at once (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM); gives its exit code, or that of what traces it.
    pub(crate) fn stop(mut self) -> Option<i32> {
        // Where there is a process in between, the server is its child.
        let server = children(&self.child).first().copied();
        let server = server.unwrap_or_else(|| rustix::process::Pid::from_child(&self.child));
        rustix::process::kill_process(server, rustix::process::Signal::TERM).unwrap();
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < Duration::from_secs(30), "the server does not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The processes that a child has started.
fn children(of: &Child) -> Vec<rustix::process::Pid> {
    let pid = of.id();
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let numbers = listed.split_whitespace().filter_map(|number| number.parse().ok());
    numbers.filter_map(rustix::process::Pid::from_raw).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in children(&self.child) {
            let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A client that keeps its connection.
pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    pub(crate) fn get(&mut self, path: &str, key: &str) -> std::io::Result<Answer> {
        self.ask("GET", path, key, b"")
    }

    pub(crate) fn post(&mut self, path: &str, key: &str, body: &[u8]) -> std::io::Result<Answer> {
        self.ask("POST", path, key, body)
    }

    fn ask(&mut self, method: &str, path: &str, key: &str, body: &[u8]) -> std::io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        if !key.is_empty() {
            write!(head, "Authorization: Bearer {key}\r\n").unwrap();
        }
        if path.starts_with("/api") || path.starts_with("/taxii2") {
            head.push_str("Accept: application/taxii+json;version=2.1\r\n");
            head.push_str("Content-Type: application/taxii+json;version=2.1\r\n");
        } else {
            head.push_str("Content-Type: application/json\r\n");
        }
        head.push_str("\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        connection.get_mut().write_all(&request)?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let broken = || std::io::Error::other(format!("not an answer: {head}"));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
        let field = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length: usize = field("content-length").and_then(|text| text.parse().ok()).ok_or_else(broken)?;
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        if field("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(Answer { status, head, body })
    }

    /// The path of the objects of the collection that every caller has under this name.
    pub(crate) fn collection(&mut self, key: &str, alias: &str) -> String {
        let listed = self.get("/api/collections/", key).unwrap();
        let listed = listed.json();
        let all = listed["collections"].as_array().unwrap_or_else(|| panic!("no collections: {listed}"));
        let found = all.iter().find(|collection| collection["alias"] == alias);
        let id =
            found.and_then(|found| found["id"].as_str()).unwrap_or_else(|| panic!("no {alias}: {listed}"));
        format!("/api/collections/{id}/objects/")
    }

    /// All ids that a collection holds, page by page.
    pub(crate) fn walk(&mut self, key: &str, objects: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = String::new();
        loop {
            let path = format!("{objects}?limit=1000{next}");
            let answer = self.get(&path, key).unwrap();
            assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
            let page = answer.json();
            let objects = page["objects"].as_array().into_iter().flatten();
            ids.extend(objects.map(|object| object["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(token) if page["more"] == true => next = format!("&next={token}"),
                _ => return ids,
            }
        }
    }
}

/// Numbers from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// One generated indicator about one domain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indicator {
    pub(crate) id: String,
    pub(crate) value: String,
    pub(crate) json: String,
}

/// The indicator of a series with this number; the same for the same arguments.
pub(crate) fn indicator(series: u64, index: u64) -> Indicator {
    let mut numbers = Numbers::new(series.wrapping_mul(1_000_003).wrapping_add(index));
    let (a, b) = (numbers.next(), numbers.next());
    let id = format!(
        "indicator--{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    );
    let zone = ["com", "net", "fr", "pl"][usize::from(b as u8 & 3)];
    let value = format!("n{index}-{:08x}.{zone}", a as u32);
    let json = format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"2026-10-01T00:00:00.000Z\",\
         \"modified\":\"2026-10-01T00:00:00.000Z\",\"name\":\"{value}\",\"indicator_types\":[\"malicious-activity\"],\
         \"pattern\":\"[domain-name:value = '{value}']\",\"pattern_type\":\"stix\",\
         \"valid_from\":\"2026-10-01T00:00:00Z\",\"object_marking_refs\":[\"{GREEN}\"]}}"
    );
    Indicator { id, value, json }
}

/// Objects as a bundle.
pub(crate) fn bundle<'a>(objects: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let objects: Vec<&str> = objects.into_iter().collect();
    let id = "bundle--0b9d5c7e-1111-4222-8333-444455556666";
    format!("{{\"type\":\"bundle\",\"id\":\"{id}\",\"objects\":[\n{}]}}\n", objects.join(",\n")).into_bytes()
}

/// Indicators of a series as a bundle.
pub(crate) fn bundle_of(indicators: &[Indicator]) -> Vec<u8> {
    bundle(indicators.iter().map(|indicator| indicator.json.as_str()))
}

/// Indicators as a TAXII envelope.
pub(crate) fn envelope(indicators: &[Indicator]) -> Vec<u8> {
    let objects: Vec<&str> = indicators.iter().map(|indicator| indicator.json.as_str()).collect();
    format!("{{\"objects\":[{}]}}", objects.join(",")).into_bytes()
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a program is there.
pub(crate) fn has(program: &str, argument: &str) -> bool {
    let status = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
