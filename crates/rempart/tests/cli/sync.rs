//! What was acknowledged is on the disk: a trace of system calls shows it.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use crate::support::{Client, Data, Indicator, Server, bundle_of, envelope, has, indicator, quiet};

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
    command.args(["-f", "-y", "-s", "9000", "-e", CALLS, "-o"]).arg(trace).arg(env!("CARGO_BIN_EXE_rempart"));
    command.arg("--data").arg(data.path()).args(args);
    Some(command)
}

/// What a line of a trace says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
enum Event<'t> {
    /// These bytes went to the write-ahead log.
    Logged(&'t str),
    /// The write-ahead log is on the disk.
    Synced,
    /// The acknowledgement begins to be written.
    Acknowledged,
}

/// The events of a trace. A call counts as a write when it begins and as a sync when it has ended.
fn events<'t>(trace: &'t str, acknowledgement: &str) -> Vec<Event<'t>> {
    let mut syncing: Vec<&str> = Vec::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let file = call.split_once('>').map_or("", |(file, _)| file);
        let to_wal = file.ends_with("-wal");
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
            events.push(Event::Logged(call));
        } else if call.contains(acknowledgement) {
            events.push(Event::Acknowledged);
        }
    }
    events
}

/// Says what is wrong, unless each acknowledgement comes after everything that it is for was written and then
/// synced. What the program can make anew (how far its followers are) need not be.
fn check(events: &[Event<'_>], sent: &[Vec<String>]) -> Result<(), String> {
    let mut left = sent.iter();
    let mut awaited: &[String] = left.next().map_or(&[], Vec::as_slice);
    let (mut logged, mut synced) = (HashSet::new(), HashSet::new());
    let mut seen = 0;
    for event in events {
        match event {
            Event::Logged(bytes) => {
                logged.extend(awaited.iter().filter(|value| bytes.contains(value.as_str())));
            }
            Event::Synced => synced.extend(logged.drain()),
            Event::Acknowledged => {
                seen += 1;
                if let Some(value) = awaited.iter().find(|value| !synced.contains(value)) {
                    let what = if logged.contains(value) { "written but not synced" } else { "not written" };
                    return Err(format!("acknowledgement {seen} came when {value} was {what}"));
                }
                awaited = left.next().map_or(&[], Vec::as_slice);
            }
        }
    }
    if seen == sent.len() { Ok(()) } else { Err(format!("{seen} acknowledgements of {}", sent.len())) }
}

fn values(indicators: &[Indicator]) -> Vec<String> {
    indicators.iter().map(|indicator| indicator.value.clone()).collect()
}

#[test]
fn a_trace_is_read_as_it_is_meant() {
    let write = "1  pwrite64(5</d/r.sqlite-wal>, \"..evil.com..\", 24, 0) = 24\n";
    let other = "1  pwrite64(5</d/r.sqlite-wal>, \"..\", 24, 0) = 24\n";
    let elsewhere = "1  pwrite64(5</d/r.sqlite-shm>, \"..evil.com..\", 24, 0) = 24\n3  fsync(7</d>) = 0\n";
    let begun = "2  fdatasync(5</d/r.sqlite-wal> <unfinished ...>\n";
    let ended = "2  <... fdatasync resumed>)   = 0\n";
    let failed = "2  <... fdatasync resumed>)   = -1 EIO (Input/output error)\n";
    let synced = "1  fsync(5</d/r.sqlite-wal>)    = 0\n";
    let answer = "3  write(9<socket:[1]>, \"HTTP/1.1 202\", 12) = 12\n";
    let table: [(&[&str], bool); 9] = [
        (&[write, synced, answer], true),
        (&[write, begun, ended, answer], true),
        (&[write, synced, other, answer], true),
        (&[write, begun, answer, ended], false),
        (&[write, begun, failed, answer], false),
        (&[write, answer, synced], false),
        (&[elsewhere, answer], false),
        (&[other, synced, answer], false),
        (&[write, synced], false),
    ];
    let sent = [vec!["evil.com".to_owned()]];
    for (lines, sound) in table {
        let trace = lines.concat();
        let found = check(&events(&trace, "\"HTTP/1.1 202"), &sent);
        assert_eq!(found.is_ok(), sound, "{found:?}\n{trace}");
    }
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
    let mut all = Vec::new();
    for post in 0..POSTS {
        let sent: Vec<_> = (post * 5..post * 5 + 5).map(|index| indicator(61, index)).collect();
        let answer = client.post(&path, &key, &envelope(&sent)).unwrap();
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        all.push(values(&sent));
    }
    assert_eq!(server.stop(), Some(0));
    let trace = std::fs::read_to_string(trace).unwrap();
    check(&events(&trace, "\"HTTP/1.1 202"), &all).unwrap();
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
    check(&events(&trace, "\"{\\\"records\\\""), &[values(&indicators)]).unwrap();
}
