//! Logs of a known format: where their records end, what of each is a field, and in which column it stands.
//!
//! A [`Layout`] is what is known of a log at a place of its text: nothing but the format at its beginning, later
//! also what its headings said. Whoever cuts a text at the ends of records and hands each piece on with the
//! layout that held at its beginning gets from all pieces together what one pass over the whole would give.

mod csv;
mod jsonl;
mod search;
mod written;
mod zeek;

use std::ops::Range;
use std::sync::Arc;

pub use search::{Event, Hit, Search};
pub use written::Written;

/// Longest record of more than one line, in bytes. What begins a longer one is a bad record of one line.
pub const LONGEST_RECORD: usize = 1 << 20;
/// Deepest nesting of a JSON value that is read.
pub const DEEPEST: usize = 128;

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON value a line.
    Jsonl,
    /// The tables of Zeek, with the headings that begin with `#`.
    Zeek,
    /// RFC 4180, the first record naming the columns.
    Csv,
}

/// A part of a record that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'c> {
    /// Where in the record it stands, without the quotation marks around it.
    pub range: Range<usize>,
    /// The name of its column, or the path to it; empty where there is none.
    pub column: &'c [u8],
    /// How it is written.
    pub written: Written,
}

/// Why a record is not what its format says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It is no JSON.
    #[error("this is not JSON from byte {at} of the record on: {what}")]
    Json {
        /// Where in the record.
        at: usize,
        /// What was expected.
        what: &'static str,
    },
    /// It is nested too deeply.
    #[error("it is nested more than {DEEPEST} deep")]
    Deep,
    /// Nothing said which columns there are.
    #[error("no `#fields` line stands before it")]
    Headless,
    /// It has too few or too many fields.
    #[error("it has {found} fields where {named} columns are named")]
    Count {
        /// How many it has.
        found: usize,
        /// How many there should be.
        named: usize,
    },
    /// Quotation marks are not closed, or not where they may be.
    #[error("its quotation marks do not fit")]
    Quotes,
    /// It is so long that it was not read as a whole.
    #[error("the line is too long to be read as a record")]
    Long,
}

/// The columns that are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(Vec<Box<[u8]>>);

impl Columns {
    /// Only these, with what is below them; with no name at all: every column.
    pub fn named<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(|name| name.as_ref().as_bytes().into()).collect())
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every column is looked at.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of the names a column falls under.
    fn under<'s>(&'s self, column: &'s [u8]) -> impl Iterator<Item = usize> + 's {
        let is_under = move |name: &[u8]| {
            column.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
        };
        self.0.iter().enumerate().filter(move |(_, name)| is_under(name)).map(|(at, _)| at)
    }
}

/// What is known of a log at a place of its text.
#[derive(Debug, Clone)]
pub struct Layout(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Jsonl,
    Zeek(Arc<zeek::Header>),
    Csv(csv::Heading),
}

/// What a record is, before its fields are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nothing stands in it.
    Empty,
    /// It says how others are to be read.
    Heading,
    /// It has fields.
    Data,
}

impl Layout {
    /// What is known at the beginning of a log. The separator is that of CSV; without one it is told from the
    /// heading.
    pub fn new(format: Format, separator: Option<u8>) -> Self {
        Self(match format {
            Format::Jsonl => Kind::Jsonl,
            Format::Zeek => Kind::Zeek(Arc::default()),
            Format::Csv => Kind::Csv(csv::Heading::new(separator)),
        })
    }

    /// The end of the last record that is whole in a text which begins with a record; 0 where none is. At the
    /// end of the log the last record needs no line end.
    pub fn cut(&self, text: &[u8], is_end: bool) -> usize {
        if is_end {
            return text.len();
        }
        match &self.0 {
            Kind::Jsonl | Kind::Zeek(_) => memchr::memrchr(b'\n', text).map_or(0, |last| last + 1),
            Kind::Csv(heading) => heading.cut(text),
        }
    }

