//! From bytes to records: tells the format where it is not named, and runs its reader.

use std::io::Read;

use crate::container::encoding::{self, Encoding, Utf16Reader};
use crate::container::{Bytes, LimitPassed};
use crate::detect::{detect, unreadable};
use crate::list::{adblock, hosts, plain};
use crate::table::{self, Mapping};
use crate::{Context, DecodeError, Format, Sink};

/// Reads one entry, named `name`, and gives the format that it was read as. `format`: what the
/// operator says it is; `None`: told by content, then by name. A mapping makes it a table.
///
/// # Errors
/// Where the format is none that is read, or nothing more can be read. Records that were found
/// before an error have gone to `sink`.
pub fn read(
    name: &str,
    mut bytes: Bytes<'_>,
    format: Option<Format>,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<Format, DecodeError> {
    let format = format_of(name, bytes.first(), format, mapping)?;
    let encoding = encoding::detect(bytes.first());
    let result = match encoding {
        Encoding::Ascii => dispatch(format, &mut bytes, mapping, context, sink),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let mut text = Utf16Reader::new(bytes, encoding == Encoding::Utf16Be);
            dispatch(format, &mut text, mapping, context, sink)
        }
    };
    result.map_err(limit_as_such).map(|()| format)
}

fn format_of(
    name: &str,
    first: &[u8],
    format: Option<Format>,
    mapping: Option<&Mapping>,
) -> Result<Format, DecodeError> {
    if let Some(format) = format {
        return Ok(format);
    }
    let unknown =
        || DecodeError::Unknown { what: unreadable(first).unwrap_or("nothing that is known").into() };
    let found = detect(Some(name), first).ok_or_else(unknown)?;
    // Who gives a mapping says that it is a table.
    Ok(match found {
        Format::Csv | Format::Tsv | Format::Json | Format::JsonLines => found,
        Format::Stix | Format::Misp if mapping.is_some() => Format::Json,
        _ if mapping.is_some() => Format::Csv,
        other => other,
    })
}

fn dispatch(
    format: Format,
    input: &mut dyn Read,
    mapping: Option<&Mapping>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), DecodeError> {
    match format {
        Format::Csv | Format::Tsv | Format::Json | Format::JsonLines => {
            table::read(format, input, mapping, context, sink)
        }
        Format::Plain => plain::read(input, context, sink),
        Format::Hosts => hosts::read(input, context, sink),
        Format::Adblock => adblock::read(input, context, sink),
        Format::Misp => crate::misp::read(input, context, sink),
        Format::Text => crate::text::read(input, context, sink),
        Format::Stix => crate::stix::read(input, context, sink),
    }
}

/// A bound that a container passed reaches the readers as an I/O error.
fn limit_as_such(error: DecodeError) -> DecodeError {
    match &error {
        DecodeError::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref::<LimitPassed>()) {
            Some(limit) => DecodeError::Limit { what: limit.0.as_str().into() },
            None => error,
        },
        _ => error,
    }
}
