//! The port: everything the rest of Rempart may ask of the store.

use std::path::Path;
use std::sync::Arc;

use rempart_model::{Member, MemberId, Observable, StixId, Timestamp};

use crate::changes::{ChangeCursor, Changes};
use crate::error::StoreError;
use crate::merkle::{Hash, sha256};
use crate::sqlite::Sqlite;
use crate::types::{
    AccessKey, BatchOutcome, ClaimRow, ClassId, Conclude, Counts, KeyOwner, LedgerEntry, NewConcern,
    NewObject, ObjectSeq, ObjectView, ObservableId, ObservableRow, OverrideRow, PageEnd, PageRequest, Person,
    PersonId, Role, Scopes, Selection, Source, SourceId, Verification,
};

/// The salted hash by which the ledger speaks of content: SHA-256(salt || SHA-256(content)).
pub fn content_hash(salt: &[u8; 16], content: &[u8]) -> Hash {
    salted(salt, &sha256(&[content]))
}

/// [`content_hash`] of what has this SHA-256.
pub fn salted(salt: &[u8], hash: &Hash) -> Hash {
    sha256(&[salt, hash])
}

/// The secrets of an instance; made when its store is made, kept with it.
#[derive(Clone)]
pub struct Secrets {
    /// Keys the hashes by which ids and observables are found.
    pub lookup: [u8; 32],
    /// Keys the ids that are minted from restricted input.
    pub mint: [u8; 32],
    /// Seals the tokens that are handed to readers.
    pub token: [u8; 32],
}

/// An object as it is stored, with all that is kept beside it.
#[derive(Debug, Clone)]
pub struct StoredObject {
    /// Its number.
    pub seq: ObjectSeq,
    /// Its id.
    pub id: StixId,
    /// Its version.
    pub version: Timestamp,
    /// Release class.
    pub class: ClassId,
    /// Who brought it.
    pub source: SourceId,
    /// When it entered its class's stream.
    pub position: i64,
    /// `revoked`.
    pub revoked: bool,
    /// Kept but not served, since another source's object has the id.
    pub foreign: bool,
    /// A newer version is there.
    pub superseded: bool,
    /// The bytes.
    pub body: Vec<u8>,
    /// Its places in members' change logs.
    pub placements: Vec<crate::placement::Placement>,
    /// Hints for national context.
    pub hints: Vec<rempart_model::Hint>,
    /// The observables that it makes claims about.
    pub observables: Vec<ObservableId>,
}

/// The store. Cloning is cheap; all clones are the same store.
#[derive(Clone)]
pub enum Store {
    /// Embedded SQLite.
    Sqlite(Arc<Sqlite>),
}

macro_rules! dispatch {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match $self { Store::Sqlite(adapter) => adapter.$method($($argument),*) }
    };
}

mod models;
mod protect;

impl Store {
    /// Opens the embedded store in a folder, making or migrating it as needed.
    pub fn open_embedded(folder: &Path) -> Result<Self, StoreError> {
        Ok(Store::Sqlite(Arc::new(Sqlite::open(folder)?)))
    }

    /// The instance's secrets.
    pub fn secrets(&self) -> &Secrets {
        dispatch!(self.secrets())
    }

    /// The public half of the key that signs the ledger's heads (Ed25519, 32 bytes).
    pub fn public_key(&self) -> Vec<u8> {
        dispatch!(self.public_key())
    }

    /// The number by which an id is found.
    pub fn id_key(&self, id: &StixId) -> i64 {
        Self::hashed_id(self.secrets(), id)
    }

    /// The number by which an observable is found.
    pub fn observable_key(&self, observable: &Observable) -> i64 {
        Self::hashed(self.secrets(), observable)
    }

    pub(crate) fn hashed(secrets: &Secrets, observable: &Observable) -> i64 {
        key(&secrets.lookup, observable.kind().name(), observable.value().as_bytes())
    }

    /// The number by which an id is found.
    pub(crate) fn hashed_id(secrets: &Secrets, id: &StixId) -> i64 {
        key(&secrets.lookup, id.kind(), id.uuid())
    }

