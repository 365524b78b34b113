//! Taking in: from bytes to what is stored, served, assessed and routed.

mod account;
mod envelope;
mod pipeline;
mod prepare;

use rempart_model::{Member, Timestamp, Tlp};

pub use account::{Account, RejectedRecord};
pub use pipeline::{ImportRequest, Progress};
pub(crate) use prepare::terms_of;

/// Whose objects are taken in.
#[derive(Debug, Clone)]
pub enum SourceChoice {
    /// A source of the operator's, by name; made where it is new.
    Named(String),
    /// A member's own contributions.
    Member(Box<Member>),
}

/// On whose behalf, from where and when something is taken in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The name that the ledger carries.
    pub actor: String,
    /// The source.
    pub source: SourceChoice,
    /// What unmarked objects are taken for, instead of the source's own setting.
    pub unmarked: Option<Tlp>,
    /// When.
    pub now: Timestamp,
}
