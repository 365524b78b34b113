//! Protective files: what the programs that read them say, what a strict grammar of our own reads in
//! them, and what hostile values do to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says so by failing")]
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

mod deltas;
mod grammar;
mod laws;
mod manifests;
mod programs;
mod refusals;
mod sample;
