//! `match` on logs: the columns of each format, the same on any number of threads, and input that means harm.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Data, Numbers, Ran, program, run};

/// What no search of this module may need, in KiB of memory and in time.
const MEMORY: u64 = 300 << 10;
const TIME: Duration = Duration::from_secs(60);

pub(crate) const LIST: &str = "evil.example\n198.51.100.0/24\n2001:db8::7\nhttp://bad.example/a/b\n\
    d41d8cd98f00b204e9800998ecf8427e\nmallory@post.example\n";

/// Makes an index of a list.
pub(crate) fn index(data: &Data, name: &str, list: &str) -> String {
    let list = data.file(&format!("{name}.txt"), list);
    let index = data.beside(name).to_str().unwrap().to_owned();
    let mut command = program();
    command.args(["index", "build", "--from", list.to_str().unwrap(), "--output", &index]);
    let ran = run(command, drop);
    assert_eq!(ran.code, Some(0), "{ran}");
    index
}

fn search(index: &str, options: &[&str], files: &[&Path]) -> Ran {
    let mut command = program();
    command.args(["match", "--index", index]).args(options).args(files);
    let ran = run(command, drop);
    assert!(!ran.stderr.contains("panicked"), "{ran}");
    ran
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/logs").join(name)
}

/// Line, column and what is found of each hit, which must stand at its offset unless it is written otherwise.
fn hits(ran: &Ran, log: &[u8]) -> Vec<(u64, String, String)> {
    let hit = |hit: Value| {
        let (offset, found) = (hit["offset"].as_u64().unwrap() as usize, hit["found"].as_str().unwrap());
        let (line, column) = (hit["line"].as_u64().unwrap(), hit["column"].as_str().unwrap_or("-"));
        assert!(log[offset..].starts_with(&found.as_bytes()[..2]), "{hit}");
        assert_eq!(log[..offset].iter().filter(|byte| **byte == b'\n').count() as u64 + 1, line, "{hit}");
        (line, column.to_owned(), found.to_owned())
    };
    ran.lines().into_iter().map(hit).collect()
}

/// Searches a fixture; its bad records are `bad`.
fn found(format: &str, name: &str, columns: &[&str], bad: &[u64]) -> Vec<(u64, String, String)> {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let file = fixture(name);
    let columns = columns.iter().flat_map(|column| ["--column", column]);
    let options: Vec<_> = ["--format", format].into_iter().chain(columns).collect();
    let ran = search(&index, &options, &[&file]);
    assert_eq!(ran.code, Some(0), "{ran}");
    for line in bad {
        assert!(ran.stderr.contains(&format!("{name}:{line}: ")), "{ran}");
    }
    assert!(
        ran.stderr.contains(&format!("bad records, searched as text: {}\n", bad.len())) || bad.is_empty(),
        "{ran}"
    );
    hits(&ran, &std::fs::read(&file).unwrap())
}

fn told(hits: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    hits.iter().map(|(line, column, found)| (*line, (*column).to_owned(), (*found).to_owned())).collect()
}

#[test]
fn hits_in_lines_of_json_have_the_path_to_them() {
    let all = told(&[
        (1, "dns.rrname", "www.evil.example"),
        (2, "dns.answers.rdata", "edge.evil.example"),
        (2, "dns.answers.rrname", "edge.evil.example"),
        (2, "dns.answers.rdata", "198.51.100.9"),
        (2, "dns.grouped.A", "198.51.100.9"),
        (3, "http.url", "evil.example"),
        (4, "-", "evil.example"),
        (5, "stats.by_host.evil.example", "evil.example"),
    ]);
    assert_eq!(found("jsonl", "eve.jsonl", &[], &[4]), all);
    let some = found("jsonl", "eve.jsonl", &["dns.answers.rdata", "http"], &[4]);
    assert_eq!(some, [&all[1], &all[3], &all[5], &all[6]].map(Clone::clone));
}

