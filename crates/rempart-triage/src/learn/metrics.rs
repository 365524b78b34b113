//! Figures that say how good a model is.

/// The score from which on at most a share `rate` of negatives lies (higher is more suspicious).
pub fn threshold(negatives: &[f32], rate: f64) -> f32 {
    let mut sorted = negatives.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let above = (sorted.len() as f64 * rate) as usize;
    sorted.get(above).map_or(f32::MAX, |score| score.next_up())
}

/// The share of scores at or above a threshold.
pub fn rate(scores: &[f32], threshold: f32) -> f64 {
    let above = scores.iter().filter(|score| **score >= threshold).count();
    above as f64 / scores.len().max(1) as f64
}

/// Wilson's interval of a share, at 95 % (Wilson 1927, doi:10.1080/01621459.1927.10502953).
pub fn wilson(share: f64, count: usize) -> (f64, f64) {
    let n = count.max(1) as f64;
    let z = 1.96f64;
    let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The mean square of what a probability is off by (Brier 1950).
pub fn brier(predicted: &[(f32, bool)]) -> f64 {
    let square =
        |(probability, is): &(f32, bool)| (f64::from(*probability) - f64::from(u8::from(*is))).powi(2);
    predicted.iter().map(square).sum::<f64>() / predicted.len().max(1) as f64
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The mean of what was predicted.
    pub predicted: f64,
    /// The share that is so.
    pub observed: f64,
    /// How many.
    pub count: usize,
}

/// Bins of as many predictions each, in order.
pub fn reliability(predicted: &[(f32, bool)], bins: usize) -> Vec<Bin> {
    let mut sorted = predicted.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let size = sorted.len().div_ceil(bins.max(1)).max(1);
    sorted
        .chunks(size)
        .map(|bin| Bin {
            predicted: bin.iter().map(|one| f64::from(one.0)).sum::<f64>() / bin.len() as f64,
            observed: bin.iter().filter(|one| one.1).count() as f64 / bin.len() as f64,
            count: bin.len(),
        })
        .collect()
}

/// The mean of how far bins are off, weighed by their size (expected calibration error; Naeini et al. 2015).
pub fn calibration_error(predicted: &[(f32, bool)], bins: usize) -> f64 {
    let total = predicted.len().max(1) as f64;
    reliability(predicted, bins)
        .iter()
        .map(|bin| (bin.predicted - bin.observed).abs() * bin.count as f64 / total)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_no_more_negatives_through_than_agreed() {
        let negatives: Vec<f32> = (0..1000).map(|number| number as f32).collect();
        let at = threshold(&negatives, 0.01);
        assert!((rate(&negatives, at) - 0.01).abs() < 1e-9);
        // Many of one score are not let through together.
        assert!(rate(&[1.0; 100], threshold(&[1.0; 100], 0.05)) < 1e-9);
    }

    #[test]
    fn what_is_calibrated_has_no_error() {
        let perfect: Vec<(f32, bool)> =
            (0..1000).flat_map(|number| [(0.25, number % 4 == 0), (0.5, number % 2 == 0)]).collect();
        assert!(calibration_error(&perfect, 2) < 1e-6);
        assert!(calibration_error(&[(0.9, false); 10], 5) > 0.89);
        let (low, high) = wilson(0.5, 100);
        assert!((low - 0.404).abs() < 0.001 && (high - 0.596).abs() < 0.001);
    }
}
