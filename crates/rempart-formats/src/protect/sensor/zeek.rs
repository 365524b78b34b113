//! A file for Zeek's intelligence framework (<https://docs.zeek.org/en/current/frameworks/intel.html>):
//! columns between tabs, with a line that names them.

use std::fmt::Write as _;
use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::value;
use super::super::{LeftOut, Settings, WriteError, Written, header};

/// Writes the file.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|block| indicator(block).map(|_| ()))?;
    // Zeek passes over lines that begin with `#`, but for the one that names the fields.
    header::write(out, "#", settings, plan.len())?;
    writeln!(out, "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url")?;
    for block in plan.iter() {
        let Ok((value, kind)) = indicator(block) else { continue };
        writeln!(
            out,
            "{value}\tIntel::{kind}\trempart-{}\t{}\t{}",
            settings.list,
            field(&format!("{} ({}, {})", block.reason.trim(), block.category.name(), block.id)),
            settings.appeal
        )?;
    }
    Ok(plan.written())
}

/// The indicator and its type. Zeek's URLs have no scheme.
fn indicator(block: &Block) -> Result<(&str, &'static str), LeftOut> {
    let value = block.target.value();
    match block.target.kind() {
        Kind::Domain => Ok((value, "DOMAIN")),
        Kind::Ipv4 | Kind::Ipv6 => Ok((value, "ADDR")),
        Kind::Cidr => Ok((value, "SUBNET")),
        Kind::Email => Ok((value, "EMAIL")),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => Ok((value, "FILE_HASH")),
        Kind::Url => {
            // It tells URLs of http from nothing else, as they are seen in clear.
            if value::url(value)?.scheme != "http" {
                return Err(LeftOut::Kind);
            }
            value.strip_prefix("http://").map(|rest| (rest, "URL")).ok_or(LeftOut::Value)
        }
        _ => Err(LeftOut::Kind),
    }
}

/// A text as one field: whatever ends a field or a line, and the backslash of escapes, is written as
/// `\xHH`, which the reader takes back.
fn field(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\\' | '\u{2028}' | '\u{2029}') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        } else {
            quoted.push(c);
        }
    }
    quoted
}
