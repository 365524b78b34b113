//! Killed at any moment, the program has lost nothing that it acknowledged and has nothing twice.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::process::Stdio;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Client, Data, Indicator, Numbers, Server, bundle_of, envelope, indicator};

/// How often the program is killed in all; half of it in imports, half as a server.
const KILLS: u64 = 100;
/// Servers that are killed on one folder.
const ON_ONE_FOLDER: u64 = 10;
/// Indicators of one import: more than two transactions hold.
const BUNDLE: u64 = 20_500;

fn kills() -> u64 {
    std::env::var("REMPART_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// The seed of a run; another one can be set to look for more.
fn seed() -> u64 {
    std::env::var("REMPART_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124)
}

/// Everything in the store, by id; fails where an id is there twice in one version.
fn stored(data: &Data, when: &str) -> HashMap<String, Value> {
    let mut found = HashMap::new();
    for object in data.objects() {
        let id = object["id"].as_str().unwrap().to_owned();
        assert!(found.insert(id.clone(), object).is_none(), "{when}: {id} is there twice");
    }
    found
}

fn check_ledger(data: &Data, when: &str) {
    let found = data.run(&["ledger", "verify", "--json"]);
    assert_eq!(found.code, Some(0), "{when}: the ledger does not hold: {found}");
    assert_eq!(found.json()["holds"], true, "{when}");
}

fn check_there(stored: &HashMap<String, Value>, acknowledged: &[Indicator], when: &str) {
    for indicator in acknowledged {
        let sent: Value = serde_json::from_str(&indicator.json).unwrap();
        assert_eq!(stored.get(&indicator.id), Some(&sent), "{when}: {} is lost or changed", indicator.id);
    }
}

fn check_known(data: &Data, acknowledged: &[Indicator], when: &str) {
    let values: Vec<&str> = acknowledged.iter().map(|indicator| indicator.value.as_str()).collect();
    let found = data.pipe(&["search", "--json", "-"], values.join("\n").as_bytes()).lines();
    assert_eq!(found.len(), values.len(), "{when}");
    for answer in found {
        assert_eq!(answer["known"], true, "{when}: {answer}");
    }
}

#[test]
fn a_killed_import_loses_nothing_and_can_be_repeated() {
    let (seed, kills) = (seed(), kills() / 2);
    // How long an import takes here and now says when to kill.
    let trial = Data::new();
    let indicators: Vec<Indicator> = (0..BUNDLE).map(|index| indicator(seed, index)).collect();
    let whole = {
        let file = trial.file("bundle.json", bundle_of(&indicators));
        trial.ok(&["import", "--json", file.to_str().unwrap()]).took
    };
    let (left, partly, imports) = (AtomicU64::new(kills), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while left.load(Relaxed) > 0 {
                    let seed = seed ^ (imports.fetch_add(1, Relaxed) + 1) << 20;
                    partly.fetch_add(import_killed(seed, whole, &left), Relaxed);
                }
            });
        }
    });
    let (partly, imports) = (partly.load(Relaxed), imports.load(Relaxed));
    println!(
        "{kills} kills in {imports} imports, {partly} of them when a part was stored; one takes {whole:?}"
    );
    assert!(partly > 0 || kills < 20, "no kill came while objects were stored");
}