#[test]
fn hits_in_tables_of_zeek_have_the_names_of_their_fields() {
    let all = told(&[
        (9, "query", "www.evil.example"),
        (10, "id.resp_h", "198.51.100.9"),
        (10, "answers", "edge.evil.example"),
        (11, "query", "evil.example"),
        (12, "-", "evil.example"),
        (21, "server_name", "evil.example"),
    ]);
    assert_eq!(found("zeek", "zeek.log", &[], &[12]), all);
    let some = found("zeek", "zeek.log", &["query", "server_name"], &[12]);
    assert_eq!(some, [&all[0], &all[3], &all[4], &all[5]].map(Clone::clone));
}

#[test]
fn hits_in_csv_have_the_names_of_the_heading() {
    let all = told(&[
        (2, "url", "evil.example"),
        (3, "url", "evil.example"),
        (4, "agent", "evil.example"),
        (5, "-", "evil.example"),
        (6, "client", "198.51.100.9"),
    ]);
    assert_eq!(found("csv", "proxy.csv", &[], &[5]), all);
    assert_eq!(found("csv", "proxy.csv", &["client"], &[5]), [&all[3], &all[4]].map(Clone::clone));
}

#[test]
fn columns_show_in_every_output() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let file = fixture("proxy.csv");
    let table = search(&index, &["--format", "csv", "--output", "csv"], &[&file]).text();
    assert!(table.lines().next().unwrap().ends_with(",valid_until,column"), "{table}");
    assert_eq!(table.lines().filter(|line| line.ends_with(",url")).count(), 2, "{table}");
    // Of a record of two lines both are printed, once.
    let lines = search(&index, &["--format", "csv", "--output", "lines"], &[&file]).text();
    assert_eq!(lines.lines().count(), 5, "{lines}");
    assert_eq!(search(&index, &["--format", "csv", "--output", "count"], &[&file]).text(), "5\n");
    // In text there is no column.
    assert!(search(&index, &[], &[&file]).lines().iter().all(|hit| hit["column"].is_null()));
    // A separator may be named, and a name that is nowhere is told.
    let colons = data.file("colons.csv", "a:b\n1:evil.example\n");
    let ran = search(&index, &["--format", "csv", "--separator", ":", "--column", "b"], &[&colons]);
    assert_eq!(ran.lines()[0]["column"], "b");
    let ran = search(&index, &["--format", "csv", "--separator", ":", "--column", "qeury"], &[&colons]);
    assert!(ran.code == Some(1) && ran.stderr.contains("qeury"), "{ran}");
    for options in [&["--column", "a"][..], &["--separator", ";"], &["--format", "csv", "--separator", "ab"]]
    {
        assert_eq!(search(&index, options, &[&colons]).code, Some(2), "{options:?}");
    }
}

/// Bytes of a log that is made.
const LENGTH: usize = 2 << 20;

/// A log of some megabytes in a format, in which every hundredth record or so has a hit and some are bad.
fn generated(format: &str, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(seed);
    let mut log = match format {
        "zeek" => b"#separator \\x09\n#fields\tn\tquery\tnote\n".to_vec(),
        "csv" => b"n,query,note\n".to_vec(),
        _ => Vec::new(),
    };
    while log.len() < LENGTH {
        let number = numbers.next();
        let host = match number % 97 {
            0 => "www.evil.example".to_owned(),
            1 => "198.51.100.7".to_owned(),
            2 => "a longer text with evil.example and 198.51.100.8 in it".to_owned(),
            _ => format!("host-{:x}.good.example", number >> 40),
        };
        let note = "x".repeat(numbers.below(60) as usize);
        let bad = number.is_multiple_of(1009);
        match format {
            "jsonl" if bad => writeln!(log, "{{\"query\":\"{host}\""),
            "jsonl" => writeln!(log, "{{\"n\":{number},\"query\":\"{host}\",\"note\":\"{note}\\n\"}}"),
            "zeek" if bad => writeln!(log, "{number}\t{host}"),
            "zeek" if number.is_multiple_of(2003) => writeln!(log, "#fields\tn\tname\tnote"),
            "zeek" => writeln!(log, "{number}\t{host}\t{note}"),
            "csv" if bad => writeln!(log, "{number},\"{host},{note}"),
            "csv" if number.is_multiple_of(7) => {
                writeln!(log, "{number},\"{host}\",\"{note}\n\n{host}\"\"\"")
            }
            _ => writeln!(log, "{number},{host},{note}"),
        }
        .unwrap();
    }
    log
}

