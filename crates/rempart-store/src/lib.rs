//! What Rempart *remembers*: the ledger, the objects and observables it speaks of, what is
//! concluded from them, and the change logs that members read.
//!
//! [`Store`] is the port. Its methods are written in the design's terms and each is one
//! transaction; nothing outside this crate knows which database is behind it.

#![forbid(unsafe_code)]

pub mod changes;
pub mod connect;
pub mod error;
pub mod merkle;
pub mod models;
pub mod placement;
pub mod positions;
pub mod protect;
mod sqlite;
pub mod store;
pub mod types;

pub use changes::*;
pub use connect::*;
pub use error::StoreError;
pub use models::*;
pub use protect::*;
pub use store::{Secrets, Store, content_hash, salted};
pub use types::*;
