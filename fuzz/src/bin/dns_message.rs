//! Questions of secondaries and of strangers: whatever comes, an answer under its id or none; a stranger learns
//! nothing of a zone.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use rempart_dns::{
    Action, Algorithm, Change, Clock, Consumer, Key, Name, Network, ServerSettings, Zone, ZoneSettings,
};

const NOW: u64 = 1_790_000_000;

struct World {
    zones: Vec<Arc<Zone>>,
    settings: ServerSettings,
    clock: Clock,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |text: &str| Name::parse(text).expect("a name");
    let zone = Zone::open(folder.path(), ZoneSettings::new(name("rpz.test")), NOW).expect("a zone");
    let changes =
        [Change::put("evil.example", Action::NxDomain), Change::put("worse.example", Action::NoData)];
    zone.apply(&changes, NOW).expect("changes");
    let consumer = |key: Option<Key>, networks: Vec<Network>| Consumer {
        name: "fuzzing".into(),
        stage: 0,
        networks,
        key,
        notify: Vec::new(),
    };
    let key = Key::new(name("key.test"), Algorithm::Sha256, &[7; 32]).expect("a key");
    let here = Network::new(Ipv4Addr::LOCALHOST.into(), 32).expect("a network");
    let consumers = vec![consumer(Some(key), Vec::new()), consumer(None, vec![here])];
    let settings = ServerSettings { consumers, catalog: None };
    World { zones: vec![Arc::new(zone)], settings, clock: Arc::new(|| NOW), _folder: folder }
});

fuzz_target!(|message: &[u8]| {
    let world = &*WORLD;
    let ask = |from: [u8; 4], stream: bool| {
        let from = IpAddr::from(from);
        rempart_dns::answers(&world.zones, &world.settings, &world.clock, message, from, stream)
    };
    for (from, known) in [([127, 0, 0, 1], true), ([192, 0, 2, 1], false)] {
        for stream in [true, false] {
            let answers = ask(from, stream);
            assert!(answers.len() <= 1 || stream, "a packet is answered with one");
            for answer in &answers {
                assert!((12..=65_535).contains(&answer.len()) && answer[2] & 0x80 != 0);
                assert_eq!(&answer[..2], &message[..2], "the answer has the id of the question");
                // Nobody guesses a signature.
                let signed = !known && answer[3] & 15 == 0;
                assert!(!signed, "a stranger is answered");
            }
        }
    }
});
