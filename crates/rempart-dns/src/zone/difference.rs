//! What differs between two positions of a journal, each name once.

use super::content::{Content, Edit};
use super::journal::Entry;
use super::record::{Change, Changes};

/// The changes of records that follow one another, as they are on disk.
#[derive(Debug)]
pub(crate) struct Difference {
    bodies: Vec<Vec<u8>>,
}

impl Difference {
    /// Reads the changes of these records.
    pub(crate) fn read<'a>(entries: impl Iterator<Item = &'a Entry>) -> std::io::Result<Self> {
        entries
            .filter(|entry| entry.bytes() > 0)
            .map(Entry::body)
            .collect::<Result<_, _>>()
            .map(|bodies| Self { bodies })
    }

    /// From bodies that are in memory already.
    pub(crate) fn from_bodies(bodies: Vec<Vec<u8>>) -> Self {
        Self { bodies }
    }

    /// Each owner whose action differs between before and after, sorted (a condensed difference, RFC 1995, section 5).
    pub(crate) fn condensed(&self) -> Vec<Change<'_>> {
        let mut changes: Vec<Change<'_>> = self.bodies.iter().flat_map(|body| Changes(body)).collect();
        // Stable: the changes of one owner stay in their order.
        changes.sort_by(|a, b| a.0.cmp(b.0));
        changes.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.2 = later.2;
            }
            same
        });
        changes.retain(|(_, old, new)| old != new);
        changes
    }

    /// The content before, from the content after.
    pub(crate) fn undo(&self, content: &Content) -> Content {
        let edits: Vec<Edit<'_>> = self.condensed().into_iter().map(|(owner, old, _)| (owner, old)).collect();
        content.edit(&edits, |_, _, _| ())
    }

    /// The content after, from the content before.
    pub(crate) fn redo(&self, content: &Content) -> Content {
        let edits: Vec<Edit<'_>> = self.condensed().into_iter().map(|(owner, _, new)| (owner, new)).collect();
        content.edit(&edits, |_, _, _| ())
    }
}
