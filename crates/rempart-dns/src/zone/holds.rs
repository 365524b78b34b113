//! Which stages are held, on disk: a stage that is held stays held when the server starts again.
//!
//! ```text
//! rempart holds 1
//! STAGE SERIAL       a line for each
//! check HEX          of all before it, as in the journal
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::error::ZoneError;
use super::record::{CHECK, check};
use super::snapshot::sync_folder;
use crate::serial::Serial;

const FILE: &str = "holds";
const HEAD: &str = "rempart holds 1\n";

/// Writes the holds in place of those before; durable when it returns.
pub(super) fn write(folder: &Path, holds: &BTreeMap<u32, Serial>) -> Result<(), ZoneError> {
    let mut text = HEAD.to_owned();
    for (stage, serial) in holds {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{stage} {serial}");
    }
    text.push_str(&last_line(&text));
    let new = folder.join("holds.new");
    let failed = ZoneError::file("write", &new);
    let mut file = File::create(&new).map_err(&failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(&failed)?;
    fs::rename(&new, folder.join(FILE)).map_err(&failed)?;
    sync_folder(folder)
}

/// Reads the holds of a folder; there are none where there is no file. One that is damaged is an error: without it a
/// stage would be served what it must not have yet.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<u32, Serial>, ZoneError> {
    let path = folder.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => parse(&bytes).ok_or_else(|| ZoneError::damaged(&path, 0, "these are not holds")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(ZoneError::file("read", &path)(error)),
    }
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<u32, Serial>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let at = text.rfind("check ")?;
    let (checked, end) = text.split_at(at);
    if end != last_line(checked) {
        return None;
    }
    let lines = checked.strip_prefix(HEAD)?.lines();
    lines
        .map(|line| {
            let (stage, serial) = line.split_once(' ')?;
            Some((stage.parse().ok()?, Serial(serial.parse().ok()?)))
        })
        .collect()
}

fn last_line(text: &str) -> String {
    let sum = check(&[0; CHECK], text.as_bytes());
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("check {hex}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        let holds = BTreeMap::from([(1, Serial(7)), (3, Serial(u32::MAX))]);
        write(folder.path(), &holds).unwrap();
        assert_eq!(read(folder.path()).unwrap(), holds);
        let path = folder.path().join(FILE);
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert_eq!(parse(&bad), None, "{at}");
            assert_eq!(parse(&bytes[..at]), None, "{at}");
        }
        fs::write(&path, b"").unwrap();
        assert!(matches!(read(folder.path()), Err(ZoneError::Damaged { file, .. }) if file == path));
    }
}
