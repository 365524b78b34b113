//! The laws of the assessment, and examples with the numbers that follow from the weights.

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

fn day(days: i64) -> Timestamp {
    Timestamp::from_date(2026, 11, 24).unwrap().plus_seconds(days * DAY)
}

fn claim(source: u32, reliability: Reliability) -> ClaimView {
    ClaimView {
        source,
        reliability,
        learnt: None,
        copy_group: None,
        republishes: false,
        stance: Stance::Malicious,
        category: Category::Other,
        confidence: None,
        valid_from: None,
        valid_until: None,
        last_seen: None,
        received: day(0),
    }
}

fn of(kind: &Kind, claims: &[ClaimView]) -> Assessment {
    assess(kind, claims, &[], None, &Policy::default(), day(0))
}

fn hit(effect: rempart_matching::Effect) -> Hit<'static> {
    Hit { list: "a list", effect }
}

#[test]
fn reliability_and_confidence_order_the_probability() {
    use Reliability::{A, B, C, D, E, F};
    let by = |reliability, confidence| {
        of(&Kind::Domain, &[ClaimView { confidence, ..claim(1, reliability) }]).probability
    };
    for pair in [A, B, C, F, D, E].windows(2) {
        assert!(by(pair[0], None) > by(pair[1], None), "{pair:?}");
    }
    assert!(by(B, Some(90)) > by(B, None) && by(B, None) > by(B, Some(20)));
    let policy = Policy::default();
    // One fairly reliable source is believed, and not more than that; an unreliable one is not.
    assert!(by(C, Some(100)) < policy.high() && by(C, None) > policy.lower());
    assert!(by(A, None) >= policy.high() && by(B, Some(80)) >= policy.high());
    assert!(by(E, Some(100)) < policy.lower());
    assert!(of(&Kind::Domain, &[claim(1, C), claim(2, C)]).probability >= policy.high());
    // Many that are unreliable make no certainty, and hardly lift one that is fairly reliable.
    let unreliable: Vec<ClaimView> = (0..4).map(|source| claim(source, E)).collect();
    assert!(of(&Kind::Domain, &unreliable).probability < policy.high());
    let both = of(&Kind::Domain, &[claim(1, C), claim(2, E)]).probability;
    assert!(both > by(C, None) && both < policy.high());
}

#[test]
fn copies_count_once() {
    let c = claim(1, Reliability::C);
    let one = of(&Kind::Domain, &[c]);
    let grouped = |source| ClaimView { copy_group: Some(7), source, ..c };
    let passes_on = |source| ClaimView { republishes: true, source, ..c };
    assert_eq!(of(&Kind::Domain, &[c, c, c]), one);
    assert_eq!(of(&Kind::Domain, &[grouped(1), grouped(2), grouped(3)]), one);
    assert_eq!(of(&Kind::Domain, &[c, passes_on(2), passes_on(3)]), one);
    assert_eq!(of(&Kind::Domain, &[passes_on(2)]), one);
    let two = of(&Kind::Domain, &[c, claim(2, Reliability::C)]);
    assert!(two.probability > one.probability);
    assert_eq!(of(&Kind::Domain, &[c, claim(2, Reliability::C), passes_on(3)]), two);
    // What passes on and is trusted more lifts the strongest voice to its own weight.
    let strong = ClaimView { reliability: Reliability::A, ..passes_on(3) };
    let lifted = of(&Kind::Domain, &[claim(2, Reliability::A)]);
    assert_eq!(of(&Kind::Domain, &[c, strong]).probability, lifted.probability);
}

#[test]
fn benign_claims_and_warnings_take_away_and_never_all() {
    let c = claim(1, Reliability::B);
    let benign = ClaimView { stance: Stance::Benign, ..claim(2, Reliability::C) };
    let alone = of(&Kind::Domain, &[c]).probability;
    assert!(of(&Kind::Domain, &[c, benign]).probability < alone);
    let warned = |warnings: &[Hit<'_>]| {
        assess(&Kind::Domain, &[c], warnings, None, &Policy::default(), day(0)).probability
    };
    use rempart_matching::Effect::{FalsePositive, Known};
    let (known, false_positive) = (warned(&[hit(Known)]), warned(&[hit(FalsePositive)]));
    assert!(0.0 < false_positive && false_positive < known && known < alone);
    assert_eq!(warned(&[hit(FalsePositive), hit(FalsePositive)]), false_positive);
    let observed = ClaimView { stance: Stance::Observed, ..c };
    let seen = of(&Kind::Domain, &[observed]).probability;
    assert!(seen < Policy::default().lower() && seen > of(&Kind::Domain, &[]).probability);
}

