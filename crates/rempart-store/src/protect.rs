//! What protective outputs keep.

use rempart_model::{Block, BlockId, Timestamp};

/// A block with how it ended, if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRow {
    /// The block.
    pub block: Block,
    /// When it ended, and why.
    pub ended: Option<(Timestamp, String)>,
}

/// What blocks stopped on one day in one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockHits {
    /// Which block.
    pub block: BlockId,
    /// Days since 1970-01-01.
    pub day: i64,
    /// ISO 3166-1 alpha-2, or `ZZ` where it is not known.
    pub country: Box<str>,
    /// How often.
    pub count: u64,
}

/// How a protective output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputState {
    /// Whether it is published; until then it is dry.
    pub live: bool,
    /// The number of entries from which growth is measured.
    pub baseline: u64,
    /// When that was; microseconds since 1970.
    pub measured: i64,
}

/// How it went with blocks since a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockHealth {
    /// Blocks that are in force, or ended since.
    pub blocks: u64,
    /// Those that ended for a reason that holds the first of the texts asked for.
    pub first: u64,
    /// Those that ended for a reason that holds the second.
    pub second: u64,
}
