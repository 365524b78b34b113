//! Truth in made-up worlds: liars, copies, calibration; and the tables of letters and digits.

use proptest::prelude::*;
use rempart_model::Reliability;

use super::admiralty::configured;
use super::truth::{Settings, Trust, Truth, fit};
use super::worlds::{DAY, Dice, World};
use super::{Claim, Claims, Gold, Observable, admiralty, copies};

fn of(truth: &Truth, source: u32) -> Trust {
    *truth.trust.iter().find(|t| t.source == source && !t.negative).unwrap()
}

fn learn(world: &World, worth: f64, groups: &[u32]) -> Truth {
    fit(&world.claims(), &world.about, &vec![worth; world.sources], groups, &Settings::default())
}

fn letter(trust: Trust) -> Reliability {
    admiralty::letter(trust.precision, trust.low, trust.high, trust.decided)
}

/// A world that fits the model, with six sources from very good to bad.
fn fitting(seed: u64, malicious: f64, gold: f64) -> World {
    let mut world = World::new(seed, 30_000, malicious, gold);
    for (sensitivity, wrong) in
        [(0.4, 0.002), (0.3, 0.01), (0.3, 0.05), (0.2, 0.1), (0.12, 0.08), (0.03, 0.001)]
    {
        world.source(sensitivity, wrong);
    }
    world
}

#[test]
fn honest_sources_are_ranked_and_lettered_by_their_quality() {
    for seed in [1, 2, 3] {
        let world = fitting(seed, 0.3, 0.02);
        let truth = learn(&world, configured(Reliability::C), &[]);
        assert!(truth.converged);
        let learnt: Vec<Trust> = (0..6).map(|source| of(&truth, source)).collect();
        for pair in learnt[..5].windows(2) {
            assert!(pair[0].precision > pair[1].precision, "{pair:?}");
            assert!(pair[0].worth > pair[1].worth);
        }
        for (source, trust) in learnt[..5].iter().enumerate() {
            let off = trust.precision - world.precision(source as u32);
            assert!(off.abs() < 0.07, "seed {seed} source {source}: off by {off}");
        }
        assert_eq!(letter(learnt[0]), Reliability::A);
        assert_eq!(letter(learnt[4]), Reliability::E);
        assert!((Reliability::B..=Reliability::D).contains(&letter(learnt[2])));
    }
}

#[test]
fn probabilities_come_true_as_often_as_they_say_where_the_world_fits() {
    for (seed, malicious, gold) in
        [(4, 0.3, 0.02), (5, 0.3, 0.02), (6, 0.05, 0.02), (7, 0.6, 0.02), (8, 0.3, 0.005)]
    {
        let world = fitting(seed, malicious, gold);
        let ece = world.ece(&learn(&world, 1.0, &[]).posteriors);
        assert!(ece < 0.05, "seed {seed}: {ece}");
    }
}

/// Figures for the page: `cargo test -p rempart-triage --lib fuse -- --ignored --nocapture`.
#[test]
#[ignore = "prints figures"]
fn calibration_figures() {
    let figure = |name: &str, change: &dyn Fn(&mut World), gold: f64| {
        let mut row = Vec::new();
        let mut worst = 0.0_f64;
        for weight in [1.0, 5.0, 10.0, 20.0] {
            let mut sum = 0.0;
            for seed in 40..45 {
                let mut world = fitting(seed, 0.3, gold);
                change(&mut world);
                let settings = Settings { gold_weight: weight, ..Settings::default() };
                let truth = fit(&world.claims(), &world.about, &vec![1.0; world.sources], &[], &settings);
                sum += world.ece(&truth.posteriors) / 5.0;
                if weight == 10.0 {
                    for source in 0..5 {
                        worst = worst.max((of(&truth, source).precision - world.precision(source)).abs());
                    }
                }
            }
            row.push(format!("{sum:.3}"));
        }
        println!("{name}: ECE at weight 1, 5, 10, 20: {row:?}; worst precision off by {worst:.3}");
    };
    let none = |_: &mut World| {};
    figure("fits, 2 % decided", &none, 0.02);
    figure("fits, 0.5 % decided", &none, 0.005);
    figure("fits, 0.1 % decided", &none, 0.001);
    figure("fits, none decided", &none, 0.0);
    figure("only errors decided", &forget_malicious_gold, 0.02);
    figure("a pool of errors shared by three", &|world| tempt(world, 0.3), 0.02);
    figure("a large pool of errors shared by three", &|world| tempt(world, 0.6), 0.02);
}