#[test]
fn kinds_decay_at_their_own_pace() {
    let days = |kind: &Kind, category| {
        let found = of(kind, &[ClaimView { category, ..claim(1, Reliability::C) }]);
        let end = found.valid_until.unwrap();
        assert_eq!(found.next_change, Some(end));
        (end.micros() - day(0).micros()) / (DAY * 1_000_000)
    };
    // What lists of past years taught: addresses that command are gone before those that attack.
    let address = days(&Kind::Ipv4, Category::Other);
    assert!((7..40).contains(&address), "{address}");
    assert!(days(&Kind::Ipv4, Category::Scanner) < address);
    assert!((3..15).contains(&days(&Kind::Ipv4, Category::C2Server)));
    assert!((3..15).contains(&days(&Kind::Url, Category::Phishing)));
    assert!((30..100).contains(&days(&Kind::Domain, Category::Other)));
    assert!(days(&Kind::Sha256, Category::Other) > 3650);
}

#[test]
fn dates_of_the_source_are_heeded_and_not_abused() {
    let c = claim(1, Reliability::A);
    let at = |claim: ClaimView| of(&Kind::Ipv4, &[claim]);
    let fresh = at(c);
    let old = ClaimView { valid_from: Some(day(-100)), ..c };
    assert!(at(old).probability < Policy::default().lower());
    assert_eq!(at(old).valid_until, Some(day(0)));
    assert!(at(ClaimView { last_seen: Some(day(-1)), ..old }).probability > 0.7);
    // A source that has seen the future has seen it when it said so.
    let seen_now = at(ClaimView { last_seen: Some(day(0)), ..old });
    assert_eq!(at(ClaimView { last_seen: Some(day(9000)), ..old }).probability, seen_now.probability);
    assert!(seen_now.probability > fresh.probability);
    let ends = at(ClaimView { valid_until: Some(day(1)), ..c });
    assert_eq!((ends.valid_until, ends.next_change), (Some(day(1)), Some(day(1))));
    let ended = at(ClaimView { valid_until: Some(day(-1)), ..c });
    assert_eq!((ended.probability, ended.next_change), (of(&Kind::Ipv4, &[]).probability, None));
    let later = at(ClaimView { valid_from: Some(day(3)), ..c });
    assert_eq!((later.probability, later.next_change), (ended.probability, Some(day(3))));
    let backwards = at(ClaimView { valid_from: Some(day(3)), valid_until: Some(day(2)), ..c });
    assert_eq!(backwards.next_change, None);
}

#[test]
fn the_end_of_a_benign_claim_is_a_change() {
    let c = ClaimView { category: Category::C2Server, ..claim(1, Reliability::A) };
    let benign = ClaimView { stance: Stance::Benign, valid_until: Some(day(2)), ..claim(2, Reliability::A) };
    let found = of(&Kind::Domain, &[c, benign]);
    assert!(found.probability < Policy::default().lower());
    assert_eq!(found.next_change, Some(day(2)));
}

#[test]
fn an_analyst_has_the_last_word() {
    let decision = Override { malicious: false, by: "ada", reason: "our own scanner" };
    let claims = [claim(1, Reliability::A), claim(2, Reliability::A)];
    let at = |days| assess(&Kind::Ipv4, &claims, &[], Some(&decision), &Policy::default(), day(days));
    assert_eq!((at(0).probability, at(0).overridden, at(0).next_change), (0.0, true, None));
    assert_eq!((at(900).probability, at(900).valid_until), (0.0, Some(day(900))));
    let decision = Override { malicious: true, ..decision };
    let found = assess(
        &Kind::Ipv4,
        &[],
        &[hit(rempart_matching::Effect::FalsePositive)],
        Some(&decision),
        &Policy::default(),
        day(0),
    );
    assert_eq!((found.probability, found.valid_until, found.next_change), (1.0, None, None));
}

