//! Fuzzing with libFuzzer on stable Rust: coverage comes from LLVM's own pass, without a sanitizer.
//!
//! Each target is a file `fuzz/src/bin/<name>.rs` and a line of the table here. A run starts from the fixtures and the small
//! committed corpus `fuzz/corpus/<name>/`, and collects new inputs below the target directory.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Args;

use crate::counts::Counts;
use crate::process;
use crate::workspace::{Metadata, root};

/// The folder of the fuzzing workspace.
pub const FOLDER: &str = "fuzz";

/// Where fixtures are that serve as seeds.
const FIXTURES: &str = "crates/rempart-formats/fixtures";

/// The platform; naming it keeps the flags below away from build scripts and macros.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What makes rustc count edges and report comparisons, as libFuzzer wants them.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Most memory that a target may use.
const MEMORY_MB: u32 = 1024;
/// Most seconds that one input may take.
const INPUT_SECONDS: u32 = 10;
/// From this length on a run is written into `fuzz/logs`.
const LONG_RUN: u32 = 600;
/// Most bytes of the committed corpus of one target.
const CORPUS_BYTES: u64 = 32 << 10;
/// Most inputs that a run adds to the committed corpus of one target.
const CORPUS_INPUTS: usize = 40;

/// What to fuzz.
#[derive(Args)]
pub struct Options {
    /// The target; all of them when not given.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Afterwards put the smallest inputs that together cover the same into `fuzz/corpus`.
    #[arg(long)]
    keep: bool,
    /// Print the names of the targets and stop.
    #[arg(long)]
    list: bool,
}

/// A target with the folders of fixtures that it starts from and the longest input worth trying.
struct Target {
    name: &'static str,
    fixtures: &'static [&'static str],
    longest: u32,
}

const TARGETS: [Target; 33] = [
    Target { name: "adblock", fixtures: &[], longest: 2048 },
    Target { name: "container", fixtures: &[], longest: 64 << 10 },
    Target { name: "csv", fixtures: &[], longest: 4 << 10 },
    Target { name: "detect", fixtures: &[], longest: 8 << 10 },
    Target { name: "dns_message", fixtures: &[], longest: 1024 },
    Target { name: "hosts", fixtures: &[], longest: 2048 },
    Target { name: "ip_table", fixtures: &[], longest: 4 << 10 },
    Target { name: "json_split", fixtures: &["stix", "misp"], longest: 8 << 10 },
    Target { name: "json_table", fixtures: &[], longest: 4 << 10 },
    Target { name: "logs_csv", fixtures: &[], longest: 1024 },
    Target { name: "logs_jsonl", fixtures: &[], longest: 2048 },
    Target { name: "logs_zeek", fixtures: &[], longest: 1024 },
    Target { name: "mapping", fixtures: &[], longest: 2048 },
    Target { name: "match_index", fixtures: &[], longest: 4 << 10 },
    Target { name: "match_scan", fixtures: &[], longest: 2048 },
    Target { name: "misp", fixtures: &["misp"], longest: 8 << 10 },
    Target { name: "misp_feed", fixtures: &[], longest: 2048 },
    Target { name: "observable", fixtures: &[], longest: 512 },
    Target { name: "placement", fixtures: &[], longest: 256 },
    Target { name: "plain", fixtures: &[], longest: 2048 },
    Target { name: "reasons", fixtures: &[], longest: 256 },
    Target { name: "refang", fixtures: &[], longest: 512 },
    Target { name: "scalar", fixtures: &[], longest: 128 },
    Target { name: "stix_bundle", fixtures: &["stix"], longest: 8 << 10 },
    Target { name: "stix_object", fixtures: &[], longest: 4 << 10 },
    Target { name: "stix_pattern", fixtures: &[], longest: 1024 },
    Target { name: "suffix_list", fixtures: &[], longest: 2048 },
    Target { name: "taxii_query", fixtures: &[], longest: 512 },
    Target { name: "terms", fixtures: &[], longest: 256 },
    Target { name: "text", fixtures: &[], longest: 4 << 10 },
    Target { name: "token", fixtures: &[], longest: 1024 },
    Target { name: "warninglist", fixtures: &[], longest: 4 << 10 },
    Target { name: "zone_files", fixtures: &[], longest: 256 },
];

/// Builds the targets and runs them; one finding fails the task.
pub fn run(options: &Options) -> anyhow::Result<Counts> {
    if options.list {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return Ok(Counts::default());
    }
    let wanted: Vec<_> =
        TARGETS.iter().filter(|t| options.target.as_deref().is_none_or(|name| name == t.name)).collect();
    anyhow::ensure!(!wanted.is_empty(), "there is no such target; `cargo xtask fuzz --list` names them");
    let build = build(options.target.as_deref())?;
    let mut counts = Counts::default();
    for target in wanted {
        counts += Counts::one(fuzz(target, &build, options)?);
    }
    Ok(counts)
}

