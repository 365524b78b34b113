//! Starting other programs: in the root of the checkout, without standard input, with their output shown and kept.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::workspace;

/// How a program ended.
pub struct Ended {
    /// Whether it exited with 0 within its time.
    pub success: bool,
    /// What it printed on both streams, line by line as they came.
    pub output: String,
}

/// A command that runs in the root of the checkout.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).stdin(Stdio::null());
    // `cargo run` describes this package to us in variables; a build script that watches them would
    // run again under every cargo that we start.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            command.env_remove(&*name);
        }
    }
    command
}

/// The cargo that started this task.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command to its end, showing what it prints.
pub fn show(command: &mut Command) -> anyhow::Result<Ended> {
    run(command, true, None)
}

/// Runs a command to its end, or until `limit` is over, without showing what it prints.
pub fn quietly(command: &mut Command, limit: Duration) -> anyhow::Result<Ended> {
    run(command, false, Some(limit))
}

/// Where a program is on the PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn run(command: &mut Command, show: bool, limit: Option<Duration>) -> anyhow::Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    if show {
        let words = command.get_args().map(|word| word.to_string_lossy());
        let short = name.rsplit('/').next().unwrap_or(&name);
        println!("$ {short} {}", words.collect::<Vec<_>>().join(" "));
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let kept = Arc::new(Mutex::new(String::new()));
    let readers: Vec<_> = [
        child.stdout.take().map(|stream| tee(stream, false, show, &kept)),
        child.stderr.take().map(|stream| tee(stream, true, show, &kept)),
    ]
    .into_iter()
    .flatten()
    .collect();

    let started = Instant::now();
    let status = loop {
        match limit {
            None => break Some(child.wait()?),
            Some(limit) => match child.try_wait()? {
                Some(status) => break Some(status),
                None if started.elapsed() > limit => {
                    child.kill()?;
                    child.wait()?;
                    break None;
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            },
        }
    };
    // A grandchild may hold the streams open after a kill: then what was read so far has to do.
    if status.is_some() {
        for reader in readers {
            let _ = reader.join();
        }
    }
    let output = kept.lock().map(|text| text.clone()).unwrap_or_default();
    Ok(Ended { success: status.is_some_and(|status| status.success()), output })
}

fn tee(
    stream: impl Read + Send + 'static,
    error: bool,
    show: bool,
    kept: &Arc<Mutex<String>>,
) -> std::thread::JoinHandle<()> {
    let kept = Arc::clone(kept);
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            if show {
                let _ = match error {
                    true => std::io::stderr().write_all(&line),
                    false => std::io::stdout().write_all(&line),
                };
            }
            if let Ok(mut text) = kept.lock() {
                text.push_str(&String::from_utf8_lossy(&line));
            }
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_program_prints_and_how_it_ends() {
        let ended =
            quietly(command("sh").args(["-c", "echo out; echo err >&2; exit 3"]), Duration::from_secs(20));
        let ended = ended.unwrap();
        assert!(!ended.success);
        assert!(ended.output.contains("out\n") && ended.output.contains("err\n"));
    }

    #[test]
    fn ends_a_program_that_takes_too_long() {
        let started = Instant::now();
        let ended = quietly(command("sleep").arg("30"), Duration::from_millis(200)).unwrap();
        assert!(!ended.success);
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
