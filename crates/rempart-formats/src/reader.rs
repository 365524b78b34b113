//! What all readers share: the formats, the context of a reading, and where records go.

use std::io;
use std::ops::ControlFlow;

use rempart_model::{Decoded, Position, Rejection, Timestamp, Tlp};

use crate::{Limits, Minter};

/// The formats that can be read. The names are fixed: scripts use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `stix`: STIX 2.1 or 2.0 bundles, TAXII 2.1 envelopes, single objects, arrays and lines of objects.
    Stix,
    /// `misp`: MISP events, alone, in an array, or in a `response`.
    Misp,
    /// `csv`: comma- or semicolon-separated values.
    Csv,
    /// `tsv`: tab-separated values.
    Tsv,
    /// `json`: an array of plain objects, mapped as CSV is.
    Json,
    /// `jsonl`: one plain object a line, mapped as CSV is.
    JsonLines,
    /// `plain`: one value a line, comments allowed.
    Plain,
    /// `hosts`: a hosts file.
    Hosts,
    /// `adblock`: an AdBlock filter list.
    Adblock,
    /// `text`: prose or Markdown, from which indicators are extracted.
    Text,
}

impl Format {
    /// Every format with its name.
    pub const ALL: [(Format, &'static str); 10] = [
        (Format::Stix, "stix"),
        (Format::Misp, "misp"),
        (Format::Csv, "csv"),
        (Format::Tsv, "tsv"),
        (Format::Json, "json"),
        (Format::JsonLines, "jsonl"),
        (Format::Plain, "plain"),
        (Format::Hosts, "hosts"),
        (Format::Adblock, "adblock"),
        (Format::Text, "text"),
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("text", |(_, name)| name)
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(format, _)| *format)
    }
}

/// What a reader knows beside the bytes.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// When the input is read; used where a record has no time of its own.
    pub now: Timestamp,
    /// The name of the source; part of every minted id.
    pub source: &'a str,
    /// Makes deterministic ids.
    pub minter: &'a Minter,
    /// What a record is taken for that carries no marking (decides only whether its minted id is keyed).
    pub unmarked: Tlp,
    /// The bounds.
    pub limits: Limits,
}

/// Where records go, one by one. Returning `Break` stops the reader.
pub trait Sink {
    /// Takes one record that was understood.
    fn decoded(&mut self, at: Position, record: Decoded) -> ControlFlow<()>;
    /// Takes one record that was not.
    fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()>;
}

/// Why nothing more could be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes could not be read.
    #[error("cannot read the input")]
    Io(#[from] io::Error),
    /// The input ends in the middle of a record or of a structure.
    #[error("the input is cut off at byte {offset}")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// The input is not what its format promises, and no next record can be found.
    #[error("not readable as {format} from byte {offset} on: {reason}")]
    Syntax {
        /// The format's name.
        format: &'static str,
        /// Where.
        offset: u64,
        /// A lowercase fragment.
        reason: Box<str>,
    },
    /// The input is in no format that is read.
    #[error("not a format that is read: {what}")]
    Unknown {
        /// What it seems to be.
        what: Box<str>,
    },
    /// A bound of [`Limits`] was passed.
    #[error("the input passes a limit: {what}")]
    Limit {
        /// Which, with the figure.
        what: Box<str>,
    },
}