/// Analysts decide only what turns out to be benign.
fn forget_malicious_gold(world: &mut World) {
    for thing in world.about.iter_mut().filter(|thing| thing.gold == Gold::Malicious) {
        thing.gold = Gold::Open;
    }
}

/// Sources 1 to 3 each also report this share of one pool of a thousand benign things.
fn tempt(world: &mut World, share: f64) {
    let pool: Vec<u32> = (0..30_000).filter(|at| !world.truth[*at as usize]).take(1000).collect();
    for at in pool {
        for source in 1..4 {
            if world.dice.chance(share) {
                world.say(at, source, 0, false);
            }
        }
    }
}

#[test]
fn intervals_hold_the_true_precision_about_as_often_as_they_say() {
    let (mut held, mut all) = (0, 0);
    for seed in 50..60 {
        let world = fitting(seed, 0.3, if seed % 2 == 0 { 0.02 } else { 0.005 });
        let truth = learn(&world, 1.0, &[]);
        for trust in truth.trust.iter().filter(|trust| trust.source < 5) {
            let precision = world.precision(trust.source);
            held += i32::from((trust.low..=trust.high).contains(&precision));
            all += 1;
        }
    }
    println!("{held} of {all}");
    assert!(held * 100 >= all * 80, "{held} of {all}");
}

#[test]
fn decisions_on_errors_only_do_not_weigh_tenfold() {
    let mut world = fitting(9, 0.3, 0.02);
    forget_malicious_gold(&mut world);
    let with = |gold_weight| {
        let settings = Settings { gold_weight, ..Settings::default() };
        fit(&world.claims(), &world.about, &[1.0; 6], &[], &settings)
    };
    assert_eq!(with(10.0).posteriors, with(1.0).posteriors);
    // They mislead all the same; by how much is said with the figures.
    assert!(world.ece(&with(10.0).posteriors) < 0.25);
}

/// Two honest sources, and one bad that four others repeat.
fn colluding(seed: u64) -> World {
    let mut world = World::new(seed, 30_000, 0.3, 0.02);
    world.source(0.3, 0.01);
    world.source(0.3, 0.02);
    let leader = world.source(0.1, 0.1);
    for hours in 1..5 {
        world.copier(leader, 0.9, hours * 3600);
    }
    world
}

#[test]
fn sources_that_copy_one_another_do_not_outvote_two_honest_ones() {
    for seed in [11, 12] {
        let world = colluding(seed);
        let found = copies::find(&world.claims(), &world.about);
        assert_eq!(found.groups, [0, 1, 2, 2, 2, 2, 2]);
        let without = learn(&world, 1.0, &[]);
        let with = learn(&world, 1.0, &found.groups);
        for honest in 0..2 {
            for liar in 2..7 {
                assert!(of(&without, honest).precision < of(&without, liar).precision, "believed without");
                assert!(of(&with, honest).precision > of(&with, liar).precision + 0.3, "not believed with");
                assert!(letter(of(&with, liar)) == Reliability::E);
            }
        }
        // Errors that are correlated break the calibration of a model that takes them for independent.
        assert!(world.ece(&without.posteriors) > 0.4);
        assert!(world.ece(&with.posteriors) < 0.05);
    }
}

#[test]
fn copies_have_direction_lag_and_reasons() {
    let world = colluding(13);
    let found = copies::find(&world.claims(), &world.about);
    let pair = found.pairs.iter().find(|pair| pair.from == 2 && pair.to == 3).unwrap();
    assert_eq!((pair.lag, pair.first, pair.steady), (3600, 1.0, 1.0));
    assert!(pair.score > 0.99 && pair.containment > 0.99 && pair.errors >= 3);
    assert!(pair.reasons.iter().any(|reason| reason.contains("known errors")), "{:?}", pair.reasons);
    assert!(pair.reasons.iter().any(|reason| reason.contains("3600 seconds later")));
    assert!(found.pairs.iter().all(|pair| pair.from > 1 && pair.to > 1), "honest ones are not accused");
}

