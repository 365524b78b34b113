//! What other programs that know of indicators read: with reasons, dates and ids.

pub mod json;
pub mod misp;
pub mod stix;
