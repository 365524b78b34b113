//! What `--help` says is kept in files: others script against it. `REMPART_UPDATE=1` writes them anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::{program, run};

/// The commands that scripts may rely on; more may be added.
const FIXED: [&str; 14] = [
    "serve",
    "demo",
    "import",
    "member add",
    "member list",
    "person add",
    "key create",
    "key revoke",
    "search",
    "extract",
    "explain",
    "override",
    "export",
    "ledger verify",
];

fn help_of(command: &[&str]) -> String {
    let mut program = program();
    program.args(command).arg("--help");
    let ran = run(program, drop);
    assert_eq!(ran.code, Some(0), "{command:?}: {ran}");
    assert_eq!(ran.stderr, "", "{command:?}");
    ran.text()
}

/// Every command with its help, found by reading the help itself.
fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![String::new()];
    while let Some(command) = left.pop() {
        let words: Vec<&str> = command.split_whitespace().collect();
        let help = help_of(&words);
        let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
        let names = listed.lines().take_while(|line| !line.trim().is_empty());
        // A description that goes on in the next line stands further to the right.
        let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        left.extend(names.filter_map(|line| Some(format!("{command} {}", line.split_whitespace().next()?))));
        found.push((command.trim().to_owned(), help));
    }
    found.sort();
    found
}

#[test]
fn help_is_what_it_was() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help");
    let update = std::env::var_os("REMPART_UPDATE").is_some();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for (command, help) in all() {
        let name = if command.is_empty() { "rempart".to_owned() } else { command.replace(' ', "-") };
        let path = folder.join(format!("{name}.txt"));
        if update {
            std::fs::write(&path, &help).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != help {
            wrong.push(name.clone());
        }
        names.insert(format!("{name}.txt"));
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !names.contains(&name) {
            if update {
                std::fs::remove_file(&path).unwrap();
            } else {
                wrong.push(format!("{name} (there is no such command)"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "the help of {wrong:?} changed; if it is meant, run this with REMPART_UPDATE=1"
    );
}

#[test]
fn the_commands_that_scripts_rely_on_are_there() {
    let found: BTreeSet<String> = all().into_iter().map(|(command, _)| command).collect();
    for command in FIXED {
        assert!(found.contains(command), "{command} is gone; there are {found:?}");
    }
}

#[test]
fn the_help_lists_kinds_formats_labels_and_types() {
    let help = help_of(&[]);
    let words: BTreeSet<&str> = help.split(|c: char| c.is_whitespace() || c == ',').collect();
    for word in [
        "stix",
        "misp",
        "csv",
        "tsv",
        "json",
        "jsonl",
        "plain",
        "hosts",
        "adblock",
        "text",
        "clear",
        "green",
        "amber",
        "amber+strict",
        "red",
        "national-csirt",
        "sector-csirt",
        "law-enforcement",
        "ngo",
        "operator",
        "domain",
        "url",
        "ipv4",
        "ipv6",
        "cidr",
        "email",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "cve",
        "asn",
    ] {
        assert!(words.contains(word), "{word} is not in the help");
    }
}

#[test]
fn completion_is_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut program = program();
        program.args(["completion", shell]);
        let ran = run(program, drop);
        assert_eq!(ran.code, Some(0), "{shell}: {ran}");
        for command in ["import", "ledger", "explain"] {
            assert!(ran.text().contains(command), "{shell} does not know {command}");
        }
    }
}
