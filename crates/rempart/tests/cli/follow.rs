//! `match --follow`: what is written is found at once, whatever becomes of the file and of the index.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rempart_model::Observable;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::logs::{LIST, index};
use crate::support::{Data, PATIENCE, program};

/// How long nothing must come where nothing should.
const QUIET: Duration = Duration::from_millis(1500);

/// A search that follows.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(index: &str, options: &[&str], files: &[&Path]) -> Self {
        let mut command = program();
        command.args(["match", "--index", index, "--follow"]).args(options).args(files);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (give, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| give.send(line)));
        Self { child, lines }
    }

    /// The line, the place and the text of the next hit.
    fn hit(&self) -> (u64, u64, String) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        let hit: Value = serde_json::from_str(&line).unwrap();
        (
            hit["line"].as_u64().unwrap(),
            hit["offset"].as_u64().unwrap(),
            hit["found"].as_str().unwrap().to_owned(),
        )
    }

    fn is_quiet(&self) {
        assert_eq!(self.lines.recv_timeout(QUIET), Err(RecvTimeoutError::Timeout));
    }

    /// Ends it by a signal; gives the exit code and what it said.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hit(line: u64, offset: u64, found: &str) -> (u64, u64, String) {
    (line, offset, found.to_owned())
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_written_is_found_through_rotation_and_truncation() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let log = data.file("a.log", "0 evil.example\n");
    let later = data.beside("later.log");
    let following = Following::start(&index, &[], &[&log, &later]);
    assert_eq!(following.hit(), hit(1, 2, "evil.example"));
    append(&log, "1 www.evil");
    append(&log, ".example\n2 good.example\n");
    assert_eq!(following.hit(), hit(2, 17, "www.evil.example"));
    // A file that is not there yet.
    append(&later, "evil.example\n");
    assert_eq!(following.hit(), hit(1, 0, "evil.example"));
    // Another file takes the name, while somebody goes on writing to the old one.
    let mut old = OpenOptions::new().append(true).open(&log).unwrap();
    std::fs::rename(&log, data.beside("a.log.1")).unwrap();
    old.write_all(b"3 evil.example\n").unwrap();
    assert_eq!(following.hit(), hit(4, 51, "evil.example"));
    append(&log, "\n198.51.100.7\n");
    assert_eq!(following.hit(), hit(2, 1, "198.51.100.7"));
    old.write_all(b"4 evil.example").unwrap();
    assert_eq!(following.hit(), hit(5, 66, "evil.example"));
    // The new one is cut short.
    File::create(&log).unwrap();
    std::thread::sleep(QUIET);
    append(&log, "evil.example\n");
    assert_eq!(following.hit(), hit(1, 0, "evil.example"));
    following.is_quiet();
    let (code, said) = following.end(Signal::INT);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_line_without_an_end_is_searched_once_after_a_rest() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    for (options, texts, column) in [
        (&[][..], ["evil.example and www.", "evil.example\n", "x evil.example"], Value::Null),
        (
            &["--format", "jsonl"],
            ["{\"q\":\"evil.example\",", "\"r\":\"evil.example\"}\n", "\"evil.example\""],
            "r".into(),
        ),
    ] {
        let log = data.file("a.log", texts[0]);
        let following = Following::start(&index, options, &[&log]);
        assert_eq!(following.hit().2, "evil.example");
        following.is_quiet();
        append(&log, texts[1]);
        let second: Value = serde_json::from_str(&following.lines.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert!(second["found"].as_str().unwrap().ends_with("evil.example"), "{second}");
        assert_eq!((second["line"].as_u64(), &second["column"]), (Some(1), &column));
        following.is_quiet();
        // What is left at the end is searched then.
        append(&log, texts[2]);
        let (code, said) = {
            std::thread::sleep(Duration::from_millis(300));
            kill_process(Pid::from_child(&following.child), Signal::TERM).unwrap();
            assert_eq!(following.hit().0, 2);
            following.end(Signal::TERM)
        };
        assert_eq!((code, &*said), (Some(0), ""));
    }
}

