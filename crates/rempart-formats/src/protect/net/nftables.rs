//! Sets for nftables (nft(8)), each element with the time that it has left, so that it goes even
//! where nobody fetches the next file. One transaction: loading the file again replaces the elements
//! and keeps the rules that refer to the sets. It makes no rules of its own.

use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::{Settings, WriteError, Written, header};

/// The four sets: addresses are found by hash; networks need intervals, which must not overlap.
const SETS: [(&str, &str, &str); 4] = [
    ("ipv4", "ipv4_addr", "timeout"),
    ("ipv6", "ipv6_addr", "timeout"),
    ("net4", "ipv4_addr", "interval, timeout"),
    ("net6", "ipv6_addr", "interval, timeout"),
];

/// The longest timeout: a year. nft refuses numbers of more than eight digits, and with one of them the
/// whole file; nothing that is fetched every hour needs to last longer.
const LONGEST: i64 = 365 * 86_400;

/// Writes the file. The sets are `LIST-ipv4`, `LIST-ipv6`, `LIST-net4` and `LIST-net6` in the table
/// `inet rempart`.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &super::addresses::accept)?.uncovered();
    let list = &settings.list;
    header::write(out, "#", settings, plan.len())?;
    writeln!(out, "add table inet rempart")?;
    for (name, data, flags) in SETS {
        writeln!(out, "add set inet rempart {list}-{name} {{ type {data}; flags {flags}; }}")?;
        writeln!(out, "flush set inet rempart {list}-{name}")?;
    }
    for (name, ..) in SETS {
        let mut elements = plan.iter().filter(|block| set_of(block) == name).peekable();
        if elements.peek().is_none() {
            continue;
        }
        writeln!(out, "add element inet rempart {list}-{name} {{")?;
        for block in elements {
            let left = block.until.micros().saturating_sub(settings.built_at.micros());
            // Rounded up: no timeout means for ever.
            let seconds = (left.saturating_add(999_999) / 1_000_000).clamp(1, LONGEST);
            writeln!(out, "  {} timeout {seconds}s comment \"{}\",", block.target.value(), block.id)?;
        }
        writeln!(out, "}}")?;
    }
    Ok(plan.written())
}

fn set_of(block: &Block) -> &'static str {
    match block.target.kind() {
        Kind::Ipv4 => "ipv4",
        Kind::Ipv6 => "ipv6",
        _ if block.target.value().contains(':') => "net6",
        _ => "net4",
    }
}
