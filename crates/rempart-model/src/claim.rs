//! One source says one thing about one observable.

use crate::{Category, Observable, Timestamp};

/// What a claim says of its observable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Stance {
    /// It is malicious: an indicator, a MISP attribute for detection, a line of a blocklist.
    Malicious = 0,
    /// It was seen in the context of an incident, without a judgement.
    Observed = 1,
    /// It is harmless: an allow list, a false-positive sighting.
    Benign = 2,
}

impl Stance {
    /// The stance that was stored as `code`; an unknown code is [`Stance::Observed`].
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Stance::Malicious,
            2 => Stance::Benign,
            _ => Stance::Observed,
        }
    }
}

/// What an object asserts about one observable. Source and marking are the object's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What the claim is about, in canonical form.
    pub observable: Observable,
    /// Malicious, merely observed, or benign.
    pub stance: Stance,
    /// RSIT category, where the source lets one conclude it.
    pub category: Category,
    /// The source's own confidence, 0 to 100; `None` where it gave none.
    pub confidence: Option<u8>,
    /// When the claim begins to hold (first seen, `valid_from`); `None`: when it was taken in.
    pub valid_from: Option<Timestamp>,
    /// When the source itself lets the claim end.
    pub valid_until: Option<Timestamp>,
    /// The latest time that the source saw it, where it said so.
    pub last_seen: Option<Timestamp>,
}

impl Claim {
    /// A claim that `observable` is malicious, with nothing else known.
    pub fn malicious(observable: Observable) -> Self {
        Self {
            observable,
            stance: Stance::Malicious,
            category: Category::Other,
            confidence: None,
            valid_from: None,
            valid_until: None,
            last_seen: None,
        }
    }
}
