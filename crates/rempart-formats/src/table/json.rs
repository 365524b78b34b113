//! Plain JSON objects, one after another, in an array, or in an array inside an object: rows whose
//! keys are the columns. Nested objects become dotted names, arrays of scalars several cells.

use std::io::Read;
use std::ops::ControlFlow;

use rempart_model::Position;
use serde_json::Value;

use super::mapping::Mapping;
use super::row::{Header, Row, Table};
use crate::container::window::Window;
use crate::list::rejection;
use crate::{Context, DecodeError, Sink};

/// Most cells of one object.
const MOST_CELLS: usize = 4096;

/// Reads JSON: an array of objects or of strings, lines of objects, or an object that holds them.
///
/// # Errors
/// Where the input cannot be read.
pub(super) fn read(
    input: &mut dyn Read,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    let limits = context.limits;
    let mut finder = Finder {
        window: Window::new(input)?,
        spent: 0,
        in_array: false,
        begun: false,
        inside: None,
    };
    let mut table = Table::new(context, mapping, Header::Named, Vec::new(), sink);
    while let Some(found) = finder.next(limits.record_bytes, limits.depth)? {
        let flow = match found {
            Item::Value { at, bytes } => one(at, bytes, &mut table),
            Item::Bad { at, reason, bytes } => table.rejected(at, rejection(reason.into(), &bytes)),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = table.finish();
    Ok(())
}

/// Takes one value as a row, or, if it wraps an array of objects, each of these.
fn one(at: Position, bytes: &[u8], table: &mut Table<'_>) -> ControlFlow<()> {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return table.rejected(at, rejection(format!("not JSON: {error}").into(), bytes)),
    };
    match value {
        Value::Object(object) => match wrapped(&object) {
            Some(key) => {
                let Some(Value::Array(rows)) = object.get(key) else { return ControlFlow::Continue(()) };
                rows.iter().try_for_each(|row| emit(at, row, table))
            }
            None => emit(at, &Value::Object(object), table),
        },
        other => emit(at, &other, table),
    }
}

/// Keys under which objects hold records.
const KEYS: [&str; 12] = [
    "data", "results", "result", "indicators", "iocs", "items", "records", "objects", "urls", "entries",
    "response", "rows",
];

fn holds_records(key: &str) -> bool {
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// The key of the records, in an object that says little more than that it holds them.
fn wrapped(object: &serde_json::Map<String, Value>) -> Option<&String> {
    let rows = |value: &Value| match value {
        Value::Array(rows) => !rows.is_empty() && rows.iter().all(Value::is_object),
        _ => false,
    };
    object.iter().find(|(key, value)| holds_records(key) && rows(value)).map(|(key, _)| key)
}

fn emit(at: Position, value: &Value, table: &mut Table<'_>) -> ControlFlow<()> {
    let mut cells = Vec::new();
    flatten("", value, table, &mut cells);
    table.row(Row { at, cells, width: 0 })
}

/// Whether an object only wraps records.
fn wraps(bytes: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(object)) => wrapped(&object).is_some(),
        _ => false,
    }
}

/// The depth was bounded when the value was found.
fn flatten(name: &str, value: &Value, table: &mut Table<'_>, cells: &mut Vec<(usize, String)>) {
    if cells.len() >= MOST_CELLS {
        return;
    }
    let text = match value {
        Value::Null => return,
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Array(values) => return values.iter().for_each(|value| flatten(name, value, table, cells)),
        Value::Object(object) => {
            for (key, value) in object {
                if name.is_empty() {
                    flatten(key, value, table, cells);
                } else {
                    flatten(&format!("{name}.{key}"), value, table, cells);
                }
            }
            return;
        }
    };
    let name = if name.is_empty() { "value" } else { name };
    if let Some(column) = table.column(name) {
        cells.push((column, text));
    }
}

enum Item<'f> {
    Value { at: Position, bytes: &'f [u8] },
    Bad { at: Position, reason: String, bytes: Vec<u8> },
}

/// Finds the values of a stream of JSON without building trees.
struct Finder<'a> {
    window: Window<'a>,
    spent: usize,
    /// The input is an array, so strings in it are records.
    in_array: bool,
    /// Something other than white space and brackets was seen.
    begun: bool,
    /// The first object only wraps the records and is looked into.
    inside: Option<Inside>,
}

/// Where in a wrapping object the finder is.
#[derive(Default)]
struct Inside {
    /// The last key that was seen, or any other string.
    key: Vec<u8>,
    /// Arrays that are open.
    arrays: usize,
    /// The outermost of them holds records.
    records: bool,
}

