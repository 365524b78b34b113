//! Which entries go into a file, in which order, and why the others do not.

use rempart_model::{Block, Timestamp};

use super::{Settings, WriteError, order, value};

/// What became of the entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// How many are in the file.
    pub entries: usize,
    /// Those that are not, by their index among those that were given, and why.
    pub left_out: Vec<(usize, LeftOut)>,
}

/// Why an entry is not in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeftOut {
    /// The format has no words for this kind of value.
    Kind,
    /// It has no reason, and nothing is blocked without one.
    NoReason,
    /// It ends before it begins.
    NoExpiry,
    /// It has ended.
    Expired,
    /// Its value would not mean itself in the format.
    Value,
    /// Its value is longer than the format, or what reads it, takes.
    TooLong,
    /// It is an address or a name of nobody on the Internet (private, loopback, `localhost` and so on).
    Special,
    /// It is a network larger than any that is handed out.
    TooWide,
    /// Another entry has the same target and lasts at least as long.
    Duplicate,
    /// A name or network above it is in the file. Where that ends first, this one is in the next file.
    Covered,
    /// It lasts longer than this output allows.
    TooLasting,
    /// It is not inside the networks that were agreed on.
    Outside,
}

impl LeftOut {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            LeftOut::Kind => "the format has no words for this kind of value",
            LeftOut::NoReason => "it has no reason",
            LeftOut::NoExpiry => "it ends before it begins",
            LeftOut::Expired => "it has ended",
            LeftOut::Value => "its value would not mean itself in this format",
            LeftOut::TooLong => "its value is too long for this format",
            LeftOut::Special => "it is an address or a name of nobody on the Internet",
            LeftOut::TooWide => "it is a network larger than any that is handed out",
            LeftOut::Duplicate => "another entry has the same target and lasts at least as long",
            LeftOut::Covered => "a name or network above it is in the file",
            LeftOut::TooLasting => "it lasts longer than this output allows",
            LeftOut::Outside => "it is not what this output was agreed for",
        }
    }
}

/// What is to be written.
pub(super) struct Plan<'b> {
    blocks: &'b [Block],
    order: Vec<usize>,
    left_out: Vec<(usize, LeftOut)>,
}

impl<'b> Plan<'b> {
    /// Entries that hold at the time of the settings, that are what they say, and that `accept`
    /// takes; one for each target.
    pub(super) fn new(
        blocks: &'b [Block],
        settings: &Settings,
        accept: &dyn Fn(&Block) -> Result<(), LeftOut>,
    ) -> Result<Self, WriteError> {
        settings.check()?;
        Ok(Self::of(blocks, settings.built_at, accept))
    }

    /// Entries of every kind that hold at `time`, which is what the JSON of that time has.
    pub(super) fn at(blocks: &'b [Block], time: Timestamp) -> Self {
        Self::of(blocks, time, &|_| Ok(()))
    }

    fn of(blocks: &'b [Block], time: Timestamp, accept: &dyn Fn(&Block) -> Result<(), LeftOut>) -> Self {
        let mut plan = Self { blocks, order: Vec::new(), left_out: Vec::new() };
        for (index, block) in blocks.iter().enumerate() {
            match fit(block, time).and_then(|()| accept(block)) {
                Ok(()) => plan.order.push(index),
                Err(why) => plan.left_out.push((index, why)),
            }
        }
        plan.order.sort_unstable_by(|a, b| match (blocks.get(*a), blocks.get(*b)) {
            (Some(one), Some(other)) => order::blocks(one, other).then(a.cmp(b)),
            _ => a.cmp(b),
        });
        plan.thin(LeftOut::Duplicate, |kept, next| kept.target == next.target);
        plan
    }

    /// Leaves out what something above it in the same file covers. In a zone a name below a listed
    /// one would make the names between them exist, so that the wildcard above no longer answers for
    /// them (RFC 4592, section 2.2.2); other programs complain or refuse to load.
    pub(super) fn uncovered(mut self) -> Self {
        self.thin(LeftOut::Covered, |kept, next| order::covers(&kept.target, &next.target));
        self
    }

    /// Leaves out an entry where `stands_for` says that the last one kept stands for it.
    fn thin(&mut self, why: LeftOut, stands_for: impl Fn(&Block, &Block) -> bool) {
        let mut last: Option<&Block> = None;
        let (blocks, left_out) = (self.blocks, &mut self.left_out);
        self.order.retain(|index| {
            let next = blocks.get(*index);
            if let (Some(kept), Some(next)) = (last, next)
                && stands_for(kept, next)
            {
                left_out.push((*index, why));
                return false;
            }
            last = next;
            true
        });
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'b Block> {
        let blocks = self.blocks;
        self.order.iter().filter_map(move |index| blocks.get(*index))
    }

    /// Once all is written.
    pub(super) fn written(mut self) -> Written {
        self.left_out.sort_unstable();
        Written { entries: self.order.len(), left_out: self.left_out }
    }
}

fn fit(block: &Block, time: Timestamp) -> Result<(), LeftOut> {
    if block.reason.chars().all(|c| c.is_whitespace() || c.is_control()) {
        return Err(LeftOut::NoReason);
    }
    if block.until <= block.since {
        return Err(LeftOut::NoExpiry);
    }
    if block.until <= time {
        return Err(LeftOut::Expired);
    }
    value::check(&block.target)
}
