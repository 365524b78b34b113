//! Takes each call of the release decision away, one at a time, in a copy of the workspace, and looks
//! whether the test of release fails. A call without which it passes decides nothing, or is not tested.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;

use crate::process::{cargo, quietly};
use crate::workspace;

/// What decides, or asks whoever decides.
const CALLS: [&str; 7] = ["decide", "released", "covers", "may_see", "allows", "sees", "named"];
/// Where such calls stand.
const FOLDERS: [&str; 2] = ["crates/rempart-service/src", "crates/rempart-store/src"];
/// Where the result is written.
const REPORT: &str = "docs/evaluation/release-mutants.md";
/// Longest time for one mutant.
const LIMIT: Duration = Duration::from_secs(3600);

/// How the mutants are run.
#[derive(Args)]
pub struct Options {
    /// Worlds that each mutant is tried on
    #[arg(long, default_value_t = 4000)]
    worlds: u32,
    /// Only files whose path contains this; the report is not written then
    #[arg(long)]
    only: Option<String>,
}

/// One call, and the text that stands there without it.
struct Mutant {
    file: PathBuf,
    line: usize,
    call: String,
    text: String,
}

/// Runs all mutants and writes the report.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let root = workspace::root();
    let base = root.join("target/mutants");
    let tree = base.join("tree");
    if tree.exists() {
        std::fs::remove_dir_all(&tree)?;
    }
    for part in ["Cargo.toml", "Cargo.lock", "crates", "data", "xtask", ".cargo", "clippy.toml"] {
        copy(&root.join(part), &tree.join(part))?;
    }
    let mut mutants = Vec::new();
    for folder in FOLDERS {
        find(&tree.join(folder), &mut mutants)?;
    }
    mutants.retain(|mutant| {
        options.only.as_ref().is_none_or(|only| mutant.file.to_string_lossy().contains(only.as_str()))
    });
    ensure!(test(&tree, &base, options.worlds)? == "passes", "the test of release fails without any change");
    let mut rows = String::new();
    let mut survived = 0;
    for mutant in &mutants {
        let was = std::fs::read_to_string(&mutant.file)?;
        std::fs::write(&mutant.file, &mutant.text)?;
        let outcome = test(&tree, &base, options.worlds)?;
        std::fs::write(&mutant.file, was)?;
        survived += usize::from(outcome != "fails");
        let file = mutant.file.strip_prefix(&tree).unwrap_or(&mutant.file).display();
        println!("{file}:{}: `{}`: the test {outcome}", mutant.line, mutant.call);
        writeln!(rows, "| `{file}:{}` | `{}` | {outcome} |", mutant.line, mutant.call)?;
    }
    println!("mutants: {} taken away, {survived} not noticed", mutants.len());
    if options.only.is_none() {
        let day = std::process::Command::new("date").arg("+%F").output().map(|output| output.stdout)?;
        let report = format!(
            "# The release test without a release call\n\n\
             `cargo xtask mutants` takes each call of the release decision away, one at a time: what it asks is\n\
             answered with yes. The property test (`crates/rempart-service/tests/release`, {} worlds) or the tests\n\
             of what follows the store (`tests/follow.rs` beside it) must fail then. On {}: {} calls, {survived} not noticed.\n\n\
             | call | what | the test |\n|---|---|---|\n{rows}",
            options.worlds,
            String::from_utf8_lossy(&day).trim(),
            mutants.len(),
        );
        std::fs::write(root.join(REPORT), report)?;
    }
    ensure!(survived == 0, "{survived} calls can be taken away without a test that fails");
    Ok(())
}

fn test(tree: &Path, base: &Path, worlds: u32) -> anyhow::Result<&'static str> {
    let build = || {
        let mut command = cargo();
        command.current_dir(tree).env("CARGO_TARGET_DIR", base.join("build"));
        command.args(["test", "--offline", "-p", "rempart-service", "--test", "follow", "--test", "release"]);
        command
    };
    if !quietly(build().arg("--no-run"), LIMIT)?.success {
        return Ok("does not compile");
    }
    let ended = quietly(build().env("REMPART_RELEASE_WORLDS", worlds.to_string()), LIMIT)?;
    Ok(if ended.success { "passes" } else { "fails" })
}

/// Copies a file or a folder; what is not there is left out.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.exists() {
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

/// All calls in the sources under a folder, tests and definitions apart.
fn find(folder: &Path, mutants: &mut Vec<Mutant>) -> anyhow::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            find(&path, mutants)?;
        } else {
            let text = std::fs::read_to_string(&path)?;
            let end = text.find("#[cfg(test)]").unwrap_or(text.len());
            for (start, stop, yes) in calls(&text[..end]) {
                let call = &text[start..stop];
                // The call stays, so that types and uses are the same; its answer is not looked at.
                let without = format!("{}({{ let _ = {call}; {yes} }}){}", &text[..start], &text[stop..]);
                mutants.push(Mutant {
                    file: path.clone(),
                    line: text[..start].lines().count().max(1),
                    call: call.split_whitespace().collect::<Vec<_>>().join(" "),
                    text: without,
                });
            }
        }
    }
    Ok(())
}

/// Where calls begin and end, each with what is yes for it.
fn calls(text: &str) -> Vec<(usize, usize, &'static str)> {
    let mut found = Vec::new();
    for name in CALLS {
        let yes = if name == "decide" { "Decision::Released" } else { "true" };
        for (at, _) in text.match_indices(&format!("{name}(")) {
            let before = &text[..at];
            let line = before.rsplit('\n').next().unwrap_or_default();
            if before.ends_with("fn ") || line.trim_start().starts_with("//") {
                continue;
            }
            let start = at - receiver(before);
            // A part of a longer word.
            if start == at && before.ends_with(|sign: char| sign.is_alphanumeric() || sign == '_') {
                continue;
            }
            if let Some(length) = closing(&text[at + name.len()..]) {
                found.push((start, at + name.len() + length, yes));
            }
        }
    }
    found.sort_unstable();
    found
}

/// How long the path or receiver in front of a call is: `self.`, `crate::app::`, `request.visible.`.
fn receiver(before: &str) -> usize {
    let rest =
        before.trim_end_matches(|sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.' | ':'));
    let path = &before[rest.len()..];
    if path.ends_with('.') || path.ends_with("::") { path.len() } else { 0 }
}

/// Where the bracket that opens at the beginning closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, sign) in text.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at + 1),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn finds_calls_with_what_they_are_called_on() {
        let text = "fn released(a: u8) {\n    // released(b)\n    if !self.released(x(1), y) && conclude.may_see(m) {}\n    \
                    unreleased(z); release::decide(&a, b) == Decision::Released\n}";
        let found: Vec<&str> = calls(text).into_iter().map(|(start, stop, _)| &text[start..stop]).collect();
        assert_eq!(found, ["self.released(x(1), y)", "conclude.may_see(m)", "release::decide(&a, b)"]);
    }
}
