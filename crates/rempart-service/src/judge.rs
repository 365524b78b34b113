//! Concluding: what the pure functions of triage need is put together here, from rows and tables.

use std::sync::Arc;

use rempart_matching::Hit;
use rempart_model::observable::SuffixList;
use rempart_model::{Claim, Hint, Kind, MemberId, Observable, Timestamp};
use rempart_store::{
    AssessmentRow, ClaimRow, ClassId, Conclude, NewConcern, ObservableRow, OverrideRow, Source, SourceId,
};
use rempart_triage::assess::{self, Assessment, ClaimView, Looks, Override, Policy, Subject};
use rempart_triage::learn::domain::label;
use rempart_triage::release::Use;
use rempart_triage::route;

use crate::app::{Picture, Tables, released};
use crate::trust::Trusted;

/// Concludes with one picture of who takes part.
pub(crate) struct Judge {
    picture: Arc<Picture>,
    tables: Arc<Tables>,
    policy: Policy,
    /// In the place of what is in use.
    trusted: Option<Trusted>,
}

impl Judge {
    pub(crate) fn new(picture: Arc<Picture>, tables: Arc<Tables>) -> Self {
        Self { picture, tables, policy: Policy::default(), trusted: None }
    }

    /// The same with other trust in sources.
    pub(crate) fn trusting(mut self, trusted: Trusted) -> Self {
        self.trusted = Some(trusted);
        self
    }

    fn trusted(&self) -> &Trusted {
        self.trusted.as_ref().unwrap_or(&self.picture.trusted)
    }

    /// What the claims alone tell, whatever anybody decided.
    pub(crate) fn told_by(
        &self,
        observable: &Observable,
        claims: &[ClaimRow],
        now: Timestamp,
    ) -> AssessmentRow {
        self.assess(observable, claims, None, now)
    }

    /// The picture that this judge concludes with.
    pub(crate) fn picture(&self) -> &Arc<Picture> {
        &self.picture
    }

    /// What follows from one claim alone, before it is stored.
    pub(crate) fn alone(&self, claim: &Claim, source: &Source, now: Timestamp) -> AssessmentRow {
        let view = ClaimView {
            source: source.id.0,
            reliability: source.reliability,
            learnt: self.trusted().odds(source.id, claim.observable.kind()),
            copy_group: copy_group(source).or_else(|| self.trusted().group(source.id)),
            republishes: false,
            stance: claim.stance,
            category: claim.category,
            confidence: claim.confidence,
            valid_from: claim.valid_from,
            valid_until: claim.valid_until,
            last_seen: claim.last_seen,
            received: now,
        };
        let warnings = self.tables.warninglists.hits(&claim.observable);
        let looks = self.looks(&claim.observable);
        row(assess::assess(subject(&claim.observable, looks), &[view], &warnings, None, &self.policy, now))
    }

    /// Whom observables and hints concern.
    pub(crate) fn concerns<'o>(
        &self,
        observables: impl Iterator<Item = &'o Observable>,
        hints: &[Hint],
    ) -> Vec<NewConcern> {
        route::concerns_of(observables, hints, &self.picture.constituencies, &self.route_tables())
            .into_iter()
            .map(|concern| NewConcern {
                member: concern.member,
                weight: concern.weight,
                reasons: route::encode_reasons(&concern.reasons),
            })
            .collect()
    }

    /// Whom an observable concerns, and why, in words.
    pub(crate) fn explain_concerns(
        &self,
        observable: &Observable,
        hints: &[Hint],
    ) -> Vec<(MemberId, u8, Vec<String>)> {
        let observables = std::iter::once(observable);
        route::concerns_of(observables, hints, &self.picture.constituencies, &self.route_tables())
            .into_iter()
            .map(|concern| {
                let reasons = concern.reasons.iter().map(|reason| reason.why.to_string()).collect();
                (concern.member, concern.weight, reasons)
            })
            .collect()
    }

    fn route_tables(&self) -> route::Tables<'_> {
        route::Tables {
            countries: &self.tables.countries,
            asns: &self.tables.asns,
            states: &self.tables.states,
        }
    }

    fn views(&self, kind: &Kind, claims: &[ClaimRow]) -> Vec<ClaimView> {
        claims
            .iter()
            .map(|claim| {
                let source = self.picture.source(claim.source);
                ClaimView {
                    source: claim.source.0,
                    reliability: source.map_or(rempart_model::Reliability::F, |source| source.reliability),
                    learnt: self.trusted().odds(claim.source, kind),
                    copy_group: source.and_then(copy_group).or_else(|| self.trusted().group(claim.source)),
                    republishes: false,
                    stance: claim.stance,
                    category: claim.category,
                    confidence: claim.confidence,
                    valid_from: claim.valid_from,
                    valid_until: claim.valid_until,
                    last_seen: claim.last_seen,
                    received: claim.received,
                }
            })
            .collect()
    }

    /// What the look of a name is worth, and why. What is encoded looks like nothing that people chose.
    fn looks(&self, observable: &Observable) -> Option<(f64, &'static str)> {
        let label = registered(observable, &self.tables.suffixes.list)?;
        if label.starts_with("xn--") {
            return None;
        }
        let weight = self.policy.weights().look(f64::from(self.tables.names()?.odds(label)));
        let why = if weight > 0.0 {
            "names of malware look like its name more often than people's names do"
        } else {
            "its name looks more as people's names do than as names of malware"
        };
        Some((weight, why))
    }

    fn warnings(&self, observable: &Observable) -> Vec<Hit<'_>> {
        self.tables.warninglists.hits(observable)
    }

    /// The assessment as an audience may know it: from these claims, and the operator's decision.
    /// That an analyst decided is no secret of a source, so it holds for everybody.
    pub(crate) fn as_seen(
        &self,
        row: &ObservableRow,
        claims: &[ClaimRow],
        operator: bool,
        now: Timestamp,
    ) -> AssessmentRow {
        if operator {
            return row.assessment;
        }
        self.assess(&row.observable, claims, row.override_.as_ref(), now)
    }

    /// The assessment and its reasons in words.
    pub(crate) fn explain(
        &self,
        observable: &Observable,
        claims: &[ClaimRow],
        decision: Option<&OverrideRow>,
        now: Timestamp,
    ) -> (AssessmentRow, Vec<String>) {
        let decision = decision.map(as_override);
        let looks = self.looks(observable);
        let explained = assess::explain(
            subject(observable, looks),
            &self.views(observable.kind(), claims),
            &self.warnings(observable),
            decision.as_ref(),
            &self.policy,
            not_before(claims, now),
        );
        let reasons = explained
            .reasons
            .iter()
            .map(|reason| match reason {
                assess::Reason::Claim { source, .. } => {
                    let name =
                        self.picture.source(SourceId(*source)).map_or("a source", |source| &source.name);
                    format!("{name}: {reason}")
                }
                other => other.to_string(),
            })
            .collect();
        (row(explained.assessment), reasons)
    }
}

