//! What a zone promises: durable when acknowledged, serials that only grow, and transfers that lead to what is served.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_800_000_000;
/// Tells the process that a test starts where its zone is.
const CHILD: &str = "REMPART_DNS_TEST_ZONE";

type Map = BTreeMap<String, Action>;

fn settings() -> ZoneSettings {
    ZoneSettings::new(Name::parse("rpz.example").unwrap())
}

fn open(folder: &Path, now: u64) -> Zone {
    Zone::open(folder, settings(), now).unwrap()
}

fn map(zone: &Zone) -> Map {
    let mut map = Map::new();
    zone.each(|name, action| assert_eq!(map.insert(name.to_owned(), action), None));
    map
}

fn entries(content: &Content) -> BTreeMap<Vec<u8>, Vec<u8>> {
    content.entries().map(|(owner, action)| (owner.to_vec(), action.to_vec())).collect()
}

#[test]
fn what_was_applied_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let zone = open(folder.path(), NOW);
    let garden = Action::Garden(Name::parse("b1.block.example").unwrap());
    let changes = [
        Change::put("evil.example", Action::NxDomain),
        Change::put("bad.example", Action::NoData),
        Change::put("bad.example", garden.clone()),
        Change::put("com", Action::Drop),
    ];
    let outcome = zone.apply(&changes, NOW).unwrap();
    assert_eq!((outcome.added, outcome.unchanged, outcome.refused.len()), (2, 1, 1));
    let serial = zone.serial();
    assert_eq!(zone.apply(&changes, NOW + 9).unwrap().serial, serial, "nothing changed");
    assert!(matches!(Zone::open(folder.path(), settings(), NOW), Err(ZoneError::InUse { .. })));
    let before = map(&zone);
    drop(zone);
    let zone = open(folder.path(), NOW + 10);
    assert_eq!((zone.serial(), map(&zone)), (serial, before));
    assert_eq!(zone.get("bad.example"), Some(garden));
}

#[test]
fn a_zone_is_emptied_and_taken_back_under_newer_serials() {
    let folder = tempfile::tempdir().unwrap();
    let zone = open(folder.path(), NOW);
    let good = zone.apply(&[Change::put("evil.example", Action::NxDomain)], NOW).unwrap().serial;
    let before = map(&zone);
    let empty = zone.empty(NOW).unwrap();
    assert!(empty.is_newer_than(good) && zone.names() == 0);
    let back = zone.roll_back_to(good, NOW).unwrap();
    assert!(back.is_newer_than(empty));
    assert_eq!(map(&zone), before);
    assert!(matches!(zone.roll_back_to(Serial(5), NOW), Err(ZoneError::UnknownSerial(_))));
}

#[test]
fn a_stop_file_empties_what_is_served_and_its_removal_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let zone = open(folder.path(), NOW);
    let before = zone.apply(&[Change::put("evil.example", Action::NxDomain)], NOW).unwrap().serial;
    std::fs::write(folder.path().join("STOP"), "").unwrap();
    zone.maintain(NOW).unwrap();
    let Some(Transfer::Whole { serial: stopped, content }) = zone.transfer(0, Some(before)).unwrap() else {
        panic!("not sent whole");
    };
    assert!(stopped.is_newer_than(before) && content.names() == 0);
    drop(zone);
    let zone = open(folder.path(), NOW);
    assert!(zone.is_stopped());
    std::fs::remove_file(folder.path().join("STOP")).unwrap();
    zone.maintain(NOW).unwrap();
    let Some(Transfer::Whole { serial, content }) = zone.transfer(0, Some(stopped)).unwrap() else {
        panic!("not sent whole");
    };
    assert!(serial.is_newer_than(stopped) && content.names() == 1);
}

#[test]
fn a_held_stage_stays_held_when_the_zone_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let zone = open(folder.path(), NOW);
    let held = zone.apply(&[Change::put("evil.example", Action::NxDomain)], NOW).unwrap().serial;
    zone.hold(1, Some(held)).unwrap();
    zone.hold(2, Some(held)).unwrap();
    zone.hold(2, None).unwrap();
    let newest = zone.apply(&[Change::put("new.example", Action::NxDomain)], NOW + 5).unwrap().serial;
    drop(zone);
    let zone = open(folder.path(), NOW + 10);
    assert_eq!(zone.holds(), [(1, held)]);
    assert_eq!((zone.served(1), zone.served(2)), (Some(held), Some(newest)));
    let Some(Transfer::Whole { content, .. }) = zone.transfer(1, None).unwrap() else {
        panic!("not sent whole");
    };
    assert_eq!(content.names(), 1);
    // With other settings no earlier serial can be served any more: the stage gets nothing rather than the newest.
    drop(zone);
    let zone = Zone::open(folder.path(), ZoneSettings { ttl: 30, ..settings() }, NOW + 20).unwrap();
    assert_eq!(zone.served(1), None);
    assert!(zone.transfer(1, None).unwrap().is_none());
    zone.hold(1, None).unwrap();
    assert_eq!(zone.served(1), Some(zone.serial()));
}

