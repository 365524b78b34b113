//! The benchmarks of the exchange: each figure beside something measured in the same run.
//!
//! `cargo xtask bench` runs all of it. Needs nginx and wrk for the pages, and `--peers` a network for matching;
//! what is missing is said.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod client;
mod intake;
mod matching;
mod pages;
mod protect;
mod report;
mod sample;
mod server;
mod transfer;
mod zones;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use report::Report;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Imports beside raw SQLite inserts; memory; bulk changes; look-ups.
    Intake,
    /// Adding over TAXII, and pages beside nginx.
    Pages,
    /// Transfers of a response-policy zone beside Knot and NSD.
    Zones,
    /// From an import to what a resolver answers, and back.
    Protect,
    /// Logs matched with an index, beside a peer; building and asking indexes.
    Match,
}

/// Measures Rempart.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only this part
    part: Option<Part>,
    /// Objects of the large store
    #[arg(long, default_value_t = 1_000_000)]
    objects: usize,
    /// Seconds for each measurement of pages
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Megabytes of the log that is matched
    #[arg(long, default_value_t = 1000)]
    megabytes: u64,
    /// Match with ten million indicators as well
    #[arg(long)]
    large: bool,
    /// Install the peers of matching below the target folder and measure them
    #[arg(long)]
    peers: bool,
    /// Leave what was generated where it is
    #[arg(long)]
    keep: bool,
    /// Where to work; by default a temporary folder below the current one, on its disk
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Write the table to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut scratch = match &arguments.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir_in(".")?,
    };
    scratch.disable_cleanup(arguments.keep);
    let mut report = Report::new();
    let wanted = |part| arguments.part.is_none_or(|only| only == part);
    if wanted(Part::Intake) {
        intake::run(scratch.path(), arguments.objects, &mut report)?;
    }
    if wanted(Part::Match) {
        let options = matching::Options {
            megabytes: arguments.megabytes,
            large: arguments.large,
            peers: arguments.peers,
        };
        matching::run(scratch.path(), options, &mut report)?;
    }
    if wanted(Part::Zones) {
        zones::run(scratch.path(), &mut report)?;
    }
    if wanted(Part::Protect) {
        protect::run(scratch.path(), &mut report)?;
    }
    if wanted(Part::Pages) {
        pages::run(scratch.path(), arguments.objects, arguments.seconds, &mut report)?;
    }
    let table = report.table();
    println!("\n{table}");
    if let Some(out) = arguments.out {
        std::fs::write(out, table)?;
    }
    Ok(())
}
