//! The benchmarks of the exchange: each figure beside something measured in the same run.
//!
//! `cargo xtask bench` runs all of it. Needs nginx and wrk for the pages; what is missing is said.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod client;
mod intake;
mod pages;
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
    /// Where to work; by default a temporary folder below the current one, on its disk
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Write the table to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let scratch = match &arguments.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir_in(".")?,
    };
    let mut report = Report::new();
    let wanted = |part| arguments.part.is_none_or(|only| only == part);
    if wanted(Part::Intake) {
        intake::run(scratch.path(), arguments.objects, &mut report)?;
    }
    if wanted(Part::Zones) {
        zones::run(scratch.path(), &mut report)?;
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
