//! Exit codes, and the shape of what `--json` prints.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Data, Ran, bundle, bundle_of, indicator, program, run};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("not an object: {value}")).keys().map(String::as_str).collect()
}

/// A folder with three known names and a member.
fn filled() -> Data {
    let data = Data::new();
    let indicators: Vec<_> = (0..3).map(|index| indicator(7, index)).collect();
    let file = data.file("three.json", bundle_of(&indicators));
    data.import(&file);
    data.member("CERT-FR", "FR", "fr");
    data
}

#[test]
fn every_exit_code_means_what_the_help_says() {
    let data = filled();
    let known = indicator(7, 0).value;
    let bundle = bundle_of(&[indicator(8, 0), indicator(8, 1)]);
    let cut = data.file("cut.json", &bundle[..bundle.len() - 3]);
    let cut = cut.to_str().unwrap();
    let empty = data.file("empty.txt", "");
    let empty = empty.to_str().unwrap();
    let table: &[(i32, &[&str])] = &[
        (0, &["search", &known]),
        (0, &["search", "--json", &known]),
        (0, &["explain", &known]),
        (0, &["export", "--format", "plain"]),
        (0, &["export", "--format", "csv", "--member", "CERT-FR"]),
        (0, &["ledger", "verify"]),
        (0, &["member", "list"]),
        (0, &["person", "list", "--json"]),
        (0, &["key", "list"]),
        (0, &["source", "list"]),
        (0, &["status"]),
        (0, &["config", "check"]),
        (0, &["config", "example"]),
        (0, &["--version"]),
        (1, &["search", "nobody-knows-this.com"]),
        (1, &["explain", "nobody-knows-this.com"]),
        (1, &["key", "revoke", "12345"]),
        (1, &["key", "create", "--member", "nobody"]),
        (1, &["export", "--format", "stix", "--member", "nobody"]),
        (1, &["retract", "--source", "nobody"]),
        (1, &["expire", "indicator--11111111-1111-4111-8111-111111111111"]),
        (1, &["extract", empty]),
        (2, &[]),
        (2, &["no-such-command"]),
        (2, &["import"]),
        (2, &["import", "/does/not/exist"]),
        (2, &["import", "--tlp", "purple", empty]),
        (2, &["import", "--format", "morse", empty]),
        (2, &["import", "--mapping", "/does/not/exist", empty]),
        (2, &["export", "--format", "morse"]),
        (2, &["explain", "not an observable at all"]),
        (2, &["override", &known]),
        (2, &["override", &known, "--malicious"]),
        (2, &["retract", "not-an-id"]),
        (2, &["person", "add", "--name", "x", "--role", "king"]),
        (2, &["key", "create"]),
        (2, &["member", "add", "--name", "x", "--country", "FRA", "--kind", "ngo", "--clearance", "green"]),
        (2, &["member", "add", "--name", "x", "--country", "FR", "--kind", "club", "--clearance", "green"]),
        (2, &["member", "add", "--name", "x", "--country", "FR", "--kind", "ngo", "--clearance", "mauve"]),
        (
            2,
            &[
                "member",
                "add",
                "--name",
                "x",
                "--country",
                "FR",
                "--kind",
                "ngo",
                "--clearance",
                "red",
                "--network",
                "300.1.2.3/8",
            ],
        ),
        (
            2,
            &["member", "add", "--name", "CERT-FR", "--country", "FR", "--kind", "ngo", "--clearance", "red"],
        ),
        (2, &["serve", "--listen", "nowhere"]),
        (2, &["serve", "--tls-cert", "x.pem"]),
        (2, &["demo", "--listen", "0.0.0.0:0"]),
        (2, &["extract", "/does/not/exist"]),
        (3, &["import", cut]),
        (3, &["import", "--json", cut]),
    ];
    for (code, args) in table {
        let ran = data.run(args);
        assert_eq!(ran.code, Some(*code), "{args:?}: {ran}");
        if *code == 2 {
            assert!(!ran.stderr.trim().is_empty(), "{args:?} says nothing");
            assert_eq!(ran.text(), "", "{args:?}");
        }
        assert!(!ran.stderr.contains("panicked"), "{args:?}: {ran}");
    }
}

