//! A latent-truth model by expectation and maximisation, for feeds that mostly report what is malicious.
//!
//! Each observable is malicious or not. A source names a malicious one with its sensitivity and a benign one
//! with its false-positive rate, per kind. This is the two-sided model of Zhao et al. (VLDB 2012, "A Bayesian
//! approach to discovering truth from conflicting sources"), with three changes that feeds demand:
//!
//! * Nobody sees what nobody reports. The chance of being reported at all is divided out, so that a second
//!   voice is worth more and a source's silence is measured against all that exists, not against the reported.
//! * Silence counts only for kinds that a source reports and for things whose own time, from the first claim
//!   to the last, touches the time between the source's first and last claim. By silence a source moves
//!   the odds by (1 - sensitivity) / (1 - false-positive rate): next to nothing if it covers a sliver.
//! * Sources that copy from one another are one voice: their claims are counted once.
//!
//! A claim that something is malicious never lowers its probability, a claim that it is benign never raises
//! it: a source whose word is worthless is not heard.
//!
//! The prior of a (source, kind) stands for the configured letter: `pseudo_claims` claims made at the source's own
//! rate, of which a share is true that a fresh claim's worth over the kind's prior gives.
//!
//! Memory besides the input: 4 bytes a claim and 40 an observable, for a while 24 more for the latter. Work in each round is linear in both.

use super::admiralty::wilson;
use super::{Claims, Gold, Observable, logit, sigmoid};
use crate::assess::weights::KINDS;

/// Log-odds that a decision of an analyst sets, and the bound of all posteriors.
pub const CERTAIN: f64 = 12.0;

/// The chance of being reported is taken to be at least this: below it, it cannot be told from the data.
const LEAST_SEEN: f64 = 0.05;

/// By how many decided claims a claim counts in the width of an interval that only other sources or a warninglist
/// speak to: what the model believes of these it may believe wrongly of all at once.
const CORROBORATED: f64 = 0.05;

/// The highest sensitivity or false-positive rate.
const MOST: f64 = 0.95;

/// The log-odds that a value which somebody reports is malicious, before it is asked who reports it, by the place of its
/// kind: lower for kinds that are shared or change hands. Chosen; it weighs little once there are claims.
const REPORTED: [f64; KINDS] = [-1.4, -1.2, -1.6, -1.6, -1.8, -2.5, -1.6, -1.0, -1.0, -1.0, -1.0, -1.6, -1.4];

/// The numbers of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// By how many claims the configured letter weighs.
    pub pseudo_claims: f64,
    /// The log-odds that a reported value is malicious, by the place of its kind.
    pub priors: [f64; KINDS],
    /// By how many observables those priors weigh.
    pub pseudo_observables: f64,
    /// By how many others an observable weighs that an analyst decided: what people looked at must not drown in
    /// what the sources say of one another (Nigam et al. 2000 weigh the unlabelled down likewise). From 1 to 1000.
    pub gold_weight: f64,
    /// The most rounds.
    pub rounds: usize,
    /// No more rounds once no source's share of true claims moves by more than this.
    pub tolerance: f64,
}

/// By how many a decided observable weighs, by kind: as many as the settings say if of both the malicious and the
/// benign at least a tenth of the other were decided, otherwise one. Where people look at errors only, what
/// they decide is no sample.
fn gold(claims: &Claims, about: &[Observable], settings: &Settings) -> [f64; KINDS] {
    let mut counts = [(0_u64, 0_u64); KINDS];
    for (thing, _) in about.iter().zip(claims.each()).filter(|(_, said)| !said.is_empty()) {
        if let Some(count) = counts.get_mut(thing.place()) {
            count.0 += u64::from(thing.gold == Gold::Malicious);
            count.1 += u64::from(thing.gold == Gold::Benign);
        }
    }
    counts.map(|(malicious, benign)| {
        let fair = malicious.min(benign) * 10 >= malicious.max(benign);
        if fair { settings.gold_weight.clamp(1.0, 1000.0) } else { 1.0 }
    })
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pseudo_claims: 15.0,
            priors: REPORTED,
            pseudo_observables: 5.0,
            gold_weight: 10.0,
            rounds: 150,
            tolerance: 1e-4,
        }
    }
}

