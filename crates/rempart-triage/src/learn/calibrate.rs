//! From a score to a probability that holds.

use super::logistic::sigmoid;

/// Platt's scaling: `1 / (1 + exp(-(a · score + b)))`, with his targets (Platt 1999), fitted by Newton's method (Lin, Lin,
/// Weng 2007, doi:10.1007/s10994-007-5018-6).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    /// The slope; never below zero, so that a higher score is never less probable.
    pub a: f32,
    /// The offset.
    pub b: f32,
}

impl Platt {
    /// Fits to scores of a slice that the model has not seen.
    pub fn fit(scores: &[(f32, bool)]) -> Self {
        let positives = scores.iter().filter(|one| one.1).count() as f64;
        let negatives = scores.len() as f64 - positives;
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
        let (mut a, mut b) = (1.0f64, 0.0f64);
        for _ in 0..100 {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
            for (score, is) in scores {
                let score = f64::from(*score);
                let p = 1.0 / (1.0 + (-(a * score + b)).exp());
                let error = p - if *is { high } else { low };
                let w = p * (1.0 - p);
                ga += error * score;
                gb += error;
                haa += w * score * score;
                hab += w * score;
                hbb += w;
            }
            let determinant = haa * hbb - hab * hab;
            if determinant.abs() < 1e-12 {
                break;
            }
            let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
            a -= da.clamp(-1.0, 1.0);
            b -= db.clamp(-1.0, 1.0);
            if da.abs() + db.abs() < 1e-9 {
                break;
            }
        }
        Self { a: a.max(0.0) as f32, b: b as f32 }
    }

    /// The probability of a score.
    pub fn probability(&self, score: f32) -> f32 {
        sigmoid(self.a * score + self.b)
    }
}

/// The closest rising steps to scores and outcomes: pool adjacent violators (Ayer et al. 1955). Returns the lowest
/// score of each step and its share.
pub fn isotonic(scores: &[(f32, bool)]) -> Vec<(f32, f32)> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut steps: Vec<(f32, f64, f64)> = Vec::new();
    for (score, is) in sorted {
        match steps.last_mut().filter(|last| last.0.total_cmp(&score).is_eq()) {
            Some(last) => {
                last.1 += f64::from(u8::from(is));
                last.2 += 1.0;
            }
            None => steps.push((score, f64::from(u8::from(is)), 1.0)),
        }
        while let [.., before, last] = steps.as_slice()
            && before.1 / before.2 > last.1 / last.2
        {
            let merged = (before.0, before.1 + last.1, before.2 + last.2);
            steps.truncate(steps.len() - 2);
            steps.push(merged);
        }
    }
    steps.into_iter().map(|(from, sum, count)| (from, (sum / count) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn platt_finds_the_share_of_each_score() {
        let scores: Vec<(f32, bool)> =
            (0..4000).map(|n| if n % 2 == 0 { (1.0, n % 8 != 0) } else { (-1.0, n % 10 == 1) }).collect();
        let platt = Platt::fit(&scores);
        assert!((platt.probability(1.0) - 0.75).abs() < 0.01, "{platt:?}");
        assert!((platt.probability(-1.0) - 0.2).abs() < 0.01, "{platt:?}");
    }

    proptest! {
        #[test]
        fn steps_rise_and_keep_the_mean(scores in prop::collection::vec((-5.0f32..5.0, any::<bool>()), 1..200)) {
            let steps = isotonic(&scores);
            prop_assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
            let of = |score: f32| steps.iter().rev().find(|step| step.0 <= score).map_or(0.0, |step| f64::from(step.1));
            let mean: f64 = scores.iter().map(|one| of(one.0)).sum::<f64>() / scores.len() as f64;
            let is = scores.iter().filter(|one| one.1).count() as f64 / scores.len() as f64;
            prop_assert!((mean - is).abs() < 1e-4);
        }
    }
}
