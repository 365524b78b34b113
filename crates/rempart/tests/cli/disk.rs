//! A disk that is full: what was acknowledged stays, what comes is refused, and later all goes on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Client, Data, Server, bundle_of, envelope, indicator, is_root};

/// A small file system in the place of the data folder; unmounted at the end.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mounted = is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=20m,mode=0700", "tmpfs"])
                .arg(at)
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            println!("skipped: a small disk cannot be mounted here (it needs root)");
            return None;
        }
        Some(Self(at.to_path_buf()))
    }

    fn grow(&self) {
        let status = Command::new("mount").args(["-o", "remount,size=300m"]).arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn an_import_that_fills_the_disk_fails_and_harms_nothing() {
    let data = Data::new();
    let Some(disk) = Small::mount(&data.path()) else { return };
    let few: Vec<_> = (0..100).map(|index| indicator(71, index)).collect();
    let many: Vec<_> = (0..60_000).map(|index| indicator(72, index)).collect();
    let (small, large) =
        (data.file("small.json", bundle_of(&few)), data.file("large.json", bundle_of(&many)));
    assert_eq!(data.import(&small)["objects"], 100);

    let ran = data.run(&["import", "--json", large.to_str().unwrap()]);
    assert_eq!(ran.code, Some(5), "{ran}");
    assert!(ran.stderr.contains("the disk is full"), "{ran}");
    assert_eq!(ran.text(), "", "nothing is acknowledged");

    // It opens, holds, and still answers, while the disk is as full as before.
    let found = data.ok(&["ledger", "verify", "--json"]).json();
    assert_eq!(found["holds"], true, "{found}");
    let values: Vec<&str> = few.iter().map(|indicator| indicator.value.as_str()).collect();
    let known = data.pipe(&["search", "--json", "-"], values.join("\n").as_bytes()).lines();
    assert!(known.len() == 100 && known.iter().all(|answer| answer["known"] == true));
    let there = data.objects();
    let stored = |id: &str| there.iter().filter(|object| object["id"] == id).count();
    assert!(few.iter().all(|indicator| stored(&indicator.id) == 1));

    disk.grow();
    let account = data.import(&large);
    let before = there.len() - few.len();
    assert_eq!(account["objects"], many.len() - before, "{account}");
    assert_eq!(account["duplicates"], before, "{account}");
    assert_eq!(data.ok(&["ledger", "verify", "--json"]).json()["holds"], true);
    assert_eq!(data.objects().len(), few.len() + many.len());
}

#[test]
fn a_server_on_a_full_disk_refuses_and_recovers() {
    let data = Data::new();
    let Some(disk) = Small::mount(&data.path()) else { return };
    let key = data.member("CERT-FR", "FR", "fr");
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let path = client.collection(&key, "contribute");
    let mut acknowledged = Vec::new();
    let mut refused = None;
    for post in 0..200u64 {
        let sent: Vec<_> = (post * 1000..post * 1000 + 1000).map(|index| indicator(73, index)).collect();
        let answer = client.post(&path, &key, &envelope(&sent)).unwrap();
        match answer.status {
            202 => acknowledged.extend(sent),
            status => {
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                assert_eq!(status, 503, "{said}");
                assert!(answer.head.to_ascii_lowercase().contains("retry-after"), "{}", answer.head);
                refused = Some(sent);
                break;
            }
        }
    }
    let refused = refused.expect("20 MB hold more than they can");
    assert!(!acknowledged.is_empty());
    // Reading goes on.
    let all = client.collection(&key, "all");
    let seen = client.walk(&key, &all).len();
    assert!(seen == acknowledged.len() || seen == acknowledged.len() + refused.len(), "{seen}");
    disk.grow();
    let answer = client.post(&path, &key, &envelope(&refused)).unwrap();
    assert_eq!(answer.status, 202, "without a restart: {}", String::from_utf8_lossy(&answer.body));
    assert_eq!(client.walk(&key, &all).len(), acknowledged.len() + refused.len());
    assert_eq!(server.stop(), Some(0));
    assert_eq!(data.ok(&["ledger", "verify", "--json"]).json()["holds"], true);
}
