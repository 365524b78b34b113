//! A Rempart server and its commands, as processes of the release build.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

/// The countries of the forty members.
const COUNTRIES: [&str; 40] = [
    "FR", "DE", "PL", "EE", "IT", "ES", "NL", "BE", "AT", "SE", "FI", "DK", "NO", "PT", "GR", "IE", "CZ",
    "SK", "HU", "RO", "BG", "HR", "SI", "LT", "LV", "LU", "MT", "CY", "CH", "IS", "LI", "GB", "MC", "VA",
    "UA", "MD", "AL", "RS", "ME", "MK",
];

/// Builds the binary in release mode and tells where it is.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--package", "rempart"])
        .status()?;
    if !status.success() {
        bail!("the release build failed");
    }
    let own = std::env::current_exe()?;
    let binary = own.with_file_name("rempart");
    if !binary.is_file() {
        bail!("there is no {}", binary.display());
    }
    Ok(binary)
}

/// Runs a command on a data folder; gives its standard output.
pub(crate) fn command(binary: &Path, data: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(binary).arg("--data").arg(data).args(arguments).output()?;
    if !output.status.success() {
        bail!("rempart {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Adds forty members, of whom the last is cleared for CLEAR alone.
pub(crate) fn members(binary: &Path, data: &Path) -> anyhow::Result<()> {
    for (index, country) in COUNTRIES.iter().enumerate() {
        let name = format!("csirt-{}", country.to_lowercase());
        let clearance = if index + 1 == COUNTRIES.len() { "clear" } else { "amber" };
        let network = format!("{}.{}.0.0/16", 60 + index, index * 5);
        command(
            binary,
            data,
            &[
                "member",
                "add",
                "--name",
                &name,
                "--country",
                country,
                "--kind",
                "national-csirt",
                "--clearance",
                clearance,
                "--network",
                &network,
            ],
        )?;
    }
    Ok(())
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(binary: &Path, data: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(binary)
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("REMPART_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("the server's standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .with_context(|| format!("the server said {line:?}"))?
            .to_owned();
        Ok(Self { child, address })
    }

    /// Resident memory now and at its highest, in MB.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let read = |name: &str| {
            status
                .lines()
                .find_map(|line| {
                    line.strip_prefix(name)?.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()
                })
                .unwrap_or(0)
                / 1024
        };
        (read("VmRSS:"), read("VmHWM:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
