//! The clustering: decisions hold, names stay, nothing depends on the order, no source decides alone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn own(observable: u64, kind: EvidenceKind, value: u64) -> Evidence {
    Evidence { observable, kind, value, source: Evidence::OWN }
}

/// Makes the population large enough for rarity to count.
fn crowd() -> Vec<Evidence> {
    (1_000_000..1_004_000).map(|one| own(one, EvidenceKind::Certificate, one)).collect()
}

fn filled(evidence: &[Evidence]) -> Clustering {
    let mut clustering = Clustering::new(Settings::default());
    clustering.add(&[crowd(), evidence.to_vec()].concat());
    clustering
}

fn together(clustering: &Clustering, a: u64, b: u64) -> bool {
    clustering.cluster_of(a).is_some() && clustering.cluster_of(a) == clustering.cluster_of(b)
}

/// The clusters as sets.
fn sets(clustering: &Clustering) -> BTreeSet<BTreeSet<u64>> {
    clustering.clusters().map(|cluster| cluster.members().collect()).collect()
}

fn certificate(members: impl IntoIterator<Item = u64>, value: u64) -> Vec<Evidence> {
    members.into_iter().map(|one| own(one, EvidenceKind::Certificate, value)).collect()
}

#[test]
fn a_rare_certificate_unites_and_says_so() {
    let clustering = filled(&certificate([10, 11, 12], 7));
    assert!(together(&clustering, 10, 12));
    assert_eq!(clustering.cluster_of(11), Some(10));
    let merges = clustering.merges(10);
    assert_eq!(merges.len(), 2);
    for merge in merges {
        let [ground] = merge.grounds.as_slice() else { panic!("{merge:?}") };
        assert_eq!((ground.kind, ground.value, ground.shared), (EvidenceKind::Certificate, 7, 3));
        assert!(ground.weight >= clustering.settings().high && merge.weight == ground.weight);
    }
}

#[test]
fn what_very_many_share_says_nothing() {
    let many: Vec<Evidence> = (0..600).map(|one| own(one, EvidenceKind::Address, 1)).collect();
    let clustering = filled(&many);
    assert_eq!(clustering.clusters().count(), 0);
    let silenced = clustering.silenced();
    assert_eq!(
        silenced.first().map(|value| (value.kind, value.shared, value.decided)),
        Some((EvidenceKind::Address, 600, false))
    );
}

#[test]
fn an_address_that_becomes_shared_hosting_lets_go() {
    let mut clustering = filled(&[own(1, EvidenceKind::Address, 1), own(2, EvidenceKind::Address, 1)]);
    assert!(together(&clustering, 1, 2));
    let more: Vec<Evidence> = (3..600).map(|one| own(one, EvidenceKind::Address, 1)).collect();
    clustering.add(&more);
    assert!(!together(&clustering, 1, 2));
}

#[test]
fn a_merge_undone_stays_undone() {
    let mut clustering =
        filled(&[certificate([1, 2, 3], 5), certificate([4, 5, 6], 6), certificate([3, 4], 7)].concat());
    assert!(together(&clustering, 1, 6));
    let merge = clustering.merges(1).into_iter().find(|merge| (merge.a, merge.b) == (3, 4)).unwrap();
    clustering.decide(merge.undo());
    let halves = |clustering: &Clustering| {
        assert!(!together(clustering, 1, 4), "{:?}", sets(clustering));
        assert!(together(clustering, 1, 2) && together(clustering, 4, 5));
    };
    halves(&clustering);
    // More of the same kind of evidence, between the two and around them.
    clustering.add(&certificate([1, 4], 8));
    halves(&clustering);
    // Who stands between them goes to one side; the two stay apart.
    clustering.add(&[certificate([2, 5, 9], 9), certificate([9, 1], 10)].concat());
    let apart = |clustering: &Clustering| assert!(!together(clustering, 1, 4) && !together(clustering, 3, 4));
    apart(&clustering);
    clustering.rebuild();
    apart(&clustering);
    clustering.lift(merge.undo());
    assert!(together(&clustering, 1, 4));
}

