//! What no compiler checks: which crate may use which, module comments, file lengths, words, unused entries.

mod arrows;
mod files;
mod unused;

use std::fs;
use std::path::{Path, PathBuf};

use crate::counts::Counts;
use crate::fuzz;
use crate::workspace::{Metadata, root};

/// Folders that hold no text of ours.
const NOT_OURS: [&str; 7] = ["target", ".git", ".venv", "corpus", "fixtures", "node_modules", "__pycache__"];

/// Runs all checks and prints what each found.
pub fn run() -> anyhow::Result<Counts> {
    let metadata = Metadata::read()?;
    let files = files_below(&root(), &metadata.target())?;
    let mut counts = Counts::default();
    let mut check = |name: &str, found: Vec<String>| {
        counts += Counts::one(found.is_empty());
        println!("{} {name}", if found.is_empty() { "ok    " } else { "FAILED" });
        found.iter().for_each(|finding| println!("    {finding}"));
    };
    check("crate arrows", arrows::check(&metadata)?);
    check("module comments", files::module_comments(&files)?);
    check("file lengths", files::lengths(&files)?);
    check("trailing spaces", files::trailing_spaces(&files)?);
    check("words", files::words(&files)?);
    check("unused dependencies", unused::check(&metadata)?);
    check("fuzz targets", fuzz_targets()?);
    Ok(counts)
}

/// Every text file of the checkout, with its path from the root, sorted.
fn files_below(folder: &Path, target: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if kind.is_dir() && path != target && !NOT_OURS.iter().any(|other| name == *other) {
                open.push(path);
            } else if kind.is_file() && is_text(&path) {
                found.push(path.strip_prefix(root()).unwrap_or(&path).to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_text(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    [
        "rs", "toml", "md", "py", "sh", "sql", "txt", "yml", "yaml", "json", "service", "html", "css", "js",
        "log",
    ]
    .contains(&extension)
        || path.ends_with(".ci/run")
        || name == ".gitignore"
}

/// The table of targets and the files of targets name the same.
fn fuzz_targets() -> anyhow::Result<Vec<String>> {
    let folder = root().join(fuzz::FOLDER).join("src/bin");
    let mut found = Vec::new();
    let mut names = fuzz::names();
    for entry in fs::read_dir(&folder).into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if !names.remove(name) {
            found.push(format!("{name}: a file in {}/src/bin, but not in xtask/src/fuzz.rs", fuzz::FOLDER));
        }
    }
    found.extend(
        names.iter().map(|name| format!("{name}: in xtask/src/fuzz.rs, but not a file in fuzz/src/bin")),
    );
    Ok(found)
}
