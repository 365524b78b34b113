//! Decisions of people about what belongs together.

use rempart_model::{Kind, Observable, Timestamp};

use super::Sqlite;
use crate::connect::ConnectDecision;
use crate::error::StoreError;

impl Sqlite {
    pub(crate) fn connect_decisions(&self) -> Result<Vec<ConnectDecision>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT first_kind, first_value, second_kind, second_value, together, actor, reason, decided
                 FROM connect_decision ORDER BY decided, first_kind, first_value, second_kind, second_value",
            )?;
            let rows = statement.query_map([], |row| {
                let text = |column| row.get::<_, String>(column);
                let observable = |kind, value| {
                    Ok::<_, rusqlite::Error>(Observable::from_canonical(
                        Kind::from_name(&text(kind)?),
                        &text(value)?,
                    ))
                };
                Ok(ConnectDecision {
                    pair: [observable(0, 1)?, observable(2, 3)?],
                    together: row.get(4)?,
                    actor: text(5)?.into(),
                    reason: text(6)?.into(),
                    decided: Timestamp::from_micros(row.get(7)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn decide_connection(
        &self,
        decision: &ConnectDecision,
        event: &str,
    ) -> Result<(), StoreError> {
        self.write(&decision.actor, decision.decided, |change| {
            let [first, second] = &decision.pair;
            change
                .sql
                .prepare_cached(
                    "INSERT OR REPLACE INTO connect_decision (first_kind, first_value, second_kind, second_value,
                         together, actor, reason, decided) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute((
                    first.kind().name(),
                    first.value(),
                    second.kind().name(),
                    second.value(),
                    decision.together,
                    &*decision.actor,
                    &*decision.reason,
                    decision.decided.micros(),
                ))?;
            change.event(event)
        })
    }

    pub(crate) fn lift_connection(
        &self,
        actor: &str,
        pair: &[Observable; 2],
        event: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(actor, now, |change| {
            let [first, second] = pair;
            let lifted = change
                .sql
                .prepare_cached(
                    "DELETE FROM connect_decision WHERE first_kind = ?1 AND first_value = ?2
                     AND second_kind = ?3 AND second_value = ?4",
                )?
                .execute((first.kind().name(), first.value(), second.kind().name(), second.value()))?;
            if lifted > 0 {
                change.event(event)?;
            }
            Ok(lifted > 0)
        })
    }
}
