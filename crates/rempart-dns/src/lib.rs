//! The DNS door: response-policy zones on disk and their transfer to secondaries.
//!
//! A [`Zone`] is a folder with entries and the journal of their changes; what is applied is on disk before it is
//! acknowledged.

mod action;
mod name;
mod serial;
mod zone;

pub use action::Action;
pub use name::{Name, NameError};
pub use serial::Serial;
pub use zone::{Change, Outcome, Refused, Zone, ZoneError, ZoneSettings};
