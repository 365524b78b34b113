//! What people decide of campaigns. It is in the ledger, and holds until it is lifted.

use rempart_model::Observable;
use rempart_store::{ConnectDecision, Role};

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

impl App {
    /// Decides that two values belong together, or that they do not. The latest decision of two holds.
    ///
    /// # Errors
    /// Where the caller is no analyst, there is no reason, or a value is not known.
    pub fn connect_decide(
        &self,
        caller: &Caller,
        values: [&str; 2],
        together: bool,
        reason: &str,
    ) -> Result<(), ServiceError> {
        caller.require(Role::Analyst)?;
        if reason.trim().is_empty() {
            return Err(ServiceError::Invalid("a decision needs a reason".into()));
        }
        let pair = self.pair(values)?;
        let missing = self.store.observables(&pair)?.iter().position(Option::is_none);
        if let Some(value) = missing.and_then(|place| pair.get(place)) {
            return Err(ServiceError::NotFound(format!("nobody says anything of {}", value.value())));
        }
        let decision = ConnectDecision::new(pair, together, &caller.name(), reason, self.now());
        self.store.decide_connection(&decision, &event(if together { "together" } else { "apart" }))?;
        self.forget_campaigns();
        Ok(())
    }

    /// Undoes the merge between two values: the link that held their two groups together will not do so again.
    /// Returns how many pairs are held apart by it.
    ///
    /// # Errors
    /// Where the caller is no analyst, there is no reason, or the two are not linked.
    pub fn connect_undo(
        &self,
        caller: &Caller,
        values: [&str; 2],
        reason: &str,
    ) -> Result<usize, ServiceError> {
        caller.require(Role::Analyst)?;
        let [first, second] = self.pair(values)?;
        let campaign = self.campaign(caller, first.value())?;
        let is_it = |a: &str, b: &str| a == first.value() && b == second.value();
        let merge = campaign
            .merges
            .iter()
            .find(|merge| is_it(&merge.a, &merge.b) || is_it(&merge.b, &merge.a))
            .ok_or_else(|| {
                ServiceError::NotFound(format!(
                    "{} and {} are not linked to each other in {}; `campaign show` lists its links",
                    first.value(),
                    second.value(),
                    campaign.summary.name
                ))
            })?;
        let mut pairs: Vec<[&str; 2]> = Vec::new();
        for a in [&merge.a, &merge.earliest[0]] {
            for b in [&merge.b, &merge.earliest[1]] {
                if !pairs.contains(&[a, b]) {
                    pairs.push([a, b]);
                }
            }
        }
        for pair in &pairs {
            self.connect_decide(caller, *pair, false, reason)?;
        }
        Ok(pairs.len())
    }

    /// Lifts the decision of two values.
    ///
    /// # Errors
    /// Where the caller is no analyst, or nothing was decided.
    pub fn connect_lift(&self, caller: &Caller, values: [&str; 2]) -> Result<(), ServiceError> {
        caller.require(Role::Analyst)?;
        let pair = self.pair(values)?;
        let decision = ConnectDecision::new(pair, false, "", "", self.now());
        let lifted =
            self.store.lift_connection(&caller.name(), &decision.pair, &event("lifted"), self.now())?;
        if !lifted {
            return Err(ServiceError::NotFound("nothing was decided of these two".into()));
        }
        self.forget_campaigns();
        Ok(())
    }

    fn pair(&self, values: [&str; 2]) -> Result<[Observable; 2], ServiceError> {
        let [first, second] = values;
        let parse = |value| crate::ask::observable(value).map_err(ServiceError::Invalid);
        let pair = [parse(first)?, parse(second)?];
        if pair[0] == pair[1] {
            return Err(ServiceError::Invalid("the two values are the same".into()));
        }
        Ok(pair)
    }

    /// The groups are worked out anew when they are asked for next.
    /// Has what objects say of actors and reports read anew, since some of them are gone.
    pub(crate) fn forget_context(&self) {
        let mut held = self.campaigns.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(campaigns) = held.as_mut() {
            campaigns.context = super::Context::default();
        }
    }

    fn forget_campaigns(&self) {
        *self.campaigns.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

/// The entry in the ledger. It names no value: entries outlive what they speak of.
fn event(what: &str) -> String {
    format!("{{\"event\":\"connect\",\"decision\":\"{what}\"}}")
}
