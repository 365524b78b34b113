//! JSON as it comes from outside: split into records, checked, looked into, and written, without trees.

pub mod members;
mod scan;
pub mod split;
pub mod write;

pub use members::{JsonError, Members};
pub use split::{Header, Options, Piece, Record, records};
