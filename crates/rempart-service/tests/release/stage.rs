//! Plays a script on a real instance.

use std::path::Path;
use std::sync::Arc;

use rempart_formats::Format;
use rempart_model::member::Constituency;
use rempart_model::{Country, Member, MemberId, Observable, StixId, Timestamp, Tlp};
use rempart_service::clock::SetClock;
use rempart_service::intake::ImportRequest;
use rempart_service::share::{CollectionKind, ContributionStatus, ObjectFilter, VersionFilter};
use rempart_service::{App, Caller, Person, PersonId, Role, Scopes, ServiceError, Store, Tables};

use crate::body;
use crate::script::{Item, Script, Shape, Step};

/// A running instance with the members of a script.
pub(crate) struct Stage<'a> {
    script: &'a Script,
    pub(crate) app: App,
    store: Store,
    clock: Arc<SetClock>,
    /// The members' numbers, once they are there.
    pub(crate) numbers: Vec<Option<MemberId>>,
}

/// What came back from a step to the member that took it.
#[derive(Debug, Clone)]
pub(crate) enum Returned {
    Nothing,
    Status {
        member: usize,
        status: Box<ContributionStatus>,
    },
    Withdrawn {
        member: usize,
        answer: Result<usize, String>,
    },
    /// The process died in the middle of a change to this member and started again.
    Torn {
        member: usize,
    },
}

impl<'a> Stage<'a> {
    /// Opens a copy of an empty store.
    pub(crate) fn open(script: &'a Script, folder: &Path) -> Self {
        let store = Store::open_embedded(folder).unwrap();
        let clock = Arc::new(SetClock::new(Timestamp::parse("2026-03-01T00:00:00Z").unwrap()));
        let app = start(&store, &clock);
        let mut stage = Self { script, app, store, clock, numbers: vec![None; script.parties.len()] };
        for party in (0..script.parties.len()).filter(|party| !script.parties[*party].late) {
            stage.join(party);
        }
        for feed in &script.feeds {
            let mut source = stage.app.source(&feed.name);
            source.unmarked = feed.unmarked;
            source.recipients =
                feed.recipients.as_ref().map(|names| names.iter().map(|name| name.as_str().into()).collect());
            source.community = feed
                .community
                .as_ref()
                .map(|members| members.iter().filter_map(|member| stage.numbers[*member]).collect());
            stage.app.set_source(&operator(), source).unwrap();
        }
        stage
    }

    fn join(&mut self, index: usize) {
        let party = &self.script.parties[index];
        let member = Member {
            id: MemberId(0),
            name: party.name.as_str().into(),
            aliases: party.alias.iter().map(|alias| alias.as_str().into()).collect(),
            country: Country::new(party.country).unwrap(),
            kind: party.kind,
            clearance: party.clearance,
            constituency: Constituency {
                domains: party.domain.iter().map(|domain| domain.as_str().into()).collect(),
                ..Constituency::default()
            },
            since: self.app.now(),
        };
        self.numbers[index] = Some(self.app.add_member(&operator(), member).unwrap());
    }

    /// The member, as whoever holds one of its keys.
    pub(crate) fn caller(&self, index: usize) -> Caller {
        let member = self.app.member_named(&self.script.parties[index].name).unwrap();
        Caller::Member { member: Box::new(member), scopes: Scopes(3), key: 1 }
    }

    fn contributions(&self, caller: &Caller) -> rempart_service::share::Collection {
        let all = self.app.collections(caller);
        all.into_iter().find(|collection| collection.kind == CollectionKind::Contribute).unwrap()
    }

