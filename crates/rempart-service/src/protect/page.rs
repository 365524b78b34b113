//! What is public of a block: for whoever meets it, without an account.

use rempart_model::{BlockClass, BlockId, Category, Timestamp};

use crate::app::App;
use crate::error::ServiceError;

/// What the page of a block tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPage {
    /// Its id.
    pub id: BlockId,
    /// What is blocked.
    pub target: Box<str>,
    /// Its class.
    pub class: BlockClass,
    /// The kind of incident.
    pub category: Category,
    /// Why, in words.
    pub reason: Box<str>,
    /// When it began.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// When it ended, where it is in force no longer.
    pub ended: Option<Timestamp>,
}

impl App {
    /// What anybody may know of a block, by its id. A block rests only on what is released to the public.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn block_page(&self, id: BlockId) -> Result<Option<BlockPage>, ServiceError> {
        let row = self.store.block(id)?;
        Ok(row.map(|row| BlockPage {
            id,
            target: row.block.target.value().into(),
            class: row.block.class,
            category: row.block.category,
            reason: row.block.reason,
            since: row.block.since,
            until: row.block.until,
            ended: row.ended.map(|(at, _)| at),
        }))
    }
}
