//! The *doors*: TAXII 2.1 over HTTP and HTTPS, health and metrics.
//!
//! What can be decided without a socket is in plain functions.

#![forbid(unsafe_code)]

pub mod credentials;
pub mod envelope;
pub mod media;
pub mod query;
pub mod routes;
