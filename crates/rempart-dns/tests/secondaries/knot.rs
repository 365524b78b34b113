//! Knot DNS: a secondary, with a key, that learns of the zone from the catalog as well.

use crate::world::{ORIGIN, Program, World, consumer, dig, free_port, program, snippet, wait_for};

#[test]
fn knot_takes_zone_and_catalog() {
    let (Some(knotd), Some(_)) = (program("knotd"), program("dig")) else { return };
    let port = free_port();
    let world = World::new(vec![consumer("knot", true, Some(port))]);
    let folder = world.folder.path().display();
    // Where zones are kept: here, and not where Debian keeps them.
    let own = snippet("knot", &world, "knot.test").replace(
        "    semantic-checks: off\n",
        &format!("    storage: \"{folder}\"\n    semantic-checks: off\n"),
    );
    let config = world.file(
        "knot.conf",
        &format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{folder}\"\ndatabase:\n  storage: \"{folder}/db\"\n\
             log:\n  - target: stderr\n    any: info\n{own}"
        ),
    );
    std::fs::create_dir(world.folder.path().join("db")).unwrap();
    let log = world.folder.path().join("knotd.log");
    let _child = Program::start(&knotd, &["-c", config.to_str().unwrap()], &log);
    let owner = |name: &str| format!("{name}.{ORIGIN}");
    let has = |name: &str| dig(port, &["+short", "+norecurse", &owner(name), "CNAME"]).trim().to_owned();
    wait_for("the catalog and the first transfer", &log, || has("evil.example") == ".");
    assert_eq!(has("www.evil.example"), ".");
    assert_eq!(has("empty.example"), "*.");
    assert_eq!(has("garden.example"), "b-1.block.test.");
    assert_eq!(has("good.evil.example"), "rpz-passthru.");
    world.put("new.example");
    wait_for("an addition", &log, || has("new.example") == ".");
    world.remove("evil.example");
    wait_for("a removal", &log, || has("evil.example").is_empty());
    std::fs::write(world.stop_file(), "").unwrap();
    wait_for("a stop", &log, || has("new.example").is_empty());
    std::fs::remove_file(world.stop_file()).unwrap();
    wait_for("the end of a stop", &log, || has("new.example") == ".");
}
