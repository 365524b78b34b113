//! Asking: what is known of a value, and why Rempart thinks so.

use rempart_model::{Hint, Kind, Observable};
use rempart_store::store::StoredObject;
use rempart_store::{ClaimRow, ObservableRow, Role};

use rempart_triage::release::{self, Audience, Decision, Use};
use serde::Serialize;

use crate::access::Caller;
use crate::app::{App, Picture, view};
use crate::error::ServiceError;
use crate::judge::{Judge, registered};

/// Most values of one search.
pub const MAX_VALUES: usize = 1_000_000;

/// What is known of one value.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The value as it was asked.
    pub value: String,
    /// Its canonical form, where it is an observable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// Its kind.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether anything is known of it.
    pub known: bool,
    /// Probability that it is malicious.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f32>,
    /// RSIT category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'static str>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// Who says something of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Whether an analyst has decided.
    pub overridden: bool,
    /// Why the value is no observable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One claim, in an explanation.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedClaim {
    /// Who says so.
    pub source: String,
    /// Its reliability on the Admiralty scale.
    pub reliability: char,
    /// malicious, observed or benign.
    pub stance: &'static str,
    /// RSIT category.
    pub category: &'static str,
    /// The source's own confidence.
    pub confidence: Option<u8>,
    /// When it came in.
    pub received: String,
    /// When the source last saw it.
    pub last_seen: Option<String>,
    /// When the source lets it end.
    pub valid_until: Option<String>,
    /// The object that asserts it.
    pub object: String,
    /// The object's marking.
    pub tlp: &'static str,
    /// Members to whom the object may be released.
    pub released_to: Vec<String>,
    /// Members from whom it is withheld, and why.
    pub withheld_from: Vec<Withheld>,
}

/// A member that may not see something.
#[derive(Debug, Clone, Serialize)]
pub struct Withheld {
    /// Its name.
    pub member: String,
    /// Why.
    pub reason: &'static str,
}

/// Why a member is concerned.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedConcern {
    /// The member.
    pub member: String,
    /// Its country.
    pub country: String,
    /// How much, 0 to 100.
    pub weight: u8,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// Everything that Rempart thinks of an observable, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The canonical value.
    pub value: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether anybody has said anything of it.
    pub known: bool,
    /// Probability that it is malicious.
    pub probability: f32,
    /// RSIT category.
    pub category: &'static str,
    /// Until when.
    pub valid_until: Option<String>,
    /// An analyst's decision.
    pub decided: Option<Decided>,
    /// Why this score, in words.
    pub reasons: Vec<String>,
    /// How the registered name looks, where there is one. It is told beside the score and does not move it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<ExplainedLooks>,
    /// What was said.
    pub claims: Vec<ExplainedClaim>,
    /// Whom it concerns, and why.
    pub concerns: Vec<ExplainedConcern>,
    /// The campaign that it is in, as far as that is worked out already; `campaign show` tells why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
}

/// How a registered name looks.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedLooks {
    /// The label that was registered.
    pub label: String,
    /// The probability that a machine made it up, among as many names of machines as of people.
    pub machine_made: f32,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// An analyst's decision, in an explanation.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// Malicious or not.
    pub malicious: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
}

