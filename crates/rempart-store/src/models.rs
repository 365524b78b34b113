//! What this Rempart has learnt itself, version by version, and which version is in use.

use rempart_model::Timestamp;

/// A version that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearntModel {
    /// Its number, which no other version has.
    pub number: i64,
    /// What was learnt, in the form of its task.
    pub body: Vec<u8>,
    /// The card: what it was learnt from and how good it is, in JSON.
    pub card: String,
    /// Who had it learnt.
    pub by: String,
    /// When.
    pub made: Timestamp,
    /// Whether conclusions rest on it.
    pub in_use: bool,
}

/// A version to keep.
#[derive(Debug, Clone, Copy)]
pub struct NewModel<'a> {
    /// What it is for.
    pub task: &'a str,
    /// What was learnt.
    pub body: &'a [u8],
    /// Its card.
    pub card: &'a str,
}
