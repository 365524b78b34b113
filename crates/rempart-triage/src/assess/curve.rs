//! The log-odds of an observable as a function of time, and when they cross a threshold.

use rempart_matching::{Effect, Hit};
use rempart_model::{Kind, Stance, Timestamp};

use super::weights::{self, Weights};
use super::{ClaimView, Policy, Subject};

/// What one claim contributes over time: nothing outside `start..end`, else its strength, which
/// halves with every half-life since `anchor`. A benign claim does not decay; it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Sources of one group are one voice.
    pub(super) group: u64,
    pub(super) republishes: bool,
    pub(super) negative: bool,
    pub(super) strength: f64,
    /// The most that it is ever worth.
    ceiling: f64,
    /// Half-lives a second; 0 where it does not decay.
    rate: f64,
    /// Over how many days its group has seen the thing.
    pub(super) days: f64,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) anchor: Timestamp,
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.micros() - from.micros()) as f64 * 1e-6
}

/// The source of a claim, or the group of those that copy from one another.
fn group(claim: &ClaimView) -> u64 {
    match claim.copy_group {
        Some(group) => 1 << 32 | u64::from(group),
        None => u64::from(claim.source),
    }
}

/// When a claim begins to hold.
fn start(claim: &ClaimView) -> Timestamp {
    claim.valid_from.unwrap_or(claim.received)
}

/// When its source has last seen what it speaks of. Nobody has seen anything later than it was told; a date in the
/// future keeps nothing alive.
fn anchor(claim: &ClaimView) -> Timestamp {
    let start = start(claim);
    claim.last_seen.map_or(start, |seen| start.max(seen.min(claim.received)))
}

/// The parts of all claims, in their order. Claims of one group are of one thing seen again: how long it was seen is
/// counted from the first of them.
pub(super) fn parts(weights: &Weights, kind: &Kind, claims: &[ClaimView]) -> Vec<Part> {
    if let [claim] = claims {
        return vec![Part::new(weights, kind, claim, start(claim))];
    }
    let said = |claim: &ClaimView| (group(claim), claim.stance == Stance::Benign);
    let mut since: Vec<((u64, bool), Timestamp)> =
        claims.iter().map(|claim| (said(claim), start(claim))).collect();
    since.sort_unstable();
    since.dedup_by_key(|entry| entry.0);
    let first = |claim: &ClaimView| {
        let found = since.binary_search_by_key(&said(claim), |entry| entry.0);
        found.ok().and_then(|at| since.get(at)).map_or(start(claim), |entry| entry.1)
    };
    claims.iter().map(|claim| Part::new(weights, kind, claim, first(claim))).collect()
}

impl Part {
    /// What a claim contributes whose group has seen the thing since `since`.
    pub(super) fn new(weights: &Weights, kind: &Kind, claim: &ClaimView, since: Timestamp) -> Self {
        let negative = claim.stance == Stance::Benign;
        let (start, anchor) = (start(claim), anchor(claim));
        let lasts = if negative { anchor.plus_seconds(weights::BENIGN_SECONDS) } else { Timestamp::MAX };
        let fresh = weights.strength(kind, claim.trust(), claim.confidence, claim.stance);
        let days = if negative { 0.0 } else { (seconds(since, anchor) / 86_400.0).max(0.0) };
        Self {
            group: group(claim),
            republishes: claim.republishes,
            negative,
            strength: fresh * weights.persistence(kind, days),
            ceiling: if claim.stance == Stance::Malicious {
                weights.ceiling(kind, fresh, days)
            } else {
                fresh
            },
            rate: if negative { 0.0 } else { weights.half_life(kind, claim.category).recip() },
            days,
            start,
            end: claim.valid_until.unwrap_or(lasts),
            anchor,
        }
    }

    /// Alone.
    pub(super) fn alone(weights: &Weights, kind: &Kind, claim: &ClaimView) -> Self {
        Self::new(weights, kind, claim, start(claim))
    }