impl Finder<'_> {
    fn next(&mut self, limit: usize, depth: usize) -> std::io::Result<Option<Item<'_>>> {
        self.window.consume(std::mem::take(&mut self.spent));
        loop {
            let Some(byte) = self.peek()? else { return Ok(None) };
            let at = self.window.position();
            match byte {
                b'[' => {
                    match &mut self.inside {
                        None => self.in_array = true,
                        Some(inside) => {
                            if inside.arrays == 0 {
                                inside.records = std::str::from_utf8(&inside.key).is_ok_and(holds_records);
                            }
                            inside.arrays += 1;
                        }
                    }
                    self.window.consume(1);
                }
                b'{' | b'"' => {
                    let first = !std::mem::replace(&mut self.begun, true) && !self.in_array;
                    match self.end_of_value(limit, depth)? {
                        End::At(length) => {
                            let bytes = self.window.bytes().get(..length).unwrap_or_default();
                            if first && byte == b'{' && wraps(bytes) {
                                self.look_inside();
                            } else if self.is_record(byte) {
                                self.spent = length;
                                let bytes = self.window.bytes().get(..length).unwrap_or_default();
                                return Ok(Some(Item::Value { at, bytes }));
                            } else {
                                if let Some(inside) = &mut self.inside {
                                    inside.key = bytes.get(1..length - 1).unwrap_or_default().to_vec();
                                }
                                self.window.consume(length);
                            }
                        }
                        End::TooLong if first && byte == b'{' => self.look_inside(),
                        End::TooDeep => return self.bad(at, format!("nested deeper than {depth} levels")),
                        End::TooLong => return self.bad(at, format!("longer than {limit} bytes")),
                        End::Cut => {
                            let bytes = self.beginning();
                            let all = self.window.bytes().len();
                            self.window.consume(all);
                            let reason = "cut off: the input ends in the middle of it".to_owned();
                            return Ok(Some(Item::Bad { at, reason, bytes }));
                        }
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' | b',' => self.window.consume(1),
                b']' => {
                    if let Some(inside) = &mut self.inside {
                        inside.arrays = inside.arrays.saturating_sub(1);
                    }
                    self.window.consume(1);
                }
                b'}' if self.inside.as_ref().is_some_and(|inside| inside.arrays == 0) => {
                    self.inside = None;
                    self.window.consume(1);
                }
                // Scalars and colons of an object that is looked into.
                _ if self.inside.is_some() => self.window.consume(1),
                _ => return self.bad(at, "not a JSON object".to_owned()),
            }
        }
    }

    fn look_inside(&mut self) {
        self.inside = Some(Inside::default());
        self.window.consume(1);
    }

    /// Whether what begins with `byte` here is a record, and not a key or something beside the records.
    fn is_record(&self, byte: u8) -> bool {
        match &self.inside {
            Some(inside) => byte == b'{' && inside.arrays == 1 && inside.records,
            None => byte == b'{' || self.in_array,
        }
    }

    fn bad(&mut self, at: Position, reason: String) -> std::io::Result<Option<Item<'_>>> {
        let bytes = self.beginning();
        self.skip_to_next()?;
        Ok(Some(Item::Bad { at, reason, bytes }))
    }

    fn beginning(&self) -> Vec<u8> {
        self.window.bytes().iter().take(480).copied().collect()
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        while self.window.bytes().is_empty() {
            if !self.window.fill()? {
                return Ok(None);
            }
        }
        Ok(self.window.bytes().first().copied())
    }

    /// Moves to the next line, or to the next object in the same line.
    fn skip_to_next(&mut self) -> std::io::Result<()> {
        loop {
            let bytes = self.window.bytes();
            let skip = usize::from(matches!(bytes.first(), Some(b'{' | b'"')));
            let rest = bytes.get(skip..).unwrap_or_default();
            if let Some(at) = memchr::memchr2(b'\n', b'{', rest) {
                self.window.consume(skip + at);
                return Ok(());
            }
            let all = bytes.len();
            self.window.consume(all);
            if !self.window.fill()? {
                return Ok(());
            }
        }
    }

    /// Where the object or string at the window ends.
    fn end_of_value(&mut self, limit: usize, most: usize) -> std::io::Result<End> {
        let (mut seen, mut depth, mut string, mut escaped) = (0, 0usize, false, false);
        loop {
            let bytes = self.window.bytes();
            while let Some(byte) = bytes.get(seen) {
                seen += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if string => escaped = true,
                    b'"' => {
                        string = !string;
                        if !string && depth == 0 {
                            return Ok(End::At(seen));
                        }
                    }
                    _ if string => {}
                    b'{' | b'[' => {
                        depth += 1;
                        if depth > most {
                            return Ok(End::TooDeep);
                        }
                    }
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return Ok(End::At(seen));
                        }
                    }
                    _ => {}
                }
            }
            if seen > limit {
                return Ok(End::TooLong);
            }
            if !self.window.fill()? {
                return Ok(End::Cut);
            }
        }
    }
}

enum End {
    At(usize),
    TooDeep,
    TooLong,
    Cut,
}
