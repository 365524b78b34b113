//! TAXII 2.1 over HTTP, as clients meet it: a server on the loopback address, over a real store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod client;
mod operations;
mod paging;
mod reading;
mod surface;
mod world;
mod writing;
