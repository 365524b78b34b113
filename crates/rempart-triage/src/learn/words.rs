//! The words that a name is made of: the likeliest way to divide it (Viterbi), by a list of words that is learnt from
//! names themselves (as unigram word pieces are: Kudo 2018, arXiv:1804.10959).

use std::collections::HashMap;

use super::features::hash;

/// The longest word.
pub const LONGEST: usize = 14;
/// The shortest piece that counts as a word.
pub const SHORTEST: usize = 3;
/// What a sign costs, in nats, that is in no word.
const ALONE: f32 = 7.0;

/// Words by hash, and what each costs, in sixteenths of nats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    costs: HashMap<u64, u8>,
}

/// How a name is made of words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Division {
    /// Where each piece begins and ends.
    pub pieces: Vec<(u8, u8)>,
    /// How many of them are words.
    pub words: u8,
    /// How many signs are in words.
    pub covered: u8,
    /// What all pieces cost together, in nats.
    pub cost: f32,
}

impl Words {
    /// From hashes and costs.
    pub fn new(costs: impl IntoIterator<Item = (u64, u8)>) -> Self {
        Self { costs: costs.into_iter().collect() }
    }

    /// Hashes and costs, in order.
    pub fn list(&self) -> Vec<(u64, u8)> {
        let mut list: Vec<(u64, u8)> = self.costs.iter().map(|(word, cost)| (*word, *cost)).collect();
        list.sort_unstable();
        list
    }

    /// What a word costs, in nats: less the more names hold it. `None` for what is no word of the list.
    pub fn cost(&self, word: &[u8]) -> Option<f32> {
        self.costs.get(&hash(b'w', word)).map(|cost| f32::from(*cost) / 16.0)
    }

    /// Learns `most` words from names: pieces that many names hold, then those that names are divided into best.
    pub fn train(names: &[&[u8]], most: usize) -> Self {
        let mut counts: HashMap<&[u8], u32> = HashMap::new();
        for name in names {
            for size in SHORTEST..=LONGEST {
                for piece in name.windows(size).filter(|piece| piece.iter().all(u8::is_ascii_lowercase)) {
                    *counts.entry(piece).or_default() += 1;
                }
            }
        }
        let mut pieces: Vec<(&[u8], f64)> = counts
            .into_iter()
            .filter(|(_, count)| *count >= 12)
            .map(|(piece, count)| (piece, f64::from(count)))
            .collect();
        pieces.sort_unstable_by(|a, b| a.0.cmp(b.0));
        let mut words = Self::from_counts(&pieces);
        for round in 0..4 {
            let mut used: HashMap<&[u8], u32> = HashMap::new();
            for name in names {
                for (from, to) in words.divide(name).pieces {
                    let piece = name.get(usize::from(from)..usize::from(to)).unwrap_or_default();
                    if piece.len() >= SHORTEST {
                        *used.entry(piece).or_default() += 1;
                    }
                }
            }
            let mut kept: Vec<(&[u8], f64)> = used
                .into_iter()
                .filter(|(_, count)| *count >= 3)
                .map(|(piece, count)| (piece, f64::from(count)))
                .collect();
            kept.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
            if round == 3 {
                kept.truncate(most);
            }
            words = Self::from_counts(&kept);
        }
        words
    }

    fn from_counts(pieces: &[(&[u8], f64)]) -> Self {
        let total: f64 = pieces.iter().map(|(_, count)| count).sum();
        Self::new(pieces.iter().map(|(piece, count)| {
            (hash(b'w', piece), (-(count / total).ln() * 16.0).round().clamp(0.0, 255.0) as u8)
        }))
    }

    /// The cheapest way to divide a name.
    pub fn divide(&self, name: &[u8]) -> Division {
        let name = name.get(..name.len().min(63)).unwrap_or_default();
        // What it costs to come to each place, and where the piece that ends there begins.
        let mut best = [(0.0f32, 0u8); 64];
        for end in 1..=name.len() {
            let before = best.get(end - 1).map_or(0.0, |best| best.0);
            let plain = name.get(end - 1).is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'));
            let mut found = (before + if plain { 2.0 } else { ALONE }, (end - 1) as u8);
            for start in end.saturating_sub(LONGEST)..=end.saturating_sub(SHORTEST) {
                let Some(piece) = name.get(start..end) else { continue };
                if piece.len() < SHORTEST {
                    continue;
                }
                if let Some(cost) = self.costs.get(&hash(b'w', piece)) {
                    let cost = best.get(start).map_or(0.0, |best| best.0) + f32::from(*cost) / 16.0;
                    if cost < found.0 {
                        found = (cost, start as u8);
                    }
                }
            }
            if let Some(slot) = best.get_mut(end) {
                *slot = found;
            }
        }
        let mut division =
            Division { cost: best.get(name.len()).map_or(0.0, |best| best.0), ..Division::default() };
        let mut end = name.len();
        while end > 0 {
            let start = best.get(end).map_or(end - 1, |best| usize::from(best.1)).min(end - 1);
            if end - start >= SHORTEST {
                division.words += 1;
                division.covered += (end - start) as u8;
            }
            division.pieces.push((start as u8, end as u8));
            end = start;
        }
        division.pieces.reverse();
        division
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_names_of_words() {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for first in ["shop", "bank", "news", "cloud"] {
            for second in ["online", "world", "europe", "market", "store", "media"] {
                names.push(format!("{first}{second}").into_bytes());
                names.push(format!("{second}{first}").into_bytes());
                names.push(format!("{second}-{first}7").into_bytes());
            }
        }
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let words = Words::train(&names, 100);
        let division = words.divide(b"bankmedia");
        assert_eq!(division.pieces, [(0, 4), (4, 9)], "{division:?}");
        assert_eq!((division.words, division.covered), (2, 9));
        assert_eq!(words.divide(b"xqzvkw").words, 0);
        assert_eq!(words, Words::train(&names, 100));
        let _ = words.divide(&[b'a'; 300]);
    }
}
