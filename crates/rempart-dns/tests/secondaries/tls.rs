//! Transfers over TLS (RFC 9103): kdig and BIND, with a certificate of an authority of our own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rempart_dns::Tls;

use crate::world::{
    ORIGIN, Program, SECRET_64, World, consumer, free_port, program, snippet, status, upstream, wait_for,
};

/// What the certificate of the primary is for.
const HOST: &str = "rempart.test";

/// An authority, and a certificate of it.
struct Authority {
    folder: tempfile::TempDir,
    tls: Tls,
}

impl Authority {
    fn new() -> Option<Self> {
        let openssl = program("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &str| {
            let arguments = arguments.split_whitespace();
            let output = Command::new(&openssl).args(arguments).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        run(&format!("{new} -x509 -keyout ca.key -out ca.pem -subj /CN=authority -days 2"));
        run(&format!("{new} -keyout own.key -out own.csr -subj /CN={HOST}"));
        std::fs::write(folder.path().join("names"), format!("subjectAltName=DNS:{HOST}\n")).unwrap();
        run(
            "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out own.pem",
        );
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let tls = Tls { certificate: read("own.pem"), key: read("own.key") };
        Some(Self { folder, tls })
    }

    fn file(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }
}

#[test]
fn kdig_takes_the_zone_from_who_it_expects() {
    let (Some(kdig), Some(right), Some(other)) = (program("kdig"), Authority::new(), Authority::new()) else {
        return;
    };
    let world = World::over_tls(vec![consumer("kdig", true, None)], right.tls.clone());
    let ask = |authority: &Authority, host: &str, key: Option<&str>, kind: &str| {
        let mut command = Command::new(&kdig);
        command.args(["@127.0.0.1", "-p", &world.tls_port.to_string(), "+tls", "+retry=0", "+time=3"]);
        command.args([&format!("+tls-ca={}", authority.file()), &format!("+tls-hostname={host}")]);
        if let Some(secret) = key {
            command.args(["-y", &format!("hmac-sha256:kdig.test:{secret}")]);
        }
        let output = command.args([ORIGIN, kind]).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = ask(&right, HOST, Some(SECRET_64), "AXFR");
    assert!(said.contains("evil.example"), "{said}");
    for (what, authority, host, key) in [
        ("another authority", &other, HOST, Some(SECRET_64)),
        ("another host", &right, "other.test", Some(SECRET_64)),
        ("another key", &right, HOST, Some("YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk=")),
        ("no key", &right, HOST, None),
    ] {
        let said = ask(authority, host, key, "AXFR");
        assert!(!said.contains("evil.example"), "{what}: {said}");
    }
    let said = ask(&right, HOST, None, "SOA");
    assert!(said.contains("REFUSED"), "without the key: {said}");
}

#[test]
fn who_speaks_something_else_gets_nothing() {
    let (Some(openssl), Some(authority)) = (program("openssl"), Authority::new()) else { return };
    let world = World::over_tls(vec![consumer("plain", false, None)], authority.tls.clone());
    let ask = |more: &[&str]| {
        let to = format!("127.0.0.1:{}", world.tls_port);
        let mut child = Command::new(&openssl)
            .args(["s_client", "-quiet", "-verify_return_error", "-connect", &to, "-servername", HOST])
            .args(["-CAfile", &authority.file()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The SOA record of the zone.
        let mut question = vec![0, 0, 0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in ORIGIN.split('.') {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend_from_slice(label.as_bytes());
        }
        question.extend_from_slice(&[0, 0, 6, 0, 1]);
        question[1] = u8::try_from(question.len() - 2).unwrap();
        // One that is cut off already does not take it.
        let _ = child.stdin.as_mut().unwrap().write_all(&question);
        std::thread::sleep(Duration::from_millis(700));
        drop(child.stdin.take());
        let _ = child.kill();
        child.wait_with_output().unwrap().stdout
    };
    let answer = ask(&["-alpn", "dot"]);
    assert_eq!(answer.get(2..4), Some(&[0x12, 0x34][..]), "{answer:?}");
    for more in [&[][..], &["-alpn", "h2"], &["-alpn", "dot", "-tls1_2"]] {
        assert!(ask(more).is_empty(), "{more:?}");
    }
}

fn bind(world: &World, named: &Path, port: u16, authority: &Authority) -> (Program, PathBuf) {
    let folder = world.folder.path().join(format!("bind-{port}"));
    std::fs::create_dir(&folder).unwrap();
    let (at, above) = (folder.display(), upstream());
    let [policy, zone] = ["bind-options", "bind-tls"].map(|name| snippet(name, world, "bind.test"));
    let zone = zone.replace("/etc/bind/csirt-ca.pem", &authority.file()).replace("dns.csirt.example", HOST);
    let config = folder.join("named.conf");
    let text = format!(
        r#"options {{
    directory "{at}"; pid-file none; session-keyfile "{at}/session.key"; lock-file none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; notify no;
    forward only; forwarders {{ 127.0.0.1 port {above}; }};
    {policy}
}};
controls {{ }};
{zone}
"#
    );
    std::fs::write(&config, text).unwrap();
    let log = folder.join("log");
    let child = Program::start(named, &["-g", "-n", "1", "-c", config.to_str().unwrap()], &log);
    (child, log)
}

#[test]
fn bind_takes_the_zone_over_tls() {
    let (Some(named), Some(_), Some(right), Some(other)) =
        (program("named"), program("dig"), Authority::new(), Authority::new())
    else {
        return;
    };
    let (port, wrong) = (free_port(), free_port());
    let world = World::over_tls(vec![consumer("bind", true, Some(port))], right.tls.clone());
    // Nothing is left to take it from but TLS.
    let (_mistaken, mistaken) = bind(&world, &named, wrong, &other);
    let (_child, log) = bind(&world, &named, port, &right);
    wait_for("the first transfer", &log, || status(port, "evil.example") == "NXDOMAIN");
    world.put("new.example");
    wait_for("an addition", &log, || status(port, "www.new.example") == "NXDOMAIN");
    assert_eq!(status(port, "notevil.example"), "passed");
    let differences = &world.running.as_ref().unwrap().counters().differences;
    assert!(differences.load(std::sync::atomic::Ordering::Relaxed) >= 1);
    // With another authority there is no transfer, and the log says so.
    let said = || std::fs::read_to_string(&mistaken).unwrap();
    wait_for("a failure", &mistaken, || {
        said().contains("failed to connect: TLS peer certificate verification failed")
    });
    assert!(!said().contains("transferred serial"), "{}", said());
}
