//! `rempart match`: find what an index knows in any text.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use rempart_matching::index::{Matcher, Wanted};
use rempart_matching::scan::{Found, Scanner};

use crate::cli::{MatchArgs, MatchOutput, Shared};
use crate::output::{Output, Terminal, code};

/// Bytes that are scanned at a time; a line may be as long.
const CHUNK: usize = 1 << 20;
/// Longest line that is kept whole, in bytes; a longer one is an error.
const MAX_LINE: usize = 64 << 20;

pub(crate) fn run(shared: &Shared, args: &MatchArgs) -> anyhow::Result<ExitCode> {
    let path = args.index.clone().unwrap_or_else(|| shared.data.join("index").join("operator.idx"));
    let matcher = Matcher::open(&path).with_context(|| format!("cannot use {}", path.display()))?;
    let mut wanted = Wanted::at(super::index::now());
    wanted.since = args.since.unwrap_or(0);
    let standard = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &standard[..] } else { &args.files };
    let mut search = Search {
        scanner: Scanner::new(&matcher, wanted),
        output: args.output,
        terminal: Terminal::new(),
        hits: 0,
    };
    if args.output == MatchOutput::Csv {
        search
            .terminal
            .data(b"file,line,offset,found,type,value,category,probability,tlp,sources,valid_until\n")?;
    }
    let mut failed = false;
    for file in files {
        let done = search.file(file).with_context(|| format!("cannot read {}", file.display()));
        if let Err(error) = done {
            let is_broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            };
            if error.chain().any(is_broken_pipe) {
                return Err(error);
            }
            search.terminal.say(&format!("error: {error:#}"))?;
            failed = true;
        }
    }
    if args.output == MatchOutput::Count {
        search.terminal.data(format!("{}\n", search.hits).as_bytes())?;
    }
    if matcher.is_damaged() {
        search
            .terminal
            .say(&format!("error: {} is damaged, so less was found; build it anew", path.display()))?;
        failed = true;
    }
    Ok(ExitCode::from(match (failed, search.hits) {
        (true, _) => code::INVALID,
        (false, 0) => code::NOTHING,
        _ => code::DONE,
    }))
}

struct Search<'a> {
    scanner: Scanner<'a>,
    output: MatchOutput,
    terminal: Terminal,
    hits: u64,
}

/// Where in a file a chunk begins.
struct Place<'p> {
    file: &'p str,
    line: u64,
    offset: u64,
}

impl<'a> Search<'a> {
    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = path.to_string_lossy();
        if path == Path::new("-") {
            return self.text(&name, &mut opened(std::io::stdin().lock())?);
        }
        self.text(&name, &mut opened(File::open(path)?)?)
    }

    /// Scans a text chunk by chunk, each of whole lines.
    fn text(&mut self, file: &str, reader: &mut dyn Read) -> anyhow::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut place = Place { file, line: 1, offset: 0 };
        let mut filled = 0;
        let mut found = Vec::new();
        loop {
            if filled == buffer.len() {
                if buffer.len() >= MAX_LINE {
                    anyhow::bail!("line {} is longer than {MAX_LINE} bytes", place.line);
                }
                buffer.resize(buffer.len() * 2, 0);
            }
            let read = reader.read(buffer.get_mut(filled..).unwrap_or_default());
            let count = match read {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                // What came before the damage is scanned, and then the damage is told.
                Err(error) => {
                    self.chunk(&mut place, buffer.get(..filled).unwrap_or_default(), &mut found)?;
                    return Err(error.into());
                }
                Ok(count) => count,
            };
            let seen = filled;
            filled += count;
            let fresh = buffer.get(seen..filled).unwrap_or_default();
            let end = match fresh.iter().rposition(|byte| *byte == b'\n') {
                _ if count == 0 => filled,
                Some(last) => seen + last + 1,
                None => continue,
            };
            self.chunk(&mut place, buffer.get(..end).unwrap_or_default(), &mut found)?;
            if count == 0 {
                return Ok(());
            }
            buffer.copy_within(end..filled, 0);
            filled -= end;
        }
    }

    fn chunk(
        &mut self,
        place: &mut Place<'_>,
        text: &[u8],
        found: &mut Vec<Found<'a>>,
    ) -> anyhow::Result<()> {
        found.clear();
        self.scanner.scan(text, found);
        self.hits += found.len() as u64;
        let mut out = Vec::new();
        let (mut counted, mut line) = (0, place.line);
        let mut written = None;
        for found in found.iter() {
            let start = found.range.start;
            line += lines_in(text.get(counted..start).unwrap_or_default());
            counted = counted.max(start);
            match self.output {
                MatchOutput::Count => {}
                MatchOutput::Lines if written == Some(line) => {}
                MatchOutput::Lines => {
                    written = Some(line);
                    out.extend_from_slice(line_around(text, start));
                    out.push(b'\n');
                }
                MatchOutput::Jsonl => json(&mut out, place, line, text, found)?,
                MatchOutput::Csv => csv(&mut out, place, line, text, found)?,
            }
        }
        place.line = line + lines_in(text.get(counted..).unwrap_or_default());
        place.offset += text.len() as u64;
        if !out.is_empty() {
            self.terminal.data(&out)?;
        }
        Ok(())
    }
}