#[test]
fn decisions_outweigh_evidence_and_the_later_the_earlier() {
    let mut clustering = filled(&certificate([1, 2], 5));
    clustering.decide(Decision::Apart { a: 1, b: 2 });
    assert!(!together(&clustering, 1, 2));
    clustering.decide(Decision::Together { a: 2, b: 30 });
    assert_eq!(clustering.cluster_of(30), None, "an observable that is not there yet");
    clustering.add(&certificate([30], 99));
    assert!(together(&clustering, 2, 30));
    let decided = clustering.merges(2);
    assert!(decided.iter().any(|merge| merge.decided));
    let outcome = clustering.decide(Decision::Together { a: 30, b: 1 });
    assert!(together(&clustering, 1, 2));
    assert_eq!(outcome.overruled, [Decision::Apart { a: 1, b: 2 }]);
}

#[test]
fn a_value_that_a_person_silences_stays_silent() {
    let mut clustering = filled(&certificate([1, 2], 5));
    clustering.decide(Decision::Ignore { kind: EvidenceKind::Certificate, value: 5 });
    assert!(!together(&clustering, 1, 2));
    clustering.add(&certificate([3], 5));
    clustering.rebuild();
    assert_eq!(clustering.clusters().count(), 0);
    assert!(clustering.silenced().iter().any(|value| value.decided && value.shared == 3));
}

#[test]
fn one_source_alone_merges_nothing_by_many_weak_links() {
    let groups = [certificate(1..20, 5), certificate(21..40, 6)].concat();
    let weak = |source: u32| -> Vec<Evidence> {
        let kinds =
            [EvidenceKind::Burst, EvidenceKind::Report, EvidenceKind::Template, EvidenceKind::NamePart];
        let mut all = Vec::new();
        for kind in kinds {
            for pair in 0..19 {
                for (observable, shift) in [(1 + pair, 0), (21 + pair, 0), (21 + (pair + 7) % 19, 0)] {
                    all.push(Evidence { observable, kind, value: 1000 + pair + shift, source });
                }
            }
        }
        all
    };
    let mut clustering = filled(&groups);
    clustering.add(&weak(9));
    assert!(together(&clustering, 1, 19) && together(&clustering, 21, 39));
    assert!(!together(&clustering, 1, 21), "one source alone");
    clustering.rebuild();
    assert!(!together(&clustering, 1, 21), "one source alone");
    clustering.add(&weak(10));
    assert!(together(&clustering, 1, 21), "a second source says the same");
}

#[test]
fn a_source_cannot_attach_itself_to_what_another_says() {
    let mut clustering = filled(&[certificate(1..5, 5)].concat());
    let copied = |observable, source| Evidence { observable, kind: EvidenceKind::Template, value: 3, source };
    clustering.add(&(1..5).map(|one| copied(one, 1)).collect::<Vec<_>>());
    clustering.add(&[copied(50, 2)]);
    assert!(!together(&clustering, 1, 50));
}

#[test]
fn names_stay_while_clusters_grow_and_split() {
    let mut clustering = filled(&certificate([20, 21, 22], 5));
    assert_eq!(clustering.cluster_of(22), Some(20));
    // An earlier observable joins: the name stays.
    clustering.add(&certificate([3], 5));
    assert_eq!(clustering.cluster_of(3), Some(20));
    // A smaller cluster is taken up: the larger keeps its name, and the other is said to be gone.
    clustering.add(&certificate([1, 2], 6));
    assert_eq!(clustering.cluster_of(2), Some(1));
    let outcome = clustering.add(&certificate([2, 20], 7));
    assert_eq!(clustering.cluster_of(1), Some(20));
    assert!(outcome.changes.contains(&Change::Retired { name: 1, into: Some(20) }), "{:?}", outcome.changes);
    // It splits again: the larger part keeps the name.
    let outcome = clustering.decide(Decision::Ignore { kind: EvidenceKind::Certificate, value: 7 });
    assert_eq!((clustering.cluster_of(22), clustering.cluster_of(1)), (Some(20), Some(1)));
    assert!(outcome.changes.contains(&Change::Founded { name: 1, from: Some(20) }), "{:?}", outcome.changes);
}

