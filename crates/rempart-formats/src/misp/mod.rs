//! MISP in: events as MISP exports, synchronises and publishes them
//! (<https://www.misp-standard.org/rfc/misp-standard-core.html>), and feed directories.
//!
//! One record is an event, an attribute (of an event or of one of its objects), an event report,
//! or a sighting that calls an attribute a false positive. An attribute becomes an indicator where
//! it is meant for detection (`to_ids`), else a cyber-observable; an event becomes a report or
//! grouping that names them.

mod attribute;
pub mod countries;
mod cursor;
mod event;
pub mod feed;
mod marking;
mod minted;
mod spool;
mod tags;
mod types;
mod walk;
mod wire;

#[cfg(test)]
mod tests;

use std::io::Read;

use crate::{Context, DecodeError, Sink};

pub use tags::Galaxy;

/// Reads events alone, in an array, one a line, in a `response`, or attributes in a `response`.
///
/// Attributes are given on when their event has been read to its end, since its tags may stand
/// there; until then they are held in memory, compressed (at most
/// [`Limits::text_bytes`](crate::Limits)). Embedded files (`data`) are not kept.
///
/// Where the input is cut off or broken, everything whole before that is given on, and one rejection
/// says where it ended. If the event's tags or distribution had not been read by then, its
/// attributes are marked as unknown, which withholds them.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let cursor = match cursor::Cursor::new(input) {
        Ok(cursor) => cursor,
        Err(cursor::Fault::Io(error)) => return Err(error.into()),
        Err(_) => return Ok(()),
    };
    walk::Walk::new(cursor, context, sink).run()
}
