//! The change log of a zone on disk: files of records that follow one another, and where each record is.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ZoneError;
use super::record::{self, Check, Found, Head};
use super::snapshot::sync_folder;
use crate::serial::Serial;

const MAGIC: &[u8; 18] = b"rempart journal 1\n";
/// A file is followed by another one from this size on: the unit in which the past is forgotten.
const FILE_BYTES: u64 = 4 << 20;

/// A record that is on disk, or one that should be and could not be written.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    /// Where its changes are, and how many bytes they have.
    pub(crate) place: Option<(Arc<File>, u64, usize)>,
    /// Number of the file.
    file: u64,
}

impl Entry {
    /// A record that is known in memory only.
    pub(crate) fn unwritten(head: Head) -> Self {
        Self { head, place: None, file: u64::MAX }
    }

    /// How many bytes the changes have.
    pub(crate) fn bytes(&self) -> usize {
        self.place.as_ref().map_or(0, |(_, _, length)| *length)
    }

    /// Reads the changes from the disk.
    pub(crate) fn body(&self) -> std::io::Result<Vec<u8>> {
        let Some((file, offset, length)) = &self.place else { return Ok(Vec::new()) };
        let mut body = vec![0; *length];
        file.read_exact_at(&mut body, *offset)?;
        Ok(body)
    }
}

/// The files of a journal, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    files: VecDeque<Part>,
    check: Check,
    /// What is on disk is unknown: a write failed, and taking it back failed too.
    broken: bool,
}

#[derive(Debug)]
struct Part {
    number: u64,
    path: PathBuf,
    file: Arc<File>,
    length: u64,
    /// The newest record's serial and time.
    last: Option<(Serial, u64)>,
}

