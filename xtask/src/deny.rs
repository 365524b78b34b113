//! The dependencies' licences, bans, sources and known vulnerabilities, by cargo-deny and `deny.toml`.

use std::time::Duration;

use crate::counts::Counts;
use crate::workspace::Metadata;
use crate::{process, setup};

/// How long the database of advisories may take to come.
const FETCH: Duration = Duration::from_secs(90);

/// Runs all checks; advisories count as skipped where their database cannot be reached.
pub fn run() -> anyhow::Result<Counts> {
    let program = setup::cargo_deny(&Metadata::read()?.target())?;
    let mut counts = Counts::default();
    for check in ["licenses", "bans", "sources"] {
        let mut command = process::command(&program);
        command.args(["--log-level", "warn", "check", "--hide-inclusion-graph", check]);
        counts += Counts::one(process::show(&mut command)?.success);
    }
    let mut fetch = process::command(&program);
    fetch.args(["fetch", "db"]);
    if process::quietly(&mut fetch, FETCH)?.success {
        let mut command = process::command(&program);
        command.args(["--log-level", "warn", "check", "--disable-fetch", "advisories"]);
        counts += Counts::one(process::show(&mut command)?.success);
    } else {
        println!("skipped: advisories, since the RustSec database cannot be reached from here");
        counts += Counts::one_skipped();
    }
    Ok(counts)
}