#[test]
fn the_weight_of_evidence_decides_the_category() {
    let says = |source, reliability, category| ClaimView { category, ..claim(source, reliability) };
    use Category::{C2Server, Other, Phishing, Spam};
    use Reliability::{A, C};
    for (claims, wanted) in [
        (vec![says(1, C, Phishing), says(2, A, C2Server)], C2Server),
        (vec![says(1, C, Phishing), says(2, C, Phishing), says(3, A, C2Server)], Phishing),
        (vec![says(1, C, Phishing), says(1, C, Phishing), says(2, A, C2Server)], C2Server),
        (vec![says(1, A, Other), says(2, C, Spam)], Spam),
        (vec![says(1, A, Other), says(2, A, Other)], Other),
        (vec![], Other),
    ] {
        assert_eq!(of(&Kind::Domain, &claims).category, wanted, "{claims:?}");
    }
}

#[test]
fn reasons_say_what_counted() {
    let claims = [
        ClaimView { copy_group: Some(1), category: Category::Phishing, ..claim(1, Reliability::B) },
        ClaimView { copy_group: Some(1), ..claim(2, Reliability::D) },
        ClaimView { valid_until: Some(day(-1)), ..claim(3, Reliability::A) },
        ClaimView { republishes: true, confidence: Some(10), ..claim(4, Reliability::C) },
    ];
    let warnings = [hit(rempart_matching::Effect::Known)];
    let told = explain(&Kind::Url, &claims, &warnings, None, &Policy::default(), day(0));
    let words: Vec<String> = told.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "a value of kind url of which nobody speaks any more is at -7.03",
            "a source of reliability B says it is malicious (fraud:phishing), without saying how sure it is, \
             0.0 days ago (worth half every 19 days): +8.28",
            "a source of reliability D says it is malicious, without saying how sure it is; \
             a stronger claim from the same origin stands for it",
            "a source of reliability C says it is malicious, confidence 10; \
             a stronger claim from the same origin stands for it",
            "a source of reliability A says it is malicious, without saying how sure it is; it has ended",
            "it stands on the warninglist \"a list\" (known, look twice): -0.60",
        ]
    );
}

#[test]
fn who_repeats_himself_is_no_more_reliable_for_it() {
    let over = |reliability, days: i64, age: i64| {
        let claim = ClaimView {
            valid_from: Some(day(-age - days)),
            last_seen: Some(day(-age)),
            ..claim(1, reliability)
        };
        of(&Kind::Ipv4, &[claim]).probability
    };
    let policy = Policy::default();
    assert!(over(Reliability::E, 4000, 0) < policy.lower());
    assert!(over(Reliability::D, 4000, 0) < policy.high());
    // What was there for long is there for longer.
    assert!(over(Reliability::C, 90, 45) > policy.lower() && over(Reliability::C, 0, 45) < policy.lower());
    assert!(over(Reliability::C, 60, 0) > over(Reliability::C, 5, 0));
    assert_eq!(over(Reliability::C, 60, 0), over(Reliability::C, 600, 0));
    // It is one source that sees it again, however it says so.
    let first = ClaimView { valid_from: Some(day(-60)), ..claim(1, Reliability::C) };
    let two = of(&Kind::Ipv4, &[first, claim(1, Reliability::C)]).probability;
    assert_eq!(two, over(Reliability::C, 60, 0));
    let other = of(&Kind::Ipv4, &[ClaimView { source: 2, ..first }, claim(1, Reliability::C)]).probability;
    assert_ne!(two, other);
}

#[test]
fn what_was_learnt_of_a_source_goes_before_its_letter() {
    let learnt = |odds, reliability| {
        of(&Kind::Domain, &[ClaimView { learnt: Some(odds), ..claim(1, reliability) }]).probability
    };
    assert_eq!(learnt(1.0, Reliability::A), learnt(1.0, Reliability::E));
    assert!((learnt(1.0, Reliability::E) - 0.731).abs() < 0.001);
    assert!(learnt(-1.0, Reliability::A) < Policy::default().lower());
}

