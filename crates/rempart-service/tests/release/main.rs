//! Nothing leaves above its marking, and all that is released arrives: random worlds are played on a
//! real store, every way out is walked for every member after every step, and what is handed out is
//! held against the rules, told again by brute force.
//!
//! `REMPART_RELEASE_WORLDS` says how many worlds (2,000 otherwise), `REMPART_RELEASE_SEED` which one
//! alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says so by failing")]
#![allow(clippy::print_stdout, reason = "a test says which world does not hold")]

mod body;
mod chance;
mod hold;
mod make;
mod rules;
mod script;
mod stage;
mod walk;
mod ways;

use std::sync::atomic::{AtomicU64, Ordering};

/// Worlds of a run where nothing else is said.
const WORLDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn what_is_handed_out_is_what_the_rules_release() {
    let empty = hold::empty_store();
    if let Some(seed) = number("REMPART_RELEASE_SEED") {
        let script = make::world(seed);
        for line in script.parties.iter().map(|party| format!("{party:?}")) {
            println!("{line}");
        }
        for line in script.feeds.iter().map(|feed| format!("{feed:?}")) {
            println!("{line}");
        }
        for (index, step) in script.steps.iter().enumerate() {
            println!("{index}: {step:?}");
        }
        hold::world(&script, seed, empty.path());
        return;
    }
    let worlds = number("REMPART_RELEASE_WORLDS").unwrap_or(WORLDS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let failures = std::sync::Mutex::new(Vec::<(u64, String)>::new());
    // One line a world that does not hold; the whole of it comes with its seed.
    std::panic::set_hook(Box::new(|_| ()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= worlds || failures.lock().unwrap().len() >= 20 {
                        break;
                    }
                    let script = make::world(seed);
                    let held = std::panic::catch_unwind(|| hold::world(&script, seed, empty.path()));
                    if let Err(panic) = held {
                        let words = panic.downcast_ref::<String>().cloned();
                        let words = words.or(panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
                        failures.lock().unwrap().push((seed, words.unwrap_or_default()));
                    }
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let failures = failures.into_inner().unwrap();
    for (seed, words) in &failures {
        let beginning: String = words.chars().take(600).collect();
        println!("the world of REMPART_RELEASE_SEED={seed} does not hold: {beginning}");
    }
    assert!(failures.is_empty(), "{} worlds do not hold", failures.len());
}
