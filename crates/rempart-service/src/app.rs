//! What a running Rempart holds: the store, the clock, the tables, and its picture of who takes part.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use rempart_formats::Minter;
use rempart_matching::{Constituencies, IpTable, States, Warninglists};
use rempart_model::observable::SuffixList;
use rempart_model::{Member, MemberId, Observable, Timestamp};
use rempart_store::{ClassId, OPERATOR_ONLY, Source, SourceId, Store};
use rempart_triage::guard::Above;
use rempart_triage::learn::model::DomainModel;
use rempart_triage::release::{self, Audience, Decision, MemberView, Terms, Use};

use crate::clock::Clock;
use crate::error::ServiceError;
use crate::judge::Judge;
use crate::metrics::Metrics;
use crate::trust::{self, Trusted};

/// Reference data that conclusions rest on. The operator can replace each.
pub struct Tables {
    /// Address to country.
    pub countries: IpTable,
    /// Address to autonomous system.
    pub asns: IpTable,
    /// What is known to be harmless, or to look harmful without being so.
    pub warninglists: Warninglists,
    /// The states entitled to take part.
    pub states: States,
    /// Under which names anybody can have one.
    pub suffixes: Suffixes,
    /// How names look, once somebody asked.
    pub names: OnceLock<Option<DomainModel<'static>>>,
    /// The names above those on the warninglists, once somebody asked.
    pub above: OnceLock<Above>,
}

/// The Public Suffix List, and of when it is.
pub struct Suffixes {
    /// The list.
    pub list: SuffixList,
    /// Its own date; `None`: it says none.
    pub as_of: Option<Timestamp>,
}

impl Suffixes {
    /// The list that Rempart ships.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn bundled() -> Result<Self, ServiceError> {
        let text = rempart_matching::public_suffix_list();
        Self::from_text(&text.map_err(|error| ServiceError::Internal(Box::new(error)))?)
    }

    /// Reads the list, whose `VERSION` line says of when it is.
    ///
    /// # Errors
    /// Where the text is not the list.
    pub fn from_text(text: &str) -> Result<Self, ServiceError> {
        let list = SuffixList::from_text(text)
            .map_err(|error| ServiceError::Invalid(format!("the file {error}")))?;
        let version = text.lines().find_map(|line| line.strip_prefix("// VERSION: ")?.get(..10));
        let as_of = version.and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z")).ok());
        Ok(Self { list, as_of })
    }
}

impl Tables {
    /// The tables that Rempart ships.
    pub fn bundled() -> Result<Self, ServiceError> {
        let damaged = |error: Box<dyn std::error::Error + Send + Sync>| ServiceError::Internal(error);
        Ok(Self {
            countries: IpTable::bundled_country().map_err(|error| damaged(Box::new(error)))?,
            asns: IpTable::bundled_asn().map_err(|error| damaged(Box::new(error)))?,
            warninglists: Warninglists::bundled().map_err(|error| damaged(Box::new(error)))?,
            states: States::bundled().map_err(|error| damaged(Box::new(error)))?,
            suffixes: Suffixes::bundled()?,
            names: OnceLock::new(),
            above: OnceLock::new(),
        })
    }

    /// Tables with nothing in them, for tests that need none.
    pub fn empty() -> Result<Self, ServiceError> {
        Ok(Self {
            countries: IpTable::empty(rempart_matching::IpTableKind::Country),
            asns: IpTable::empty(rempart_matching::IpTableKind::Asn),
            warninglists: Warninglists::empty(),
            states: States::bundled().map_err(|error| ServiceError::Internal(Box::new(error)))?,
            // It is never too old.
            suffixes: Suffixes { list: SuffixList::default(), as_of: Some(Timestamp::MAX) },
            names: OnceLock::new(),
            above: OnceLock::new(),
        })
    }

    /// The model of how names look.
    pub(crate) fn names(&self) -> Option<&DomainModel<'static>> {
        let load = || match rempart_triage::learn::model::shipped() {
            Ok(model) => Some(model),
            Err(error) => {
                tracing::error!(%error, "how names look is not told");
                None
            }
        };
        self.names.get_or_init(load).as_ref()
    }

    /// The names above those on the warninglists.
    pub(crate) fn above(&self) -> &Above {
        self.above.get_or_init(|| Above::new(&self.warninglists))
    }
}

