//! Protective files: what a strict grammar of our own reads in them, and what hostile values do to
//! them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says so by failing")]

mod deltas;
mod grammar;
mod laws;
mod manifests;
mod refusals;
mod sample;
