//! How long it takes to learn from ten million claims: `cargo run --release -p rempart-train --example
//! fuse_speed -- [CLAIMS] [OBSERVABLES] [SOURCES]`. The claims are made up, with a fixed seed.
#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use std::time::Instant;

use rempart_triage::fuse::{Claim, Claims, Gold, Observable, copies, truth};

fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let argument = |at: usize, other: u64| arguments.get(at).copied().unwrap_or(other).max(1);
    let (number, things, sources) = (argument(0, 10_000_000), argument(1, 4_000_000), argument(2, 200));
    let mut state = 20_261_126;
    let mut about = Vec::new();
    for thing in 0..things {
        let malicious = thing % 2 == 0;
        let gold = match (mix(&mut state) % 200, malicious) {
            (0, true) => Gold::Malicious,
            (0, false) => Gold::Benign,
            _ => Gold::Open,
        };
        let listed = !malicious && mix(&mut state).is_multiple_of(100);
        about.push(Observable { kind: (thing % 5) as u8, gold, against: f32::from(u8::from(listed)) * 2.2 });
    }
    let mut list = Vec::new();
    for _ in 0..number {
        // Few sources say much, and the later ones err more.
        let source = (mix(&mut state) % sources).min(mix(&mut state) % sources);
        let wrong = mix(&mut state) % (sources * 2) < source;
        // A fifth of all claims is about few things.
        let range = if mix(&mut state).is_multiple_of(5) { things / 50 + 1 } else { things };
        let observable = (mix(&mut state) % range) / 2 * 2 + u64::from(wrong);
        let time = 1_700_000_000 + (observable % 1000 * 86_400 + mix(&mut state) % 864_000) as i64;
        let observable = observable.min(things - 1) as u32;
        list.push(Claim { observable, source: source as u32, negative: false, time });
    }
    let start = Instant::now();
    let claims = Claims::new(list, things as usize, sources as usize);
    let ordered = start.elapsed();
    let found = copies::find(&claims, &about);
    let compared = start.elapsed();
    let settings = truth::Settings::default();
    let learnt = truth::fit(&claims, &about, &vec![1.0; sources as usize], &found.groups, &settings);
    let fitted = start.elapsed();
    println!(
        "{} claims, {things} observables, {sources} sources: order {:.1} s, copies {:.1} s ({} pairs), \
         learn {:.1} s ({} rounds, at rest {}), together {:.1} s",
        claims.list().len(),
        ordered.as_secs_f64(),
        (compared - ordered).as_secs_f64(),
        found.pairs.len(),
        (fitted - compared).as_secs_f64(),
        learnt.rounds,
        learnt.converged,
        fitted.as_secs_f64()
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}
