//! Who may see what: release classes, members' sight of them, and whom objects concern.

use rempart_model::{MemberId, Timestamp};
use rusqlite::OptionalExtension;

use super::changes::touch;
use super::intake::observables_of;
use super::lifecycle::{add_entry, placements_of, remove_entry, store_placements};
use super::page::has_late_entry;
use super::{Sqlite, flag};
use crate::error::StoreError;
use crate::placement::{Placement, Shelf, collection};
use crate::positions::Stream;
use crate::types::{ClassId, Conclude, EntryKind, NewConcern, OPERATOR_ONLY, ObjectSeq};

impl Sqlite {
    pub(crate) fn class(
        &self,
        terms: &str,
        audience: &mut dyn FnMut(ClassId) -> Vec<MemberId>,
    ) -> Result<ClassId, StoreError> {
        let known = self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT id FROM class WHERE terms = ?1")?
                .query_row([terms], |row| row.get(0))
                .optional()?)
        })?;
        if let Some(id) = known {
            return Ok(ClassId(id));
        }
        // A class is no event of its own: what enters it is.
        self.write("rempart", Timestamp::MIN, |change| {
            change.sql.execute("INSERT OR IGNORE INTO class (terms) VALUES (?1)", [terms])?;
            let class = ClassId(change.sql.query_row(
                "SELECT id FROM class WHERE terms = ?1",
                [terms],
                |row| row.get(0),
            )?);
            for member in audience(class) {
                change.sql.execute(
                    "INSERT OR IGNORE INTO class_member (member, class, since) VALUES (?1, ?2, ?3)",
                    (member.0, class.0, i64::MIN),
                )?;
            }
            Ok(class)
        })
    }

    pub(crate) fn classes(&self) -> Result<Vec<(ClassId, String)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT id, terms FROM class ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((ClassId(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn visibility(&self, member: MemberId) -> Result<Vec<(ClassId, i64)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT class, since FROM class_member WHERE member = ?1 ORDER BY class")?;
            let rows = statement.query_map([member.0], |row| Ok((ClassId(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn set_visibility(
        &self,
        member: MemberId,
        classes: &[ClassId],
        late: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before = self.visibility(member)?;
        self.write("rempart", now, |change| {
            for (class, _) in before.iter().filter(|(class, _)| !classes.contains(class)) {
                change.sql.execute(
                    "DELETE FROM class_member WHERE member = ?1 AND class = ?2",
                    (member.0, class.0),
                )?;
            }
            let shelf = collection(member, Shelf::Late);
            for class in classes.iter().filter(|class| !before.iter().any(|(known, _)| known == *class)) {
                let mut since = i64::MIN;
                if late {
                    let objects: Vec<i64> = change
                        .sql
                        .prepare_cached(
                            "SELECT seq FROM object WHERE class = ?1 AND flags & 64 = 0 ORDER BY position",
                        )?
                        .query_map([class.0], |row| row.get(0))?
                        .collect::<Result<_, _>>()?;
                    for object in objects {
                        if !has_late_entry(change.sql, object, shelf)? {
                            let position = change.position(Stream::Collection(shelf));
                            add_entry(change.sql, shelf, position, object)?;
                        }
                    }
                    since = change.positions.last().saturating_add(1);
                }
                change.sql.execute(
                    "INSERT INTO class_member (member, class, since) VALUES (?1, ?2, ?3)",
                    (member.0, class.0, since),
                )?;
            }
            Ok(())
        })
    }

    pub(crate) fn rerelease(
        &self,
        actor: &str,
        changes: &[(ObjectSeq, ClassId)],
        audience: &dyn Fn(ClassId) -> Vec<MemberId>,
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(actor, now, |change| {
            let mut moved: Vec<i64> = Vec::new();
            for (ObjectSeq(seq), class) in changes {
                let found = change
                    .sql
                    .prepare_cached("SELECT class, flags, position FROM object WHERE seq = ?1")?
                    .query_row([seq], |row| {
                        Ok((ClassId(row.get(0)?), row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                    })
                    .optional()?;
                let Some((old, flags, first)) = found else { continue };
                change.sql.prepare_cached("DELETE FROM unresolved WHERE object = ?1")?.execute([seq])?;
                if old == *class {
                    continue;
                }
                let mut placements = placements_of(change.sql, *seq)?.unwrap_or_default();
                let had: Vec<MemberId> = if old == OPERATOR_ONLY { Vec::new() } else { audience(old) };
                for member in audience(*class) {
                    let shelf = collection(member, Shelf::Late);
                    let placed = placements.iter().any(|placed| placed.collection == shelf);
                    if !placed && !has_late_entry(change.sql, *seq, shelf)? {
                        let position = if !had.contains(&member) {
                            change.position(Stream::Collection(shelf))
                        } else if begins_after(change.sql, member, *class, first)? {
                            // It has the object, but sees the class only from a later date on.
                            first
                        } else {
                            continue;
                        };
                        add_entry(change.sql, shelf, position, *seq)?;
                        placements.push(Placement {
                            collection: shelf,
                            position,
                            weight: 0,
                            reasons: Vec::new(),
                        });
                    }
                }
                store_placements(change.sql, *seq, &placements)?;
                change
                    .sql
                    .prepare_cached("UPDATE object SET class = ?2, flags = ?3 WHERE seq = ?1")?
                    .execute((seq, class.0, flags | flag::LATE))?;
                change.log(EntryKind::ObjectReleased, *seq, &[0; 32]);
                // Who may be told of what it names is another.
                for number in observables_of(change.sql, *seq)? {
                    touch(change, number)?;
                }
                moved.push(*seq);
            }
            // Only once all have moved: what rests on several of them would go and come again.
            for seq in moved {
                self.rehigh(change, seq, None, conclude)?;
            }
            Ok(())
        })
    }

    pub(crate) fn reroute(
        &self,
        concerns: &[(ObjectSeq, Vec<NewConcern>)],
        conclude: &dyn Conclude,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("rempart", now, |change| {
            for (ObjectSeq(seq), wanted) in concerns {
                let found: Option<(u32, i64)> = change
                    .sql
                    .prepare_cached("SELECT class, flags FROM object WHERE seq = ?1")?
                    .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((class, flags)) = found else { continue };
                if flags & flag::FOREIGN != 0 {
                    continue;
                }
                let class = ClassId(class);
                let before = placements_of(change.sql, *seq)?.unwrap_or_default();
                let mut after = before.clone();
                let wanted: Vec<&NewConcern> = wanted
                    .iter()
                    .filter(|concern| class != OPERATOR_ONLY && conclude.may_see(concern.member, class))
                    .collect();
                after.retain(|placed| {
                    placed.shelf() == Some(Shelf::Late)
                        || wanted.iter().any(|concern| concern.member == placed.member())
                });
                for gone in before.iter().filter(|placed| !after.contains(placed)) {
                    remove_entry(change.sql, gone.collection, gone.position)?;
                }
                for concern in wanted {
                    let shelf = collection(concern.member, Shelf::Concerns);
                    match after.iter_mut().find(|placed| placed.collection == shelf) {
                        Some(placed) => {
                            placed.weight = concern.weight;
                            placed.reasons.clone_from(&concern.reasons);
                        }
                        None => {
                            let position = change.position(Stream::Collection(shelf));
                            add_entry(change.sql, shelf, position, *seq)?;
                            after.push(Placement {
                                collection: shelf,
                                position,
                                weight: concern.weight,
                                reasons: concern.reasons.clone(),
                            });
                        }
                    }
                }
                if after != before {
                    store_placements(change.sql, *seq, &after)?;
                }
                self.rehigh(change, *seq, None, conclude)?;
            }
            Ok(())
        })
    }
}

/// Whether a member sees a class only from after a position on.
fn begins_after(
    sql: &rusqlite::Connection,
    member: MemberId,
    class: ClassId,
    position: i64,
) -> Result<bool, StoreError> {
    let since: Option<i64> = sql
        .prepare_cached("SELECT since FROM class_member WHERE member = ?1 AND class = ?2")?
        .query_row((member.0, class.0), |row| row.get(0))
        .optional()?;
    Ok(since.is_none_or(|since| since > position))
}