#[test]
fn a_torn_tail_is_cut_off_and_a_damaged_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.00000001");
    let zone = open(folder.path(), NOW);
    zone.apply(&[Change::put("evil.example", Action::NxDomain)], NOW).unwrap();
    let (before, length) = (map(&zone), std::fs::metadata(&journal).unwrap().len());
    zone.apply(&[Change::put("other.example", Action::NxDomain)], NOW).unwrap();
    drop(zone);
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 3]).unwrap();
    assert_eq!(map(&open(folder.path(), NOW)), before);
    assert_eq!(std::fs::metadata(&journal).unwrap().len(), length);
    let mut bad = bytes;
    bad[60] ^= 1;
    std::fs::write(&journal, bad).unwrap();
    let error = Zone::open(folder.path(), settings(), NOW).unwrap_err();
    assert!(matches!(&error, ZoneError::Damaged { file, .. } if *file == journal), "{error}");
}

/// Not a test by itself: the process that the next test kills.
#[test]
fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let zone = open(Path::new(&folder), NOW);
    for number in 0u32.. {
        zone.apply(&[Change::put(format!("n{number}.example"), Action::NxDomain)], NOW).unwrap();
        println!("\nacknowledged {number}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "zone::tests::child_that_is_killed", "--nocapture"])
        .env(CHILD, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = None;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while last < Some(40) {
        let Some(Ok(line)) = lines.next() else { break };
        last = line.strip_prefix("acknowledged ").and_then(|n| n.parse::<u32>().ok()).or(last);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said before it was killed counts, too.
    for line in lines.map_while(Result::ok) {
        last = line.strip_prefix("acknowledged ").and_then(|n| n.parse::<u32>().ok()).or(last);
    }
    let last = last.unwrap();
    assert!(last >= 40, "{last}");
    let zone = open(folder.path(), NOW);
    for number in 0..=last {
        assert_eq!(zone.get(&format!("n{number}.example")), Some(Action::NxDomain), "{number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn transfers_lead_from_each_serial_to_what_is_served(
        rounds in prop::collection::vec(prop::collection::vec((0u8..40, any::<Option<bool>>()), 0..12), 1..12),
        held in 0usize..12,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let zone = open(folder.path(), NOW);
        let mut model = Map::new();
        let mut versions = vec![(zone.serial(), BTreeMap::new())];
        for round in &rounds {
            let changes: Vec<Change> = round.iter().map(|(number, action)| {
                let name = format!("n{number}.example");
                let action = action.map(|nx| if nx { Action::NxDomain } else { Action::PassThru });
                match &action {
                    Some(action) => model.insert(name.clone(), action.clone()),
                    None => model.remove(&name),
                };
                Change { name: name.into(), action }
            }).collect();
            let serial = zone.apply(&changes, NOW).unwrap().serial;
            prop_assert_eq!(&map(&zone), &model);
            let now = entries(&zone.state().content);
            if versions.last().is_none_or(|(last, _)| *last != serial) {
                versions.push((serial, now));
            }
        }
        let hold = versions[held.min(versions.len() - 1)].0;
        zone.hold(1, Some(hold)).unwrap();
        for stage in [0, 1] {
            let served = zone.served(stage).unwrap();
            let (_, expected) = versions.iter().find(|(serial, _)| *serial == served).unwrap();
            let Some(Transfer::Whole { content, .. }) = zone.transfer(stage, None).unwrap() else {
                panic!("not sent whole");
            };
            prop_assert_eq!(&entries(&content), expected);
            for (from, old) in &versions {
                match zone.transfer(stage, Some(*from)).unwrap().unwrap() {
                    Transfer::Newest { serial } => prop_assert!(!serial.is_newer_than(*from)),
                    Transfer::Whole { content, .. } => prop_assert_eq!(&entries(&content), expected),
                    Transfer::Difference { from: base, serial, difference } => {
                        prop_assert_eq!(base, *from);
                        prop_assert_eq!(serial, served);
                        let mut now = old.clone();
                        for (owner, before, after) in difference.condensed() {
                            let was = match after {
                                Some(after) => now.insert(owner.to_vec(), after.to_vec()),
                                None => now.remove(owner),
                            };
                            prop_assert_eq!(was.as_deref(), before);
                        }
                        prop_assert_eq!(&now, expected);
                    }
                }
            }
        }
    }
}
