//! Taking in: from bytes to what is stored, served, assessed and routed.

mod account;
mod envelope;
mod pipeline;
mod prepare;

use rempart_model::{Member, Timestamp, Tlp};
use rempart_store::ClassId;
use rempart_triage::release::Use;

pub use account::{Account, RejectedRecord};
pub use pipeline::{ImportRequest, Progress};
pub(crate) use prepare::{definition_of, terms_of};

use crate::app::{Picture, covers, released};

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

impl Submission {
    /// Whether another source's object of `class` is there for a new one of class `new`. To a member,
    /// what it may not see is not there. To the operator everything is, but who may see the new one
    /// and not the other would lack it, and could tell that something is withheld.
    pub(crate) fn sees(&self, picture: &Picture, class: ClassId, new: ClassId) -> bool {
        match &self.source {
            SourceChoice::Member(member) => released(picture, member.id, class, Use::Share),
            SourceChoice::Named(_) => covers(picture, class, new),
        }
    }
}
