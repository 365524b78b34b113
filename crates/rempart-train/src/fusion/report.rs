//! The page and the card.

use std::fmt::Write as _;

use anyhow::Context;
use rempart_model::{Category, Kind};
use rempart_triage::assess::weights::Weights;
use serde_json::json;

use super::cells::WITHIN;
use super::data::Feed;
use super::measure::{Figures, LooksFigures};
use crate::svg::{self, Line};

const PAGE: &str = "docs/evaluation/fusion.md";
const FOLDER: &str = "docs/evaluation/fusion";

const LIMITS: [&str; 6] = [
    "Lists are of one kind of truth: what is listed again was seen again. That something is not listed again does not say that the \
     report was wrong, only that it no longer holds.",
    "Nothing in the data proves what a report is worth on its first day: the closest proof is a fortnight later. That follows from the \
     letter that the operator gives a source, or from what Rempart has learnt of the source.",
    "The lists hardly share an address (48 of blocklist.de and Talos, 3 of blocklist.de and Feodo Tracker), so what a second \
     independent voice adds is chosen and not learnt.",
    "Phishing pages, networks, mail addresses and files are on none of the lists; their half-lives are chosen, and keep the time after \
     which one report no longer counts.",
    "Lists of 2019 to 2023, each with its own habits of removing entries; Feodo Tracker's holds only what answered in the last days.",
    "Intervals are of drawing observables anew, not of drawing lists anew: there are four.",
];

