//! A command says the same, byte for byte, whether a server holds the folder or nobody does.

use crate::support::{Data, Ran, Server, bundle_of, indicator};

/// The id of a bundle is new with every export, and an explanation concludes anew: how old a claim is and
/// until when it holds follow the clock. Nothing else differs.
fn settled(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if let Some((before, after)) = text.split_once("\"bundle--") {
        return format!("{before}\"bundle--{}", after.get(36..).unwrap_or_default());
    }
    let words: Vec<&str> = text.split(' ').collect();
    let clock = |index: usize| {
        let until = index > 0 && words[index - 1] == "until";
        let age = words.get(index + 1).is_some_and(|next| *next == "days")
            && words.get(index + 2).is_some_and(|next| next.starts_with("ago"));
        until || age
    };
    let kept = words.iter().enumerate().map(|(index, word)| match clock(index) {
        // The line that follows an expiry belongs to no clock.
        true => word.find('\n').map_or("?", |end| &word[end..]),
        false => word,
    });
    kept.collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_say_the_same_with_and_without_a_server() {
    let data = Data::shipped();
    let indicators: Vec<_> = (0..6000).map(|index| indicator(11, index)).collect();
    let file = data.file("many.json", bundle_of(&indicators));
    data.import(&file);
    let list = data.file("list.txt", "198.51.100.7\nevil-one.com\n");
    data.ok(&["import", "--tlp", "red", list.to_str().unwrap()]);
    data.member("CERT-FR", "FR", "fr");
    data.ok(&["person", "add", "--name", "maria", "--role", "analyst"]);
    data.ok(&["override", &indicators[3].value, "--benign", "--reason", "our own"]);
    data.ok(&["retract", &indicators[4].id]);

    let path = file.to_str().unwrap();
    let values: Vec<&str> = indicators.iter().map(|indicator| indicator.value.as_str()).collect();
    let values = values.join("\n");
    let known = &indicators[0].value;
    let commands: &[&[&str]] = &[
        &["search", known],
        &["search", "--json", known],
        &["search", "--json", "nobody-knows-this.com"],
        &["search", "not an observable"],
        &["search", "-"],
        &["search", "--json", "-"],
        &["explain", known],
        &["explain", &indicators[3].value],
        &["explain", "nobody-knows-this.com"],
        &["explain", "not an observable"],
        &["export", "--format", "stix"],
        &["export", "--format", "stix", "--member", "CERT-FR"],
        &["export", "--format", "csv"],
        &["export", "--format", "plain"],
        &["export", "--format", "plain", "--member", "nobody"],
        &["member", "list"],
        &["member", "list", "--json"],
        &["person", "list", "--json"],
        &["key", "list", "--json"],
        &["source", "list"],
        &["ledger", "verify"],
        &["ledger", "verify", "--json"],
        &["key", "revoke", "999"],
        &["import", "--json", path],
        &["import", "--json", "--tlp", "purple", path],
        &["import", "/does/not/exist"],
    ];
    let all = |data: &Data| -> Vec<Ran> {
        commands.iter().map(|args| data.pipe(args, values.as_bytes())).collect()
    };
    // Once before, so that both runs find a folder in which all of them ran.
    all(&data);
    let alone = all(&data);
    let server = Server::start(&data);
    let served = all(&data);
    for ((args, alone), served) in commands.iter().zip(&alone).zip(&served) {
        assert_eq!(alone.code, served.code, "{args:?}\nalone: {alone}\nserved: {served}");
        assert!(
            settled(&alone.stdout) == settled(&served.stdout),
            "{args:?}\nalone: {alone}\nserved: {served}"
        );
        assert_eq!(alone.stderr, served.stderr, "{args:?}");
    }
    assert!(alone.iter().filter(|ran| ran.code == Some(0)).count() > 15);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn standard_input_reaches_the_server() {
    let data = Data::shipped();
    let server = Server::start(&data);
    let indicators: Vec<_> = (0..3000).map(|index| indicator(12, index)).collect();
    let ran = data.pipe(&["import", "--json", "--source", "piped", "-"], &bundle_of(&indicators));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.json()["objects"], 3000, "{ran}");
    // A path is the caller's, though the server's current folder is another.
    std::fs::write(data.beside("here.txt"), "evil-one.com\n").unwrap();
    let mut command = data.command(&["import", "--json", "here.txt"]);
    command.current_dir(data.beside("."));
    let ran = crate::support::run(command, drop);
    assert_eq!(ran.json()["objects"], 1, "{ran}");
    drop(server);
}

#[test]
fn a_command_whose_server_is_killed_says_so() {
    let data = Data::shipped();
    let server = Server::start(&data);
    let mut command = data.command(&["import", "--json", "-"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut to, b"evil-one.com\n").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.kill();
    drop(to);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert_eq!(output.stdout, b"", "nothing was acknowledged");
    assert!(said.contains("server"), "{said}");
    // The socket that was left behind is in nobody's way.
    data.ok(&["ledger", "verify"]);
    assert_eq!(Server::start(&data).stop(), Some(0));
}
