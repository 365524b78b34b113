//! What is found, as it is printed. A worker does not know how many lines stand before its piece: it leaves holes
//! where line numbers belong, which are filled when the pieces are put in order.

use std::collections::HashSet;
use std::path::PathBuf;

use rempart_matching::logs::{Bad, Event, Hit, Search};
use serde::Serialize;

use super::Task;
use super::pieces::{Part, Piece};
use crate::cli::MatchOutput;
use crate::output::{Output, Terminal};

/// So many bad records are told one by one.
const MOST_TOLD: u64 = 10;
/// What is found at the edge of a part of a line was cut there, unless it is longer than any value: then it is
/// what begins with the value.
const LONGEST_VALUE: usize = 64 << 10;

/// Room for pieces that is used again, in bytes.
const LARGEST_KEPT: usize = 1 << 20;

/// A piece that was searched.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Room for the next piece.
    buffer: Vec<u8>,
    out: Vec<u8>,
    /// Where in `out` the number of a line is missing, and how many lines of the piece stand before it.
    holes: Vec<(usize, u64)>,
    hits: u64,
    lines: u64,
    /// The first bad records: lines of the piece before each, and what is wrong.
    bad: Vec<(u64, Bad)>,
    bad_count: u64,
    seen: Vec<bool>,
}

/// Hits by offset and value.
pub(super) type Known = HashSet<(u64, String)>;

/// Searches pieces.
pub(super) struct Worker<'a> {
    search: Search<'a>,
    output: MatchOutput,
    files: &'a [PathBuf],
    /// Hits that are passed over.
    pub(super) known: Known,
    /// Hits become known.
    pub(super) learns: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(search: Search<'a>, output: MatchOutput, files: &'a [PathBuf]) -> Self {
        Self { search, output, files, known: Known::new(), learns: false }
    }

    /// Searches a piece of the file with this number.
    pub(super) fn piece(&mut self, file: usize, piece: Piece) -> Done {
        let Self { search, output, files, known, learns } = self;
        let name = files.get(file).map(|path| path.to_string_lossy()).unwrap_or_default();
        let mut done = Done::default();
        let Piece { bytes: text, offset, mut layout, part } = piece;
        let mut hits = Lines { text: &text, counted: 0, lines: 0 };
        let mut bads = hits.clone();
        let mut printed = None;
        let mut each = |event: Event<'_, '_>| match event {
            Event::Bad(at, bad) => {
                done.bad_count += 1;
                if done.bad_count <= MOST_TOLD {
                    done.bad.push((bads.before(at), bad));
                }
            }
            Event::Hit(hit) => {
                if is_cut(part, &hit, text.len()) {
                    return;
                }
                let at = offset + hit.range.start as u64;
                if *learns || !known.is_empty() {
                    let key = (at, hit.entry.value().into_owned());
                    if known.contains(&key) {
                        return;
                    }
                    if *learns {
                        known.insert(key);
                    }
                }
                done.hits += 1;
                let lines = hits.before(hit.range.start);
                match output {
                    MatchOutput::Count => {}
                    MatchOutput::Lines => {
                        let line = hit.record.as_ref().map_or(lines, |record| record.start as u64);
                        if printed != Some(line) {
                            printed = Some(line);
                            done.out.extend_from_slice(line_of(&text, &hit));
                            done.out.push(b'\n');
                        }
                    }
                    MatchOutput::Jsonl => json(&mut done, &name, lines, at, &hit),
                    MatchOutput::Csv => csv(&mut done, &name, lines, at, &hit),
                }
            }
        };
        match (&mut layout, part) {
            (Some(layout), Part::Whole) => search.records(layout, &text, &mut each),
            (layout, part) => {
                search.text(&text, &mut each);
                if layout.is_some() && matches!(part, Part::Torn { is_first: true, .. }) {
                    each(Event::Bad(0, Bad::Long));
                }
            }
        }
        done.lines = hits.before(text.len());
        done.seen = search.seen().to_vec();
        // One long line must not hold its memory for good.
        if text.capacity() <= LARGEST_KEPT {
            done.buffer = text;
        }
        done
    }
}