/// What was learnt about one source's claims of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trust {
    /// The source.
    pub source: u32,
    /// The place of the kind.
    pub kind: u8,
    /// Whether these are its claims that things are benign.
    pub negative: bool,
    /// How many observables it claimed.
    pub claims: u32,
    /// For how many of them somebody else has a say: an analyst, a warninglist or an independent source.
    pub decided: u32,
    /// The share of its claims that are true, with the configured letter counted in.
    pub precision: f64,
    /// The lower end of the 90 % interval of the precision, by the claims decided by analysts foremost.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What a fresh claim of it is worth in log-odds over the kind's prior in [`Settings::priors`]: with
    /// that prior alone it makes the thing as probable as the source's claims are true. Below zero for
    /// claims that things are benign.
    pub worth: f64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// By source, kind, and positive before negative. Only where there are claims.
    pub trust: Vec<Trust>,
    /// The probability of each observable that it is malicious, by its number: above 0 and below 1.
    pub posteriors: Vec<f64>,
    /// How many independent voices say of it that it is malicious.
    pub voices: Vec<u16>,
    /// How many rounds it took.
    pub rounds: usize,
    /// Whether it came to rest within the rounds allowed.
    pub converged: bool,
    /// What was learnt, to judge further things with.
    pub model: Model,
}

/// One voice's rates for one kind and stance.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    claims: f64,
    start: i64,
    end: i64,
    /// Places among the starts and the ends of its kind.
    places: (u32, u32),
    /// The share true by the configured letter.
    configured: f64,
    /// The share true as learnt.
    share: f64,
    /// P(claim | malicious), P(claim | benign).
    rates: (f64, f64),
    /// Log-odds of a claim over silence.
    loud: f64,
}

const NO_CELL: Cell = Cell {
    claims: 0.0,
    start: i64::MAX,
    end: i64::MIN,
    places: (0, 0),
    configured: 0.5,
    share: 0.5,
    rates: (0.0, 0.0),
    loud: 0.0,
};

/// Running sums over the starts or the ends of the voices of a kind: what all those before say by silence,
/// given malicious and given benign.
#[derive(Debug, Clone, PartialEq, Default)]
struct Line {
    times: Vec<i64>,
    cells: Vec<u32>,
    sums: Vec<(f64, f64)>,
}

impl Line {
    fn sum(&self, cells: &[Cell]) -> Vec<(f64, f64)> {
        let mut sum = (0.0, 0.0);
        let mut sums = vec![sum];
        for (m, b) in self.cells.iter().filter_map(|at| cells.get(*at as usize)).map(|cell| cell.rates) {
            sum = (sum.0 + (-m).ln_1p(), sum.1 + (-b).ln_1p());
            sums.push(sum);
        }
        sums
    }
}

/// What was learnt: rates of every voice, and the share of malicious things among the reported of each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    cells: Vec<Cell>,
    voices: Vec<u32>,
    starts: Vec<Line>,
    ends: Vec<Line>,
    base: [f64; KINDS],
}

impl Cell {
    fn set_rates(&mut self, rates: (f64, f64)) {
        self.rates = rates;
        self.loud = (rates.0 / rates.1).ln() - (-rates.0).ln_1p() + (-rates.1).ln_1p();
    }
}

impl Model {
    /// What the rounds move, without bounds: logarithms of rates and log-odds of shares.
    fn state(&self) -> Vec<f64> {
        let cells = self.cells.iter().filter(|cell| cell.claims > 0.0);
        cells.flat_map(|cell| [cell.rates.0.ln(), cell.rates.1.ln()]).chain(self.base).collect()
    }

    fn set_state(&mut self, state: &[f64]) {
        let mut values = state.iter().copied();
        for (place, cell) in self.cells.iter_mut().enumerate().filter(|(_, cell)| cell.claims > 0.0) {
            let mut next = || values.next().unwrap_or(0.0).exp().clamp(1e-9, MOST);
            let (m, b) = (next(), next());
            let negative = (place / KINDS) % 2 == 1;
            cell.set_rates(if (m < b) == negative { (m, b) } else { (m.midpoint(b), m.midpoint(b)) });
        }
        for base in &mut self.base {
            *base = values.next().unwrap_or(0.0).clamp(-CERTAIN, CERTAIN);
        }
        self.sum_up();
    }

