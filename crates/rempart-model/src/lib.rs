//! What things *are*: observables, claims, markings, sources, members.
//!
//! This crate knows no wire format, no clock, no store and does no I/O; what it needs from outside
//! (the time, a table) is an argument.

#![forbid(unsafe_code)]

pub mod block;
pub mod category;
pub mod claim;
pub mod decoded;
pub mod marking;
pub mod member;
pub mod observable;
pub mod source;
pub mod stix_id;
pub mod time;

pub use block::{Action, Block, BlockClass, BlockId};
pub use category::Category;
pub use claim::{Claim, Stance};
pub use decoded::{Decoded, Hint, Link, LinkKind, Loss, Origin, Position, Rejection, SpecVersion};
pub use marking::{Marking, Pap, Tlp};
pub use member::{Country, Member, MemberId, MemberKind};
pub use observable::{Kind, Observable};
pub use source::Reliability;
pub use stix_id::StixId;
pub use time::Timestamp;
