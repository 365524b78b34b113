//! A hosts file (hosts(5)), as Pi-hole and many others read it too: `0.0.0.0 name`. It has no words
//! for the names below a name.

use std::io::Write;

use rempart_model::Block;

use super::super::plan::Plan;
use super::super::{Settings, WriteError, Written, header};

/// Writes the file.
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
        // 0.0.0.0 fails at once, where 127.0.0.1 may reach a service of the user's own.
        writeln!(out, "0.0.0.0 {}", block.target.value())?;
    }
    Ok(plan.written())
}