    /// Takes one step.
    pub(crate) fn play(&mut self, step: &Step) -> Returned {
        self.clock.advance(10);
        match step {
            Step::Import { feed, tlp, items } => self.import(*feed, *tlp, items),
            Step::Contribute { member, items } => {
                if items.is_empty() {
                    return Returned::Nothing;
                }
                let caller = self.caller(*member);
                let to = self.contributions(&caller);
                let status = self.app.contribute(&caller, &to, body::envelope(items).as_bytes()).unwrap();
                let again = self.app.contribution(&caller, &status.id).unwrap();
                assert_eq!(again, status, "a status is the same when it is asked for again");
                return Returned::Status { member: *member, status: Box::new(status) };
            }
            Step::Withdraw { member, id } => {
                let answer = self.withdraw(*member, id);
                return Returned::Withdrawn { member: *member, answer };
            }
            Step::Join(index) => self.join(*index),
            Step::Clear { member, tlp, torn } => {
                let mut changed = self.app.member_named(&self.script.parties[*member].name).unwrap();
                changed.clearance = *tlp;
                if *torn {
                    self.store.update_member("operator", &changed, self.app.now()).unwrap();
                    self.app = start(&self.store, &self.clock);
                    return Returned::Torn { member: *member };
                }
                self.app.update_member(&operator(), changed).unwrap();
            }
            Step::Retract(ids) => {
                self.app.retract(&operator(), &parsed(ids), None, &|_, _| ()).unwrap();
            }
            Step::Expire(ids) => {
                self.app.expire(&operator(), &parsed(ids), None, &|_, _| ()).unwrap();
            }
            Step::Override(value, malicious) => {
                let observable = Observable::guess(value).unwrap();
                self.app.set_override(&operator(), &observable, *malicious, "because").unwrap();
            }
            Step::Pass(seconds) => {
                self.clock.advance(*seconds);
                while self.app.reassess_due().unwrap() {}
            }
        }
        Returned::Nothing
    }

    /// Finishes a change that was torn.
    pub(crate) fn mend(&mut self, member: usize) {
        let changed = self.app.member_named(&self.script.parties[member].name).unwrap();
        self.app.update_member(&operator(), changed).unwrap();
    }

    /// A member takes back all versions of an id.
    pub(crate) fn withdraw(&self, member: usize, id: &str) -> Result<usize, String> {
        let caller = self.caller(member);
        let from = self.contributions(&caller);
        let filter = ObjectFilter { versions: VersionFilter::All, ..ObjectFilter::default() };
        let id = StixId::parse(id).unwrap();
        self.app.withdraw(&caller, &from, &id, &filter).map_err(|error| told(&error))
    }

    fn import(&self, feed: usize, tlp: Option<Tlp>, items: &[Item]) {
        let Some(first) = items.first() else { return };
        let (text, format) = match first.shape {
            Shape::Line => (body::lines(items), Format::Plain),
            Shape::Attribute | Shape::Event => (body::misp(items), Format::Misp),
            _ => (body::bundle(items), Format::Stix),
        };
        let request = ImportRequest {
            source: Some(self.script.feeds[feed].name.clone()),
            format: Some(format),
            tlp,
            ..ImportRequest::default()
        };
        let mut bytes = text.as_bytes();
        let account = self.app.import(&operator(), &request, Some(&mut bytes), &|_| ()).unwrap();
        assert_eq!(account.rejections, Vec::new(), "{text}");
        assert_eq!(account.errors, Vec::<String>::new(), "{text}");
        assert_eq!(account.records, account.objects + account.duplicates);
    }
}

/// An instance that blocks whatever may be told, however improbable.
fn start(store: &Store, clock: &Arc<SetClock>) -> App {
    let app = App::new(store.clone(), Tables::empty().unwrap(), clock.clone()).unwrap();
    let mut settings = rempart_service::protect::Settings::new("/nowhere".into());
    settings.thresholds = [0.01; 3];
    app.protecting(settings)
}

fn parsed(ids: &[String]) -> Vec<StixId> {
    ids.iter().map(|id| StixId::parse(id).unwrap()).collect()
}

/// What an error tells whoever asked.
pub(crate) fn told(error: &ServiceError) -> String {
    format!(
        "{}: {error}",
        match error {
            ServiceError::NotFound(_) => "not found",
            ServiceError::Forbidden(_) => "forbidden",
            ServiceError::Invalid(_) => "invalid",
            ServiceError::Conflict(_) => "conflict",
            ServiceError::Unavailable(_) => "unavailable",
            ServiceError::Internal(_) => "internal",
        }
    )
}

/// A person of the operator.
pub(crate) fn operator() -> Caller {
    Caller::Person(Person { id: PersonId(1), name: "operator".into(), role: Role::Administrator, uid: None })
}