#[test]
fn overlap_without_shared_errors_or_a_lag_is_no_copying() {
    let mut world = World::new(14, 20_000, 0.1, 0.3);
    // Each holds most of what is true, hence of the other.
    world.source(0.9, 0.002);
    world.source(0.9, 0.002);
    world.source(0.5, 0.01);
    let found = copies::find(&world.claims(), &world.about);
    assert_eq!(found.groups, [0, 1, 2], "{:?}", found.pairs);
    // A steady follower that makes no errors is found by order, lag and containment together.
    world.copier(2, 1.0, 7200);
    let found = copies::find(&world.claims(), &[]);
    assert_eq!(found.groups, [0, 1, 2, 2], "{:?}", found.pairs);
}

#[test]
fn popular_errors_are_no_mark_of_copying() {
    let mut world = World::new(15, 4_000, 0.3, 0.0);
    for _ in 0..16 {
        world.source(0.1, 0.002);
    }
    // All report the same twenty popular names.
    for name in 0..20 {
        world.about[name as usize].against = 2.2;
        for source in 0..16 {
            let delay = world.dice.below(20 * DAY as u64) as i64;
            world.say(name, source, delay, false);
        }
    }
    let found = copies::find(&world.claims(), &world.about);
    assert_eq!(found.groups, (0..16).collect::<Vec<_>>(), "{:?}", found.pairs.first());
}

#[test]
fn liars_lose_their_letters() {
    let mut world = fitting(21, 0.3, 0.02);
    let benign: Vec<u32> = (0..30_000).filter(|at| !world.truth[*at as usize]).collect();
    let (alone, popular) = (world.sources as u32, world.sources as u32 + 1);
    world.sources += 2;
    let claimed: std::collections::BTreeSet<u32> = world.list.iter().map(|c| c.observable).collect();
    for at in benign.iter().filter(|at| !claimed.contains(at)).take(3000) {
        world.say(*at, alone, 0, false);
    }
    for at in benign.iter().rev().take(500) {
        world.about[*at as usize].against = 2.2;
        world.say(*at, popular, 0, false);
    }
    // Both start with the best letter.
    let truth = learn(&world, configured(Reliability::A), &[]);
    for liar in [alone, popular] {
        assert_eq!(letter(of(&truth, liar)), Reliability::E, "{:?}", of(&truth, liar));
        assert!(of(&truth, liar).worth < 0.0);
    }
    assert_eq!(letter(of(&truth, 0)), Reliability::A);
}

#[test]
fn a_tiny_source_stays_near_its_configured_letter() {
    for configured_letter in [Reliability::A, Reliability::B, Reliability::C, Reliability::D, Reliability::E]
    {
        let mut world = fitting(22, 0.3, 0.02);
        let tiny = world.sources as u32;
        world.sources += 1;
        let open: Vec<u32> =
            (0..30_000).filter(|at| world.about[*at as usize].gold == Gold::Open).take(3).collect();
        for at in open {
            world.say(at, tiny, 0, false);
        }
        let mut worths = vec![1.0; world.sources];
        worths[tiny as usize] = configured(configured_letter);
        let truth = fit(&world.claims(), &world.about, &worths, &[], &Settings::default());
        let trust = of(&truth, tiny);
        let off = trust.worth - configured(configured_letter);
        assert!(off.abs() < 0.9, "{configured_letter:?} moved by {off}");
        assert_eq!(letter(trust), Reliability::F, "three claims tell nothing");
    }
}

#[test]
fn the_silence_of_a_sliver_changes_nothing() {
    let mut world = fitting(23, 0.3, 0.02);
    let before = learn(&world, 1.0, &[]);
    // Five reports, all good and early and late, among nine thousand malicious things.
    let sliver = world.sources as u32;
    world.sources += 1;
    let mut good: Vec<u32> = (0..30_000).filter(|at| world.truth[*at as usize]).collect();
    good.sort_by_key(|at| World::born(*at));
    let own = [good[0], good[2000], good[4000], good[6000], good[good.len() - 1]];
    for at in own {
        world.say(at, sliver, 0, false);
    }
    let after = learn(&world, 1.0, &[]);
    for (at, (a, b)) in before.posteriors.iter().zip(&after.posteriors).enumerate() {
        assert!(own.contains(&(at as u32)) || (a - b).abs() < 0.01, "{at}: {a} and {b}");
    }
}

