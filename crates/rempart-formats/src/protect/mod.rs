//! Protective files out: blocklists in the forms that resolvers, firewalls, proxies and sensors read.
//!
//! Each writer is given entries in any order and writes the same bytes for the same entries and
//! settings. It streams: beside the entries it keeps their order and nothing else. A writer trusts
//! nobody: though observables come in canonical form, what would not mean itself in a format is left
//! out, with the reason, and free text goes only where the format can quote it.

pub mod delta;
pub mod dns;
mod format;
mod header;
pub mod manifest;
pub mod net;
mod order;
mod plan;
pub mod proxy;
pub mod rtbh;
pub mod sensor;
mod settings;
pub mod share;
pub mod sign;
mod value;

pub use format::Format;
pub use plan::{LeftOut, Written};
pub use settings::{Settings, WriteError};
