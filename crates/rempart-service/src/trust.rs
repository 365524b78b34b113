//! How far sources are to be trusted, as learnt from what became of their claims.
//!
//! Learning makes a version with a card, which is kept in the store and changes nothing until somebody takes it into
//! use; it can be taken out of use again. What is learnt is `rempart_triage::fuse`.

use rempart_model::{Kind, Observable, Reliability, Stance};
use rempart_store::{ChangeCursor, ClaimRow, LearntModel, NewModel, ObservableRow, Role, Source, SourceId};
use rempart_triage::assess::weights::{KINDS, Weights, place};
use rempart_triage::fuse::{self, Claim, Claims, Gold, admiralty, copies, truth};
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;
use crate::judge::Judge;

/// What versions are kept under.
const TASK: &str = "sources";
/// Versions that are kept.
const KEPT: usize = 20;
/// Observables of one read.
const AT_A_TIME: usize = 1_000;
/// The log-odds between which what was learnt is kept: a few claims make no certainty.
const BETWEEN: (f64, f64) = (-3.0, 3.5);
/// Names of kinds, by their [`place`].
const NAMES: [&str; KINDS] = [
    "domain", "url", "ipv4", "ipv6", "network", "asn", "email", "md5", "sha1", "sha256", "sha512", "cve",
    "other",
];

/// What conclusions rest on: by source, and kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trusted {
    /// Source, place of the kind, log-odds that a fresh claim is right.
    odds: Vec<(u32, u8, f32)>,
    /// Source, and the lowest number among those that copy from one another.
    groups: Vec<(u32, u32)>,
}

impl Trusted {
    /// Reads what was kept; what cannot be read counts for nothing, and the log says so.
    pub(crate) fn read(model: &LearntModel) -> Self {
        let mut read: Self = match serde_json::from_slice(&model.body) {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(version = model.number, %error, "what was learnt of sources cannot be read");
                return Self::default();
            }
        };
        read.odds.retain(|one| one.2.is_finite());
        read.odds.sort_unstable_by_key(|one| (one.0, one.1));
        read.groups.sort_unstable();
        read
    }

    /// The log-odds that a fresh claim of a source about a kind is right.
    pub(crate) fn odds(&self, source: SourceId, kind: &Kind) -> Option<f32> {
        let key = (source.0, u8::try_from(place(kind)).ok()?);
        let at = self.odds.binary_search_by_key(&key, |one| (one.0, one.1)).ok()?;
        self.odds.get(at).map(|one| one.2)
    }

    /// The group of sources that copy from one another.
    pub(crate) fn group(&self, source: SourceId) -> Option<u32> {
        let at = self.groups.binary_search_by_key(&source.0, |one| one.0).ok()?;
        // Apart from the groups that somebody set, whose numbers are hashes.
        self.groups.get(at).map(|one| one.1 | 1 << 31)
    }
}

/// What was learnt, for people: the card of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcesCard {
    /// Observables that were learnt from.
    pub observables: usize,
    /// Of these, decided by analysts.
    pub decided: usize,
    /// What is learnt of each source and kind.
    pub sources: Vec<SourceTrust>,
    /// Who seems to copy from whom.
    pub copies: Vec<SourceCopies>,
    /// How well decided observables that were left out of learning are told; `None`: fewer than ten are decided.
    pub check: Option<TrustCheck>,
}

/// What is learnt of a source in one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceTrust {
    /// Its name.
    pub source: String,
    /// The kind of values.
    pub kind: String,
    /// How many it claims.
    pub claims: u32,
    /// Of how many of them somebody else has a say: an analyst, a warninglist, an independent source.
    pub decided: u32,
    /// The share that is right.
    pub precision: f64,
    /// The lower end of its interval of 90 %.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The letter that somebody set.
    pub set: char,
    /// The letter that follows; F where too little is known.
    pub learnt: char,
    /// Whether conclusions would rest on it: not where the letter is F.
    pub counts: bool,
}

/// A source that seems to copy from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceCopies {
    /// Who copies.
    pub source: String,
    /// From whom.
    pub from: String,
    /// How probable that is.
    pub score: f64,
    /// Whether the two would count as one voice.
    pub counts: bool,
    /// Why.
    pub reasons: Vec<String>,
}

/// How well what analysts decided is told by what was learnt without it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrustCheck {
    /// Decided observables that were left out: every other one.
    pub observables: usize,
    /// The mean square of what the probability is off by, with the letters that were set.
    pub as_set: f64,
    /// The same with what was learnt of the other half.
    pub as_learnt: f64,
}

/// A version that is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourcesVersion {
    /// Its number.
    pub version: i64,
    /// Who had it learnt.
    pub by: String,
    /// When.
    pub made: String,
    /// Whether conclusions rest on it.
    pub in_use: bool,
    /// Its card.
    pub card: SourcesCard,
}

/// Everything that is learnt from, in dense numbers.
#[derive(Default)]
struct Material {
    rows: Vec<(ObservableRow, Vec<ClaimRow>)>,
    sources: Vec<Source>,
    /// What warninglists take away.
    against: Vec<f32>,
}

