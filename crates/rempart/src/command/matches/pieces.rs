//! Texts as pieces of whole lines or records, however they come.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rempart_matching::logs::Layout;

/// Longest line that is searched as one; a longer one is cut where nothing is that could be found. Each thread
/// may have some of these in hand.
const MAX_LINE: usize = 4 << 20;
/// How far back from the end of a part of such a line it is looked for a place to cut it.
const LOOK_BACK: usize = 1 << 20;
/// Bytes that are read ahead; what is read in larger parts is not copied.
const AHEAD: usize = 128 << 10;

/// A piece of a text.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// Where in the text it begins.
    pub(super) offset: u64,
    /// How it is written; `None`: it is text.
    pub(super) layout: Option<Layout>,
    pub(super) part: Part,
}

/// What of lines a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Whole lines.
    Whole,
    /// A part of a line that is too long.
    Torn {
        /// It is the first part.
        is_first: bool,
        /// It begins, it ends within what may be a token.
        within: [bool; 2],
    },
}

/// Finds where a text can be cut.
#[derive(Debug, Clone)]
pub(super) struct Cutter {
    layout: Option<Layout>,
    /// The text begins within a line, and maybe within a token.
    torn: Option<bool>,
}

impl Cutter {
    pub(super) fn new(layout: Option<Layout>) -> Self {
        Self { layout, torn: None }
    }

    /// Where to cut a text, and what of lines is before that; `None`: more is needed. At its end all of it is one
    /// piece.
    fn cut(&mut self, text: &[u8], is_end: bool) -> Option<(usize, Part)> {
        if text.is_empty() {
            return None;
        }
        let whole = match (&self.torn, &self.layout) {
            (Some(_), _) => memchr::memchr(b'\n', text).map_or(0, |end| end + 1),
            (None, Some(layout)) => layout.cut(text, is_end),
            (None, None) => memchr::memrchr(b'\n', text).map_or(0, |end| end + 1),
        };
        let starts_within = self.torn.unwrap_or(false);
        let torn = |within| Part::Torn { is_first: self.torn.is_none(), within: [starts_within, within] };
        if self.torn.is_none() && (is_end || whole > 0) {
            return Some((if is_end { text.len() } else { whole }, Part::Whole));
        }
        if whole > 0 || is_end {
            let part = torn(false);
            self.torn = None;
            return Some((if whole > 0 { whole } else { text.len() }, part));
        }
        if text.len() < MAX_LINE {
            return None;
        }
        let (end, within) = seam(text);
        let part = torn(within);
        self.torn = Some(within);
        Some((end, part))
    }

    /// Takes the next piece off a text, which begins at an offset, leaving what is behind it.
    pub(super) fn take(&mut self, text: &mut Vec<u8>, offset: &mut u64, is_end: bool) -> Option<Piece> {
        let (end, part) = self.cut(text, is_end)?;
        let rest = text.get(end..).unwrap_or_default().to_vec();
        let mut bytes = std::mem::replace(text, rest);
        bytes.truncate(end);
        let piece = Piece { bytes, offset: *offset, layout: self.layout.clone(), part };
        *offset += end as u64;
        if let (Some(layout), Part::Whole) = (&mut self.layout, part) {
            layout.pass(&piece.bytes);
        }
        Some(piece)
    }
}

/// Where to cut a part of a line, and whether that may be within a token.
fn seam(text: &[u8]) -> (usize, bool) {
    let tail = text.get(text.len().saturating_sub(LOOK_BACK)..).unwrap_or_default();
    let from = text.len() - tail.len();
    let ends_text = |byte: &u8| *byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7f);
    let in_token =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b".-_%()[]{}\\@:".contains(byte);
    let place = tail.iter().rposition(ends_text).or_else(|| tail.iter().rposition(|byte| !in_token(byte)));
    place.map_or((text.len(), true), |place| (from + place + 1, false))
}

/// A text that is read piece by piece.
struct Pieces {
    reader: Box<dyn Read + Send>,
    cutter: Cutter,
    /// Bytes to read at a time.
    size: usize,
    /// What came is searched before more is waited for.
    is_prompt: bool,
    /// What was read and is in no piece yet, and where that begins.
    rest: Vec<u8>,
    offset: u64,
    is_end: bool,
    error: Option<io::Error>,
}

