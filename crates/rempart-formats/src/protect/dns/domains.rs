//! Plain domain names, one a line, `#` before comments. Each stands for itself; whether the names
//! below it are meant too is for the reader's own settings.

use std::io::Write;

use rempart_model::Block;

use super::super::plan::Plan;
use super::super::{Settings, WriteError, Written, header};

/// Writes the list.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &super::names_only)?;
    header::write(out, "#", settings, plan.len())?;
    for block in plan.iter() {
        writeln!(out, "{}", block.target.value())?;
    }
    Ok(plan.written())
}