/// The label that somebody registered, of a domain or of a URL's host.
pub(crate) fn registered<'o>(observable: &'o Observable, suffixes: &SuffixList) -> Option<&'o str> {
    let value = observable.value();
    let host = match observable.kind() {
        Kind::Domain => value,
        Kind::Url => {
            let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let host = host.split(':').next().unwrap_or_default();
            // An address has no name.
            if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
                return None;
            }
            host
        }
        _ => return None,
    };
    label(host, suffixes)
}

/// Whether the observable is named by what these claims were made by: a sighting names only an object,
/// and where nothing else is left, its observables are not to be told.
pub(crate) fn named(claims: &[ClaimRow]) -> bool {
    claims.iter().any(|claim| !claim.attached)
}

/// Now, and not before the claims came in: the clock may have been set back since, and what is said holds all the
/// same.
fn not_before(claims: &[ClaimRow], now: Timestamp) -> Timestamp {
    claims.iter().map(|claim| claim.received).max().map_or(now, |newest| newest.max(now))
}

fn subject<'o>(observable: &'o Observable, looks: Option<(f64, &'static str)>) -> Subject<'o> {
    let looks = looks.map(|(weight, why)| Looks { weight, why });
    Subject { kind: observable.kind(), looks }
}

fn as_override(decision: &OverrideRow) -> Override<'_> {
    Override { malicious: decision.malicious, by: &decision.by, reason: &decision.reason }
}

fn row(assessment: Assessment) -> AssessmentRow {
    AssessmentRow {
        probability: assessment.probability,
        category: assessment.category,
        valid_until: assessment.valid_until,
        next_change: assessment.next_change,
    }
}

/// A copy group's name as a number (FNV-1a): equal names, equal numbers.
fn copy_group(source: &Source) -> Option<u32> {
    source.copy_group.as_ref().map(|name| {
        name.bytes().fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    })
}

impl Conclude for Judge {
    fn assess(
        &self,
        observable: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> AssessmentRow {
        let decision = override_.map(as_override);
        let looks = self.looks(observable);
        row(assess::assess(
            subject(observable, looks),
            &self.views(observable.kind(), claims),
            &self.warnings(observable),
            decision.as_ref(),
            &self.policy,
            not_before(claims, now),
        ))
    }

    fn is_high(
        &self,
        member: MemberId,
        observable: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> bool {
        let seen: Vec<ClaimRow> =
            claims.iter().filter(|claim| self.may_see(member, claim.class)).cloned().collect();
        !seen.is_empty() && self.high(&self.assess(observable, &seen, override_, now))
    }

    fn high(&self, assessment: &AssessmentRow) -> bool {
        assessment.probability >= self.policy.high()
    }

    fn may_see(&self, member: MemberId, class: ClassId) -> bool {
        released(&self.picture, member, class, Use::Share)
    }

    fn same_creation(&self, first: &[u8], body: Vec<u8>) -> Vec<u8> {
        let (Some(was), Some(is)) = (created(first), created(&body)) else { return body };
        if was.len() != is.len() {
            return body;
        }
        let was = first.get(was).unwrap_or_default().to_vec();
        let mut body = body;
        if let Some(place) = body.get_mut(is) {
            place.copy_from_slice(&was);
        }
        body
    }
}

/// Where the value of `created` stands in a body that Rempart has minted.
fn created(body: &[u8]) -> Option<std::ops::Range<usize>> {
    const KEY: &[u8] = b"\"created\":\"";
    let start = body.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let length = body.get(start..)?.iter().position(|byte| *byte == b'"')?;
    Some(start..start + length)
}
