//! *Which* known things does an observable touch: addresses to countries and autonomous systems,
//! warninglists, the constituencies of members.
//!
//! Pure tables: no I/O, no clock, no store. Each is made once by an explicit constructor and kept by
//! the caller.

#![forbid(unsafe_code)]

mod bundled;
pub mod constituency;
pub mod ip_table;
mod names;
pub mod place;
mod ranges;
pub mod states;
pub mod warninglists;

pub use bundled::public_suffix_list;
pub use constituency::{Constituencies, Touched};
pub use ip_table::{AutonomousSystem, IpTable, IpTableKind};
pub use place::Place;
pub use states::States;
pub use warninglists::{Effect, Hit, Warninglists};
