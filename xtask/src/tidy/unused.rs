//! Dependencies that nothing uses: entries of the workspace that no package takes, and entries of a
//! package that its sources never name.

use std::fs;
use std::path::Path;

use anyhow::Context;
use toml::Table;

use crate::workspace::{Metadata, root};

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Every entry without a use.
pub fn check(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let workspace = manifest(&root().join("Cargo.toml"))?;
    let mut found = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    for package in metadata.members() {
        let manifest = manifest(&package.folder.join("Cargo.toml"))?;
        let mut sources = String::new();
        read_sources(package.folder, &mut sources)?;
        for (name, _) in TABLES.iter().filter_map(|table| manifest.get(*table)?.as_table()).flatten() {
            if !names(&sources, &name.replace('-', "_")) {
                found.push(format!("{}: {name} is listed, but never named in its sources", package.name));
            }
            taken.push(name.clone());
        }
    }
    let listed = workspace.get("workspace").and_then(|table| table.get("dependencies")?.as_table());
    for name in listed.into_iter().flat_map(Table::keys).filter(|name| !taken.contains(name)) {
        found.push(format!("Cargo.toml: {name} is listed for the workspace, but no package takes it"));
    }
    Ok(found)
}

fn manifest(path: &Path) -> anyhow::Result<Table> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

/// Whether `word` stands in the text as a whole word.
fn names(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn read_sources(folder: &Path, into: &mut String) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            read_sources(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // A comment does not use anything.
            let text = fs::read_to_string(&path)?;
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                into.push_str(line);
                into.push('\n');
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn finds_whole_words() {
        assert!(names("use serde_json::Value;", "serde_json"));
        assert!(!names("use serde_json::Value;", "serde"));
        assert!(names("#[derive(serde::Serialize)]", "serde"));
        assert!(!names("", "serde"));
    }
}
