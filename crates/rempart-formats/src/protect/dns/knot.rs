//! A policy zone as Knot Resolver reads it from a file (`policy.rpz(policy.DENY, 'file')`). The
//! form is that of [`super::rpz`]; version 5 passes over records that lead to a walled garden, so
//! that this action is refused rather than lost.

use std::io::Write;

use rempart_model::Block;
use rempart_model::block::Action;

use super::super::{Format, Settings, WriteError, Written};

/// Writes the zone.
///
/// # Errors
/// Where a setting is not fit, the action is a walled garden, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    if let Action::Garden(_) = settings.action {
        return Err(WriteError::Action { format: Format::Knot, action: settings.action.name() });
    }
    super::rpz::write(blocks, settings, out)
}
