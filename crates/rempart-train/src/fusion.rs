//! The numbers of the assessment: learnt from lists of past years, and measured on later days.

mod cells;
mod data;
mod fit;
mod looks;
mod measure;
mod report;

use std::path::Path;

use anyhow::Context;
use rempart_triage::assess::weights::Weights;
use ring::digest::{SHA256, digest};

use cells::{Cells, Known};
use data::Feed;
use looks::Scores;
use report::Measured;

const MODEL: &str = "data/models/fusion.bin";
const CARD: &str = "data/models/fusion.json";

fn measured(feeds: &[Feed], cells: &Cells, looks: Scores) -> Measured {
    let before = |known: &Known| fit::learnt_from(known, feeds);
    let learnt = fit::fit(feeds, cells, &before, &|count| count.proved_by_split, true);
    let without = fit::fit(feeds, cells, &before, &|count| count.proved_by_split, false);
    let everything = |_: &Known| true;
    let given = |predict: &dyn Fn(&Known, _) -> f64| measure::held_out(feeds, cells, &everything, predict);
    let shares = measure::shares(feeds, cells);
    let share = |known: &Known| shares.get(&(known.feed, known.kind)).copied().unwrap_or(0.5);
    let ways = vec![
        measure::figures("learnt (shipped form)", &given(&measure::by(&learnt))),
        measure::figures("learnt, without how long it was seen", &given(&measure::by(&without))),
        measure::figures("chosen numbers, nothing learnt", &given(&measure::by(&Weights::CHOSEN))),
        measure::figures("the share of each list and kind before", &given(&|known, _| share(known))),
        measure::figures("the first form of the assessment", &given(&measure::first_form)),
    ];
    for way in &ways {
        println!(
            "{}: calibration error {:.4} ({:.4} to {:.4}), Brier {:.4} beside {:.4}",
            way.name, way.error.0, way.error.1, way.error.2, way.brier.0, way.base_brier
        );
    }
    let lists = (0..feeds.len())
        .map(|place| {
            let of = |known: &Known| known.feed == place;
            let name = feeds.get(place).map_or("", |feed| feed.name);
            measure::figures(name, &measure::held_out(feeds, cells, &of, &measure::by(&learnt)))
        })
        .collect();
    let alone = vec![
        (
            "the shipped form",
            measure::alone(cells, feeds, &|known| {
                let category =
                    feeds.get(known.feed).map_or(rempart_model::Category::Other, |feed| feed.category);
                cells::probability(known, category, &cells::policy(&learnt))
            }),
        ),
        ("days since it was seen (fewer)", measure::alone(cells, feeds, &|known| -(known.age as f64))),
        ("days over which it was seen", measure::alone(cells, feeds, &|known| known.span as f64)),
        ("which list and kind", measure::alone(cells, feeds, &share)),
    ];
    let cells = cells.keys().filter(|known| !before(known)).count();
    let looks = measure::looks(&looks, &looks::fit(&looks));
    Measured { learnt, ways, lists, alone, cells, looks }
}

fn shipped(feeds: &[Feed], cells: &Cells, looks: &Scores) -> Weights {
    let mut weights = fit::fit(feeds, cells, &|_| true, &|count| count.proved, true);
    let platt = looks::fit(looks);
    let [_, _, least, most] = weights.looks;
    weights.looks = [f64::from(platt.a), f64::from(platt.b), least, most];
    weights
}

/// Makes the numbers that are shipped, and their card.
pub(crate) fn train(data: &Path) -> anyhow::Result<()> {
    let feeds = data::feeds(data)?;
    let cells = cells::cells(&feeds);
    let looks = looks::scores(data)?;
    let weights = shipped(&feeds, &cells, &looks);
    let bytes = weights.to_bytes();
    let sum = digest(&SHA256, &bytes);
    let sha256: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(MODEL, &bytes).with_context(|| format!("cannot write {MODEL}"))?;
    let card = report::card(&feeds, &weights, &sha256, &measured(&feeds, &cells, looks));
    std::fs::write(CARD, card).with_context(|| format!("cannot write {CARD}"))?;
    println!("{MODEL}: {} bytes, {sha256}", bytes.len());
    Ok(())
}

/// Measures, and writes the page.
pub(crate) fn evaluate(data: &Path) -> anyhow::Result<()> {
    let feeds = data::feeds(data)?;
    let cells = cells::cells(&feeds);
    report::page(&feeds, Weights::shipped(), &measured(&feeds, &cells, looks::scores(data)?))
}