#[test]
fn looks_are_a_reason_beside_claims() {
    let looks = Looks { weight: 0.8, why: "its name looks made up by a machine" };
    let subject = Subject { kind: &Kind::Domain, looks: Some(looks) };
    let policy = Policy::default();
    let at = |claims: &[ClaimView]| assess(subject, claims, &[], None, &policy, day(0)).probability;
    let c = claim(1, Reliability::C);
    assert!(at(&[c]) > of(&Kind::Domain, &[c]).probability);
    // They are no claim.
    assert!(at(&[]) < 0.01);
    let told = explain(subject, &[c], &[], None, &policy, day(0));
    assert_eq!(told.assessment.probability, at(&[c]));
    assert!(told.reasons.iter().any(|one| one.to_string() == "its name looks made up by a machine: +0.80"));
}

fn reliability() -> impl Strategy<Value = Reliability> {
    (0u8..6).prop_map(Reliability::from_code)
}

fn any_claim() -> impl Strategy<Value = ClaimView> {
    let time =
        || prop::option::weighted(0.4, (-200i64 * DAY..200 * DAY).prop_map(|s| day(0).plus_seconds(s)));
    let learnt = prop::option::weighted(0.2, -4.0f32..4.0);
    let who =
        (0u32..4, reliability(), learnt, prop::option::weighted(0.3, 0u32..2), prop::bool::weighted(0.2));
    let what =
        (prop_oneof![4 => Just(0u8), 1 => Just(1), 1 => Just(2)], 0u8..15, prop::option::of(0u8..=100));
    (who, what, (time(), time(), time()), -300i64 * DAY..1).prop_map(
        |(
            (source, reliability, learnt, copy_group, republishes),
            (stance, category, confidence),
            times,
            received,
        )| ClaimView {
            source,
            reliability,
            learnt,
            copy_group,
            republishes,
            stance: Stance::from_code(stance),
            category: Category::from_code(category),
            confidence,
            valid_from: times.0,
            valid_until: times.1,
            last_seen: times.2,
            received: day(0).plus_seconds(received),
        },
    )
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Domain,
        Kind::Url,
        Kind::Ipv4,
        Kind::Sha256,
        Kind::Cidr,
        Kind::Asn,
        Kind::Email,
    ])
}

fn any_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::default()), (0.0f32..1.0, 0.0f32..1.0).prop_map(|(a, b)| Policy::new(a, b))]
}

