//! JSON of our own: every entry with its id, reason and `valid_until`, one a line.

use std::io::Write;

use rempart_model::Block;

use super::super::plan::Plan;
use super::super::{Settings, WriteError, Written};
use crate::json::write::{push_member, push_raw};

/// Writes the file.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|_| Ok(()))?;
    let mut head = String::from("{");
    push_raw(&mut head, "version", "1");
    push_member(&mut head, "list", &settings.list);
    push_member(&mut head, "publisher", &settings.publisher);
    push_member(&mut head, "built_at", &settings.built_at.to_string());
    push_member(&mut head, "appeal", &settings.appeal);
    push_member(&mut head, "licence", &settings.licence);
    push_member(&mut head, "tlp", settings.tlp.name());
    push_raw(&mut head, "entries", &plan.len().to_string());
    writeln!(out, "{head},\"blocks\":[")?;
    let mut line = String::new();
    for (index, block) in plan.iter().enumerate() {
        line.clear();
        line.push('{');
        push_block(&mut line, block);
        push_rest(&mut line, block);
        let comma = if index + 1 < plan.len() { "," } else { "" };
        writeln!(out, "{line}}}{comma}")?;
    }
    writeln!(out, "]}}")?;
    Ok(plan.written())
}

/// Appends what names an entry: id, type, value, class.
pub(in super::super) fn push_block(to: &mut String, block: &Block) {
    push_member(to, "id", &block.id.to_string());
    push_member(to, "type", block.target.kind().name());
    push_member(to, "value", block.target.value());
    push_member(to, "class", block.class.name());
}

/// Appends what else there is to say of an entry: category, reason, dates.
pub(in super::super) fn push_rest(to: &mut String, block: &Block) {
    push_member(to, "category", block.category.name());
    push_member(to, "reason", &block.reason);
    push_member(to, "valid_from", &block.since.to_string());
    push_member(to, "valid_until", &block.until.to_string());
}
