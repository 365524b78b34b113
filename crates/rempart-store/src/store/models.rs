//! The part of the port that keeps what was learnt.

use rempart_model::Timestamp;

use super::Store;
use crate::error::StoreError;
use crate::models::{LearntModel, NewModel};
use crate::types::SourceId;

impl Store {
    /// All versions that are kept for a task, the oldest first.
    pub fn models(&self, task: &str) -> Result<Vec<LearntModel>, StoreError> {
        dispatch!(self.models(task))
    }

    /// The version that is in use for a task.
    pub fn model_in_use(&self, task: &str) -> Result<Option<LearntModel>, StoreError> {
        dispatch!(self.model_in_use(task))
    }

    /// Keeps a version, which is not in use yet, with an event in the ledger; of older ones the `keep` newest stay, and the
    /// one in use. Returns its number.
    pub fn put_model(
        &self,
        actor: &str,
        new: &NewModel<'_>,
        keep: usize,
        event: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        dispatch!(self.put_model(actor, new, keep, event, now))
    }

    /// Takes a version into use, or none, with an event in the ledger. Returns whether there is such a version.
    pub fn use_model(
        &self,
        actor: &str,
        task: &str,
        number: Option<i64>,
        event: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        dispatch!(self.use_model(actor, task, number, event, now))
    }

    /// Makes all observables due, or those that a source speaks of: they are concluded again by
    /// [`Store::reassess_due`]. Returns how many.
    pub fn conclude_anew(
        &self,
        actor: &str,
        source: Option<SourceId>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        dispatch!(self.conclude_anew(actor, source, now))
    }
}
