//! What members read and give: collections, pages, contributions.
//!
//! Every function takes the caller, and everything that it hands out went through the release
//! decision for that caller.

mod collections;
mod contribute;
mod page;
pub mod token;

pub use collections::{Collection, CollectionKind};
pub use contribute::{ContributionStatus, ObjectStatus};
pub(crate) use contribute::{message_of, version_text};
pub use page::{PageInfo, Query};
pub use rempart_store::{ObjectFilter, ObjectView, VersionFilter};
