//! A MISP feed (<https://www.circl.lu/doc/misp/feeds/>): `manifest.json`, one event with an attribute
//! for each entry, and `hashes.csv`. The event is the same one from file to file, in newer versions.
//! MISP has no word for the end of an attribute; it stands in the comment.

use std::io::Write;

use md5::{Digest, Md5};
use rempart_model::{Block, Kind, Timestamp};

use super::super::plan::Plan;
use super::super::{LeftOut, Settings, WriteError, Written};
use super::stix::uuid;
use crate::json::write::{push_member, push_name, push_raw};

/// The UUID of the list's event, after which its file is named.
pub fn event_uuid(settings: &Settings) -> String {
    uuid(&["misp event", &settings.publisher, &settings.list]).to_string()
}

/// Writes `manifest.json`, which names the event and its version.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_manifest(
    _blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    settings.check()?;
    let mut event = String::from("{");
    push_event(&mut event, settings);
    event.push('}');
    writeln!(out, "{{\"{}\":{event}}}", event_uuid(settings))?;
    Ok(Written::default())
}

/// Writes the event.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_event(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|block| attribute(block).map(|_| ()))?;
    let mut event = String::from("{");
    push_member(&mut event, "uuid", &event_uuid(settings));
    push_event(&mut event, settings);
    push_raw(&mut event, "published", "true");
    push_raw(&mut event, "Attribute", "[");
    writeln!(out, "{{\"Event\":{event}")?;
    let mut line = String::new();
    for (index, block) in plan.iter().enumerate() {
        let Ok((kind, category)) = attribute(block) else { continue };
        line.clear();
        line.push('{');
        push_member(&mut line, "uuid", &uuid(&["misp attribute", &block.id.to_string()]).to_string());
        push_member(&mut line, "type", kind);
        push_member(&mut line, "category", category);
        push_member(&mut line, "value", block.target.value());
        push_raw(&mut line, "to_ids", "true");
        push_raw(&mut line, "disable_correlation", "false");
        push_member(&mut line, "timestamp", &seconds(block.since));
        push_member(&mut line, "first_seen", &block.since.to_string());
        let comment = format!("{} (block {}, until {})", block.reason.trim(), block.id, block.until);
        push_member(&mut line, "comment", &comment);
        push_name(&mut line, "Tag");
        line.push_str("[{");
        push_member(&mut line, "name", &format!("rsit:{}", misp_tag(block.category.name())));
        let comma = if index + 1 < plan.len() { "," } else { "" };
        writeln!(out, "{line}}}]}}{comma}")?;
    }
    writeln!(out, "]}}}}")?;
    Ok(plan.written())
}

/// Writes `hashes.csv`: the MD5 of each value and the event that it is in, by which a MISP finds out
/// whether it has seen a value of a feed.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_hashes(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|block| attribute(block).map(|_| ()))?;
    let event = event_uuid(settings);
    for block in plan.iter() {
        let digest = Md5::digest(block.target.value().as_bytes());
        writeln!(out, "{},{event}", super::super::manifest::hex(&digest))?;
    }
    Ok(plan.written())
}

/// Appends what manifest and event say alike. Numbers are strings, as MISP itself writes them.
fn push_event(to: &mut String, settings: &Settings) {
    push_member(to, "info", &format!("{} ({})", settings.list, settings.publisher));
    push_member(to, "date", settings.built_at.to_string().get(..10).unwrap_or_default());
    push_member(to, "timestamp", &seconds(settings.built_at));
    // The analysis is done; the level is undefined, since it is for each entry.
    push_member(to, "analysis", "2");
    push_member(to, "threat_level_id", "4");
    push_name(to, "Orgc");
    to.push('{');
    push_member(to, "name", &settings.publisher);
    push_member(to, "uuid", &uuid(&["publisher", &settings.publisher]).to_string());
    to.push('}');
    push_name(to, "Tag");
    to.push_str("[{");
    push_member(to, "name", &format!("tlp:{}", settings.tlp.name()));
    to.push_str("}]");
}

fn seconds(time: Timestamp) -> String {
    time.micros().div_euclid(1_000_000).to_string()
}

/// `classification:type` as a machine tag of the RSIT taxonomy: `classification="type"`.
fn misp_tag(category: &str) -> String {
    match category.split_once(':') {
        Some((class, kind)) => format!("{class}=\"{kind}\""),
        None => "other=\"other\"".to_owned(),
    }
}

/// MISP's type and category for an entry.
fn attribute(block: &Block) -> Result<(&'static str, &'static str), LeftOut> {
    Ok(match block.target.kind() {
        Kind::Domain => ("domain", "Network activity"),
        Kind::Url => ("url", "Network activity"),
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => ("ip-dst", "Network activity"),
        Kind::Email => ("email-src", "Payload delivery"),
        Kind::Md5 => ("md5", "Payload delivery"),
        Kind::Sha1 => ("sha1", "Payload delivery"),
        Kind::Sha256 => ("sha256", "Payload delivery"),
        Kind::Sha512 => ("sha512", "Payload delivery"),
        _ => return Err(LeftOut::Kind),
    })
}
