//! Published lists, where they are at hand: nearly every line is an observable, and stays the same
//! when it is read again.

#![allow(clippy::expect_used, reason = "a test may stop at what it did not expect")]

use std::path::{Path, PathBuf};

use rempart_model::{Kind, Observable};

/// A list: where it is, how a line becomes a text, what kinds it holds, and how many lines in a
/// thousand must be of these kinds.
struct List {
    path: &'static str,
    text: fn(&str) -> Option<&str>,
    kinds: &'static [Kind],
    per_mille: usize,
}

const LISTS: &[List] = &[
    List {
        path: "feeds/timeseries/blocklist.de-all",
        text: |line| Some(line),
        kinds: &[Kind::Ipv4, Kind::Ipv6],
        per_mille: 1000,
    },
    List {
        path: "feeds/timeseries/talos-ip-blacklist",
        text: |line| Some(line),
        kinds: &[Kind::Ipv4],
        per_mille: 1000,
    },
    List {
        path: "feeds/timeseries/urlhaus-filter",
        text: |line| line.trim_start_matches("||").split('^').next(),
        kinds: &[Kind::Domain, Kind::Ipv4, Kind::Url],
        per_mille: 1000,
    },
    List { path: "ml/dga/dga_baderj.csv", text: second, kinds: &[Kind::Domain], per_mille: 1000 },
    List { path: "ml/phishing/openphish_first_seen.csv", text: second, kinds: &[Kind::Url], per_mille: 1000 },
    // One line in twenty is a path without a host, or a pattern.
    List {
        path: "feeds/maltrail/malware",
        text: |line| line.split(" #").next(),
        kinds: &[Kind::Domain, Kind::Ipv4, Kind::Ipv6, Kind::Cidr, Kind::Url],
        per_mille: 930,
    },
];

fn second(line: &str) -> Option<&str> {
    line.split_once(',').map(|(_, rest)| rest.trim_matches('"'))
}

fn files(path: &Path) -> Vec<PathBuf> {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| entry.expect("an entry").path()).collect(),
        Err(_) => vec![path.to_owned()],
    }
}

#[test]
fn lines_of_published_lists_are_observables() {
    let Some(folder) = std::env::var_os("REMPART_TEST_DATA") else {
        println!("skipped: REMPART_TEST_DATA is not set");
        return;
    };
    for list in LISTS {
        let (mut lines, mut read) = (0, 0);
        for file in files(&Path::new(&folder).join(list.path)) {
            let bytes = std::fs::read(&file).expect("a list");
            let heading = usize::from(file.extension().is_some_and(|extension| extension == "csv"));
            for line in String::from_utf8_lossy(&bytes).lines().skip(heading) {
                let line = line.trim();
                let Some(text) =
                    (list.text)(line).filter(|_| !line.is_empty() && !line.starts_with(['#', '!']))
                else {
                    continue;
                };
                lines += 1;
                let Ok(observable) = Observable::guess(text) else { continue };
                read += usize::from(list.kinds.contains(observable.kind()));
                let again = Observable::parse(observable.kind(), observable.value());
                assert_eq!(again, Ok(observable), "{text}");
            }
        }
        println!("{}: {read} of {lines}", list.path);
        assert!(lines > 0 && read * 1000 >= lines * list.per_mille, "{}: {read} of {lines}", list.path);
    }
}