#[test]
fn silence_counts_within_its_kind_and_time_only() {
    let mut world = World::new(24, 20_000, 0.3, 0.05);
    world.source(0.5, 0.05);
    world.source(0.8, 0.05);
    let half = 1_700_000_000 + 180 * DAY;
    world.list.retain(|claim| claim.source == 0 || claim.time < half);
    let truth = learn(&world, 1.0, &[]);
    let thing = Observable::default();
    let alone = |time| truth.model.probability(thing, time, time, &[(0, false)]);
    assert!(alone(half - 30 * DAY) < alone(half + 30 * DAY) - 0.03, "the broad source's silence weighs");
    // Of another kind nothing is known: there the prior stands.
    let other = Observable { kind: 3, ..thing };
    let quiet = truth.model.probability(other, 0, 0, &[]);
    assert!((super::logit(quiet) - Settings::default().priors[3]).abs() < 1e-6);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let world = colluding(31);
    let mut list = world.list.clone();
    let mut dice = Dice(5);
    for at in (1..list.len()).rev() {
        list.swap(at, dice.below(at as u64 + 1) as usize);
    }
    list.extend_from_slice(&world.list[..100]);
    let shuffled = Claims::new(list, world.truth.len(), world.sources);
    let (a, b) = (copies::find(&world.claims(), &world.about), copies::find(&shuffled, &world.about));
    assert_eq!(a, b);
    let run = |claims: &Claims| fit(claims, &world.about, &[1.0; 7], &a.groups, &Settings::default());
    assert_eq!(run(&world.claims()), run(&shuffled));
}

#[test]
fn negative_claims_speak_against() {
    let mut world = fitting(32, 0.3, 0.02);
    let checker = world.sources as u32;
    world.sources += 1;
    for at in 0..30_000 {
        if !world.truth[at as usize] && world.dice.chance(0.3) {
            world.say(at, checker, 0, true);
        }
    }
    let truth = learn(&world, 1.8, &[]);
    let trust = truth.trust.iter().find(|t| t.negative).unwrap();
    assert!(trust.precision > 0.9 && trust.worth < -1.0, "{trust:?}");
    let time = World::born(100);
    let says = |claims: &[(u32, bool)]| truth.model.probability(Observable::default(), time, time, claims);
    assert!(says(&[(2, false), (checker, true)]) < says(&[(2, false)]) - 0.1);
}

#[test]
fn nothing_and_next_to_nothing() {
    let settings = Settings::default();
    let none = fit(&Claims::new(vec![], 0, 0), &[], &[], &[], &settings);
    assert!(none.trust.is_empty() && none.posteriors.is_empty());
    assert_eq!(copies::find(&Claims::new(vec![], 0, 0), &[]), copies::Copies::default());
    let claim = Claim { observable: 0, source: 0, negative: false, time: 0 };
    let outside = Claim { source: 9, ..claim };
    let claims = Claims::new(vec![claim, claim, outside], 1, 1);
    assert_eq!((claims.list().len(), claims.ignored()), (1, 1));
    let one = fit(&claims, &[Observable::default()], &[2.6], &[], &settings);
    assert_eq!((one.trust.len(), one.voices[0]), (1, 1));
    assert!((of(&one, 0).worth - 2.6).abs() < 0.5, "{one:?}");
    // Numbers that are none are not believed.
    let odd = Observable { kind: 255, gold: Gold::Open, against: f32::NAN };
    let p = fit(&claims, &[odd], &[f64::NAN], &[u32::MAX], &settings).posteriors[0];
    assert!(p > 0.0 && p < 1.0);
}

#[test]
fn a_claim_takes_the_memory_that_is_stated() {
    assert_eq!(size_of::<Claim>(), 24);
    assert_eq!(size_of::<Observable>(), 8);
    let list: Vec<Claim> =
        (0..100).map(|source| Claim { observable: 0, source, negative: false, time: 0 }).collect();
    let many = Claims::new(list, 1, 100);
    // A hundred claims of one observable: a sample of pairs, none that shares enough.
    assert!(copies::find(&many, &[]).pairs.is_empty());
}

