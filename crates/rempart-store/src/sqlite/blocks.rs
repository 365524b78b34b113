//! Blocks: what protective outputs hold, how each ended, and what it stopped.

use rempart_model::{Block, BlockClass, BlockId, Category, Kind, Observable, Timestamp};
use rusqlite::{OptionalExtension, Row};
use serde_json::json;

use super::Sqlite;
use crate::error::StoreError;
use crate::protect::{BlockHealth, BlockHits, BlockRow, OutputState};

const COLUMNS: &str = "id, kind, value, class, category, reason, since, until, ended, ended_why";

fn id_of(row: &Row<'_>, column: usize) -> rusqlite::Result<BlockId> {
    let bytes: [u8; 10] = row.get(column)?;
    Ok(BlockId::from_bytes(bytes))
}

fn block_of(row: &Row<'_>) -> rusqlite::Result<Block> {
    let kind: String = row.get(1)?;
    let value: String = row.get(2)?;
    Ok(Block {
        id: id_of(row, 0)?,
        target: Observable::from_canonical(Kind::from_name(&kind), &value),
        class: BlockClass::from_code(row.get(3)?),
        category: Category::from_code(row.get(4)?),
        reason: row.get::<_, String>(5)?.into(),
        since: Timestamp::from_micros(row.get(6)?),
        until: Timestamp::from_micros(row.get(7)?),
    })
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<BlockRow> {
    let ended: Option<i64> = row.get(8)?;
    let why: Option<String> = row.get(9)?;
    Ok(BlockRow {
        block: block_of(row)?,
        ended: ended.map(|at| (Timestamp::from_micros(at), why.unwrap_or_default())),
    })
}

impl Sqlite {
    pub(crate) fn place_blocks(
        &self,
        actor: &str,
        blocks: &[Block],
        now: Timestamp,
    ) -> Result<Vec<Block>, StoreError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        self.write(actor, now, |change| {
            let mut placed = Vec::new();
            for block in blocks {
                let new = change
                    .sql
                    .prepare_cached(
                        "INSERT OR IGNORE INTO block (id, kind, value, class, category, reason, since, until)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    )?
                    .execute((
                        block.id.bytes(),
                        block.target.kind().name(),
                        block.target.value(),
                        block.class as u8,
                        block.category as u8,
                        &*block.reason,
                        block.since.micros(),
                        block.until.micros(),
                    ))?;
                if new > 0 {
                    placed.push(block.clone());
                }
            }
            let ids: Vec<String> = placed.iter().map(|block| block.id.to_string()).collect();
            if !ids.is_empty() {
                change.event(&json!({"event": "blocks placed", "blocks": ids}).to_string())?;
            }
            Ok(placed)
        })
    }

    pub(crate) fn end_blocks(
        &self,
        actor: &str,
        ended: &[(BlockId, String)],
        now: Timestamp,
    ) -> Result<Vec<Block>, StoreError> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        self.write(actor, now, |change| {
            let mut gone = Vec::new();
            for (id, why) in ended {
                let found = change
                    .sql
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM block WHERE id = ?1 AND ended IS NULL"))?
                    .query_row([id.bytes()], block_of)
                    .optional()?;
                let Some(block) = found else { continue };
                change
                    .sql
                    .prepare_cached("UPDATE block SET ended = ?2, ended_why = ?3 WHERE id = ?1")?
                    .execute((id.bytes(), now.micros(), why))?;
                gone.push(block);
            }
            let ids: Vec<String> = gone.iter().map(|block| block.id.to_string()).collect();
            if !ids.is_empty() {
                change.event(&json!({"event": "blocks ended", "blocks": ids}).to_string())?;
            }
            Ok(gone)
        })
    }

    pub(crate) fn block(&self, id: BlockId) -> Result<Option<BlockRow>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM block WHERE id = ?1"))?
                .query_row([id.bytes()], row_of)
                .optional()?)
        })
    }

    pub(crate) fn block_of(&self, target: &Observable) -> Result<Option<Block>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM block WHERE kind = ?1 AND value = ?2 AND ended IS NULL"
                ))?
                .query_row((target.kind().name(), target.value()), block_of)
                .optional()?)
        })
    }

    pub(crate) fn blocks_of(&self, target: &Observable) -> Result<Vec<BlockRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM block WHERE value = ?2 AND kind = ?1 ORDER BY since DESC LIMIT 100"
            ))?;
            let rows = statement.query_map((target.kind().name(), target.value()), row_of)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn blocks(&self, after: Option<&Observable>, limit: usize) -> Result<Vec<Block>, StoreError> {
        let (kind, value) = after.map_or(("", ""), |after| (after.kind().name(), after.value()));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM block INDEXED BY block_active
                 WHERE ended IS NULL AND (kind, value) > (?1, ?2) ORDER BY kind, value LIMIT ?3"
            ))?;
            let rows = statement.query_map((kind, value, limited(limit)), block_of)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn blocks_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Block>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM block INDEXED BY block_due
                 WHERE ended IS NULL AND until <= ?1 ORDER BY until LIMIT ?2"
            ))?;
            let rows = statement.query_map((now.micros(), limited(limit)), block_of)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn count_hits(&self, hits: &[BlockHits], now: Timestamp) -> Result<(), StoreError> {
        self.write_lightly("rempart", now, |change| {
            for hit in hits {
                change
                    .sql
                    .prepare_cached(
                        "INSERT INTO block_hit (block, day, country, count) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT (block, day, country) DO UPDATE SET count = count + ?4",
                    )?
                    .execute((
                        hit.block.bytes(),
                        hit.day,
                        &*hit.country,
                        i64::try_from(hit.count).unwrap_or(i64::MAX),
                    ))?;
            }
            Ok(())
        })
    }

    pub(crate) fn hits(&self, block: BlockId) -> Result<Vec<BlockHits>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT block, day, country, count FROM block_hit WHERE block = ?1 ORDER BY day, country",
            )?;
            let rows = statement.query_map([block.bytes()], |row| {
                Ok(BlockHits {
                    block: id_of(row, 0)?,
                    day: row.get(1)?,
                    country: row.get::<_, String>(2)?.into(),
                    count: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Sqlite {
    pub(crate) fn output(&self, name: &str) -> Result<OutputState, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached("SELECT live, baseline, measured FROM output WHERE name = ?1")?
                .query_row([name], |row| {
                    Ok(OutputState { live: row.get(0)?, baseline: row.get(1)?, measured: row.get(2)? })
                })
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }

    pub(crate) fn set_output(
        &self,
        actor: &str,
        name: &str,
        state: OutputState,
        event: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(actor, now, |change| {
            change
                .sql
                .prepare_cached(
                    "INSERT INTO output (name, live, baseline, measured) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (name) DO UPDATE SET live = ?2, baseline = ?3, measured = ?4",
                )?
                .execute((
                    name,
                    state.live,
                    i64::try_from(state.baseline).unwrap_or(i64::MAX),
                    state.measured,
                ))?;
            match event {
                Some(event) => change.event(event),
                None => Ok(()),
            }
        })
    }

    pub(crate) fn block_health(&self, since: Timestamp, texts: [&str; 2]) -> Result<BlockHealth, StoreError> {
        self.read(|connection| {
            let active: u64 = connection
                .prepare_cached("SELECT count(*) FROM block INDEXED BY block_active WHERE ended IS NULL")?
                .query_row([], |row| row.get(0))?;
            let [first, second] = texts;
            Ok(connection
                .prepare_cached(
                    "SELECT count(*), total(instr(ended_why, ?2) > 0), total(instr(ended_why, ?3) > 0)
                     FROM block INDEXED BY block_ended WHERE ended >= ?1",
                )?
                .query_row((since.micros(), first, second), |row| {
                    let count = |column| row.get::<_, f64>(column).map(|sum| sum as u64);
                    let ended: u64 = row.get(0)?;
                    Ok(BlockHealth { blocks: active + ended, first: count(1)?, second: count(2)? })
                })?)
        })
    }

    pub(crate) fn networks(&self) -> Result<Vec<Observable>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT value FROM observable INDEXED BY observable_network
                 WHERE value GLOB '[0-9a-f:]*/[0-9]*' AND value NOT GLOB '*://*'",
            )?;
            let values = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut networks = Vec::new();
            for value in values {
                // What looks like a network and is something else does not read as one.
                networks.extend(Observable::parse(&Kind::Cidr, &value?).ok());
            }
            Ok(networks)
        })
    }
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
