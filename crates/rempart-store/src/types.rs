//! What goes into the store and comes out of it, in the terms of the design: no SQL, no rows of a table.

use rempart_model::{
    Category, Hint, Link, Marking, Member, MemberId, Observable, Reliability, Stance, StixId, Timestamp, Tlp,
};

use crate::merkle::Hash;

/// Names an object version in this store, in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectSeq(pub i64);

/// Names an observable in this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObservableId(pub i64);

/// Names a release class; 0 is what only the operator sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// The class of what only the operator sees.
pub const OPERATOR_ONLY: ClassId = ClassId(0);

/// Names a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// Names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(pub u32);

/// What somebody may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// May search, explain and export.
    Reader = 0,
    /// May import, override and retract.
    Analyst = 1,
    /// May approve what needs a second person.
    Approver = 2,
    /// May add members, people and keys.
    Administrator = 3,
}

impl Role {
    /// Every role with its name on the command line.
    pub const ALL: [(Role, &'static str); 4] = [
        (Role::Reader, "reader"),
        (Role::Analyst, "analyst"),
        (Role::Approver, "approver"),
        (Role::Administrator, "administrator"),
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("reader", |(_, name)| name)
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
    }
}

/// Somebody who works with this instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its number.
    pub id: PersonId,
    /// Its unique name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The operating system's user that is this person on the command line.
    pub uid: Option<u32>,
}

/// What a key may be used for, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(pub u8);

impl Scopes {
    /// Reading collections.
    pub const READ: Scopes = Scopes(1);
    /// Adding to the contribution collection, and deleting there.
    pub const CONTRIBUTE: Scopes = Scopes(2);

    /// Whether all of `other` is allowed.
    pub fn allow(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Whom a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOwner {
    /// A person of the operator.
    Person(PersonId),
    /// A member.
    Member(MemberId),
}

/// A key as it is stored: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its number, by which it is revoked.
    pub id: u32,
    /// Whose it is.
    pub owner: KeyOwner,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// A source and what the operator says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its number; 0 for one that is not stored yet.
    pub id: SourceId,
    /// Its unique name.
    pub name: String,
    /// The member whose contributions it is.
    pub member: Option<MemberId>,
    /// Admiralty scale.
    pub reliability: Reliability,
    /// What its unmarked objects are taken for.
    pub unmarked: Tlp,
    /// Who alone may be sent its RED and AMBER+STRICT: names, UUIDs, country codes.
    pub recipients: Option<Vec<Box<str>>>,
    /// The members with whom it shares AMBER; `None`: all that are cleared.
    pub community: Option<Vec<MemberId>>,
    /// Sources with the same group copy from one another and count once.
    pub copy_group: Option<String>,
}

/// What Rempart concludes of an observable, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssessmentRow {
    /// Probability that it is malicious, 0 to 1.
    pub probability: f32,
    /// RSIT category.
    pub category: Category,
    /// Until when it is held to be malicious.
    pub valid_until: Option<Timestamp>,
    /// When it must be concluded again.
    pub next_change: Option<Timestamp>,
}

/// An analyst's decision about an observable.
#[derive(Debug, Clone, PartialEq)]
pub struct OverrideRow {
    /// What the analyst holds it for: malicious or benign.
    pub malicious: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A claim as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimRow {
    /// The object that asserts it.
    pub object: ObjectSeq,
    /// The object's release class.
    pub class: ClassId,
    /// Who says so.
    pub source: SourceId,
    /// What it says.
    pub stance: Stance,
    /// Of which kind of incident.
    pub category: Category,
    /// The source's own confidence.
    pub confidence: Option<u8>,
    /// When it came in.
    pub received: Timestamp,
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds, by its source.
    pub valid_until: Option<Timestamp>,
    /// When the source last saw it.
    pub last_seen: Option<Timestamp>,
    /// The object only points at another one that names the observable (a sighting).
    pub attached: bool,
}

/// An observable as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservableRow {
    /// Its number.
    pub id: ObservableId,
    /// The value.
    pub observable: Observable,
    /// The conclusion.
    pub assessment: AssessmentRow,
    /// An analyst's decision, if there is one.
    pub override_: Option<OverrideRow>,
}

