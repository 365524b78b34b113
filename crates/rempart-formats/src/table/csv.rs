//! Comma-separated values (RFC 4180, read leniently) and their like with other delimiters.
//!
//! Records are found here and their fields taken apart by `csv-core`, so that a record's place is
//! known, its length is bounded, and a quotation mark that is never closed costs its own line only.

use std::io::Read;
use std::ops::ControlFlow;

use super::mapping::Mapping;
use super::row::{Header, MOST_COLUMNS, Row, Table};
use crate::container::encoding;
use crate::container::window::{Found, Window};
use crate::list::rejection;
use crate::{Context, DecodeError, Sink};

/// Reads a table with `delimiter`; `None`: the mapping says it, or it is found out.
///
/// # Errors
/// Where the input cannot be read.
pub(super) fn read(
    input: &mut dyn Read,
    delimiter: Option<u8>,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    let mut window = Window::new(input)?;
    for _ in 0..mapping.map_or(0, Mapping::skip_lines) {
        window.skip_line()?;
    }
    while window.bytes().len() < crate::container::SNIFF && window.fill()? {}
    let delimiter = mapping.and_then(Mapping::delimiter).or(delimiter).unwrap_or_else(|| {
        let first = window.bytes();
        let sample = first.get(..first.len().min(crate::container::SNIFF)).unwrap_or_default();
        crate::detect::delimiter(&encoding::text(sample)).unwrap_or(b',')
    });
    let mut records = Records::new(window, delimiter, context.limits.record_bytes);
    records.comment = mapping.and_then(Mapping::comment);
    let (header, columns) = match mapping.and_then(Mapping::header) {
        Some(true) => (Header::FirstRow, Vec::new()),
        Some(false) => (Header::None, Vec::new()),
        None => records.heading()?,
    };
    let mut table = Table::new(context, mapping, header, columns, sink);
    while let Some(record) = records.next()? {
        let flow = match record {
            Record::Row(row) => table.row(row),
            Record::Bad { at, reason, bytes } => table.rejected(at, rejection(reason, bytes)),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    // Whether the sink wants more does not matter at the end.
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = table.finish();
    Ok(())
}

/// One record, or why there is none.
enum Record<'r> {
    Row(Row),
    Bad { at: rempart_model::Position, reason: Box<str>, bytes: &'r [u8] },
}

/// Where in a field a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a field's first byte: a quotation mark here opens a quoted field.
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quotation mark inside a quoted field: it closes the field, or is the first of two.
    QuoteInQuoted,
}

struct Records<'a> {
    window: Window<'a>,
    delimiter: u8,
    limit: usize,
    comment: Option<u8>,
    /// Up to this offset a line is a record, since a quotation mark before it is never closed.
    by_line_until: u64,
    parser: csv_core::Reader,
    /// Bytes of the record that was handed out last, still to be consumed.
    spent: usize,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Records<'a> {
    fn new(window: Window<'a>, delimiter: u8, limit: usize) -> Self {
        Self {
            window,
            delimiter,
            limit,
            comment: None,
            by_line_until: 0,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            spent: 0,
            fields: vec![0; 4096],
            ends: vec![0; 64],
        }
    }

    /// What the lines before the first record say of the columns: a `#fields` line of Zeek, or a
    /// comment with as many fields as the records.
    fn heading(&mut self) -> std::io::Result<(Header, Vec<String>)> {
        let mut comment = Vec::new();
        while let Some(Found::Line { length, whole }) = self.window.line(self.limit)? {
            let text = encoding::text(self.window.bytes().get(..length).unwrap_or_default()).into_owned();
            if !text.trim().is_empty() {
                let Some(body) = self.comment_text(&text) else { break };
                if let Some(names) = body.strip_prefix("fields\t") {
                    let names = names.split('\t').map(|name| name.trim().to_owned());
                    let names = names.take(MOST_COLUMNS).collect();
                    self.window.consume(whole);
                    return Ok((Header::Named, names));
                }
                let body = body.trim_start_matches(['#', ' ']);
                let body = body.strip_prefix("Format:").or(body.strip_prefix("Fields:")).unwrap_or(body);
                let names: Vec<String> = body
                    .split(char::from(self.delimiter))
                    .map(|name| name.trim().trim_matches('"').to_owned())
                    .take(MOST_COLUMNS)
                    .collect();
                // The last comment that could name several columns counts.
                if names.len() > 1 {
                    comment = names;
                }
            }
            self.window.consume(whole);
        }
        Ok((Header::Unknown(comment), Vec::new()))
    }

    /// The text of a comment line, `None` where it is none.
    fn comment_text<'t>(&self, line: &'t str) -> Option<&'t str> {
        let line = line.trim_start();
        match self.comment {
            Some(sign) => line.strip_prefix(char::from(sign)),
            None => line
                .strip_prefix('#')
                .or_else(|| line.strip_prefix(';').filter(|_| self.delimiter != b';'))
                .or_else(|| line.strip_prefix("//")),
        }
    }

    /// The next record.
    fn next(&mut self) -> std::io::Result<Option<Record<'_>>> {
        self.window.consume(std::mem::take(&mut self.spent));
        loop {
            let at = self.window.position();
            let Some(line) = self.window.line(self.limit)? else { return Ok(None) };
            let Found::Line { length, whole } = line else {
                let reason = format!("the line is longer than {} bytes", self.limit).into();
                // The beginning is copied, since the rest of the line is skipped over.
                let beginning = self.window.bytes().get(..480).unwrap_or_default().to_vec();
                self.window.skip_line()?;
                self.fields = beginning;
                return Ok(Some(Record::Bad { at, reason, bytes: &self.fields }));
            };
            let text = self.window.bytes().get(..length).unwrap_or_default();
            if text.trim_ascii().is_empty() || self.is_comment(text) {
                self.window.consume(whole);
                continue;
            }
            let quotes = memchr::memchr(b'"', text).is_some();
            if !quotes {
                self.spent = whole;
                return Ok(Some(self.row(at, length)));
            }
            if at.offset < self.by_line_until {
                self.spent = whole;
                let mut scan = Scan::default();
                if scan.run(text, self.delimiter).is_none() && scan.state == State::Quoted {
                    return Ok(Some(self.never_closed(at, length)));
                }
                return Ok(Some(self.row(at, length)));
            }
            match self.end_of_record()? {
                Ok((length, whole)) => {
                    self.spent = whole;
                    return Ok(Some(self.row(at, length)));
                }
                Err(seen) => self.by_line_until = at.offset + seen as u64,
            }
        }
    }

    fn never_closed(&self, at: rempart_model::Position, length: usize) -> Record<'_> {
        Record::Bad {
            at,
            reason: "a quotation mark is opened and never closed".into(),
            bytes: self.window.bytes().get(..length).unwrap_or_default(),
        }
    }

    fn is_comment(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii_start();
        match (self.comment, line) {
            (Some(sign), [first, ..]) => *first == sign,
            (None, [b'#', ..] | [b'/', b'/', ..]) => true,
            (None, [b';', ..]) => self.delimiter != b';',
            _ => false,
        }
    }

    /// Where the record ends that begins at the window: its length without and with the line end.
    /// `Err`: a quotation mark in it is not closed within the limit, or not rightly (behind the mark
    /// that closes a field over several lines stands more of it); up to where it was looked at.
    fn end_of_record(&mut self) -> std::io::Result<Result<(usize, usize), usize>> {
        let mut scan = Scan::default();
        let mut seen = 0;
        loop {
            let bytes = self.window.bytes();
            let end = scan.run(bytes.get(seen..).unwrap_or_default(), self.delimiter);
            if scan.torn {
                return Ok(Err(seen + end.unwrap_or_default()));
            }
            if let Some(end) = end {
                let length = seen + end;
                if bytes.get(length) == Some(&b'\r') && bytes.len() == length + 1 {
                    self.window.fill()?;
                }
                let crlf = self.window.bytes().get(length..length + 2) == Some(b"\r\n");
                let whole = length + 1 + usize::from(crlf);
                return Ok(if length <= self.limit { Ok((length, whole)) } else { Err(length) });
            }
            seen = bytes.len();
            if seen > self.limit {
                return Ok(Err(seen));
            }
            if !self.window.fill()? {
                return Ok(if scan.state == State::Quoted { Err(seen) } else { Ok((seen, seen)) });
            }
        }
    }

    /// Takes the fields of a complete record apart.
    fn row(&mut self, at: rempart_model::Position, length: usize) -> Record<'_> {
        self.parser.reset();
        let mut input = self.window.bytes().get(..length).unwrap_or_default();
        let (mut written, mut ended) = (0, 0);
        loop {
            let (result, read, out, ends) = self.parser.read_record(
                input,
                self.fields.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            input = input.get(read..).unwrap_or_default();
            written += out;
            ended += ends;
            match result {
                // An empty input says that this was all.
                csv_core::ReadRecordResult::InputEmpty => input = &[],
                csv_core::ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2 + 64, 0),
                csv_core::ReadRecordResult::OutputEndsFull if ended < MOST_COLUMNS => {
                    self.ends.resize(self.ends.len() * 2 + 64, 0);
                }
                csv_core::ReadRecordResult::OutputEndsFull => {
                    return Record::Bad {
                        at,
                        reason: format!("the row has more than {MOST_COLUMNS} fields").into(),
                        bytes: self.window.bytes().get(..length).unwrap_or_default(),
                    };
                }
                csv_core::ReadRecordResult::Record | csv_core::ReadRecordResult::End => break,
            }
        }
        let mut cells = Vec::with_capacity(ended);
        let mut start = 0;
        for (column, end) in self.ends.iter().take(ended).enumerate() {
            let field = encoding::text(self.fields.get(start..*end).unwrap_or_default());
            // `"a", "b"`: a quotation mark behind a blank opens nothing in RFC 4180, but is meant to.
            let field = field.trim();
            let field = field.strip_prefix('"').and_then(|f| f.strip_suffix('"')).unwrap_or(field);
            if !field.is_empty() {
                cells.push((column, field.to_owned()));
            }
            start = *end;
        }
        Record::Row(Row { at, cells, width: ended })
    }
}

/// Runs over a record piece by piece to find its end.
struct Scan {
    state: State,
    /// The quoted field that is open, or was closed last, goes over a line end.
    lines: bool,
    /// Such a field is closed, and then goes on: its quotation mark was none.
    torn: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { state: State::FieldStart, lines: false, torn: false }
    }
}

impl Scan {
    /// Where the record ends in `bytes` (its line end), or where it is torn.
    fn run(&mut self, bytes: &[u8], delimiter: u8) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            self.state = match (self.state, *byte) {
                (State::Quoted, b'"') => State::QuoteInQuoted,
                (State::Quoted, byte) => {
                    self.lines |= matches!(byte, b'\n' | b'\r');
                    State::Quoted
                }
                (State::QuoteInQuoted, b'"') => State::Quoted,
                (_, b'\n' | b'\r') => return Some(at),
                (_, byte) if byte == delimiter => State::FieldStart,
                (State::FieldStart, b'"') => {
                    self.lines = false;
                    State::Quoted
                }
                (State::QuoteInQuoted, byte) if self.lines && byte != b' ' => {
                    self.torn = true;
                    return Some(at);
                }
                _ => State::Plain,
            };
        }
        None
    }
}
