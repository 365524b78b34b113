//! From what was learnt to the Admiralty code: a letter for the source, a digit for the information.
//!
//! | letter | precision at least | lower end of its 90 % interval at least |
//! |---|---|---|
//! | A | 0.95 | 0.90 |
//! | B | 0.85 | 0.75 |
//! | C | 0.70 | 0.55 |
//! | D | 0.50 | 0.35 |
//! | E | below | below |
//! | F | fewer than 20 decided claims, or an interval wider than 0.35 | |
//!
//! | digit | probability at least | independent groups at least |
//! |---|---|---|
//! | 1 | 0.90 | 2 |
//! | 2 | 0.75 | 1 |
//! | 3 | 0.50 | 1 |
//! | 4 | 0.25 | 1 |
//! | 5 | below | 1 |
//! | 6 | nothing was said that counts | 0 |
//!
//! The constants below are what counts; the tables repeat them and a test compares them.

use rempart_model::Reliability;

/// What a fresh, wholly sure claim is worth over the kind's prior before anything is learnt, in log-odds.
pub fn configured(letter: Reliability) -> f64 {
    match letter {
        Reliability::A => 2.6,
        Reliability::B => 1.8,
        Reliability::C => 1.0,
        Reliability::D => -0.2,
        Reliability::E => -1.0,
        Reliability::F => 0.7,
    }
}

/// Letter, precision at least, lower end of the interval at least. The first row that fits decides; E if none.
pub const LETTERS: [(Reliability, f64, f64); 4] = [
    (Reliability::A, 0.95, 0.90),
    (Reliability::B, 0.85, 0.75),
    (Reliability::C, 0.70, 0.55),
    (Reliability::D, 0.50, 0.35),
];

/// With fewer decided claims a source cannot be judged.
pub const LEAST_DECIDED: u32 = 20;

/// With a wider interval a source cannot be judged.
pub const WIDEST: f64 = 0.35;

/// Digit, probability at least, independent groups at least. The first row that fits decides; 5 if none.
pub const DIGITS: [(u8, f64, u16); 4] = [(1, 0.90, 2), (2, 0.75, 1), (3, 0.50, 1), (4, 0.25, 1)];

/// The letter of a source whose claims are true with the share `precision`, between `low` and `high` with
/// 90 % certainty, `decided` of them with the say of somebody else. What is no number gives F.
pub fn letter(precision: f64, low: f64, high: f64, decided: u32) -> Reliability {
    let wide = !matches!((high - low).partial_cmp(&WIDEST), Some(std::cmp::Ordering::Less));
    if decided < LEAST_DECIDED || wide || precision.is_nan() {
        return Reliability::F;
    }
    LETTERS
        .iter()
        .find(|(_, least, lower)| precision >= *least && low >= *lower)
        .map_or(Reliability::E, |(letter, _, _)| *letter)
}

/// The digit of something that is true with `probability` and that `groups` independent groups of sources say.
pub fn digit(probability: f64, groups: u16) -> u8 {
    if groups == 0 || probability.is_nan() {
        return 6;
    }
    DIGITS
        .iter()
        .find(|(_, least, voices)| probability >= *least && groups >= *voices)
        .map_or(5, |(digit, _, _)| *digit)
}

/// The 90 % interval of a share (Wilson 1927) that `number` cases gave.
pub fn wilson(share: f64, number: f64) -> (f64, f64) {
    const Z: f64 = 1.644_853_627;
    let number = number.max(1e-9);
    let scale = 1.0 + Z * Z / number;
    let middle = (share + Z * Z / (2.0 * number)) / scale;
    let half = Z * (share * (1.0 - share) / number + Z * Z / (4.0 * number * number)).sqrt() / scale;
    ((middle - half).max(0.0), (middle + half).min(1.0))
}
