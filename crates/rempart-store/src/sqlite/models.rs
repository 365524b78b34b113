//! What this Rempart has learnt, version by version.

use rempart_model::Timestamp;
use rusqlite::OptionalExtension as _;

use super::Sqlite;
use crate::error::StoreError;
use crate::models::{LearntModel, NewModel};
use crate::types::SourceId;

const COLUMNS: &str = "number, body, card, actor, made, used";

fn model(row: &rusqlite::Row<'_>) -> rusqlite::Result<LearntModel> {
    Ok(LearntModel {
        number: row.get(0)?,
        body: row.get(1)?,
        card: row.get(2)?,
        by: row.get(3)?,
        made: Timestamp::from_micros(row.get(4)?),
        in_use: row.get(5)?,
    })
}

impl Sqlite {
    pub(crate) fn models(&self, task: &str) -> Result<Vec<LearntModel>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM model WHERE task = ?1 ORDER BY number"))?;
            let rows = statement.query_map([task], model)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn model_in_use(&self, task: &str) -> Result<Option<LearntModel>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM model WHERE task = ?1 AND used = 1"))?;
            Ok(statement.query_row([task], model).optional()?)
        })
    }

    pub(crate) fn put_model(
        &self,
        actor: &str,
        new: &NewModel<'_>,
        keep: usize,
        event: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.write(actor, now, |change| {
            change
                .sql
                .prepare_cached(
                    "INSERT INTO model (task, body, card, actor, made) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((new.task, new.body, new.card, actor, now.micros()))?;
            let number = change.sql.last_insert_rowid();
            change
                .sql
                .prepare_cached(
                    "DELETE FROM model WHERE task = ?1 AND used = 0 AND number NOT IN
                         (SELECT number FROM model WHERE task = ?1 ORDER BY number DESC LIMIT ?2)",
                )?
                .execute((new.task, i64::try_from(keep).unwrap_or(i64::MAX)))?;
            change.event(event)?;
            Ok(number)
        })
    }

    pub(crate) fn use_model(
        &self,
        actor: &str,
        task: &str,
        number: Option<i64>,
        event: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(actor, now, |change| {
            if let Some(number) = number {
                let known = change
                    .sql
                    .prepare_cached("SELECT 1 FROM model WHERE task = ?1 AND number = ?2")?
                    .exists((task, number))?;
                if !known {
                    return Ok(false);
                }
            }
            change
                .sql
                .prepare_cached("UPDATE model SET used = (number IS ?2) WHERE task = ?1")?
                .execute((task, number))?;
            change.event(event)?;
            Ok(true)
        })
    }

    pub(crate) fn conclude_anew(
        &self,
        actor: &str,
        source: Option<SourceId>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(actor, now, |change| {
            let sql = match source {
                None => "UPDATE observable SET next_change = ?1 WHERE ?2 IS NULL AND (next_change IS NULL OR next_change > ?1)",
                Some(_) => {
                    "UPDATE observable SET next_change = ?1 WHERE (next_change IS NULL OR next_change > ?1)
                     AND id IN (SELECT observable FROM claim WHERE source = ?2)"
                }
            };
            Ok(change.sql.prepare_cached(sql)?.execute((now.micros(), source.map(|source| source.0)))?)
        })
    }
}
