//! The manifest of a set of files: what there is, how large, with which hash. It is what is signed,
//! and it names the manifest before it, so that a reader notices when it is fed an old one.

use std::io::Write;

use rempart_model::Timestamp;
use ring::digest::{Context, SHA256};

use super::{Format, Settings, Written};
use crate::json::write::{push_member, push_name, push_raw};

/// The name of the manifest's file.
pub const FILE: &str = "manifest.json";

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, relative to the manifest.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many entries it has.
    pub entries: usize,
    /// How many entries of the list it could not say.
    pub left_out: usize,
}

impl File {
    /// A file that was just written through [`Hashing`].
    pub fn new(format: Format, settings: &Settings, written: &Written, hashed: Hashed) -> Self {
        Self {
            name: format.file_name(settings),
            format,
            size: hashed.size,
            sha256: hashed.sha256,
            entries: written.entries,
            left_out: written.left_out.len(),
        }
    }

    /// The entity tag for HTTP (RFC 9110, section 8.8.3): a strong one, since it follows from the bytes.
    pub fn etag(&self) -> String {
        etag(&self.sha256)
    }
}

/// The strong entity tag of bytes with this hash.
pub fn etag(sha256: &[u8; 32]) -> String {
    format!("\"{}\"", hex(sha256))
}

/// A set of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The list.
    pub list: Box<str>,
    /// The position in the list's change log that the files stand for; it never goes back.
    pub serial: u32,
    /// When they were made.
    pub built_at: Timestamp,
    /// SHA-256 of the manifest before this one; `None`: this is the first.
    pub previous: Option<[u8; 32]>,
    /// The files.
    pub files: Vec<File>,
}

impl Manifest {
    /// The manifest as JSON, files sorted by name, one a line: the bytes that are hashed and signed.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        push_raw(&mut json, "version", "1");
        push_member(&mut json, "list", &self.list);
        push_raw(&mut json, "serial", &self.serial.to_string());
        push_member(&mut json, "built_at", &self.built_at.to_string());
        match &self.previous {
            Some(previous) => push_member(&mut json, "previous", &hex(previous)),
            None => push_raw(&mut json, "previous", "null"),
        }
        push_name(&mut json, "files");
        json.push_str("[\n");
        let mut files: Vec<&File> = self.files.iter().collect();
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for (index, file) in files.iter().enumerate() {
            let mut line = String::from("{");
            push_member(&mut line, "name", &file.name);
            push_member(&mut line, "format", file.format.name());
            push_member(&mut line, "media_type", file.format.media_type());
            push_raw(&mut line, "size", &file.size.to_string());
            push_member(&mut line, "sha256", &hex(&file.sha256));
            push_member(&mut line, "etag", &file.etag());
            push_raw(&mut line, "entries", &file.entries.to_string());
            push_raw(&mut line, "left_out", &file.left_out.to_string());
            json.push_str(&line);
            json.push_str(if index + 1 < files.len() { "},\n" } else { "}\n" });
        }
        json.push_str("]}\n");
        json
    }

    /// What the next manifest names as the one before it.
    pub fn sha256(&self) -> [u8; 32] {
        let mut hashing = Hashing::new(std::io::sink());
        // Nothing is written anywhere, so that nothing can fail.
        let _ = hashing.write_all(self.to_json().as_bytes());
        hashing.finish().sha256
    }
}

/// Size and hash of what went through a [`Hashing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
}

/// Hands everything on and takes its size and hash on the way, so that a file is written in one pass.
pub struct Hashing<W> {
    inner: W,
    context: Context,
    size: u64,
}

impl<W: Write> Hashing<W> {
    /// Hands on to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, context: Context::new(&SHA256), size: 0 }
    }

    /// Size and hash of all that was taken.
    pub fn finish(self) -> Hashed {
        let mut sha256 = [0; 32];
        for (to, from) in sha256.iter_mut().zip(self.context.finish().as_ref()) {
            *to = *from;
        }
        Hashed { size: self.size, sha256 }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.context.update(bytes.get(..taken).unwrap_or(bytes));
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
