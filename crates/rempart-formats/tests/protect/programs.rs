//! What the programs that read protective files say of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rempart_formats::protect::Format;
use rempart_formats::protect::sign::Signer;

use crate::sample::{blocks, consenting, write};

/// A program, also where the PATH of a plain user does not look.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found
}

/// Writes the sample in a format into a folder; returns the file.
fn file(folder: &Path, format: Format) -> PathBuf {
    let settings = consenting();
    let path = folder.join(format.file_name(&settings).replace('/', "-"));
    std::fs::write(&path, write(format, &blocks(), &settings).0).unwrap();
    path
}

fn accepted(what: &str, output: &Output) {
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    println!("{what}: {}", said.lines().last().unwrap_or_default());
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn unbound_takes_the_include() {
    let Some(check) = program("unbound-checkconf") else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = file(folder.path(), Format::Unbound);
    let text = format!(
        "server:\n  chroot: \"\"\n  username: \"\"\n  directory: \"/\"\n  include: \"{}\"\n",
        list.display()
    );
    std::fs::write(folder.path().join("unbound.conf"), text).unwrap();
    accepted("unbound-checkconf", &run(&check, folder.path(), &["unbound.conf"]));
}

#[test]
fn bind_takes_the_zone() {
    let Some(check) = program("named-checkzone") else { return };
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Rpz, Format::Knot] {
        let list = file(folder.path(), format);
        let arguments = ["-k", "fail", &*consenting().zone, list.to_str().unwrap()];
        accepted("named-checkzone", &run(&check, folder.path(), &arguments));
    }
}

#[test]
fn bind_takes_the_configuration() {
    let Some(check) = program("named-checkconf") else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = file(folder.path(), Format::Bind);
    accepted("named-checkconf", &run(&check, folder.path(), &[list.to_str().unwrap()]));
}

#[test]
fn dnsmasq_takes_the_list() {
    let Some(dnsmasq) = program("dnsmasq") else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = file(folder.path(), Format::Dnsmasq);
    let argument = format!("--conf-file={}", list.display());
    accepted("dnsmasq --test", &run(&dnsmasq, folder.path(), &["--test", &argument]));
}

#[test]
fn nftables_takes_the_sets() {
    let Some(nft) = program("nft") else { return };
    let folder = tempfile::tempdir().unwrap();
    // What `nft` may not even ask the kernel about says nothing about the file.
    let empty = folder.path().join("empty.nft");
    std::fs::write(&empty, "table inet rempart_probe {\n}\n").unwrap();
    if !run(&nft, folder.path(), &["-c", "-f", empty.to_str().unwrap()]).status.success() {
        println!("skipped: nft may not check here");
        return;
    }
    let list = file(folder.path(), Format::Nftables);
    accepted("nft -c", &run(&nft, folder.path(), &["-c", "-f", list.to_str().unwrap()]));
}

#[test]
fn squid_takes_the_lists() {
    let Some(squid) = program("squid") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (names, urls) = (file(folder.path(), Format::SquidDomains), file(folder.path(), Format::SquidUrls));
    let text = format!(
        "http_port 127.0.0.1:3128\npid_filename none\naccess_log none\ncache_log /dev/null\n\
         acl bad_names dstdomain \"{}\"\nacl bad_pages url_regex -i \"{}\"\nhttp_access deny bad_names\n",
        names.display(),
        urls.display()
    );
    let text = text.replace("acl bad_pages url_regex -i", "# acl bad_pages");
    std::fs::write(folder.path().join("squid.conf"), text).unwrap();
    let output = run(&squid, folder.path(), &["-k", "parse", "-f", "squid.conf"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("ERROR") && !said.contains("FATAL"), "{said}");
    accepted("squid -k parse", &output);
}

#[test]
fn minisign_takes_the_signature() {
    let Some(minisign) = program("minisign") else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = file(folder.path(), Format::Domains);
    let signer = Signer::from_seed(&[7; 32]).unwrap();
    let signature = signer.sign(&mut std::fs::File::open(&list).unwrap(), "list malware, version 7").unwrap();
    std::fs::write(list.with_extension("txt.minisig"), signature).unwrap();
    std::fs::write(folder.path().join("list.pub"), signer.public_key_file()).unwrap();
    let name = list.to_str().unwrap();
    accepted("minisign -V -p", &run(&minisign, folder.path(), &["-V", "-p", "list.pub", "-m", name]));
    accepted(
        "minisign -V -P",
        &run(&minisign, folder.path(), &["-V", "-P", &signer.public_key(), "-m", name]),
    );
    let mut text = std::fs::read(&list).unwrap();
    text.push(b'\n');
    std::fs::write(&list, text).unwrap();
    let output = run(&minisign, folder.path(), &["-V", "-p", "list.pub", "-m", name]);
    assert!(!output.status.success(), "a changed file is noticed");
}
