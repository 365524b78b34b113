//! Looking for known values in logs. Many records at a time are scanned as one text, in which line ends stand
//! between the fields; fields that are written with escapes are put behind their record, decoded. What is found is
//! put back to where it stands, and only then is it looked up in which column that is.

use std::ops::Range;

use super::jsonl::Room;
use super::{Bad, Columns, Field, Layout, Role, Written};
use crate::index::Entry;
use crate::scan::{Found, Scanner};

/// Bytes of fields that are scanned at a time; the text and what is known of it stay in the second cache.
const BLOCK: usize = 32 << 10;

/// A known value in a log.
#[derive(Debug, Clone)]
pub struct Hit<'t, 'a> {
    /// Where in the text it stands, as it is written there.
    pub range: Range<usize>,
    /// What it means there: the value itself, or what is below it.
    pub found: &'t [u8],
    /// What is known.
    pub entry: Entry<'a>,
    /// The column, or the path to the field. `None` where there is none: in text, in headings, in bad records.
    pub column: Option<&'t [u8]>,
    /// The record in which it stands; in text there are none.
    pub record: Option<Range<usize>>,
}

/// What comes out of a search.
#[derive(Debug, Clone)]
pub enum Event<'t, 'a> {
    /// A known value. They come in the order in which they stand in the text.
    Hit(Hit<'t, 'a>),
    /// The record at this place is bad; it is looked at as text.
    Bad(usize, Bad),
}

/// Looks for the values of an index in logs.
#[derive(Debug)]
pub struct Search<'a> {
    scanner: Scanner<'a>,
    columns: Columns,
    seen: Vec<bool>,
    room: Room,
    block: Block,
    found: Vec<Found<'a>>,
    placed: Vec<Placed<'a>>,
}

/// What is scanned in one go.
#[derive(Debug, Default)]
struct Block {
    meant: Vec<u8>,
    pieces: Vec<Piece>,
}

/// Where a part of a block comes from.
#[derive(Debug, Clone)]
struct Piece {
    /// Where it begins in the block.
    start: usize,
    /// Where it stands in the text.
    source: Range<usize>,
    record: Range<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A record as it stands in the text, with line ends between its fields.
    Record,
    /// A field of the record before, decoded.
    Field(Written),
    /// A record that is looked at as text.
    Text,
}

/// What was found in a record, and where in the text it stands.
#[derive(Debug)]
struct Placed<'a> {
    range: Range<usize>,
    found: Found<'a>,
}

impl<'a> Search<'a> {
    /// Looks at these columns only, which are of no concern in text.
    pub fn new(scanner: Scanner<'a>, columns: Columns) -> Self {
        let seen = vec![false; columns.len()];
        let (room, block) = (Room::default(), Block::default());
        Self { scanner, columns, seen, room, block, found: Vec::new(), placed: Vec::new() }
    }

    /// Of each name of a column, whether there was something to look at under it so far.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// Searches a text that is of no format.
    pub fn text(&mut self, text: &[u8], each: &mut dyn FnMut(Event<'_, 'a>)) {
        self.found.clear();
        self.scanner.scan(text, &mut self.found);
        for Found { range, entry } in self.found.drain(..) {
            let found = text.get(range.clone()).unwrap_or_default();
            each(Event::Hit(Hit { range, found, entry, column: None, record: None }));
        }
    }

    /// Searches a text of whole records; the layout is the one that holds at its beginning, and then at its end.
    pub fn records(&mut self, layout: &mut Layout, text: &[u8], each: &mut dyn FnMut(Event<'_, 'a>)) {
        let mut from = 0;
        while from < text.len() {
            let (end, form) = layout.end(text, from);
            let place = from..end;
            let record = text.get(place.clone()).unwrap_or_default();
            match layout.role(record) {
                Role::Empty => {}
                Role::Heading => {
                    // What is in the block is still to be read by what was said before.
                    self.block(layout, text, each);
                    if layout.take(record) {
                        self.block.push(record, place, Kind::Text);
                    }
                }
                Role::Data => {
                    if let Err(bad) = form.and_then(|()| self.gather(layout, record, from)) {
                        self.block.push(record, place, Kind::Text);
                        each(Event::Bad(from, bad));
                    }
                    if self.block.meant.len() >= BLOCK {
                        self.block(layout, text, each);
                    }
                }
            }
            from = end;
        }
        self.block(layout, text, each);
    }

