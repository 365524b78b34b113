//! An AdBlock filter list (<https://adblockplus.org/filter-cheatsheet>), as browsers' blockers,
//! AdGuard Home and Pi-hole read it: `||name^` for a name and those below it, `||address^`, and
//! `|url|` for exactly one URL.

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
    let plan = Plan::new(blocks, settings, &accept)?.uncovered();
    writeln!(out, "[Adblock Plus 2.0]")?;
    // A word of the format: how often readers fetch the list.
    writeln!(out, "! Expires: 1 hours")?;
    header::write(out, "!", settings, plan.len())?;
    for block in plan.iter() {
        let value = block.target.value();
        match block.target.kind() {
            Kind::Url => writeln!(out, "|{value}|")?,
            Kind::Ipv6 => writeln!(out, "||[{value}]^")?,
            _ => writeln!(out, "||{value}^")?,
        }
    }
    Ok(plan.written())
}

fn accept(block: &Block) -> Result<(), LeftOut> {
    match block.target.kind() {
        Kind::Domain | Kind::Ipv4 | Kind::Ipv6 => Ok(()),
        // `*`, `^` and `|` are patterns, `$` begins options, `#` and `%` with `#` cosmetic rules, and
        // none of them can be quoted.
        Kind::Url if block.target.value().contains(['*', '^', '|', '$', '#', '@']) => Err(LeftOut::Value),
        Kind::Url => Ok(()),
        _ => Err(LeftOut::Kind),
    }
}