#[test]
fn nothing_is_taken_over_from_a_command_that_makes_no_sense() {
    let data = filled();
    let before = data.ok(&["status", "--json"]).json();
    for args in [
        ["import", "--tlp", "purple", "/etc/hostname"].as_slice(),
        &["member", "add", "--name", "x", "--country", "FR", "--kind", "club", "--clearance", "green"],
    ] {
        assert_eq!(data.run(args).code, Some(2), "{args:?}");
    }
    let after = data.ok(&["status", "--json"]).json();
    assert_eq!(before["ledger"], after["ledger"]);
}

#[test]
fn an_account_adds_up() {
    let data = Data::new();
    let first = indicator(9, 0);
    // Two of one kind, one that is no object, one that is good, the first again.
    let good = indicator(9, 1);
    let file = data.file(
        "five.json",
        bundle([
            first.json.as_str(),
            first.json.as_str(),
            "{\"type\":\"indicator\"}",
            good.json.as_str(),
            "17",
        ]),
    );
    let account = data.import(&file);
    let wanted = ["records", "objects", "claims", "observables", "duplicates", "rejected", "losses"];
    for key in wanted {
        assert!(keys(&account).contains(key), "no {key} in {account}");
    }
    let number = |key: &str| account[key].as_u64().unwrap_or_else(|| panic!("{key} of {account}"));
    assert_eq!(number("records"), number("objects") + number("duplicates") + number("rejected"), "{account}");
    assert_eq!(
        (number("records"), number("objects"), number("duplicates"), number("rejected")),
        (5, 2, 1, 2),
        "{account}"
    );
    assert_eq!((number("claims"), number("observables")), (2, 2), "{account}");
    for rejected in account["rejections"].as_array().unwrap() {
        assert!(rejected["input"].as_str().is_some_and(|input| input.contains("five.json")), "{rejected}");
        assert!(rejected["offset"].as_u64().is_some_and(|offset| offset > 0), "{rejected}");
        assert!(rejected["reason"].as_str().is_some_and(|reason| reason.len() > 5), "{rejected}");
    }
    // The same once more adds nothing.
    let again = data.import(&file);
    assert_eq!(
        (
            &again["objects"],
            &again["duplicates"],
            &again["rejected"],
            &again["claims"],
            &again["observables"]
        ),
        (&0.into(), &3.into(), &2.into(), &0.into(), &0.into()),
        "{again}"
    );
}

#[test]
fn an_import_tells_a_person_as_much_as_a_script() {
    let data = Data::new();
    let file = data.file("list.txt", "evil-one.com\nevil-two.com\n???\n");
    let ran = data.ok(&["import", "--format", "plain", file.to_str().unwrap()]);
    let text = ran.text();
    for (word, count) in [("records", "3"), ("objects", "2"), ("rejected", "1"), ("duplicates", "0")] {
        let line =
            text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{word}: {ran}"));
        assert_eq!(line.split_whitespace().nth(1), Some(count), "{line}");
    }
    assert!(ran.stderr.contains("line 3"), "{ran}");
}

#[test]
fn standard_input_is_imported_and_has_a_name() {
    let data = Data::new();
    let ran = data.pipe(&["import", "--json", "--source", "piped", "-"], b"evil-one.com\nevil-two.com\n");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.json()["objects"], 2, "{ran}");
    let found = data.ok(&["search", "--json", "evil-one.com"]).json();
    assert_eq!(found["sources"][0], "piped", "{found}");
}

#[test]
fn search_answers_in_the_order_of_the_questions() {
    let data = filled();
    let known: Vec<String> = (0..3).map(|index| indicator(7, index).value).collect();
    let asked = [
        known[2].clone(),
        "nobody-knows-this.com".into(),
        known[0].to_uppercase(),
        known[0].replace('.', "[.]"),
        "not an observable".into(),
        known[2].clone(),
        "198.51.100.7".into(),
        known[1].clone(),
    ];
    let input = asked.join("\r\n") + "\n\n";
    let ran = data.pipe(&["search", "--json", "-"], input.as_bytes());
    assert_eq!(ran.code, Some(0), "{ran}");
    let answers = ran.lines();
    let values: Vec<&str> = answers.iter().map(|answer| answer["value"].as_str().unwrap()).collect();
    assert_eq!(values, asked);
    let is_known: Vec<bool> = answers.iter().map(|answer| answer["known"].as_bool().unwrap()).collect();
    assert_eq!(is_known, [true, false, true, true, false, true, false, true]);
    assert_eq!(answers[2]["canonical"], known[0].as_str());
    assert!(answers[4]["error"].is_string() && answers[1]["error"].is_null());
    assert_eq!(data.pipe(&["search", "-"], input.as_bytes()).text().lines().count(), asked.len());
    // Nothing asked, nothing found.
    let ran = data.pipe(&["search", "-"], b"");
    assert_eq!((ran.code, ran.text().as_str()), (Some(1), ""), "{ran}");
}