#[test]
fn letters_and_digits_are_those_of_the_table() {
    for (letter, least, low) in admiralty::LETTERS {
        assert_eq!(admiralty::letter(least, low, least, 20), letter);
        assert_ne!(admiralty::letter(least - 0.001, low, least, 20), letter);
        assert_ne!(admiralty::letter(least, low - 0.001, least, 20), letter);
        assert_eq!(admiralty::letter(least, low, least, 19), Reliability::F);
    }
    assert_eq!(admiralty::letter(0.3, 0.2, 0.4, 50), Reliability::E);
    assert_eq!(admiralty::letter(0.9, 0.6, 0.95, 50), Reliability::F);
    assert_eq!(admiralty::letter(f64::NAN, 0.1, 0.2, 50), Reliability::F);
    let table =
        [(0.95, 2, 1), (0.95, 1, 2), (0.89, 5, 2), (0.6, 1, 3), (0.3, 3, 4), (0.1, 9, 5), (0.99, 0, 6)];
    for (probability, groups, digit) in table {
        assert_eq!(admiralty::digit(probability, groups), digit, "{probability} {groups}");
    }
    // The page's tables are those that count.
    let source = include_str!("admiralty.rs");
    for (letter, least, low) in admiralty::LETTERS {
        assert!(source.contains(&format!("//! | {letter:?} | {least:.2} | {low:.2} |")));
    }
    for (digit, least, groups) in admiralty::DIGITS {
        assert!(source.contains(&format!("//! | {digit} | {least:.2} | {groups} |")));
    }
}

fn some_claims() -> impl Strategy<Value = Vec<Claim>> {
    let time = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>(), 0_i64..1000];
    let claim = (0_u32..12, 0_u32..6, any::<bool>(), time)
        .prop_map(|(observable, source, negative, time)| Claim { observable, source, negative, time });
    prop::collection::vec(claim, 0..80)
}

fn some_things() -> impl Strategy<Value = Vec<Observable>> {
    let gold = prop_oneof![4 => Just(Gold::Open), 1 => Just(Gold::Malicious), 1 => Just(Gold::Benign)];
    let thing =
        (0_u8..3, gold, -1.0_f32..4.0).prop_map(|(kind, gold, against)| Observable { kind, gold, against });
    prop::collection::vec(thing, 10)
}

proptest! {
    #[test]
    fn probabilities_stay_between_zero_and_one(
        list in some_claims(),
        about in some_things(),
        groups in prop::collection::vec(0_u32..5, 0..6),
    ) {
        let claims = Claims::new(list, 10, 5);
        copies::find(&claims, &about);
        let truth = fit(&claims, &about, &[2.6, 1.0, -1.0, 0.7, f64::INFINITY], &groups, &Settings::default());
        prop_assert_eq!(truth.posteriors.len(), 10);
        prop_assert!(truth.posteriors.iter().all(|p| *p > 0.0 && *p < 1.0));
        for t in &truth.trust {
            prop_assert!(t.precision > 0.0 && t.precision < 1.0 && t.worth.is_finite());
            prop_assert!(0.0 <= t.low && t.low <= t.precision && t.precision <= t.high && t.high <= 1.0);
            prop_assert!(t.decided <= t.claims);
        }
    }

    #[test]
    fn one_more_independent_claim_never_lowers_a_probability(
        list in some_claims(),
        about in some_things(),
        said in prop::collection::vec((0_u32..5, any::<bool>()), 0..5),
        more in 0_u32..5,
        time in any::<i64>(),
        gold in any::<bool>(),
    ) {
        let mut about = about;
        if gold {
            about.iter_mut().for_each(|thing| thing.gold = Gold::Benign);
        }
        let truth = fit(&Claims::new(list, 10, 5), &about, &[1.0; 5], &[], &Settings::default());
        let thing = Observable { kind: 1, ..Observable::default() };
        let before = truth.model.probability(thing, time, time, &said);
        for negative in [false, true] {
            let mut with = said.clone();
            with.push((more, negative));
            let after = truth.model.probability(thing, time, time, &with);
            let right = if negative { after <= before + 1e-12 } else { after >= before - 1e-12 };
            prop_assert!(right, "{} {} {}", negative, before, after);
        }
    }
}
