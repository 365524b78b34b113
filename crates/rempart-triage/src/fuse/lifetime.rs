//! How long things live: the product-limit estimate of Kaplan and Meier (1958) with Greenwood's variance.

/// How long one thing was seen to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How long, in seconds; below zero counts as zero.
    pub seconds: i64,
    /// Whether it ended then. If not, it lived at least so long.
    pub ended: bool,
}

impl Life {
    /// The life of a thing that was last seen after `seen` seconds and found gone after `gone`: it is taken to have
    /// ended in the middle.
    pub fn between(seen: i64, gone: i64) -> Self {
        let middle = (i128::from(seen) + i128::from(gone)) / 2;
        Self { seconds: i64::try_from(middle).unwrap_or(i64::MAX), ended: true }
    }

    /// The life of a thing from its sightings, in seconds since 1970 and any order, as known at `now`. Not seen for
    /// longer than `gap` seconds, it is held to have ended in the middle of the `gap` that followed the last
    /// sighting; otherwise it lived at least until then. Sightings after `now` do not count. None without any.
    pub fn seen(sightings: &[i64], now: i64, gap: i64) -> Option<Self> {
        let past = || sightings.iter().copied().filter(|time| *time <= now);
        let (first, last) = (past().min()?, past().max()?);
        let lived = last.saturating_sub(first);
        let gap = gap.max(0);
        Some(if now.saturating_sub(last) > gap {
            Self::between(lived, lived.saturating_add(gap))
        } else {
            Self { seconds: lived, ended: false }
        })
    }
}

/// One step of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// After how many seconds.
    pub seconds: i64,
    /// The share that lives longer.
    pub survival: f64,
    /// Its variance by Greenwood's formula; 0 where nothing is left.
    pub variance: f64,
}

/// How the time after which half are gone was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Half {
    /// The curve reaches one half there: the median, in seconds.
    Median(f64),
    /// It does not; an exponential with the same deaths in the same time at risk does, in seconds.
    Fitted(f64),
    /// Nothing ended.
    Unknown,
}

/// The curve and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Survival {
    /// The steps, by time; before the first the share is 1.
    pub steps: Vec<Step>,
    /// When half are gone.
    pub half: Half,
}

/// Estimates the curve. Of lives of one length those that ended count before those that did not.
pub fn survival(lives: &[Life]) -> Survival {
    let mut lives: Vec<(i64, bool)> = lives.iter().map(|life| (life.seconds.max(0), life.ended)).collect();
    lives.sort_unstable();
    let mut at_risk = lives.len() as f64;
    let (mut survival, mut sum) = (1.0, 0.0);
    let mut steps = Vec::new();
    let (mut deaths, mut exposure) = (0.0, 0.0);
    for run in lives.chunk_by(|a, b| a.0 == b.0) {
        let Some((seconds, _)) = run.first().copied() else { continue };
        let ended = run.iter().filter(|(_, ended)| *ended).count() as f64;
        exposure += seconds as f64 * run.len() as f64;
        deaths += ended;
        if ended > 0.0 {
            survival *= 1.0 - ended / at_risk;
            if at_risk > ended {
                sum += ended / (at_risk * (at_risk - ended));
            }
            let variance = survival * survival * sum;
            steps.push(Step { seconds, survival, variance });
        }
        at_risk -= run.len() as f64;
    }
    let median = steps.iter().find(|step| step.survival <= 0.5 + 1e-12);
    let half = match median {
        Some(step) => Half::Median(step.seconds as f64),
        None if deaths > 0.0 => Half::Fitted(std::f64::consts::LN_2 * exposure / deaths),
        None => Half::Unknown,
    };
    Survival { steps, half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(seconds: i64, ended: bool) -> Life {
        Life { seconds, ended }
    }

    #[test]
    fn the_leukaemia_data_give_the_published_curve() {
        // The 6-MP arm of Freireich et al. 1963, weeks of remission; the curve is in every textbook.
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let mut lives: Vec<Life> = ended.iter().map(|t| life(*t, true)).collect();
        lives.extend(censored.iter().map(|t| life(*t, false)));
        let found = survival(&lives);
        let published = [
            (6, 0.857, 0.0764),
            (7, 0.807, 0.0869),
            (10, 0.753, 0.0963),
            (13, 0.690, 0.1068),
            (16, 0.627, 0.1141),
            (22, 0.538, 0.1282),
            (23, 0.448, 0.1346),
        ];
        assert_eq!(found.steps.len(), published.len());
        for (step, (time, share, error)) in found.steps.iter().zip(published) {
            assert_eq!(step.seconds, time);
            assert!((step.survival - share).abs() < 6e-4, "{step:?}");
            assert!((step.variance.sqrt() - error).abs() < 6e-4, "{step:?}");
        }
        assert_eq!(found.half, Half::Median(23.0));
    }

    #[test]
    fn where_half_is_not_reached_an_exponential_tells() {
        let found = survival(&[life(10, true), life(100, false), life(100, false), life(100, false)]);
        assert_eq!(found.half, Half::Fitted(std::f64::consts::LN_2 * 310.0));
        assert_eq!(survival(&[life(5, false)]).half, Half::Unknown);
        assert_eq!(survival(&[]), Survival { steps: vec![], half: Half::Unknown });
    }

    #[test]
    fn all_that_ends_leaves_nothing_and_odd_durations_do_no_harm() {
        let found = survival(&[life(i64::MIN, true), life(i64::MAX, true), life(-5, true)]);
        assert_eq!(found.steps.len(), 2);
        assert!(found.steps.iter().all(|s| (0.0..=1.0).contains(&s.survival) && s.variance.is_finite()));
        assert_eq!(found.steps.last().map(|step| step.survival), Some(0.0));
    }

    #[test]
    fn sightings_end_in_the_middle_of_the_gap_or_not_at_all() {
        assert_eq!(Life::seen(&[100, 0, 50], 1_000, 200), Some(life(200, true)));
        assert_eq!(Life::seen(&[100, 0, 50], 300, 200), Some(life(100, false)));
        assert_eq!(Life::seen(&[2_000], 300, 200), None);
        assert_eq!(Life::seen(&[], 300, 200), None);
        assert_eq!(Life::seen(&[i64::MIN, i64::MAX], i64::MAX, -1), Some(life(i64::MAX, false)));
    }
}
