//! How usual the letters of a name are: a model of three letters in a row, smoothed by those of two and of one.

/// Signs that are told apart: `a` to `z`, `0` to `9`, `-`, everything else, and the bounds of a name.
pub const SIGNS: usize = 39;
const BOUND: usize = 38;

/// The number of a sign.
pub fn sign(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a'),
        b'0'..=b'9' => 26 + usize::from(byte - b'0'),
        b'-' => 36,
        _ => 37,
    }
}

/// Sixteenths of nats by which a sign is less usual than certain, after each two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// `SIGNS`³ numbers: first, second, third.
    pub costs: Vec<u8>,
}

/// What a name's letters tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usual {
    /// The mean cost of a sign, in nats.
    pub mean: f32,
    /// The mean of its costliest quarter.
    pub worst: f32,
}

impl Letters {
    /// Counts the names of a list, each once.
    pub fn train<'n>(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut three = vec![0u32; SIGNS * SIGNS * SIGNS];
        let mut two = vec![0u32; SIGNS * SIGNS];
        let mut one = vec![1u32; SIGNS];
        for name in names {
            let (mut first, mut second) = (BOUND, BOUND);
            for third in name.iter().map(|byte| sign(*byte)).chain([BOUND]) {
                add(&mut three, (first * SIGNS + second) * SIGNS + third);
                add(&mut two, second * SIGNS + third);
                add(&mut one, third);
                (first, second) = (second, third);
            }
        }
        let total: f64 = one.iter().map(|count| f64::from(*count)).sum();
        let of_one = |third: usize| f64::from(at(&one, third)) / total;
        let sum = |counts: &[u32], start: usize| -> f64 {
            counts.get(start..start + SIGNS).unwrap_or_default().iter().map(|count| f64::from(*count)).sum()
        };
        // Witten and Bell's smoothing with a fixed weight for what is shorter.
        let mut costs = Vec::with_capacity(three.len());
        for first in 0..SIGNS {
            for second in 0..SIGNS {
                let start = (first * SIGNS + second) * SIGNS;
                let (all_three, all_two) = (sum(&three, start), sum(&two, second * SIGNS));
                for third in 0..SIGNS {
                    let short = (f64::from(at(&two, second * SIGNS + third)) + 20.0 * of_one(third))
                        / (all_two + 20.0);
                    let long = (f64::from(at(&three, start + third)) + 20.0 * short) / (all_three + 20.0);
                    costs.push((-long.ln() * 16.0).round().clamp(0.0, 255.0) as u8);
                }
            }
        }
        Self { costs }
    }

    /// How usual a name is.
    pub fn usual(&self, name: &[u8]) -> Usual {
        Usual::of(&self.costs, name)
    }
}

impl Usual {
    /// How usual a name is by a table of costs.
    pub fn of(table: &[u8], name: &[u8]) -> Self {
        let mut costs = [0u8; 65];
        let mut count = 0;
        for (slot, cost) in costs.iter_mut().zip(sixteenths(table, name)) {
            *slot = cost;
            count += 1;
        }
        let costs = costs.get_mut(..count).unwrap_or_default();
        let mean = |costs: &[u8]| {
            costs.iter().map(|cost| f32::from(*cost)).sum::<f32>() / (16.0 * costs.len().max(1) as f32)
        };
        let whole = mean(costs);
        costs.sort_unstable_by(|a, b| b.cmp(a));
        Self { mean: whole, worst: mean(costs.get(..count.div_ceil(4)).unwrap_or_default()) }
    }
}

/// What each sign of a name costs after those before it, in nats, and its end at last; of 64 signs at most.
pub fn costs<'n>(table: &'n [u8], name: &'n [u8]) -> impl Iterator<Item = f32> + 'n {
    sixteenths(table, name).map(|cost| f32::from(cost) / 16.0)
}

fn sixteenths<'n>(table: &'n [u8], name: &'n [u8]) -> impl Iterator<Item = u8> + 'n {
    let (mut first, mut second) = (BOUND, BOUND);
    name.iter().take(64).map(|byte| sign(*byte)).chain([BOUND]).map(move |third| {
        let cost = table.get((first * SIGNS + second) * SIGNS + third).copied().unwrap_or(255);
        (first, second) = (second, third);
        cost
    })
}

fn at(counts: &[u32], place: usize) -> u32 {
    counts.get(place).copied().unwrap_or(0)
}

fn add(counts: &mut [u32], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_more_usual_than_what_was_not() {
        let names = ["shopping", "shop-online", "onlineshop", "stopping"];
        let letters = Letters::train(names.iter().map(|name| name.as_bytes()));
        assert!(letters.usual(b"shop").mean < letters.usual(b"xqzv").mean);
        assert!(letters.usual(b"shopxqzv").worst > letters.usual(b"shop").worst);
        let _ = letters.usual(&[0xff; 300]);
        let _ = letters.usual(b"");
    }
}
