//! Rules for Suricata, one or two for each entry (<https://docs.suricata.io/en/latest/rules/>): names
//! with all below them in DNS queries and in TLS, addresses, and URLs of plain HTTP. For very many
//! entries, [`super::datasets`] are cheaper.
//!
//! A rule's number comes from the entry's id, so that it stays the same from file to file (where two
//! ids meet, the later one takes the next free number). No text from outside is in a rule: the values
//! are written as signs that need no quoting and as bytes in hexadecimal.

use std::fmt::Write as _;
use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::value::{self, Parts};
use super::super::{LeftOut, Settings, WriteError, Written, header};
use super::class_type;

/// How many entries have a number of their own: 2^28, two rules each.
const SLOTS: u32 = 1 << 28;
/// The most bytes of a URL's path in a rule.
const LONGEST_PATH: usize = 1024;

/// Writes the rules. They take the numbers from [`Settings::first_sid`] on, 2^29 of them at most.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    if settings.first_sid == 0 || settings.first_sid.checked_add(SLOTS * 2 + 16).is_none() {
        return Err(WriteError::Setting {
            what: "first number of rules",
            why: "must leave room for 2^29 numbers above it and not be 0",
        });
    }
    let plan = Plan::new(blocks, settings, &accept)?.uncovered();
    header::write(out, "#", settings, plan.len())?;
    let mut numbered: Vec<&Block> = plan.iter().collect();
    numbered.sort_unstable_by_key(|block| (slot(block), block.id, block.target.clone()));
    let mut free = 0;
    for block in numbered {
        let slot = slot(block).max(free);
        free = slot + 1;
        rule(block, settings.first_sid.saturating_add(slot.saturating_mul(2)), settings, out)?;
    }
    Ok(plan.written())
}

fn slot(block: &Block) -> u32 {
    let [a, b, c, d, ..] = *block.id.bytes();
    u32::from_be_bytes([a, b, c, d]) % SLOTS
}

fn accept(block: &Block) -> Result<(), LeftOut> {
    match block.target.kind() {
        Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => Ok(()),
        Kind::Url => match value::url(block.target.value())? {
            // Behind TLS no path is seen, and the brackets of IPv6 are cut from the host.
            Parts { scheme: "http", host, path, .. } if !host.starts_with('[') => {
                if path.len() > LONGEST_PATH { Err(LeftOut::TooLong) } else { Ok(()) }
            }
            _ => Err(LeftOut::Kind),
        },
        _ => Err(LeftOut::Kind),
    }
}

fn rule(block: &Block, sid: u32, settings: &Settings, out: &mut dyn Write) -> Result<(), WriteError> {
    let value = block.target.value();
    let end = |what: &str, sid: u32| {
        format!(
            "classtype:{}; reference:url,{}; metadata:rempart_block {}, rempart_list {}, rempart_value {what}; sid:{sid}; rev:1;)",
            class_type(block),
            // The scheme of a reference is implied.
            settings.appeal.split_once("://").map_or("", |(_, rest)| rest),
            block.id,
            settings.list,
        )
    };
    let message = |what: &str| format!("msg:\"Rempart {} {what} {}\"", settings.list, block.id);
    match block.target.kind() {
        Kind::Domain => {
            let name = content(&format!(".{value}"));
            writeln!(
                out,
                "alert dns $HOME_NET any -> any any ({}; dns.query; dotprefix; content:\"{name}\"; nocase; endswith; {}",
                message("domain"),
                end("domain", sid)
            )?;
            writeln!(
                out,
                "alert tls $HOME_NET any -> any any ({}; tls.sni; dotprefix; content:\"{name}\"; nocase; endswith; {}",
                message("domain"),
                end("domain", sid.saturating_add(1))
            )?;
        }
        Kind::Url => {
            // What is no URL was left out.
            let Ok(Parts { host, port, path, .. }) = value::url(value) else { return Ok(()) };
            writeln!(
                out,
                "alert http $HOME_NET any -> any {} ({}; http.host; content:\"{}\"; bsize:{}; http.uri.raw; content:\"{}\"; bsize:{}; {}",
                port.unwrap_or("any"),
                message("url"),
                content(host),
                host.len(),
                content(path),
                path.len(),
                end("url", sid)
            )?;
        }
        _ => writeln!(
            out,
            "alert ip $HOME_NET any -> [{value}] any ({}; {}",
            message("address"),
            end("address", sid)
        )?,
    }
    Ok(())
}

/// A value between the quotes of `content`: all but letters, digits and a few plain signs as bytes.
fn content(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"./-_~".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            let _ = write!(quoted, "|{byte:02x}|");
        }
    }
    quoted
}
