//! Every command has a case: for whom is what it prints? What is for members alone goes through the
//! service's test of release; the operator's own commands see everything.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::process::Command;

/// For whom a command prints.
#[derive(Debug, PartialEq, Eq)]
enum For {
    /// For the operator, who may see everything; a member's key does not reach it.
    Operator,
    /// For a member where one is named, else for the operator: `App::export` and `App::build_index`, walked in every world.
    MemberOrOperator,
    /// For whoever connects: the routes have cases of their own.
    Network,
    /// For whoever was given the index file, which was made for one audience and names nobody else.
    Index,
    /// Nothing that is stored.
    Nothing,
}

fn case(command: &str) -> For {
    match command {
        "import" | "search" | "explain" | "override" | "retract" | "expire" | "status" => For::Operator,
        "member add" | "member set" | "member list" => For::Operator,
        "person add" | "person list" => For::Operator,
        "protect preview" | "protect explain" | "protect status" | "protect hits" => For::Operator,
        "protect live" | "protect dry" | "protect let-through" | "protect take-back" | "protect uphold" => {
            For::Operator
        }
        "campaign list" | "campaign show" | "campaign near" | "campaign together" | "campaign apart"
        | "campaign undo" | "campaign lift" => For::Operator,
        "protect stop" | "protect resume" => For::Nothing,
        "key create" | "key revoke" | "key list" => For::Operator,
        "source set" | "source list" | "source learn" | "source learnt" | "source use" => For::Operator,
        "ledger verify" => For::Operator,
        "export" | "index build" => For::MemberOrOperator,
        "serve" | "demo" => For::Network,
        "match" | "index info" | "index verify" => For::Index,
        "extract" | "config example" | "config check" | "completion" => For::Nothing,
        command => panic!("the command `{command}` has no case: say for whom it prints"),
    }
}

fn help(command: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rempart")).args(command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_case() {
    let mut open = vec![Vec::<String>::new()];
    let mut leaves = 0;
    while let Some(command) = open.pop() {
        let text = help(&command);
        let commands = below(&text);
        if commands.is_empty() {
            let of = case(&command.join(" "));
            // Whoever can be handed what is for a member is named so.
            assert_eq!(of == For::MemberOrOperator, text.contains("released to this member"), "{command:?}");
            leaves += 1;
        }
        for next in commands {
            open.push(command.iter().cloned().chain([next]).collect());
        }
    }
    assert!(leaves > 20, "the help lists {leaves} commands");
}

#[test]
fn every_writer_of_an_export_has_a_case() {
    let text = help(&["export".to_owned()]);
    let writers: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter_map(|line| line.split(':').next())
        .collect();
    // These are walked for members in every world of the service's test of release.
    assert_eq!(writers, ["stix", "csv", "plain"]);
}