#[test]
fn json_has_the_keys_that_scripts_read() {
    let data = filled();
    let known = indicator(7, 0).value;
    let has = |ran: &Ran, wanted: &[&str]| {
        for value in ran.lines() {
            let there = keys(&value);
            for key in wanted {
                assert!(there.contains(key), "no {key} in {value}");
            }
        }
        assert!(!ran.stdout.is_empty());
    };
    has(
        &data.ok(&["search", "--json", &known]),
        &["value", "canonical", "type", "known", "probability", "category", "sources", "overridden"],
    );
    has(
        &data.ok(&["explain", "--json", &known]),
        &["value", "type", "known", "probability", "category", "reasons", "claims", "concerns"],
    );
    has(&data.ok(&["ledger", "verify", "--json"]), &["entries", "objects", "faults", "head", "holds"]);
    has(&data.ok(&["status", "--json"]), &["objects", "observables", "ledger", "bytes"]);
    has(
        &data.ok(&["member", "list", "--json"]),
        &["name", "country", "kind", "clearance", "networks", "asns", "domains"],
    );
    has(&data.ok(&["person", "list", "--json"]), &["name", "role", "uid"]);
    has(&data.ok(&["key", "list", "--json"]), &["id", "owner", "created", "expires", "revoked"]);
    has(&data.ok(&["source", "list", "--json"]), &["name", "reliability", "unmarked"]);
    has(&data.ok(&["key", "create", "--member", "CERT-FR", "--json"]), &["key", "id", "expires"]);
    has(&data.ok(&["override", &known, "--benign", "--reason", "ours", "--json"]), &["value"]);
    has(&data.ok(&["retract", &indicator(7, 2).id, "--json"]), &["deleted"]);
    has(&data.ok(&["expire", &indicator(7, 1).id, "--json"]), &["expired"]);
}

#[test]
fn extract_prints_offsets_of_bytes() {
    let data = Data::new();
    let text = "Année: the loader called évil-loader[.]com and 203.0.113[.]77, see CVE-2024-3094.\n";
    let file = data.file("report.md", text);
    let mut command = program();
    command.args(["extract", "--json"]).arg(&file);
    let ran = run(command, drop);
    assert_eq!(ran.code, Some(0), "{ran}");
    let findings = ran.lines();
    for finding in &findings {
        let (start, end) = (finding["start"].as_u64().unwrap(), finding["end"].as_u64().unwrap());
        let slice = text.get(start as usize..end as usize).unwrap();
        assert_eq!(finding["text"], slice, "{finding}");
    }
    let kinds: BTreeSet<&str> = findings.iter().map(|finding| finding["type"].as_str().unwrap()).collect();
    assert!(kinds.contains("domain") && kinds.contains("cve"), "{kinds:?}");
    let mut command = program();
    command.args(["extract", "--json", "-"]);
    let text = text.as_bytes().to_vec();
    let piped = run(command, move |mut to| std::io::Write::write_all(&mut to, &text).unwrap());
    assert_eq!(piped.text(), ran.text());
}

#[test]
fn an_unknown_key_of_the_configuration_is_named() {
    let data = Data::new();
    for (text, named) in [
        ("lisen = \"127.0.0.1:1\"\n", "lisen"),
        ("[log]\nlevle = \"debug\"\n", "levle"),
        ("[tls]\ncert = \"a\"\nkey = \"b\"\npassword = \"c\"\n", "password"),
        ("[colours]\n", "colours"),
    ] {
        let file = data.file("rempart.toml", text);
        for command in [["config", "check"].as_slice(), &["status"], &["serve", "--listen", "127.0.0.1:0"]] {
            let ran = data.run(&[&["--config", file.to_str().unwrap()], command].concat());
            assert_eq!(ran.code, Some(2), "{command:?}: {ran}");
            assert!(ran.stderr.contains(named), "{named} is not named: {ran}");
        }
    }
    // The printed example is a configuration.
    let example = data.ok(&["config", "example"]).stdout;
    let file = data.file("rempart.toml", example);
    data.ok(&["--config", file.to_str().unwrap(), "config", "check"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let data = filled();
    let mut command = data.command(&["export", "--format", "stix"]);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "");
}
