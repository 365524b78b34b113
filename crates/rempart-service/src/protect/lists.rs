//! Lists for what people run: one file for each format, a manifest, a signature, and what changed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rempart_formats::protect::delta::{self, Span};
use rempart_formats::protect::manifest::{self, File as Listed, Hashing, Manifest};
use rempart_formats::protect::sign::{self, Signer};
use rempart_formats::protect::{Format, Settings as Terms, WriteError};
use rempart_model::{Block, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};

use super::routes;
use super::settings::Settings;
use crate::app::App;
use crate::error::ServiceError;

/// The name of the list.
const LIST: &str = "rempart";
/// The file with what changed since the version before.
const CHANGES: &str = "changes.json";
/// The file with the public key.
const PUBLIC_KEY: &str = "rempart.pub";
/// Lists that are longer are not kept in memory for the sake of what changes.
const MOST_KEPT: usize = 200_000;

/// Writes the lists: in a time of its own, since it takes seconds where much is blocked.
#[derive(Debug)]
pub struct Lists {
    settings: Settings,
    folder: PathBuf,
    signer: Signer,
    serial: u32,
    previous: Option<[u8; 32]>,
    kept: Option<(Vec<Block>, Timestamp)>,
    written: Option<Written>,
}

/// What the lists were written from, and when.
#[derive(Debug, Clone, Copy)]
struct Written {
    at: Timestamp,
    changes: u64,
    stopped: bool,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ServiceError + '_ {
    move |error| ServiceError::Unavailable(format!("cannot write {}: {error}", path.display()))
}

impl Lists {
    /// Opens the folder of the lists and the key that signs; both are made where they are not there.
    ///
    /// # Errors
    /// Where the folder or the key cannot be used.
    pub fn open(app: &App) -> Result<Self, ServiceError> {
        let settings = app.protect.clone();
        let folder = &settings.folder;
        let lists = folder.join("lists");
        fs::create_dir_all(&lists).map_err(failed(&lists))?;
        let signer = signer(&folder.join("lists.key"))?;
        let public = lists.join(PUBLIC_KEY);
        fs::write(&public, signer.public_key_file()).map_err(failed(&public))?;
        // The serial goes on from the manifest that is there.
        let manifest = fs::read(lists.join(manifest::FILE)).unwrap_or_default();
        let known: serde_json::Value = serde_json::from_slice(&manifest).unwrap_or_default();
        let serial = known["serial"].as_u64().and_then(|serial| u32::try_from(serial).ok());
        let previous = serial.map(|_| sha256(&manifest));
        let serial = serial.unwrap_or(0);
        Ok(Self { settings, folder: lists, signer, serial, previous, kept: None, written: None })
    }

    /// Writes the lists anew where they lag behind and the time has come: at once where all was stopped, or is so no
    /// more. Returns whether it did.
    ///
    /// # Errors
    /// Where the store cannot be read or a file cannot be written. The next step tries again.
    pub fn step(&mut self, app: &App) -> Result<bool, ServiceError> {
        let Some(every) = self.settings.lists_every else { return Ok(false) };
        let at = app.now();
        let changes = app.blocks_changed.load(Ordering::Relaxed);
        let known = self.written.is_some_and(|last| last.stopped);
        let stopped = super::stop_file(&self.settings.folder).try_exists().unwrap_or(known);
        let is_due = self.written.is_none_or(|last| {
            let is_time = last.at.plus_seconds(every.into()) <= at || at < last.at;
            let is_over = self.settings.rtbh.is_some() && last.at.plus_seconds(routes::AGAIN) <= at;
            last.stopped != stopped || is_over || (last.changes != changes && is_time)
        });
        if !is_due {
            return Ok(false);
        }
        let blocks =
            if stopped { Vec::new() } else { super::active(app).collect::<Result<Vec<Block>, _>>()? };
        self.write(blocks, at)?;
        self.written = Some(Written { at, changes, stopped });
        Ok(true)
    }

