//! What Rempart *does*: taking in, concluding, routing, sharing, answering.
//!
//! The store is private to this crate: whoever wants to read anything comes through a function here
//! that takes the caller, and everything that leaves went through the release decision.

#![forbid(unsafe_code)]

pub mod access;
pub mod admin;
mod app;
pub mod ask;
pub mod campaigns;
pub mod clock;
mod error;
pub mod export;
pub mod follow;
pub mod index;
pub mod intake;
mod judge;
pub mod lookup;
pub mod metrics;
pub mod protect;
pub mod share;
pub mod trust;

pub use access::{Caller, NewKey, Refusal};
pub use app::{App, Picture, Suffixes, Tables};
pub use error::ServiceError;
pub use rempart_store::{
    Counts, KeyOwner, Person, PersonId, Role, Scopes, Source, SourceId, Store, StoreError, Verification,
};
