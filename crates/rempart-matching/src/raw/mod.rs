//! The only places of this crate that need `unsafe`: a file in memory, vector instructions, and hints
//! to the processor.
//!
//! Each function here is safe to call with any argument; what makes it so is said where it is done.

pub(crate) mod classify;
pub(crate) mod map;
pub(crate) mod prefetch;