/// A claim to be stored, with the conclusion that holds where it is the only one.
#[derive(Debug, Clone)]
pub struct NewClaim {
    /// What it is about.
    pub observable: Observable,
    /// [`crate::Store::observable_key`] of it.
    pub key: i64,
    /// What it says.
    pub stance: Stance,
    /// Of which kind of incident.
    pub category: Category,
    /// The source's own confidence.
    pub confidence: Option<u8>,
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds, by its source.
    pub valid_until: Option<Timestamp>,
    /// When the source last saw it.
    pub last_seen: Option<Timestamp>,
    /// The conclusion from this claim alone.
    pub alone: AssessmentRow,
}

/// That an object concerns a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConcern {
    /// Whom.
    pub member: MemberId,
    /// How much, 0 to 100.
    pub weight: u8,
    /// Why, encoded by whoever concluded it.
    pub reasons: Vec<u8>,
}

/// An object to be stored.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// Its id.
    pub id: StixId,
    /// [`crate::Store::id_key`] of it.
    pub id_key: i64,
    /// Its version.
    pub version: Timestamp,
    /// STIX 2.1 bytes.
    pub body: Vec<u8>,
    /// The STIX 2.0 bytes that came.
    pub original_v20: Option<Vec<u8>>,
    /// What decides whether it is the same again.
    pub digest: [u8; 16],
    /// For an object that Rempart minted: versions follow intake unless the source has its own.
    pub minted: Option<MintedVersion>,
    /// Random, so that the ledger's hash of the body can be erased with the body.
    pub salt: [u8; 16],
    /// SHA-256(salt || body), see [`crate::content_hash`].
    pub content: Hash,
    /// `revoked`.
    pub revoked: bool,
    /// Release class.
    pub class: ClassId,
    /// Claims in force (none where revoked).
    pub claims: Vec<NewClaim>,
    /// Whom it concerns.
    pub concerns: Vec<NewConcern>,
    /// What national context reads.
    pub hints: Vec<Hint>,
    /// References that this object is.
    pub links: Vec<Link>,
    /// Marking definitions that it needs and that are not there.
    pub unresolved: Vec<i64>,
    /// What it defines, where it is a marking definition.
    pub defines: Option<Marking>,
}

/// How versions of a minted object are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MintedVersion {
    /// The source has versions of its own (a MISP timestamp).
    BySource,
    /// A change of content is a new version, dated by intake.
    ByIntake,
}

/// What became of one object of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored; so many claims, and observables that were not known before.
    Added {
        /// Its number.
        seq: ObjectSeq,
        /// Claims stored.
        claims: u32,
        /// Observables that were not known before.
        observables: u32,
    },
    /// The same object is there.
    Duplicate,
    /// The id is taken by another source's object of the same version, or the version is not this
    /// source's to make: kept, not served.
    Conflict {
        /// Its number.
        seq: ObjectSeq,
    },
}

/// What became of a batch.
#[derive(Debug, Clone, Default)]
pub struct BatchOutcome {
    /// One for each object, in order.
    pub outcomes: Vec<Outcome>,
    /// The ledger's sequence number after the batch.
    pub ledger: u64,
}

/// A row of what a caller reads.
#[derive(Debug, Clone, Copy)]
pub struct ObjectView<'a> {
    /// Its number.
    pub seq: ObjectSeq,
    /// When it entered what the caller reads.
    pub position: i64,
    /// Object type.
    pub kind: &'a str,
    /// UUID of its id.
    pub uuid: &'a [u8],
    /// Version.
    pub version: Timestamp,
    /// Release class.
    pub class: ClassId,
    /// Its source.
    pub source: SourceId,
    /// The bytes to serve.
    pub body: &'a [u8],
}

/// A stream that a caller reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamRef {
    /// The stream of a class, from a position on.
    Class {
        /// Which.
        class: ClassId,
        /// Positions before this are not the caller's.
        since: i64,
    },
    /// A change log kept for the caller.
    Collection(u32),
}

/// Which version of an object is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionFilter {
    /// All.
    All,
    /// Any of: the first, the last, exactly these.
    Any {
        /// The first that the caller may see.
        first: bool,
        /// The last that the caller may see.
        last: bool,
        /// Exact versions.
        exact: Vec<Timestamp>,
    },
}

impl Default for VersionFilter {
    fn default() -> Self {
        VersionFilter::Any { first: false, last: true, exact: Vec::new() }
    }
}

