//! What the programs that read protective files say of them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rempart_formats::protect::sign::Signer;
use rempart_formats::protect::{Format, Settings};
use rempart_model::Block;

use crate::sample::{blocks, consenting, many_hostile, nasty, now, write};

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

/// The plain sample, and the hostile one with texts as nasty as they may be.
fn samples() -> [(Vec<Block>, Settings); 2] {
    let mut nasty = nasty();
    // How many routes are too many is tested elsewhere.
    if let Some(consent) = &mut nasty.rtbh {
        consent.max_prefixes = 10_000;
    }
    [(blocks(), consenting()), (many_hostile(), nasty)]
}

/// Writes a sample in a format into a folder; returns the file.
fn file(folder: &Path, format: Format, (blocks, settings): &(Vec<Block>, Settings)) -> PathBuf {
    let path = folder.join(format.file_name(settings).replace('/', "-"));
    let (text, written) = write(format, blocks, settings);
    // The configuration names the zone and none of its entries.
    assert!(written.entries > 0 || format == Format::Bind, "{written:?}");
    std::fs::write(&path, text).unwrap();
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
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let list = file(folder.path(), Format::Unbound, &sample);
        let text = format!(
            "server:\n  chroot: \"\"\n  username: \"\"\n  directory: \"/\"\n  include: \"{}\"\n",
            list.display()
        );
        std::fs::write(folder.path().join("unbound.conf"), text).unwrap();
        accepted("unbound-checkconf", &run(&check, folder.path(), &["unbound.conf"]));
    }
}

#[test]
fn bind_takes_the_zone() {
    let Some(check) = program("named-checkzone") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        for format in [Format::Rpz, Format::Knot] {
            let list = file(folder.path(), format, &sample);
            let arguments = ["-k", "fail", &*consenting().zone, list.to_str().unwrap()];
            accepted("named-checkzone", &run(&check, folder.path(), &arguments));
        }
    }
}

#[test]
fn bind_takes_the_configuration() {
    let Some(check) = program("named-checkconf") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let list = file(folder.path(), Format::Bind, &sample);
        accepted("named-checkconf", &run(&check, folder.path(), &[list.to_str().unwrap()]));
    }
}

#[test]
fn dnsmasq_takes_the_list() {
    let Some(dnsmasq) = program("dnsmasq") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let list = file(folder.path(), Format::Dnsmasq, &sample);
        let argument = format!("--conf-file={}", list.display());
        accepted("dnsmasq --test", &run(&dnsmasq, folder.path(), &["--test", &argument]));
    }
}

#[test]
fn nftables_takes_the_sets() {
    let Some(nft) = program("nft") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        // What `nft` may not even ask the kernel about says nothing about the file.
        let empty = folder.path().join("empty.nft");
        std::fs::write(&empty, "table inet rempart_probe {\n}\n").unwrap();
        if !run(&nft, folder.path(), &["-c", "-f", empty.to_str().unwrap()]).status.success() {
            println!("skipped: nft may not check here");
            return;
        }
        let list = file(folder.path(), Format::Nftables, &sample);
        accepted("nft -c", &run(&nft, folder.path(), &["-c", "-f", list.to_str().unwrap()]));
        // With the rules that operators are shown.
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/lists.md");
        let page = std::fs::read_to_string(page).unwrap();
        let rules =
            page.split("<!-- nftables -->\n```text\n").nth(1).and_then(|rest| rest.split("```").next());
        let both = std::fs::read_to_string(&list).unwrap() + &rules.unwrap().replace("LIST", &sample.1.list);
        std::fs::write(&list, both).unwrap();
        accepted("nft -c", &run(&nft, folder.path(), &["-c", "-f", list.to_str().unwrap()]));
    }
}

#[test]
fn squid_takes_the_lists() {
    let Some(squid) = program("squid") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let (names, urls) = (
            file(folder.path(), Format::SquidDomains, &sample),
            file(folder.path(), Format::SquidUrls, &sample),
        );
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
}

#[test]
fn minisign_takes_the_signature() {
    let Some(minisign) = program("minisign") else { return };
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let list = file(folder.path(), Format::Domains, &sample);
        let signer = Signer::from_seed(&[7; 32]).unwrap();
        let signature =
            signer.sign(&mut std::fs::File::open(&list).unwrap(), "list malware, version 7").unwrap();
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
}

/// The samples, moved so that they are of today: what announces routes looks at the clock.
fn of_today() -> [(Vec<Block>, Settings); 2] {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let later = i64::try_from(seconds).unwrap() - now().micros() / 1_000_000;
    samples().map(|(mut blocks, mut settings)| {
        for block in &mut blocks {
            block.since = block.since.plus_seconds(later);
            block.until = block.until.plus_seconds(later);
        }
        settings.built_at = settings.built_at.plus_seconds(later);
        let consent = settings.rtbh.as_mut().unwrap();
        consent.until = consent.until.plus_seconds(later);
        (blocks, settings)
    })
}

/// A program that does not outlive its test.
struct Running(Child);

