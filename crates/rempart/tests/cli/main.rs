//! Tests of the whole program, as its users run it: processes, folders, sockets, signals.
//!
//! They use the network of this machine alone, and bound every process in time. Where one needs what is
//! not there (root, `strace`), it says that it is skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says so by failing")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it skips and measures")]

mod codes;
mod disk;
mod door;
mod durability;
mod follow;
mod help;
mod hostile;
mod keys;
mod logs;
mod matching;
mod same;
mod sensors;
mod support;
mod sync;
mod users;