/// A file as what it holds: gzip and zstd are told by their first bytes.
fn opened<'r>(file: impl Read + 'r) -> std::io::Result<Box<dyn Read + 'r>> {
    let mut reader = BufReader::with_capacity(CHUNK, file);
    let head = reader.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(reader)))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Ok(Box::new(zstd::Decoder::with_buffer(reader)?))
    } else {
        Ok(Box::new(reader))
    }
}

fn lines_in(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn line_around(text: &[u8], at: usize) -> &[u8] {
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, &[]));
    let from = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let length = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
    text.get(from..at + length).unwrap_or_default()
}

fn as_found(text: &[u8], found: &Found<'_>) -> String {
    String::from_utf8_lossy(text.get(found.range.clone()).unwrap_or_default()).into_owned()
}

fn json(
    out: &mut Vec<u8>,
    place: &Place<'_>,
    line: u64,
    text: &[u8],
    found: &Found<'_>,
) -> anyhow::Result<()> {
    // An entry whose note is damaged is no answer.
    let Some(note) = found.entry.note() else { return Ok(()) };
    let object = serde_json::json!({
        "file": place.file,
        "line": line,
        "offset": place.offset + found.range.start as u64,
        "found": as_found(text, found),
        "type": found.entry.kind().name(),
        "value": found.entry.value(),
        "category": note.category.name(),
        "probability": note.probability,
        "tlp": note.tlp.name(),
        "sources": note.sources.iter().map(|source| &**source).collect::<Vec<_>>(),
        "valid_until": note.valid_until.map(|until| until.to_string()),
        "case": note.case,
        "added": note.added,
    });
    serde_json::to_writer(&mut *out, &object)?;
    out.push(b'\n');
    Ok(())
}

fn csv(
    out: &mut Vec<u8>,
    place: &Place<'_>,
    line: u64,
    text: &[u8],
    found: &Found<'_>,
) -> anyhow::Result<()> {
    let Some(note) = found.entry.note() else { return Ok(()) };
    let fields = [
        place.file.to_owned(),
        line.to_string(),
        (place.offset + found.range.start as u64).to_string(),
        as_found(text, found),
        found.entry.kind().name().to_owned(),
        found.entry.value().into_owned(),
        note.category.name().to_owned(),
        note.probability.to_string(),
        note.tlp.name().to_owned(),
        note.sources.join(" "),
        note.valid_until.map(|until| until.to_string()).unwrap_or_default(),
    ];
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            out.extend_from_slice(format!("\"{}\"", field.replace('"', "\"\"")).as_bytes());
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
    out.push(b'\n');
    Ok(())
}
