//! Near-duplicates: reports and events that say almost the same.
//!
//! MinHash (Broder 1997, doi:10.1109/SEQUEN.1997.666900) estimates how many of their parts two texts or sets
//! share, banding (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, 3.4) finds candidates without
//! comparing all, SimHash (Charikar 2002, doi:10.1145/509907.509965) makes 64 bits of which near texts share
//! most.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{hash_value, mix};

/// How many hash functions a signature has. The standard error of a similarity s is sqrt(s (1 - s) / 128):
/// at most 0.045.
pub const PERMUTATIONS: usize = 128;
/// Bands of four: two sets of similarity s meet in one with the probability `1 - (1 - s^4)^32`: 0.87 for
/// s = 0.5, above 0.999 from s = 0.68 on, 0.05 for s = 0.2.
pub const BANDS: usize = 32;
const ROWS: usize = PERMUTATIONS / BANDS;
/// A bucket holds no more than this: what so many share is boilerplate.
const BUCKET: usize = 256;
/// The length of the parts of texts, in characters.
const SHINGLE: usize = 5;

/// The parts of a text: every five neighbouring characters, in lowercase, with white space of any length as
/// one blank; of a shorter text the text itself. Each once, as hashes.
pub fn shingles(text: &str) -> BTreeSet<u64> {
    let mut characters: Vec<char> = Vec::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        if !character.is_whitespace() {
            characters.push(character);
        } else if characters.last().is_some_and(|last| *last != ' ') {
            characters.push(' ');
        }
    }
    if characters.last() == Some(&' ') {
        characters.pop();
    }
    let hash = |part: &[char]| hash_value(0, part.iter().collect::<String>().as_bytes());
    if characters.is_empty() {
        return BTreeSet::new();
    }
    if characters.len() < SHINGLE {
        return BTreeSet::from([hash(&characters)]);
    }
    characters.windows(SHINGLE).map(hash).collect()
}

/// The parts of an event: its observables, or other values.
pub fn set<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<u64> {
    values.into_iter().map(|value| hash_value(0, value.as_bytes())).collect()
}

/// What is kept of a set to compare it: for each of the hash functions the smallest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature([u32; PERMUTATIONS]);

impl Signature {
    /// Of the parts of a text or an event; `None` where there are none.
    pub fn of(parts: &BTreeSet<u64>) -> Option<Self> {
        if parts.is_empty() {
            return None;
        }
        let mut least = [u32::MAX; PERMUTATIONS];
        for part in parts {
            for (number, least) in (0_u64..).zip(&mut least) {
                // An odd factor and the upper half: a universal family (Dietzfelbinger et al. 1997).
                let hash = part.wrapping_mul(mix(number) | 1).wrapping_add(mix(!number));
                #[allow(clippy::cast_possible_truncation, reason = "the upper half")]
                let hash = (hash >> 32) as u32;
                *least = (*least).min(hash);
            }
        }
        Some(Self(least))
    }

    /// The estimate of the Jaccard similarity: of all parts of both, the share that both have, 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "at most 128")]
    pub fn similarity(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count() as f64 / PERMUTATIONS as f64
    }

    fn bands(&self) -> impl Iterator<Item = u64> + '_ {
        (0_u64..)
            .zip(self.0.chunks(ROWS))
            .map(|(band, rows)| rows.iter().fold(mix(band), |hash, row| mix(hash ^ u64::from(*row))))
    }
}

/// Finds what is near among all that was added.
#[derive(Debug, Clone, Default)]
pub struct Near {
    buckets: BTreeMap<u64, Vec<u32>>,
    entries: Vec<(u64, Signature)>,
}

impl Near {
    /// Adds a text or an event under its id.
    pub fn add(&mut self, id: u64, signature: Signature) {
        let Ok(number) = u32::try_from(self.entries.len()) else { return };
        self.entries.push((id, signature));
        for band in signature.bands() {
            let bucket = self.buckets.entry(band).or_default();
            if bucket.len() < BUCKET {
                bucket.push(number);
            }
        }
    }

    /// What is at least so similar, the most similar first; of equal ones the smaller id first.
    pub fn find(&self, signature: &Signature, least: f64) -> Vec<(u64, f64)> {
        let mut candidates: Vec<u32> =
            signature.bands().filter_map(|band| self.buckets.get(&band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut near: Vec<(u64, f64)> = candidates
            .into_iter()
            .filter_map(|number| self.entries.get(number as usize))
            .map(|(id, other)| (*id, signature.similarity(other)))
            .filter(|(_, similarity)| *similarity >= least)
            .collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// 64 bits that near sets mostly share: each bit is what most hashes of the parts have there.
pub fn simhash(parts: &BTreeSet<u64>) -> u64 {
    let mut votes = [0_i32; 64];
    for part in parts {
        let hash = mix(*part);
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if (hash >> bit) & 1 == 1 { 1 } else { -1 };
        }
    }
    votes.iter().enumerate().filter(|(_, vote)| **vote > 0).fold(0, |bits, (bit, _)| bits | (1 << bit))
}

/// In how many of 64 bits two [`simhash`]es differ. Texts that differ in a few words differ in few.
pub fn distance(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "The actor registered forty domains in one afternoon at the same registrar, with \
        certificates of one issuer, and used them for two days to collect the passwords of officials. The \
        pages copy the login of the ministry; behind them stands a kit that posts what it gets to one address.";

    #[test]
    fn a_copy_with_a_changed_word_is_found() {
        let mut near = Near::default();
        near.add(1, Signature::of(&shingles(REPORT)).unwrap());
        let other = "A ransomware group claims to have taken documents from a manufacturer of pumps.";
        near.add(2, Signature::of(&shingles(other)).unwrap());
        let changed = REPORT.replace("forty", "fifty").to_uppercase().replace(' ', "\n  ");
        let found = near.find(&Signature::of(&shingles(&changed)).unwrap(), 0.8);
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1]);
        let near_bits = distance(simhash(&shingles(REPORT)), simhash(&shingles(&changed)));
        let far_bits = distance(simhash(&shingles(REPORT)), simhash(&shingles(other)));
        assert!(near_bits < 10 && far_bits > 15, "{near_bits} {far_bits}");
    }

    #[test]
    fn the_estimate_is_within_four_standard_errors() {
        for shared in [10_u32, 50, 100, 150, 190] {
            let names =
                |from: u32| (from..from + 200).map(|one| format!("host-{one}.example")).collect::<Vec<_>>();
            let (a, b) = (names(0), names(200 - shared));
            let (a, b) = (set(a.iter().map(String::as_str)), set(b.iter().map(String::as_str)));
            let truth = f64::from(shared) / f64::from(400 - shared);
            let estimate = Signature::of(&a).unwrap().similarity(&Signature::of(&b).unwrap());
            let error = (truth * (1.0 - truth) / 128.0).sqrt();
            assert!((estimate - truth).abs() <= 4.0 * error, "{shared}: {estimate} for {truth}");
        }
    }

    #[test]
    fn nothing_is_near_to_nothing() {
        assert_eq!(Signature::of(&shingles(" \n\t")), None);
        assert!(Near::default().find(&Signature::of(&shingles("x")).unwrap(), 0.0).is_empty());
        assert_eq!(shingles("ab").len(), 1);
    }
}
