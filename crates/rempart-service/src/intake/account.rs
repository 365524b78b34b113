//! The account of an import: every record that was read is in it.

use std::collections::BTreeMap;

use serde::Serialize;

/// Rejected records that are listed one by one; beyond it they are only counted.
const MAX_LISTED: usize = 1_000;

/// A record that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRecord {
    /// The file or stream.
    pub input: String,
    /// Byte offset in the decompressed input.
    pub offset: u64,
    /// Line, from 1; 0 where lines mean nothing.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What became of the records of an import: `records = objects + duplicates + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Records read.
    pub records: u64,
    /// Objects stored: new ones, new versions, and conflicting ones that are kept.
    pub objects: u64,
    /// Claims stored.
    pub claims: u64,
    /// Observables that were not known before.
    pub observables: u64,
    /// Records that were there already.
    pub duplicates: u64,
    /// Records rejected.
    pub rejected: u64,
    /// What conversions could not keep: what and why, with how often.
    pub losses: BTreeMap<String, u64>,
    /// Of the objects, those that contradict another source's and are kept but not served.
    pub conflicts: u64,
    /// Inputs read, by the format they were read as.
    pub formats: BTreeMap<String, u64>,
    /// The first of the rejected records.
    pub rejections: Vec<RejectedRecord>,
    /// Inputs of which nothing more could be read, and why.
    pub errors: Vec<String>,
}

impl Account {
    /// Counts a rejected record.
    pub(crate) fn reject(&mut self, rejected: RejectedRecord) {
        self.records += 1;
        self.rejected += 1;
        if self.rejections.len() < MAX_LISTED {
            self.rejections.push(rejected);
        }
    }

    /// Counts something that a conversion could not keep.
    pub(crate) fn lose(&mut self, what: &str, why: &str) {
        const MAX_KINDS: usize = 1_000;
        let key = format!("{what}: {why}");
        if self.losses.len() < MAX_KINDS || self.losses.contains_key(&key) {
            *self.losses.entry(key).or_default() += 1;
        }
    }
}