/// The short run of `cargo xtask test`.
pub fn bounded(seconds: u32) -> anyhow::Result<Counts> {
    run(&Options { target: None, seconds, keep: false, list: false })
}

/// The names of the targets in the table.
pub fn names() -> BTreeSet<&'static str> {
    TARGETS.iter().map(|target| target.name).collect()
}

/// Builds one target or all of them; returns the folder for everything that fuzzing makes.
fn build(only: Option<&str>) -> anyhow::Result<PathBuf> {
    let folder = Metadata::read()?.target().join("fuzz");
    let mut command = process::cargo();
    command.args(["build", "--release", "--quiet", "--target", PLATFORM, "--manifest-path"]);
    command.arg(format!("{FOLDER}/Cargo.toml")).arg("--target-dir").arg(&folder);
    match only {
        Some(name) => command.args(["--bin", name]),
        None => command.arg("--bins"),
    };
    command.env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    anyhow::ensure!(process::show(&mut command)?.success, "the fuzz targets do not build");
    Ok(folder)
}

/// Runs one target; whether it ended without a finding.
fn fuzz(target: &Target, build: &Path, options: &Options) -> anyhow::Result<bool> {
    let found = build.join("corpus").join(target.name);
    let findings = build.join("findings");
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&findings)?;
    let committed = root().join(FOLDER).join("corpus").join(target.name);
    let seeds: Vec<PathBuf> = target
        .fixtures
        .iter()
        .map(|folder| root().join(FIXTURES).join(folder))
        .chain([committed.clone()])
        .filter(|folder| folder.is_dir())
        .collect();

    let binary = build.join(PLATFORM).join("release").join(target.name);
    let common = [
        format!("-rss_limit_mb={MEMORY_MB}"),
        format!("-timeout={INPUT_SECONDS}"),
        format!("-max_len={}", target.longest),
        format!("-artifact_prefix={}/{}-", findings.display(), target.name),
    ];
    let mut command = process::command(&binary);
    command.args(&common).args([
        format!("-max_total_time={}", options.seconds),
        "-print_final_stats=1".to_owned(),
        "-verbosity=1".to_owned(),
        "-reload=0".to_owned(),
    ]);
    command.arg(&found).args(&seeds).env("RUST_BACKTRACE", "0");
    println!("{}: {} s", target.name, options.seconds);
    let limit = std::time::Duration::from_secs(u64::from(options.seconds) * 2 + 300);
    let ended = process::quietly(&mut command, limit)?;
    println!("{}", summary(&ended.output));
    if !ended.success {
        println!("{}", complaint(&ended.output));
    }
    if options.seconds >= LONG_RUN {
        log(target.name, options.seconds, &ended.output, ended.success)?;
    }
    if options.keep && ended.success {
        keep(&binary, &common, &found, &seeds, &committed)?;
    }
    Ok(ended.success)
}

/// What a target said when it failed: its panic or libFuzzer's complaint, and where the input is.
fn complaint(output: &str) -> String {
    let start = output.lines().position(|line| line.starts_with("thread '") || line.starts_with("=="));
    let lines: Vec<String> = output
        .lines()
        .skip(start.unwrap_or_default())
        .filter(|line| !line.starts_with("0x") && !line.starts_with("Base64:") && !line.starts_with("stat::"))
        .map(|line| line.chars().take(400).collect())
        .collect();
    lines.get(..lines.len().min(25)).unwrap_or_default().join("\n")
}

/// The last line of progress and the final figures.
fn summary(output: &str) -> String {
    let progress = output.lines().rev().find(|line| line.contains(" cov: "));
    let figures = output.lines().filter(|line| line.starts_with("stat::"));
    progress.into_iter().chain(figures).collect::<Vec<_>>().join("\n")
}