/// What of a collection is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectFilter {
    /// Only these ids; empty: all.
    pub ids: Vec<StixId>,
    /// Only these types; empty: all.
    pub types: Vec<String>,
    /// Which versions.
    pub versions: VersionFilter,
    /// Only objects that came as STIX 2.0, as they came.
    pub stix_20: bool,
    /// Only these sources' objects; empty: all.
    pub sources: Vec<SourceId>,
}

/// Which classes a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// The operator: all.
    All,
    /// These, sorted.
    Classes(Vec<ClassId>),
}

impl Visible {
    /// Whether a class may be seen.
    pub fn allows(&self, class: ClassId) -> bool {
        match self {
            Visible::All => true,
            Visible::Classes(classes) => classes.binary_search(&class).is_ok(),
        }
    }
}

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The streams to merge.
    pub streams: Vec<StreamRef>,
    /// What the caller may see at all.
    pub visible: Visible,
    /// The member whose own change logs these are; decides what came late for it.
    pub member: Option<MemberId>,
    /// Only entries after this position.
    pub after: i64,
    /// Only entries up to this position.
    pub upto: i64,
    /// Which of them.
    pub filter: ObjectFilter,
    /// Most objects on the page.
    pub limit: usize,
}

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageEnd {
    /// Objects handed out.
    pub count: usize,
    /// Position of the first one.
    pub first: i64,
    /// Position of the last one handed out.
    pub last: i64,
    /// Where the next page begins: the last position looked at.
    pub reached: i64,
    /// Whether there may be more.
    pub more: bool,
}

/// One entry of the ledger, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its sequence number.
    pub seq: u64,
    /// What happened.
    pub kind: EntryKind,
    /// The object or event it speaks of.
    pub subject: i64,
    /// The salted hash of the content.
    pub content: Hash,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
}

/// What a ledger entry says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// An object version came in.
    ObjectAdded = 1,
    /// An object version came in that is kept but not served.
    ConflictKept = 2,
    /// An object version was deleted.
    ObjectDeleted = 3,
    /// An object's claims were ended.
    ObjectExpired = 4,
    /// An object was put on other terms.
    ObjectReleased = 5,
    /// Something else that a person decided; the event says what.
    Event = 6,
    /// An object version came in that bears on others (a relationship, a sighting, a marking
    /// definition, the end of a relationship that came before it).
    ContextAdded = 7,
    /// A reference that began at an object is gone.
    ReferencesChanged = 8,
}

impl EntryKind {
    /// The kind that was stored as `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::ObjectAdded,
            2 => Self::ConflictKept,
            3 => Self::ObjectDeleted,
            4 => Self::ObjectExpired,
            5 => Self::ObjectReleased,
            6 => Self::Event,
            7 => Self::ContextAdded,
            8 => Self::ReferencesChanged,
            _ => return None,
        })
    }
}

/// What `ledger verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Entries checked.
    pub entries: u64,
    /// Objects whose bytes agree with their entry.
    pub objects: u64,
    /// Objects that were erased with an entry that says so.
    pub erased: u64,
    /// What does not agree, in words.
    pub faults: Vec<String>,
    /// The tree head.
    pub head: Hash,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Object versions.
    pub objects: u64,
    /// Observables.
    pub observables: u64,
    /// Entries of the ledger.
    pub ledger: u64,
    /// Size of the database, in bytes.
    pub bytes: u64,
}

/// Which objects a bulk operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These versions.
    Objects(Vec<ObjectSeq>),
    /// All of one source.
    Source(SourceId),
    /// All versions of these ids.
    Ids(Vec<StixId>),
}

/// Concludes what follows from claims; the store calls it inside its transactions, so that what
/// is concluded is stored together with what it follows from.
pub trait Conclude {
    /// The assessment from all claims about one observable.
    fn assess(
        &self,
        observable: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> AssessmentRow;

    /// The assessment as far as this member may know: from the claims whose class it may see.
    fn is_high(
        &self,
        member: MemberId,
        observable: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> bool;

    /// Whether an assessment is of high confidence.
    fn high(&self, assessment: &AssessmentRow) -> bool;

    /// Whether a member may see a class.
    fn may_see(&self, member: MemberId, class: ClassId) -> bool;

    /// Gives a new version of a minted object the `created` of its first version. Returns the body.
    fn same_creation(&self, first: &[u8], body: Vec<u8>) -> Vec<u8>;
}

/// A member as the store lists it.
pub type MemberRow = Member;