#[test]
fn any_number_of_threads_finds_the_same_in_the_same_order() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    for format in ["text", "jsonl", "zeek", "csv"] {
        let files: Vec<_> = (0..2)
            .map(|number| data.file(&format!("{number}.{format}"), generated(format, number)))
            .chain([data.file(&format!("short.{format}"), "n,query\tnote\nevil.example")])
            .collect();
        let packed = data.beside(&format!("packed.{format}"));
        std::fs::write(&packed, zstd::encode_all(&*generated(format, 7), 1).unwrap()).unwrap();
        let absent = data.beside("absent.log");
        let mut files: Vec<&Path> = files.iter().map(|file| &**file).collect();
        files.extend([&*absent, &*packed]);
        for output in ["jsonl", "lines"] {
            let ran = |threads: &str, piece: &str| {
                let options =
                    ["--format", format, "--output", output, "--threads", threads, "--piece", piece];
                let ran = search(&index, &options, &files);
                assert_eq!(ran.code, Some(2), "{ran}");
                (ran.stdout, ran.stderr)
            };
            let one = ran("1", "1048576");
            assert!(one.0.len() > 10_000, "{format} {output}");
            for (threads, piece) in [("1", "5000"), ("4", "3000"), ("3", "70000")] {
                let other = ran(threads, piece);
                assert!(other.0 == one.0, "{format} {output} {threads} {piece}: another output");
                assert!(other.1 == one.1, "{format} {output} {threads} {piece}: {} {}", one.1, other.1);
            }
        }
    }
}

/// Searches what means harm, on one and on several threads.
fn hostile(index: &str, what: &str, options: &[&str], file: &Path) -> Ran {
    let one = search(index, &[options, &["--threads", "1"]].concat(), &[file]);
    let many = search(index, &[options, &["--threads", "4"]].concat(), &[file]);
    assert!(one.stdout == many.stdout && one.code == many.code, "{what}: {one} {many}");
    for ran in [&one, &many] {
        println!("{what}: {} KiB, {:?}", ran.peak, ran.took);
        assert!(ran.peak < MEMORY && ran.took < TIME, "{what}: {} KiB; {ran}", ran.peak);
    }
    many
}

#[test]
fn a_line_of_a_hundred_megabytes_is_searched_in_parts() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    for (format, filling, megabytes) in [
        ("text", "some words go here ", 100),
        ("text", "xxxxxxxxxxxxxxxxxxx", 12),
        ("jsonl", "/a.b", 12),
        ("zeek", "\u{e9}", 12),
        ("csv", "some words\t", 12),
    ] {
        let half = filling.repeat((megabytes << 19) / filling.len());
        let line = format!("198.51.100.1 {half} evil.example {half} 198.51.100.2\nevil.example\n");
        let file = data.file("long.log", &line);
        let ran = hostile(&index, &format!("{format} {filling}"), &["--format", format], &file);
        let found: Vec<_> = hits(&ran, line.as_bytes())
            .into_iter()
            .map(|(line, _, found)| format!("{line} {found}"))
            .collect();
        assert_eq!(found, ["1 198.51.100.1", "1 evil.example", "1 198.51.100.2", "2 evil.example"]);
    }
}