    /// Takes in a batch, in order, in one transaction. `sees` tells whether another source's object of
    /// the first class is there for a new one of the second: what the contributor may not see, or what
    /// not all may see that see the new one, is no duplicate and no conflict. Durable when it returns.
    pub fn intake(
        &self,
        actor: &str,
        source: SourceId,
        batch: Vec<NewObject>,
        sees: &dyn Fn(ClassId, ClassId) -> bool,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<BatchOutcome, StoreError> {
        dispatch!(self.intake(actor, source, batch, sees, conclude, now))
    }

    /// Hands the objects of a page to `out`, in order of position.
    pub fn page(
        &self,
        request: &PageRequest,
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<PageEnd, StoreError> {
        dispatch!(self.page(request, out))
    }

    /// The highest position that was handed out.
    pub fn last_position(&self) -> i64 {
        dispatch!(self.last_position())
    }

    /// All stored versions of an id, oldest arrival first.
    pub fn objects_by_id(&self, id: &StixId) -> Result<Vec<StoredObject>, StoreError> {
        dispatch!(self.objects_by_id(id))
    }

    /// Objects by number; those that are gone are left out.
    pub fn objects(&self, seqs: &[ObjectSeq]) -> Result<Vec<StoredObject>, StoreError> {
        dispatch!(self.objects(seqs))
    }

    /// Up to `limit` objects with a higher number than `after`, in order; for followers that start anew.
    pub fn objects_after(&self, after: ObjectSeq, limit: usize) -> Result<Vec<StoredObject>, StoreError> {
        dispatch!(self.objects_after(after, limit))
    }

    /// Up to `limit` objects with a higher number than `after`, in order, that are no indicators: reports, actors,
    /// tools, relationships.
    pub fn context_after(&self, after: ObjectSeq, limit: usize) -> Result<Vec<StoredObject>, StoreError> {
        dispatch!(self.context_after(after, limit))
    }

    /// The observables that are known, in the order asked; `None` for those that are not.
    pub fn observables(&self, wanted: &[Observable]) -> Result<Vec<Option<ObservableRow>>, StoreError> {
        dispatch!(self.observables(wanted))
    }

    /// Observables by number.
    pub fn observables_by_number(&self, numbers: &[ObservableId]) -> Result<Vec<ObservableRow>, StoreError> {
        dispatch!(self.observables_by_number(numbers))
    }

    /// Up to `limit` observables with a higher number than `after`.
    pub fn observables_after(
        &self,
        after: ObservableId,
        limit: usize,
    ) -> Result<Vec<ObservableRow>, StoreError> {
        dispatch!(self.observables_after(after, limit))
    }

    /// Observables that changed since `after`, at most about `limit`, each as it is by now. A cursor of more
    /// than [`KEPT_DAYS`](crate::KEPT_DAYS) ago misses what has gone since: begin anew then, from the default.
    pub fn observables_changed(&self, after: ChangeCursor, limit: usize) -> Result<Changes, StoreError> {
        dispatch!(self.observables_changed(after, limit))
    }

    /// The claims about an observable, newest first, at most 256.
    pub fn claims(&self, observable: ObservableId) -> Result<Vec<ClaimRow>, StoreError> {
        dispatch!(self.claims(observable))
    }

    /// The objects of a selection, in order of arrival.
    pub fn select(&self, selection: &Selection) -> Result<Vec<ObjectSeq>, StoreError> {
        dispatch!(self.select(selection))
    }

    /// Deletes objects with all that hangs on them; returns how many were there.
    pub fn delete(
        &self,
        actor: &str,
        objects: &[ObjectSeq],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        dispatch!(self.delete(actor, objects, conclude, now))
    }

    /// Ends the claims of objects; returns how many objects had claims that still held.
    pub fn expire(
        &self,
        actor: &str,
        objects: &[ObjectSeq],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        dispatch!(self.expire(actor, objects, conclude, now))
    }

    /// Concludes again what is due at `now`, at most `limit` observables; returns how many.
    pub fn reassess_due(
        &self,
        limit: usize,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        dispatch!(self.reassess_due(limit, conclude, now))
    }

    /// Concludes again the given observables.
    pub fn reassess(
        &self,
        observables: &[ObservableId],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.reassess(observables, conclude, now))
    }

    /// Sets or lifts an analyst's decision. The observable is made where it is not known.
    pub fn set_override(
        &self,
        actor: &str,
        observable: &Observable,
        decision: Option<OverrideRow>,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<ObservableRow, StoreError> {
        dispatch!(self.set_override(actor, observable, decision, conclude, now))
    }

    /// Puts objects on other terms. `audience` tells who may see a class. Who gains sight of an object
    /// finds it at a new position; who had it does not find it again.
    pub fn rerelease(
        &self,
        actor: &str,
        changes: &[(ObjectSeq, ClassId)],
        audience: &dyn Fn(ClassId) -> Vec<MemberId>,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.rerelease(actor, changes, audience, conclude, now))
    }

    /// Sets whom objects concern. Members that are new to an object find it at a new position.
    pub fn reroute(
        &self,
        concerns: &[(ObjectSeq, Vec<NewConcern>)],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.reroute(concerns, conclude, now))
    }

