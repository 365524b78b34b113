//! A map from odds to odds that keeps their order: what a sum of evidence turned out to mean.

/// The most knots of a map.
pub const KNOTS: usize = 16;

/// A strictly rising map from log-odds to log-odds: straight lines between knots, and beyond the outermost
/// knots as far away as they are. Without knots it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Pairs of log-odds, before and after, each rising; those past `used` mean nothing.
    knots: [(f64, f64); KNOTS],
    used: usize,
}

impl Calibration {
    /// Changes nothing.
    pub const IDENTITY: Self = Self { knots: [(0.0, 0.0); KNOTS], used: 0 };

    /// From knots. `None` where there are more than [`KNOTS`], one is not finite, or one does not rise in
    /// both parts above the one before.
    pub fn new(knots: &[(f64, f64)]) -> Option<Self> {
        let rises = knots
            .iter()
            .zip(knots.iter().skip(1))
            .all(|(first, second)| first.0 < second.0 && first.1 < second.1);
        let finite = knots.iter().all(|knot| knot.0.is_finite() && knot.1.is_finite());
        let mut map = Self::IDENTITY;
        map.used = knots.len();
        if !rises || !finite || knots.len() > KNOTS {
            return None;
        }
        map.knots.iter_mut().zip(knots).for_each(|(place, knot)| *place = *knot);
        Some(map)
    }

    /// The knots, from the lowest to the highest.
    pub fn knots(&self) -> &[(f64, f64)] {
        self.knots.get(..self.used).unwrap_or_default()
    }

    /// The calibrated log-odds.
    pub fn apply(&self, odds: f64) -> f64 {
        interpolate(self.knots(), odds, |knot| *knot)
    }

    /// The log-odds that are calibrated to these: undoes [`Calibration::apply`] but for rounding.
    pub fn undo(&self, odds: f64) -> f64 {
        interpolate(self.knots(), odds, |knot| (knot.1, knot.0))
    }
}

fn interpolate(knots: &[(f64, f64)], at: f64, read: impl Fn(&(f64, f64)) -> (f64, f64)) -> f64 {
    let after = knots.partition_point(|knot| read(knot).0 <= at);
    let before = after.checked_sub(1).and_then(|place| knots.get(place)).map(&read);
    match (before, knots.get(after).map(&read)) {
        (Some(low), Some(high)) => low.1 + (at - low.0) / (high.0 - low.0) * (high.1 - low.1),
        // Beyond the ends nothing was measured: the distance stays.
        (Some(end), None) | (None, Some(end)) => end.1 + (at - end.0),
        (None, None) => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_through_its_knots_and_back() {
        let map = Calibration::new(&[(-1.0, -2.0), (0.0, 0.5), (3.0, 1.0)]).unwrap();
        for (before, after) in [(-1.0, -2.0), (0.0, 0.5), (3.0, 1.0), (4.0, 2.0), (-2.0, -3.0), (1.5, 0.75)] {
            assert!((map.apply(before) - after).abs() < 1e-12);
            assert!((map.undo(after) - before).abs() < 1e-12);
        }
        assert_eq!(Calibration::IDENTITY.apply(0.3).to_bits(), 0.3f64.to_bits());
        assert_eq!(Calibration::new(&[]), Some(Calibration::IDENTITY));
    }

    #[test]
    fn refuses_what_does_not_rise() {
        assert_eq!(Calibration::new(&[(0.0, 1.0), (1.0, 1.0)]), None);
        assert_eq!(Calibration::new(&[(0.0, f64::NAN)]), None);
        assert_eq!(Calibration::new(&[(0.0, 0.0); KNOTS + 1]), None);
    }
}