/// Takes one of what is left, if there is one.
fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Repeats an import that is killed at random moments until it is acknowledged. Returns how many kills
/// found it with a part stored that was not there before.
fn import_killed(seed: u64, whole: Duration, left: &AtomicU64) -> u64 {
    let mut numbers = Numbers::new(seed);
    let data = Data::new();
    let indicators: Vec<Indicator> = (0..BUNDLE).map(|index| indicator(seed, index)).collect();
    let file = data.file("bundle.json", bundle_of(&indicators));
    // Every other folder holds something that was acknowledged before; the others are made under way.
    let mut settled: Vec<Indicator> = Vec::new();
    if numbers.below(2) == 0 {
        settled.extend((0..50).map(|index| indicator(seed + 1, index)));
        let file = data.file("settled.json", bundle_of(&settled));
        assert_eq!(data.import(&file)["objects"], 50);
    }
    let mut stored_before = settled.len();
    let mut partly = 0;
    while take(left) {
        let delay = Duration::from_millis(numbers.below(whole.as_millis() as u64 * 11 / 10));
        let when = format!("seed {seed}, {stored_before} stored, killed after {delay:?}");
        let mut command = data.command(&["import", "--json", file.to_str().unwrap()]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(delay);
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let acknowledged = said.ends_with('\n');
        if ended {
            assert!(acknowledged, "{when}: it failed of itself");
            // That one was not killed.
            left.fetch_add(1, Relaxed);
        }

        check_ledger(&data, &when);
        let found = stored(&data, &when);
        check_there(&found, &settled, &when);
        assert!(found.len() >= stored_before, "{when}: {} are left", found.len());
        assert!(found.len() <= settled.len() + indicators.len(), "{when}: {}", found.len());
        partly += u64::from(!acknowledged && found.len() > stored_before);
        stored_before = found.len();
        if acknowledged {
            check_there(&found, &indicators, &when);
            break;
        }
    }

    let when = format!("seed {seed}, at the end");
    let missing = indicators.len() + settled.len() - stored_before;
    let account = data.import(&file);
    assert_eq!(account["objects"], missing, "{when}: {account}");
    assert_eq!(account["records"], BUNDLE, "{when}: {account}");
    assert_eq!(account["rejected"], 0, "{when}: {account}");
    let account = data.import(&file);
    for nothing in ["objects", "claims", "observables", "rejected"] {
        assert_eq!(account[nothing], 0, "{when}: {nothing} of {account}");
    }
    assert_eq!(account["duplicates"], BUNDLE, "{when}: {account}");
    let after = stored(&data, &when);
    check_there(&after, &indicators, &when);
    check_there(&after, &settled, &when);
    assert_eq!(after.len(), indicators.len() + settled.len(), "{when}");
    check_known(&data, &indicators, &when);
    check_ledger(&data, &when);
    partly
}

#[test]
fn a_killed_server_keeps_what_it_answered_for() {
    let (seed, kills) = (seed(), kills() - kills() / 2);
    let (left, posts) = (AtomicU64::new(kills), AtomicU64::new(0));
    let folder = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while left.load(Relaxed) > 0 {
                    let seed = seed ^ (folder.fetch_add(1, Relaxed) + 1) << 40;
                    posts.fetch_add(server_killed(seed, &left) as u64, Relaxed);
                }
            });
        }
    });
    let posts = posts.load(Relaxed);
    println!("{kills} servers killed, after {posts} posts that were acknowledged");
    assert!(posts >= kills, "too few posts were acknowledged to say anything: {posts}");
}

/// What one client has done.
#[derive(Default)]
struct Posted {
    /// Answered with 202: the objects, and where the status is.
    acknowledged: Vec<(Vec<Indicator>, String)>,
    /// Sent, and never answered.
    open: Option<Vec<Indicator>>,
}

/// Posts until the server is gone.
fn post_until_gone(mut client: Client, key: &str, path: &str, series: u64, when: &str) -> Posted {
    let mut numbers = Numbers::new(series);
    let mut posted = Posted::default();
    let mut index = 0;
    loop {
        let count = 1 + numbers.below(40);
        let sent: Vec<Indicator> = (index..index + count).map(|index| indicator(series, index)).collect();
        index += count;
        match client.post(path, key, &envelope(&sent)) {
            Ok(answer) => {
                assert_eq!(answer.status, 202, "{when}: {}", String::from_utf8_lossy(&answer.body));
                let status = answer.json();
                assert_eq!(status["success_count"], sent.len(), "{when}: {status}");
                let id = status["id"].as_str().unwrap().to_owned();
                posted.acknowledged.push((sent, format!("/api/status/{id}/")));
            }
            Err(_) => {
                posted.open = Some(sent);
                return posted;
            }
        }
    }
}

