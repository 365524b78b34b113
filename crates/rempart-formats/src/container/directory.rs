//! Folders, walked in a fixed order.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::compressed::{self, Visit};
use super::refused;
use crate::misp::feed;
use crate::{DecodeError, Limits};

/// Deepest folder that is walked into.
const DEPTH: usize = 64;

/// Hands every file below `root` to `visit`: sorted by name, hidden ones left out.
///
/// A symbolic link to a file inside `root` is read; one that leads out of it, or to a folder, is not.
/// What is neither file nor folder (a pipe, a device) is refused, since reading it might never end.
pub(super) fn walk(
    root: &Path,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<ControlFlow<()>, DecodeError> {
    let real_root = fs::canonicalize(root)?;
    let mut pending = vec![(root.to_path_buf(), 0)];
    let mut seen = 0usize;
    while let Some((path, depth)) = pending.pop() {
        let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let flow = match kind(&path, &real_root, depth == 0) {
            Ok(Kind::Folder) if depth > DEPTH => visit(refused(&shown, "the folder is too deep")),
            Ok(Kind::Folder) => match children(&path) {
                Ok(children) => {
                    seen = seen.saturating_add(children.len());
                    if seen > limits.entries {
                        let what = format!("the folder holds more than {} files; split it", limits.entries);
                        return Err(DecodeError::Limit { what: what.into() });
                    }
                    let flow = missing_events(&children, visit);
                    // The last one pushed comes first.
                    pending.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
                    flow
                }
                Err(error) if depth == 0 => return Err(error.into()),
                Err(error) => visit(refused(&shown, format!("the folder cannot be read: {error}"))),
            },
            Ok(Kind::File) => {
                let read = File::open(&path)
                    .map_err(DecodeError::from)
                    .and_then(|file| compressed::open_file(&shown, file, limits, visit));
                match read {
                    Ok(flow) => flow,
                    // One file that cannot be opened costs that file.
                    Err(error) => visit(refused(&shown, explained(&error))),
                }
            }
            Ok(Kind::Refused(why)) => visit(refused(&shown, why)),
            Err(error) => visit(refused(&shown, format!("cannot be read: {error}"))),
        };
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// In the folder of a MISP feed: refuses each event that the manifest announces and that is not there.
fn missing_events(children: &[PathBuf], visit: &mut Visit<'_>) -> ControlFlow<()> {
    let is_manifest = |path: &&PathBuf| path.file_name().is_some_and(|name| name == "manifest.json");
    let Some(manifest) = children.iter().find(is_manifest) else { return ControlFlow::Continue(()) };
    let mut bytes = Vec::new();
    let most = feed::LARGEST_MANIFEST as u64;
    let read = File::open(manifest).and_then(|file| file.take(most).read_to_end(&mut bytes));
    // A manifest that cannot be read is reported when its turn comes.
    if read.is_err() || !feed::is_manifest(&bytes) {
        return ControlFlow::Continue(());
    }
    let Ok(announced) = feed::manifest(&bytes) else { return ControlFlow::Continue(()) };
    let names: Vec<_> = children.iter().map(|path| path.to_string_lossy()).collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    feed::missing(&announced, &names).into_iter().try_for_each(|event| {
        let name = format!("{}.json", event.uuid);
        visit(refused(&name, "the feed's manifest announces this event, but there is no such file"))
    })
}

/// An error with its cause, since only the text goes on.
fn explained(error: &DecodeError) -> String {
    match error {
        DecodeError::Io(cause) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

enum Kind {
    Folder,
    File,
    Refused(&'static str),
}

fn kind(path: &Path, real_root: &Path, is_root: bool) -> io::Result<Kind> {
    let meta = if is_root { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
    if meta.is_dir() {
        Ok(Kind::Folder)
    } else if meta.is_file() {
        Ok(Kind::File)
    } else if !meta.is_symlink() {
        Ok(Kind::Refused("neither a file nor a folder"))
    } else {
        let real = fs::canonicalize(path)?;
        Ok(match (real.starts_with(real_root), real.is_file()) {
            (true, true) => Kind::File,
            (false, _) => Kind::Refused("a symbolic link that leads out of the folder"),
            _ => Kind::Refused("a symbolic link to something that is not a file"),
        })
    }
}

fn children(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            children.push(entry.path());
        }
    }
    children.sort();
    Ok(children)
}