impl Running {
    fn start(program: &Path, folder: &Path, arguments: &[&str]) -> Self {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        Self(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something holds; else shows what the program said.
fn wait_for(what: &str, folder: &Path, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        let said = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(began.elapsed().as_secs() < 30, "{what} does not happen: {}", said());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn exabgp_takes_the_configuration() {
    let Some(exabgp) = program("exabgp") else { return };
    for (blocks, settings) in of_today() {
        let folder = tempfile::tempdir().unwrap();
        let (text, written) = write(Format::ExaBgp, &blocks, &settings);
        assert!(written.entries > 0, "{written:?}");
        std::fs::write(folder.path().join("routes.conf"), &text).unwrap();
        accepted("exabgp --test", &run(&exabgp, folder.path(), &["--test", "routes.conf"]));
        // What it says of a file that is none shows that it looks.
        std::fs::write(folder.path().join("routes.conf"), text.replace("next-hop", "nexthop")).unwrap();
        assert!(!run(&exabgp, folder.path(), &["--test", "routes.conf"]).status.success());
    }
}

#[test]
fn gobgp_takes_the_routes() {
    let (Some(gobgpd), Some(gobgp)) = (program("gobgpd"), program("gobgp")) else { return };
    for (blocks, settings) in of_today() {
        let folder = tempfile::tempdir().unwrap();
        let config = "[global.config]\n  as = 64496\n  router-id = \"192.0.2.252\"\n  port = -1\n";
        std::fs::write(folder.path().join("gobgpd.conf"), config).unwrap();
        let port = free_port().to_string();
        let host = format!("127.0.0.1:{port}");
        let arguments = ["-f", "gobgpd.conf", "--api-hosts", &host, "--pprof-disable"];
        let _daemon = Running::start(&gobgpd, folder.path(), &arguments);
        let table = |family: &str| {
            let output = run(&gobgp, folder.path(), &["-p", &port, "-j", "global", "rib", "-a", family]);
            output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
        };
        wait_for("its start", folder.path(), || table("ipv4").is_some());
        let (text, written) = write(Format::GoBgp, &blocks, &settings);
        std::fs::write(folder.path().join("routes.sh"), text).unwrap();
        // Twice: the second run takes out what the first put there.
        for _ in 0..2 {
            let mut command = Command::new("sh");
            command.arg("routes.sh").env("GOBGP", format!("{} -p {port}", gobgp.display()));
            accepted("sh routes.sh", &command.current_dir(folder.path()).output().unwrap());
        }
        let tables = [table("ipv4").unwrap(), table("ipv6").unwrap()];
        let routes = |table: &String| {
            let value: serde_json::Value = serde_json::from_str(table).unwrap();
            value.as_object().map_or(0, serde_json::Map::len)
        };
        assert_eq!(tables.iter().map(routes).sum::<usize>(), written.entries, "{tables:?}");
        // BLACKHOLE and NO_EXPORT, as numbers.
        let both = tables.concat();
        assert_eq!(both.matches("4294902426").count(), written.entries, "{both}");
        assert_eq!(both.matches("4294967041").count(), written.entries, "{both}");
    }
}

#[test]
fn knot_resolver_takes_the_zone() {
    let (Some(kresd), Some(dig)) = (program("kresd"), program("dig")) else { return };
    for (blocks, settings) in of_today() {
        let folder = tempfile::tempdir().unwrap();
        let (zone, written) = write(Format::Knot, &blocks, &settings);
        assert!(written.entries > 0, "{written:?}");
        std::fs::write(folder.path().join("list.rpz"), &zone).unwrap();
        let port = free_port().to_string();
        let config = format!(
            "net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\ntrust_anchors.remove('.')\ncache.size = 4 * MB\n\
             policy.add(policy.rpz(policy.DENY, '{}/list.rpz'))\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("kresd.conf"), config).unwrap();
        let at = folder.path().to_str().unwrap();
        let _resolver = Running::start(&kresd, folder.path(), &["-n", "-c", "kresd.conf", at]);
        let ask = |name: &str| {
            let output = run(&dig, folder.path(), &["@127.0.0.1", "-p", &port, "+tries=1", "+time=2", name]);
            String::from_utf8(output.stdout).unwrap()
        };
        let names = zone.lines().filter_map(|line| line.split_once(" CNAME . ;"));
        let blocked: Vec<&str> = names.map(|(name, _)| name).collect();
        let first = blocked.first().unwrap_or_else(|| panic!("no names: {zone}"));
        wait_for("the first answer", folder.path(), || ask(first).contains("NXDOMAIN"));
        for name in &blocked {
            assert!(ask(name).contains("status: NXDOMAIN"), "{name}: {}", ask(name));
        }
        let said = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(!said.contains("error") && !said.contains("RPZ"), "{said}");
    }
}

#[test]
fn each_format_is_in_the_page_for_operators() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/lists.md");
    let page = std::fs::read_to_string(page).unwrap();
    for format in Format::all() {
        let mut settings = consenting();
        settings.list = "LIST".into();
        let file = format.file_name(&settings);
        let file = if format == Format::MispEvent { "misp/LIST/UUID.json" } else { &file };
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", format.name())));
        assert!(row.is_some_and(|row| row.contains(&format!("`{file}`"))), "{}: {file}", format.name());
    }
}
