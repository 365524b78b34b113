use super::copies;
use super::truth::{Settings, Trust, Truth, fit};
use super::worlds::World;

fn of(truth: &Truth, source: u32) -> Trust {
    *truth.trust.iter().find(|t| t.source == source && !t.negative).unwrap()
}

fn learn(world: &World, worth: f64, groups: &[u32]) -> Truth {
    fit(&world.claims(), &world.about, &vec![worth; world.sources], groups, &Settings::default())
}

#[test]
fn probe() {
    for (name, gold, mal) in [("gold2", 0.02, 0.3), ("gold0", 0.0, 0.3), ("gold2rare", 0.02, 0.05)] {
        let mut world = World::new(7, 40_000, mal, gold);
        for (s, f) in [(0.4, 0.002), (0.3, 0.01), (0.3, 0.05), (0.2, 0.1), (0.12, 0.08), (0.01, 0.0003)] {
            world.source(s, f);
        }
        let t = learn(&world, 1.0, &[]);
        println!("{name} rounds {} {} ece {:.4}", t.rounds, t.converged, world.ece(&t.posteriors));
        for s in 0..6 {
            let x = of(&t, s);
            println!(
                "  {s} n {} d {} true {:.3} got {:.3} [{:.3} {:.3}] w {:.2}",
                x.claims,
                x.decided,
                world.precision(s),
                x.precision,
                x.low,
                x.high,
                x.worth
            );
        }
        let c = copies::find(&world.claims(), &world.about);
        println!(
            "  {:?} {:?}",
            c.groups,
            c.pairs.iter().map(|p| (p.from, p.to, p.score)).collect::<Vec<_>>()
        );
    }
    let mut world = World::new(7, 40_000, 0.3, 0.02);
    for (s, f) in [(0.3, 0.01), (0.3, 0.02), (0.1, 0.1)] {
        world.source(s, f);
    }
    for i in 0..4 {
        world.copier(2, 0.9, 3600 * (i + 1));
    }
    let c = copies::find(&world.claims(), &world.about);
    println!("{:?}", c.groups);
    for p in &c.pairs {
        println!("{:?}", p);
    }
    for g in [&[][..], &c.groups] {
        let t = learn(&world, 1.0, g);
        println!("rounds {} {} ece {:.4}", t.rounds, t.converged, world.ece(&t.posteriors));
        for s in 0..7 {
            let x = of(&t, s);
            println!(
                "  {s} n {} d {} true {:.3} got {:.3} [{:.3} {:.3}] w {:.2}",
                x.claims,
                x.decided,
                world.precision(s),
                x.precision,
                x.low,
                x.high,
                x.worth
            );
        }
    }
}