impl Pieces {
    /// The next piece. What came before an error comes before it.
    fn next(&mut self, mut buffer: Vec<u8>) -> Option<io::Result<Piece>> {
        buffer.clear();
        buffer.append(&mut self.rest);
        let mut wanted = self.size;
        loop {
            if !self.is_end {
                let read = self.read(&mut buffer, wanted);
                match read {
                    Ok(is_end) => self.is_end = is_end,
                    Err(error) => (self.is_end, self.error) = (true, Some(error)),
                }
            }
            if let Some(piece) = self.cutter.take(&mut buffer, &mut self.offset, self.is_end) {
                self.rest = buffer;
                return Some(Ok(piece));
            }
            if self.is_end {
                return self.error.take().map(Err);
            }
            wanted = self.size.max(buffer.len());
        }
    }

    /// Reads on, up to so many bytes; whether that was the end.
    fn read(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
        let mut filled = buffer.len();
        buffer.resize(filled + wanted, 0);
        let read = loop {
            match self.reader.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
                Ok(0) => break Ok(filled < buffer.len()),
                Ok(count) => {
                    filled += count;
                    if self.is_prompt || filled >= buffer.len() {
                        break Ok(false);
                    }
                }
            }
        };
        buffer.truncate(filled);
        read
    }
}

/// All texts, one after the other.
pub(super) struct Source {
    files: Vec<PathBuf>,
    layout: Option<Layout>,
    size: usize,
    /// The number of the next file.
    next: usize,
    pieces: Option<Pieces>,
}

/// What comes from a file.
pub(super) struct Sourced {
    /// The number of the file.
    pub(super) file: usize,
    pub(super) piece: io::Result<Piece>,
}

impl Source {
    pub(super) fn new(files: &[PathBuf], layout: Option<Layout>, size: usize) -> Self {
        Self { files: files.to_vec(), layout, size, next: 0, pieces: None }
    }

    /// What comes next, read into a buffer.
    pub(super) fn next(&mut self, mut buffer: Vec<u8>) -> Option<Sourced> {
        loop {
            if let Some(pieces) = &mut self.pieces
                && let Some(piece) = pieces.next(std::mem::take(&mut buffer))
            {
                return Some(Sourced { file: self.next - 1, piece });
            }
            let path = self.files.get(self.next)?;
            self.next += 1;
            self.pieces = None;
            match open(path) {
                Err(error) => return Some(Sourced { file: self.next - 1, piece: Err(error) }),
                Ok(reader) => {
                    self.pieces = Some(Pieces {
                        reader,
                        cutter: Cutter::new(self.layout.clone()),
                        size: self.size,
                        is_prompt: is_standard(path),
                        rest: Vec::new(),
                        offset: 0,
                        is_end: false,
                        error: None,
                    });
                }
            }
        }
    }
}

/// Whether a path means standard input.
pub(super) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a file that begins so is packed.
pub(super) fn is_packed(head: &[u8]) -> bool {
    is_gzip(head) || is_zstd(head)
}

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if is_standard(path) { unpacked(io::stdin()) } else { unpacked(File::open(path)?) }
}

/// A file as what it holds: gzip and zstd are told by their first bytes.
fn unpacked(file: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut reader = BufReader::with_capacity(AHEAD, file);
    let head = reader.fill_buf()?;
    if is_gzip(head) {
        Ok(Box::new(Packed { form: "gzip", data: flate2::bufread::MultiGzDecoder::new(reader) }))
    } else if is_zstd(head) {
        Ok(Box::new(Packed { form: "zstd", data: zstd::Decoder::with_buffer(reader)? }))
    } else {
        Ok(Box::new(reader))
    }
}

/// Packed data, whose errors say that it is the packing that is damaged.
struct Packed<R> {
    form: &'static str,
    data: R,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.data.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("its {} data are damaged or cut off ({error})", self.form)),
        })
    }
}
