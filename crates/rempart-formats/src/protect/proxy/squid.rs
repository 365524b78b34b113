//! Squid: names for `acl … dstdomain "file"`, where `.name` is the name and all below it, and
//! exact URLs, one a line, for a helper of `external_acl_type`. Squid itself compares whole URLs only
//! as regular expressions, which are slow in numbers and easy to get wrong, so that none are written.

use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::{LeftOut, Settings, WriteError, Written, header};

/// Writes the names.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_domains(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|block| only(block, &[Kind::Domain]))?.uncovered();
    header::write(out, "#", settings, plan.len())?;
    for block in plan.iter() {
        writeln!(out, ".{}", block.target.value())?;
    }
    Ok(plan.written())
}

/// Writes the URLs.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_urls(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|block| only(block, &[Kind::Url]))?;
    header::write(out, "#", settings, plan.len())?;
    for block in plan.iter() {
        writeln!(out, "{}", block.target.value())?;
    }
    Ok(plan.written())
}

fn only(block: &Block, kinds: &[Kind]) -> Result<(), LeftOut> {
    if kinds.contains(block.target.kind()) { Ok(()) } else { Err(LeftOut::Kind) }
}
