//! How things are *written*: bytes to model and back. No clock, no store, no sockets.
//!
//! A reader never fails on a part: for each record of the input it hands exactly one
//! [`Decoded`](rempart_model::Decoded) or one [`Rejection`](rempart_model::Rejection) to the
//! [`Sink`]. It returns an error only where nothing more can be read (the stream itself is broken),
//! and what came before stays.

#![forbid(unsafe_code)]

pub mod container;
pub mod detect;
pub mod import;
pub mod json;
pub mod limits;
pub mod list;
pub mod mint;
pub mod misp;
pub mod protect;
pub mod reader;
pub mod stix;
pub mod table;
pub mod text;

pub use limits::Limits;
pub use mint::{Draft, Minter};
pub use reader::{Context, DecodeError, Format, Sink};
