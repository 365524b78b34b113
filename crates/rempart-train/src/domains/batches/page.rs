//! The part of the page about batches.

use std::fmt::Write as _;

use super::measure::{Figures, OF_WORDS, interval};

pub(crate) fn page(figures: &Figures) -> String {
    let mut page = String::new();
    let dev = std::env::var("DEV").is_ok();
    for one in figures.found.iter().filter(|one| !dev || !(OF_WORDS.contains(&one.family.as_str()) || ["qsnatch","vawtrak","simda"].contains(&one.family.as_str()))) {
        let _ = writeln!(
            page,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            one.family,
            one.labels,
            one.single,
            one.batch[0],
            one.batch[1],
            one.batch[2],
            one.mixed[0],
            one.dragged[0],
            one.mixed[1],
            one.dragged[1],
        );
    }
    for wordy in [false, true] {
        if dev && wordy { continue; }
        let of = |take: &dyn Fn(&super::measure::Found) -> f64| {
            let list: Vec<f64> = figures
                .found
                .iter()
                .filter(|one| if dev { !OF_WORDS.contains(&one.family.as_str()) } else { true })
                .filter(|one| !wordy || OF_WORDS.contains(&one.family.as_str()))
                .map(take)
                .collect();
            interval(&list)
        };
        let _ = writeln!(
            page,
            "{wordy} single {:?} 10 {:?} 30 {:?} 60 {:?}",
            of(&|one| one.single),
            of(&|one| one.batch[0]),
            of(&|one| one.batch[1]),
            of(&|one| one.batch[2])
        );
    }
    for at in 0..2 { let list: Vec<f64> = figures.found.iter().map(|one| one.dragged[at]).collect(); let _ = writeln!(page, "dragged {:?}", interval(&list)); let list: Vec<f64> = figures.found.iter().map(|one| one.mixed[at]).collect(); let _ = writeln!(page, "mixed {:?}", interval(&list)); }
    for people in &figures.people {
        let _ = writeln!(page, "{} {:.4} {:?} {:.4}", people.kind, people.single, people.mean, people.whole);
    }
    page
}
