//! Index files on disk: replaced in one step, and told apart when they are.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where the delta of an index lies: beside it, with `.delta` behind its name.
pub fn delta_path(index: &Path) -> PathBuf {
    let mut name = index.as_os_str().to_owned();
    name.push(".delta");
    name.into()
}

/// Puts a file in the place of another in one step: whoever opens the path finds the one or the other, whole,
/// also after a crash.
///
/// # Errors
/// Where it cannot be written; what was there stays.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Two writers must not write into one file.
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = folder.join(name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // It may never have been made, or have its new name already.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Tells when an index, or the delta beside it, was replaced.
#[derive(Debug)]
pub struct Reload {
    path: PathBuf,
    seen: [Option<Mark>; 2],
}

/// What changes when a file is replaced: device, inode, size, time of change.
type Mark = (u64, u64, u64, i64, i64);

impl Reload {
    /// Watches an index. To be made before the index is opened, so that no change is missed.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: marks(path) }
    }

    /// Whether either file is another one than when this was last asked.
    pub fn is_due(&mut self) -> bool {
        let marks = marks(&self.path);
        std::mem::replace(&mut self.seen, marks) != marks
    }
}

fn marks(path: &Path) -> [Option<Mark>; 2] {
    [mark(path), mark(&delta_path(path))]
}

#[cfg(unix)]
fn mark(path: &Path) -> Option<Mark> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

#[cfg(not(unix))]
fn mark(path: &Path) -> Option<Mark> {
    let metadata = fs::metadata(path).ok()?;
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((0, 0, metadata.len(), since.as_secs() as i64, i64::from(since.subsec_nanos())))
}
