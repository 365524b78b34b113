//! Unbound: a resolver that takes the zone itself, known by its address.

use crate::world::{Program, World, consumer, dig, free_port, program, snippet, status, upstream, wait_for};

#[test]
fn unbound_answers_as_the_zone_says() {
    let (Some(unbound), Some(_)) = (program("unbound"), program("dig")) else { return };
    let port = free_port();
    let world = World::new(vec![consumer("unbound", false, Some(port))]);
    let (folder, above) = (world.folder.path().display(), upstream());
    let policy = snippet("unbound", &world, "");
    let config = world.file(
        "unbound.conf",
        &format!(
            "server:\n  interface: 127.0.0.1\n  port: {port}\n  do-daemonize: no\n  use-syslog: no\n  logfile: \"\"\n\
             \x20 chroot: \"\"\n  username: \"\"\n  directory: \"{folder}\"\n  pidfile: \"\"\n  do-ip6: no\n\
             \x20 module-config: \"respip validator iterator\"\n  access-control: 127.0.0.0/8 allow\n\
             \x20 do-not-query-localhost: no\n\
             remote-control:\n  control-enable: no\n\
             {policy}\
             forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{above}\n"
        ),
    );
    let log = world.folder.path().join("unbound.log");
    let _child = Program::start(&unbound, &["-d", "-c", config.to_str().unwrap()], &log);
    wait_for("the first transfer", &log, || status(port, "evil.example") == "NXDOMAIN");
    for (asked, expected) in
        [("www.evil.example", "NXDOMAIN"), ("empty.example", "NOERROR"), ("good.evil.example", "passed")]
    {
        assert_eq!(status(port, asked), expected, "{asked}");
    }
    let garden = dig(port, &["garden.example", "A"]);
    assert!(garden.contains("b-1.block.test."), "{garden}");
    world.put("new.example");
    let added = wait_for("an addition", &log, || status(port, "www.new.example") == "NXDOMAIN");
    world.remove("evil.example");
    let removed = wait_for("a removal", &log, || status(port, "evil.example") == "passed");
    println!("unbound: added in {added:?}, removed in {removed:?}");
    std::fs::write(world.stop_file(), "").unwrap();
    wait_for("a stop", &log, || status(port, "new.example") == "passed");
}
