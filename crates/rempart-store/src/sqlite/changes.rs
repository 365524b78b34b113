//! The change log of observables: what indexes and zones follow.

use rempart_model::{Kind, Observable};

use super::{Change, Sqlite};
use crate::changes::{ChangeCursor, Changes, KEPT_DAYS, ObservableChange};
use crate::error::StoreError;

impl Sqlite {
    pub(crate) fn observables_changed(
        &self,
        after: ChangeCursor,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        self.read(|connection| {
            let ChangeCursor { position, observable } = after;
            let numbers: Vec<(i64, i64)> = connection
                .prepare_cached(
                    "SELECT changed, id FROM observable INDEXED BY observable_changed
                     WHERE changed > 0 AND (changed, id) > (?1, ?2) ORDER BY changed, id LIMIT ?3",
                )?
                .query_map((position, observable, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect::<Result<_, _>>()?;
            let more = numbers.len() == limit;
            let last = numbers.last().copied();
            let upto = if more { last.map_or(position, |(changed, _)| changed) } else { i64::MAX };
            // What went and came again since is told with what it is now, so what is gone comes first.
            let mut changes = Vec::with_capacity(numbers.len());
            let mut furthest = position;
            let mut gone = connection.prepare_cached(
                "SELECT changed, kind, value FROM observable_gone WHERE changed > ?1 AND changed <= ?2",
            )?;
            let mut rows = gone.query((position, upto))?;
            while let Some(row) = rows.next()? {
                furthest = furthest.max(row.get(0)?);
                let kind = Kind::from_name(&self.word_text(connection, row.get(1)?)?);
                let observable =
                    Observable::from_canonical(kind, row.get_ref(2)?.as_str().unwrap_or_default());
                let row = self.observable_within(connection, &observable)?;
                changes.push(ObservableChange { observable, row });
            }
            for (_, number) in &numbers {
                if let Some(row) = self.observable_by_number(connection, *number)? {
                    changes.push(ObservableChange { observable: row.observable.clone(), row: Some(row) });
                }
            }
            let reached = match last {
                Some((changed, observable)) if changed >= furthest => {
                    ChangeCursor { position: changed, observable }
                }
                _ if furthest > position => ChangeCursor { position: furthest, observable: i64::MAX },
                _ => after,
            };
            Ok(Changes { changes, reached, more })
        })
    }

    /// Takes an observable out of which nobody says anything any more.
    pub(crate) fn forget(&self, change: &mut Change<'_>, number: i64) -> Result<(), StoreError> {
        let turn = change.turn();
        let horizon = change.now.plus_seconds(-KEPT_DAYS * 86_400).micros();
        change.sql.prepare_cached("DELETE FROM observable_gone WHERE changed < ?1")?.execute([horizon])?;
        change
            .sql
            .prepare_cached(
                "INSERT OR IGNORE INTO observable_gone (changed, kind, value)
                 SELECT ?2, kind, value FROM observable WHERE id = ?1",
            )?
            .execute((number, turn))?;
        change.sql.prepare_cached("DELETE FROM observable WHERE id = ?1")?.execute([number])?;
        Ok(())
    }
}

/// Notes that something about an observable changed.
pub(crate) fn touch(change: &mut Change<'_>, number: i64) -> Result<(), StoreError> {
    let turn = change.turn();
    change.sql.prepare_cached("UPDATE observable SET changed = ?2 WHERE id = ?1")?.execute((number, turn))?;
    Ok(())
}