impl Material {
    fn number(&self, source: SourceId) -> Option<u32> {
        self.sources.iter().position(|one| one.id == source).and_then(|at| u32::try_from(at).ok())
    }

    /// Whether an observable is decided and left out when what was learnt is checked: every other one.
    fn left_out(&self) -> Vec<usize> {
        let decided = self.rows.iter().enumerate().filter(|(_, (row, _))| row.override_.is_some());
        decided.map(|(at, _)| at).skip(1).step_by(2).collect()
    }

    fn learn(&self, left_out: &[usize]) -> (truth::Truth, copies::Copies) {
        let mut about = Vec::with_capacity(self.rows.len());
        let mut list = Vec::new();
        for (at, (row, claims)) in self.rows.iter().enumerate() {
            let gold = match &row.override_ {
                Some(decision) if left_out.binary_search(&at).is_err() => match decision.malicious {
                    true => Gold::Malicious,
                    false => Gold::Benign,
                },
                _ => Gold::Open,
            };
            about.push(fuse::Observable {
                kind: u8::try_from(place(row.observable.kind())).unwrap_or(u8::MAX),
                gold,
                against: self.against.get(at).copied().unwrap_or_default(),
            });
            let Ok(observable) = u32::try_from(at) else { break };
            list.extend(claims.iter().filter(|claim| claim.stance != Stance::Observed).filter_map(|claim| {
                Some(Claim {
                    observable,
                    source: self.number(claim.source)?,
                    negative: claim.stance == Stance::Benign,
                    time: claim.received.micros().div_euclid(1_000_000),
                })
            }));
        }
        let claims = Claims::new(list, about.len(), self.sources.len());
        let found = copies::find(&claims, &about);
        let worths: Vec<f64> =
            self.sources.iter().map(|source| admiralty::configured(source.reliability)).collect();
        let settings = truth::Settings::default();
        (truth::fit(&claims, &about, &worths, &self.groups(&found), &settings), found)
    }

    /// Who speaks with whom: as somebody set it, and as was found.
    fn groups(&self, found: &copies::Copies) -> Vec<u32> {
        let of = |at: usize| found.groups.get(at).copied().unwrap_or(u32::try_from(at).unwrap_or(u32::MAX));
        let first_of =
            |name: &String| self.sources.iter().position(|source| source.copy_group.as_ref() == Some(name));
        (0..self.sources.len())
            .map(|at| {
                let set = self.sources.get(at).and_then(|source| source.copy_group.as_ref());
                of(set.and_then(first_of).unwrap_or(at))
            })
            .collect()
    }

    fn name(&self, number: u32) -> String {
        self.sources.get(number as usize).map(|source| source.name.clone()).unwrap_or_default()
    }
}

/// The letter that follows from what was learnt.
fn letter(trust: &truth::Trust) -> Reliability {
    admiralty::letter(trust.precision, trust.low, trust.high, trust.decided)
}

/// What conclusions would rest on.
fn trusted(material: &Material, learnt: &truth::Truth, found: &copies::Copies) -> Trusted {
    let mut trusted = Trusted::default();
    for trust in learnt.trust.iter().filter(|trust| !trust.negative && letter(trust) != Reliability::F) {
        let Some(source) = material.sources.get(trust.source as usize) else { continue };
        let p = trust.precision.clamp(1e-6, 1.0 - 1e-6);
        let odds = (p / (1.0 - p)).ln().clamp(BETWEEN.0, BETWEEN.1);
        trusted.odds.push((source.id.0, trust.kind, odds as f32));
    }
    for (at, source) in material.sources.iter().enumerate() {
        let group = found.groups.get(at).copied();
        let together =
            group.is_some_and(|group| found.groups.iter().filter(|one| **one == group).count() > 1);
        if let Some(group) = group.filter(|_| together && source.copy_group.is_none()) {
            trusted.groups.push((source.id.0, group));
        }
    }
    trusted.odds.sort_unstable_by_key(|one| (one.0, one.1));
    trusted.groups.sort_unstable();
    trusted
}

