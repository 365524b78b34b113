//! The zone as it is served: which serial a stage sees, and from which serials a difference can be given.
//!
//! A *position* is a serial together with the record that led to it. What a stage is served is the content of one
//! position under a serial that is newer than all that this stage was served before:
//!
//! - A held stage gets the content of the newest position up to its hold, under that position's serial.
//! - What was withdrawn by hand (emptied, taken back) reaches all stages at once: no stage gets content from before it.
//! - While the zone is stopped, all stages get it empty under the newest serial.
//! - After a stop, and after a restored copy, a held stage gets its content under the serial of the resumption. What is
//!   served under such a serial depends on the stage, so none of these serials is a base for a difference, nor is one
//!   from within a stop: who asks with it is sent the whole zone.

use std::collections::{BTreeMap, VecDeque};

use super::content::Content;
use super::journal::Entry;
use super::record::Kind;
use crate::serial::Serial;

/// A serial and what led to it.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) entry: Entry,
    /// Whether all who were served this serial got the content of this position.
    pub(crate) base: bool,
}

impl Position {
    pub(crate) fn serial(&self) -> Serial {
        self.entry.head.to
    }
}

/// What is in memory of a zone.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) content: Content,
    pub(crate) serial: Serial,
    pub(crate) positions: VecDeque<Position>,
    pub(crate) stopped: bool,
    /// No stage is served content from before this one.
    withdrawn: Option<Serial>,
    /// No stage is served under a serial before this one.
    resumed: Option<Serial>,
    /// The newest serial that a stage may be served.
    pub(crate) holds: BTreeMap<u32, Serial>,
    /// Content of earlier positions that stages are served.
    pub(crate) earlier: BTreeMap<u32, Content>,
}

/// What a stage is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// The serial of the SOA record.
    pub(crate) label: Serial,
    /// The position whose content it is; nothing where the zone is served empty.
    pub(crate) position: Option<Serial>,
}

impl State {
    pub(crate) fn new(content: Content, serial: Serial) -> Self {
        Self {
            content,
            serial,
            positions: VecDeque::new(),
            stopped: false,
            withdrawn: None,
            resumed: None,
            holds: BTreeMap::new(),
            earlier: BTreeMap::new(),
        }
    }

    /// Adds a position. The content is set by the caller, where it changes.
    pub(crate) fn add(&mut self, entry: Entry) {
        let head = entry.head;
        match head.kind {
            Kind::Made | Kind::Changed => {}
            Kind::Withdrawn => self.withdrawn = Some(head.to),
            Kind::Stopped => self.stopped = true,
            Kind::Resumed => (self.stopped, self.resumed) = (false, Some(head.to)),
            Kind::Restored => self.resumed = Some(head.to),
        }
        let base = !self.stopped && !matches!(head.kind, Kind::Resumed | Kind::Restored);
        self.serial = head.to;
        self.positions.push_back(Position { entry, base });
    }

    /// What a stage is served, or nothing where its hold is older than the journal.
    pub(crate) fn served(&self, stage: u32) -> Option<Served> {
        if self.stopped {
            return Some(Served { label: self.serial, position: None });
        }
        let mut position = match self.holds.get(&stage) {
            Some(&hold) => self.at_or_before(hold),
            None => Some(self.serial),
        };
        if let Some(withdrawn) = self.withdrawn {
            position = Some(position.map_or(withdrawn, |position| position.max(withdrawn)));
        }
        let position = position?;
        let label = self.resumed.map_or(position, |resumed| position.max(resumed));
        Some(Served { label, position: Some(position) })
    }

    fn at_or_before(&self, serial: Serial) -> Option<Serial> {
        if !self.serial.is_newer_than(serial) {
            return Some(self.serial);
        }
        let after = self.positions.partition_point(|position| !position.serial().is_newer_than(serial));
        self.positions.get(after.checked_sub(1)?).map(Position::serial)
    }

    /// The index of a position.
    pub(crate) fn index(&self, serial: Serial) -> Option<usize> {
        let at = self.positions.partition_point(|position| serial.is_newer_than(position.serial()));
        self.positions.get(at).filter(|position| position.serial() == serial).map(|_| at)
    }

    /// The records between two positions: those that lead from the one to the other.
    pub(crate) fn between(&self, from: Serial, to: Serial) -> Option<Vec<Entry>> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        (from <= to)
            .then(|| self.positions.range(from + 1..=to).map(|position| position.entry.clone()).collect())
    }

    /// Drops what no longer is in the journal, and content that no stage is served any more.
    pub(crate) fn forget(&mut self, oldest_file: u64) {
        while self.positions.len() > 1
            && self.positions.front().is_some_and(|position| !position.entry.is_from(oldest_file))
        {
            self.positions.pop_front();
        }
        self.drop_unserved();
    }

    /// Drops earlier content that no stage is served any more.
    pub(crate) fn drop_unserved(&mut self) {
        let stages: Vec<u32> = self.holds.keys().copied().collect();
        let used: Vec<Serial> =
            stages.into_iter().filter_map(|stage| self.served(stage)).filter_map(|s| s.position).collect();
        self.earlier.retain(|serial, _| used.iter().any(|used| used.0 == *serial));
    }
}
