//! The only places of this crate that need `unsafe`: a file in memory, and vector instructions.
//!
//! Each function here is safe to call with any argument; what makes it so is said where it is done.

pub(crate) mod classify;
pub(crate) mod map;
