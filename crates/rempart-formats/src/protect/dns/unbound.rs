//! A file for Unbound's `include:`, with a `local-zone` for each name (unbound.conf(5)): it answers
//! for the name and all below it.

use std::io::Write;

use rempart_model::Block;
use rempart_model::block::Action;

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
    let kind = match &settings.action {
        Action::NxDomain => "always_nxdomain",
        Action::NoData => "always_nodata",
        Action::Drop => "always_deny",
        Action::PassThru => "always_transparent",
        Action::Garden(_) => "redirect",
    };
    let plan = Plan::new(blocks, settings, &super::names_only)?.uncovered();
    header::write(out, "#", settings, plan.len())?;
    // The file may be included at the top as well as among the options of the server.
    writeln!(out, "server:")?;
    for block in plan.iter() {
        let name = block.target.value();
        writeln!(out, "  local-zone: \"{name}.\" {kind} # {}", block.id)?;
        if let Action::Garden(host) = &settings.action {
            let (ttl, id) = (settings.ttl, block.id);
            writeln!(out, "  local-data: \"{name}. {ttl} IN CNAME {id}.{host}.\"")?;
        }
    }
    Ok(plan.written())
}
