//! A configuration file for dnsmasq (`conf-file=`): `address=/name/` answers NXDOMAIN for a name and
//! all below it, `server=/name/#` leaves it to the resolvers that are used for everything else
//! (dnsmasq(8)).

use std::io::Write;

use rempart_model::Block;
use rempart_model::block::Action;

use super::super::plan::Plan;
use super::super::{Format, Settings, WriteError, Written, header};

/// Writes the file.
///
/// # Errors
/// Where a setting is not fit, the action is neither NXDOMAIN nor to let through, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let (before, after) = match &settings.action {
        Action::NxDomain => ("address=/", "/"),
        Action::PassThru => ("server=/", "/#"),
        other => return Err(WriteError::Action { format: Format::Dnsmasq, action: other.name() }),
    };
    let plan = Plan::new(blocks, settings, &super::names_only)?.uncovered();
    header::write(out, "#", settings, plan.len())?;
    for block in plan.iter() {
        writeln!(out, "{before}{}{after}", block.target.value())?;
    }
    Ok(plan.written())
}
