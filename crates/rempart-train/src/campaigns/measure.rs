//! B-cubed precision and recall, and the share that lies in clusters that mix families.

use std::collections::BTreeMap;

use super::benchmark::Benchmark;

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// How good a clustering is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    /// Of the observables in the cluster of one, the share that is of its family; the mean over all
    /// observables (Bagga, Baldwin 1998).
    pub(super) precision: Figure,
    /// Of the observables of the family of one, the share that is in its cluster; the mean over all.
    pub(super) recall: Figure,
    /// The harmonic mean of both.
    pub(super) f1: Figure,
    /// The share of observables in clusters that mix families: the share of such clusters, each counted by
    /// its size.
    pub(super) overmerge: Figure,
    /// How many clusters of two or more there are.
    pub(super) clusters: usize,
    /// How many observables are in the largest.
    pub(super) largest: usize,
    /// How many observables are in a cluster of two or more.
    pub(super) clustered: usize,
}

/// Sums over the observables of one family.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    precision: f64,
    recall: f64,
    mixed: f64,
}

/// Scores labels, one for each observable. Intervals are of a bootstrap over families, drawn `draws` times.
#[allow(clippy::cast_precision_loss, reason = "counts are small")]
pub(super) fn score(benchmark: &Benchmark, labels: &[u64], draws: u32) -> Score {
    let mut both: BTreeMap<(u64, u32), usize> = BTreeMap::new();
    let mut clusters: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (item, label) in benchmark.items.iter().zip(labels) {
        *both.entry((*label, item.family)).or_default() += 1;
    }
    for ((label, _), count) in &both {
        let cluster = clusters.entry(*label).or_default();
        cluster.0 += count;
        cluster.1 += 1;
    }
    let sizes = benchmark.sizes();
    let mut families = vec![Sums::default(); benchmark.families.len()];
    for ((label, family), count) in &both {
        let (size, mixes) = clusters.get(label).copied().unwrap_or((1, 1));
        let whole = sizes.get(*family as usize).copied().unwrap_or(1);
        if let Some(sums) = families.get_mut(*family as usize) {
            let count = *count as f64;
            sums.count += count;
            sums.precision += count * count / size as f64;
            sums.recall += count * count / whole as f64;
            sums.mixed += if mixes > 1 { count } else { 0.0 };
        }
    }
    families.retain(|sums| sums.count > 0.0);
    let point = figures(families.iter());
    let mut drawn: [Vec<f64>; 4] = Default::default();
    let mut state = 0x0B00_7574_u64;
    for _ in 0..draws {
        let sample: Vec<&Sums> = (0..families.len())
            .filter_map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = usize::try_from(state >> 33).unwrap_or(0) % families.len();
                families.get(place)
            })
            .collect();
        for (all, one) in drawn.iter_mut().zip(figures(sample.into_iter())) {
            all.push(one);
        }
    }
    let mut intervals = point.iter().zip(&mut drawn).map(|(value, all)| {
        all.sort_by(f64::total_cmp);
        let at = |share: f64| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
            let place = (share * all.len() as f64) as usize;
            all.get(place).copied().unwrap_or(*value)
        };
        Figure { value: *value, low: at(0.025), high: at(0.975) }
    });
    let mut next = || intervals.next().unwrap_or_default();
    let (precision, recall, f1, overmerge) = (next(), next(), next(), next());
    let real = clusters.values().map(|(size, _)| *size).filter(|size| *size > 1);
    Score {
        precision,
        recall,
        f1,
        overmerge,
        clusters: real.clone().count(),
        largest: real.clone().max().unwrap_or(1),
        clustered: real.sum(),
    }
}

/// Precision, recall, F1, share in mixed clusters.
fn figures<'a>(families: impl Iterator<Item = &'a Sums>) -> [f64; 4] {
    let mut all = Sums::default();
    for sums in families {
        all.count += sums.count;
        all.precision += sums.precision;
        all.recall += sums.recall;
        all.mixed += sums.mixed;
    }
    let count = all.count.max(1.0);
    let (precision, recall) = (all.precision / count, all.recall / count);
    [precision, recall, 2.0 * precision * recall / (precision + recall).max(1e-12), all.mixed / count]
}

#[cfg(test)]
mod tests {
    use super::super::benchmark::Item;
    use super::*;

    fn benchmark(families: &[u32]) -> Benchmark {
        let items = families.iter().map(|family| Item { value: String::new(), family: *family, block: 0 });
        Benchmark { families: vec![String::new(); 3], items: items.collect() }
    }

    fn values(families: &[u32], labels: &[u64]) -> [f64; 4] {
        let score = score(&benchmark(families), labels, 20);
        [score.precision, score.recall, score.f1, score.overmerge].map(|figure| figure.value)
    }

    #[test]
    fn the_ends_of_the_scale() {
        assert_eq!(values(&[0, 0, 1, 1], &[5, 5, 6, 6]), [1.0, 1.0, 1.0, 0.0]);
        assert_eq!(values(&[0, 0, 1, 1], &[1, 2, 3, 4]), [1.0, 0.5, 2.0 / 3.0, 0.0]);
        assert_eq!(values(&[0, 0, 1, 1], &[5, 5, 5, 5]), [0.5, 1.0, 2.0 / 3.0, 1.0]);
    }

    #[test]
    fn an_example_by_hand() {
        // One cluster of two of family 0 and one of family 1, and one of family 1 alone.
        let [precision, recall, _, mixed] = values(&[0, 0, 1, 1], &[5, 5, 5, 6]);
        assert!((precision - (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-12);
        assert!((recall - (1.0 + 1.0 + 0.5 + 0.5) / 4.0).abs() < 1e-12);
        assert!((mixed - 0.75).abs() < 1e-12);
    }
}
