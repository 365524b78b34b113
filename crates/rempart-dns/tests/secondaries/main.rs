//! Zones as real secondaries and resolvers take them: BIND, Knot and Unbound, with and without keys.
//!
//! Each program runs as a child on a loopback port of its own and is killed at the end. One that is not installed is
//! said to be skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says so by failing")]
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

mod bind;
mod door;
mod knot;
mod tls;
mod unbound;
mod world;
