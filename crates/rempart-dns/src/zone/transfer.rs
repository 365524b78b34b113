//! What a secondary is sent: the whole zone, the difference to what it has, or that it has the newest.

use super::Zone;
use super::content::Content;
use super::difference::Difference;
use super::error::ZoneError;
use super::state::Served;
use crate::serial::Serial;

/// A difference is read from disk only up to this size, or up to a quarter of the zone: each asker has its own in memory,
/// and the zone is shared.
const WORTH_READING: usize = 1 << 20;

/// What a secondary is sent.
#[derive(Debug)]
pub(crate) enum Transfer {
    /// It has the newest.
    Newest {
        /// The serial that is served.
        serial: Serial,
    },
    /// All entries.
    Whole {
        /// Their serial.
        serial: Serial,
        /// The entries.
        content: Content,
    },
    /// What changed.
    Difference {
        /// The serial that the secondary has.
        from: Serial,
        /// The serial that it has afterwards.
        serial: Serial,
        /// The changes.
        difference: Difference,
    },
}

impl Zone {
    /// What a secondary of a stage is sent that has the zone of a serial, or nothing yet. Reads from disk. Nothing where
    /// the hold of the stage is older than the journal.
    pub(crate) fn transfer(&self, stage: u32, has: Option<Serial>) -> Result<Option<Transfer>, ZoneError> {
        let (served, newest, entries) = {
            let state = self.state();
            let Some(served) = state.served(stage) else { return Ok(None) };
            if has.is_some_and(|has| !served.label.is_newer_than(has)) {
                return Ok(Some(Transfer::Newest { serial: served.label }));
            }
            let base = has.filter(|has| {
                state.index(*has).and_then(|at| state.positions.get(at)).is_some_and(|position| position.base)
            });
            let entries =
                base.zip(served.position).and_then(|(base, position)| state.between(base, position));
            let bytes: usize = entries.iter().flatten().map(super::journal::Entry::bytes).sum();
            let worth = bytes <= WORTH_READING.max(state.content.bytes() / 4);
            (served, state.content.clone(), has.zip(entries).filter(|_| worth))
        };
        let whole = |content| Ok(Some(Transfer::Whole { serial: served.label, content }));
        let content = match served.position {
            None => return whole(Content::default()),
            Some(_) => self.content_of(served, &newest)?,
        };
        let Some(content) = content else { return Ok(None) };
        let Some((from, entries)) = entries else { return whole(content) };
        let read = Difference::read(entries.iter());
        let difference = read.map_err(ZoneError::file("read the journal in", &self.folder))?;
        // RFC 1995, section 4: what is sent whole may be shorter.
        if difference.condensed().len() > content.names() {
            return whole(content);
        }
        Ok(Some(Transfer::Difference { from, serial: served.label, difference }))
    }

    /// The content of a position that a stage is served.
    fn content_of(&self, served: Served, newest: &Content) -> Result<Option<Content>, ZoneError> {
        let Some(position) = served.position else { return Ok(Some(Content::default())) };
        let (entries, newest) = {
            let state = self.state();
            if position == state.serial {
                return Ok(Some(state.content.clone()));
            }
            if let Some(content) = state.earlier.get(&position.0) {
                return Ok(Some(content.clone()));
            }
            // The state may have moved on since `newest` was taken; records and content must belong together.
            let _ = newest;
            let Some(entries) = state.between(position, state.serial) else { return Ok(None) };
            (entries, state.content.clone())
        };
        let read = Difference::read(entries.iter());
        let difference = read.map_err(ZoneError::file("read the journal in", &self.folder))?;
        let content = difference.undo(&newest);
        let mut state = self.state_mut();
        state.earlier.insert(position.0, content.clone());
        state.drop_unserved();
        Ok(Some(content))
    }
}
