//! A command with the time and the memory that it took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// What a command took.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    /// Seconds from its start to its end.
    pub(super) wall: f64,
    /// Seconds of processor, user and system.
    pub(super) cpu: f64,
    /// Peak resident memory in MB, with what is mapped of files.
    pub(super) resident: u64,
    /// Its standard output.
    pub(super) output: String,
}

/// Seconds of processor of all children that ended, as the kernel counts them, in hundredths.
fn children() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold spaces; children's times are the fields 16 and 17 of the whole.
    let fields = stat.rsplit_once(')').context("/proc/self/stat")?.1;
    let ticks: u64 = fields.split_whitespace().skip(13).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / 100.0)
}

/// Runs a command to its end, on one core where `taskset` is there. One at a time.
pub(super) fn run(command: &[&str], is_pinned: bool) -> anyhow::Result<Cost> {
    let pinned = ["taskset", "-c", "0"];
    let all: Vec<&str> = if is_pinned && Path::new("/usr/bin/taskset").exists() {
        pinned.iter().chain(command).copied().collect()
    } else {
        command.to_vec()
    };
    let (program, arguments) = all.split_first().context("a command")?;
    let before = children()?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{program} does not start"))?;
    // `taskset` becomes the program, so that this is the program's own memory.
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take().context("standard output")?;
    let reading = std::thread::spawn(move || std::io::read_to_string(&mut stdout));
    let mut resident = 0;
    let code = loop {
        let peak = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        resident = resident.max(peak.unwrap_or(0) / 1024);
        if let Some(code) = child.try_wait()? {
            break code;
        }
        std::thread::sleep(Duration::from_millis(4));
    };
    let wall = started.elapsed().as_secs_f64();
    let output = reading.join().map_err(|_| anyhow::anyhow!("reading {program}"))??;
    anyhow::ensure!(matches!(code.code(), Some(0 | 1)), "{} failed: {code}", all.join(" "));
    Ok(Cost { wall, cpu: children()? - before, resident, output })
}

/// The best of some rounds by processor time.
pub(super) fn best(rounds: usize, command: &[&str]) -> anyhow::Result<Cost> {
    let mut best = run(command, true)?;
    for _ in 1..rounds {
        let next = run(command, true)?;
        if next.cpu < best.cpu {
            best = next;
        }
    }
    Ok(best)
}
