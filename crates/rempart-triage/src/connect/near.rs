//! Near.
