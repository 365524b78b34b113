//! The port for what people and the publisher decide: blocks, outputs, what belongs together.

use rempart_model::{Block, BlockId, Observable, Timestamp};

use super::Store;
use crate::connect::ConnectDecision;
use crate::error::StoreError;
use crate::protect::{BlockHealth, BlockHits, BlockRow, OutputState};

impl Store {
    /// Places blocks, with entries in the ledger. A value that is blocked already keeps its block; returns those
    /// that were placed.
    pub fn place_blocks(
        &self,
        actor: &str,
        blocks: &[Block],
        now: Timestamp,
    ) -> Result<Vec<Block>, StoreError> {
        dispatch!(self.place_blocks(actor, blocks, now))
    }

    /// Ends blocks, each with why, with entries in the ledger; returns those that were still in force.
    pub fn end_blocks(
        &self,
        actor: &str,
        ended: &[(BlockId, String)],
        now: Timestamp,
    ) -> Result<Vec<Block>, StoreError> {
        dispatch!(self.end_blocks(actor, ended, now))
    }

    /// A block, in force or not.
    pub fn block(&self, id: BlockId) -> Result<Option<BlockRow>, StoreError> {
        dispatch!(self.block(id))
    }

    /// The block that is in force for a value.
    pub fn block_of(&self, target: &Observable) -> Result<Option<Block>, StoreError> {
        dispatch!(self.block_of(target))
    }

    /// The blocks that a value ever had, newest first, at most 100.
    pub fn blocks_of(&self, target: &Observable) -> Result<Vec<BlockRow>, StoreError> {
        dispatch!(self.blocks_of(target))
    }

    /// Up to `limit` blocks in force, ordered by kind and value, after the one of `after`.
    pub fn blocks(&self, after: Option<&Observable>, limit: usize) -> Result<Vec<Block>, StoreError> {
        dispatch!(self.blocks(after, limit))
    }

    /// Up to `limit` blocks in force whose time is over.
    pub fn blocks_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Block>, StoreError> {
        dispatch!(self.blocks_due(now, limit))
    }

    /// Counts what blocks stopped.
    pub fn count_hits(&self, hits: &[BlockHits], now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self.count_hits(hits, now))
    }

    /// What a block stopped, by day and country.
    pub fn hits(&self, block: BlockId) -> Result<Vec<BlockHits>, StoreError> {
        dispatch!(self.hits(block))
    }

    /// How a protective output stands; one that was never set is dry.
    pub fn output(&self, name: &str) -> Result<OutputState, StoreError> {
        dispatch!(self.output(name))
    }

    /// Sets how a protective output stands; `event` goes into the ledger.
    pub fn set_output(
        &self,
        actor: &str,
        name: &str,
        state: OutputState,
        event: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self.set_output(actor, name, state, event, now))
    }

    /// How it went with blocks since a time: how many there were, and how many ended for reasons that hold one of the
    /// texts.
    pub fn block_health(&self, since: Timestamp, texts: [&str; 2]) -> Result<BlockHealth, StoreError> {
        dispatch!(self.block_health(since, texts))
    }

    /// What people decided of observables that belong together or do not, the latest last.
    pub fn connect_decisions(&self) -> Result<Vec<ConnectDecision>, StoreError> {
        dispatch!(self.connect_decisions())
    }

    /// Keeps a decision of two observables, in the place of an earlier one, with an event in the ledger.
    pub fn decide_connection(&self, decision: &ConnectDecision, event: &str) -> Result<(), StoreError> {
        dispatch!(self.decide_connection(decision, event))
    }

    /// Lifts the decision of two observables, in the order of [`ConnectDecision::new`]. Returns whether there was one.
    pub fn lift_connection(
        &self,
        actor: &str,
        pair: &[Observable; 2],
        event: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        dispatch!(self.lift_connection(actor, pair, event, now))
    }
}
