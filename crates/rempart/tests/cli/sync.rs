//! What was acknowledged is on the disk: a trace of system calls shows it.

use std::process::{Command, Stdio};

use crate::support::{Client, Data, Server, bundle_of, envelope, has, indicator, quiet};

const CALLS: &str = "trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg";

/// `strace` around the program, or nothing where it cannot be had.
fn traced(data: &Data, trace: &std::path::Path, args: &[&str]) -> Option<Command> {
    let works = has("strace", "--version")
        && Command::new("strace")
            .args(["-f", "-o", "/dev/null", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !works {
        println!("skipped: strace is not there, or may not trace");
        return None;
    }
    let mut command = Command::new("strace");
    quiet(&mut command);
    data.choose_tables(&mut command);
    command.args(["-f", "-y", "-s", "96", "-e", CALLS, "-o"]).arg(trace).arg(env!("CARGO_BIN_EXE_rempart"));
    command.arg("--data").arg(data.path()).args(args);
    Some(command)
}

/// What a line of a trace says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    /// Bytes went to the write-ahead log.
    Logged,
    /// The write-ahead log is on the disk.
    Synced,
    /// The acknowledgement begins to be written.
    Acknowledged,
}

/// The events of a trace. A call counts as a write when it begins and as a sync when it has ended.
fn events(trace: &str, acknowledgement: &str) -> Vec<Event> {
    let mut syncing: Vec<&str> = Vec::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let to_wal = call.contains("-wal>");
        if let Some(rest) = call.strip_prefix("<... ") {
            let resumed = rest.starts_with("fdatasync") || rest.starts_with("fsync");
            let waited = syncing.iter().position(|waiting| *waiting == thread);
            if let Some(waited) = waited.filter(|_| resumed) {
                syncing.remove(waited);
                if rest.ends_with("= 0") {
                    events.push(Event::Synced);
                }
            }
        } else if call.starts_with("fdatasync(") || call.starts_with("fsync(") {
            if to_wal && call.ends_with("= 0") {
                events.push(Event::Synced);
            } else if to_wal && call.contains("<unfinished") {
                syncing.push(thread);
            }
        } else if call.starts_with("pwrite") && to_wal {
            events.push(Event::Logged);
        } else if call.contains(acknowledgement) {
            events.push(Event::Acknowledged);
        }
    }
    events
}

/// Each acknowledgement comes after something was written, and after all of it was synced.
fn check(events: &[Event], acknowledgements: usize, trace: &str) {
    let (mut logged, mut pending, mut seen) = (false, false, 0);
    for event in events {
        match event {
            Event::Logged => (logged, pending) = (true, true),
            Event::Synced => pending = false,
            Event::Acknowledged => {
                seen += 1;
                assert!(logged, "acknowledgement {seen} comes before anything was written\n{trace}");
                assert!(!pending, "acknowledgement {seen} comes before the sync\n{trace}");
                logged = false;
            }
        }
    }
    assert_eq!(seen, acknowledgements, "{trace}");
}

#[test]
fn a_trace_is_read_as_it_is_meant() {
    let trace = "1  pwrite64(5</d/r.sqlite-wal>, \"x\", 24, 0) = 24\n\
                 2  fdatasync(5</d/r.sqlite-wal> <unfinished ...>\n\
                 3  write(9<socket:[1]>, \"HTTP/1.1 202\", 12) = 12\n\
                 2  <... fdatasync resumed>) = 0\n\
                 3  write(9<socket:[1]>, \"HTTP/1.1 202\", 12) = 12\n\
                 3  fdatasync(7</d/other>) = 0\n";
    let found = events(trace, "\"HTTP/1.1 202");
    assert_eq!(found, [Event::Logged, Event::Acknowledged, Event::Synced, Event::Acknowledged]);
    assert!(std::panic::catch_unwind(|| check(&found, 2, "")).is_err());
    check(&[Event::Logged, Event::Synced, Event::Acknowledged], 1, "");
}

#[test]
fn a_post_is_on_the_disk_before_it_is_answered() {
    const POSTS: u64 = 8;
    let data = Data::new();
    let key = data.member("CERT-FR", "FR", "fr");
    let trace = data.beside("trace");
    let Some(command) = traced(&data, &trace, &["serve", "--listen", "127.0.0.1:0"]) else { return };
    let server = Server::start_as(command, data.beside("server.log"));
    let mut client = Client::new(server.address);
    let path = client.collection(&key, "contribute");
    for post in 0..POSTS {
        let sent: Vec<_> = (post * 5..post * 5 + 5).map(|index| indicator(61, index)).collect();
        let answer = client.post(&path, &key, &envelope(&sent)).unwrap();
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    }
    assert_eq!(server.stop(), Some(0));
    let trace = std::fs::read_to_string(trace).unwrap();
    check(&events(&trace, "\"HTTP/1.1 202"), POSTS as usize, &trace);
}

#[test]
fn an_import_is_on_the_disk_before_its_account_is_printed() {
    let data = Data::new();
    data.ok(&["status"]);
    let indicators: Vec<_> = (0..300).map(|index| indicator(62, index)).collect();
    let file = data.file("many.json", bundle_of(&indicators));
    let trace = data.beside("trace");
    let Some(command) = traced(&data, &trace, &["import", "--json", file.to_str().unwrap()]) else { return };
    let ran = crate::support::run(command, drop);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.json()["objects"], 300);
    let trace = std::fs::read_to_string(trace).unwrap();
    check(&events(&trace, "\"{\\\"records\\\""), 1, &trace);
}