fn tail(output: &str, lines: usize) -> String {
    let all: Vec<_> = output.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

/// Writes how a long run began, went and ended.
fn log(name: &str, seconds: u32, output: &str, success: bool) -> anyhow::Result<()> {
    let folder = root().join(FOLDER).join("logs");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.log"));
    let mut text = fs::File::create(&file).with_context(|| file.display().to_string())?;
    let ended = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let commit = process::quietly(
        process::command("git").args(["rev-parse", "--short", "HEAD"]),
        std::time::Duration::from_secs(10),
    );
    let commit = commit.map(|ended| ended.output.trim().to_owned()).unwrap_or_default();
    let how = if success { "no finding" } else { "FOUND SOMETHING" };
    writeln!(text, "target {name}, {seconds} seconds, ended at Unix time {ended}, commit {commit}: {how}\n")?;
    // Paths of the machine do not belong in the log.
    let lines: Vec<_> = output.lines().filter(|line| line.starts_with('#')).collect();
    for line in lines.iter().take(3).chain(lines.iter().rev().take(15).rev()) {
        writeln!(text, "{line}")?;
    }
    for line in output.lines().filter(|line| line.starts_with("stat::") || line.starts_with("Done ")) {
        writeln!(text, "{line}")?;
    }
    if !success {
        writeln!(text, "{}", tail(output, 40))?;
    }
    Ok(())
}

/// Replaces the committed corpus by few inputs that cover what all inputs cover, and where the
/// repository cannot bear these, by some of all lengths.
fn keep(
    binary: &Path,
    common: &[String],
    found: &Path,
    seeds: &[PathBuf],
    committed: &Path,
) -> anyhow::Result<()> {
    let merged = found.with_extension("merged");
    if merged.exists() {
        fs::remove_dir_all(&merged)?;
    }
    fs::create_dir_all(&merged)?;
    let mut command = process::command(binary);
    command.args(common).arg("-set_cover_merge=1").arg(&merged).arg(found).args(seeds);
    let ended = process::quietly(&mut command, std::time::Duration::from_secs(900))?;
    anyhow::ensure!(ended.success, "cannot merge the corpus:\n{}", tail(&ended.output, 10));
    let mut inputs = Vec::new();
    for entry in fs::read_dir(&merged)? {
        let entry = entry?;
        inputs.push((entry.metadata()?.len(), entry.path()));
    }
    inputs.sort();
    fs::create_dir_all(committed)?;
    for entry in fs::read_dir(committed)? {
        let path = entry?.path();
        // Inputs that a person wrote have a name with an extension; they stay.
        if path.extension().is_none() {
            fs::remove_file(path)?;
        }
    }
    let kept = spread(&inputs);
    for (_, path) in &kept {
        let name = path.file_name().context("an input without a name")?;
        fs::copy(path, committed.join(name))?;
    }
    let bytes: u64 = kept.iter().map(|(length, _)| length).sum();
    println!("kept {} of {} inputs, {bytes} bytes", kept.len(), inputs.len());
    Ok(())
}

/// As many inputs as may be kept, evenly taken from those sorted by length.
fn spread(sorted: &[(u64, PathBuf)]) -> Vec<&(u64, PathBuf)> {
    for most in (1..=CORPUS_INPUTS).rev() {
        let kept: Vec<_> = sorted.iter().step_by(sorted.len().div_ceil(most).max(1)).collect();
        if kept.iter().map(|(length, _)| length).sum::<u64>() <= CORPUS_BYTES {
            return kept;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "INFO: Seed: 1\n#2\tINITED cov: 5 ft: 6\n#9\tNEW    cov: 7 ft: 8\n\n\
        thread '<unnamed>' panicked at targets/refang.rs:9:5:\nleft is not right\n0x31,0x39,\nBase64: MTk4\n\
        artifact_prefix='x'; Test unit written to x-crash-1\nstat::number_of_executed_units: 9\n";

    #[test]
    fn a_run_is_summed_up() {
        assert_eq!(summary(OUTPUT), "#9\tNEW    cov: 7 ft: 8\nstat::number_of_executed_units: 9");
    }

    #[test]
    fn a_complaint_says_why_and_where_without_the_bytes() {
        let said = complaint(OUTPUT);
        assert!(
            said.starts_with("thread '") && said.contains("left is not right") && said.contains("x-crash-1")
        );
        assert!(!said.contains("0x31") && !said.contains("Base64") && !said.contains("INFO"));
    }

    #[test]
    fn inputs_of_all_lengths_are_kept_within_the_bounds() {
        let inputs = |lengths: &[u64]| -> Vec<_> {
            lengths.iter().map(|length| (*length, PathBuf::from(length.to_string()))).collect()
        };
        let lengths = |sorted: &[u64]| -> Vec<u64> {
            spread(&inputs(sorted)).into_iter().map(|(length, _)| *length).collect()
        };
        assert!(lengths(&[]).is_empty());
        assert_eq!(lengths(&[1, 2, 3]), [1, 2, 3]);
        assert!(lengths(&[CORPUS_BYTES + 1]).is_empty());
        assert_eq!(lengths(&[1, 2, CORPUS_BYTES - 1, CORPUS_BYTES]), [1, CORPUS_BYTES - 1]);
        let many: Vec<u64> = (1..=1000).collect();
        let kept = lengths(&many);
        assert!(kept.len() <= CORPUS_INPUTS && kept.len() > CORPUS_INPUTS / 2);
        assert!(kept.iter().sum::<u64>() <= CORPUS_BYTES && kept.last() > Some(&900));
    }

    #[test]
    fn every_target_is_named_once_and_in_order() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next));
    }
}
