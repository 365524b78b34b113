//! `index` and `match`: from a list to hits in a log.

use std::io::Write;

use serde_json::Value;

use crate::support::{Data, program};

/// What one call ended with.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(args: &[&str]) -> Ran {
    let mut command = program();
    command.args(args);
    let ran = crate::support::run(command, |_| ());
    Ran { code: ran.code.unwrap(), stdout: String::from_utf8(ran.stdout).unwrap(), stderr: ran.stderr }
}

const TABLE: &str = "type,value,category,probability,tlp,source,valid_until\n\
    domain,evil.example,c2-server,90,green,ours,\n\
    ipv4,192.0.2.4,,,,,\n\
    domain,gone.example,,,,,2001-01-01T00:00:00Z\n\
    cidr,198.51.100.0/24,,,,\"a, b\",\n";

const LOG: &str = "1 www.evil.example A\n2 notevil.example A\n3 192.0.2.45\n4 198.51.100.9 evil[.]example\n5 gone.example\n";

fn with_index() -> (Data, String) {
    let data = Data::new();
    let list = data.file("list.csv", TABLE);
    let index = data.beside("a/own.idx").to_str().unwrap().to_owned();
    let ran = run(&["index", "build", "--from", list.to_str().unwrap(), "--output", &index]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    (data, index)
}

fn matched(index: &str, output: &str, file: &std::path::Path) -> Ran {
    run(&["match", "--index", index, "--output", output, file.to_str().unwrap()])
}

#[test]
fn hits_say_where_they_stand_and_what_is_known() {
    let (data, index) = with_index();
    let log = data.file("dns.log", LOG);
    let ran = matched(&index, "jsonl", &log);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let hits: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = hits
        .iter()
        .map(|hit| {
            (hit["line"].as_u64().unwrap(), hit["found"].as_str().unwrap(), hit["value"].as_str().unwrap())
        })
        .collect();
    let wanted = [
        (1, "www.evil.example", "evil.example"),
        (4, "198.51.100.9", "198.51.100.0/24"),
        (4, "evil[.]example", "evil.example"),
    ];
    assert_eq!(told, wanted);
    for hit in &hits {
        let (offset, found) = (hit["offset"].as_u64().unwrap() as usize, hit["found"].as_str().unwrap());
        assert!(LOG[offset..].starts_with(found), "{hit}");
    }
    assert_eq!(hits[0]["category"], "malicious-code:c2-server");
    assert_eq!((&hits[0]["tlp"], &hits[1]["sources"][0]), (&"green".into(), &"a, b".into()));
    assert_eq!(matched(&index, "count", &log).stdout, "3\n");
    let lines = matched(&index, "lines", &log).stdout;
    assert_eq!(lines, "1 www.evil.example A\n4 198.51.100.9 evil[.]example\n");
    assert_eq!(matched(&index, "csv", &log).stdout.lines().count(), 4);
}

#[test]
fn compressed_logs_are_read_as_what_they_hold() {
    let (data, index) = with_index();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(LOG.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let cut = gzip[..gzip.len() - 12].to_vec();
    let zstd = zstd::encode_all(LOG.as_bytes(), 1).unwrap();
    for (name, bytes) in [("log.gz", gzip), ("log.zst", zstd)] {
        let file = data.beside(name);
        std::fs::write(&file, bytes).unwrap();
        let ran = matched(&index, "count", &file);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "3\n"), "{name}");
    }
    let file = data.beside("cut.gz");
    std::fs::write(&file, cut).unwrap();
    assert_eq!(matched(&index, "count", &file).code, 2);
}

#[test]
fn it_exits_as_grep_does() {
    let (data, index) = with_index();
    let nothing = data.file("nothing.log", "notevil.example evil.example.au gone.example\n");
    assert_eq!(matched(&index, "jsonl", &nothing).code, 1);
    assert_eq!(matched(&index, "jsonl", &data.beside("absent.log")).code, 2);
    assert_eq!(matched(nothing.to_str().unwrap(), "jsonl", &nothing).code, 2);
}

#[test]
fn an_index_tells_of_itself_and_of_damage() {
    let (data, index) = with_index();
    let info: Value = serde_json::from_str(&run(&["index", "info", &index, "--json"]).stdout).unwrap();
    assert_eq!((&info["entries"], &info["counts"]["domain"]), (&4.into(), &2.into()));
    assert_eq!(run(&["index", "verify", &index]).code, 0);
    let mut bytes = std::fs::read(&index).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = data.beside("damaged.idx");
    std::fs::write(&damaged, &bytes).unwrap();
    assert_eq!(run(&["index", "verify", damaged.to_str().unwrap()]).code, 2);
    std::fs::write(&damaged, &bytes[..middle]).unwrap();
    assert_eq!(run(&["index", "info", damaged.to_str().unwrap()]).code, 2);
}

#[test]
fn only_what_came_in_later_is_found_where_that_is_asked() {
    let (data, index) = with_index();
    let log = data.file("dns.log", LOG);
    let info: Value = serde_json::from_str(&run(&["index", "info", &index, "--json"]).stdout).unwrap();
    let position = info["position"].as_u64().unwrap();
    for (since, code) in [(position - 1, 0), (position, 1)] {
        let since = since.to_string();
        let file = log.to_str().unwrap();
        assert_eq!(run(&["match", "--index", &index, "--since", &since, file]).code, code);
    }
}
