//! Matching: logs beside the floor of reading them and beside a peer; building and asking indexes.

mod lookups;
mod measure;
mod peers;
mod sample;

use std::path::Path;

use anyhow::Context;

use crate::report::Report;
use crate::sample::Numbers;
use crate::server;
use measure::Cost;
use sample::{Lists, Planted};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Size of the log.
    pub(crate) megabytes: u64,
    /// Ten million indicators as well.
    pub(crate) large: bool,
    /// Install and measure peers.
    pub(crate) peers: bool,
}

/// Indicators of the usual index.
const COUNT: usize = 1_000_000;
const ROUNDS: usize = 3;

pub(crate) fn run(scratch: &Path, options: Options, report: &mut Report) -> anyhow::Result<()> {
    let binary = server::binary()?;
    let binary = binary.to_str().context("a path that is not UTF-8")?;
    let lists = Lists::new(COUNT);
    let log = scratch.join("mixed.log");
    let planted = sample::log(&log, &lists, options.megabytes)?;
    println!("{} indicators, {} lines, {} bytes", lists.count(), planted.lines, planted.bytes);
    let text = log.to_str().context("a path that is not UTF-8")?;

    let index = scratch.join("own.idx");
    let sorted = build(binary, scratch, &lists, true, &index)?;
    let unsorted = build(binary, scratch, &lists, false, &index)?;
    report.hold(
        &format!("an index of {COUNT} indicators from sorted lines, and from unsorted"),
        format!("{:.2} s, and {:.2} s; {} MB resident", sorted.wall, unsorted.wall, unsorted.resident),
        "2 s",
        sorted.wall.max(unsorted.wall) <= 2.0,
    );
    let size = std::fs::metadata(&index)?.len() as usize;
    let beyond = size.saturating_sub(lists.bytes()) as f64 / lists.count() as f64;
    report.hold(
        "bytes an indicator on disk beyond the values themselves",
        format!("{beyond:.1} ({size} bytes in all)"),
        "40",
        beyond <= 40.0,
    );
    lookups(&index, &lists, true, report)?;

    let floor = measure::best(ROUNDS, &["cat", text])?;
    let lines = measure::best(ROUNDS, &["wc", "-l", text])?;
    report.inform(
        "the floor: `cat`, and `wc -l`",
        format!("{:.2} s and {:.2} s of processor", floor.cpu, lines.cpu),
    );
    let own = scan(binary, &index, text, &planted, COUNT, report)?;
    two_cores(binary, &index, text, &own, report)?;
    if options.peers {
        peers::run(scratch, &lists, text, &planted, &own, report)?;
    } else {
        println!("no peers: --peers installs and measures them");
    }
    drop(lists);
    if options.large {
        large(binary, scratch, options, &own, planted.bytes, report)?;
    }
    Ok(())
}

/// Writes the lists and builds an index of them.
fn build(binary: &str, scratch: &Path, lists: &Lists, is_sorted: bool, index: &Path) -> anyhow::Result<Cost> {
    let list = scratch.join(if is_sorted { "sorted.txt" } else { "unsorted.txt" });
    let mut lines: Vec<String> = lists.lines().collect();
    if is_sorted {
        lines.sort_unstable();
    } else {
        let mut numbers = Numbers::new(31);
        for at in (1..lines.len()).rev() {
            lines.swap(at, (numbers.next() >> 8) as usize % (at + 1));
        }
    }
    sample::write(&list, lines.iter().map(String::as_str))?;
    drop(lines);
    let (list, index) = (list.to_str().context("a path")?, index.to_str().context("a path")?);
    measure::best(2, &[binary, "index", "build", "--from", list, "--output", index])
}

/// The words of a command that finds and counts on one thread.
fn command<'w>(binary: &'w str, index: &'w str, text: &'w str) -> [&'w str; 9] {
    [binary, "match", "--index", index, "--output", "count", "--threads", "1", text]
}

