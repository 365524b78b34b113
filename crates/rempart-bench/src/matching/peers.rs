//! Peers, measured in the same run: matchy with and without subdomains, and a set in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::measure::{self, Cost};
use super::sample::{self, Lists, Planted};
use crate::report::Report;

const MATCHY: &str = "2.0.1";

/// Parents walked in a set, over names half of which are caught.
const PYTHON: &str = r"
import sys, time
known = set(line.rstrip('\n') for line in open(sys.argv[1]))
names = [line.rstrip('\n') for line in open(sys.argv[2])]
start, found = time.perf_counter(), 0
for name in names:
    while name:
        if name in known:
            found += 1
            break
        name = name.partition('.')[2]
print(found, len(names) / (time.perf_counter() - start))
";

/// Installs matchy below the target folder, where it is not there yet.
fn matchy() -> anyhow::Result<PathBuf> {
    let target = std::env::current_exe()?;
    let target = target.parent().and_then(Path::parent).context("the target folder")?;
    let root = target.join("peers");
    let binary = root.join("bin").join("matchy");
    if !binary.is_file() {
        println!("installing matchy {MATCHY}");
        let status = Command::new(env!("CARGO"))
            .args(["install", "--quiet", "matchy", "--version", MATCHY, "--locked", "--root"])
            .arg(&root)
            .arg("--target-dir")
            .arg(target.join("peers-build"))
            .status()?;
        anyhow::ensure!(status.success(), "matchy is not installed");
    }
    Ok(binary)
}

pub(super) fn run(
    scratch: &Path,
    lists: &Lists,
    text: &str,
    planted: &Planted,
    own: &Cost,
    report: &mut Report,
) -> anyhow::Result<()> {
    python(scratch, lists, report)?;
    let matchy = match matchy() {
        Ok(matchy) => matchy,
        Err(error) => {
            println!("no matchy: {error:#}");
            return Ok(());
        }
    };
    let matchy = matchy.to_str().context("a path that is not UTF-8")?;
    let lines: Vec<String> = lists.lines().collect();
    let globs: Vec<String> = lists.domains.iter().map(|name| format!("*.{name}")).collect();
    for (what, globs, target) in
        [("exact values", &[][..], None), ("globs for subdomains", &globs, Some(16.0))]
    {
        let (list, file) = (scratch.join("matchy.txt"), scratch.join("matchy.mxy"));
        sample::write(&list, lines.iter().chain(globs).map(String::as_str))?;
        let (list, file) = (list.to_str().context("a path")?, file.to_str().context("a path")?);
        let built = measure::run(&[matchy, "build", "-o", file, list], false)?;
        let size = std::fs::metadata(file)?.len() / 1_000_000;
        // The hits go to a file, which costs both little: there are 27,000 in a gigabyte.
        let cost = measure::run(&[matchy, "match", "--threads", "1", file, text], true)?;
        let ratio = cost.cpu / own.cpu.max(0.01);
        let what = format!("processor time of matchy {MATCHY} on the same log, {what}, beside ours");
        let figure = format!(
            "{ratio:.1} times ({:.1} s beside {:.2} s; it finds {} of {}, {} MB resident; its file takes {:.1} s and {size} MB)",
            cost.cpu,
            own.cpu,
            cost.output.lines().count(),
            planted.hits,
            cost.resident,
            built.wall,
        );
        match target {
            Some(target) => report.hold(&what, figure, "at least 16", ratio >= target),
            None => report.inform(&what, figure),
        }
    }
    Ok(())
}

fn python(scratch: &Path, lists: &Lists, report: &mut Report) -> anyhow::Result<()> {
    let (known, names) = (scratch.join("known.txt"), scratch.join("names.txt"));
    sample::write(&known, lists.domains.iter().map(String::as_str))?;
    let asked = super::lookups::names(lists, 500_000);
    sample::write(&names, asked.iter().map(String::as_str))?;
    let paths = [known.to_str().context("a path")?, names.to_str().context("a path")?];
    match measure::run(&["python3", "-c", PYTHON, paths[0], paths[1]], true) {
        Err(error) => println!("no Python: {error:#}"),
        Ok(cost) => {
            let rate = cost.output.split_whitespace().nth(1).and_then(|rate| rate.parse::<f64>().ok());
            report.inform(
                "names looked up in a set in Python, parents walked",
                format!("{:.1} million/s", rate.context("a rate from Python")? / 1e6),
            );
        }
    }
    Ok(())
}
