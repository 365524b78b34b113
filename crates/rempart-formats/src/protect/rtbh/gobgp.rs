//! Commands for GoBGP's `gobgp`, as a shell script: routes are put into the daemon's table one by
//! one, since its configuration file has no place for them. The script first takes out the routes of
//! the table that it put there before, so that running the newest file is enough; one that is run too
//! late does that and no more.

use std::io::Write;

use rempart_model::Block;

use super::super::{Settings, WriteError, Written, header};
use super::{BLACKHOLE, NO_EXPORT};

/// Writes the script. `GOBGP` in the environment replaces the command (`gobgp -p 50052`, say).
///
/// # Errors
/// Without a consent that holds, with more routes than were agreed on, where a setting is not fit, or
/// where `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let (plan, consent) = super::plan(blocks, settings)?;
    writeln!(out, "#!/bin/sh")?;
    header::write(out, "#", settings, plan.len())?;
    writeln!(out, "# Agreed: {}, until {}", consent.noc, consent.until)?;
    let replace_before = super::replace_before(&plan, consent);
    writeln!(out, "# Replace before: {replace_before}")?;
    writeln!(out, "set -eu")?;
    writeln!(out, ": \"${{GOBGP:=gobgp}}\"")?;
    // The daemon is for these routes alone; what it injected itself goes, what neighbours sent stays.
    for family in ["ipv4", "ipv6"] {
        writeln!(out, "$GOBGP global rib del all -a {family}")?;
    }
    let end = replace_before.micros().div_euclid(1_000_000);
    writeln!(out, "if [ \"$(date +%s)\" -ge {end} ]; then")?;
    writeln!(out, "  echo 'these routes have ended; none is announced, fetch the file anew' >&2")?;
    writeln!(out, "  exit 1")?;
    writeln!(out, "fi")?;
    for block in plan.iter() {
        let Ok(route) = super::route(block, consent) else { continue };
        let family = if route.next_hop.is_ipv4() { "ipv4" } else { "ipv6" };
        let (prefix, hop) = (route.prefix, route.next_hop);
        writeln!(out, "# {} until {}", block.id, block.until)?;
        writeln!(
            out,
            "$GOBGP global rib add -a {family} {prefix} nexthop {hop} community {BLACKHOLE},{NO_EXPORT}"
        )?;
    }
    Ok(plan.written())
}
