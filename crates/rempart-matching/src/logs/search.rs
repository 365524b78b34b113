//! Looking for known values in logs: many fields at a time are put below one another and scanned as one text,
//! and what is found is put back to where it stands.

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
}

/// Fields, decoded and each with a line end behind it.
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
    written: Written,
    /// It is a field, and not a record that is looked at as text.
    is_field: bool,
}

impl<'a> Search<'a> {
    /// Looks at these columns only, which are of no concern in text.
    pub fn new(scanner: Scanner<'a>, columns: Columns) -> Self {
        let seen = vec![false; columns.len()];
        Self { scanner, columns, seen, room: Room::default(), block: Block::default(), found: Vec::new() }
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
                        self.block.push_text(record, place);
                    }
                }
                Role::Data => {
                    if let Err(bad) = form.and_then(|()| self.gather(layout, record, from)) {
                        self.block.push_text(record, place);
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
        let read = layout.fields(record, room, &mut |field: Field<'_>| {
            if !columns.is_empty() {
                let mut is_wanted = false;
                for place in columns.under(field.column) {
                    is_wanted = true;
                    seen.get_mut(place).into_iter().for_each(|seen| *seen = true);
                }
                if !is_wanted {
                    return;
                }
            }
            let start = block.meant.len();
            let source = from + field.range.start..from + field.range.end;
            field.written.decode(record.get(field.range).unwrap_or_default(), &mut block.meant);
            block.meant.push(b'\n');
            let record = from..from + record.len();
            block.pieces.push(Piece { start, source, record, written: field.written, is_field: true });
        });
        if read.is_err() {
            block.meant.truncate(mark.0);
            block.pieces.truncate(mark.1);
        }
        read
    }

    /// Scans the block and empties it.
    fn block(&mut self, layout: &Layout, text: &[u8], each: &mut dyn FnMut(Event<'_, 'a>)) {
        let Self { scanner, columns, room, block, found, .. } = self;
        found.clear();
        scanner.scan(&block.meant, found);
        let mut hits = found.drain(..).peekable();
        while let Some(first) = hits.peek() {
            let Some(piece) = block.piece(first.range.start) else { break };
            let record = piece.record.clone();
            let mut tell = |found: Found<'a>, piece: &Piece, column: Option<&[u8]>| {
                let raw = text.get(piece.source.clone()).unwrap_or_default();
                let place = |at: usize| piece.source.start + piece.written.place(raw, at - piece.start);
                each(Event::Hit(Hit {
                    range: place(found.range.start)..place(found.range.end),
                    found: block.meant.get(found.range).unwrap_or_default(),
                    entry: found.entry,
                    column,
                    record: Some(record.clone()),
                }));
            };
            if !piece.is_field {
                let piece = piece.clone();
                while let Some(hit) = hits.next_if(|hit| hit.range.start < piece.end(block)) {
                    tell(hit, &piece, None);
                }
                continue;
            }
            // The record is read once more for the columns of what was found in it, however much that is.
            let whole = text.get(record.clone()).unwrap_or_default();
            // It was well formed before.
            let _ = layout.fields(whole, room, &mut |field: Field<'_>| {
                let start = record.start + field.range.start;
                while let Some(hit) = hits.peek()
                    && let Some(piece) = block.piece(hit.range.start)
                    && piece.source.start == start
                    && piece.record == record
                    && (columns.is_empty() || columns.under(field.column).next().is_some())
                {
                    let column = Some(field.column).filter(|column| !column.is_empty());
                    if let Some(hit) = hits.next() {
                        tell(hit, piece, column);
                    }
                }
            });
            // Nothing is left of this record; should it be, it must not hold up the rest.
            while hits
                .next_if(|hit| block.piece(hit.range.start).is_none_or(|piece| piece.record == record))
                .is_some()
            {}
        }
        drop(hits);
        block.meant.clear();
        block.pieces.clear();
    }
}

impl Block {
    fn push_text(&mut self, record: &[u8], place: Range<usize>) {
        let start = self.meant.len();
        self.meant.extend_from_slice(record);
        self.meant.push(b'\n');
        self.pieces.push(Piece {
            start,
            source: place.clone(),
            record: place,
            written: Written::Plainly,
            is_field: false,
        });
    }

    /// The piece in which a place of the block lies.
    fn piece(&self, at: usize) -> Option<&Piece> {
        let behind = self.pieces.partition_point(|piece| piece.start <= at);
        self.pieces.get(behind.checked_sub(1)?)
    }
}

impl Piece {
    /// Where it ends in the block it is in.
    fn end(&self, block: &Block) -> usize {
        let behind = block.pieces.partition_point(|piece| piece.start <= self.start);
        block.pieces.get(behind).map_or(block.meant.len(), |next| next.start)
    }
}
