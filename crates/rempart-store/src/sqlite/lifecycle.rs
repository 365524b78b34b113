//! What happens to objects and observables after they came: deletion, expiry, new conclusions, decisions.

use std::collections::BTreeSet;

use rempart_model::{MemberId, Observable, Stance, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::intake::{NEXT_OBSERVABLE, blob, keep_numbers, next, observables_of, stored_probability, unlink};
use super::read::{claims_within, numbers_from_bytes, numbers_to_bytes, override_to_text};
use super::{Change, Sqlite, flag};
use crate::error::StoreError;
use crate::placement::{self, Placement, Shelf, collection, decode, encode};
use crate::positions::Stream;
use crate::types::{
    ClaimRow, Conclude, EntryKind, ObjectSeq, ObservableId, ObservableRow, OverrideRow, Selection,
};

impl Sqlite {
    pub(crate) fn select(&self, selection: &Selection) -> Result<Vec<ObjectSeq>, StoreError> {
        let mut seqs = match selection {
            Selection::Objects(objects) => objects.clone(),
            Selection::Source(source) => self.read(|connection| {
                let mut statement =
                    connection.prepare_cached("SELECT seq FROM object WHERE source = ?1 ORDER BY seq")?;
                let rows = statement.query_map([source.0], |row| Ok(ObjectSeq(row.get(0)?)))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?,
            Selection::Ids(ids) => {
                let mut seqs = Vec::new();
                for id in ids {
                    seqs.extend(self.objects_by_id(id)?.iter().map(|object| object.seq));
                }
                seqs
            }
        };
        seqs.sort_unstable();
        seqs.dedup();
        Ok(seqs)
    }

    pub(crate) fn delete(
        &self,
        actor: &str,
        objects: &[ObjectSeq],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(actor, now, |change| {
            keep_numbers(change.sql)?;
            let mut touched = BTreeSet::new();
            let mut deleted = 0;
            for ObjectSeq(seq) in objects {
                deleted += usize::from(self.delete_one(change, *seq, &mut touched)?);
            }
            let touched: Vec<i64> = touched.into_iter().collect();
            self.reassess_within(change, &touched, conclude)?;
            Ok(deleted)
        })
    }

    fn delete_one(
        &self,
        change: &mut Change<'_>,
        seq: i64,
        touched: &mut BTreeSet<i64>,
    ) -> Result<bool, StoreError> {
        let found = change
            .sql
            .prepare_cached(
                "SELECT id_key, observables, placements, flags, type, uuid, source FROM object WHERE seq = ?1",
            )?
            .query_row([seq], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default(),
                    row.get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default(),
                    row.get::<_, i64>(3)?,
                    row.get::<_, i64>(4)?,
                    row.get::<_, Vec<u8>>(5)?,
                    row.get::<_, u32>(6)?,
                ))
            })
            .optional()?;
        let Some((key, observables, placements, flags, kind, uuid, source)) = found else { return Ok(false) };
        for number in numbers_from_bytes(&observables) {
            change
                .sql
                .prepare_cached("DELETE FROM claim WHERE observable = ?1 AND object = ?2")?
                .execute((number, seq))?;
            touched.insert(number);
        }
        for placed in decode(&placements) {
            change
                .sql
                .prepare_cached("DELETE FROM entry WHERE collection = ?1 AND position = ?2")?
                .execute((placed.collection, placed.position))?;
        }
        // Late entries of members that gained sight of a whole class are not among the placements.
        change
            .sql
            .prepare_cached(
                "DELETE FROM entry WHERE (collection, position) IN
                 (SELECT collection, position FROM entry INDEXED BY entry_late WHERE object = ?1 AND collection % 4 = 0)",
            )?
            .execute([seq])?;
        change.sql.prepare_cached("DELETE FROM object WHERE seq = ?1")?.execute([seq])?;
        if flags & flag::ORIGINAL != 0 {
            change.sql.prepare_cached("DELETE FROM original WHERE object = ?1")?.execute([seq])?;
        }
        // Type 1 is `indicator`, which has no references of its own.
        if kind != 1 {
            unlink(change, seq)?;
            if flags & flag::FOREIGN == 0 {
                change
                    .sql
                    .prepare_cached("DELETE FROM definition WHERE id_key = ?1 AND source = ?2")?
                    .execute((key, source))?;
            }
        }
        self.promote(change, key, kind, &uuid)?;
        change.log(EntryKind::ObjectDeleted, seq, &[0; 32]);
        Ok(true)
    }

    /// After a deletion, the highest version that is left is the last one again.
    fn promote(&self, change: &Change<'_>, key: i64, kind: i64, uuid: &[u8]) -> Result<(), StoreError> {
        change
            .sql
            .prepare_cached(
                "UPDATE object SET flags = flags & ~1 WHERE seq = (
                     SELECT seq FROM object WHERE id_key = ?1 AND type = ?2 AND uuid = ?3 AND flags & 64 = 0
                     ORDER BY version DESC, seq LIMIT 1) AND flags & 1 = 1",
            )?
            .execute((key, kind, uuid))?;
        Ok(())
    }

    pub(crate) fn expire(
        &self,
        actor: &str,
        objects: &[ObjectSeq],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(actor, now, |change| {
            let mut touched = Vec::new();
            let mut expired = 0;
            for ObjectSeq(seq) in objects {
                let mut ended = 0;
                for number in observables_of(change.sql, *seq)? {
                    let changed = change
                        .sql
                        .prepare_cached(
                            "UPDATE claim SET valid_until = ?3 WHERE observable = ?1 AND object = ?2
                             AND (valid_until IS NULL OR valid_until > ?3)",
                        )?
                        .execute((number, seq, now.micros()))?;
                    if changed > 0 {
                        touched.push(number);
                    }
                    ended += changed;
                }
                if ended > 0 {
                    expired += 1;
                    change.log(EntryKind::ObjectExpired, *seq, &[0; 32]);
                }
            }
            touched.sort_unstable();
            touched.dedup();
            self.reassess_within(change, &touched, conclude)?;
            Ok(expired)
        })
    }

    pub(crate) fn reassess_due(
        &self,
        limit: usize,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let due: Vec<i64> = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM observable INDEXED BY observable_due
                 WHERE next_change IS NOT NULL AND next_change <= ?1 ORDER BY next_change LIMIT ?2",
            )?;
            let rows = statement
                .query_map((now.micros(), i64::try_from(limit).unwrap_or(i64::MAX)), |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        if !due.is_empty() {
            self.write("rempart", now, |change| self.reassess_within(change, &due, conclude))?;
        }
        Ok(due.len())
    }

    pub(crate) fn reassess(
        &self,
        observables: &[ObservableId],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let numbers: Vec<i64> = observables.iter().map(|observable| observable.0).collect();
        self.write("rempart", now, |change| self.reassess_within(change, &numbers, conclude))
    }

    /// Concludes again, inside a transaction, and moves objects in and out of what is of high confidence.
    pub(crate) fn reassess_within(
        &self,
        change: &mut Change<'_>,
        numbers: &[i64],
        conclude: &dyn Conclude,
    ) -> Result<(), StoreError> {
        for number in numbers {
            let Some(row) = self.observable_by_number(change.sql, *number)? else { continue };
            let claims = claims_within(change.sql, *number)?;
            if claims.is_empty() && row.override_.is_none() {
                // Nobody says anything of it any more: it is forgotten, and its number with it.
                keep_numbers(change.sql)?;
                self.forget(change, *number)?;
                continue;
            }
            let concluded = conclude.assess(&row.observable, &claims, row.override_.as_ref(), change.now);
            // What is concluded now is not due again in the same instant.
            let due = concluded.next_change.filter(|next| *next > change.now);
            // Also where the conclusion is the same: the claims that it rests on, and so who may be told, are not.
            let turn = change.turn();
            change
                .sql
                .prepare_cached(
                    "UPDATE observable SET probability = ?2, category = ?3, valid_until = ?4, next_change = ?5,
                         changed = ?6
                     WHERE id = ?1",
                )?
                .execute((
                    number,
                    stored_probability(concluded.probability),
                    concluded.category as u8,
                    concluded.valid_until.map(Timestamp::micros),
                    due.map(Timestamp::micros),
                    turn,
                ))?;
            for claim in &claims {
                self.rehigh(change, claim.object.0, Some((*number, &row, &claims)), conclude)?;
            }
        }
        Ok(())
    }

    /// Brings an object's places among what is of high confidence up to date.
    pub(crate) fn rehigh(
        &self,
        change: &mut Change<'_>,
        object: i64,
        known: Option<(i64, &ObservableRow, &[ClaimRow])>,
        conclude: &dyn Conclude,
    ) -> Result<(), StoreError> {
        let found = change
            .sql
            .prepare_cached(
                "SELECT placements, observables FROM object WHERE seq = ?1 AND placements IS NOT NULL",
            )?
            .query_row([object], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?)))
            .optional()?;
        let Some((placements, observables)) = found else { return Ok(()) };
        let mut placements = decode(&placements);
        let observables = numbers_from_bytes(&observables.unwrap_or_default());
        let concerned: Vec<(MemberId, u8)> = placements
            .iter()
            .filter(|placed| placed.shelf() == Some(Shelf::Concerns))
            .map(|placed| (placed.member(), placed.weight))
            .collect();
        let mut altered = false;
        for (member, weight) in concerned {
            let mut high = false;
            for number in &observables {
                high = match known {
                    Some((known_number, row, claims)) if known_number == *number => {
                        conclude.is_high(member, &row.observable, claims, row.override_.as_ref(), change.now)
                    }
                    _ => match self.observable_by_number(change.sql, *number)? {
                        Some(row) => {
                            let claims = claims_within(change.sql, *number)?;
                            conclude.is_high(
                                member,
                                &row.observable,
                                &claims,
                                row.override_.as_ref(),
                                change.now,
                            )
                        }
                        None => false,
                    },
                };
                if high {
                    break;
                }
            }
            let shelf = collection(member, Shelf::High);
            let standing = placements.iter().position(|placed| placed.collection == shelf);
            match (high, standing) {
                (true, None) => {
                    let position = change.position(Stream::Collection(shelf));
                    add_entry(change.sql, shelf, position, object)?;
                    placements.push(Placement { collection: shelf, position, weight, reasons: Vec::new() });
                    altered = true;
                }
                (false, Some(index)) => {
                    let gone = placements.remove(index);
                    remove_entry(change.sql, gone.collection, gone.position)?;
                    altered = true;
                }
                _ => {}
            }
        }
        if altered {
            store_placements(change.sql, object, &placements)?;
        }
        Ok(())
    }

    pub(crate) fn attach(
        &self,
        object: ObjectSeq,
        target: ObjectSeq,
        stance: Stance,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("rempart", now, |change| {
            let source: Option<u32> = change
                .sql
                .prepare_cached("SELECT source FROM object WHERE seq = ?1")?
                .query_row([object.0], |row| row.get(0))
                .optional()?;
            let Some(source) = source else { return Ok(()) };
            let mut numbers = Vec::new();
            for number in observables_of(change.sql, target.0)? {
                // Only what the target claims itself: whether anybody else speaks of the value is not to be told.
                let claimed = change
                    .sql
                    .prepare_cached(
                        "INSERT OR IGNORE INTO claim (observable, object, source, stance, category, received, last_seen)
                         SELECT ?1, ?2, ?3, ?4, 0, ?5, ?5
                         WHERE EXISTS (SELECT 1 FROM claim WHERE observable = ?1 AND object = ?6)",
                    )?
                    .execute((number, object.0, source, stance as u8, now.micros(), target.0))?;
                if claimed > 0 {
                    numbers.push(number);
                }
            }
            if numbers.is_empty() {
                return Ok(());
            }
            // A sighting that is settled again keeps what it claimed before.
            numbers.extend(observables_of(change.sql, object.0)?);
            numbers.sort_unstable();
            numbers.dedup();
            change
                .sql
                .prepare_cached("UPDATE object SET observables = ?2 WHERE seq = ?1")?
                .execute((object.0, numbers_to_bytes(&numbers)))?;
            self.reassess_within(change, &numbers, conclude)
        })
    }

    pub(crate) fn set_override(
        &self,
        actor: &str,
        observable: &Observable,
        decision: Option<OverrideRow>,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<ObservableRow, StoreError> {
        let row = self.write(actor, now, |change| {
            let number = match self.observable_within(change.sql, observable)? {
                Some(row) => row.id.0,
                None => {
                    let number = next(change.sql, "SELECT max(id) FROM observable", NEXT_OBSERVABLE)?;
                    let kind = self.word(change, observable.kind().name())?;
                    change.sql.execute(
                        "INSERT INTO observable (id, hash, kind, value, probability, category)
                         VALUES (?1, ?2, ?3, ?4, 0, 0)",
                        (number, crate::Store::hashed(self.secrets(), observable), kind, observable.value()),
                    )?;
                    number
                }
            };
            change.sql.execute(
                "UPDATE observable SET override = ?2 WHERE id = ?1",
                (number, decision.as_ref().map(override_to_text)),
            )?;
            change.event(
                &json!({
                    "event": if decision.is_some() { "override set" } else { "override lifted" },
                    "observable": number,
                    "malicious": decision.as_ref().map(|decision| decision.malicious),
                })
                .to_string(),
            )?;
            self.reassess_within(change, &[number], conclude)?;
            self.observable_by_number(change.sql, number)
        })?;
        self.read(|connection| self.learn_words(connection))?;
        Ok(row.unwrap_or_else(|| ObservableRow {
            id: ObservableId(0),
            observable: observable.clone(),
            assessment: crate::types::AssessmentRow {
                probability: 0.0,
                category: rempart_model::Category::Other,
                valid_until: None,
                next_change: None,
            },
            override_: None,
        }))
    }
}

