//! The numbers of the assessment: what evidence is worth, in log-odds, and how long it lasts.

use rempart_matching::Effect;
use rempart_model::{Category, Kind, Reliability, Stance};

/// Below this probability an observable is not held for malicious, by default.
pub const LOWER: f32 = 0.35;

/// From this probability on it is so with high confidence, by default. One source of reliability C
/// does not reach it, whatever its confidence; two independent ones do.
pub const HIGH: f32 = 0.75;

/// All evidence together moves the odds by at most this much, so that nothing is ever certain.
pub const LIMIT: f64 = 6.0;

/// How long a benign claim without an end of its own holds, in seconds.
pub const BENIGN_SECONDS: i64 = 365 * 86_400;

/// The log-odds that a value which somebody reports is malicious, before it is asked who reports
/// it: lower for kinds that are shared or change hands.
pub fn prior(kind: &Kind) -> f64 {
    match kind {
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => -1.0,
        Kind::Url => -1.2,
        Kind::Domain | Kind::Other(_) => -1.4,
        Kind::Ipv4 | Kind::Ipv6 | Kind::Email | Kind::Cve => -1.6,
        Kind::Cidr => -1.8,
        Kind::Asn => -2.5,
    }
}

/// What a claim is worth when it is fresh, without its sign.
pub fn strength(reliability: Reliability, confidence: Option<u8>, stance: Stance) -> f64 {
    let trust = match reliability {
        Reliability::A => 4.0,
        Reliability::B => 3.2,
        Reliability::C => 2.4,
        // It cannot be judged: less than fairly reliable, more than not usually reliable.
        Reliability::F => 2.1,
        Reliability::D => 1.2,
        Reliability::E => 0.4,
    };
    let sure = confidence.map_or(0.75, |value| 0.1 + 0.9 * f64::from(value.min(100)) / 100.0);
    // That something was seen in the context of an incident says little about the thing.
    let said = if stance == Stance::Observed { 0.15 } else { 1.0 };
    trust * sure * said
}

/// After how many seconds a claim is worth half.
pub fn half_life(kind: &Kind, category: Category) -> f64 {
    let days = match kind {
        Kind::Ipv4 | Kind::Ipv6 => 7.0,
        Kind::Url => 5.0,
        Kind::Cidr => 30.0,
        Kind::Domain => 45.0,
        Kind::Email => 90.0,
        Kind::Asn | Kind::Other(_) => 180.0,
        // A file does not change.
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Cve => 3650.0,
    };
    let networked = matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Url | Kind::Domain | Kind::Cidr);
    let factor = match category {
        // Infected machines and their addresses move on; a server that commands them stays.
        Category::Scanner
        | Category::BruteForce
        | Category::Spam
        | Category::Ddos
        | Category::InfectedSystem => 0.5,
        Category::Phishing => 0.6,
        Category::C2Server => 2.0,
        _ => 1.0,
    };
    days * 86_400.0 * if networked { factor } else { 1.0 }
}

/// What a hit on a warninglist takes away. Several lists of one effect take away once: they overlap.
pub fn warning(effect: Effect) -> f64 {
    match effect {
        Effect::FalsePositive => 2.2,
        Effect::Known => 0.6,
    }
}
