//! Plain addresses and networks, one a line, `#` before comments.

use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::{LeftOut, Settings, WriteError, Written, header};

/// Writes the list.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &accept)?;
    header::write(out, "#", settings, plan.len())?;
    for block in plan.iter() {
        writeln!(out, "{}", block.target.value())?;
    }
    Ok(plan.written())
}

/// Takes addresses and networks and nothing else.
pub(super) fn accept(block: &Block) -> Result<(), LeftOut> {
    match block.target.kind() {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => Ok(()),
        _ => Err(LeftOut::Kind),
    }
}