#[test]
fn a_new_index_is_used_within_a_second() {
    let data = Data::new();
    let first = index(&data, "own.idx", "other.example\n");
    let log = data.file("a.log", "evil.example\n");
    let following = Following::start(&first, &["--output", "lines"], &[&log]);
    following.is_quiet();
    index(&data, "own.idx", "evil.example\n");
    let replaced = Instant::now();
    let mut number = 0;
    // Lines that come before the index is read find nothing, as it was then.
    let found = loop {
        number += 1;
        append(&log, &format!("{number} evil.example\n"));
        match following.lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => break line,
            Err(_) => assert!(replaced.elapsed() < Duration::from_secs(20), "the new index is not used"),
        }
    };
    let took = replaced.elapsed();
    println!("a new index was in use after {took:?}");
    assert!(found.ends_with(" evil.example"), "{found}");
    // A second is what is promised; machines that are busy with other tests get more.
    assert!(took < Duration::from_secs(5), "{took:?}");
    // What is no index does not end it.
    std::fs::write(data.beside("broken"), "no index").unwrap();
    std::fs::rename(data.beside("broken"), &first).unwrap();
    std::thread::sleep(QUIET);
    while following.lines.try_recv().is_ok() {}
    append(&log, "last evil.example\n");
    assert_eq!(following.lines.recv_timeout(PATIENCE).unwrap(), "last evil.example");
    let (code, said) = following.end(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("going on with the one before").count(), 1, "{said}");
}

/// Puts a delta beside an index, or in the place of the one that is there.
fn delta(index: &str, values: &[&str], removed: &[&str]) {
    use rempart_matching::index::{Builder, Index, Note, Reach, Settings, delta_path, write};
    let base = Index::open(Path::new(index)).unwrap();
    let mut builder = Builder::new(Settings {
        audience: "".into(),
        built_at: base.info().built_at,
        position: base.info().position + 1,
        seed: base.seed(),
        base: Some(base.identity()),
    });
    let value = |text: &&str| Observable::guess(text).unwrap();
    values.iter().map(value).for_each(|value| builder.add(&value, &Note::default(), Reach::Below).unwrap());
    removed.iter().map(value).for_each(|value| builder.remove(&value).unwrap());
    write(&delta_path(Path::new(index)), &builder.finish()).unwrap();
}

#[test]
fn a_delta_beside_the_index_adds_and_takes_away() {
    let data = Data::new();
    let index = index(&data, "own.idx", "evil.example\n");
    let log = data.file("a.log", "evil.example new.example\n");
    let following = Following::start(&index, &[], &[&log]);
    assert_eq!(following.hit(), hit(1, 0, "evil.example"));
    for (values, removed, wanted) in [
        (&["new.example"][..], &[][..], &["evil.example", "new.example"][..]),
        (&["new.example"], &["evil.example"], &["new.example"]),
        (&[], &["evil.example"], &[]),
        (&[], &[], &["evil.example"]),
    ] {
        delta(&index, values, removed);
        std::thread::sleep(QUIET);
        append(&log, "evil.example new.example\n");
        for found in wanted {
            assert_eq!(following.hit().2, *found);
        }
        following.is_quiet();
    }
    assert_eq!(following.end(Signal::TERM), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_followed_is_told() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let mut command = program();
    command.args(["match", "--index", &index, "--follow", "-"]);
    let ran = crate::support::run(command, drop);
    assert!(ran.code == Some(2) && ran.stderr.contains("standard input"), "{ran}");
    let packed = data.file("a.zst", zstd::encode_all(&b"evil.example\n"[..], 1).unwrap());
    let log = data.file("a.log", "evil.example\n");
    let following = Following::start(&index, &[], &[&packed, &data.beside("."), &log]);
    assert_eq!(following.hit(), hit(1, 0, "evil.example"));
    let (code, said) = following.end(Signal::TERM);
    assert!(code == Some(2) && said.contains("packed") && said.contains("only files"), "{said}");
    // Nothing found is no error.
    let log = data.file("b.log", "good.example\n");
    let following = Following::start(&index, &[], &[&log]);
    following.is_quiet();
    assert_eq!(following.end(Signal::INT), (Some(1), String::new()));
    // A file that never comes is one.
    let following = Following::start(&index, &[], &[&log, &data.beside("absent.log")]);
    following.is_quiet();
    let (code, said) = following.end(Signal::INT);
    assert!(code == Some(2) && said.matches("waiting for it").count() == 1, "{said}");
}
