//! A configuration for ExaBGP 4 with one neighbour and its static routes. Loading it again (SIGUSR1)
//! withdraws the routes that are gone.

use std::io::Write;

use rempart_model::Block;

use super::super::{Settings, WriteError, Written, header};
use super::{BLACKHOLE, NO_EXPORT};

/// Writes the configuration.
///
/// # Errors
/// Without a consent that holds and names a neighbour, with more routes than were agreed on, where a
/// setting is not fit, or where `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let (plan, consent) = super::plan(blocks, settings)?;
    let Some(session) = consent.neighbour else {
        return Err(WriteError::NoConsent("it names no neighbour for ExaBGP"));
    };
    header::write(out, "#", settings, plan.len())?;
    writeln!(out, "# Agreed: {}, until {}", consent.noc, consent.until)?;
    writeln!(out, "# Replace before: {}", super::replace_before(&plan, consent))?;
    writeln!(out, "neighbor {} {{", session.peer)?;
    writeln!(out, "  router-id {};", session.router_id)?;
    writeln!(out, "  local-address {};", session.local)?;
    writeln!(out, "  local-as {};", session.local_as)?;
    writeln!(out, "  peer-as {};", session.peer_as)?;
    writeln!(out, "  family {{")?;
    writeln!(out, "    ipv4 unicast;")?;
    writeln!(out, "    ipv6 unicast;")?;
    writeln!(out, "  }}")?;
    writeln!(out, "  static {{")?;
    for block in plan.iter() {
        let Ok(route) = super::route(block, consent) else { continue };
        let (prefix, hop) = (route.prefix, route.next_hop);
        writeln!(out, "    # {} until {}", block.id, block.until)?;
        writeln!(out, "    route {prefix} next-hop {hop} community [{BLACKHOLE} {NO_EXPORT}];")?;
    }
    writeln!(out, "  }}")?;
    writeln!(out, "}}")?;
    Ok(plan.written())
}
