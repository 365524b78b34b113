//! The *doors*: TAXII 2.1 over HTTP and HTTPS, health and metrics.
//!
//! Handlers know no store: everything that they hand out comes through a function of
//! [`rempart_service`] that takes the caller, where the release decision is made. What can be decided
//! without a socket is in plain functions ([`query`], [`media`], [`credentials`], [`envelope`]).

#![forbid(unsafe_code)]

mod answer;
mod body;
mod counters;
pub mod credentials;
mod door;
pub mod envelope;
mod error;
mod lookup;
pub mod media;
mod origin;
mod problem;
mod public;
pub mod query;
pub mod routes;
mod serve;
mod settings;
mod stall;
mod taxii;
mod tls;

pub use error::ServeError;
pub use serve::serve;
pub use settings::{Settings, Timeouts, TlsSettings};
