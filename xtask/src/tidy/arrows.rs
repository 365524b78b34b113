//! The crates' dependencies against the table in ARCHITECTURE.md.
//!
//! The table stands between `<!-- crates -->` and `<!-- /crates -->`. Its columns: the crate, its
//! role, the crates that it may use, and what it must never be built from. A crate of the workspace
//! in the last column must not be listed by the crate itself; a crate from elsewhere must not
//! even come in through others.

use std::fs;

use anyhow::Context;

use crate::workspace::{Metadata, root};

const DOCUMENT: &str = "ARCHITECTURE.md";

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    may_use: Vec<String>,
    never: Vec<String>,
}

/// Every disagreement between the table and the packages.
pub fn check(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let document = fs::read_to_string(root().join(DOCUMENT)).context(DOCUMENT)?;
    let rows = table(&document).with_context(|| format!("no table of crates in {DOCUMENT}"))?;
    let mut found = order(&rows);
    let crates = root().join("crates");
    for package in metadata.members().filter(|package| package.folder.starts_with(&crates)) {
        let name = package.name;
        let Some(row) = rows.iter().find(|row| row.name == name) else {
            found.push(format!("{name}: not in the table of {DOCUMENT}"));
            continue;
        };
        let closure = metadata.closure(&package);
        for used in package.dependencies() {
            let ours = metadata.members().any(|member| member.name == used);
            if ours && !row.may_use.iter().any(|allowed| allowed == used) {
                found.push(format!("{name} uses {used}, which the table of {DOCUMENT} does not allow"));
            }
        }
        for never in &row.never {
            let ours = metadata.members().any(|member| member.name == never);
            if ours && package.dependencies().any(|used| used == never) {
                found.push(format!("{name} must not list {never}"));
            }
            if !ours && closure.contains(never) {
                found.push(format!("{name} must not be built from {never}, not even through others"));
            }
        }
    }
    for row in &rows {
        if !metadata.members().any(|member| member.name == row.name) {
            found.push(format!("{}: in the table of {DOCUMENT}, but not a package", row.name));
        }
    }
    Ok(found)
}

/// A crate uses only what stands above it.
fn order(rows: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        for used in &row.may_use {
            if !rows.iter().take(place).any(|above| above.name == *used) {
                found.push(format!("{}: may use {used}, which does not stand above it", row.name));
            }
        }
    }
    found
}

fn table(document: &str) -> Option<Vec<Row>> {
    let (_, rest) = document.split_once("<!-- crates -->")?;
    let (table, _) = rest.split_once("<!-- /crates -->")?;
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim().strip_prefix('|')?.split('|').collect();
        let name = in_backticks(cells.first()?).pop()?;
        Some(Row {
            name,
            may_use: cells.get(2).map(|cell| in_backticks(cell)).unwrap_or_default(),
            never: cells.get(3).map(|cell| in_backticks(cell)).unwrap_or_default(),
        })
    });
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then_some(rows)
}

fn in_backticks(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "text\n<!-- crates -->\n| crate | role | may use | never |\n|---|---|---|---|\n\
        | `low` | what `things` are | – | `tokio` |\n| `high` | doors | `low`, `mid` | |\n<!-- /crates -->\n";

    #[test]
    fn reads_the_table() {
        let rows = table(TABLE).unwrap();
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0], Row { name: "low".into(), may_use: vec![], never: names(&["tokio"]) });
        assert_eq!(rows[1], Row { name: "high".into(), may_use: names(&["low", "mid"]), never: vec![] });
    }

    #[test]
    fn finds_what_does_not_stand_above() {
        let rows = table(TABLE).unwrap();
        assert_eq!(order(&rows), ["high: may use mid, which does not stand above it"]);
    }

    #[test]
    fn a_document_without_a_table_is_no_table() {
        assert_eq!(table("nothing"), None);
        assert_eq!(table("<!-- crates -->\n<!-- /crates -->"), None);
    }
}