    fn sum_up(&mut self) {
        for line in self.starts.iter_mut().chain(&mut self.ends) {
            line.sums = line.sum(&self.cells);
        }
    }

    fn cell(&self, source: u32, negative: bool, kind: usize) -> usize {
        let voice = self.voices.get(source as usize).copied().unwrap_or(0) as usize;
        (voice * 2 + usize::from(negative)) * KINDS + kind
    }

    /// The log-odds before it is asked who claims, and the chances of being seen if malicious and if benign.
    fn silence(&self, kind: usize, ranks: (u32, u32)) -> (f64, f64, f64) {
        let at = |lines: &[Line], rank: u32| {
            lines.get(kind).and_then(|line| line.sums.get(rank as usize)).copied().unwrap_or_default()
        };
        let (all, over) = (at(&self.starts, ranks.0), at(&self.ends, ranks.1));
        let (malicious, benign) = ((all.0 - over.0).min(0.0), (all.1 - over.1).min(0.0));
        let seen = ((-malicious.exp_m1()).max(LEAST_SEEN), (-benign.exp_m1()).max(LEAST_SEEN));
        let base = self.base.get(kind).copied().unwrap_or_default();
        (base + malicious - benign + (seen.1 / seen.0).ln(), seen.0, seen.1)
    }

    fn ranks(&self, kind: usize, first: i64, last: i64) -> (u32, u32) {
        let rank = |lines: &[Line], before: &dyn Fn(i64) -> bool| {
            lines.get(kind).map_or(0, |line| line.times.partition_point(|time| before(*time))) as u32
        };
        (rank(&self.starts, &|start| start <= last), rank(&self.ends, &|end| end < first))
    }

    /// The probability that a thing is malicious, by what was learnt. `first` and `last` are the times between
    /// which it was claimed, `claims` the sources and whether they say that it is benign.
    pub fn probability(&self, about: Observable, first: i64, last: i64, claims: &[(u32, bool)]) -> f64 {
        let kind = about.place();
        let mut cells: Vec<usize> =
            claims.iter().map(|(source, negative)| self.cell(*source, *negative, kind)).collect();
        cells.sort_unstable();
        cells.dedup();
        let loud: f64 = cells.iter().filter_map(|at| self.cells.get(*at)).map(|cell| cell.loud).sum();
        decide(about, self.silence(kind, self.ranks(kind, first, last)).0 + loud)
    }
}

fn decide(about: Observable, odds: f64) -> f64 {
    sigmoid(match about.gold {
        Gold::Malicious => CERTAIN,
        Gold::Benign => -CERTAIN,
        Gold::Open => (odds - about.soft()).clamp(-CERTAIN, CERTAIN),
    })
}

/// Observables as the rounds need them.
#[derive(Default)]
struct World {
    /// By how many a decided observable weighs, by the place of its kind.
    gold: [f64; KINDS],
    said: Vec<u32>,
    ends: Vec<u32>,
    ranks: Vec<(u32, u32)>,
    posteriors: Vec<f64>,
}

impl World {
    /// By how many an observable weighs.
    fn says(&self, about: &Observable) -> f64 {
        if about.gold == Gold::Open { 1.0 } else { self.gold.get(about.place()).copied().unwrap_or(1.0) }
    }
}

/// Learns. `about` describes the observables of `claims` and `worths` the sources: what a fresh claim of
/// each is worth by its configured letter ([`super::admiralty::configured`]). `groups` names for each source the group that it speaks
/// with ([`super::copies::Copies::groups`]); a source that it does not name speaks for itself.
pub fn fit(
    claims: &Claims,
    about: &[Observable],
    worths: &[f64],
    groups: &[u32],
    settings: &Settings,
) -> Truth {
    let mut world = World { gold: gold(claims, about, settings), ..World::default() };
    let mut model = listen(claims, about, worths, groups, settings, &mut world);
    let mut rounds = 0;
    let mut converged = false;
    let mut path: Vec<Vec<f64>> = Vec::new();
    while rounds < settings.rounds && !converged {
        rounds += 1;
        let moved = maximise(&mut model, &world, about, settings, rounds == 1);
        converged = rounds > 2 && moved < settings.tolerance;
        path.push(model.state());
        // The last rounds are plain ones: what is reported is where the model itself comes to rest.
        if let ([a, b, c], true) = (path.as_slice(), rounds + 3 < settings.rounds && !converged) {
            let ahead = leap(a, b, c);
            model.set_state(&ahead);
            path.clear();
        }
        expect(&model, &mut world, about);
    }
    let (trust, voices) = report(claims, about, worths, &world, settings);
    Truth { trust, posteriors: world.posteriors, voices, rounds, converged, model }
}