impl App {
    /// Learns how far each source is to be trusted from all claims and from what analysts decided, and keeps that as a
    /// new version. It changes nothing until it is taken into use.
    ///
    /// # Errors
    /// Where the caller is no analyst, or the store cannot be read or written.
    pub fn learn_sources(&self, caller: &Caller) -> Result<SourcesVersion, ServiceError> {
        caller.require(Role::Analyst)?;
        let material = self.material()?;
        let (learnt, found) = material.learn(&[]);
        let card = SourcesCard {
            observables: material.rows.len(),
            decided: material.rows.iter().filter(|(row, _)| row.override_.is_some()).count(),
            sources: learnt
                .trust
                .iter()
                .filter(|trust| !trust.negative)
                .map(|trust| SourceTrust {
                    source: material.name(trust.source),
                    kind: NAMES.get(usize::from(trust.kind)).copied().unwrap_or("other").to_owned(),
                    claims: trust.claims,
                    decided: trust.decided,
                    precision: trust.precision,
                    low: trust.low,
                    high: trust.high,
                    set: material
                        .sources
                        .get(trust.source as usize)
                        .map_or(Reliability::F, |source| source.reliability)
                        .letter(),
                    learnt: letter(trust).letter(),
                    counts: letter(trust) != Reliability::F,
                })
                .collect(),
            copies: found
                .pairs
                .iter()
                .map(|pair| SourceCopies {
                    source: material.name(pair.to),
                    from: material.name(pair.from),
                    score: pair.score,
                    counts: pair.score >= copies::THRESHOLD,
                    reasons: pair.reasons.clone(),
                })
                .collect(),
            check: self.check(&material),
        };
        let internal = |error: serde_json::Error| ServiceError::Internal(Box::new(error));
        let body = serde_json::to_vec(&trusted(&material, &learnt, &found)).map_err(internal)?;
        let text = serde_json::to_string(&card).map_err(internal)?;
        let new = NewModel { task: TASK, body: &body, card: &text };
        let event = r#"{"event":"sources learnt"}"#;
        let version = self.store.put_model(&caller.name(), &new, KEPT, event, self.now())?;
        Ok(SourcesVersion { version, by: caller.name(), made: self.now().to_string(), in_use: false, card })
    }

    /// The versions that are kept of what was learnt of sources, the oldest first.
    ///
    /// # Errors
    /// Where the caller may not read, or the store cannot be read.
    pub fn sources_learnt(&self, caller: &Caller) -> Result<Vec<SourcesVersion>, ServiceError> {
        caller.require(Role::Reader)?;
        let versions = self.store.models(TASK)?.into_iter().filter_map(|model| {
            let card = serde_json::from_str(&model.card).ok()?;
            let made = model.made.to_string();
            Some(SourcesVersion { version: model.number, by: model.by, made, in_use: model.in_use, card })
        });
        Ok(versions.collect())
    }

    /// Takes a version of what was learnt into use, or none: then the letters hold that people set. Everything is
    /// concluded again by and by. Returns how many observables that is.
    ///
    /// # Errors
    /// Where the caller is no administrator, or there is no such version.
    pub fn use_sources(&self, caller: &Caller, version: Option<i64>) -> Result<usize, ServiceError> {
        caller.require(Role::Administrator)?;
        let event = match version {
            Some(version) => format!(r#"{{"event":"sources trusted as learnt","version":{version}}}"#),
            None => r#"{"event":"sources trusted as set"}"#.to_owned(),
        };
        if !self.store.use_model(&caller.name(), TASK, version, &event, self.now())? {
            let version = version.unwrap_or_default();
            return Err(ServiceError::NotFound(format!(
                "no version {version} is kept; `source learnt` lists them"
            )));
        }
        self.repaint()?;
        Ok(self.store.conclude_anew(&caller.name(), None, self.now())?)
    }

    /// Reads all observables with their claims.
    fn material(&self) -> Result<Material, ServiceError> {
        let mut material = Material { sources: self.picture().sources().to_vec(), ..Material::default() };
        let mut cursor = ChangeCursor::default();
        loop {
            let page = self.store.observables_changed(cursor, AT_A_TIME)?;
            for row in page.changes.into_iter().filter_map(|change| change.row) {
                let claims = self.store.claims(row.id)?;
                material.against.push(self.against(&row.observable));
                material.rows.push((row, claims));
            }
            cursor = page.reached;
            if !page.more {
                return Ok(material);
            }
        }
    }

    /// What warninglists for false positives take away.
    fn against(&self, observable: &Observable) -> f32 {
        let hits = self.tables.warninglists.hits(observable);
        let hit = hits.iter().any(|hit| hit.effect == rempart_matching::Effect::FalsePositive);
        if hit { Weights::shipped().false_positive as f32 } else { 0.0 }
    }

    /// How well decided observables are told that were left out.
    fn check(&self, material: &Material) -> Option<TrustCheck> {
        let left_out = material.left_out();
        if left_out.len() < 5 {
            return None;
        }
        let (learnt, found) = material.learn(&left_out);
        let trusted = trusted(material, &learnt, &found);
        let mut sums = [0.0f64; 2];
        for (sum, trust) in sums.iter_mut().zip([Trusted::default(), trusted]) {
            let judge = Judge::new(self.picture(), self.tables.clone()).trusting(trust);
            for (row, claims) in left_out.iter().filter_map(|at| material.rows.get(*at)) {
                let given = f64::from(judge.told_by(&row.observable, claims, self.now()).probability);
                let is = row.override_.as_ref().is_some_and(|decision| decision.malicious);
                *sum += (given - f64::from(u8::from(is))).powi(2);
            }
        }
        let count = left_out.len() as f64;
        Some(TrustCheck { observables: left_out.len(), as_set: sums[0] / count, as_learnt: sums[1] / count })
    }
}

/// What is in use.
pub(crate) fn in_use(store: &rempart_store::Store) -> Result<Trusted, ServiceError> {
    Ok(store.model_in_use(TASK)?.map(|model| Trusted::read(&model)).unwrap_or_default())
}
