//! Imports: beside raw inserts, with their memory; then bulk changes and look-ups on what is there.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use rusqlite::Connection;

use crate::report::Report;
use crate::{sample, server};

const BATCH: usize = 10_000;

pub(crate) fn run(scratch: &Path, objects: usize, report: &mut Report) -> anyhow::Result<()> {
    let binary = server::binary()?;
    let file = scratch.join("bundle.json");
    let bytes = sample::bundle(&file, 1, 0, objects)?;
    println!("{objects} indicators, {} MB", bytes / 1_000_000);

    // Raw and Rempart in turn, so that a machine that slows down slows both; the median ratio counts.
    let mut ratios = Vec::new();
    let data = scratch.join("intake");
    for round in 0..3 {
        let raw = raw_inserts(&scratch.join("raw.sqlite"), objects)?;
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        server::members(&binary, &data)?;
        let started = Instant::now();
        let (account, peak) = import(&binary, &data, &file)?;
        let rate = objects as f64 / started.elapsed().as_secs_f64();
        anyhow::ensure!(account["objects"] == objects, "not everything was taken in: {account}");
        println!(
            "round {round}: raw {raw:.0} rows/s, import {rate:.0} objects/s, ratio {:.2}, peak memory {peak} MB",
            rate / raw
        );
        ratios.push((rate / raw, rate, raw, peak));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, rate, raw, peak) = ratios[1];
    report.hold(
        &format!("import of {objects} STIX indicators, from bytes to served, assessed and routed for 40 members, beside raw SQLite inserts"),
        format!("{ratio:.2} ({rate:.0}/s beside {raw:.0}/s)"),
        "0.40",
        ratio >= 0.40,
    );
    report.inform("peak memory of that import", format!("{peak} MB"));
    bulk(&binary, &data, objects, report)?;
    large_bundle(&binary, scratch, report)
}

/// The rate at which SQLite takes the same bytes with two indexes: same driver, journal, sync mode, batches.
fn raw_inserts(path: &Path, objects: usize) -> anyhow::Result<f64> {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    connection.pragma_update(None, "cache_size", -131_072)?;
    connection.execute_batch(
        "CREATE TABLE object (id TEXT PRIMARY KEY, type TEXT NOT NULL, modified TEXT NOT NULL, body BLOB NOT NULL);
         CREATE INDEX object_type ON object (type); CREATE INDEX object_modified ON object (modified);",
    )?;
    let mut numbers = sample::Numbers::new(1);
    let mut spent = 0.0;
    let mut index = 0;
    while index < objects {
        // Making the rows is not what is measured.
        let batch: Vec<(String, String, String)> = (index..(index + BATCH).min(objects))
            .map(|index| {
                let body = sample::indicator(&mut numbers, index);
                let id = body.get(43..90).unwrap_or_default().to_owned();
                let modified = format!("2026-01-01T00:{:02}:{:02}.000Z", index / 60 % 60, index % 60);
                (id, modified, body)
            })
            .collect();
        index += batch.len();
        let started = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut insert = connection.prepare_cached("INSERT INTO object VALUES (?1, 'indicator', ?2, ?3)")?;
        for (id, modified, body) in &batch {
            insert.execute((id, modified, body.as_bytes()))?;
        }
        drop(insert);
        connection.execute_batch("COMMIT")?;
        spent += started.elapsed().as_secs_f64();
    }
    Ok(objects as f64 / spent)
}

/// Imports with the command; gives its account and its peak memory in MB.
fn import(binary: &Path, data: &Path, file: &Path) -> anyhow::Result<(serde_json::Value, u64)> {
    let output = Command::new("/usr/bin/env")
        .arg("sh")
        .arg("-c")
        // The shell's own accounting of its children is in no standard form: ask the kernel at the end.
        .arg("\"$0\" --data \"$1\" import --source bench --json \"$2\" & pid=$!; while kill -0 $pid 2>/dev/null; do memory=$(grep VmHWM /proc/$pid/status 2>/dev/null) && echo \"$memory\" >\"$1.memory\"; sleep 0.05; done; wait $pid")
        .arg(binary)
        .arg(data)
        .arg(file)
        .output()?;
    anyhow::ensure!(output.status.success(), "import: {}", String::from_utf8_lossy(&output.stderr));
    let memory = std::fs::read_to_string(format!("{}.memory", data.display())).unwrap_or_default();
    let peak = memory.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024;
    Ok((serde_json::from_slice(&output.stdout).context("the account")?, peak))
}

fn bulk(binary: &Path, data: &Path, objects: usize, report: &mut Report) -> anyhow::Result<()> {
    // Ten thousand values that are known, in one call.
    let csv = server::command(binary, data, &["export", "--format", "plain"])?;
    let values: String = csv.lines().take(10_000).map(|line| format!("{line}\n")).collect();
    let list = data.with_extension("values");
    std::fs::write(&list, &values)?;
    let started = Instant::now();
    let status = Command::new(binary)
        .arg("--data")
        .arg(data)
        .args(["search", "--json", "-"])
        .stdin(std::fs::File::open(&list)?)
        .stdout(std::process::Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "search failed");
    let took = started.elapsed().as_secs_f64();
    report.hold(
        &format!("{} values looked up in one call, at {objects} objects", values.lines().count()),
        format!("{took:.2} s"),
        "1 s",
        took < 1.0,
    );
    // A source of its own for what goes in bulk.
    let many = data.with_extension("bulk.json");
    sample::bundle(&many, 77, objects, 100_000)?;
    for word in ["expire", "retract"] {
        server::command(
            binary,
            data,
            &["import", "--source", "bulk", many.to_str().context("a path that is not UTF-8")?],
        )?;
        let started = Instant::now();
        server::command(binary, data, &[word, "--source", "bulk"])?;
        let took = started.elapsed().as_secs_f64();
        report.hold(
            &format!("{word} of 100,000 indicators, at {objects} objects"),
            format!("{took:.1} s"),
            "seconds",
            took < 20.0,
        );
    }
    Ok(())
}

fn large_bundle(binary: &Path, scratch: &Path, report: &mut Report) -> anyhow::Result<()> {
    let file = scratch.join("large.json");
    let mut bytes = 0;
    let mut count = 2_400_000;
    while bytes < 2_000_000_000 {
        bytes = sample::bundle(&file, 5, 0, count)?;
        count += 100_000;
    }
    let data = scratch.join("large");
    let started = Instant::now();
    let (account, peak) = import(binary, &data, &file)?;
    let took = started.elapsed().as_secs_f64();
    report.hold(
        &format!("memory while a bundle of {:.1} GB is imported", bytes as f64 / 1e9),
        format!("{peak} MB ({} objects in {took:.0} s)", account["objects"]),
        "512 MB",
        peak > 0 && peak < 512,
    );
    std::fs::remove_file(&file)?;
    std::fs::remove_dir_all(&data)?;
    Ok(())
}
