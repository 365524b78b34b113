//! BIND: secondary and resolver in one, with a key.

use std::path::PathBuf;

use crate::world::{Program, World, consumer, dig, free_port, program, snippet, status, upstream, wait_for};

fn start(world: &World, named: &std::path::Path, port: u16) -> (Program, PathBuf) {
    let folder = world.folder.path().display();
    let above = upstream();
    let [policy, zone] = ["bind-options", "bind"].map(|name| snippet(name, world, "bind.test"));
    let config = world.file(
        "named.conf",
        &format!(
            r#"options {{
    directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key"; lock-file none;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; notify no;
    forward only; forwarders {{ 127.0.0.1 port {above}; }};
    {policy}
}};
controls {{ }};
{zone}
"#
        ),
    );
    let log = world.folder.path().join("named.log");
    let child = Program::start(named, &["-g", "-n", "1", "-c", config.to_str().unwrap()], &log);
    (child, log)
}

#[test]
fn bind_answers_as_the_zone_says() {
    let (Some(named), Some(_)) = (program("named"), program("dig")) else { return };
    let port = free_port();
    let world = World::new(vec![consumer("bind", true, Some(port))]);
    let (child, log) = start(&world, &named, port);
    wait_for("the first transfer", &log, || status(port, "evil.example") == "NXDOMAIN");
    for (asked, expected) in [
        ("evil.example", "NXDOMAIN"),
        ("www.evil.example", "NXDOMAIN"),
        ("empty.example", "NOERROR"),
        ("good.evil.example", "passed"),
        ("notevil.example", "passed"),
    ] {
        assert_eq!(status(port, asked), expected, "{asked}");
    }
    let garden = dig(port, &["garden.example", "A"]);
    assert!(garden.contains("b-1.block.test."), "{garden}");
    // A change is told at once, and taken as a difference.
    world.put("new.example");
    let added = wait_for("an addition", &log, || status(port, "www.new.example") == "NXDOMAIN");
    world.remove("evil.example");
    let removed = wait_for("a removal", &log, || status(port, "evil.example") == "passed");
    println!("named: added in {added:?}, removed in {removed:?}");
    let counters = world.running.as_ref().unwrap().counters();
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert!(of(&counters.differences) >= 2, "{counters:?}");
    assert_eq!(of(&counters.whole), 1, "{counters:?}");
    assert!(of(&counters.heard) >= 2, "{counters:?}");
    // The kill switch, and back.
    std::fs::write(world.stop_file(), "").unwrap();
    wait_for("a stop", &log, || status(port, "new.example") == "passed");
    std::fs::remove_file(world.stop_file()).unwrap();
    wait_for("the end of a stop", &log, || status(port, "new.example") == "NXDOMAIN");
    // What it has is there after a restart.
    drop(child);
    let (_child, log) = start(&world, &named, port);
    wait_for("a restart", &log, || status(port, "new.example") == "NXDOMAIN");
    assert_eq!(status(port, "evil.example"), "passed");
}
