//! What changed between two versions of a list, as JSON: a reader that has the older one takes out
//! the removed, puts in the added, and has the newer one. An entry that changed is removed and added.

use std::cmp::Ordering;
use std::io::Write;

use rempart_model::{Block, Timestamp};

use super::share::json::push_block;
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
/// removed first. An entry that is given twice counts once.
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
    each(old, new, &mut |block, added| {
        let first = changes == Changes::default();
        line.clear();
        line.push_str(if first { "\n{" } else { ",\n{" });
        push_member(&mut line, "change", if added { "added" } else { "removed" });
        push_block(&mut line, block);
        if added {
            changes.added += 1;
            push_member(&mut line, "category", block.category.name());
            push_member(&mut line, "reason", &block.reason);
            push_member(&mut line, "valid_from", &block.since.to_string());
            push_member(&mut line, "valid_until", &block.until.to_string());
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
pub fn each<E>(
    old: &[Block],
    new: &[Block],
    note: &mut dyn FnMut(&Block, bool) -> Result<(), E>,
) -> Result<(), E> {
    let (old, new) = (sorted(old), sorted(new));
    let (mut before, mut after) = (old.iter().peekable(), new.iter().peekable());
    // What is added to the target at hand, until all that is removed from it was handed on: a reader
    // that goes by ids must not take out what it has just put in.
    let mut additions: Vec<&Block> = Vec::new();
    loop {
        let next = match (before.peek(), after.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(was), Some(is)) => order::blocks(was, is),
        };
        let block = match next {
            Ordering::Less => before.next(),
            Ordering::Greater => after.next(),
            Ordering::Equal => {
                before.next();
                after.next()
            }
        };
        let Some(block) = block else { break };
        if additions.first().is_some_and(|added| added.target != block.target) {
            additions.drain(..).try_for_each(|added| note(added, true))?;
        }
        match next {
            Ordering::Less => note(block, false)?,
            Ordering::Greater => additions.push(block),
            Ordering::Equal => {}
        }
    }
    additions.into_iter().try_for_each(|added| note(added, true))
}

fn sorted(blocks: &[Block]) -> Vec<&Block> {
    let mut sorted: Vec<&Block> = blocks.iter().collect();
    sorted.sort_unstable_by(|a, b| order::blocks(a, b));
    sorted.dedup();
    sorted
}
