//! The DNS door: response-policy zones on disk and their transfer to secondaries.
//!
//! [`start`] runs the hidden primary that secondaries and resolvers take the zones from. A [`Zone`] is a folder with entries and the journal of their changes; what is applied is on disk before it is
//! acknowledged.

mod action;
mod name;
mod serial;
mod server;
mod zone;

pub use action::Action;
pub use name::{Name, NameError};
pub use serial::Serial;
pub use server::{
    Algorithm, Clock, Consumer, Counters, Key, Network, Running, ServerError, ServerSettings, Sockets, Tls,
    WeakKey, answers, start,
};
pub use zone::{Change, Outcome, Refused, Zone, ZoneError, ZoneSettings};
