//! An instance with members, keys and objects, and a server in front of it.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use rempart_http::Settings;
use rempart_model::{Country, Member, MemberId, MemberKind, Timestamp, Tlp};
use rempart_service::clock::SystemClock;
use rempart_service::intake::ImportRequest;
use rempart_service::{App, Caller, KeyOwner, Scopes, Store, Tables};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::client::Client;

pub(crate) const BOTH: Scopes = Scopes(Scopes::READ.0 | Scopes::CONTRIBUTE.0);

/// Marking definitions of TLP 2.0.
pub(crate) const GREEN: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
pub(crate) const AMBER: &str = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
pub(crate) const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// A server that runs until it is dropped.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) admin: Caller,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
    // Dropped last: the server is in it.
    _folder: TempDir,
}

impl World {
    /// An empty instance, with the settings changed by `change`.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_embedded(folder.path()).unwrap();
        let app = Arc::new(App::new(store, Tables::empty().unwrap(), Arc::new(SystemClock)).unwrap());
        let admin = app.person_of_user(4711, "tester").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut settings = Settings { listen: address, ..Settings::default() };
        change(&mut settings);
        let (stop, stopped) = oneshot::channel::<()>();
        let served = app.clone();
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let shutdown = async {
                let _ = stopped.await;
            };
            runtime.block_on(rempart_http::serve(served, settings, listener, shutdown)).unwrap();
        });
        Self { app, admin, address, stop: Some(stop), server: Some(server), _folder: folder }
    }

    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            server.join().unwrap();
        }
    }

    pub(crate) fn member(&self, name: &str, country: &str, clearance: Tlp) -> MemberId {
        let member = Member {
            id: MemberId(0),
            name: name.into(),
            aliases: Vec::new(),
            country: Country::new(country).unwrap(),
            kind: MemberKind::NationalCsirt,
            clearance,
            constituency: Default::default(),
            since: Timestamp::from_micros(0),
        };
        self.app.add_member(&self.admin, member).unwrap()
    }

    pub(crate) fn key(&self, member: MemberId, scopes: Scopes) -> Client {
        let key = self.app.create_key(&self.admin, KeyOwner::Member(member), scopes, None).unwrap();
        Client::new(self.address, &key.secret)
    }

    /// Takes in STIX as an operator's source.
    pub(crate) fn import(&self, source: &str, bundle: &str) {
        let request = ImportRequest { source: Some(source.into()), ..Default::default() };
        let account = self.app.import(&self.admin, &request, Some(&mut bundle.as_bytes()), &|_| {}).unwrap();
        assert_eq!(account.rejected, 0, "{account:?}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A world with two members and what each may see.
pub(crate) struct Shared {
    pub(crate) world: World,
    /// Cleared for AMBER, with a key for everything.
    pub(crate) north: Client,
    /// The same member, with a key that only reads, and one that only writes.
    pub(crate) north_reads: Client,
    pub(crate) north_writes: Client,
    /// Cleared for GREEN.
    pub(crate) south: Client,
}

/// How many indicators of [`indicator`] there are in the shared world, all GREEN.
pub(crate) const INDICATORS: usize = 25;

/// The id of an indicator.
pub(crate) fn id(number: usize) -> String {
    format!("indicator--00000000-0000-4000-8000-{number:012}")
}

/// An indicator in one version, with blanks and an order of properties that no serializer chooses.
pub(crate) fn indicator(number: usize, modified: &str, marking: &str) -> String {
    format!(
        concat!(
            "{{\"type\":\"indicator\", \"id\":\"{}\",\"spec_version\":\"2.1\",\"x_odd\":1.0,",
            "\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"{}\", \"pattern\":",
            "\"[ipv4-addr:value = '198.51.100.{}']\",\"pattern_type\":\"stix\",",
            "\"valid_from\":\"2024-01-01T00:00:00Z\",\"indicator_types\":[\"malicious-activity\"],",
            "\"object_marking_refs\":[\"{}\"]}}"
        ),
        id(number),
        modified,
        number % 250,
        marking
    )
}

pub(crate) fn bundle(objects: &[String]) -> String {
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-00000000b0b0\",\"objects\":[{}]}}",
        objects.join(",")
    )
}

pub(crate) const THREE: [&str; 3] =
    ["2024-01-01T00:00:00.000Z", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.123Z"];
/// An indicator with the versions of [`THREE`].
pub(crate) const VERSIONED: usize = 900;
/// An indicator that is AMBER, and one that is RED.
pub(crate) const AMBER_ONE: usize = 901;
pub(crate) const RED_ONE: usize = 902;
pub(crate) const MALWARE: &str = "malware--00000000-0000-4000-8000-000000000001";
/// An observable object, which has neither `created` nor `modified`.
pub(crate) const ADDRESS: &str = "ipv4-addr--00000000-0000-4000-8000-000000000002";
/// An indicator that came as STIX 2.0.
pub(crate) const OLD: &str = "indicator--00000000-0000-4000-8000-0000000a0020";

pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let world = World::new();
        let north = world.member("North", "DE", Tlp::Amber);
        let south = world.member("South", "FR", Tlp::Green);
        let green: Vec<String> =
            (0..INDICATORS).map(|number| indicator(number, "2024-01-01T00:00:00.000Z", GREEN)).collect();
        world.import("feed", &bundle(&green));
        for version in THREE {
            world.import("feed", &bundle(&[indicator(VERSIONED, version, GREEN)]));
        }
        let others = [
            indicator(AMBER_ONE, "2024-01-01T00:00:00.000Z", AMBER),
            indicator(RED_ONE, "2024-01-01T00:00:00.000Z", RED),
            format!(
                "{{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"{MALWARE}\",\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\",\"name\":\"Oddity\",\"is_family\":true,\"object_marking_refs\":[\"{GREEN}\"]}}"
            ),
            format!(
                "{{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"id\":\"{ADDRESS}\",\"value\":\"198.51.100.1\",\"object_marking_refs\":[\"{GREEN}\"]}}"
            ),
        ];
        world.import("feed", &bundle(&others));
        world.import(
            "old feed",
            &format!(
                concat!(
                    "{{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-00000000b020\",\"spec_version\":\"2.0\",",
                    "\"objects\":[{{\"type\":\"indicator\",\"id\":\"{}\",\"created\":\"2017-01-01T00:00:00.000Z\",",
                    "\"modified\":\"2017-01-01T00:00:00.000Z\",\"labels\":[\"malicious-activity\"],",
                    "\"pattern\":\"[domain-name:value = 'old.example']\",\"valid_from\":\"2017-01-01T00:00:00Z\",",
                    "\"object_marking_refs\":[\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\"]}}]}}"
                ),
                OLD
            ),
        );
        Shared {
            north: world.key(north, BOTH),
            north_reads: world.key(north, Scopes::READ),
            north_writes: world.key(north, Scopes::CONTRIBUTE),
            south: world.key(south, BOTH),
            world,
        }
    })
}

/// The path of a collection of a caller, by its alias.
pub(crate) fn collection(client: &Client, alias: &str) -> String {
    let listed = client.get("/api/collections/").json();
    let all = listed["collections"].as_array().unwrap_or_else(|| panic!("{listed}"));
    let found = all.iter().find(|collection| collection["alias"] == alias);
    format!("/api/collections/{}/", found.unwrap_or_else(|| panic!("{listed}"))["id"].as_str().unwrap())
}
