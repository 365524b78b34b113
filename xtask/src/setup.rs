//! Installing what the tests need and is not there: Debian packages, a Python environment, cargo-deny.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::{process, workspace};

/// Programs that tests call, with the Debian package that has them.
const PROGRAMS: [(&str, &str); 21] = [
    ("curl", "curl"),
    ("dig", "bind9-dnsutils"),
    ("dnsmasq", "dnsmasq-base"),
    ("exabgp", "exabgp"),
    ("g++", "g++"),
    ("gobgpd", "gobgpd"),
    ("kdig", "knot-dnsutils"),
    ("knotd", "knot"),
    ("kresd", "knot-resolver"),
    ("minisign", "minisign"),
    ("named", "bind9"),
    ("named-checkzone", "bind9-utils"),
    ("nft", "nftables"),
    ("nginx", "nginx-light"),
    ("nsd", "nsd"),
    ("openssl", "openssl"),
    ("python3", "python3"),
    ("squid", "squid"),
    ("strace", "strace"),
    ("unbound-checkconf", "unbound"),
    ("wrk", "wrk"),
];

/// The release of cargo-deny that is installed where none is found.
const CARGO_DENY: &str = "0.20.2";

/// The pinned Python packages.
const REQUIREMENTS: &str = "xtask/python-requirements.txt";

/// Installs missing programs where we may; else says which, so that a skipped test is understood.
/// Returns whether all are there.
pub fn programs() -> anyhow::Result<bool> {
    let mut missing: Vec<&str> =
        PROGRAMS.iter().filter(|(program, _)| find(program).is_none()).map(|(_, package)| *package).collect();
    // Debian keeps what `python3 -m venv` needs apart from Python.
    if find("python3").is_some() && !can_make_environments()? {
        missing.push("python3-venv");
    }
    if missing.is_empty() {
        println!("all programs are there");
        return Ok(true);
    }
    let Some(install) = installer()? else {
        println!("not here: {}; install these packages, or run as root or with sudo", missing.join(", "));
        return Ok(false);
    };
    let run = |arguments: &[&str]| {
        let mut command = process::command(install.first().copied().unwrap_or("apt-get"));
        command.args(install.get(1..).unwrap_or_default()).args(arguments);
        // A freshly installed server is not to be started: the second is for invoke-rc.d, the third for
        // systemctl.
        let quiet = [("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1"), ("SYSTEMD_OFFLINE", "1")];
        command.envs(quiet);
        process::show(&mut command)
    };
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(&missing);
    let done = run(&["update", "-q"])?.success && run(&arguments)?.success;
    if !done {
        println!("could not install: {}", missing.join(", "));
    }
    Ok(done)
}

fn find(program: &str) -> Option<PathBuf> {
    // Debian puts servers where the PATH of a plain user does not look.
    process::which(program)
        .or_else(|| Some(Path::new("/usr/sbin").join(program)).filter(|file| file.is_file()))
}

fn can_make_environments() -> anyhow::Result<bool> {
    let mut command = process::command("python3");
    command.args(["-c", "import venv, ensurepip"]);
    Ok(process::quietly(&mut command, Duration::from_secs(60))?.success)
}

/// The words before `install`, or nothing where packages cannot be installed.
fn installer() -> anyhow::Result<Option<Vec<&'static str>>> {
    if find("apt-get").is_none() {
        return Ok(None);
    }
    let user = process::quietly(process::command("id").arg("-u"), Duration::from_secs(10))?;
    if user.output.trim() == "0" {
        return Ok(Some(vec!["apt-get"]));
    }
    if find("sudo").is_none() {
        return Ok(None);
    }
    let mut command = process::command("sudo");
    command.args(["-n", "true"]);
    let allowed = process::quietly(&mut command, Duration::from_secs(10))?.success;
    let environment = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "SYSTEMD_OFFLINE=1"];
    Ok(allowed.then(|| [&["sudo", "-n"], &environment[..], &["apt-get"]].concat()))
}

/// A Python environment with the pinned packages, made below the target directory. Returns its `python`.
pub fn python(target: &Path) -> anyhow::Result<PathBuf> {
    let folder = target.join("venv");
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    let wanted = std::fs::read_to_string(workspace::root().join(REQUIREMENTS)).context(REQUIREMENTS)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("the Python packages are there");
        return Ok(python);
    }
    let mut command = process::command("python3");
    command.args(["-m", "venv", "--clear"]).arg(&folder);
    anyhow::ensure!(process::show(&mut command)?.success, "cannot make a Python environment");
    let mut command = process::command(&python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    anyhow::ensure!(process::show(&mut command)?.success, "cannot install the Python packages");
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

/// cargo-deny from the PATH, or built once below the target directory.
pub fn cargo_deny(target: &Path) -> anyhow::Result<PathBuf> {
    if let Some(found) = process::which("cargo-deny") {
        return Ok(found);
    }
    let folder = target.join("tools");
    let program = folder.join("bin/cargo-deny");
    let mut version = process::command(&program);
    version.arg("--version");
    let found = process::quietly(&mut version, Duration::from_secs(20));
    if found.is_ok_and(|found| found.output.trim() == format!("cargo-deny {CARGO_DENY}")) {
        return Ok(program);
    }
    let mut install = process::cargo();
    install.args(["install", "cargo-deny", "--locked", "--quiet", "--version", CARGO_DENY, "--root"]);
    install.arg(&folder);
    anyhow::ensure!(process::show(&mut install)?.success, "cannot install cargo-deny {CARGO_DENY}");
    Ok(program)
}