    /// Puts the fields of a record into the block; of a bad record nothing.
    fn gather(&mut self, layout: &Layout, record: &[u8], from: usize) -> Result<(), Bad> {
        let Self { block, columns, seen, room, .. } = self;
        let mark = (block.meant.len(), block.pieces.len());
        let place = from..from + record.len();
        let takes_all = columns.is_empty();
        if takes_all {
            block.push(record, place.clone(), Kind::Record);
        }
        let read = layout.fields(record, room, &mut |field: Field<'_>| {
            let raw = record.get(field.range.clone()).unwrap_or_default();
            if takes_all {
                // What is beside a field is no part of it.
                let behind =
                    if field.written == Written::Plainly { field.range.end } else { field.range.start };
                for edge in [field.range.start.wrapping_sub(1)].into_iter().chain(behind..=field.range.end) {
                    if edge < record.len()
                        && let Some(byte) = block.meant.get_mut(mark.0 + edge)
                    {
                        *byte = b'\n';
                    }
                }
                if field.written == Written::Plainly {
                    return;
                }
            } else {
                let mut is_wanted = false;
                for name in columns.under(field.column) {
                    is_wanted = true;
                    seen.get_mut(name).into_iter().for_each(|seen| *seen = true);
                }
                if !is_wanted {
                    return;
                }
            }
            let start = block.meant.len();
            field.written.decode(raw, &mut block.meant);
            block.meant.push(b'\n');
            let source = from + field.range.start..from + field.range.end;
            block.pieces.push(Piece {
                start,
                source,
                record: place.clone(),
                kind: Kind::Field(field.written),
            });
        });
        if read.is_err() {
            block.meant.truncate(mark.0);
            block.pieces.truncate(mark.1);
        }
        read
    }

    /// Scans the block and empties it.
    fn block(&mut self, layout: &Layout, text: &[u8], each: &mut dyn FnMut(Event<'_, 'a>)) {
        let Self { scanner, columns, room, block, found, placed, .. } = self;
        found.clear();
        scanner.scan(&block.meant, found);
        let mut hits = found.drain(..).peekable();
        while let Some(piece) = hits.peek().and_then(|hit| block.piece(hit.range.start)) {
            let (record, is_text) = (piece.record.clone(), piece.kind == Kind::Text);
            placed.clear();
            while let Some(hit) = hits.peek()
                && let Some(piece) = block.piece(hit.range.start).filter(|piece| piece.record == record)
                && let Some(found) = hits.next()
            {
                placed.push(Placed { range: piece.place(text, &found.range), found });
            }
            let meant = &block.meant;
            let mut tell = |placed: Placed<'a>, column: Option<&[u8]>| {
                let Placed { range, found: Found { range: at, entry } } = placed;
                let found = meant.get(at).unwrap_or_default();
                each(Event::Hit(Hit { range, found, entry, column, record: Some(record.clone()) }));
            };
            if is_text {
                placed.drain(..).for_each(|placed| tell(placed, None));
                continue;
            }
            // Decoded fields stand behind the record in the block.
            placed.sort_by_key(|placed| placed.range.start);
            let mut placed = placed.drain(..).peekable();
            // The record, which was well formed, is read once more for the columns of what was found in it. What
            // is in no field is nothing.
            let whole = text.get(record.clone()).unwrap_or_default();
            let _ = layout.fields(whole, room, &mut |field: Field<'_>| {
                let (from, to) = (record.start + field.range.start, record.start + field.range.end);
                while let Some(placed) = placed.next_if(|placed| placed.range.start < to) {
                    let is_in_it = from <= placed.range.start && placed.range.end <= to;
                    if is_in_it && (columns.is_empty() || columns.under(field.column).next().is_some()) {
                        tell(placed, Some(field.column).filter(|column| !column.is_empty()));
                    }
                }
            });
        }
        drop(hits);
        block.meant.clear();
        block.pieces.clear();
    }
}

impl Block {
    /// Puts a record in as it stands in the text.
    fn push(&mut self, record: &[u8], place: Range<usize>, kind: Kind) {
        let start = self.meant.len();
        self.meant.extend_from_slice(record);
        self.meant.push(b'\n');
        self.pieces.push(Piece { start, source: place.clone(), record: place, kind });
    }

    /// The piece in which a place of the block lies.
    fn piece(&self, at: usize) -> Option<&Piece> {
        let behind = self.pieces.partition_point(|piece| piece.start <= at);
        self.pieces.get(behind.checked_sub(1)?)
    }
}

impl Piece {
    /// Where in the text something stands that stands here in the block.
    fn place(&self, text: &[u8], range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let at = at.saturating_sub(self.start);
            self.source.start
                + match self.kind {
                    Kind::Record | Kind::Text => at,
                    Kind::Field(written) => {
                        written.place(text.get(self.source.clone()).unwrap_or_default(), at)
                    }
                }
        };
        place(range.start)..place(range.end)
    }
}