    /// Whether it holds at a time.
    pub(super) fn holds(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// Its worth at a time, without its sign.
    pub(super) fn at(&self, time: Timestamp) -> f64 {
        if !self.holds(time) {
            return 0.0;
        }
        (self.strength * (-seconds(self.anchor, time).max(0.0) * self.rate).exp2()).min(self.ceiling)
    }

    /// When this one claim, alone and holding at `now`, no longer lifts `prior` to `threshold`. Right
    /// to the second, and the same second that a search finds.
    pub(super) fn falls_below(
        &self,
        threshold: f64,
        prior: f64,
        now: Timestamp,
        odds_at: impl Fn(Timestamp) -> f64,
    ) -> Option<Timestamp> {
        let needed = threshold - prior;
        if needed <= 0.0 {
            // Even without any evidence it stays above.
            return None;
        }
        // Thresholds lie below the most that can be concluded, so that never shows here.
        let lasts = (self.strength / needed).log2().max(0.0) / self.rate;
        let from_now = (seconds(now, self.anchor) + lasts).ceil() as i64;
        let most = (Timestamp::MAX.micros() - now.micros()) / 1_000_000;
        let mut step = from_now.clamp(1, most.max(1));
        if now.plus_seconds(step - 2) >= self.end {
            return Some(self.end);
        }
        // The estimate is off by rounding only; the steps settle which second it is.
        while step > 1 && odds_at(now.plus_seconds(step - 1)) < threshold {
            step -= 1;
        }
        while step < most && odds_at(now.plus_seconds(step)) >= threshold {
            step += 1;
        }
        let at = now.plus_seconds(step).min(self.end);
        (step < most).then_some(at)
    }
}

/// The log-odds below which nothing is told apart.
const LEAST: f64 = -9.0;

/// Adds evidence up, to at most `most`.
pub(super) fn total(most: f64, prior: f64, positive: f64, negative: f64, warnings: f64) -> f64 {
    (prior + (positive - negative - warnings)).clamp(LEAST, most)
}

/// What warninglists take away: the lists of one effect overlap and count once.
pub(super) fn warned(weights: &Weights, warnings: &[Hit<'_>]) -> f64 {
    [Effect::FalsePositive, Effect::Known]
        .into_iter()
        .filter(|effect| warnings.iter().any(|hit| hit.effect == *effect))
        .map(|effect| weights.warning(effect))
        .sum()
}

/// So many beginnings and ends of claims are looked at ahead; after them it is assessed anew.
const MAX_EDGES: usize = 256;

/// The log-odds as a function of time, from a time on.
pub(super) struct Curve {
    most: f64,
    prior: f64,
    warnings: f64,
    /// Sorted by group.
    parts: Vec<Part>,
}

impl Curve {
    /// The curve from `now` on.
    pub(super) fn new(
        weights: &Weights,
        subject: &Subject<'_>,
        claims: &[ClaimView],
        warnings: &[Hit<'_>],
        now: Timestamp,
    ) -> Self {
        let mut parts = parts(weights, subject.kind, claims);
        parts.retain(|part| part.end > now && part.end > part.start);
        prune(&mut parts, now);
        Self { most: weights.most, prior: subject.prior(weights), warnings: warned(weights, warnings), parts }
    }

    /// The log-odds at a time.
    pub(super) fn odds(&self, time: Timestamp) -> f64 {
        let (positive, negative) = self.evidence(time);
        total(self.most, self.prior, positive, negative, self.warnings)
    }

    /// The evidence for and against at a time.
    fn evidence(&self, time: Timestamp) -> (f64, f64) {
        let (mut positive, mut negative) = (Voices::new(self.prior), Voices::new(self.prior));
        for group in self.parts.chunk_by(|a, b| a.group == b.group) {
            let strongest = |sign: bool, again: bool| {
                let same = group.iter().filter(|part| part.negative == sign && part.republishes == again);
                same.map(|part| part.at(time)).fold(0.0, f64::max)
            };
            positive.add(strongest(false, false), strongest(false, true));
            negative.add(strongest(true, false), strongest(true, true));
        }
        (positive.sum(), negative.sum())
    }

    /// When the level of the policy changes next, and when it falls to none for the first time.
    pub(super) fn changes(&self, policy: &Policy, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        // Between two edges the odds can only fall: evidence against does not decay, it ends.
        let mut edges: Vec<Timestamp> =
            self.parts.iter().flat_map(|part| [part.start, part.end]).filter(|edge| *edge > now).collect();
        edges.push(Timestamp::MAX);
        edges.sort_unstable();
        edges.dedup();
        edges.truncate(MAX_EDGES);
        let level = policy.level(self.odds(now));
        let (mut changed, mut ended) = (None, None);
        let mut from = now;
        for edge in edges {
            let here = policy.level(self.odds(from));
            if here != level {
                changed = changed.or(Some(from));
            }
            if here == 0 {
                ended = ended.or(Some(from));
            }
            let last = Timestamp::from_micros(edge.micros() - 1).max(from);
            let there = policy.level(self.odds(last));
            if there < level && here >= level && changed.is_none() {
                changed = self.first_below(level, policy, from, edge);
            }
            if there == 0 && here > 0 && ended.is_none() {
                ended = self.first_below(1, policy, from, edge);
            }
            if changed.is_some() && (ended.is_some() || level == 0) {
                break;
            }
            from = edge;
        }
        if from < Timestamp::MAX {
            changed = changed.or(Some(from));
        }
        (changed, ended)
    }

    /// The first whole second after `from` at which the level is below `level`, at most `edge`. The
    /// level is not below it at `from`, and is so right before `edge`.
    fn first_below(&self, level: u8, policy: &Policy, from: Timestamp, edge: Timestamp) -> Option<Timestamp> {
        let threshold = if level == 2 { policy.high_odds } else { policy.lower_odds };
        let above = |second: i64| {
            let at = from.plus_seconds(second);
            if at >= edge { -1.0 } else { self.odds(at) - threshold }
        };
        let (mut low, mut high) = (0, (edge.micros() - from.micros()) / 1_000_000 + 1);
        // If all evidence faded as slowly as the slowest, it would be gone by then.
        let (positive, negative) = self.evidence(from);
        let needed = threshold - self.prior + negative + self.warnings;
        let fading = self.parts.iter().filter(|part| !part.negative && part.holds(from));
        let slowest = fading.clone().map(|part| part.rate).fold(f64::INFINITY, f64::min);
        let since = fading.map(|part| seconds(from, part.anchor)).fold(0.0, f64::max);
        let gone = since + (positive / needed).log2() / slowest;
        let mut at_high = -1.0;
        if gone.is_finite() && gone < high as f64 {
            let second = gone as i64 + 2;
            if second < high && second > 0 {
                at_high = above(second);
                if at_high < 0.0 {
                    high = second;
                } else {
                    low = second;
                }
            }
        }
        let mut at_low = above(low);
        // Between falls the curve is smooth: a straight line through both ends guesses well, and
        // halving now and then makes sure of the end.
        let mut round = 0u32;
        while high - low > 1 {
            let guess = if round % 4 == 3 || at_low <= at_high {
                low + (high - low) / 2
            } else {
                low + ((high - low) as f64 * at_low / (at_low - at_high)) as i64 + i64::from(round % 2)
            };
            let second = guess.clamp(low + 1, high - 1);
            let found = above(second);
            if found < 0.0 {
                (high, at_high) = (second, found);
            } else {
                (low, at_low) = (second, found);
            }
            round += 1;
        }
        let at = from.plus_seconds(high).min(edge);
        (at < Timestamp::MAX).then_some(at)
    }
}

/// How probable log-odds are.
fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// What a voice of so much evidence leaves open: the share of the doubt that remains after it, 0 to 1. Nothing is taken
/// away by no evidence.
pub(super) fn left_open(prior: f64, evidence: f64) -> f64 {
    (1.0 - sigmoid(prior + evidence)) / (1.0 - sigmoid(prior))
}

/// Independent voices: each leaves a share of the doubt open, and what all leave open is the product (noisy-or; Pearl
/// 1988, *Probabilistic Reasoning in Intelligent Systems*, 4.3.2). Of those that only pass on, the strongest stands in
/// for the strongest independent voice where it says more.
pub(super) struct Voices {
    prior: f64,
    open: f64,
    strongest: f64,
    passed_on: f64,
}

impl Voices {
    pub(super) fn new(prior: f64) -> Self {
        Self { prior, open: 1.0, strongest: 0.0, passed_on: 0.0 }
    }

    pub(super) fn add(&mut self, own: f64, passed_on: f64) {
        if own > 0.0 {
            self.open *= left_open(self.prior, own);
            self.strongest = self.strongest.max(own);
        }
        self.passed_on = self.passed_on.max(passed_on);
    }

    /// What independent voices say together, in log-odds.
    pub(super) fn own(&self) -> f64 {
        self.together(self.strongest, self.open)
    }

    /// The same with what is only passed on: it stands in for the strongest where it says more.
    pub(super) fn sum(&self) -> f64 {
        if self.passed_on <= self.strongest {
            return self.own();
        }
        let open = self.open / left_open(self.prior, self.strongest) * left_open(self.prior, self.passed_on);
        self.together(self.passed_on, open)
    }

    fn together(&self, strongest: f64, open: f64) -> f64 {
        // One voice alone says what it says, and not the same but for rounding.
        if open >= left_open(self.prior, strongest) {
            return strongest;
        }
        let doubt = (1.0 - sigmoid(self.prior)) * open;
        (((1.0 - doubt) / doubt.max(f64::MIN_POSITIVE)).ln() - self.prior).max(strongest)
    }
}

/// Sorts by group and takes out what another claim of the group outdoes from `now` on, so that a
/// source that repeats itself every day costs no more than one that does not.
fn prune(parts: &mut Vec<Part>, now: Timestamp) {
    // Of two claims that decay alike, the one with the higher score is the stronger at all times.
    let score = |part: &Part| part.strength.log2() + seconds(now, part.anchor) * part.rate;
    let begun = |part: &Part| part.start <= now && part.anchor <= now;
    let class = |part: &Part| (part.group, part.republishes, part.negative, part.rate.to_bits(), begun(part));
    parts.sort_by(|a, b| {
        class(a)
            .cmp(&class(b))
            .then(b.end.cmp(&a.end))
            .then(score(b).total_cmp(&score(a)))
            .then(a.start.cmp(&b.start))
    });
    let mut best: Option<(_, f64, f64)> = None;
    parts.retain(|part| {
        let (class, score) = (class(part), score(part));
        if begun(part)
            && let Some((known, most, ceiling)) = &best
            && *known == class
            && score <= *most
            && part.ceiling <= *ceiling
        {
            return false;
        }
        best = Some((class, score, part.ceiling));
        true
    });
}