impl Journal {
    /// Reads the journal of a folder; a torn record at its end is cut off. `each` gets every record in order.
    pub(crate) fn open(
        folder: &Path,
        mut each: impl FnMut(&Entry, &[u8]) -> Result<(), &'static str>,
    ) -> Result<Self, ZoneError> {
        let mut numbers = numbers(folder)?;
        numbers.sort_unstable();
        let mut journal = Self {
            folder: folder.to_owned(),
            files: VecDeque::new(),
            check: Check::default(),
            broken: false,
        };
        let newest = numbers.last().copied();
        let mut serial = None;
        for number in numbers {
            let (path, file) = open_file(folder, number, false)?;
            let mut bytes = Vec::new();
            (&*file).read_to_end(&mut bytes).map_err(ZoneError::file("read", &path))?;
            let last = newest == Some(number);
            let mut part = Part { number, path, file, length: 0, last: None };
            if !bytes.starts_with(MAGIC) {
                // Killed between the creation of a file and its first bytes.
                if last && (bytes.len() < MAGIC.len() || bytes.iter().all(|&byte| byte == 0)) {
                    part.begin()?;
                    journal.check = record::check(&Check::default(), MAGIC);
                    journal.files.push_back(part);
                    continue;
                }
                return Err(ZoneError::damaged(&part.path, 0, "this is not a journal"));
            }
            journal.check = record::check(&Check::default(), MAGIC);
            let mut at = MAGIC.len();
            while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
                let damaged = |what| ZoneError::damaged(&part.path, at, what);
                match record::decode(rest, &journal.check) {
                    Found::Record { head, start, body, length, check } => {
                        if serial.is_some_and(|serial| serial != head.from)
                            || !head.to.is_newer_than(head.from)
                        {
                            return Err(damaged("a record does not follow the one before it"));
                        }
                        if !record::is_body(body, head.changes) {
                            return Err(damaged("a record holds something else than changes"));
                        }
                        let place = (Arc::clone(&part.file), (at + start) as u64, body.len());
                        let entry = Entry { head, place: Some(place), file: number };
                        each(&entry, body).map_err(damaged)?;
                        serial = Some(head.to);
                        part.last = Some((head.to, head.time));
                        journal.check = check;
                        at += length;
                    }
                    Found::Torn if last => {
                        part.file.set_len(at as u64).map_err(ZoneError::file("cut", &part.path))?;
                        part.file.sync_all().map_err(ZoneError::file("sync", &part.path))?;
                        break;
                    }
                    Found::Torn => {
                        return Err(damaged("a record ends with its file, and another file follows"));
                    }
                    Found::Damaged(what) => return Err(damaged(what)),
                }
            }
            part.length = at as u64;
            journal.files.push_back(part);
        }
        Ok(journal)
    }

    /// Writes a record; durable when it returns.
    pub(crate) fn append(&mut self, head: Head, body: &[u8]) -> Result<Entry, ZoneError> {
        if self.broken {
            return Err(ZoneError::Broken { folder: self.folder.clone() });
        }
        if self.files.back().is_none_or(|part| part.length >= FILE_BYTES) {
            self.begin()?;
        }
        let before = self.check;
        let (bytes, check) = record::encode(&head, body, &before).ok_or(ZoneError::TooLarge(body.len()))?;
        let Some(part) = self.files.back_mut() else {
            return Err(ZoneError::Broken { folder: self.folder.clone() });
        };
        let at = part.length;
        if let Err(error) = part.file.write_all_at(&bytes, at) {
            // What was written of it must not stand before the next record.
            self.broken = part.file.set_len(at).is_err();
            return Err(ZoneError::file("write", &part.path)(error));
        }
        if let Err(error) = part.file.sync_data() {
            // After a failed sync nobody knows what the disk holds, not even a second sync.
            self.broken = true;
            return Err(ZoneError::file("sync", &part.path)(error));
        }
        part.length += bytes.len() as u64;
        part.last = Some((head.to, head.time));
        self.check = check;
        let start = at + (bytes.len() - body.len() - record::CHECK) as u64;
        Ok(Entry { head, place: Some((Arc::clone(&part.file), start, body.len())), file: part.number })
    }

    /// Begins a new file.
    fn begin(&mut self) -> Result<(), ZoneError> {
        let number = self.files.back().map_or(1, |part| part.number + 1);
        let (path, file) = open_file(&self.folder, number, true)?;
        let mut part = Part { number, path, file, length: 0, last: None };
        part.begin()?;
        sync_folder(&self.folder)?;
        self.check = record::check(&Check::default(), MAGIC);
        self.files.push_back(part);
        Ok(())
    }

    /// Forgets files that end before `before` (seconds) or that are beyond `bytes` in all, where a snapshot has what
    /// they said. Returns the number of the oldest file that is left.
    pub(crate) fn forget(&mut self, before: u64, bytes: u64, snapshot: Serial) -> Result<u64, ZoneError> {
        let mut total: u64 = self.files.iter().map(|part| part.length).sum();
        while let Some((oldest, rest)) = self.files.front().map(|first| (first, self.files.len() - 1)) {
            let old = oldest.last.is_none_or(|(_, time)| time < before) || total > bytes;
            let covered = oldest.last.is_none_or(|(serial, _)| !serial.is_newer_than(snapshot));
            if rest == 0 || !old || !covered {
                break;
            }
            fs::remove_file(&oldest.path).map_err(ZoneError::file("remove", &oldest.path))?;
            total -= oldest.length;
            self.files.pop_front();
        }
        Ok(self.files.front().map_or(0, |part| part.number))
    }

    /// Removes all files: what they say is no longer true.
    pub(crate) fn clear(&mut self) -> Result<(), ZoneError> {
        // From the newest on, so that what is left after a kill begins where it began.
        while let Some(part) = self.files.pop_back() {
            fs::remove_file(&part.path).map_err(ZoneError::file("remove", &part.path))?;
        }
        sync_folder(&self.folder)
    }
}

impl Entry {
    /// Whether it is in this file or one after it.
    pub(crate) fn is_from(&self, number: u64) -> bool {
        self.file >= number
    }
}

impl Part {
    fn begin(&mut self) -> Result<(), ZoneError> {
        let written = self.file.set_len(0).and_then(|()| self.file.write_all_at(MAGIC, 0));
        written.and_then(|()| self.file.sync_all()).map_err(ZoneError::file("write", &self.path))?;
        self.length = MAGIC.len() as u64;
        Ok(())
    }
}

fn open_file(folder: &Path, number: u64, create: bool) -> Result<(PathBuf, Arc<File>), ZoneError> {
    let path = folder.join(format!("journal.{number:08}"));
    let opened = OpenOptions::new().read(true).write(true).create(create).truncate(false).open(&path);
    let file = opened.map_err(ZoneError::file("open", &path))?;
    Ok((path, Arc::new(file)))
}

/// The numbers of the journal's files.
fn numbers(folder: &Path) -> Result<Vec<u64>, ZoneError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(ZoneError::file("list", folder))? {
        let name = entry.map_err(ZoneError::file("list", folder))?.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix("journal.")).and_then(|n| n.parse::<u64>().ok());
        numbers.extend(number);
    }
    Ok(numbers)
}
