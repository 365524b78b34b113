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
