//! Names that machines make up or phishers choose.

use std::path::Path;

/// Makes the models.
pub(crate) fn train(_data: &Path) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}

/// Measures them.
pub(crate) fn evaluate(_data: &Path) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