/// From three states in a row to one farther ahead: the squared extrapolation of Varadhan and Roland (2008), at
/// most eightfold.
fn leap(a: &[f64], b: &[f64], c: &[f64]) -> Vec<f64> {
    let steps = || a.iter().zip(b).zip(c).map(|((a, b), c)| (a, b - a, (c - b) - (b - a)));
    let (speed, bend) = steps().fold((0.0, 0.0), |sum, (_, r, v)| (sum.0 + r * r, sum.1 + v * v));
    let far = if bend > 0.0 { f64::sqrt(speed / bend).clamp(1.0, 8.0) } else { 1.0 };
    steps().map(|(a, r, v)| a + 2.0 * far * r + far * far * v).collect()
}

/// Brings the claims into the form that the rounds need, and a first guess.
fn listen(
    claims: &Claims,
    about: &[Observable],
    worths: &[f64],
    groups: &[u32],
    settings: &Settings,
    world: &mut World,
) -> Model {
    let name = |source: usize| groups.get(source).copied().unwrap_or(source as u32);
    let mut names: Vec<u32> = (0..claims.sources()).map(name).collect();
    names.sort_unstable();
    names.dedup();
    let voices: Vec<u32> =
        (0..claims.sources()).map(|source| names.partition_point(|n| *n < name(source)) as u32).collect();
    let mut model = Model {
        cells: vec![NO_CELL; names.len() * 2 * KINDS],
        voices,
        starts: vec![Line::default(); KINDS],
        ends: vec![Line::default(); KINDS],
        base: settings.priors,
    };
    // Sum of the shares true by configuration, over all claims of the voice.
    let mut shares = vec![(0.0, 0.0); model.cells.len()];
    let mut times = Vec::with_capacity(claims.observables());
    world.said.reserve(claims.list().len());
    let mut now: Vec<u32> = Vec::new();
    for (number, said) in claims.each().enumerate() {
        let thing = about.get(number).copied().unwrap_or_default();
        let kind = thing.place();
        let mut span = (i64::MAX, i64::MIN);
        now.clear();
        for claim in said {
            let at = model.cell(claim.source, claim.negative, kind);
            span = (span.0.min(claim.time), span.1.max(claim.time));
            if let (Some(cell), Some(share)) = (model.cells.get_mut(at), shares.get_mut(at)) {
                cell.start = cell.start.min(claim.time);
                cell.end = cell.end.max(claim.time);
                share.0 += prior_share(worths, claim.source, claim.negative, kind, settings);
                share.1 += 1.0;
            }
            now.push(at as u32);
        }
        now.sort_unstable();
        now.dedup();
        for at in &now {
            if let Some(cell) = model.cells.get_mut(*at as usize) {
                cell.claims += 1.0;
            }
        }
        world.said.extend_from_slice(&now);
        world.ends.push(world.said.len() as u32);
        times.push(span);
    }
    for (cell, share) in model.cells.iter_mut().zip(&shares) {
        if share.1 > 0.0 {
            cell.configured = share.0 / share.1;
            cell.share = cell.configured;
        }
    }
    line_up(&mut model);
    let mut at = 0_usize;
    for ((number, end), span) in world.ends.iter().enumerate().zip(&times) {
        let thing = about.get(number).copied().unwrap_or_default();
        world.ranks.push(model.ranks(thing.place(), span.0, span.1));
        let said = world.said.get(at..*end as usize).unwrap_or_default();
        // Corroboration must tell from the first round on: from things all equally probable nothing is learnt.
        let prior = settings.priors.get(thing.place()).copied().unwrap_or_default();
        let worths =
            said.iter().filter_map(|at| model.cells.get(*at as usize)).map(|c| logit(c.share) - prior);
        world.posteriors.push(decide(thing, prior + worths.sum::<f64>()));
        at = *end as usize;
    }
    model
}