fn scan(
    binary: &str,
    index: &Path,
    text: &str,
    planted: &Planted,
    count: usize,
    report: &mut Report,
) -> anyhow::Result<Cost> {
    let index = index.to_str().context("a path that is not UTF-8")?;
    let cost = measure::best(ROUNDS, &command(binary, index, text))?;
    let speed = planted.bytes as f64 / 1e6 / cost.cpu.max(0.01);
    let found: u64 = cost.output.trim().parse().context("the count of hits")?;
    let figure = format!("{speed:.0} MB/s ({:.2} s, {:.2} s of processor)", cost.wall, cost.cpu);
    let what = format!("a log of {} lines matched with {count} indicators, on one core", planted.lines);
    report.hold(&what, figure, "600 MB/s", speed >= 600.0);
    report.hold(
        "hits found in it, of those planted",
        format!("{found} of {}", planted.hits),
        "all, and no other",
        found == planted.hits,
    );
    report.hold(
        "peak resident memory of that, with what is mapped of the index",
        format!("{} MB", cost.resident),
        "200 MB",
        cost.resident <= 200,
    );
    Ok(cost)
}

/// The same on two threads, by the clock.
fn two_cores(binary: &str, index: &Path, text: &str, one: &Cost, report: &mut Report) -> anyhow::Result<()> {
    let index = index.to_str().context("a path that is not UTF-8")?;
    let words = [binary, "match", "--index", index, "--output", "count", "--threads", "2", text];
    let mut two = measure::run(&words, false)?;
    for _ in 1..ROUNDS {
        let next = measure::run(&words, false)?;
        if next.wall < two.wall {
            two = next;
        }
    }
    let ratio = one.wall / two.wall.max(0.01);
    report.hold(
        "the same on two cores, by the clock",
        format!("{ratio:.2} times as fast ({:.2} s)", two.wall),
        "1.7 times",
        ratio >= 1.7,
    );
    Ok(())
}

fn lookups(index: &Path, lists: &Lists, is_usual: bool, report: &mut Report) -> anyhow::Result<()> {
    let asked = lookups::run(index, lists)?;
    let count = lists.count();
    report.inform(&format!("opening an index of {count} indicators"), format!("{:.0} µs", asked.open));
    let millions = |rate: f64| format!("{:.1} million/s", rate / 1e6);
    let addresses = format!("addresses looked up among {count} indicators, half of them listed, on one core");
    let names = format!(
        "names looked up among {count} indicators with their parents, half of them caught, on one core"
    );
    if is_usual {
        report.hold(&addresses, millions(asked.addresses), "20 million/s", asked.addresses >= 20e6);
        report.hold(&names, millions(asked.domains), "10 million/s", asked.domains >= 10e6);
    } else {
        report.inform(&addresses, millions(asked.addresses));
        report.inform(&names, millions(asked.domains));
    }
    Ok(())
}

/// The same with ten times as many indicators.
fn large(
    binary: &str,
    scratch: &Path,
    options: Options,
    small: &Cost,
    bytes: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let count = COUNT * 10;
    let lists = Lists::new(count);
    let index = scratch.join("large.idx");
    let built = build(binary, scratch, &lists, false, &index)?;
    report.inform(
        &format!("an index of {count} indicators from unsorted lines"),
        format!("{:.1} s; {} MB resident", built.wall, built.resident),
    );
    let log = scratch.join("large.log");
    let planted = sample::log(&log, &lists, options.megabytes)?;
    let text = log.to_str().context("a path that is not UTF-8")?;
    let index_text = index.to_str().context("a path that is not UTF-8")?;
    let cost = measure::best(ROUNDS, &command(binary, index_text, text))?;
    let speeds = (planted.bytes as f64 / cost.cpu, bytes as f64 / small.cpu);
    let ratio = speeds.0 / speeds.1;
    report.hold(
        &format!("a log matched with {count} indicators, beside {COUNT}"),
        format!("{ratio:.2} ({:.0} MB/s; {} MB resident)", speeds.0 / 1e6, cost.resident),
        "0.5",
        ratio >= 0.5,
    );
    let found: u64 = cost.output.trim().parse().context("the count of hits")?;
    report.hold(
        "hits found in that, of those planted",
        format!("{found} of {}", planted.hits),
        "all, and no other",
        found == planted.hits,
    );
    lookups(&index, &lists, false, report)
}