#[test]
fn memory_is_bounded_and_the_lowered_cut_off_is_said() {
    let evidence: Vec<Evidence> = (0..4000_u64)
        .flat_map(|one| {
            [own(one, EvidenceKind::Template, one / 30), own(one, EvidenceKind::NamePart, one / 4)]
        })
        .collect();
    let mut clustering = Clustering::new(Settings { max_links: 10_000, high: 100.0, ..Settings::default() });
    let outcome = clustering.add(&evidence);
    // The last ten still fit, the groups of thirty do not.
    assert_eq!(outcome.lowered, Some(10));
    assert!(outcome.weak_links <= 10_000);
    // Of one observable no more than 256 values are kept.
    let outcome = clustering.add(&(0..300).map(|value| own(1, EvidenceKind::Key, value)).collect::<Vec<_>>());
    assert!(outcome.left >= 44);
}

#[test]
fn no_one_kind_of_soft_evidence_unites_and_no_one_source_outweighs_the_resolution() {
    let settings = Settings::default();
    for kind in EvidenceKind::ALL {
        assert_eq!(EvidenceKind::ALL.get(kind as usize), Some(&kind));
        assert!(kind.is_hard() || settings.strength(kind).cap < settings.high, "{kind:?}");
    }
    assert!(2.0 * settings.source_cap < settings.resolution);
}