/// The share of a source's claims that say what is malicious, by its configured letter.
fn prior_share(worths: &[f64], source: u32, negative: bool, kind: usize, settings: &Settings) -> f64 {
    let worth = worths.get(source as usize).copied().filter(|w| w.is_finite()).unwrap_or(0.0);
    let worth = if negative { -worth.max(0.0) } else { worth };
    sigmoid(settings.priors.get(kind).copied().unwrap_or_default() + worth.clamp(-8.0, 8.0))
}

/// Orders the voices of each kind by their first and by their last claim.
fn line_up(model: &mut Model) {
    for kind in 0..KINDS {
        let mut starts = Vec::new();
        let mut ends = Vec::new();
        for (at, cell) in
            model.cells.iter().enumerate().filter(|(at, c)| at % KINDS == kind && c.claims > 0.0)
        {
            starts.push((cell.start, at as u32));
            ends.push((cell.end, at as u32));
        }
        starts.sort_unstable();
        ends.sort_unstable();
        for (place, (_, at)) in starts.iter().enumerate() {
            if let Some(cell) = model.cells.get_mut(*at as usize) {
                cell.places.0 = place as u32;
            }
        }
        for (place, (_, at)) in ends.iter().enumerate() {
            if let Some(cell) = model.cells.get_mut(*at as usize) {
                cell.places.1 = place as u32;
            }
        }
        for (lines, list) in [(&mut model.starts, starts), (&mut model.ends, ends)] {
            if let Some(line) = lines.get_mut(kind) {
                (line.times, line.cells) = list.into_iter().unzip();
                line.sums = vec![(0.0, 0.0); line.times.len() + 1];
            }
        }
    }
}

/// Rates from posteriors. Answers by how much the most moved share of true claims moved.
fn maximise(model: &mut Model, world: &World, about: &[Observable], settings: &Settings, first: bool) -> f64 {
    // Expected malicious and benign things, seen and unseen, by the rank of their last and first claim.
    let empty = |lines: &[Line]| -> Vec<Vec<(f64, f64)>> {
        lines.iter().map(|line| vec![(0.0, 0.0); line.times.len() + 2]).collect()
    };
    let (mut late, mut early) = (empty(&model.starts), empty(&model.ends));
    let mut truths = vec![(0.0, 0.0); model.cells.len()];
    let mut share = [(0.0, 0.0); KINDS];
    let mut at = 0_usize;
    let things = world.ends.iter().zip(&world.ranks).zip(&world.posteriors).zip(about);
    for (((end, ranks), posterior), thing) in things {
        let said = world.said.get(at..*end as usize).unwrap_or_default();
        at = *end as usize;
        if said.is_empty() {
            continue;
        }
        let kind = thing.place();
        let says = world.says(thing);
        for cell in said {
            if let Some(truth) = truths.get_mut(*cell as usize) {
                *truth = (truth.0 + says * posterior, truth.1 + says);
            }
        }
        let (_, m, b) = if first { (0.0, 1.0, 1.0) } else { model.silence(kind, *ranks) };
        let weight = (says * posterior / m, says * (1.0 - posterior) / b);
        for (table, rank) in [(&mut late, ranks.0), (&mut early, ranks.1)] {
            if let Some(sum) = table.get_mut(kind).and_then(|row| row.get_mut(rank as usize)) {
                *sum = (sum.0 + weight.0, sum.1 + weight.1);
            }
        }
        if let Some(sum) = share.get_mut(kind) {
            *sum = (sum.0 + says * posterior, sum.1 + says);
        }
    }
    // From "at this rank" to "past this place".
    for row in late.iter_mut().chain(early.iter_mut()) {
        let mut sum = (0.0, 0.0);
        for value in row.iter_mut().rev() {
            sum = (sum.0 + value.0, sum.1 + value.1);
            *value = sum;
        }
    }
    for ((base, sum), prior) in model.base.iter_mut().zip(&share).zip(&settings.priors) {
        let weight = settings.pseudo_observables.max(1e-6);
        *base = logit((sum.0 + weight * sigmoid(*prior)) / (sum.1 + weight));
    }
    let mut moved = 0.0_f64;
    for (place, (cell, truth)) in model.cells.iter_mut().zip(&truths).enumerate() {
        if cell.claims <= 0.0 {
            continue;
        }
        let weight = settings.pseudo_claims.max(0.0);
        let target = (truth.0 + weight * cell.configured) / (truth.1 + weight);
        let share = target.clamp(1e-4, 1.0 - 1e-4);
        moved = moved.max((share - cell.share).abs());
        cell.share = share;
        let past = |table: &[Vec<(f64, f64)>], at: u32| {
            table.get(place % KINDS).and_then(|row| row.get(at as usize + 1)).copied().unwrap_or_default()
        };
        let (all, over) = (past(&late, cell.places.0), past(&early, cell.places.1));
        let exposed = ((all.0 - over.0).max(1e-9), (all.1 - over.1).max(1e-9));
        let rate = |count: f64, exposed: f64| (count / exposed).clamp(1e-9, MOST);
        let mut rates = (rate(truth.1 * share, exposed.0), rate(truth.1 * (1.0 - share), exposed.1));
        let negative = place / KINDS % 2 == 1;
        if (rates.0 < rates.1) != negative {
            let both = rate(truth.1, exposed.0 + exposed.1);
            rates = (both, both);
        }
        cell.set_rates(rates);
    }
    model.sum_up();
    moved
}

