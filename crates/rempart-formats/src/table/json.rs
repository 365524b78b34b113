//! Plain JSON objects, one after another, in an array, or in an array inside an object: rows whose
//! keys are the columns. Nested objects become dotted names, arrays of scalars several cells.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use rempart_model::Position;
use serde_json::Value;

use super::mapping::Mapping;
use super::row::{Header, Row, Table};
use crate::container::SNIFF;
use crate::container::window::{Found, Window};
use crate::json::{Options, Piece, Record, records};
use crate::list::rejection;
use crate::{Context, DecodeError, Sink};

/// Most cells of one object.
const MOST_CELLS: usize = 4096;

/// Keys under which an object holds the records.
const KEYS: [&str; 12] = [
    "data",
    "results",
    "result",
    "indicators",
    "iocs",
    "items",
    "records",
    "objects",
    "urls",
    "entries",
    "response",
    "rows",
];

/// Reads JSON: an array of objects or of strings, lines of objects, or an object that holds them.
///
/// # Errors
/// Where the input cannot be read, or ends inside an array.
pub(super) fn read(
    input: &mut dyn Read,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    let mut first = Vec::new();
    (&mut *input).take(SNIFF as u64).read_to_end(&mut first)?;
    let lists: Vec<&str> = list_key(&first).into_iter().collect();
    let mut whole = Cursor::new(first).chain(input);
    let options = Options { limits: &context.limits, lists: &lists, wrappers: &[] };
    let mut table = Table::new(context, mapping, Header::Named, Vec::new(), sink);
    let result = records(&mut whole, &options, &mut |Record { at, piece, .. }| match piece {
        Piece::Bytes(bytes) => row(at, bytes, &mut table),
        Piece::Rejected(why) => table.rejected(at, why),
    });
    // Whether the sink wants more does not matter at the end.
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = table.finish();
    result
}

/// Reads JSON lines: one object a line, so that a broken one costs its line.
///
/// # Errors
/// Where the input cannot be read.
pub(super) fn read_lines(
    input: &mut dyn Read,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    let limit = context.limits.record_bytes;
    let mut window = Window::new(input)?;
    let mut table = Table::new(context, mapping, Header::Named, Vec::new(), sink);
    while let Some(found) = window.line(limit)? {
        let at = window.position();
        let flow = match found {
            Found::Line { length, whole } => {
                let line = window.bytes().get(..length).unwrap_or_default().trim_ascii();
                // RFC 7464 puts a record separator before each.
                let line = line.strip_prefix(b"\x1e").unwrap_or(line);
                let flow =
                    if line.is_empty() { ControlFlow::Continue(()) } else { row(at, line, &mut table) };
                window.consume(whole);
                flow
            }
            Found::TooLong => {
                let why = format!("the line is longer than {limit} bytes");
                let why = rejection(why.into(), window.bytes());
                window.skip_line()?;
                table.rejected(at, why)
            }
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = table.finish();
    Ok(())
}

/// The key of the records, where the input is an object (or several) that holds an array of objects
/// under a well-known key.
fn list_key(first: &[u8]) -> Option<&'static str> {
    let text = first.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let own_level = if text.starts_with(b"[") { 2 } else { 1 };
    let (mut depth, mut start, mut escaped) = (0usize, None, false);
    for (at, byte) in text.iter().enumerate() {
        match (start, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(from), b'"') => {
                start = None;
                let name = text.get(from..at).unwrap_or_default();
                let rest = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
                let array = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
                let rows = array.and_then(|array| array.strip_prefix(b"["));
                if depth == own_level && rows.is_some_and(|rows| rows.trim_ascii_start().starts_with(b"{")) {
                    let known = KEYS.into_iter().find(|key| key.as_bytes() == name);
                    if known.is_some() {
                        return known;
                    }
                }
            }
            (None, b'"') => start = Some(at + 1),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Takes one value as a row.
fn row(at: Position, bytes: &[u8], table: &mut Table<'_>) -> ControlFlow<()> {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return table.rejected(at, rejection(format!("not JSON: {error}").into(), bytes)),
    };
    if !matches!(value, Value::Object(_) | Value::String(_)) {
        return table.rejected(at, rejection("not a JSON object".into(), bytes));
    }
    let mut cells = Vec::new();
    flatten("", value, table, &mut cells);
    table.row(Row { at, cells, width: 0 })
}

/// The depth is bounded: by the splitter, and by `serde_json` (128 levels) on lines.
fn flatten(name: &str, value: Value, table: &mut Table<'_>, cells: &mut Vec<(usize, String)>) {
    if cells.len() >= MOST_CELLS {
        return;
    }
    let text = match value {
        Value::Null => return,
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value,
        Value::Array(values) => {
            return values.into_iter().for_each(|value| flatten(name, value, table, cells));
        }
        Value::Object(object) => {
            for (key, value) in object {
                if name.is_empty() {
                    flatten(&key, value, table, cells);
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
