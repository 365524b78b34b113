//! A response-policy zone as a master file (RFC 1035, section 5; the policies are those of
//! draft-vixie-dnsop-dns-rpz-00, section 3): each name, and a wildcard for those below it.

use std::io::Write;

use rempart_model::block::Action;
use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::{LeftOut, Settings, WriteError, Written, header};

/// Writes the zone.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let zone = &*settings.zone;
    // `*.`, the name and the zone have to fit into a name (RFC 1035, section 2.3.4).
    let longest = 253usize.saturating_sub(zone.len() + 3);
    let accept = |block: &Block| match block.target.kind() {
        Kind::Domain if block.target.value().len() > longest => Err(LeftOut::TooLong),
        Kind::Domain if is_trigger(block.target.value()) => Err(LeftOut::Value),
        Kind::Domain => Ok(()),
        _ => Err(LeftOut::Kind),
    };
    let plan = Plan::new(blocks, settings, &accept)?.uncovered();
    header::write(out, ";", settings, plan.len())?;
    let ttl = settings.ttl;
    // Names are relative to the zone throughout, so that a consumer may load it under another name
    // by taking the first line out. The SOA stands first, as transfers have it and Knot Resolver wants.
    writeln!(out, "$ORIGIN {zone}.")?;
    writeln!(out, "$TTL {ttl}")?;
    // No name of the Internet is primary or mailbox here (the draft, section 2).
    writeln!(out, "@ IN SOA localhost. nobody.invalid. {} 60 60 604800 {ttl}", settings.serial)?;
    writeln!(out, "@ IN NS localhost.")?;
    for block in plan.iter() {
        let name = block.target.value();
        let id = block.id;
        match &settings.action {
            Action::Garden(host) => {
                writeln!(out, "{name} CNAME {id}.{host}.")?;
                writeln!(out, "*.{name} CNAME {id}.{host}.")?;
            }
            action => {
                let policy = match action {
                    Action::NoData => "*.",
                    Action::Drop => "rpz-drop.",
                    Action::PassThru => "rpz-passthru.",
                    Action::NxDomain | Action::Garden(_) => ".",
                };
                writeln!(out, "{name} CNAME {policy} ; {id}")?;
                writeln!(out, "*.{name} CNAME {policy}")?;
            }
        }
    }
    Ok(plan.written())
}

/// Whether a name would not be blocked but trigger on something else: an owner that ends in one of
/// these labels means addresses or name servers (the draft, section 4).
fn is_trigger(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.starts_with("rpz-"))
}
