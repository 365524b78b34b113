//! Users of the operating system: who is nobody here, and what a role allows. Needs root.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Data, Ran, Server, bundle_of, has, indicator, is_root, quiet, run};

const NOBODY: u32 = 65_534;

fn skipped() -> bool {
    if is_root() && has("setpriv", "--version") {
        return false;
    }
    println!("skipped: being another user needs root and setpriv");
    true
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The program as another user. It lies where that user may not look, so it is copied.
fn as_nobody(data: &Data, args: &[&str]) -> Ran {
    let copy = data.beside("rempart");
    if !copy.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_rempart"), &copy).unwrap();
        open(&copy, 0o755);
        open(&data.beside("."), 0o755);
    }
    let mut command = Command::new("setpriv");
    quiet(&mut command);
    let id = NOBODY.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]).arg(copy);
    command.arg("--data").arg(data.path()).args(args);
    run(command, drop)
}

#[test]
fn another_user_does_not_get_to_the_folder() {
    if skipped() {
        return;
    }
    let data = Data::new();
    data.ok(&["status"]);
    let alone = as_nobody(&data, &["status"]);
    assert!(matches!(alone.code, Some(2 | 4)), "{alone}");
    assert_eq!(alone.text(), "");
    let server = Server::start(&data);
    let served = as_nobody(&data, &["status"]);
    assert!(matches!(served.code, Some(2 | 4)), "{served}");
    assert_eq!(served.text(), "");
    drop(server);
}

#[test]
fn who_gets_to_the_socket_is_still_asked_who_they_are() {
    if skipped() {
        return;
    }
    let data = Data::new();
    let known = indicator(51, 0);
    let file = data.file("one.json", bundle_of(std::slice::from_ref(&known)));
    open(&file, 0o644);
    data.import(&file);
    let key = data.member("CERT-FR", "FR", "fr");
    let server = Server::start(&data);
    // An administrator opens the door to a group; here, to all.
    open(&data.path(), 0o711);
    open(&data.path().join("rempart.socket"), 0o666);

    for args in [
        ["search", &known.value].as_slice(),
        &["status"],
        &["export", "--format", "plain"],
        &["ledger", "verify"],
    ] {
        let ran = as_nobody(&data, args);
        assert_eq!(ran.code, Some(4), "{args:?}: {ran}");
        assert_eq!(ran.text(), "", "{args:?}");
        assert!(ran.stderr.contains("person add"), "it says how to be added: {ran}");
    }

    let file = file.to_str().unwrap();
    let reads: &[&[&str]] =
        &[&["search", &known.value], &["explain", &known.value], &["status"], &["member", "list"]];
    let analyses: &[&[&str]] = &[
        &["import", file],
        &["override", &known.value, "--benign", "--reason", "x"],
        &["expire", &known.id],
    ];
    let administers: &[&[&str]] = &[
        &["person", "add", "--name", "eve", "--role", "administrator"],
        &["member", "add", "--name", "x", "--country", "FR", "--kind", "ngo", "--clearance", "red"],
        &["member", "set", "--name", "CERT-FR", "--clearance", "red"],
        &["key", "create", "--member", "CERT-FR"],
        &["key", "revoke", &key],
        &["key", "list"],
        &["source", "set", "--name", "one", "--reliability", "A"],
    ];
    let check = |allowed: &[&[&[&str]]], refused: &[&[&[&str]]]| {
        for args in refused.concat() {
            let ran = as_nobody(&data, args);
            assert_eq!((ran.code, ran.text().as_str()), (Some(4), ""), "{args:?}: {ran}");
        }
        for args in allowed.concat() {
            let ran = as_nobody(&data, args);
            assert_eq!(ran.code, Some(0), "{args:?}: {ran}");
        }
    };
    let uid = NOBODY.to_string();
    data.ok(&["person", "add", "--name", "maria", "--role", "reader", "--uid", &uid]);
    check(&[reads], &[analyses, administers]);
    let people = data.ok(&["person", "list", "--json"]).lines();
    assert_eq!(people.len(), 2, "{people:?}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_analyst_does_what_an_analyst_does_under_their_own_name() {
    if skipped() {
        return;
    }
    let data = Data::new();
    let known = indicator(52, 0);
    let file = data.file("one.json", bundle_of(std::slice::from_ref(&known)));
    data.import(&file);
    let uid = NOBODY.to_string();
    data.ok(&["person", "add", "--name", "maria", "--role", "analyst", "--uid", &uid]);
    let server = Server::start(&data);
    open(&data.path(), 0o711);
    open(&data.path().join("rempart.socket"), 0o666);
    let ran = as_nobody(&data, &["override", &known.value, "--benign", "--reason", "our own"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(as_nobody(&data, &["key", "list"]).code, Some(4));
    let decided = data.ok(&["explain", "--json", &known.value]).json();
    assert_eq!(decided["decided"]["by"], "maria", "{decided}");
    drop(server);
}