/// Everything that is measured.
pub(super) struct Measured {
    pub(super) learnt: Weights,
    pub(super) ways: Vec<Figures>,
    pub(super) lists: Vec<Figures>,
    pub(super) alone: Vec<(&'static str, f64)>,
    pub(super) cells: usize,
    pub(super) looks: LooksFigures,
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn told(weights: &Weights) -> serde_json::Value {
    let day = |kind: &Kind, category| rounded(weights.half_life(kind, category) / 86_400.0);
    let persistence = |kind: &Kind| rounded(weights.persistence(kind, 60.0));
    json!({
        "log_odds_of_what_nobody_reports": { "address": rounded(weights.prior(&Kind::Ipv4)),
            "domain": rounded(weights.prior(&Kind::Domain)), "url": rounded(weights.prior(&Kind::Url)) },
        "times_the_worth_after_sixty_days_of_being_seen": { "address": persistence(&Kind::Ipv4),
            "domain": persistence(&Kind::Domain), "url": persistence(&Kind::Url) },
        "half_life_in_days": {
            "address, c2-server": day(&Kind::Ipv4, Category::C2Server),
            "address, brute-force": day(&Kind::Ipv4, Category::BruteForce),
            "address, malware-distribution": day(&Kind::Ipv4, Category::MalwareDistribution),
            "address, other": day(&Kind::Ipv4, Category::Other),
            "domain, malware-distribution": day(&Kind::Domain, Category::MalwareDistribution),
            "url, malware-distribution": day(&Kind::Url, Category::MalwareDistribution),
        },
    })
}

/// The card of the numbers that are shipped.
pub(super) fn card(feeds: &[Feed], shipped: &Weights, sha256: &str, measured: &Measured) -> String {
    let figures = |one: &Figures| {
        json!({
            "way": one.name, "examples": one.count, "base_rate": rounded(one.base),
            "expected_calibration_error": { "value": rounded(one.error.0), "low": rounded(one.error.1), "high": rounded(one.error.2) },
            "brier": { "value": rounded(one.brier.0), "low": rounded(one.brier.1), "high": rounded(one.brier.2) },
            "brier_of_the_base_rate": rounded(one.base_brier),
        })
    };
    let curve = measured.ways.first().map(|one| {
        one.bins
            .iter()
            .map(|bin| json!([rounded(bin.predicted), rounded(bin.observed), bin.count]))
            .collect::<Vec<_>>()
    });
    let card = json!({
        "task": "the numbers of the assessment: how fast claims fade, what being seen for long adds, where all ends",
        "model": { "file": "fusion.bin", "sha256": sha256 },
        "data": feeds.iter().map(|feed| json!({ "folder": format!("feeds/timeseries/{}", feed.folder), "sha256": feed.sha256,
            "licence": feed.licence, "snapshots": feed.days.len(), "values": feed.seen.len() })).collect::<Vec<_>>(),
        "split": "in time, list by list: measured on snapshots after the last day that is learnt from; the numbers that are shipped are \
                  then learnt from all days",
        "proved": format!("listed in a snapshot that was left out, within {WITHIN} days of the last that was not"),
        "learnt_before_the_split": told(&measured.learnt),
        "shipped": told(shipped),
        "metrics": measured.ways.iter().map(figures).collect::<Vec<_>>(),
        "by_list": measured.lists.iter().map(figures).collect::<Vec<_>>(),
        "calibration_curve": curve,
        "ablation_one_feature_alone": measured.alone.iter()
            .map(|(name, area)| json!({ "feature": name, "area_under_the_curve": rounded(*area) })).collect::<Vec<_>>(),
        "looks": { "task": "what the look of a registered name adds, learnt from one half of the families of feeds/maltrail/malware (MIT) \
                            and measured on the other, beside people's names that no model has learnt from",
            "families": measured.looks.families, "names": measured.looks.names, "measured_on": measured.looks.measured,
            "area_under_the_curve": rounded(measured.looks.area), "bits_a_name": rounded(measured.looks.bits),
            "expected_calibration_error": rounded(measured.looks.error), "weights": shipped.looks.map(rounded),
            "mean_worth_of_malware_people_and_the_second_benign_set": measured.looks.means.map(rounded) },
        "limits": LIMITS,
        "date": "2026-11-26",
    });
    let mut text = serde_json::to_string_pretty(&card).unwrap_or_default();
    text.push('\n');
    text
}

/// The page and its plots.
pub(super) fn page(feeds: &[Feed], shipped: &Weights, measured: &Measured) -> anyhow::Result<()> {
    std::fs::create_dir_all(FOLDER)?;
    let line = |one: &Figures| Line {
        name: one.name.clone(),
        points: one
            .bins
            .iter()
            .filter(|bin| bin.count >= 30.0)
            .map(|bin| (bin.predicted, bin.observed))
            .collect(),
        connected: true,
    };
    let perfect = Line { name: "perfect".to_owned(), points: vec![(0.0, 0.0), (1.0, 1.0)], connected: true };
    let shown = [0usize, 4].iter().filter_map(|at| measured.ways.get(*at)).map(line).chain([perfect.clone()]);
    let plot = svg::lines("Reliability on later days", "given", "proved", &shown.collect::<Vec<_>>());
    let path = format!("{FOLDER}/reliability.svg");
    std::fs::write(&path, plot).with_context(|| format!("cannot write {path}"))?;
    let lists: Vec<Line> = measured.lists.iter().map(line).chain([perfect]).collect();
    let path = format!("{FOLDER}/lists.svg");
    std::fs::write(&path, svg::lines("Reliability, list by list", "given", "proved", &lists))
        .with_context(|| format!("cannot write {path}"))?;

    let mut page = format!(
        "# One probability from many claims\n\n\
         `cargo xtask train fusion` makes `data/models/fusion.bin` and its card again, bit for bit; `cargo xtask evaluate fusion`\n\
         measures it and writes this page. Both read the data sets that `REMPART_TEST_DATA` names.\n\n\
         ## What is asked\n\n\
         Among observables that are given 0.8, about 80 % should prove malicious on later data. An observable is assessed on the day of\n\
         a list's snapshot, with that snapshot and all later ones left out, by the same function that assesses everything in Rempart;\n\
         it counts as proved where one of them lists it within {WITHIN} days of the last that was not left out. Every list is taken for a\n\
         source of reliability C, as somebody would set it up.\n\n\
         ## Data and split\n\n| list | snapshots | values | SHA-256 | licence | learnt from until |\n|---|---|---|---|---|---|\n"
    );
    for feed in feeds {
        let until = super::data::time(feed.split).to_string();
        let _ = writeln!(
            page,
            "| {} | {} | {} | `{}…` | {} | {} |",
            feed.name,
            feed.days.len(),
            feed.seen.len(),
            feed.sha256.get(..16).unwrap_or_default(),
            feed.licence,
            until.get(..10).unwrap_or_default(),
        );
    }
    let _ = write!(
        page,
        "\nThe split is in time. What is learnt from is proved by snapshots up to that day only. {} different situations (list,\n\
         kind, day, days since seen, days over which seen) are measured on; the numbers that are shipped are then learnt from all days.\n\n\
         ## Figures on later days\n\n\
         | way | observables | expected calibration error | Brier score | of the base rate |\n|---|---|---|---|---|\n",
        measured.cells
    );
    let row = |page: &mut String, one: &Figures| {
        let three = |(value, low, high): (f64, f64, f64)| format!("{value:.4} ({low:.4} to {high:.4})");
        let _ = writeln!(
            page,
            "| {} | {:.0} | {} | {} | {:.4} |",
            one.name,
            one.count,
            three(one.error),
            three(one.brier),
            one.base_brier
        );
    };
    measured.ways.iter().for_each(|one| row(&mut page, one));
    page.push_str("\n![Reliability](fusion/reliability.svg)\n\n| given | observables | mean given | proved |\n|---|---|---|---|\n");
    for (at, bin) in
        measured.ways.first().map(|one| one.bins.as_slice()).unwrap_or_default().iter().enumerate()
    {
        let _ = writeln!(
            page,
            "| {:.1} to {:.1} | {:.0} | {:.3} | {:.3} |",
            at as f64 / 10.0,
            (at + 1) as f64 / 10.0,
            bin.count,
            bin.predicted,
            bin.observed
        );
    }
    page.push_str("\nList by list (all were learnt from together; a list's own habits show here):\n\n| list | observables | expected calibration error | Brier score | of the base rate |\n|---|---|---|---|---|\n");
    measured.lists.iter().for_each(|one| row(&mut page, one));
    page.push_str("\n![Lists](fusion/lists.svg)\n\n## What was learnt\n\n| number | before the split | shipped |\n|---|---|---|\n");
    let (before, after) = (told(&measured.learnt), told(shipped));
    if let (Some(before), Some(after)) = (before.as_object(), after.as_object()) {
        for (group, values) in before {
            for (name, value) in values.as_object().into_iter().flatten() {
                let other = after.get(group).and_then(|group| group.get(name)).cloned().unwrap_or_default();
                let _ = writeln!(page, "| {}, {name} | {value} | {other} |", group.replace('_', " "));
            }
        }
    }
    page.push_str(
        "\nA claim that fades keeps its worth times one half for every half-life. Where a source has seen a thing again over days, its claim is\n\
         worth more from the start: what has been there for long will be there for longer. C2 addresses go soonest: they are taken\n\
         down, and the list of them drops what no longer answers.\n\n## Which feature alone tells\n\n\
         Area under the curve on later days, of what was proved against what was not.\n\n| feature | area |\n|---|---|\n",
    );
    for (name, area) in &measured.alone {
        let _ = writeln!(page, "| {name} | {area:.3} |");
    }
    let looks = &measured.looks;
    let _ = write!(
        page,
        "\n## What the look of a name adds\n\n\
         The [model of names](domains.md) tells how a registered name looks. What that is worth is learnt from one half of {} families\n\
         of Maltrail's malware (MIT; {} names, at most 200 of a family) and measured on the other half, beside people's names that no\n\
         model has learnt from, {} in all: area under the curve {:.3}, {:.2} bits a name, expected calibration error {:.3}. Within its\n\
         bounds ({:+.1} to {:+.1}), the look of malware's names is worth {:+.2} on average, that of people's names {:+.2}, and of names at\n\
         which Debian's packages have their home {:+.2}. Most malware uses names as people do: looks are a small reason beside claims.\n",
        looks.families,
        looks.names,
        looks.measured,
        looks.area,
        looks.bits,
        looks.error,
        shipped.looks[2],
        shipped.looks[3],
        looks.means[0],
        looks.means[1],
        looks.means[2],
    );
    page.push_str("\n## Limits\n\n");
    for limit in LIMITS {
        let _ = writeln!(page, "- {limit}");
    }
    std::fs::write(PAGE, page).with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE}");
    Ok(())
}
