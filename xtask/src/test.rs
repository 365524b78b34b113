//! `cargo xtask test`: every check, one after the other, each with its outcome and time.

use std::path::Path;
use std::time::Instant;

use clap::Args;

use crate::counts::{self, Counts};
use crate::workspace::{Metadata, root};
use crate::{deny, fuzz, process, setup, tidy};

/// The folder of the tests that run real clients against the built binary.
const CONFORMANCE: &str = "tests/conformance";

/// How the checks are run.
#[derive(Args)]
pub struct Options {
    /// Run only the steps of these names.
    #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = STEPS.map(|step| step.name))]
    only: Vec<String>,
    /// Leave out the steps of these names.
    #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = STEPS.map(|step| step.name))]
    skip: Vec<String>,
    /// Seconds of fuzzing per target.
    #[arg(long, default_value_t = 5)]
    fuzz_seconds: u32,
}

struct Step {
    name: &'static str,
    run: fn(&Options, &Path) -> anyhow::Result<Counts>,
}

/// The quick ones first, so that a slip is seen early.
const STEPS: [Step; 9] = [
    Step { name: "programs", run: |_, _| programs() },
    Step { name: "fmt", run: |_, _| fmt() },
    Step { name: "tidy", run: |_, _| tidy::run() },
    Step { name: "clippy", run: |_, _| clippy() },
    Step { name: "tests", run: |_, _| tests() },
    Step { name: "doctests", run: |_, _| doctests() },
    Step { name: "deny", run: |_, _| deny::run() },
    Step { name: "fuzz", run: |options, _| fuzz::bounded(options.fuzz_seconds) },
    Step { name: "conformance", run: |_, target| conformance(target) },
];

/// Runs the steps; goes on after one that fails, and fails at the end.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let target = Metadata::read()?.target();
    if std::env::var_os("REMPART_TEST_DATA").is_none() {
        println!("REMPART_TEST_DATA is not set: tests that need real data are skipped");
    }
    let mut total = Counts::default();
    let mut table = String::new();
    for step in &STEPS {
        let named = |list: &[String]| list.iter().any(|name| name == step.name);
        if named(&options.skip) || !(options.only.is_empty() || named(&options.only)) {
            continue;
        }
        println!("\n== {} ==", step.name);
        let started = Instant::now();
        let counts = (step.run)(options, &target).unwrap_or_else(|error| {
            println!("error: {error:#}");
            Counts::one(false)
        });
        let line = format!("{:<12} {:>5} s  {counts}\n", step.name, started.elapsed().as_secs());
        print!("-- {line}");
        table.push_str(&line);
        total += counts;
    }
    println!("\n{table}\n{total}");
    anyhow::ensure!(total.failed == 0, "{} checks failed", total.failed);
    Ok(())
}

fn programs() -> anyhow::Result<Counts> {
    // Missing programs are no failure: the tests that need them say that they are skipped.
    Ok(if setup::programs()? { Counts::default() } else { Counts::one_skipped() })
}

fn fmt() -> anyhow::Result<Counts> {
    let mut counts = Counts::one(process::show(process::cargo().args(["fmt", "--all", "--check"]))?.success);
    if root().join(fuzz::FOLDER).join("Cargo.toml").is_file() {
        let mut command = process::cargo();
        command.args(["fmt", "--check", "--manifest-path"]).arg(format!("{}/Cargo.toml", fuzz::FOLDER));
        counts += Counts::one(process::show(&mut command)?.success);
    }
    Ok(counts)
}

fn clippy() -> anyhow::Result<Counts> {
    let mut command = process::cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]);
    Ok(Counts::one(process::show(&mut command)?.success))
}

fn tests() -> anyhow::Result<Counts> {
    // An unreviewed snapshot is a failure, and no test writes into the checkout.
    if process::which("cargo-nextest").is_some() {
        let mut command = process::cargo();
        command.args(["nextest", "run", "--workspace", "--locked", "--profile", "ci", "--no-tests", "pass"]);
        // The runner keeps its reports below the checkout, wherever the target directory is.
        let report = root().join("target/nextest/ci/junit.xml");
        if report.exists() {
            std::fs::remove_file(&report)?;
        }
        let ended = process::show(command.env("INSTA_UPDATE", "no"))?;
        let mut counts = Counts::of_nextest(&ended.output).unwrap_or_default();
        let report = std::fs::read_to_string(&report).unwrap_or_default();
        counts.move_to_skipped(counts::skipped_in_junit(&report));
        return Ok(with_status(counts, ended.success));
    }
    let mut command = process::cargo();
    command.args(["test", "--workspace", "--all-targets", "--locked", "--quiet", "--no-fail-fast"]);
    command.args(["--", "--show-output"]);
    let ended = process::show(command.env("INSTA_UPDATE", "no"))?;
    let mut counts = Counts::of_cargo_test(&ended.output).unwrap_or_default();
    counts.move_to_skipped(ended.output.lines().filter(|line| counts::says_skipped(line)).count() as u64);
    Ok(with_status(counts, ended.success))
}

fn doctests() -> anyhow::Result<Counts> {
    let mut command = process::cargo();
    command.args(["test", "--workspace", "--doc", "--locked", "--quiet", "--no-fail-fast"]);
    let ended = process::show(&mut command)?;
    Ok(with_status(Counts::of_cargo_test(&ended.output).unwrap_or_default(), ended.success))
}

/// Runs taxii2-client, the STIX validator and curl against the binary that users run.
fn conformance(target: &Path) -> anyhow::Result<Counts> {
    if !root().join(CONFORMANCE).is_dir() {
        println!("skipped: there is no folder {CONFORMANCE}");
        return Ok(Counts::one_skipped());
    }
    let python = setup::python(target)?;
    let mut build = process::cargo();
    build.args(["build", "--release", "--locked", "--quiet", "--package", "rempart"]);
    anyhow::ensure!(process::show(&mut build)?.success, "the binary does not build");
    let mut command = process::command(python);
    command.args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", CONFORMANCE]);
    command.env("REMPART_BIN", target.join("release/rempart")).env("PYTHONDONTWRITEBYTECODE", "1");
    let ended = process::show(&mut command)?;
    Ok(with_status(Counts::of_pytest(&ended.output).unwrap_or_default(), ended.success))
}

/// A runner that failed without a failed test (a test that does not compile, say) counts as one failure.
fn with_status(mut counts: Counts, success: bool) -> Counts {
    if !success && counts.failed == 0 {
        counts.failed = 1;
    }
    counts
}