/// Who takes part and on which terms objects are held, at one moment.
pub struct Picture {
    members: Vec<Member>,
    sources: Vec<Source>,
    classes: Vec<(ClassId, Option<Terms>)>,
    pub(crate) constituencies: Constituencies,
    /// What was learnt of sources, where that is in use.
    pub(crate) trusted: Trusted,
}

impl Picture {
    /// A member by its number.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// A member by its name.
    pub fn member_named(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| &*member.name == name)
    }

    /// All members.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// All sources.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// A source by its number.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// All release classes.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.classes.iter().map(|(class, _)| *class)
    }

    /// The terms of a class; `None` for what only the operator sees, and for terms that cannot be read.
    pub fn terms(&self, class: ClassId) -> Option<&Terms> {
        let index = self.classes.binary_search_by_key(&class, |(known, _)| *known).ok()?;
        self.classes.get(index)?.1.as_ref()
    }
}

/// A running Rempart.
pub struct App {
    pub(crate) store: Store,
    clock: Arc<dyn Clock>,
    pub(crate) tables: Arc<Tables>,
    pub(crate) minter: Minter,
    picture: RwLock<Arc<Picture>>,
    /// Held by whoever brings the followers forward.
    pub(crate) following: Mutex<()>,
    /// How far the ledger was looked through for what bears on other objects; the store's cursor may lag.
    pub(crate) context_seen: std::sync::atomic::AtomicU64,
    /// How often something changed that indexes and zones follow.
    changes: (Mutex<u64>, Condvar),
    /// What is published, where, and how.
    pub(crate) protect: crate::protect::Settings,
    /// How often what is blocked changed.
    pub(crate) blocks_changed: std::sync::atomic::AtomicU64,
    /// How the protective outputs stand.
    pub(crate) outputs: RwLock<Vec<crate::protect::OutputStatus>>,
    /// What belongs together, once somebody asked.
    pub(crate) campaigns: Mutex<Option<crate::campaigns::Campaigns>>,
    /// What this process has counted.
    pub metrics: Metrics,
}

impl App {
    /// Puts a Rempart together and reads who takes part.
    pub fn new(store: Store, tables: Tables, clock: Arc<dyn Clock>) -> Result<Self, ServiceError> {
        let minter = Minter::new(&store.secrets().mint);
        let picture = RwLock::new(Arc::new(paint(&store)?));
        Ok(Self {
            store,
            clock,
            tables: Arc::new(tables),
            minter,
            picture,
            following: Mutex::new(()),
            context_seen: std::sync::atomic::AtomicU64::new(0),
            changes: (Mutex::new(0), Condvar::new()),
            protect: crate::protect::Settings::new(std::path::PathBuf::new()),
            blocks_changed: std::sync::atomic::AtomicU64::new(0),
            outputs: RwLock::new(Vec::new()),
            campaigns: Mutex::new(None),
            metrics: Metrics::default(),
        })
    }

    /// Wakes those that wait for a change.
    pub(crate) fn changed(&self) {
        let mut count = self.changes.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.wrapping_add(1);
        self.changes.1.notify_all();
    }

