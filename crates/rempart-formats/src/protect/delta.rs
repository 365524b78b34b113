//! What changed between two versions of a list, as JSON: a reader that has the older one takes out
//! the removed, puts in the added, and has the newer one. An entry that changed is removed and added.
//! What it speaks of is what the JSON of [`super::share::json`] has: an entry that ended in between is
//! removed, though the list may still have it.

use std::cmp::Ordering;
use std::io::Write;

use rempart_model::{Block, Timestamp};

use super::plan::Plan;
use super::share::json::{push_block, push_rest};
use super::{WriteError, order};
use crate::json::write::{push_member, push_raw};

/// Between which versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The list.
    pub list: Box<str>,
    /// The serial of the older version.
    pub from: u32,
    /// The serial of the newer version.
    pub to: u32,
    /// When the older version was made.
    pub from_built_at: Timestamp,
    /// When the newer version was made.
    pub built_at: Timestamp,
}

/// How much changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Entries that are new.
    pub added: usize,
    /// Entries that are gone.
    pub removed: usize,
}

/// Writes the changes from `old` to `new`: one a line, in the order of targets, of one target what is
/// removed first. An entry counts where the JSON of its version has it.
///
/// # Errors
/// Where `out` fails.
pub fn write(old: &[Block], new: &[Block], span: &Span, out: &mut dyn Write) -> Result<Changes, WriteError> {
    let mut head = String::from("{");
    push_raw(&mut head, "version", "1");
    push_member(&mut head, "list", &span.list);
    push_raw(&mut head, "from", &span.from.to_string());
    push_raw(&mut head, "to", &span.to.to_string());
    push_member(&mut head, "built_at", &span.built_at.to_string());
    write!(out, "{head},\"changes\":[")?;
    let mut changes = Changes::default();
    let mut line = String::new();
    let (old, new) = (Plan::at(old, span.from_built_at), Plan::at(new, span.built_at));
    each(old, new, &mut |block, added| {
        let first = changes == Changes::default();
        line.clear();
        line.push_str(if first { "\n{" } else { ",\n{" });
        push_member(&mut line, "change", if added { "added" } else { "removed" });
        push_block(&mut line, block);
        if added {
            changes.added += 1;
            push_rest(&mut line, block);
        } else {
            changes.removed += 1;
        }
        line.push('}');
        out.write_all(line.as_bytes())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(changes)
}

/// Hands each change to `note`: the entry, and whether it was added.
///
/// # Errors
/// Those of `note`.
fn each<E>(
    old: Plan<'_>,
    new: Plan<'_>,
    note: &mut dyn FnMut(&Block, bool) -> Result<(), E>,
) -> Result<(), E> {
    let (mut before, mut after) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let next = match (before.peek(), after.peek()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(was), Some(is)) => order::targets(&was.target, &is.target),
        };
        let was = if next.is_le() { before.next() } else { None };
        let is = if next.is_ge() { after.next() } else { None };
        if was == is {
            continue;
        }
        // First out, then in: a reader that goes by ids must not take out what it has just put in.
        was.map_or(Ok(()), |was| note(was, false))?;
        is.map_or(Ok(()), |is| note(is, true))?;
    }
}