    /// Sets which classes a member may see. With `late`, what was there before in classes that are new
    /// to it arrives now; without (a member that has never read), it is simply there.
    pub fn set_visibility(
        &self,
        member: MemberId,
        classes: &[ClassId],
        late: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.set_visibility(member, classes, late, now))
    }

    /// The classes that a member's change log is made of, with the position since when.
    pub fn visibility(&self, member: MemberId) -> Result<Vec<(ClassId, i64)>, StoreError> {
        dispatch!(self.visibility(member))
    }

    /// The number of the class with these terms, made where it is new, and seen by `audience` from the
    /// beginning.
    pub fn class(
        &self,
        terms: &str,
        audience: &mut dyn FnMut(ClassId) -> Vec<MemberId>,
    ) -> Result<ClassId, StoreError> {
        dispatch!(self.class(terms, audience))
    }

    /// All classes with their terms.
    pub fn classes(&self) -> Result<Vec<(ClassId, String)>, StoreError> {
        dispatch!(self.classes())
    }

    /// What marking definitions with these keys mean, by each source that says so; those that are not
    /// there are left out.
    pub fn definitions(
        &self,
        keys: &[i64],
    ) -> Result<Vec<(i64, SourceId, rempart_model::Marking)>, StoreError> {
        dispatch!(self.definitions(keys))
    }

    /// Objects that wait for any of these marking definitions.
    pub fn waiting_for(&self, definitions: &[i64]) -> Result<Vec<ObjectSeq>, StoreError> {
        dispatch!(self.waiting_for(definitions))
    }

    /// References that start or end at these ids' keys: (from, kind, to, the object that says so).
    pub fn links(
        &self,
        keys: &[i64],
    ) -> Result<Vec<(i64, rempart_model::LinkKind, i64, ObjectSeq)>, StoreError> {
        dispatch!(self.links(keys))
    }

    /// The references that one object is: (from, kind, to, the object).
    pub fn links_of(
        &self,
        object: ObjectSeq,
    ) -> Result<Vec<(i64, rempart_model::LinkKind, i64, ObjectSeq)>, StoreError> {
        dispatch!(self.links_of(object))
    }

    /// Makes an object (a sighting) claim something of the observables that another object, the target,
    /// makes claims about. Whoever may see the first has to be one of those who may see the target.
    pub fn attach(
        &self,
        object: ObjectSeq,
        target: ObjectSeq,
        stance: rempart_model::Stance,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.attach(object, target, stance, conclude, now))
    }

    /// The highest number that was given to an object.
    pub fn last_object(&self) -> Result<ObjectSeq, StoreError> {
        dispatch!(self.last_object())
    }

    /// The objects of a key that are served to anybody, the newest first, at most 64.
    pub fn objects_by_key(&self, key: i64) -> Result<Vec<StoredObject>, StoreError> {
        dispatch!(self.objects_by_key(key))
    }

    /// Entries of the ledger from a sequence number on, at least one page of them if there are any.
    pub fn ledger(&self, from: u64, limit: usize) -> Result<Vec<LedgerEntry>, StoreError> {
        dispatch!(self.ledger(from, limit))
    }

    /// Number of entries in the ledger.
    pub fn ledger_size(&self) -> u64 {
        dispatch!(self.ledger_size())
    }

    /// Checks the whole ledger: chain, signatures, and the content it speaks of.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verification, StoreError> {
        dispatch!(self.verify(progress))
    }

    /// A follower's cursor: the number of entries that it has dealt with.
    pub fn cursor(&self, follower: &str) -> Result<u64, StoreError> {
        dispatch!(self.cursor(follower))
    }

    /// Stores a follower's cursor.
    pub fn set_cursor(&self, follower: &str, cursor: u64) -> Result<(), StoreError> {
        dispatch!(self.set_cursor(follower, cursor))
    }

    /// Writes an event (a decision, a change of settings) into the ledger.
    pub fn record_event(&self, actor: &str, payload: &str, now: Timestamp) -> Result<u64, StoreError> {
        dispatch!(self.record_event(actor, payload, now))
    }

    /// All networks that anybody says something of.
    pub fn networks(&self) -> Result<Vec<Observable>, StoreError> {
        dispatch!(self.networks())
    }

    /// How much is stored.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        dispatch!(self.counts())
    }

    /// Adds a person.
    pub fn add_person(
        &self,
        actor: &str,
        name: &str,
        role: Role,
        uid: Option<u32>,
        now: Timestamp,
    ) -> Result<PersonId, StoreError> {
        dispatch!(self.add_person(actor, name, role, uid, now))
    }

    /// All people who are not disabled.
    pub fn people(&self) -> Result<Vec<Person>, StoreError> {
        dispatch!(self.people())
    }

    /// Adds a member; its `id` is ignored and the new one returned.
    pub fn add_member(&self, actor: &str, member: &Member, now: Timestamp) -> Result<MemberId, StoreError> {
        dispatch!(self.add_member(actor, member, now))
    }

    /// Changes a member.
    pub fn update_member(&self, actor: &str, member: &Member, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self.update_member(actor, member, now))
    }

    /// All members that have not left.
    pub fn members(&self) -> Result<Vec<Member>, StoreError> {
        dispatch!(self.members())
    }

    /// Stores a key by its hash; returns its number.
    pub fn add_key(
        &self,
        actor: &str,
        hash: &[u8; 32],
        owner: KeyOwner,
        scopes: Scopes,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        dispatch!(self.add_key(actor, hash, owner, scopes, expires, now))
    }

    /// The key with this hash.
    pub fn key(&self, hash: &[u8; 32]) -> Result<Option<AccessKey>, StoreError> {
        dispatch!(self.key(hash))
    }

    /// All keys.
    pub fn keys(&self) -> Result<Vec<AccessKey>, StoreError> {
        dispatch!(self.keys())
    }

    /// Revokes a key; false where there is none or it was revoked before.
    pub fn revoke_key(&self, actor: &str, id: u32, now: Timestamp) -> Result<bool, StoreError> {
        dispatch!(self.revoke_key(actor, id, now))
    }

    /// Counts a failed attempt from an origin in the minute of `now`; returns how many there were in it.
    pub fn failed_attempt(&self, origin: &str, now: Timestamp) -> Result<u32, StoreError> {
        dispatch!(self.failed_attempt(origin, now))
    }

    /// How many attempts from an origin failed in the minute of `now`.
    pub fn failed_attempts(&self, origin: &str, now: Timestamp) -> Result<u32, StoreError> {
        dispatch!(self.failed_attempts(origin, now))
    }

    /// Adds a source or changes it (by name); returns its number.
    pub fn put_source(&self, actor: &str, source: &Source, now: Timestamp) -> Result<SourceId, StoreError> {
        dispatch!(self.put_source(actor, source, now))
    }

    /// All sources.
    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        dispatch!(self.sources())
    }

    /// Keeps a status document of a contribution; those older than `keep_from` are dropped.
    pub fn put_status(
        &self,
        id: &[u8; 16],
        owner: &str,
        body: &str,
        now: Timestamp,
        keep_from: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.put_status(id, owner, body, now, keep_from))
    }

    /// The status document with this id, if `owner` made it.
    pub fn status(&self, id: &[u8; 16], owner: &str) -> Result<Option<String>, StoreError> {
        dispatch!(self.status(id, owner))
    }

    /// Whether the store answers.
    pub fn ready(&self) -> Result<(), StoreError> {
        dispatch!(self.ready())
    }
}

fn key(secret: &[u8; 32], kind: &str, value: &[u8]) -> i64 {
    let hash = sha256(&[secret, kind.as_bytes(), &[0], value]);
    let [a, b, c, d, e, f, g, h, ..] = hash;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
