//! Lists: one value a line, with the comment habits of blocklists, hosts files, AdBlock filters and
//! Maltrail trails.

pub mod adblock;
mod block;
pub mod hosts;
pub mod plain;
pub mod range;

use std::io::Read;
use std::ops::ControlFlow;

use rempart_model::{Position, Rejection};

use crate::container::encoding;
use crate::container::window::{Found, Window};
use crate::{Context, DecodeError, Sink};

/// What one line turned out to be.
pub(crate) enum Outcome<'a> {
    /// Nothing: blank, a comment, a heading.
    Nothing,
    /// A record, with what tells it from others of its source (empty: its values do).
    Record(Box<crate::Draft<'a>>, String),
    /// A record that is not understood, and why.
    Rejected(Box<str>),
}

/// Runs `read_line` over every line of `input` and hands on what comes out.
///
/// # Errors
/// Where the input cannot be read.
pub(crate) fn each_line(
    input: &mut dyn Read,
    context: &Context<'_>,
    sink: &mut dyn Sink,
    read_line: &mut dyn FnMut(&str) -> Outcome<'static>,
) -> Result<(), DecodeError> {
    let limit = context.limits.record_bytes;
    let mut window = Window::new(input)?;
    while let Some(found) = window.line(limit)? {
        let at = window.position();
        let flow = match found {
            Found::Line { length, whole } => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                let flow = match read_line(&encoding::text(bytes)) {
                    Outcome::Nothing => ControlFlow::Continue(()),
                    Outcome::Record(draft, key) => {
                        sink.decoded(at, crate::Draft { key: &key, ..*draft }.build(context))
                    }
                    Outcome::Rejected(reason) => sink.rejected(at, rejection(reason, bytes)),
                };
                window.consume(whole);
                flow
            }
            Found::TooLong => too_long(&mut window, at, limit, sink)?,
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(())
}

/// Rejects the line that begins at the window and moves on behind it.
pub(crate) fn too_long(
    window: &mut Window<'_>,
    at: Position,
    limit: usize,
    sink: &mut dyn Sink,
) -> std::io::Result<ControlFlow<()>> {
    let why = rejection(format!("the line is longer than {limit} bytes").into(), window.bytes());
    window.skip_line()?;
    Ok(sink.rejected(at, why))
}

/// A rejection with the beginning of the record.
pub(crate) fn rejection(reason: Box<str>, record: &[u8]) -> Rejection {
    // A character has at most four bytes.
    let beginning = encoding::text(record.get(..record.len().min(480)).unwrap_or_default());
    let excerpt: String = beginning.trim().chars().take(120).collect();
    Rejection { reason, excerpt: excerpt.into() }
}

/// Splits `text` at the first comment sign that stands behind white space: value, comment.
pub(crate) fn inline_comment<'t>(text: &'t str, signs: &[&str]) -> (&'t str, &'t str) {
    let cut = text.char_indices().find_map(|(at, character)| {
        if !character.is_whitespace() {
            return None;
        }
        let after = text.get(at..)?.trim_start();
        let sign = signs.iter().find(|sign| after.starts_with(**sign))?;
        Some((at, after.get(sign.len()..).unwrap_or("").trim()))
    });
    match cut {
        Some((at, comment)) => (text.get(..at).unwrap_or(text).trim_end(), comment),
        None => (text, ""),
    }
}
