//! The comment with which a file begins, where its format has comments.

use std::io::Write;

use super::{Settings, WriteError};

/// Writes what the file is, when it was made, on which terms, and how to object; each line begins
/// with `sign`. The texts were checked: none of them ends a line.
pub(super) fn write(
    out: &mut dyn Write,
    sign: &str,
    settings: &Settings,
    entries: usize,
) -> Result<(), WriteError> {
    writeln!(out, "{sign} Title: {}", settings.list)?;
    writeln!(out, "{sign} Publisher: {}", settings.publisher)?;
    writeln!(out, "{sign} Built: {}", settings.built_at)?;
    writeln!(out, "{sign} Entries: {entries}")?;
    writeln!(out, "{sign} Appeal: {}", settings.appeal)?;
    writeln!(out, "{sign} Licence: {}", settings.licence)?;
    writeln!(out, "{sign} Marking: TLP:{}", settings.tlp.name().to_ascii_uppercase())?;
    writeln!(out, "{sign} Entries end. Fetch this file anew at least once an hour, and replace it whole.")?;
    Ok(())
}