    /// Writes all files anew.
    fn write(&mut self, blocks: Vec<Block>, now: Timestamp) -> Result<(), ServiceError> {
        let settings = &self.settings;
        // A position of the list's own, which never goes back (RFC 1982 is for zones, which have theirs).
        let serial = u32::try_from(super::set::seconds(now)).unwrap_or(u32::MAX).max(self.serial + 1);
        let mut terms = Terms::new(LIST, &settings.publisher, &settings.page, now);
        terms.serial = serial;
        terms.ttl = settings.ttl;
        terms.zone = format!("lists.{}", settings.zone).into();
        let (mut files, mut staged) = (Vec::new(), Staged::default());
        for format in Format::all().filter(|format| !format.announces()) {
            let path = self.folder.join(format.file_name(&terms));
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed(folder))?;
            }
            let listed = staged.write(&path, |file| {
                let mut hashing = Hashing::new(file);
                let written = format.write(&blocks, &terms, &mut hashing)?;
                Ok(Listed::new(format, &terms, &written, hashing.finish()))
            })?;
            files.push(listed);
        }
        if let Some((old, built)) = &self.kept {
            let span = Span {
                list: LIST.into(),
                from: self.serial,
                to: serial,
                from_built_at: *built,
                built_at: now,
            };
            let path = self.folder.join(CHANGES);
            staged.write(&path, |file| {
                let mut file = BufWriter::new(file);
                delta::write(old, &blocks, &span, &mut file)?;
                Ok(file.flush()?)
            })?;
            self.sign(&path, CHANGES, now, &mut staged)?;
        }
        let manifest = Manifest { list: LIST.into(), serial, built_at: now, previous: self.previous, files };
        let path = self.folder.join(manifest::FILE);
        staged.write(&path, |file| Ok(file.write_all(manifest.to_json().as_bytes())?))?;
        self.sign(&path, manifest::FILE, now, &mut staged)?;
        let mut gone = Vec::new();
        if let Some(consent) = &settings.rtbh {
            let unfit = |error: WriteError| ServiceError::Invalid(format!("protect.rtbh: {error}"));
            for file in routes::files(&settings.folder, &blocks, &terms, consent).map_err(unfit)? {
                match file.bytes {
                    Some(bytes) => {
                        if let Some(folder) = file.path.parent() {
                            fs::create_dir_all(folder).map_err(failed(folder))?;
                        }
                        staged.write(&file.path, |out| Ok(out.write_all(&bytes)?))?;
                    }
                    None => gone.push(file.path),
                }
            }
        }
        staged.commit()?;
        for path in gone {
            let _ = fs::remove_file(path);
        }
        self.serial = serial;
        self.previous = Some(manifest.sha256());
        self.kept = (blocks.len() <= MOST_KEPT).then_some((blocks, now));
        Ok(())
    }

    /// Signs the new form of a file.
    fn sign(&self, path: &Path, name: &str, now: Timestamp, staged: &mut Staged) -> Result<(), ServiceError> {
        let mut file = File::open(new(path)).map_err(failed(path))?;
        let comment = format!("{name} of the list {LIST} at {now}");
        let signature =
            self.signer.sign(&mut file, &comment).map_err(|error| ServiceError::Internal(Box::new(error)))?;
        let path = self.folder.join(format!("{name}{}", sign::SUFFIX));
        staged.write(&path, |file| Ok(file.write_all(signature.as_bytes())?))
    }
}

/// Where the new form of a file waits beside the one that it is to take the place of.
fn new(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.new", path.file_name().unwrap_or_default().to_string_lossy()))
}

/// New forms of files. What is not committed goes, so that a disk that was filled has room again.
#[derive(Default)]
struct Staged(Vec<PathBuf>);

impl Staged {
    /// Writes the new form of a file.
    fn write<T>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut File) -> Result<T, WriteError>,
    ) -> Result<T, ServiceError> {
        let mut file = File::create(new(path)).map_err(failed(path))?;
        self.0.push(path.to_owned());
        write(&mut file)
            .map_err(|error| ServiceError::Unavailable(format!("cannot write {}: {error}", path.display())))
    }

    /// Puts all in their places at once, so that who fetches them finds that they fit together.
    fn commit(mut self) -> Result<(), ServiceError> {
        for path in std::mem::take(&mut self.0) {
            fs::rename(new(&path), &path).map_err(failed(&path))?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(new(path));
        }
    }
}

/// A file of the lists, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its entity tag (RFC 9110, section 8.8.3).
    pub etag: String,
    /// Its media type.
    pub media_type: &'static str,
}

impl App {
    /// A file of the lists by its name. They hold what is blocked, which everybody may know.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn list_file(&self, name: &str) -> Result<Option<ListFile>, ServiceError> {
        let is_plain = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(known)
        };
        if name.len() > 200 || !name.split('/').all(is_plain) {
            return Ok(None);
        }
        let path = self.protect.folder.join("lists").join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
                    return Ok(None);
                }
                _ => return Err(failed(&path)(error)),
            },
        };
        let etag = manifest::etag(&sha256(&bytes));
        Ok(Some(ListFile { bytes, etag, media_type: media_type(name) }))
    }
}

/// The media type of a file of the lists.
fn media_type(name: &str) -> &'static str {
    let terms = Terms::new(LIST, "", "", Timestamp::MIN);
    let known = Format::all().find(|format| format.file_name(&terms) == name);
    match known {
        Some(format) => format.media_type(),
        None if name.ends_with(".json") => "application/json",
        None if name.ends_with(".csv") => "text/csv; charset=utf-8",
        None => "text/plain; charset=utf-8",
    }
}

/// The key that signs, made where it is not there.
fn signer(path: &Path) -> Result<Signer, ServiceError> {
    let seed = match fs::read(path) {
        Ok(bytes) => bytes
            .try_into()
            .map_err(|_| ServiceError::Invalid(format!("{} is not a key of 32 bytes", path.display())))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut seed = [0u8; 32];
            let random = SystemRandom::new();
            random.fill(&mut seed).map_err(|_| ServiceError::Internal("no randomness".into()))?;
            let mut open = File::options();
            let mut file = open.write(true).create_new(true).mode(0o600).open(path).map_err(failed(path))?;
            file.write_all(&seed).and_then(|()| file.sync_all()).map_err(failed(path))?;
            seed
        }
        Err(error) => return Err(failed(path)(error)),
    };
    Signer::from_seed(&seed).map_err(|error| ServiceError::Internal(Box::new(error)))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hashing = Hashing::new(io::sink());
    // Nothing is written anywhere, so that nothing can fail.
    let _ = hashing.write_all(bytes);
    hashing.finish().sha256
}
