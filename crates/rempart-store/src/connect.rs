//! What people decided of observables that belong together.

use rempart_model::{Observable, Timestamp};

/// A decision of a person about two observables; it holds until it is lifted or decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectDecision {
    /// The two, in the order of kind and value.
    pub pair: [Observable; 2],
    /// Whether they belong together; otherwise they do not.
    pub together: bool,
    /// Who decided.
    pub actor: Box<str>,
    /// Why.
    pub reason: Box<str>,
    /// When.
    pub decided: Timestamp,
}

impl ConnectDecision {
    /// A decision, with its pair in order.
    pub fn new(
        mut pair: [Observable; 2],
        together: bool,
        actor: &str,
        reason: &str,
        decided: Timestamp,
    ) -> Self {
        pair.sort_by(|a, b| (a.kind().name(), a.value()).cmp(&(b.kind().name(), b.value())));
        Self { pair, together, actor: actor.into(), reason: reason.into(), decided }
    }
}