#[test]
fn what_is_no_text_and_no_record_is_searched_all_the_same() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let mut bytes = Vec::new();
    for part in [
        &b"\0\0evil.example\0\xff\xfe evil.example\n"[..],
        b"{\"a\":\"\xc3 evil.example\",\"b\":\"\0evil.example\0\"}\n",
        b"\r\r\n\n\"\"\"\"\"evil.example\n\\xzz\\\\\t\\\n#fields\n#evil.example\n",
        "[".repeat(100_000).as_bytes(),
        b"\n\"",
        "\",\n\"".repeat(100_000).as_bytes(),
        b"\n evil.example",
    ] {
        bytes.extend_from_slice(part);
    }
    let file = data.file("bytes.log", &bytes);
    for format in ["text", "jsonl", "zeek", "csv"] {
        let ran = hostile(&index, format, &["--format", format, "--piece", "1000"], &file);
        assert_eq!((ran.code, ran.lines().len()), (Some(0), 7), "{format}: {ran}");
    }
}

#[test]
fn packed_logs_are_read_as_far_as_they_go() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    let log = generated("jsonl", 3);
    let whole = search(&index, &["--format", "jsonl"], &[&data.file("log", &log)]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&log).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&*log, 1).unwrap();
    for (name, bytes) in [("gz", gzip), ("zst", zstd)] {
        let file = data.file("log", &bytes);
        let ran = hostile(&index, name, &["--format", "jsonl"], &file);
        assert!(ran.stdout == whole.stdout && ran.code == Some(0), "{name}");
        let cut = data.file("log", &bytes[..bytes.len() - 1000]);
        let ran = hostile(&index, &format!("{name} cut"), &["--format", "jsonl"], &cut);
        assert_eq!(ran.code, Some(2), "{name}: {ran}");
        assert!(ran.stdout.len() > whole.stdout.len() / 2 && whole.stdout.starts_with(&ran.stdout), "{name}");
        assert!(ran.stderr.contains("data are damaged or cut off"), "{ran}");
    }
}

#[test]
fn standard_input_is_searched_as_it_comes_and_a_closed_pipe_ends_it() {
    let data = Data::new();
    let index = index(&data, "own.idx", LIST);
    for threads in ["1", "4"] {
        let mut command = program();
        command.args(["match", "--index", &index, "--threads", threads, "--output", "lines"]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        to.write_all(b"1 evil.example\n2 evil").unwrap();
        let mut line = [0; 15];
        std::io::Read::read_exact(&mut from, &mut line).unwrap();
        assert_eq!(&line, b"1 evil.example\n");
        drop(from);
        // The pipe for the next hit is closed; the input is not.
        to.write_all(b".example\n").unwrap();
        let started = std::time::Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < TIME, "a closed pipe does not end it");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
        drop(to);
    }
}

/// Real logs of Zeek: with and without their format the same is found, and every line can be read.
#[test]
fn real_logs_of_zeek_are_read() {
    let folder = std::env::var_os("REMPART_TEST_DATA").map(|data| Path::new(&data).join("logs/zeek-wrccdc"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        eprintln!("skipped: REMPART_TEST_DATA names no folder with logs/zeek-wrccdc in it");
        return;
    };
    let data = Data::new();
    let index = index(&data, "own.idx", "windowsupdate.com\ngoogle.com\n10.0.0.0/8\n8.8.8.8\n");
    for (name, column) in [("dns.log.zst", "query"), ("ssl.log.zst", "server_name")] {
        let file = folder.join(name);
        let text = search(&index, &["--output", "count"], &[&file]);
        let zeek = search(&index, &["--output", "count", "--format", "zeek"], &[&file]);
        assert_eq!((zeek.text(), &*zeek.stderr), (text.text(), ""), "{name}");
        let some = search(&index, &["--format", "zeek", "--column", column], &[&file]).lines();
        assert!(!some.is_empty() && some.iter().all(|hit| hit["column"] == column), "{name}");
        println!("{name}: {} hits, {} in {column}", text.text().trim(), some.len());
    }
}
