//! The data folder: made, locked by one process at a time, opened.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use rempart_matching::{IpTable, States, Warninglists};
use rempart_service::clock::SystemClock;
use rempart_service::{App, Store, Suffixes, Tables};

use crate::config::Config;

/// A data folder that this process holds.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing and takes its lock. `None`: another process holds it.
    pub(crate) fn hold(path: &Path) -> anyhow::Result<Option<Self>> {
        if !path.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        }
        let path = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("rempart.lock"))
            .with_context(|| format!("cannot write to the data folder {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
        }
    }

    /// The folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the store and puts Rempart together.
    pub(crate) fn open(&self, config: &Config) -> anyhow::Result<Arc<App>> {
        let store = Store::open_embedded(&self.path)
            .with_context(|| format!("cannot open the store in {}", self.path.display()))?;
        let app = App::new(store, tables(config)?, Arc::new(SystemClock))?;
        Ok(Arc::new(app.protecting(config.protect.settings(&self.path)?)))
    }
}

/// What the operator gives, and what Rempart ships for the rest; what is replaced is not even read.
fn tables(config: &Config) -> anyhow::Result<Tables> {
    let given = |path: &Path| -> anyhow::Result<IpTable> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        IpTable::from_csv(&bytes).with_context(|| format!("in {}", path.display()))
    };
    let files = &config.tables;
    Ok(Tables {
        countries: match &files.countries {
            Some(path) => given(path)?,
            None => IpTable::bundled_country().context("the countries of addresses that are shipped")?,
        },
        asns: match &files.asns {
            Some(path) => given(path)?,
            None => IpTable::bundled_asn().context("the systems of addresses that are shipped")?,
        },
        warninglists: match &files.warninglists {
            Some(folder) => warninglists(folder)?,
            None => Warninglists::bundled().context("the warninglists that are shipped")?,
        },
        states: States::bundled().context("the states that are shipped")?,
        suffixes: match &files.suffixes {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                Suffixes::from_text(&text).with_context(|| format!("in {}", path.display()))?
            }
            None => Suffixes::bundled().context("the Public Suffix List that is shipped")?,
        },
        names: std::sync::OnceLock::new(),
        above: std::sync::OnceLock::new(),
    })
}

/// Warninglists from a folder of MISP's own form: `*/list.json`, or `*.json`.
fn warninglists(folder: &Path) -> anyhow::Result<Warninglists> {
    let mut builder = rempart_matching::warninglists::Builder::new();
    let mut found = 0;
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        let file = if entry.is_dir() { entry.join("list.json") } else { entry };
        if file.extension().is_some_and(|extension| extension == "json") && file.is_file() {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            builder.misp_json(&bytes, None).with_context(|| format!("in {}", file.display()))?;
            found += 1;
        }
    }
    if found == 0 {
        bail!("no warninglist in {}: it should hold */list.json", folder.display());
    }
    Ok(builder.build())
}
