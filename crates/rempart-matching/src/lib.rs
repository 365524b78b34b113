//! *Which* known things does an observable touch: addresses to countries and autonomous systems,
//! warninglists, the constituencies of members; and the match engine: an index of known values in one file,
//! and what finds them in any text.
//!
//! Tables and look-ups are pure: no clock, no store, and no I/O but that an index file is mapped into memory.
//! Each is made once by an explicit constructor and kept by the caller.

#![deny(unsafe_code)]

mod bundled;
pub mod constituency;
pub mod index;
pub mod ip_table;
pub mod logs;
mod names;
pub mod place;
mod ranges;
mod raw;
pub mod scan;
pub mod states;
pub mod warninglists;

pub use bundled::public_suffix_list;
pub use constituency::{Constituencies, Touched};
pub use ip_table::{AutonomousSystem, IpTable, IpTableKind};
pub use place::Place;
pub use states::States;
pub use warninglists::{Effect, Hit, Warninglists};
