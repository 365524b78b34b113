//! What BIND's `named.conf` includes to load the policy zone of [`super::rpz`] from a file. It names
//! the zone and none of its entries.

use std::io::Write;

use rempart_model::Block;

use super::super::{Format, Settings, WriteError, Written, header};

/// Writes the fragment.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    _blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    settings.check()?;
    let (zone, file) = (&settings.zone, Format::Rpz.file_name(settings));
    header::write(out, "//", settings, 0)?;
    writeln!(out, "// In the options: response-policy {{ zone \"{zone}\"; }};")?;
    writeln!(out, "zone \"{zone}\" {{")?;
    writeln!(out, "  type primary;")?;
    // Relative to the directory of the server; the names of files have no signs to be quoted.
    writeln!(out, "  file \"{file}\";")?;
    // Who may ask for the zone itself learns all that is in it.
    writeln!(out, "  allow-query {{ none; }};")?;
    writeln!(out, "  allow-transfer {{ none; }};")?;
    writeln!(out, "  notify no;")?;
    writeln!(out, "}};")?;
    Ok(Written::default())
}
