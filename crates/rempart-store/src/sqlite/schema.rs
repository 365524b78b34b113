//! Migrations: numbered SQL files, applied in order, each in its own transaction.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

const MIGRATIONS: [&str; 5] = [
    include_str!("../../migrations/sqlite/0001_exchange.sql"),
    include_str!("../../migrations/sqlite/0002_changes.sql"),
    include_str!("../../migrations/sqlite/0003_blocks.sql"),
    include_str!("../../migrations/sqlite/0004_connect.sql"),
    include_str!("../../migrations/sqlite/0005_models.sql"),
];

/// Brings the database to the newest schema. Refuses one that a newer Rempart has written.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > MIGRATIONS.len() {
        return Err(StoreError::Invalid(format!(
            "the data folder has schema {found}, this Rempart knows schemas up to {}; use a newer Rempart",
            MIGRATIONS.len()
        )));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