    /// Goes past whole records, taking over what the headings among them say.
    pub fn pass(&mut self, text: &[u8]) {
        match &mut self.0 {
            Kind::Jsonl => {}
            Kind::Zeek(header) => zeek::pass(header, text),
            Kind::Csv(heading) => heading.pass(text),
        }
    }

    /// The record at a place of a text that ends with a record: where it ends, and whether it is well formed as
    /// far as that goes.
    fn end(&self, text: &[u8], from: usize) -> (usize, Result<(), Bad>) {
        match &self.0 {
            Kind::Jsonl | Kind::Zeek(_) => (line_end(text, from), Ok(())),
            Kind::Csv(heading) => heading.end(text, from),
        }
    }

    fn role(&self, record: &[u8]) -> Role {
        let is_empty = match &self.0 {
            Kind::Jsonl => record.iter().all(u8::is_ascii_whitespace),
            // White space may be a field.
            Kind::Zeek(_) | Kind::Csv(_) => without_end(record) == 0,
        };
        match &self.0 {
            _ if is_empty => Role::Empty,
            Kind::Zeek(_) if unmarked(record).starts_with(b"#") => Role::Heading,
            Kind::Csv(heading) if heading.is_awaited() => Role::Heading,
            _ => Role::Data,
        }
    }

    /// Takes a heading over; whether it may as well be data, which is to be looked at.
    fn take(&mut self, record: &[u8]) -> bool {
        match &mut self.0 {
            Kind::Jsonl => true,
            Kind::Zeek(header) => !Arc::make_mut(header).line(record),
            Kind::Csv(heading) => {
                heading.take(record);
                true
            }
        }
    }

    /// Gives the fields of a record, in the order in which they stand there.
    ///
    /// # Errors
    /// Where the record is not what the format says; fields may have been given before that was known.
    fn fields(
        &self,
        record: &[u8],
        room: &mut jsonl::Room,
        each: &mut impl FnMut(Field<'_>),
    ) -> Result<(), Bad> {
        match &self.0 {
            Kind::Jsonl => jsonl::fields(record, room, each),
            Kind::Zeek(header) => header.fields(record, each),
            Kind::Csv(heading) => heading.fields(record, each),
        }
    }
}

/// A record of a log, read on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands, with its line end.
    pub range: Range<usize>,
    /// Its fields.
    pub fields: Result<Vec<Told>, Bad>,
}

/// Of a field its place in the log, its column, and what it means.
pub type Told = (Range<usize>, Vec<u8>, Vec<u8>);

/// Reads a text that is the whole of a log. Headings and empty lines are no records.
pub fn records(layout: &mut Layout, text: &[u8]) -> Vec<Record> {
    let (mut records, mut room, mut from) = (Vec::new(), jsonl::Room::default(), 0);
    while from < text.len() {
        let (end, form) = layout.end(text, from);
        let record = text.get(from..end).unwrap_or_default();
        match layout.role(record) {
            Role::Empty => {}
            Role::Heading => {
                layout.take(record);
            }
            Role::Data => {
                let mut fields = Vec::new();
                let read = form.and_then(|()| {
                    layout.fields(record, &mut room, &mut |field| {
                        let mut meant = Vec::new();
                        field.written.decode(record.get(field.range.clone()).unwrap_or_default(), &mut meant);
                        let place = from + field.range.start..from + field.range.end;
                        fields.push((place, field.column.to_owned(), meant));
                    })
                });
                records.push(Record { range: from..end, fields: read.map(|()| fields) });
            }
        }
        from = end;
    }
    records
}

/// The place behind the line end that comes next.
fn line_end(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |length| from + length + 1)
}

/// A record without a byte order mark.
fn unmarked(record: &[u8]) -> &[u8] {
    record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record)
}

/// The length of a record without its line end.
fn without_end(record: &[u8]) -> usize {
    let text = record.strip_suffix(b"\n").unwrap_or(record);
    text.strip_suffix(b"\r").unwrap_or(text).len()
}

#[cfg(test)]
mod tests;