impl App {
    /// What is known of each value, in order.
    pub fn search(&self, caller: &Caller, values: &[String]) -> Result<Vec<Answer>, ServiceError> {
        caller.require(Role::Reader)?;
        if values.len() > MAX_VALUES {
            return Err(ServiceError::Invalid(format!("at most {MAX_VALUES} values at a time")));
        }
        let parsed: Vec<Result<Observable, String>> = values.iter().map(|value| observable(value)).collect();
        let wanted: Vec<Observable> = parsed.iter().filter_map(|parsed| parsed.clone().ok()).collect();
        let mut rows = self.store.observables(&wanted)?.into_iter();
        let picture = self.picture();
        let mut answers = Vec::with_capacity(values.len());
        for (value, parsed) in values.iter().zip(parsed) {
            let mut answer = Answer {
                value: value.clone(),
                canonical: None,
                kind: None,
                known: false,
                probability: None,
                category: None,
                valid_until: None,
                sources: Vec::new(),
                overridden: false,
                error: None,
            };
            match parsed {
                Err(error) => answer.error = Some(error),
                Ok(observable) => {
                    answer.canonical = Some(observable.value().to_owned());
                    answer.kind = Some(observable.kind().name().to_owned());
                    if let Some(row) = rows.next().flatten() {
                        self.fill(&mut answer, &row, &picture)?;
                    }
                }
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    fn fill(&self, answer: &mut Answer, row: &ObservableRow, picture: &Picture) -> Result<(), ServiceError> {
        answer.known = true;
        answer.probability = Some(row.assessment.probability);
        answer.category = Some(row.assessment.category.name());
        answer.valid_until = row.assessment.valid_until.map(|until| until.to_string());
        answer.overridden = row.override_.is_some();
        for claim in self.store.claims(row.id)? {
            if let Some(source) = picture.source(claim.source)
                && !answer.sources.contains(&source.name)
            {
                answer.sources.push(source.name.clone());
            }
        }
        Ok(())
    }

    /// Why this score, why these countries, who may see it.
    pub fn explain(&self, caller: &Caller, value: &str) -> Result<Explanation, ServiceError> {
        caller.require(Role::Reader)?;
        let observable = observable(value).map_err(ServiceError::Invalid)?;
        let judge = self.judge();
        let picture = judge.picture().clone();
        let row = self.store.observables(std::slice::from_ref(&observable))?.into_iter().next().flatten();
        let claims = match &row {
            Some(row) => self.store.claims(row.id)?,
            None => Vec::new(),
        };
        let decision = row.as_ref().and_then(|row| row.override_.clone());
        let (assessment, reasons) = judge.explain(&observable, &claims, decision.as_ref(), self.now());
        let mut hints: Vec<Hint> = Vec::new();
        let mut explained = Vec::with_capacity(claims.len());
        let seqs: Vec<_> = claims.iter().map(|claim| claim.object).collect();
        let objects = self.store.objects(&seqs)?;
        for claim in &claims {
            let Some(object) = objects.iter().find(|object| object.seq == claim.object) else { continue };
            hints.extend(object.hints.iter().cloned());
            hints.extend(self.inherited(object)?.into_iter().map(|part| part.hint));
            explained.push(explained_claim(&picture, claim, object));
        }
        hints.sort_unstable();
        hints.dedup();
        Ok(Explanation {
            value: observable.value().to_owned(),
            kind: observable.kind().name().to_owned(),
            known: row.is_some(),
            probability: assessment.probability,
            category: assessment.category.name(),
            valid_until: assessment.valid_until.map(|until| until.to_string()),
            decided: decision.map(|decision| Decided {
                malicious: decision.malicious,
                by: decision.by,
                at: decision.at.to_string(),
                reason: decision.reason,
            }),
            reasons,
            looks: self.looks(&observable),
            claims: explained,
            concerns: concerns(&judge, &picture, &observable, &hints),
            campaign: row.as_ref().and_then(|row| self.campaign_known(row.id)),
        })
    }
}

impl App {
    /// How the name of a domain, or of a URL's host, looks.
    fn looks(&self, observable: &Observable) -> Option<ExplainedLooks> {
        let label = registered(observable, self.suffixes())?;
        let looks = self.tables.names()?.look(label);
        Some(ExplainedLooks {
            label: label.to_owned(),
            machine_made: looks.probability,
            reasons: looks.reasons,
        })
    }
}

/// A value as somebody types it: an observable of a named kind (`mutex:Global\x`) or of the kind
/// that it plainly is.
pub fn observable(text: &str) -> Result<Observable, String> {
    let text = text.trim();
    match Observable::guess(text) {
        Ok(observable) => Ok(observable),
        Err(error) => match text.split_once(':') {
            Some((kind, value))
                if !kind.is_empty()
                    && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') =>
            {
                Observable::parse(&Kind::from_name(kind), value).map_err(|error| error.to_string())
            }
            _ => Err(error.to_string()),
        },
    }
}

fn concerns(
    judge: &Judge,
    picture: &Picture,
    observable: &Observable,
    hints: &[Hint],
) -> Vec<ExplainedConcern> {
    judge
        .explain_concerns(observable, hints)
        .into_iter()
        .filter_map(|(member, weight, reasons)| {
            let member = picture.member(member)?;
            Some(ExplainedConcern {
                member: member.name.to_string(),
                country: member.country.to_string(),
                weight,
                reasons,
            })
        })
        .collect()
}

fn explained_claim(picture: &Picture, claim: &ClaimRow, object: &StoredObject) -> ExplainedClaim {
    let source = picture.source(claim.source);
    let terms = picture.terms(claim.class);
    let (mut released_to, mut withheld_from) = (Vec::new(), Vec::new());
    for member in picture.members() {
        let decision = match terms {
            Some(terms) => release::decide(&Audience::Member(&view(member)), terms, Use::Share),
            None => Decision::Withheld(release::Reason::UnknownMarking),
        };
        match decision {
            Decision::Released => released_to.push(member.name.to_string()),
            Decision::Withheld(reason) => {
                withheld_from.push(Withheld { member: member.name.to_string(), reason: reason.words() });
            }
        }
    }
    ExplainedClaim {
        source: source.map(|source| source.name.clone()).unwrap_or_default(),
        reliability: source.map_or('F', |source| source.reliability.letter()),
        stance: match claim.stance {
            rempart_model::Stance::Malicious => "malicious",
            rempart_model::Stance::Observed => "observed",
            rempart_model::Stance::Benign => "benign",
        },
        category: claim.category.name(),
        confidence: claim.confidence,
        received: claim.received.to_string(),
        last_seen: claim.last_seen.map(|time| time.to_string()),
        valid_until: claim.valid_until.map(|time| time.to_string()),
        object: object.id.to_string(),
        tlp: terms.map_or("unknown", |terms| terms.tlp.name()),
        released_to,
        withheld_from,
    }
}
