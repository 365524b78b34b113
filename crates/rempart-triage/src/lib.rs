//! What an observable is *worth*, *whose* problem it is, and *who* may see what.
//!
//! Pure functions over plain data: no I/O, no clock, no store, no async. Time is an argument.

#![forbid(unsafe_code)]

pub mod assess;
pub mod connect;
pub mod fuse;
pub mod guard;
pub mod learn;
pub mod release;
pub mod route;