fn any_warnings() -> impl Strategy<Value = Vec<Hit<'static>>> {
    let effect =
        prop::sample::select(vec![rempart_matching::Effect::FalsePositive, rempart_matching::Effect::Known]);
    prop::collection::vec(effect.prop_map(hit), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn one_claim_alone_is_judged_as_among_others(
        kind in any_kind(), claim in any_claim(), policy in any_policy(), later in 0i64..100 * DAY,
    ) {
        let now = day(0).plus_seconds(later);
        prop_assert_eq!(assess_one(&Subject::from(&kind), &claim, &policy, now), fuse(&Subject::from(&kind), &[claim], &[], &policy, now));
    }

    #[test]
    fn the_order_of_claims_does_not_matter(
        kind in any_kind(), claims in prop::collection::vec(any_claim(), 0..8), warnings in any_warnings(), by in 0usize..8,
    ) {
        let mut turned = claims.clone();
        turned.rotate_left(by % claims.len().max(1));
        turned.reverse();
        let policy = Policy::default();
        let (a, b) = (
            assess(&kind, &claims, &warnings, None, &policy, day(0)),
            assess(&kind, &turned, &warnings, None, &policy, day(0)),
        );
        // Sums of the same terms in another order may differ in the last bits.
        prop_assert!((a.probability - b.probability).abs() < 1e-6);
        prop_assert_eq!(a.category, b.category);
        prop_assert_eq!(a.valid_until.is_some(), b.valid_until.is_some());
        prop_assert_eq!(a.next_change.is_some(), b.next_change.is_some());
    }

    #[test]
    fn what_was_left_out_would_change_nothing(
        kind in any_kind(), claims in prop::collection::vec(any_claim(), 0..10), probes in prop::collection::vec(0i64..400 * DAY, 6),
    ) {
        // The whole sum, straight from the definition, without pruning.
        let weights = Weights::shipped();
        let curve = Curve::new(weights, &Subject::from(&kind), &claims, &[], day(0));
        for probe in probes {
            let time = day(0).plus_seconds(probe);
            let mut odds = [0.0f64; 2];
            for negative in [false, true] {
                let parts: Vec<Part> =
                    curve::parts(weights, &kind, &claims).into_iter().filter(|p| p.negative == negative).collect();
                let prior = weights::Weights::shipped().prior(&kind);
                let chance = |evidence: f64| 1.0 / (1.0 + (-prior - evidence).exp());
                let (mut doubt, mut most, mut again) = (1.0 - chance(0.0), 0.0f64, 0.0f64);
                let mut groups: Vec<u64> = parts.iter().map(|p| p.group).collect();
                groups.sort_unstable();
                groups.dedup();
                for group in groups {
                    let best = |r: bool| parts.iter().filter(|p| p.group == group && p.republishes == r)
                        .map(|p| p.at(time)).fold(0.0, f64::max);
                    doubt *= (1.0 - chance(best(false))) / (1.0 - chance(0.0));
                    most = most.max(best(false));
                    again = again.max(best(true));
                }
                if again > most {
                    doubt *= (1.0 - chance(again)) / (1.0 - chance(most));
                }
                odds[usize::from(negative)] = ((1.0 - doubt) / doubt).ln() - prior;
            }
            let naive = curve::total(weights.most, weights.prior(&kind), odds[0], odds[1], 0.0);
            prop_assert!((curve.odds(time) - naive).abs() < 1e-6, "{} {}", curve.odds(time), naive);
        }
    }

    #[test]
    fn changes_come_when_they_were_foretold(
        kind in any_kind(), claims in prop::collection::vec(any_claim(), 1..6), warnings in any_warnings(),
        policy in any_policy(), probes in prop::collection::vec(0.0f64..1.0, 12),
    ) {
        let now = day(0);
        let found = assess(&kind, &claims, &warnings, None, &policy, now);
        let curve = |time| Curve::new(policy.weights(), &Subject::from(&kind), &claims, &warnings, time).odds(time);
        let level = policy.level(curve(now));
        let horizon = found.next_change.unwrap_or(day(3000));
        for probe in probes {
            let seconds = (horizon.micros() - now.micros()) as f64 * probe / 1e6;
            let time = now.plus_seconds((seconds as i64 - 1).max(0));
            prop_assert_eq!(policy.level(curve(time)), level, "{} before {:?}", time, found.next_change);
        }
        if let Some(change) = found.next_change {
            prop_assert!(change > now);
            prop_assert_ne!(policy.level(curve(change)), level);
        }
        match found.valid_until {
            Some(end) if level > 0 => prop_assert_eq!(policy.level(curve(end)), 0),
            Some(end) => prop_assert_eq!(end, now),
            None => prop_assert!(level > 0),
        }
    }

    #[test]
    fn evidence_never_works_the_wrong_way(
        kind in any_kind(), claims in prop::collection::vec(any_claim(), 0..6), more in any_claim(), warnings in any_warnings(),
    ) {
        let p = |claims: &[ClaimView], warnings: &[Hit<'_>]| {
            assess(&kind, claims, warnings, None, &Policy::default(), day(0)).probability
        };
        let mut all = claims.clone();
        all.push(more);
        let (before, after) = (p(&claims, &[]), p(&all, &[]));
        if more.stance == Stance::Benign {
            prop_assert!(after <= before + 1e-6);
        } else {
            prop_assert!(after >= before - 1e-6);
        }
        prop_assert!(p(&all, &warnings) <= after);
        prop_assert!(0.0 < after && after < 1.0);
        prop_assert_eq!(probability_at(&kind, &all, &warnings, None, &Policy::default(), day(0)), p(&all, &warnings));
    }

    #[test]
    fn reasons_add_up_to_the_probability(
        kind in any_kind(), claims in prop::collection::vec(any_claim(), 0..8), warnings in any_warnings(),
    ) {
        let told = explain(&kind, &claims, &warnings, None, &Policy::default(), day(0));
        let sum: f64 = told.reasons.iter().map(Reason::weight).sum();
        let odds = sum.clamp(-9.0, Weights::shipped().most);
        prop_assert!((probability(odds) - told.assessment.probability).abs() < 1e-5);
    }
}
