//! The release guard: what stands before anything is published as blocked.
//!
//! Each rule is a small function that says nothing, or why a candidate is refused. The default is to refuse: what no
//! rule speaks of, because nothing blocks such a value, is refused too. Rules have the names of the
//! safeguards that `docs/understand/guard.md` lists.

mod grounds;
mod lists;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use rempart_model::{BlockClass, Kind, Observable, Timestamp};

pub use grounds::{Above, Grounds, Protected};
pub use lists::{LISTS, Listing, listing};

/// Something that might be blocked.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// What.
    pub target: &'a Observable,
    /// In which class.
    pub class: BlockClass,
    /// How probably it is malicious, from 0 to 1, by what is released to the public alone.
    pub probability: f32,
    /// From which probability on the class is blocked.
    pub threshold: f32,
    /// Whether a claim that may be told to the public, and acted on in the open, supports it.
    pub is_released: bool,
    /// Whether somebody saw the very value, rather than computing it.
    pub is_observed: bool,
    /// Whether a person has decided that it is malicious.
    pub is_decided: bool,
    /// Why, in words for the public.
    pub reason: &'a str,
    /// Until when it is held to be malicious.
    pub valid_until: Option<Timestamp>,
}

/// A safeguard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A public or private suffix, a name above one, or a shared platform's own name.
    S1,
    /// An address that may be shared by many.
    S5,
    /// Infrastructure that others rest on.
    S6,
    /// A host that leads elsewhere, or where anybody can leave something.
    S7,
    /// A name that was computed and never seen.
    S8,
    /// A popular name.
    P1,
    /// A protected name or address.
    P2,
    /// Something that is often reported by mistake.
    P3,
    /// A sinkhole, a researcher, an exercise.
    P4,
    /// What may not be told to the public.
    E4,
    /// No reason, or no time left.
    H7,
    /// Too improbable for the output.
    Threshold,
    /// Nothing that can be blocked.
    Kind,
}

impl Rule {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Rule::S1 => "S1",
            Rule::S5 => "S5",
            Rule::S6 => "S6",
            Rule::S7 => "S7",
            Rule::S8 => "S8",
            Rule::P1 => "P1",
            Rule::P2 => "P2",
            Rule::P3 => "P3",
            Rule::P4 => "P4",
            Rule::E4 => "E4",
            Rule::H7 => "H7",
            Rule::Threshold => "threshold",
            Rule::Kind => "kind",
        }
    }
}

/// Why a candidate is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// By which rule.
    pub rule: Rule,
    /// Whether a person may decide otherwise, by holding the value to be malicious.
    pub asks_a_person: bool,
    /// Why, in words for an analyst.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.reason)?;
        if self.asks_a_person {
            f.write_str("; an analyst's decision that it is malicious lets it through")?;
        }
        Ok(())
    }
}

/// Days after which a block ends without a fresh look, by what is blocked (rule H7).
pub fn days(target: &Kind, class: BlockClass) -> i64 {
    match (target, class) {
        (Kind::Ipv4 | Kind::Ipv6, _) => 1,
        (Kind::Url, _) => 7,
        (Kind::Domain, BlockClass::Malware) => 90,
        (Kind::Domain, _) => 30,
        _ => MOST_DAYS,
    }
}

/// No block is longer than this (rule H7).
pub const MOST_DAYS: i64 = 183;

/// Until when a candidate may be blocked, or why it may not be. All refusals are told, the rules in order.
///
/// # Errors
/// Where a rule refuses it.
pub fn judge(
    candidate: &Candidate<'_>,
    grounds: &Grounds<'_>,
    now: Timestamp,
) -> Result<Timestamp, Vec<Refusal>> {
    let mut refusals: Vec<Refusal> = Vec::new();
    for rule in rules::RULES {
        rule(candidate, grounds, now, &mut |rule, asks_a_person, reason| {
            if !(asks_a_person && candidate.is_decided) {
                refusals.push(Refusal { rule, asks_a_person, reason });
            }
        });
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(end(candidate, now))
}

/// When a block that begins now ends.
fn end(candidate: &Candidate<'_>, now: Timestamp) -> Timestamp {
    let days = days(candidate.target.kind(), candidate.class).min(MOST_DAYS);
    let most = now.plus_seconds(days * 86_400);
    candidate.valid_until.map_or(most, |until| until.min(most))
}

/// Growth up to this size needs nobody's leave.
const SMALL: usize = 1_000;

/// Whether an output that held `before` entries and would hold `after` has to wait for a person: it would be larger
/// by more than a fifth, and is not small.
pub fn grows_too_much(before: usize, after: usize) -> bool {
    after > SMALL && after.saturating_sub(before) > before / 5
}

/// So few upheld appeals are no sign of anything.
const FEW: u64 = 3;

/// Why nothing more is published until a person has looked (rule H5): of `blocks` in the last seven days, so many were
/// upheld on appeal, or turned out to be popular after they were published.
pub fn frozen(blocks: u64, upheld: u64, popular: u64) -> Option<&'static str> {
    if popular > 0 {
        return Some("H5: a popular name was blocked in the last seven days");
    }
    (upheld >= FEW && upheld.saturating_mul(100) > blocks)
        .then_some("H5: more than one in a hundred blocks of the last seven days was taken back on appeal")
}