/// Posteriors from rates.
fn expect(model: &Model, world: &mut World, about: &[Observable]) {
    let mut at = 0_usize;
    for (((end, ranks), posterior), thing) in
        world.ends.iter().zip(&world.ranks).zip(&mut world.posteriors).zip(about)
    {
        let said = world.said.get(at..*end as usize).unwrap_or_default();
        at = *end as usize;
        let kind = thing.place();
        let mut odds = if said.is_empty() {
            model.base.get(kind).copied().unwrap_or_default()
        } else {
            model.silence(kind, *ranks).0
        };
        for cell in said.iter().filter_map(|at| model.cells.get(*at as usize)) {
            odds += cell.loud;
        }
        *posterior = decide(*thing, odds);
    }
}

/// Each source's own figures, whichever voice it speaks with; and the voices for each observable.
fn report(
    claims: &Claims,
    about: &[Observable],
    worths: &[f64],
    world: &World,
    settings: &Settings,
) -> (Vec<Trust>, Vec<u16>) {
    let mut tallies = vec![(0_u32, 0_u32, 0.0_f64, 0.0_f64, 0.0_f64); claims.sources() * 2 * KINDS];
    let mut voices = Vec::with_capacity(claims.observables());
    let mut from = 0_usize;
    for (((said, end), posterior), thing) in claims.each().zip(&world.ends).zip(&world.posteriors).zip(about)
    {
        let cells = world.said.get(from..*end as usize).unwrap_or_default();
        from = *end as usize;
        let positive = cells.iter().filter(|at| (**at as usize / KINDS).is_multiple_of(2)).count();
        voices.push(positive.min(usize::from(u16::MAX)) as u16);
        let heard = thing.gold != Gold::Open || thing.soft() > 0.0 || cells.len() > 1;
        let says = world.says(thing);
        let certain = if thing.gold != Gold::Open { 1.0 } else { f64::from(u8::from(heard)) * CORROBORATED };
        for claim in said {
            let place = (claim.source as usize * KINDS + thing.place()) * 2 + usize::from(claim.negative);
            if let Some(tally) = tallies.get_mut(place) {
                tally.0 += 1;
                tally.1 += u32::from(heard);
                tally.2 += says * posterior;
                tally.3 += says;
                tally.4 += certain;
            }
        }
    }
    voices.resize(claims.observables(), 0);
    let mut trust = Vec::new();
    for (place, (count, decided, sum, all, certain)) in
        tallies.into_iter().enumerate().filter(|(_, tally)| tally.0 > 0)
    {
        let (negative, kind) = (place % 2 == 1, place / 2 % KINDS);
        let source = (place / 2 / KINDS) as u32;
        let weight = settings.pseudo_claims.max(0.0);
        let prior = prior_share(worths, source, negative, kind, settings);
        let share = ((sum + weight * prior) / (all + weight)).clamp(1e-4, 1.0 - 1e-4);
        let precision = if negative { 1.0 - share } else { share };
        let (low, high) = wilson(precision, certain + weight);
        let worth = logit(share) - settings.priors.get(kind).copied().unwrap_or_default();
        let kind = kind as u8;
        trust.push(Trust { source, kind, negative, claims: count, decided, precision, low, high, worth });
    }
    (trust, voices)
}
