//! Datasets for Suricata (<https://docs.suricata.io/en/latest/rules/datasets.html>) and the few rules
//! that use them: exact names, addresses, and hashes of files, in any number. The data files have no
//! comments, since the format has none; the rules carry them.

use std::io::Write;

use rempart_model::{Block, Kind};

use super::super::plan::Plan;
use super::super::{Format, LeftOut, Settings, WriteError, Written, header};

/// Writes the names: a dataset of type `string`, each value in base 64.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_domains(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    each(blocks, settings, out, &[Kind::Domain], &|value| super::super::sign::base64(value.as_bytes()))
}

/// Writes the addresses: a dataset of type `ip` (Suricata 7 and later).
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_addresses(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    each(blocks, settings, out, &[Kind::Ipv4, Kind::Ipv6], &str::to_owned)
}

/// Writes hashes of one kind, as `filemd5`, `filesha1` and `filesha256` read them.
fn hashes(
    kind: Kind,
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    each(blocks, settings, out, &[kind], &str::to_owned)
}

/// Writes the MD5 hashes.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_md5(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    hashes(Kind::Md5, blocks, settings, out)
}

/// Writes the SHA-1 hashes.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_sha1(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    hashes(Kind::Sha1, blocks, settings, out)
}

/// Writes the SHA-256 hashes.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_sha256(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    hashes(Kind::Sha256, blocks, settings, out)
}

fn each(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
    kinds: &[Kind],
    text: &dyn Fn(&str) -> String,
) -> Result<Written, WriteError> {
    let accept =
        |block: &Block| if kinds.contains(block.target.kind()) { Ok(()) } else { Err(LeftOut::Kind) };
    let plan = Plan::new(blocks, settings, &accept)?;
    for block in plan.iter() {
        writeln!(out, "{}", text(block.target.value()))?;
    }
    Ok(plan.written())
}

/// Writes the rules that read these files. Names are compared as they are asked for: in lower case,
/// and without those below them. They take eight numbers from [`Settings::first_sid`] on, less 8.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write_rules(
    _blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    settings.check()?;
    // Below those of the rules for each entry, so that both can be loaded.
    let Some(first) = settings.first_sid.checked_sub(8).filter(|first| *first > 0) else {
        return Err(WriteError::Setting { what: "first number of rules", why: "must be 9 or more" });
    };
    header::write(out, "#", settings, 0)?;
    let list = &settings.list;
    let (names, addresses) =
        (Format::SuricataDomains.file_name(settings), Format::SuricataAddresses.file_name(settings));
    let domains = format!("dataset:isset,{list}-domains,type string,load {names}");
    let hashed = |format: Format| format.file_name(settings);
    let rules = [
        ("dns", "domain", format!("dns.query; {domains}")),
        ("tls", "domain", format!("tls.sni; {domains}")),
        ("http", "domain", format!("http.host; {domains}")),
        ("ip", "address", format!("ip.dst; dataset:isset,{list}-addresses,type ip,load {addresses}")),
        ("http", "file", format!("filemd5:{}", hashed(Format::SuricataMd5))),
        ("http", "file", format!("filesha1:{}", hashed(Format::SuricataSha1))),
        ("http", "file", format!("filesha256:{}", hashed(Format::SuricataSha256))),
    ];
    for (sid, (protocol, what, condition)) in (first..).zip(rules) {
        let to_home = if what == "file" { "any any -> any any" } else { "$HOME_NET any -> any any" };
        writeln!(
            out,
            "alert {protocol} {to_home} (msg:\"Rempart {list} {what}\"; {condition}; classtype:bad-unknown; metadata:rempart_list {list}; sid:{sid}; rev:1;)"
        )?;
    }
    Ok(Written::default())
}
