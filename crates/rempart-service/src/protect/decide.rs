//! Whether something is to be blocked: the claims that may be told, what they amount to, and the guard.

use std::fmt;
use std::sync::Arc;

use rempart_model::{Block, BlockClass, Category, Observable, Stance, Timestamp};
use rempart_store::{ClaimRow, ObservableRow};
use rempart_triage::guard::{self, Candidate, Grounds, Protected};
use rempart_triage::release::{self, Audience, Decision, Use};

use super::settings::Settings;
use crate::app::{App, Picture};
use crate::error::ServiceError;
use crate::judge::{Judge, named};

/// A block that may be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) class: BlockClass,
    pub(super) category: Category,
    pub(super) reason: Box<str>,
    pub(super) until: Timestamp,
    /// When the newest of the claims that support it came in.
    newest: Timestamp,
}

/// What is wanted for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A block that is placed anew.
    Block(Draft),
    /// The one that is there.
    Same,
    /// None, and why.
    Nothing(String),
}

/// Why something is not blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that refuses it.
    pub rule: &'static str,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The guard, with all that it rests on at one moment.
pub(super) struct Guard<'a> {
    app: &'a App,
    settings: &'a Settings,
    live: [bool; 3],
    judge: Judge,
    picture: Arc<Picture>,
    protected: Protected,
    now: Timestamp,
}

impl<'a> Guard<'a> {
    pub(super) fn new(app: &'a App, settings: &'a Settings, live: [bool; 3], now: Timestamp) -> Self {
        let judge = app.judge();
        let picture = judge.picture().clone();
        let mut protected = Protected::default();
        for observable in &settings.protected {
            protected.add(observable, "the operator protects it");
        }
        for member in picture.members() {
            let whose = format!("{} answers for it", member.name);
            for name in &member.constituency.domains {
                protected.add_name(name, &whose);
            }
            for network in &member.constituency.networks {
                let network = Observable::guess(network);
                network.iter().for_each(|network| protected.add(network, &whose));
            }
        }
        Self { app, settings, live, judge, picture, protected, now }
    }

    /// What tells this guard from another that may decide otherwise.
    pub(super) fn fingerprint(&self) -> u64 {
        self.protected.fingerprint()
    }

    /// Whether a claim may be told to everybody, and acted on in the open.
    fn is_released(&self, claim: &ClaimRow) -> bool {
        self.picture.terms(claim.class).is_some_and(|terms| {
            release::decide(&Audience::Operator, terms, Use::Block) == Decision::Released
        })
    }

    /// What is wanted for an observable that has this block now.
    pub(super) fn wanted(
        &self,
        row: &ObservableRow,
        current: Option<&Block>,
    ) -> Result<Wanted, ServiceError> {
        if !super::is_blockable(row.observable.kind()) {
            return Ok(Wanted::Nothing("nothing blocks such values".into()));
        }
        let draft = match self.ruling(row)? {
            Ok(draft) => draft,
            Err(refusals) => {
                let mut why: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                if let Some(decision) = row.override_.as_ref().filter(|decision| !decision.malicious) {
                    why.insert(0, format!("decided: {}", decision.reason));
                }
                return Ok(Wanted::Nothing(why.join("; ")));
            }
        };
        if !self.live.get(draft.class as usize).is_some_and(|live| *live) {
            return Ok(Wanted::Nothing(format!("the output {} is dry", draft.class.name())));
        }
        Ok(match current {
            Some(block) if !self.is_renewed(block, &draft) => Wanted::Same,
            _ => Wanted::Block(draft),
        })
    }

    /// Whether a new block takes the place of one: what is said of it changed, it ends earlier than was thought, or
    /// more than half of its time is over and it was reported afresh since it began.
    fn is_renewed(&self, block: &Block, draft: &Draft) -> bool {
        let half = (block.until.micros() - block.since.micros()) / 2;
        let is_old = self.now.micros() - block.since.micros() > half;
        block.class != draft.class
            || draft.until < block.until
            || (is_old && draft.until > block.until && draft.newest > block.since)
    }

    /// Whether an observable may be blocked, whatever is blocked now and whichever output is live.
    pub(super) fn ruling(&self, row: &ObservableRow) -> Result<Result<Draft, Vec<Refusal>>, ServiceError> {
        let mut claims = self.app.store.claims(row.id)?;
        let is_decided = row.override_.as_ref().is_some_and(|decision| decision.malicious);
        claims.retain(|claim| self.is_released(claim));
        let supporting = || claims.iter().filter(|claim| claim.stance == Stance::Malicious);
        let seen = self.judge.as_seen(row, &claims, false, self.now);
        // By what may be told, and by all that is known: neither alone is enough.
        let probability = seen.probability.min(row.assessment.probability);
        let class = BlockClass::of(seen.category);
        // What only points at others that name the value must not tell it.
        let is_told = named(&claims);
        let reason = reason(seen.category, &claims, is_decided);
        let candidate = Candidate {
            target: &row.observable,
            class,
            probability,
            threshold: self.settings.threshold(class),
            // An analyst's decision alone is not enough: it may rest on what may not be told.
            is_released: is_told && supporting().next().is_some(),
            is_observed: is_told,
            is_decided,
            reason: &reason,
            valid_until: match (seen.valid_until, row.assessment.valid_until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        };
        let tables = &self.app.tables;
        let grounds = Grounds::new(
            &tables.suffixes.list,
            tables.suffixes.as_of,
            self.settings.suffix_days,
            &tables.warninglists,
            tables.above(),
            &self.protected,
        );
        Ok(match guard::judge(&candidate, &grounds, self.now) {
            Ok(until) => Ok(Draft {
                class,
                category: seen.category,
                reason: reason.into(),
                until,
                newest: claims.iter().map(|claim| claim.received).max().unwrap_or(Timestamp::MIN),
            }),
            Err(refusals) => Err(refusals
                .into_iter()
                .map(|refusal| Refusal { rule: refusal.rule.name(), reason: refusal.to_string() })
                .collect()),
        })
    }
}

/// Why something is blocked, in words for the public: what may be told, and no names.
fn reason(category: Category, claims: &[ClaimRow], is_decided: bool) -> String {
    let mut sources: Vec<u32> =
        claims.iter().filter(|claim| claim.stance == Stance::Malicious).map(|claim| claim.source.0).collect();
    sources.sort_unstable();
    sources.dedup();
    let kind = category.name().rsplit_once(':').map_or("malicious", |(_, kind)| kind).replace('-', " ");
    let said = match (sources.len(), is_decided) {
        (0, false) => return String::new(),
        (_, true) => "confirmed by an analyst".to_owned(),
        (1, false) => "reported by a source that is relied on".to_owned(),
        (count, false) => format!("reported by {count} sources"),
    };
    format!("{kind}, {said}")
}