/// Kills servers on one folder; returns how many posts were acknowledged.
fn server_killed(seed: u64, left: &AtomicU64) -> usize {
    let mut numbers = Numbers::new(seed);
    let data = Data::new();
    // Half of what is posted concerns one member or the other.
    let keys = [data.member("CERT-FR", "FR", "fr"), data.member("CERT-PL", "PL", "pl")];
    let mut all: Vec<Indicator> = Vec::new();
    let mut open: Vec<(usize, Vec<Indicator>)> = Vec::new();
    let mut statuses: Vec<(usize, String)> = Vec::new();
    let mut posts = 0;
    for round in 0..ON_ONE_FOLDER {
        if !take(left) {
            break;
        }
        let delay = Duration::from_millis(numbers.below(900));
        let when = format!("seed {seed}, round {round}, killed after {delay:?}");
        let server = Server::start(&data);
        let address = server.address;
        let paths = keys.each_ref().map(|key| Client::new(address).collection(key, "contribute"));
        check_again(&mut Client::new(address), &keys, &paths, &statuses, &mut open, &mut all, &when);

        let done: Vec<Posted> = std::thread::scope(|scope| {
            let series = |client: usize| seed + round * 2 + client as u64;
            let clients: Vec<_> = (0..2)
                .map(|client| {
                    let (key, path, when) = (&keys[client], &paths[client], &when);
                    scope
                        .spawn(move || post_until_gone(Client::new(address), key, path, series(client), when))
                })
                .collect();
            std::thread::sleep(delay);
            server.kill();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        statuses.clear();
        for (client, posted) in done.into_iter().enumerate() {
            posts += posted.acknowledged.len();
            for (objects, status) in posted.acknowledged {
                all.extend(objects);
                statuses.push((client, status));
            }
            open.extend(posted.open.map(|objects| (client, objects)));
        }

        check_ledger(&data, &when);
        let found = stored(&data, &when);
        check_there(&found, &all, &when);
        check_known(&data, &all, &when);
        let uncertain: usize = open.iter().map(|(_, objects)| objects.len()).sum();
        assert!(found.len() <= all.len() + uncertain, "{when}: {} objects came from nowhere", found.len());
    }

    let when = format!("seed {seed}, at the end");
    let server = Server::start(&data);
    let mut client = Client::new(server.address);
    let paths = keys.each_ref().map(|key| client.collection(key, "contribute"));
    check_again(&mut client, &keys, &paths, &statuses, &mut open, &mut all, &when);
    let ids: HashSet<&str> = all.iter().map(|indicator| indicator.id.as_str()).collect();
    for (key, zone) in keys.iter().zip([".fr", ".pl"]) {
        let path = client.collection(key, "all");
        check_page(&client.walk(key, &path), &ids, &when);
        let path = client.collection(key, "concerns");
        let concerning = all.iter().filter(|indicator| indicator.value.ends_with(zone));
        let concerning: HashSet<&str> = concerning.map(|indicator| indicator.id.as_str()).collect();
        check_page(&client.walk(key, &path), &concerning, &when);
    }
    assert_eq!(server.stop(), Some(0), "{when}");
    check_ledger(&data, &when);
    posts
}

/// After a restart: statuses are there, and what was not answered can be posted again.
fn check_again(
    client: &mut Client,
    keys: &[String; 2],
    paths: &[String; 2],
    statuses: &[(usize, String)],
    open: &mut Vec<(usize, Vec<Indicator>)>,
    all: &mut Vec<Indicator>,
    when: &str,
) {
    for (owner, path) in statuses {
        let answer = client.get(path, &keys[*owner]).unwrap();
        assert_eq!(answer.status, 200, "{when}: an acknowledged status is gone");
    }
    for (owner, objects) in open.drain(..) {
        let answer = client.post(&paths[owner], &keys[owner], &envelope(&objects)).unwrap();
        assert_eq!(answer.status, 202, "{when}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json()["success_count"], objects.len(), "{when}: {}", answer.json());
        all.extend(objects);
    }
}

fn check_page(ids: &[String], expected: &HashSet<&str>, when: &str) {
    let distinct: HashSet<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), ids.len(), "{when}: something is in a collection twice");
    let lost: Vec<_> = expected.difference(&distinct).take(3).collect();
    let more: Vec<_> = distinct.difference(expected).take(3).collect();
    assert!(lost.is_empty() && more.is_empty(), "{when}: missing {lost:?}, too much {more:?}");
}
