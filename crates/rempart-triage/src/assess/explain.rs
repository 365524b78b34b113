//! Why the conclusion is what it is, in words and in data.

use std::fmt;

use rempart_matching::{Effect, Hit};
use rempart_model::{Category, Reliability, Stance, Timestamp};

use super::curve::{Part, Voices, left_open, parts};
use super::weights::Weights;
use super::{Assessment, ClaimView, Override, Policy, Subject, assess};

/// The conclusion and all that led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The same conclusion that [`assess`] comes to.
    pub assessment: Assessment,
    /// What led to it, the weightiest first within each sort of reason.
    pub reasons: Vec<Reason>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// It counts.
    Counted,
    /// A stronger claim of the same source, or of one that copies from it, stands for it.
    Covered,
    /// It only begins later.
    NotYet,
    /// It has ended.
    Ended,
}

/// One thing that led to a conclusion. Weights are log-odds.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Where all begins and ends: a value of this kind of which nobody speaks any more.
    Prior {
        /// The kind.
        kind: Box<str>,
        /// Its log-odds.
        weight: f64,
    },
    /// A claim.
    Claim {
        /// Its place among the claims that were given.
        index: usize,
        /// Who says it.
        source: u32,
        /// How far the source is trusted, as somebody set it.
        reliability: Reliability,
        /// The share of its claims that come true, where that was learnt.
        learnt: Option<f64>,
        /// What it says.
        stance: Stance,
        /// Of which kind of incident.
        category: Category,
        /// The source's own confidence.
        confidence: Option<u8>,
        /// Over how many days the source has seen it.
        seen_days: f64,
        /// Whether a stronger independent voice says the same, so that this one adds only a share.
        further: bool,
        /// Since when it has been fading, in days.
        age_days: f64,
        /// After how many days it is worth half; `None` where it does not fade.
        half_life_days: Option<f64>,
        /// What it is worth now, with its sign.
        weight: f64,
        /// What became of it.
        state: ClaimState,
    },
    /// How the value looks.
    Looks {
        /// In words.
        why: Box<str>,
        /// What that adds or takes away.
        weight: f64,
    },
    /// It stands on a warninglist.
    Warning {
        /// The list's name.
        list: Box<str>,
        /// What the list means.
        effect: Effect,
        /// What it takes away; 0 where another list of the same effect has done so.
        weight: f64,
    },
    /// An analyst decided.
    Override {
        /// For malicious or for benign.
        malicious: bool,
        /// Who.
        by: Box<str>,
        /// Why.
        reason: Box<str>,
    },
}

/// Concludes as [`assess`] does, and says why.
pub fn explain<'a>(
    subject: impl Into<Subject<'a>>,
    claims: &[ClaimView],
    warnings: &[Hit<'_>],
    override_: Option<&Override<'_>>,
    policy: &Policy,
    now: Timestamp,
) -> Explanation {
    let subject = subject.into();
    let (kind, weights) = (subject.kind, policy.weights());
    let mut reasons = Vec::with_capacity(claims.len() + warnings.len() + 2);
    if let Some(decision) = override_ {
        reasons.push(Reason::Override {
            malicious: decision.malicious,
            by: decision.by.into(),
            reason: decision.reason.into(),
        });
    }
    reasons.push(Reason::Prior { kind: kind.name().into(), weight: weights.prior(kind) });
    reasons.extend(subject.looks.map(|looks| Reason::Looks { why: looks.why.into(), weight: looks.weight }));
    reasons.extend(claim_reasons(weights, &subject, claims, now));
    let mut taken = Vec::new();
    for hit in warnings {
        let first = !taken.contains(&hit.effect);
        taken.push(hit.effect);
        let weight = if first { -weights.warning(hit.effect) } else { 0.0 };
        reasons.push(Reason::Warning { list: hit.list.into(), effect: hit.effect, weight });
    }
    Explanation { assessment: assess(subject, claims, warnings, override_, policy, now), reasons }
}