#[test]
fn two_cliques_on_one_weak_link_stay_two() {
    let links: Vec<(u32, u32, f32)> = (0..5_u32)
        .flat_map(|a| (a + 1..5).flat_map(move |b| [(a, b, 1.0), (a + 5, b + 5, 1.0)]))
        .chain([(4, 5, 1.0)])
        .collect();
    let of = leiden(&Graph::new(vec![1.0; 10], &links), 0.5, 1);
    assert_eq!(of, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

/// Evidence that a random number of groups share, strong and weak.
fn some_evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let kind = prop::sample::select(vec![
        EvidenceKind::Certificate,
        EvidenceKind::Address,
        EvidenceKind::Template,
        EvidenceKind::NamePart,
        EvidenceKind::Report,
        EvidenceKind::Network,
    ]);
    let one = (0..60_u64, kind, 0..40_u64, 0..4_u32).prop_map(|(observable, kind, value, source)| Evidence {
        observable,
        kind,
        value,
        source,
    });
    prop::collection::vec(one, 1..200)
}

/// Only what unites at once: kinds of which one value is enough, and no other. Communities are out of play: what many soft
/// links between united groups add up to depends on which groups were there when they came.
fn strong_only() -> Settings {
    let mut settings = Settings { high: 0.5, resolution: 1e9, ..Settings::default() };
    for strength in &mut settings.strengths {
        strength.factor = strength.factor.max(1.0);
        strength.cap = strength.cap.max(4.0);
        strength.most = 20;
    }
    settings
}

/// The share of pairs on which two clusterings agree (Rand 1971).
fn agreement(a: &Clustering, b: &Clustering, ids: &[u64]) -> f64 {
    let (mut same, mut all) = (0.0, 0.0);
    for (place, one) in ids.iter().enumerate() {
        for other in ids.iter().skip(place + 1) {
            all += 1.0;
            same += f64::from(together(a, *one, *other) == together(b, *one, *other));
        }
    }
    if all == 0.0 { 1.0 } else { same / all }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_same_evidence_gives_the_same_clusters(evidence in some_evidence()) {
        let clusters = |evidence: &[Evidence]| {
            let mut clustering = Clustering::new(Settings::default());
            clustering.add(evidence);
            clustering.clusters().map(|cluster| (cluster.name, cluster.members().collect::<Vec<_>>())).collect::<Vec<_>>()
        };
        prop_assert_eq!(clusters(&evidence), clusters(&evidence));
    }

    #[test]
    fn what_unites_at_once_is_the_same_however_it_came(
        evidence in some_evidence(), cut in 0..200_usize, turned in any::<bool>(),
    ) {
        let crowd = crowd();
        let mut batch = Clustering::new(strong_only());
        batch.add(&[crowd.clone(), evidence.clone()].concat());
        let mut parts = Clustering::new(strong_only());
        parts.add(&crowd);
        let (first, second) = evidence.split_at(cut.min(evidence.len()));
        let (first, second) = if turned { (second, first) } else { (first, second) };
        parts.add(first);
        for one in second.chunks(7) {
            parts.add(one);
        }
        prop_assert_eq!(sets(&batch), sets(&parts));
    }

    /// The same where weak values have to add up to a certain link, and communities are out of play.
    #[test]
    fn what_adds_up_to_certainty_is_the_same_however_it_came(
        evidence in some_evidence(), cut in 0..200_usize,
    ) {
        let settings = Settings { high: 7.0, resolution: 1e9, ..Settings::default() };
        let crowd = crowd();
        let mut batch = Clustering::new(settings.clone());
        batch.add(&[crowd.clone(), evidence.clone()].concat());
        let mut parts = Clustering::new(settings);
        parts.add(&crowd);
        let (first, second) = evidence.split_at(cut.min(evidence.len()));
        parts.add(first);
        for one in second.chunks(7) {
            parts.add(one);
        }
        prop_assert_eq!(sets(&batch), sets(&parts));
    }

    #[test]
    fn in_parts_is_nearly_as_at_once(evidence in some_evidence(), cut in 0..200_usize) {
        let crowd = crowd();
        let mut batch = Clustering::new(Settings::default());
        batch.add(&[crowd.clone(), evidence.clone()].concat());
        let mut parts = Clustering::new(Settings::default());
        parts.add(&crowd);
        let (first, second) = evidence.split_at(cut.min(evidence.len()));
        parts.add(first);
        for one in second.chunks(7) {
            parts.add(one);
        }
        let ids: Vec<u64> = (0..60).collect();
        prop_assert!(agreement(&batch, &parts, &ids) >= 0.9, "{}", agreement(&batch, &parts, &ids));
    }

    #[test]
    fn each_observable_is_in_one_cluster_and_each_merge_has_a_ground(evidence in some_evidence()) {
        let clustering = filled(&evidence);
        let mut seen = BTreeMap::new();
        for cluster in clustering.clusters() {
            prop_assert!(cluster.len() >= 2);
            for member in cluster.members() {
                prop_assert_eq!(seen.insert(member, cluster.name), None);
                prop_assert_eq!(clustering.cluster_of(member), Some(cluster.name));
            }
            let merges = clustering.merges(cluster.name);
            prop_assert_eq!(merges.len(), cluster.len() - 1);
            for merge in merges {
                prop_assert!(!merge.grounds.is_empty() && merge.weight > 0.0);
            }
        }
    }

    #[test]
    fn what_is_kept_apart_is_never_together(
        evidence in some_evidence(),
        pairs in prop::collection::vec((0..60_u64, 0..60_u64), 1..6),
    ) {
        let (first, second) = evidence.split_at(evidence.len() / 2);
        let mut clustering = Clustering::new(Settings::default());
        clustering.add(&[crowd(), first.to_vec()].concat());
        let pairs: Vec<(u64, u64)> = pairs.into_iter().filter(|(a, b)| a != b).collect();
        for (a, b) in &pairs {
            clustering.decide(Decision::Apart { a: *a, b: *b });
        }
        for one in second.chunks(5) {
            clustering.add(one);
            for (a, b) in &pairs {
                prop_assert!(!together(&clustering, *a, *b));
            }
        }
        clustering.rebuild();
        for (a, b) in &pairs {
            prop_assert!(!together(&clustering, *a, *b));
        }
    }
}
