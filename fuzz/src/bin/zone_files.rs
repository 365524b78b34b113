//! The files of a zone with some bytes changed or cut off: an error that names a file, or a zone that opens with
//! entries that were there; never a panic.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rempart_dns::{Action, Change, Name, Zone, ZoneError, ZoneSettings};

const NOW: u64 = 1_790_000_000;

fn settings() -> ZoneSettings {
    ZoneSettings::new(Name::parse("rpz.test").expect("a name"))
}

/// The files of a zone with a snapshot and a journal.
static FILES: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let zone = Zone::open(folder.path(), settings(), NOW).expect("a zone");
    for (time, name) in (NOW..).zip(["a.example", "b.example", "c.example", "d.example"]) {
        zone.apply(&[Change::put(name, Action::NxDomain)], time).expect("a change");
        if name == "b.example" {
            zone.write_snapshot().expect("a snapshot");
        }
    }
    drop(zone);
    let mut files = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder.path()).expect("below").to_owned();
                files.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    files.sort();
    files
});

fuzz_target!(|data: &[u8]| {
    let [which, rest @ ..] = data else { return };
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    for (index, (name, bytes)) in FILES.iter().enumerate() {
        let mut bytes = bytes.clone();
        if index == usize::from(*which) % FILES.len() {
            for change in rest.chunks_exact(3) {
                let at = usize::from(change[0]) << 8 | usize::from(change[1]);
                match change[2] {
                    0 => bytes.truncate(at % (bytes.len() + 1)),
                    value => {
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte ^= value;
                        }
                    }
                }
            }
        }
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    let opened: Result<Zone, ZoneError> = Zone::open(folder.path(), settings(), NOW + 100);
    if let Ok(zone) = opened {
        zone.each(|name, action| {
            assert!(["a", "b", "c", "d"].iter().any(|letter| *name == format!("{letter}.example")), "{name}");
            assert_eq!(action, Action::NxDomain);
        });
    }
});
