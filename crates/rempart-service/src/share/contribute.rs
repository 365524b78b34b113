//! What a member adds, and takes back.

use rempart_model::{StixId, Timestamp};
use rempart_store::{ObjectFilter, Outcome, PageRequest, Visible};
use serde::{Deserialize, Serialize};

use super::collections::Collection;
use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;
use crate::intake::{SourceChoice, Submission};

/// How long the status of a contribution is kept.
const STATUS_SECONDS: i64 = 48 * 3600;

/// What became of one object of a contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectStatus {
    /// Its id, as it was given.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What there is to say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of a contribution, in the words of TAXII 2.1 (section 4.3.1). Contributions are
/// complete when they are acknowledged, so nothing is ever pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionStatus {
    /// A UUID.
    pub id: String,
    /// `complete`.
    pub status: String,
    /// When the contribution came, RFC 3339 with microseconds.
    pub request_timestamp: String,
    /// Objects in it.
    pub total_count: usize,
    /// Objects taken in, or there already.
    pub success_count: usize,
    /// Those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successes: Vec<ObjectStatus>,
    /// Objects refused.
    pub failure_count: usize,
    /// Those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ObjectStatus>,
    /// Always 0.
    pub pending_count: usize,
}

impl App {
    /// Takes in an envelope (`{"objects": […]}`) that a member adds to its contributions. Durable when it
    /// returns. An object that fails is told apart from the rest; a body that is no envelope fails as
    /// a whole.
    pub fn contribute(
        &self,
        caller: &Caller,
        to: &Collection,
        body: &[u8],
    ) -> Result<ContributionStatus, ServiceError> {
        let Caller::Member { member, .. } = caller else {
            return Err(ServiceError::Forbidden("only a member contributes; use the command import".into()));
        };
        if !to.can_write {
            return Err(ServiceError::Forbidden("this key may not add to this collection".into()));
        }
        let now = self.now();
        let submission = Submission {
            actor: caller.name(),
            source: SourceChoice::Member(Box::new((**member).clone())),
            unmarked: None,
            now,
        };
        let (successes, failures) = self.take_envelope(&submission, body)?;
        let id = uuid::Uuid::new_v4();
        let status = ContributionStatus {
            id: id.to_string(),
            status: "complete".into(),
            request_timestamp: format!("{now:#}"),
            total_count: successes.len() + failures.len(),
            success_count: successes.len(),
            successes,
            failure_count: failures.len(),
            failures,
            pending_count: 0,
        };
        let text = serde_json::to_string(&status).map_err(|error| ServiceError::Internal(Box::new(error)))?;
        let keep_from = now.plus_seconds(-STATUS_SECONDS);
        self.store.put_status(id.as_bytes(), &owner(caller), &text, now, keep_from)?;
        Ok(status)
    }

    /// The status of a contribution that this caller made.
    pub fn contribution(&self, caller: &Caller, id: &str) -> Result<ContributionStatus, ServiceError> {
        let missing = || ServiceError::NotFound("there is no such status".into());
        let id = uuid::Uuid::parse_str(id).map_err(|_| missing())?;
        let text = self.store.status(id.as_bytes(), &owner(caller))?.ok_or_else(missing)?;
        serde_json::from_str(&text).map_err(|error| ServiceError::Internal(Box::new(error)))
    }

    /// Deletes versions of an object that the caller contributed. Returns how many there were.
    pub fn withdraw(
        &self,
        caller: &Caller,
        from: &Collection,
        id: &StixId,
        filter: &ObjectFilter,
    ) -> Result<usize, ServiceError> {
        match (from.can_read, from.can_write) {
            (true, true) => {}
            (false, false) => return Err(ServiceError::NotFound("there is no such collection".into())),
            _ => return Err(ServiceError::Forbidden("this key may not delete from this collection".into())),
        }
        let Some(member) = from.member else {
            return Err(ServiceError::Forbidden("use the command retract".into()));
        };
        let source = self.contribution_source(member)?;
        let (streams, _) = self.sight(caller, from)?;
        let request = PageRequest {
            streams,
            // Its own contributions are the caller's to delete, whatever their class.
            visible: Visible::All,
            member: Some(member),
            after: i64::MIN,
            upto: i64::MAX,
            filter: ObjectFilter { ids: vec![id.clone()], sources: vec![source], ..filter.clone() },
            limit: 10_000,
        };
        let mut seqs = Vec::new();
        self.store.page(&request, &mut |view| seqs.push(view.seq))?;
        if seqs.is_empty() {
            return Err(ServiceError::NotFound("there is no such object among your contributions".into()));
        }
        let deleted = self.store.delete(&caller.name(), &seqs, &self.judge(), self.now())?;
        self.forget_context();
        Ok(deleted)
    }
}

/// What an outcome is to the contributor: a conflict with what it may see is a failure, everything
/// else went well.
pub(crate) fn message_of(outcome: Outcome) -> Result<Option<&'static str>, &'static str> {
    match outcome {
        Outcome::Added { .. } => Ok(None),
        Outcome::Duplicate => Ok(Some("Object already added")),
        Outcome::Conflict { .. } => {
            Err("another source's object has this id; only its creator makes new versions of it")
        }
    }
}

pub(crate) fn version_text(version: Timestamp) -> String {
    if version == Timestamp::MIN { "1970-01-01T00:00:00.000Z".into() } else { version.to_string() }
}

/// Statuses belong to the organisation, not to the key, so that a key can be changed meanwhile.
fn owner(caller: &Caller) -> String {
    match caller {
        Caller::Person(person) => format!("person {}", person.id.0),
        Caller::Member { member, .. } => format!("member {}", member.id.0),
    }
}
