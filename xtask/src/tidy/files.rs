//! Checks of single files: a module comment, the length, spaces, words that do not belong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::root;

/// Files longer than [`LONG`] lines, each with the lines it may have. The list only shrinks.
const LONG_FILES: &str = "xtask/tidy-long-files.txt";
const LONG: usize = 600;

fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(root().join(path)).with_context(|| path.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Rust files that do not start by saying what they are for.
pub fn module_comments(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| is_rust(path)) {
        if !has_module_comment(&read(path)?) {
            found.push(format!("{}: no `//!` line at the start", path.display()));
        }
    }
    Ok(found)
}

fn has_module_comment(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines
        .find(|line| !line.is_empty() && !line.starts_with("#!"))
        .is_some_and(|line| line.strip_prefix("//!").is_some_and(|said| !said.trim().is_empty()))
}

/// Rust files that are too long, and entries of the list that have become untrue.
pub fn lengths(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let list = fs::read_to_string(root().join(LONG_FILES)).unwrap_or_default();
    let mut lengths = Vec::new();
    for path in files.iter().filter(|path| is_rust(path)) {
        lengths.push((path.display().to_string(), read(path)?.lines().count()));
    }
    Ok(too_long(&list, &lengths))
}

fn too_long(list: &str, lengths: &[(String, usize)]) -> Vec<String> {
    let mut allowed = BTreeMap::new();
    let mut found = Vec::new();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ').map(|(path, lines)| (path, lines.trim().parse::<usize>())) {
            Some((path, Ok(lines))) => {
                allowed.insert(path, lines);
            }
            _ => found.push(format!("{LONG_FILES}: not `path lines`: {line}")),
        }
    }
    for (path, lines) in lengths {
        match allowed.remove(path.as_str()) {
            None if *lines > LONG => {
                found.push(format!("{path}: {lines} lines, more than {LONG}; divide it"));
            }
            Some(limit) if *lines > limit => {
                found.push(format!("{path}: {lines} lines, and the list allows {limit}; divide it"));
            }
            Some(_) if *lines <= LONG => {
                found.push(format!("{path}: short enough now; take it off {LONG_FILES}"));
            }
            _ => {}
        }
    }
    found.extend(allowed.keys().map(|path| format!("{path}: gone; take it off {LONG_FILES}")));
    found
}

/// Lines that end in a space or tab. What a program printed is kept as it was printed.
pub fn trailing_spaces(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !path.to_string_lossy().contains("tests/cli/help/")) {
        for (number, line) in read(path)?.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                found.push(format!("{}:{}: a space at the end", path.display(), number + 1));
            }
        }
    }
    Ok(found)
}

/// Words that speak of one machine or of a tracker that a reader does not have.
pub fn words(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files {
        for (number, line) in read(path)?.lines().enumerate() {
            if let Some(word) = forbidden(line) {
                found.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    Ok(found)
}

fn forbidden(line: &str) -> Option<&'static str> {
    // Written in two halves, or this file would find itself.
    const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    for folder in FOLDERS {
        // A URL may hold the same letters; an absolute path begins with them.
        let begins = |(at, _): (usize, &str)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | ')')))
        };
        if line.match_indices(folder).any(begins) {
            return Some("a path of one machine");
        }
    }
    let lower = line.to_ascii_lowercase();
    lower.contains(concat!("issue", " #")).then_some("a number of an issue tracker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_comment_says_something_before_any_code() {
        for text in ["//! What it is.\nfn f() {}", "#![no_main]\n\n//! A target.", "\n//! Late is fine."] {
            assert!(has_module_comment(text), "{text}");
        }
        for text in ["", "//!\nfn f() {}", "use std::fs;\n//! Too late", "// not a module comment"] {
            assert!(!has_module_comment(text), "{text}");
        }
    }

    #[test]
    fn the_list_of_long_files_only_shrinks() {
        let lengths = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
            list.iter().map(|(path, lines)| ((*path).to_owned(), *lines)).collect()
        };
        let table = [
            ("", vec![("a.rs", 600)], 0),
            ("", vec![("a.rs", 601)], 1),
            ("# note\na.rs 700", vec![("a.rs", 700)], 0),
            ("a.rs 700", vec![("a.rs", 701)], 1),
            ("a.rs 700", vec![("a.rs", 20)], 1),
            ("a.rs 700", vec![], 1),
            ("a.rs many", vec![], 1),
        ];
        for (list, files, findings) in table {
            assert_eq!(too_long(list, &lengths(&files)).len(), findings, "{list} {files:?}");
        }
    }

    #[test]
    fn finds_paths_of_a_machine_but_not_urls() {
        let path = format!("read {}x", concat!("/wo", "rk/"));
        let url = format!("https://vendor.example{}x", concat!("/wo", "rk/"));
        assert!(forbidden(&path).is_some());
        assert!(forbidden(&format!("\"{}x\"", concat!("/ro", "ot/"))).is_some());
        assert!(forbidden(&format!("see {}12", concat!("Issue", " #"))).is_some());
        assert_eq!(forbidden(&url), None);
        assert_eq!(forbidden("an issue that matters"), None);
    }
}
