//! Tables: CSV and its like, and JSON objects, mapped by a mapping file, by the names of the columns
//! or by what stands in them.
//!
//! A row is one record. Columns that hold observables become its claims: those that the row is
//! about as malicious, those that are only seen with it (the host name of an address, the address of
//! a URL) as observed. What no rule explains is kept in the description, with its column's name.

mod csv;
mod dates;
mod json;
mod mapping;
mod names;
mod plan;
mod record;
mod row;

use std::io::Read;

use crate::{Context, DecodeError, Format, Sink};

pub use dates::{DateOrder, parse as parse_date};
pub use mapping::{Mapping, MappingError};

/// Reads a table. `format` is one of CSV, TSV, JSON or JSON lines; anything else is read as CSV.
///
/// # Errors
/// Where the input cannot be read, or, for JSON, is none.
pub fn read(
    format: Format,
    input: &mut dyn Read,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    match format {
        Format::Json => json::read(input, mapping, context, sink),
        Format::JsonLines => json::read_lines(input, mapping, context, sink),
        Format::Tsv => csv::read(input, Some(b'\t'), mapping, context, sink),
        _ => csv::read(input, None, mapping, context, sink),
    }
}

/// Whether a text is nothing but a well-known name of a column.
pub(crate) fn is_column_name(text: &str) -> bool {
    text.len() <= 40 && names::meaning(text.trim().trim_matches('"')).is_some()
}

/// How many of these names are well-known names of columns.
pub(crate) fn known_names<'t>(names: impl Iterator<Item = &'t str>) -> usize {
    names.filter(|name| is_column_name(name)).count()
}

/// A reference from a text: a URL with its host as the name of the place, or whatever it says.
pub(crate) fn reference_of(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4096 || text.chars().any(char::is_control) {
        return None;
    }
    let place = match text.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#', ':']).next().unwrap_or(rest),
        None => "reference",
    };
    Some((if place.is_empty() { "reference" } else { place }.to_owned(), text.to_owned()))
}