pub(crate) fn add_entry(sql: &Connection, shelf: u32, position: i64, object: i64) -> Result<(), StoreError> {
    sql.prepare_cached("INSERT INTO entry (collection, position, object) VALUES (?1, ?2, ?3)")?
        .execute((shelf, position, object))?;
    Ok(())
}

pub(crate) fn remove_entry(sql: &Connection, shelf: u32, position: i64) -> Result<(), StoreError> {
    sql.prepare_cached("DELETE FROM entry WHERE collection = ?1 AND position = ?2")?
        .execute((shelf, position))?;
    Ok(())
}

pub(crate) fn store_placements(
    sql: &Connection,
    object: i64,
    placements: &[Placement],
) -> Result<(), StoreError> {
    sql.prepare_cached("UPDATE object SET placements = ?2 WHERE seq = ?1")?
        .execute((object, (!placements.is_empty()).then(|| encode(placements))))?;
    Ok(())
}

/// The placements of an object; `None` where there is no such object.
pub(crate) fn placements_of(sql: &Connection, object: i64) -> Result<Option<Vec<Placement>>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT placements FROM object WHERE seq = ?1")?;
    let mut rows = statement.query([object])?;
    rows.next()?.map(|row| Ok(placement::decode(blob(row, 0)?))).transpose()
}