/// Whether a hit touches an edge at which its line was cut.
fn is_cut(part: Part, hit: &Hit<'_, '_>, length: usize) -> bool {
    let Part::Torn { within: [start, end], .. } = part else { return false };
    hit.range.len() < LONGEST_VALUE && ((start && hit.range.start == 0) || (end && hit.range.end == length))
}

/// Counts lines from place to place.
#[derive(Debug, Clone)]
struct Lines<'t> {
    text: &'t [u8],
    counted: usize,
    lines: u64,
}

impl Lines<'_> {
    /// The line ends before a place, which is not before the one asked for last.
    fn before(&mut self, at: usize) -> u64 {
        let more = self.text.get(self.counted..at).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', more).count() as u64;
        self.counted = self.counted.max(at);
        self.lines
    }
}

/// The line in which a hit stands; of a log the record, which may have several.
fn line_of<'t>(text: &'t [u8], hit: &Hit<'_, '_>) -> &'t [u8] {
    let (from, to) = match &hit.record {
        Some(record) => (record.start, record.end),
        None => {
            let before = text.get(..hit.range.start).unwrap_or_default();
            let behind = text.get(hit.range.start..).unwrap_or_default();
            let from = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
            (from, memchr::memchr(b'\n', behind).map_or(text.len(), |length| hit.range.start + length))
        }
    };
    let line = text.get(from..to).unwrap_or_default();
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// What is printed before the number of the line.
#[derive(Serialize)]
struct Head<'h> {
    added: u64,
    case: Option<u64>,
    category: &'h str,
    column: Option<&'h str>,
    file: &'h str,
    found: &'h str,
}

/// What is printed behind it.
#[derive(Serialize)]
struct Tail<'h> {
    offset: u64,
    probability: u8,
    sources: Vec<&'h str>,
    tlp: &'h str,
    #[serde(rename = "type")]
    kind: &'h str,
    valid_until: Option<String>,
    value: &'h str,
}

fn json(done: &mut Done, file: &str, lines: u64, offset: u64, hit: &Hit<'_, '_>) {
    // An entry whose note is damaged is no answer.
    let Some(note) = hit.entry.note() else { return };
    let (column, kind) = (hit.column.map(String::from_utf8_lossy), hit.entry.kind());
    let head = Head {
        added: note.added,
        case: note.case,
        category: note.category.name(),
        column: column.as_deref(),
        file,
        found: &String::from_utf8_lossy(hit.found),
    };
    let tail = Tail {
        offset,
        probability: note.probability,
        sources: note.sources.iter().map(|source| &**source).collect(),
        tlp: note.tlp.name(),
        kind: kind.name(),
        valid_until: note.valid_until.map(|until| until.to_string()),
        value: &hit.entry.value(),
    };
    // Neither can fail: all keys are strings, and memory takes everything.
    let (Ok(head), Ok(tail)) = (serde_json::to_vec(&head), serde_json::to_vec(&tail)) else { return };
    done.out.extend_from_slice(head.strip_suffix(b"}").unwrap_or(&head));
    done.out.extend_from_slice(b",\"line\":");
    done.holes.push((done.out.len(), lines));
    done.out.push(b',');
    done.out.extend_from_slice(tail.strip_prefix(b"{").unwrap_or(&tail));
    done.out.push(b'\n');
}

fn csv(done: &mut Done, file: &str, lines: u64, offset: u64, hit: &Hit<'_, '_>) {
    let Some(note) = hit.entry.note() else { return };
    field(&mut done.out, file);
    done.out.push(b',');
    done.holes.push((done.out.len(), lines));
    let fields = [
        offset.to_string().as_str(),
        &String::from_utf8_lossy(hit.found),
        hit.entry.kind().name(),
        &hit.entry.value(),
        note.category.name(),
        &note.probability.to_string(),
        note.tlp.name(),
        &note.sources.join(" "),
        &note.valid_until.map(|until| until.to_string()).unwrap_or_default(),
        &hit.column.map(String::from_utf8_lossy).unwrap_or_default(),
    ]
    .map(str::to_owned);
    for text in &fields {
        done.out.push(b',');
        field(&mut done.out, text);
    }
    done.out.push(b'\n');
}