    /// Waits until something changed since `seen`, which is brought up to now, or until the time is over.
    pub fn wait_for_change(&self, seen: &mut u64, most: Duration) {
        let count = self.changes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changes.1.wait_timeout_while(count, most, |count| *count == *seen);
        let (count, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *seen = *count;
    }

    /// The Public Suffix List.
    pub(crate) fn suffixes(&self) -> &SuffixList {
        &self.tables.suffixes.list
    }

    /// The same with these settings for protective outputs.
    #[must_use]
    pub fn protecting(mut self, settings: crate::protect::Settings) -> Self {
        self.protect = settings;
        self
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who takes part, as of the last change.
    pub fn picture(&self) -> Arc<Picture> {
        self.picture.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads anew who takes part; after every change to members, sources or classes.
    pub(crate) fn repaint(&self) -> Result<Arc<Picture>, ServiceError> {
        let mut held = self.picture.write().unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(paint(&self.store)?);
        Ok(held.clone())
    }

    /// What concludes, with the present picture.
    pub(crate) fn judge(&self) -> Judge {
        Judge::new(self.picture(), self.tables.clone())
    }

    /// The release decision for a member and a class. Every way out to a member comes through here.
    pub(crate) fn released(&self, picture: &Picture, member: MemberId, class: ClassId, use_: Use) -> bool {
        released(picture, member, class, use_)
    }

    /// Members that a class is released to.
    pub(crate) fn audience(&self, picture: &Picture, class: ClassId) -> Vec<MemberId> {
        audience(picture, class)
    }

    /// The class for these terms, made where it is new.
    pub(crate) fn class_for(&self, terms: &Terms) -> Result<ClassId, ServiceError> {
        let key = terms.key();
        let picture = self.picture();
        if let Some((class, _)) =
            picture.classes.iter().find(|(_, known)| known.as_ref().is_some_and(|known| known.key() == key))
        {
            return Ok(*class);
        }
        let class = self.store.class(&key, &mut |_| audience_of(&picture, terms))?;
        self.repaint()?;
        Ok(class)
    }

    /// Whether the store answers.
    pub fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store.ready()?)
    }

    /// The metrics, in the text format of Prometheus.
    pub fn render_metrics(&self) -> String {
        let ledger = self.store.ledger_size();
        let followers = ["context"].map(|name| {
            let seen = self.context_seen.load(std::sync::atomic::Ordering::Relaxed);
            self.store.cursor(name).unwrap_or(0).max(seen)
        });
        let behind = followers.iter().map(|cursor| ledger.saturating_sub(*cursor)).max().unwrap_or(0);
        self.metrics.render(&[
            ("rempart_ledger_entries", "Entries in the ledger.", ledger),
            ("rempart_members", "Members that take part.", self.picture().members.len() as u64),
            ("rempart_followers_behind", "Ledger entries that a follower has not dealt with.", behind),
        ])
    }

    /// The number by which an observable is found.
    pub(crate) fn observable_key(&self, observable: &Observable) -> i64 {
        self.store.observable_key(observable)
    }
}

fn paint(store: &Store) -> Result<Picture, ServiceError> {
    let members = store.members()?;
    let constituencies = Constituencies::new(&members);
    let mut classes: Vec<(ClassId, Option<Terms>)> =
        store.classes()?.into_iter().map(|(class, key)| (class, Terms::parse_key(&key))).collect();
    classes.sort_unstable_by_key(|(class, _)| *class);
    Ok(Picture {
        constituencies,
        sources: store.sources()?,
        classes,
        members,
        trusted: trust::in_use(store)?,
    })
}

/// The release decision for a member and a class.
pub(crate) fn released(picture: &Picture, member: MemberId, class: ClassId, use_: Use) -> bool {
    let (Some(member), Some(terms)) = (picture.member(member), picture.terms(class)) else { return false };
    class != OPERATOR_ONLY
        && release::decide(&Audience::Member(&view(member)), terms, use_) == Decision::Released
}

/// Whether whoever may ever see the second class may see the first.
pub(crate) fn covers(picture: &Picture, class: ClassId, narrower: ClassId) -> bool {
    match (picture.terms(class), picture.terms(narrower)) {
        (Some(terms), Some(narrower)) => terms.covers(narrower),
        _ => false,
    }
}

/// Members that a class is released to.
pub(crate) fn audience(picture: &Picture, class: ClassId) -> Vec<MemberId> {
    match picture.terms(class) {
        Some(terms) if class != OPERATOR_ONLY => audience_of(picture, terms),
        _ => Vec::new(),
    }
}

fn audience_of(picture: &Picture, terms: &Terms) -> Vec<MemberId> {
    picture
        .members
        .iter()
        .filter(|member| {
            release::decide(&Audience::Member(&view(member)), terms, Use::Share) == Decision::Released
        })
        .map(|member| member.id)
        .collect()
}

/// A member as the release decision sees it.
pub(crate) fn view(member: &Member) -> MemberView<'_> {
    MemberView {
        id: member.id,
        name: &member.name,
        aliases: &member.aliases,
        country: member.country,
        clearance: member.clearance,
    }
}
