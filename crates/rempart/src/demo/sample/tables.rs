//! Tables: CSV with names that are known, CSV that needs a mapping, TSV, JSON and JSON lines.

use std::path::PathBuf;

use serde_json::json;

use super::values::{ALL, Kind, Maker, Value};
use super::{Made, file};

/// Rows of the CSV file.
const ROWS: usize = 7_000;
/// Rows of the table with a mapping.
const MAPPED: usize = 2_500;
/// Rows of the TSV file.
const INTEL: usize = 2_000;
/// Objects of the JSON array.
const OBJECTS: usize = 1_500;
/// JSON lines.
const LINES: usize = 4_000;

/// What the columns of [`mapped`] mean.
const MAPPING: &str = r#"# What the columns of sectoriel.csv mean.
delimiter = ";"
header = true
skip_lines = 2
date_order = "day-first"

[[observables]]
column = "Indicateur"
type_column = "Nature"

[columns]
first_seen = "Vu le"
confidence = "Confiance"
labels = ["Menace", "Famille"]
target_country = "Pays visé"

[constants]
tlp = "amber"
description = "Synthetic sample"
"#;

/// Common words for a kind, as feeds write them.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Domain => "domain",
        Kind::Url => "url",
        Kind::Ipv4 | Kind::Ipv6 => "ip",
        Kind::Network => "cidr",
        Kind::Email => "email",
        Kind::Md5 => "md5",
        Kind::Sha1 => "sha1",
        Kind::Sha256 => "sha256",
    }
}

/// A table whose columns have the names that feeds give them.
pub(super) fn csv(maker: &mut Maker) -> std::io::Result<Made> {
    let mut text =
        String::from("indicator,type,threat_type,malware,first_seen,last_seen,confidence,tlp,comment\n");
    for row in 0..ROWS {
        let value = maker.value(&ALL);
        let tlp = *maker.random.pick(&["clear", "green", "green", "amber"]);
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{tlp},\"synthetic, {}\"\n",
            value.text,
            word(value.kind),
            value.threat.category,
            value.threat.malware,
            value.first,
            value.last,
            value.confidence,
            value.threat.label,
        ));
        if row == ROWS / 2 {
            // A row that names nothing.
            text.push_str("not an indicator,domain,phishing,,,,,green,broken on purpose\n");
        }
    }
    Ok(Made { files: file(text.into_bytes()), indicators: ROWS, faults: 1 })
}

/// A table of a sector's own making, with semicolons, French names and days first.
pub(super) fn mapped(maker: &mut Maker) -> std::io::Result<Made> {
    let mut text = String::from("Liste sectorielle (données synthétiques)\nNe décrit aucun fait réel\n");
    text.push_str("Nature;Indicateur;Vu le;Menace;Famille;Pays visé;Confiance\n");
    for _ in 0..MAPPED {
        let value = maker.value(&ALL);
        let day = value.first_day();
        let (year, month, day) =
            (day.get(..4).unwrap_or(""), day.get(5..7).unwrap_or(""), day.get(8..).unwrap_or(""));
        text.push_str(&format!(
            "{};{};{day}/{month}/{year};{};{};{};{}\n",
            word(value.kind),
            value.text,
            value.threat.label,
            value.threat.malware,
            value.nation.map_or("", |nation| nation.code),
            value.confidence,
        ));
    }
    let mut files = file(text.into_bytes());
    files.push((PathBuf::from("mapping.toml"), MAPPING.as_bytes().to_vec()));
    Ok(Made { files, indicators: MAPPED, faults: 0 })
}

/// A table in the manner of Zeek's intelligence framework.
pub(super) fn tsv(maker: &mut Maker) -> std::io::Result<Made> {
    let mut text = String::from("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n");
    for _ in 0..INTEL {
        let value = maker.value(&[Kind::Domain, Kind::Ipv4, Kind::Ipv6, Kind::Email, Kind::Sha256]);
        let kind = match value.kind {
            Kind::Domain => "DOMAIN",
            Kind::Email => "EMAIL",
            Kind::Sha256 => "FILE_HASH",
            _ => "ADDR",
        };
        let label = value.threat.label;
        text.push_str(&format!("{}\tIntel::{kind}\tsample-sensor\tsynthetic {label}\n", value.text));
    }
    Ok(Made { files: file(text.into_bytes()), indicators: INTEL, faults: 0 })
}

/// An array of objects.
pub(super) fn json(maker: &mut Maker) -> std::io::Result<Made> {
    let objects: Vec<_> = (0..OBJECTS)
        .map(|number| {
            let value = maker.value(&ALL);
            json!({
                "id": format!("synthetic-{number}"), "ioc": value.text, "ioc_type": word(value.kind),
                "threat_type": value.threat.category, "malware": value.threat.malware,
                "first_seen": value.first.to_string(), "confidence_level": value.confidence,
                "target_country": value.nation.map(|nation| nation.code),
                "tags": ["synthetic", value.threat.label],
            })
        })
        .collect();
    Ok(Made { files: file(serde_json::to_vec_pretty(&objects)?), indicators: OBJECTS, faults: 0 })
}

/// An object a line, one of them torn.
pub(super) fn json_lines(maker: &mut Maker) -> std::io::Result<Made> {
    let values = maker.values(LINES, &ALL);
    let mut bytes = lines(&values)?;
    bytes.extend_from_slice(b"{\"indicator\":\"torn-on-purpose.example\",\"type\":\n");
    Ok(Made { files: file(bytes), indicators: LINES, faults: 1 })
}

/// What somebody who sells on the list before this one makes of it: one half, under another name.
pub(super) fn copied_lines(maker: &mut Maker) -> std::io::Result<Made> {
    let values: Vec<Value> = maker.previous.iter().step_by(2).cloned().collect();
    let bytes = zstd::encode_all(lines(&values)?.as_slice(), 3)?;
    Ok(Made { files: file(bytes), indicators: values.len(), faults: 0 })
}

fn lines(values: &[Value]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for value in values {
        let line = json!({
            "indicator": value.text, "type": word(value.kind), "category": value.threat.category,
            "date_added": value.first.to_string(), "tags": ["synthetic", value.threat.label],
        });
        serde_json::to_writer(&mut bytes, &line)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