fn field(out: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"', '\r', '\n']) {
        out.extend_from_slice(format!("\"{}\"", text.replace('"', "\"\"")).as_bytes());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// What was found in all, and what has to be told of it.
pub(super) struct Tally {
    pub(super) terminal: Terminal,
    pub(super) hits: u64,
    pub(super) failed: bool,
    output: MatchOutput,
    files: Vec<PathBuf>,
    seen: Vec<bool>,
    bad: u64,
    /// The file that is being told of, and the lines of it that are dealt with.
    place: (usize, u64),
}

impl Tally {
    pub(super) fn new(terminal: Terminal, task: &Task) -> Self {
        Self {
            terminal,
            hits: 0,
            failed: false,
            output: task.output,
            files: task.files.clone(),
            seen: vec![false; task.columns.len()],
            bad: 0,
            place: (0, 0),
        }
    }

    /// Prints what stands before all hits.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        if self.output == MatchOutput::Csv {
            const NAMES: &[u8] =
                b"file,line,offset,found,type,value,category,probability,tlp,sources,valid_until,column\n";
            self.terminal.data(NAMES)?;
        }
        Ok(())
    }

    /// Prints what was found in the piece that comes next; gives its buffer back.
    pub(super) fn in_order(&mut self, file: usize, done: Done) -> anyhow::Result<Vec<u8>> {
        if self.place.0 != file {
            self.place = (file, 0);
        }
        let mut lines = self.place.1;
        let buffer = self.piece(file, &mut lines, done)?;
        self.place.1 = lines;
        Ok(buffer)
    }

    /// Prints what was found in a piece before which there are so many lines, to which its own are added.
    pub(super) fn piece(&mut self, file: usize, lines: &mut u64, done: Done) -> anyhow::Result<Vec<u8>> {
        self.hits += done.hits;
        for (seen, now) in self.seen.iter_mut().zip(&done.seen) {
            *seen |= now;
        }
        for (before, bad) in &done.bad {
            if self.bad < MOST_TOLD {
                let name = self.files.get(file).map(|path| path.to_string_lossy()).unwrap_or_default();
                let said = format!("{name}:{}: {bad}; it is searched as text", *lines + before + 1);
                self.terminal.say(&said)?;
            }
            self.bad += 1;
        }
        // Of those beyond the first it is only known how many there are.
        self.bad += done.bad_count - done.bad.len() as u64;
        if done.holes.is_empty() && !done.out.is_empty() {
            self.terminal.data(&done.out)?;
        } else if !done.out.is_empty() {
            let mut out = Vec::with_capacity(done.out.len() + done.holes.len() * 8);
            let mut from = 0;
            for (hole, before) in &done.holes {
                out.extend_from_slice(done.out.get(from..*hole).unwrap_or_default());
                out.extend_from_slice((*lines + before + 1).to_string().as_bytes());
                from = *hole;
            }
            out.extend_from_slice(done.out.get(from..).unwrap_or_default());
            self.terminal.data(&out)?;
        }
        *lines += done.lines;
        Ok(done.buffer)
    }

    /// Tells what is told at the end.
    pub(super) fn end(&mut self, columns: &[String]) -> anyhow::Result<()> {
        if self.output == MatchOutput::Count {
            self.terminal.data(format!("{}\n", self.hits).as_bytes())?;
        }
        if self.bad > 0 {
            self.terminal.say(&format!("bad records, searched as text: {}", self.bad))?;
        }
        for (name, _) in columns.iter().zip(&self.seen).filter(|(_, seen)| !**seen) {
            self.terminal.say(&format!("no record has text in a column {name}"))?;
        }
        Ok(())
    }
}

impl Done {
    /// Without what is wrong with records, for they may not be all there yet.
    pub(super) fn without_bad(mut self) -> Self {
        self.bad.clear();
        self.bad_count = 0;
        self
    }
}
