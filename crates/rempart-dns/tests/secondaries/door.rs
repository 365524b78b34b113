//! Who may have the zones, and what dig is sent.

use crate::world::{ORIGIN, SECRET_64, World, consumer, dig, name, now, program};
use rempart_dns::Consumer;

#[test]
fn a_transfer_holds_the_zone() {
    if program("dig").is_none() {
        return;
    }
    let world = World::new(vec![consumer("dig", false, None)]);
    let whole = dig(world.port, &[ORIGIN, "AXFR", "+noall", "+answer"]);
    let mut records: Vec<String> =
        whole.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(records.first() == records.last() && records[0].contains(" SOA "), "{whole}");
    records.retain(|line| !line.contains(" SOA "));
    records.sort();
    let below = |owner: &str, target: &str| format!("{owner}.{ORIGIN}. 60 IN CNAME {target}");
    let mut expected = vec![format!("{ORIGIN}. 60 IN NS localhost.")];
    for (owner, target) in [
        ("evil.example", "."),
        ("empty.example", "*."),
        ("garden.example", "b-1.block.test."),
        ("good.evil.example", "rpz-passthru."),
    ] {
        expected.push(below(owner, target));
        expected.push(below(&format!("*.{owner}"), target));
    }
    expected.sort();
    assert_eq!(records, expected);
    let before = world.zone.serial();
    world.put("new.example");
    world.remove("evil.example");
    let difference = dig(world.port, &[ORIGIN, &format!("IXFR={before}"), "+noall", "+answer"]);
    assert_eq!(difference.matches("SOA").count(), 4, "{difference}");
    assert!(difference.contains(&format!("*.new.example.{ORIGIN}.")), "{difference}");
    let newest = dig(world.port, &[ORIGIN, &format!("IXFR={}", world.zone.serial()), "+noall", "+answer"]);
    assert_eq!(newest.lines().count(), 1, "{newest}");
    let catalog = dig(world.port, &["catalog.test", "AXFR", "+noall", "+answer"]);
    let member = format!("PTR {ORIGIN}.");
    let words = catalog.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("TXT \"2\"") && words.contains(&member), "{catalog}");
}

#[test]
fn who_is_not_named_is_refused() {
    if program("dig").is_none() {
        return;
    }
    let world = World::new(vec![consumer("signed", true, None)]);
    let key = |algorithm: &str, name: &str, secret: &str| format!("{algorithm}:{name}:{secret}");
    let right = key("hmac-sha256", "signed.test", SECRET_64);
    let other = "YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk=";
    let said = dig(world.port, &["-y", &right, ORIGIN, "AXFR"]);
    assert!(said.contains("evil.example") && !said.contains("Couldn't verify"), "{said}");
    for (arguments, refused) in [
        (vec![], "REFUSED"),
        (vec!["-y".to_owned(), key("hmac-sha256", "signed.test", other)], "BADSIG"),
        (vec!["-y".to_owned(), key("hmac-sha256", "nobody.test", SECRET_64)], "BADKEY"),
        (vec!["-y".to_owned(), key("hmac-md5", "signed.test", SECRET_64)], "BADKEY"),
    ] {
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all.extend([ORIGIN, "SOA"]);
        let said = dig(world.port, &all);
        assert!(said.contains(refused), "{refused}: {said}");
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all.extend([ORIGIN, "AXFR"]);
        assert!(!dig(world.port, &all).contains("evil.example"), "{refused}");
    }
    // Nobody learns from the code whether there is a zone.
    for zone in [ORIGIN, "catalog.test", "nothing.test"] {
        assert!(dig(world.port, &[zone, "SOA"]).contains("REFUSED"), "{zone}");
    }
}

#[test]
fn a_later_stage_is_served_what_it_is_held_at() {
    if program("dig").is_none() {
        return;
    }
    let late = Consumer { stage: 1, ..consumer("late", true, None) };
    let world = World::new(vec![consumer("canary", false, None), late]);
    let held = world.zone.serial();
    world.zone.hold(1, Some(held)).unwrap();
    world.put("new.example");
    let key = format!("hmac-sha256:late.test:{SECRET_64}");
    let early = dig(world.port, &[ORIGIN, "AXFR"]);
    let late = dig(world.port, &["-y", &key, ORIGIN, "AXFR"]);
    assert!(early.contains("new.example") && !late.contains("new.example"), "{early}{late}");
    assert!(late.contains(&held.to_string()), "{late}");
    world.zone.hold(1, None).unwrap();
    assert!(dig(world.port, &["-y", &key, ORIGIN, "AXFR"]).contains("new.example"));
    // What is withdrawn reaches all at once.
    world.zone.hold(1, Some(world.zone.serial())).unwrap();
    world.zone.empty(now()).unwrap();
    assert!(!dig(world.port, &["-y", &key, ORIGIN, "AXFR"]).contains("evil.example"));
    assert!(world.zone.get("evil.example").is_none() && *world.zone.origin() == name(ORIGIN));
}