fn claim_reasons(
    weights: &Weights,
    subject: &Subject<'_>,
    claims: &[ClaimView],
    now: Timestamp,
) -> Vec<Reason> {
    let (kind, prior) = (subject.kind, subject.prior(weights));
    let mut parts: Vec<(usize, &ClaimView, Part, f64)> = claims
        .iter()
        .zip(self::parts(weights, kind, claims))
        .enumerate()
        .map(|(index, (claim, part))| (index, claim, part, part.at(now)))
        .collect();
    parts.sort_by(|a, b| b.3.total_cmp(&a.3).then(a.0.cmp(&b.0)));
    // (group, sign) of those that count already; what only passes on counts where nobody else speaks.
    let mut counted: Vec<(u64, bool)> = Vec::new();
    let mut strongest = [0.0f64; 2];
    let mut voices = [Voices::new(prior), Voices::new(prior)];
    // What further voices close of the doubt, as logarithms, which add up.
    let mut closed = [0.0f64; 2];
    for (at, (_, _, part, worth)) in parts.iter().enumerate().filter(|(_, (_, _, part, _))| !part.republishes)
    {
        let side = usize::from(part.negative);
        let same = |other: &(usize, &ClaimView, Part, f64)| {
            !other.2.republishes && other.2.group == part.group && other.2.negative == part.negative
        };
        // The strongest of a group comes first and stands for it.
        if *worth <= 0.0 || parts.iter().take(at).any(same) {
            continue;
        }
        voices[side].add(*worth, 0.0);
        if strongest[side] > 0.0 {
            closed[side] -= left_open(prior, *worth).ln();
        }
        strongest[side] = strongest[side].max(*worth);
    }
    for (_, _, part, worth) in parts.iter().filter(|(_, _, part, _)| part.republishes) {
        voices[usize::from(part.negative)].add(0.0, *worth);
    }
    let mut passed_on = [false; 2];
    let reason = |(index, claim, part, worth): (usize, &ClaimView, Part, f64)| {
        let sign = if part.negative { -1.0 } else { 1.0 };
        let (mut state, mut weight, mut further) = (ClaimState::Counted, worth, false);
        if part.start > now {
            state = ClaimState::NotYet;
        } else if !part.holds(now) {
            state = ClaimState::Ended;
        } else if part.republishes {
            let first = !std::mem::replace(&mut passed_on[usize::from(part.negative)], true);
            let side = usize::from(part.negative);
            weight = if first { voices[side].sum() - voices[side].own() } else { 0.0 };
            state = if weight > 0.0 { ClaimState::Counted } else { ClaimState::Covered };
        } else if counted.contains(&(part.group, part.negative)) {
            (state, weight) = (ClaimState::Covered, 0.0);
        } else {
            // The strongest comes first.
            further = counted.iter().any(|(_, negative)| *negative == part.negative);
            counted.push((part.group, part.negative));
            let side = usize::from(part.negative);
            if further && worth > 0.0 {
                // What further voices add together, in the proportion of what each closes of the doubt.
                let share = -left_open(prior, worth).ln() / closed[side].max(f64::MIN_POSITIVE);
                weight = (voices[side].own() - strongest[side]) * share;
            }
        }
        let days = (now.micros() - part.anchor.micros()) as f64 / 86_400e6;
        Reason::Claim {
            index,
            source: claim.source,
            reliability: claim.reliability,
            learnt: claim.learnt.map(|odds| 1.0 / (1.0 + (-f64::from(odds)).exp())),
            stance: claim.stance,
            category: claim.category,
            confidence: claim.confidence,
            seen_days: part.days,
            further,
            age_days: days.max(0.0),
            half_life_days: (!part.negative).then(|| weights.half_life(kind, claim.category) / 86_400.0),
            weight: sign * weight,
            state,
        }
    };
    parts.into_iter().map(reason).collect()
}

impl Reason {
    /// What it adds to the log-odds, or takes away.
    pub fn weight(&self) -> f64 {
        match self {
            Reason::Prior { weight, .. }
            | Reason::Looks { weight, .. }
            | Reason::Claim { weight, .. }
            | Reason::Warning { weight, .. } => *weight,
            Reason::Override { .. } => 0.0,
        }
    }
}

impl fmt::Display for Reason {
    /// In words. A source is named by whoever knows its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Prior { kind, weight } => {
                write!(f, "a value of kind {kind} of which nobody speaks any more is at {weight:+.2}")
            }
            Reason::Looks { why, weight } => write!(f, "{why}: {weight:+.2}"),
            Reason::Claim {
                reliability,
                learnt,
                seen_days,
                further,
                stance,
                category,
                confidence,
                age_days,
                half_life_days,
                weight,
                state,
                ..
            } => {
                let says = match stance {
                    Stance::Malicious => "says it is malicious",
                    Stance::Observed => "has seen it in an incident",
                    Stance::Benign => "says it is harmless",
                };
                match learnt {
                    Some(share) => {
                        write!(
                            f,
                            "a source that is right in {:.0} % of what it reports of this kind {says}",
                            share * 100.0
                        )?;
                    }
                    None => write!(f, "a source of reliability {} {says}", reliability.letter())?,
                }
                if *category != Category::Other {
                    write!(f, " ({})", category.name())?;
                }
                match confidence {
                    Some(confidence) => write!(f, ", confidence {confidence}")?,
                    None => write!(f, ", without saying how sure it is")?,
                }
                match state {
                    ClaimState::NotYet => return write!(f, "; it begins later"),
                    ClaimState::Ended => return write!(f, "; it has ended"),
                    ClaimState::Covered => {
                        return write!(f, "; a stronger claim from the same origin stands for it");
                    }
                    ClaimState::Counted => {}
                }
                if *seen_days >= 1.0 {
                    write!(f, ", seen over {seen_days:.0} days")?;
                }
                if let Some(half_life) = half_life_days {
                    write!(f, ", {age_days:.1} days ago (worth half every {half_life:.0} days)")?;
                }
                if *further {
                    write!(f, "; a stronger voice says so too, so this adds a share")?;
                }
                write!(f, ": {weight:+.2}")
            }
            Reason::Warning { list, effect, weight } => {
                let meaning = match effect {
                    Effect::FalsePositive => "often reported by mistake",
                    Effect::Known => "known, look twice",
                };
                write!(f, "it stands on the warninglist \"{list}\" ({meaning}): {weight:+.2}")
            }
            Reason::Override { malicious, by, reason } => {
                let verdict = if *malicious { "malicious" } else { "benign" };
                write!(f, "{by} decided that it is {verdict}: {reason}")
            }
        }
    }
}
