//! Taking in a batch of objects: what is the same, what is new, what follows from it.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet};
use rempart_model::{StixId, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};

use super::{Change, Sqlite, flag};
use crate::error::StoreError;
use crate::placement::{Placement, Shelf, collection, encode};
use crate::positions::Stream;
use crate::types::{
    BatchOutcome, ClassId, Conclude, EntryKind, MintedVersion, NewClaim, NewObject, OPERATOR_ONLY, ObjectSeq,
    Outcome, SourceId,
};

/// A claim whose newest sign of life is older than this is refreshed when its line comes again.
const REFRESH_SECONDS: i64 = 12 * 3600;

/// What is there under an id.
struct Known {
    seq: i64,
    version: i64,
    class: ClassId,
    source: SourceId,
    flags: i64,
    position: i64,
    digest: [u8; 16],
}

/// The statements of the hot path, prepared once for a batch.
struct Statements<'c> {
    find: CachedStatement<'c>,
    object: CachedStatement<'c>,
    find_observable: CachedStatement<'c>,
    observable: CachedStatement<'c>,
    claim: CachedStatement<'c>,
    entry: CachedStatement<'c>,
}

impl<'c> Statements<'c> {
    fn new(sql: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self {
            find: sql.prepare_cached(
                "SELECT seq, version, class, source, flags, position, digest, uuid, type FROM object
                 WHERE id_key = ?1 ORDER BY seq",
            )?,
            object: sql.prepare_cached(
                "INSERT INTO object (seq, id_key, type, uuid, version, class, position, source, flags, salt,
                     digest, observables, placements, hints, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?,
            find_observable: sql
                .prepare_cached("SELECT id, kind, value FROM observable WHERE hash = ?1")?,
            observable: sql.prepare_cached(
                "INSERT INTO observable (id, hash, kind, value, probability, category, valid_until, next_change,
                     changed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            claim: sql.prepare_cached(
                "INSERT OR IGNORE INTO claim (observable, object, source, stance, category, confidence, received,
                     valid_from, valid_until, last_seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            entry: sql
                .prepare_cached("INSERT INTO entry (collection, position, object) VALUES (?1, ?2, ?3)")?,
        })
    }
}

/// What a batch remembers while it is taken in.
struct Progress<'a> {
    words: HashMap<Box<str>, i64>,
    made_words: bool,
    next_object: i64,
    next_observable: i64,
    touched: BTreeSet<i64>,
    dangling: HashSet<i64>,
    conclude: &'a dyn Conclude,
}

impl Sqlite {
    pub(crate) fn intake(
        &self,
        actor: &str,
        source: SourceId,
        batch: Vec<NewObject>,
        sees: &dyn Fn(ClassId, ClassId) -> bool,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<BatchOutcome, StoreError> {
        let mut made_words = false;
        let outcome = self.write(actor, now, |change| {
            let sql = change.sql;
            let mut statements = Statements::new(sql)?;
            let mut progress = Progress {
                words: HashMap::new(),
                made_words: false,
                next_object: next(sql, "SELECT max(seq) FROM object", NEXT_OBJECT)?,
                next_observable: next(sql, "SELECT max(id) FROM observable", NEXT_OBSERVABLE)?,
                touched: BTreeSet::new(),
                dangling: dangling(sql)?,
                conclude,
            };
            let mut outcomes = Vec::with_capacity(batch.len());
            for object in batch {
                outcomes.push(self.take(change, &mut statements, &mut progress, source, object, sees)?);
            }
            drop(statements);
            let touched: Vec<i64> = progress.touched.iter().copied().collect();
            self.reassess_within(change, &touched, conclude)?;
            made_words = progress.made_words;
            Ok(BatchOutcome { outcomes, ledger: change.ledger_size() })
        })?;
        if made_words {
            self.read(|connection| self.learn_words(connection))?;
        }
        Ok(outcome)
    }

    fn type_word(
        &self,
        change: &Change<'_>,
        progress: &mut Progress<'_>,
        text: &str,
    ) -> Result<i64, StoreError> {
        if let Some(id) = progress.words.get(text) {
            return Ok(*id);
        }
        let id = match self.known_word(text) {
            Some(id) => id,
            None => {
                progress.made_words = true;
                self.word(change, text)?
            }
        };
        progress.words.insert(text.into(), id);
        Ok(id)
    }

    fn take(
        &self,
        change: &mut Change<'_>,
        statements: &mut Statements<'_>,
        progress: &mut Progress<'_>,
        source: SourceId,
        mut object: NewObject,
        sees: &dyn Fn(ClassId, ClassId) -> bool,
    ) -> Result<Outcome, StoreError> {
        let kind = self.type_word(change, progress, object.id.kind())?;
        let all = find(&mut statements.find, object.id_key, object.id.uuid(), kind)?;
        // What is kept but not served is there for its own source alone: nobody keeps a creator from
        // its next version by being first with it.
        let others = |known: &Known| known.source != source && known.flags & flag::FOREIGN == 0;
        // What a marking definition says counts by whoever says it, so that each source has its own.
        let there = |known: &Known| object.defines.is_none() && sees(known.class, object.class);
        // Whose the id is depends on what a reader may see of it, so that each is asked for.
        let shadowed = all.iter().any(others);
        let known: Vec<&Known> =
            all.iter().filter(|known| known.source == source || (others(known) && there(known))).collect();
        let mut flags = 0;
        if shadowed {
            flags |= flag::SHADOWED;
        }
        if object.revoked {
            flags |= flag::REVOKED;
        }
        if object.minted.is_some() {
            flags |= flag::MINTED;
        }
        if object.original_v20.is_some() {
            flags |= flag::ORIGINAL;
        }

        let newest =
            known.iter().filter(|known| known.flags & flag::FOREIGN == 0).max_by_key(|known| known.version);
        let same = known.iter().find(|known| match object.minted {
            Some(MintedVersion::ByIntake) => {
                known.digest == object.digest && newest.is_some_and(|newest| newest.seq == known.seq)
            }
            _ => known.version == object.version.micros() && known.digest == object.digest,
        });
        if let Some(same) = same {
            self.refresh(change, same, source, progress)?;
            return Ok(Outcome::Duplicate);
        }
        let mut foreign = false;
        if let Some(first) = known.iter().find(|known| known.flags & flag::FOREIGN == 0) {
            let own = |known: &&&Known| known.source == source && known.flags & flag::FOREIGN == 0;
            // Another source's version does not make this source's older.
            let newest_version =
                known.iter().filter(own).map(|known| known.version).max().unwrap_or(first.version);
            if object.minted == Some(MintedVersion::ByIntake) && first.source == source {
                if object.version.micros() <= newest_version {
                    // Two contents of one line within the same instant: the first one stands.
                    return Ok(Outcome::Duplicate);
                }
                let body: Vec<u8> =
                    change
                        .sql
                        .query_row("SELECT body FROM object WHERE seq = ?1", [first.seq], |row| row.get(0))?;
                object.body = progress.conclude.same_creation(&body, object.body);
                object.content = crate::content_hash(&object.salt, &object.body);
            }
            foreign = first.source != source
                || known.iter().filter(own).any(|known| known.version == object.version.micros());
            if object.version.micros() < newest_version {
                if !foreign {
                    flags |= flag::SUPERSEDED;
                    object.claims.clear();
                }
            } else if !foreign || object.version.micros() > newest_version {
                // What a source says anew ends what it said before, also where the new version is not
                // served because all that may see it see another's: who may see only the old one does
                // not learn that there is another.
                for older in known.iter().filter(|older| older.source == source) {
                    supersede(change, older, &mut progress.touched)?;
                }
            }
        }
        if foreign {
            flags |= flag::FOREIGN;
            object.class = OPERATOR_ONLY;
            object.claims.clear();
            object.concerns.clear();
            object.links.clear();
            object.unresolved.clear();
            object.defines = None;
        }
        let seq = progress.next_object;
        progress.next_object += 1;
        let position = change.position(Stream::Class(object.class.0));

        let (numbers, fresh_numbers, all_fresh) =
            self.take_claims(change, statements, progress, source, seq, &object.claims)?;
        let mut placements = Vec::new();
        for concern in &object.concerns {
            if object.class == OPERATOR_ONLY || !progress.conclude.may_see(concern.member, object.class) {
                continue;
            }
            placements.push(Placement {
                collection: collection(concern.member, Shelf::Concerns),
                position,
                weight: concern.weight,
                reasons: concern.reasons.clone(),
            });
            if all_fresh && object.claims.iter().any(|claim| progress.conclude.high(&claim.alone)) {
                placements.push(Placement {
                    collection: collection(concern.member, Shelf::High),
                    position,
                    weight: concern.weight,
                    reasons: Vec::new(),
                });
            }
        }
        for placement in &placements {
            statements.entry.execute((placement.collection, placement.position, seq))?;
        }
        let placed = (!placements.is_empty()).then(|| encode(&placements));
        let hints = (!object.hints.is_empty()).then(|| super::read::hints_to_text(&object.hints));
        statements.object.execute(rusqlite::params![
            seq,
            object.id_key,
            kind,
            object.id.uuid().as_slice(),
            object.version.micros(),
            object.class.0,
            position,
            source.0,
            flags,
            object.salt.as_slice(),
            object.digest.as_slice(),
            (!numbers.is_empty()).then(|| super::read::numbers_to_bytes(&numbers)),
            placed,
            hints,
            object.body,
        ])?;
        if let Some(original) = &object.original_v20 {
            change
                .sql
                .prepare_cached("INSERT INTO original (object, body) VALUES (?1, ?2)")?
                .execute((seq, original))?;
        }
        self.take_references(change, progress, source, seq, &object)?;
        let awaited = progress.dangling.remove(&object.id_key);
        if awaited {
            change.sql.prepare_cached("DELETE FROM dangling WHERE id_key = ?1")?.execute([object.id_key])?;
        }
        // What is referred to was referred to before where the id is there already: under another version, or
        // as another source's object that some who may see this one may not see.
        let referred = awaited || (!all.is_empty() && is_referred_to(change.sql, object.id_key)?);
        let entry = if foreign {
            EntryKind::ConflictKept
        } else if referred || !object.links.is_empty() || object.defines.is_some() {
            EntryKind::ContextAdded
        } else {
            EntryKind::ObjectAdded
        };
        change.log(entry, seq, &object.content);
        if foreign {
            return Ok(Outcome::Conflict { seq: ObjectSeq(seq) });
        }
        Ok(Outcome::Added {
            seq: ObjectSeq(seq),
            claims: u32::try_from(numbers.len()).unwrap_or(u32::MAX),
            observables: fresh_numbers,
        })
    }

    /// Stores claims; returns the observables' numbers, how many are new, and whether all are.
    fn take_claims(
        &self,
        change: &mut Change<'_>,
        statements: &mut Statements<'_>,
        progress: &mut Progress<'_>,
        source: SourceId,
        object: i64,
        claims: &[NewClaim],
    ) -> Result<(Vec<i64>, u32, bool), StoreError> {
        let mut numbers = Vec::with_capacity(claims.len());
        let mut fresh = 0u32;
        let mut all_fresh = true;
        for claim in claims {
            let kind = self.type_word(change, progress, claim.observable.kind().name())?;
            let number = match find_observable(
                &mut statements.find_observable,
                claim.key,
                kind,
                claim.observable.value(),
            )? {
                Some(number) => {
                    all_fresh = false;
                    progress.touched.insert(number);
                    number
                }
                None => {
                    let number = progress.next_observable;
                    progress.next_observable += 1;
                    fresh += 1;
                    statements.observable.execute((
                        number,
                        claim.key,
                        kind,
                        claim.observable.value(),
                        stored_probability(claim.alone.probability),
                        claim.alone.category as u8,
                        claim.alone.valid_until.map(Timestamp::micros),
                        claim.alone.next_change.map(Timestamp::micros),
                        change.turn(),
                    ))?;
                    number
                }
            };
            if numbers.contains(&number) {
                continue;
            }
            numbers.push(number);
            statements.claim.execute((
                number,
                object,
                source.0,
                claim.stance as u8,
                claim.category as u8,
                claim.confidence,
                change.now.micros(),
                claim.valid_from.map(Timestamp::micros),
                claim.valid_until.map(Timestamp::micros),
                claim.last_seen.map(Timestamp::micros),
            ))?;
        }
        Ok((numbers, fresh, all_fresh))
    }

    fn take_references(
        &self,
        change: &mut Change<'_>,
        progress: &mut Progress<'_>,
        source: SourceId,
        seq: i64,
        object: &NewObject,
    ) -> Result<(), StoreError> {
        for link in &object.links {
            change
                .sql
                .prepare_cached(
                    "INSERT OR IGNORE INTO link (from_key, kind, to_key, object) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((self.key_of(&link.from), link.kind as u8, self.key_of(&link.to), seq))?;
            for end in [&link.from, &link.to] {
                let key = self.key_of(end);
                let there: bool = *end == object.id
                    || change
                        .sql
                        .prepare_cached("SELECT EXISTS (SELECT 1 FROM object WHERE id_key = ?1)")?
                        .query_row([key], |row| row.get(0))?;
                if !there && progress.dangling.len() < MAX_DANGLING && progress.dangling.insert(key) {
                    change
                        .sql
                        .prepare_cached("INSERT OR IGNORE INTO dangling (id_key) VALUES (?1)")?
                        .execute([key])?;
                }
            }
        }
        for definition in &object.unresolved {
            change
                .sql
                .prepare_cached("INSERT OR IGNORE INTO unresolved (definition, object) VALUES (?1, ?2)")?
                .execute((definition, seq))?;
        }
        if let Some(marking) = &object.defines {
            change
                .sql
                .prepare_cached(
                    "INSERT OR REPLACE INTO definition (id_key, source, marking) VALUES (?1, ?2, ?3)",
                )?
                .execute((object.id_key, source.0, super::read::marking_to_text(marking)))?;
        }
        Ok(())
    }

    pub(crate) fn key_of(&self, id: &StixId) -> i64 {
        crate::Store::hashed_id(self.secrets(), id)
    }

    /// A line that comes again long after it came keeps its claims alive.
    fn refresh(
        &self,
        change: &mut Change<'_>,
        known: &Known,
        source: SourceId,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let stale = change.now.plus_seconds(-REFRESH_SECONDS).micros();
        let live =
            known.flags & (flag::MINTED | flag::SUPERSEDED | flag::REVOKED | flag::FOREIGN) == flag::MINTED;
        if !live || known.source != source || known.position > stale {
            return Ok(());
        }
        for number in observables_of(change.sql, known.seq)? {
            let changed = change
                .sql
                .prepare_cached(
                    "UPDATE claim SET last_seen = ?3 WHERE observable = ?1 AND object = ?2
                     AND max(received, coalesce(last_seen, 0)) < ?4",
                )?
                .execute((number, known.seq, change.now.micros(), stale))?;
            if changed > 0 {
                progress.touched.insert(number);
            }
        }
        Ok(())
    }
}

/// Marks an older version and ends its claims.
fn supersede(change: &mut Change<'_>, older: &Known, touched: &mut BTreeSet<i64>) -> Result<(), StoreError> {
    if older.flags & (flag::SUPERSEDED | flag::FOREIGN) != 0 {
        return Ok(());
    }
    change
        .sql
        .prepare_cached("UPDATE object SET flags = flags | ?2 WHERE seq = ?1")?
        .execute((older.seq, flag::SUPERSEDED))?;
    unlink(change, older.seq)?;
    for number in observables_of(change.sql, older.seq)? {
        change
            .sql
            .prepare_cached("DELETE FROM claim WHERE observable = ?1 AND object = ?2")?
            .execute((number, older.seq))?;
        touched.insert(number);
    }
    Ok(())
}

fn is_referred_to(sql: &Connection, key: i64) -> Result<bool, StoreError> {
    let mut statement = sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM link WHERE to_key = ?1)")?;
    Ok(statement.query_row([key], |row| row.get(0))?)
}

/// Takes away the references that an object is. What they bore upon has to be looked at again.
pub(crate) fn unlink(change: &mut Change<'_>, object: i64) -> Result<(), StoreError> {
    let mut beginnings = change.sql.prepare_cached(
        "SELECT DISTINCT object.seq FROM link JOIN object ON object.id_key = link.from_key
         WHERE link.object = ?1 AND object.seq <> ?1 AND object.flags & 65 = 0",
    )?;
    let seqs: Vec<i64> =
        beginnings.query_map([object], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
    drop(beginnings);
    if change.sql.prepare_cached("DELETE FROM link WHERE object = ?1")?.execute([object])? > 0 {
        for seq in seqs {
            change.log(EntryKind::ReferencesChanged, seq, &[0; 32]);
        }
    }
    Ok(())
}

/// Most ends of references that are waited for; beyond it a reference to what has not come is kept,
/// but what comes is not looked at again for its sake.
const MAX_DANGLING: usize = 200_000;

fn dangling(sql: &Connection) -> Result<HashSet<i64>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT id_key FROM dangling")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn observables_of(sql: &Connection, seq: i64) -> Result<Vec<i64>, StoreError> {
    let bytes: Option<Option<Vec<u8>>> = sql
        .prepare_cached("SELECT observables FROM object WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(bytes.flatten().map(|bytes| super::read::numbers_from_bytes(&bytes)).unwrap_or_default())
}

/// A probability as it is stored: parts of ten thousand.
pub(crate) fn stored_probability(probability: f32) -> i64 {
    (f64::from(probability.clamp(0.0, 1.0)) * 10_000.0).round() as i64
}

/// Where the lowest free number is kept once the highest row was deleted: a number that the ledger or
/// an older version speaks of is never given to something else.
pub(crate) const NEXT_OBJECT: &str = "next.object";
pub(crate) const NEXT_OBSERVABLE: &str = "next.observable";

/// The next free number of a table.
pub(crate) fn next(sql: &Connection, query: &str, kept: &str) -> Result<i64, StoreError> {
    let highest: Option<i64> = sql.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    let kept = super::meta(sql, kept)?.and_then(|bytes| bytes.try_into().ok()).map_or(1, i64::from_be_bytes);
    Ok(kept.max(highest.unwrap_or(0) + 1))
}

/// Keeps the next free numbers before rows are deleted.
pub(crate) fn keep_numbers(sql: &Connection) -> Result<(), StoreError> {
    for (query, kept) in
        [("SELECT max(seq) FROM object", NEXT_OBJECT), ("SELECT max(id) FROM observable", NEXT_OBSERVABLE)]
    {
        let number = next(sql, query, kept)?;
        super::set_meta(sql, kept, &number.to_be_bytes())?;
    }
    Ok(())
}

fn find(
    statement: &mut CachedStatement<'_>,
    key: i64,
    uuid: &[u8; 16],
    kind: i64,
) -> Result<Vec<Known>, StoreError> {
    let mut rows = statement.query([key])?;
    let mut known = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(8)? == kind && blob(row, 7)? == uuid.as_slice() {
            let mut digest = [0u8; 16];
            digest.iter_mut().zip(blob(row, 6)?).for_each(|(to, from)| *to = *from);
            known.push(Known {
                seq: row.get(0)?,
                version: row.get(1)?,
                class: ClassId(row.get(2)?),
                source: SourceId(row.get(3)?),
                flags: row.get(4)?,
                position: row.get(5)?,
                digest,
            });
        }
    }
    Ok(known)
}

fn find_observable(
    statement: &mut CachedStatement<'_>,
    key: i64,
    kind: i64,
    value: &str,
) -> Result<Option<i64>, StoreError> {
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? == kind
            && row.get_ref(2)?.as_bytes().is_ok_and(|found| found == value.as_bytes())
        {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

/// The bytes of a blob column; nothing where it is NULL.
pub(crate) fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], StoreError> {
    match row.get_ref(column)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(bytes),
        _ => Ok(&[]),
    }
}
