//! The page, the plots and the card.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use rempart_triage::connect::Settings;
use serde_json::{Value, json};

use super::benchmark::{Benchmark, LARGEST, SMALLEST, Source};
use super::measure::{Figure, Score};
use super::speed::Speed;
use super::{features, tune};
use crate::svg::{self, Bar, Line};

/// Where the trails are from.
const MALTRAIL: &str = "github.com/stamparm/maltrail, trails/static/malware, commit \
                        8adace159e1e9418ca4dd1a4b07f84917c3b6155";

/// A method and its figures.
#[derive(Debug, Clone)]
pub(super) struct Row {
    name: String,
    score: Score,
}

impl Row {
    pub(super) fn new(name: &str, score: Score) -> Self {
        Self { name: name.to_owned(), score }
    }
}

/// What each method reaches where precision was to be at least `floor` on the development half.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) floor: f64,
    /// The first, with the parameters that are shipped and the goal by which they were chosen.
    pub(super) shipped: bool,
    pub(super) rempart: Score,
    pub(super) components: Score,
    pub(super) leiden: Score,
}

/// The figures on the groupings of one vendor.
#[derive(Debug, Clone)]
pub(super) struct Vendor {
    pub(super) name: &'static str,
    pub(super) sha256: String,
    pub(super) observables: usize,
    pub(super) reports: usize,
    pub(super) rows: Vec<Row>,
}

/// Everything that was measured.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) main: Vec<Row>,
    pub(super) frontier: Vec<Point>,
    /// By kind: alone, and all others without it.
    pub(super) ablation: Vec<(Row, Row)>,
    pub(super) with_reports: Score,
    pub(super) blocks: Vec<Row>,
    /// All observables of the families of the test half: how many, and the figures.
    pub(super) whole: (usize, Vec<Row>),
    pub(super) vendors: Vec<Vendor>,
    pub(super) speed: Speed,
    /// Pairs that share anything, on the test half.
    pub(super) links: usize,
    /// Pieces of evidence, on the test half.
    pub(super) evidence: usize,
}

fn cell(figure: Figure) -> String {
    format!("{:.3} ({:.3}–{:.3})", figure.value, figure.low, figure.high)
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| method | precision | recall | F1 | in mixed clusters | clusters | in clusters | largest |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for Row { name, score } in rows {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            cell(score.precision),
            cell(score.recall),
            cell(score.f1),
            cell(score.overmerge),
            score.clusters,
            score.clustered,
            score.largest
        );
    }
    text
}

fn page(source: &Source, halves: [&Benchmark; 2], figures: &Figures) -> String {
    let families = |half: &Benchmark| half.sizes().iter().filter(|size| **size >= SMALLEST).count();
    let noise = |half: &Benchmark| half.sizes().iter().filter(|size| **size < SMALLEST).sum::<usize>();
    let [development, test] = halves;
    let mut page = format!(
        "# Campaigns: which observables belong together\n\n\
         Made by `cargo xtask evaluate campaigns`; do not edit. Code: `crates/rempart-triage/src/connect/` and \
         `crates/rempart-train/src/campaigns/`, card: `data/models/campaigns.json`.\n\n\
         ## What is measured\n\n\
         No public benchmark for the clustering of campaigns is known to us, so one is made from the trails of Maltrail \
         (MIT; {MALTRAIL}): the {} files, one for each family of malware or actor. The file is the truth. Left out \
         are `generic`, `sinkhole_*` and `hacked_*`, which are no families, and {} values that stand in several files. Of \
         each family at most {LARGEST} observables are drawn by their hash. Families are divided by the hash of their \
         name: parameters were chosen on one half, all figures below are of the other.\n\n\
         | half | observables | families of {SMALLEST} or more | observables of smaller families, as noise |\n|---|---|---|---|\n\
         | development | {} | {} | {} |\n| test | {} | {} | {} |\n\n\
         The evidence is only what an observable tells by itself: patterns and rare parts of names, registrable domain, \
         platform, address, /24, port, autonomous system, paths. Patterns that {} or more of about 100,000 popular names \
         have say nothing. Neither comments nor the order of lines are used. On the test half that makes {} pieces of \
         evidence and {} pairs that share something. There are no certificates, keys, favicons, registrants, look-ups or \
         times in these data: those kinds of evidence are in the code with weights that are judged, not measured.\n\n\
         A family is much more than a campaign: years of different operators under one name of malware. Recall is \
         therefore low for every method, and what it can be at all on such evidence is not known. What counts for an \
         analyst is how much of a family is found at a precision that can be worked with.\n\n\
         **Precision, recall**: B-cubed (Bagga, Baldwin 1998). **In mixed clusters**: the share of observables in predicted \
         clusters that mix families, that is the share of such clusters, each counted by its size. In brackets: 95 % \
         interval of a bootstrap over families.\n\n## On the same links\n\n",
        source.files,
        source.ambiguous,
        development.items.len(),
        families(development),
        noise(development),
        test.items.len(),
        families(test),
        noise(test),
        features::COMMON,
        figures.evidence,
        figures.links,
    );
    page.push_str(&table(&figures.main));
    page.push_str(
        "\n\"Same links\": the pairs that share a value that Rempart does not cut off, all alike; the resolution of Leiden is \
         the one with the best F1 on the development half. For the last two rows the cut-off was chosen too (14 values, for \
         all kinds or on top of Rempart's), by the same goal as Rempart's parameters: on the development half, the largest \
         F1 less a quarter of the share in mixed clusters, at a precision of at least 0.9.\n\nF1 alone misleads here: it \
         rewards connected components for one huge cluster that mixes many families. The next table compares at equal \
         precision.\n\n## At the same precision\n\nEach row: every method with the parameters that have the largest F1 on the \
         development half at this least precision there. The first row is what is shipped, with its own goal for all \
         three. At high precision Rempart has the larger share in mixed clusters: it puts more observables into clusters, and \
         larger ones, while the baselines are left with small groups.\n\n\
         | precision wanted | Rempart: P, R, F1, mixed | components: P, R, F1, mixed | Leiden without weights: P, R, F1, mixed |\n\
         |---|---|---|---|\n",
    );
    let short = |score: &Score| {
        format!(
            "{:.3}, **{:.3}**, {:.3}, {:.3}",
            score.precision.value, score.recall.value, score.f1.value, score.overmerge.value
        )
    };
    for point in &figures.frontier {
        let wanted = match (point.shipped, point.floor > 0.0) {
            (true, _) => format!("{:.2}, few mixed: shipped", point.floor),
            (false, true) => format!("{:.2}", point.floor),
            (false, false) => "any".to_owned(),
        };
        let _ = writeln!(
            page,
            "| {wanted} | {} | {} | {} |",
            short(&point.rempart),
            short(&point.components),
            short(&point.leiden)
        );
    }
    page.push_str(
        "\n![Precision and recall of three methods](campaigns/frontier.svg)\n\n## What each kind of evidence gives\n\n\
         ![F1 of each kind alone](campaigns/ablation.svg)\n\n\
         | kind | alone: precision | recall | F1 | in mixed clusters | F1 of all others without it | mixed |\n|---|---|---|---|---|---|---|\n",
    );
    for (alone, without) in &figures.ablation {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {:.3} | {:.3} |",
            alone.name,
            cell(alone.score.precision),
            cell(alone.score.recall),
            cell(alone.score.f1),
            cell(alone.score.overmerge),
            without.score.f1.value,
            without.score.overmerge.value
        );
    }
    page.push_str(
        "\nPrecision counts observables that are alone as right: a kind that finds little is precise and has no recall.\n\n\
         ## With reports: near to the truth\n\nMaltrail's authors put the trails of one report below its references. Taken as \
         \"named in one report\", that is evidence as a service gets it with each report, and at the same time a piece of the \
         truth, since a block never spans two families. This figure is no measure of the clustering alone:\n\n",
    );
    page.push_str(&table(&[Row::new("Rempart, with reports", figures.with_reports)]));
    page.push_str(
        "\n## Against reports instead of families\n\nThe same clusters, as in the first table, where the truth is the block of \
         one report: nearer to a campaign. Reports of one family that rightly lie in one cluster count as mixed here, so \
         that precision is a lower bound.\n\n",
    );
    page.push_str(&table(&figures.blocks));
    let (count, whole) = &figures.whole;
    let _ = writeln!(
        page,
        "\n## Several times as many\n\nThe same families of the test half with all their {count} observables. What is shared by \
         chance grows faster than what is shared for a reason, and a family is then thousands of observables, so that recall \
         falls for all. A first set of parameters, in which one kind of soft \
         evidence could unite at once, had an F1 of 0.204 on the development half; on all 55,866 trails it made one cluster of \
         11,217, and was not taken. The caps of soft kinds are below the threshold since.\n"
    );
    page.push_str(&table(whole));
    page.push_str(
        "\n## Groupings of vendors\n\nFor evaluation only; no value of them is published or shipped. Truth: the report that \
         names an address, a name or a URL. The parameters are those from Maltrail.\n\n",
    );
    for vendor in &figures.vendors {
        let _ = writeln!(
            page,
            "**{}**: {} observables, {} reports.\n",
            vendor.name, vendor.observables, vendor.reports
        );
        page.push_str(&table(&vendor.rows));
        page.push('\n');
    }
    let speed = figures.speed;
    let _ = writeln!(
        page,
        "## Speed\n\nSynthetic and seeded, one core, in the run that made this page: {} observables with {} pieces of evidence, \
         of which {} weighed links between groups remain after what is certain is united, were taken in and clustered into {} \
         clusters in {:.1} s. {} more observables were added in {:.2} s, which grouped {} observables anew. The process \
         held {} at most, the data of the benchmark included.\n\n\
         ## Limits\n\n\
         - Trails were collected by a few people over many years; blocks are of very different size, and a family may lie with \
         another's operator. Errors of the files count as errors of the clustering.\n\
         - The intervals are wide, because families differ much. Parameters were chosen on one half of one source.\n\
         - The figures of the test half were seen while the kinds of evidence were designed, though no parameter was chosen \
         on them; the groupings of vendors played no part in any choice.\n\
         - Decisions, incremental growth and sources that deceive are covered by tests, not by this benchmark.\n\
         - The benchmark is not published as a file: this page is made from the published trails, the draw and the split \
         depend on hashes alone.",
        speed.observables,
        speed.evidence,
        speed.links,
        speed.clusters,
        speed.batch.as_secs_f64(),
        speed.added,
        speed.increment.as_secs_f64(),
        speed.regrouped,
        speed.resident.map_or("an unknown amount of memory".to_owned(), |resident| format!("{resident} MiB")),
    );
    page
}

fn figure(figure: Figure) -> Value {
    let round = |value: f64| (value * 10_000.0).round() / 10_000.0;
    json!({ "value": round(figure.value), "low": round(figure.low), "high": round(figure.high) })
}

fn score(score: &Score) -> Value {
    json!({
        "precision": figure(score.precision),
        "recall": figure(score.recall),
        "f1": figure(score.f1),
        "in_mixed_clusters": figure(score.overmerge),
        "clusters": score.clusters,
        "in_clusters": score.clustered,
        "largest": score.largest,
    })
}

fn rows(rows: &[Row]) -> Value {
    rows.iter().map(|row| (row.name.clone(), score(&row.score))).collect::<serde_json::Map<_, _>>().into()
}

fn card(source: &Source, popular: &str, halves: [&Benchmark; 2], figures: &Figures) -> Value {
    let settings = Settings::default();
    let round = |value: f32| (f64::from(value) * 1000.0).round() / 1000.0;
    let strengths: serde_json::Map<String, Value> = rempart_triage::connect::EvidenceKind::ALL
        .iter()
        .map(|kind| {
            let strength = settings.strength(*kind);
            let value = json!({
                "factor": round(strength.factor),
                "cap": round(strength.cap),
                "most": strength.most,
                "chosen_on_data": tune::KINDS.contains(kind),
            });
            (kind.name().to_owned(), value)
        })
        .collect();
    let ablation: serde_json::Map<String, Value> = figures
        .ablation
        .iter()
        .map(|(alone, without)| {
            (alone.name.clone(), json!({ "alone": score(&alone.score), "without": score(&without.score) }))
        })
        .collect();
    let frontier: Vec<Value> = figures
        .frontier
        .iter()
        .map(|point| {
            json!({
                "precision_wanted_on_development": point.floor,
                "shipped": point.shipped,
                "rempart": score(&point.rempart),
                "components": score(&point.components),
                "leiden_without_weights": score(&point.leiden),
            })
        })
        .collect();
    let vendors: Vec<Value> = figures
        .vendors
        .iter()
        .map(|vendor| {
            json!({
                "name": vendor.name, "sha256": vendor.sha256, "observables": vendor.observables,
                "reports": vendor.reports, "figures": rows(&vendor.rows),
            })
        })
        .collect();
    let count = |half: &Benchmark| json!({ "observables": half.items.len(), "families": half.sizes().iter().filter(|size| **size > 0).count() });
    let [development, test] = halves;
    json!({
        "model": "campaigns",
        "what": "links observables by rare shared values and groups them; parameters, no learnt weights beyond them",
        "use": "proposes clusters with their evidence to an analyst, who can undo each merge; it attributes nothing",
        "code": ["crates/rempart-triage/src/connect", "crates/rempart-train/src/campaigns"],
        "parameters": {
            "high": round(settings.high),
            "resolution": round(settings.resolution),
            "size_power": round(settings.size_power),
            "source_cap": round(settings.source_cap),
            "population": settings.population,
            "seed": settings.seed,
            "kinds": strengths,
        },
        "data": [
            {
                "name": "Maltrail static trails", "from": MALTRAIL, "licence": "MIT", "files": source.files,
                "sha256_of_the_list_of_names_and_sha256": source.sha256, "used_for": "choosing parameters, and the figures",
            },
            {
                "name": "popular names of MISP warninglists and a list of top domains", "sha256": popular,
                "licence": "CC0-1.0 for the warninglists", "used_for": "patterns that say nothing",
            },
            {
                "name": "reports of Cisco Talos and of ESET", "licence": "none stated (Talos), BSD-2-Clause (ESET)",
                "used_for": "evaluation only, no value is published",
            },
        ],
        "split": {
            "by": "hash of the family's name", "development": count(development), "test": count(test),
            "at_most_of_a_family": LARGEST,
        },
        "chosen_for": "the best B-cubed F1 less a quarter of the share in mixed clusters, at a B-cubed precision of at least 0.9, on the development half; no one kind of soft evidence unites alone",
        "intervals": "95 %, bootstrap over families",
        "figures_on_test": rows(&figures.main),
        "figures_at_the_same_precision": frontier,
        "ablation_on_test": ablation,
        "with_reports_near_to_the_truth": score(&figures.with_reports),
        "against_reports": rows(&figures.blocks),
        "several_times_as_many": { "observables": figures.whole.0, "figures": rows(&figures.whole.1) },
        "vendors": vendors,
        "speed": {
            "observables": figures.speed.observables, "evidence": figures.speed.evidence,
            "links": figures.speed.links, "seconds": figures.speed.batch.as_secs_f64(),
            "added": figures.speed.added, "seconds_for_added": figures.speed.increment.as_secs_f64(),
            "most_memory_mib": figures.speed.resident,
        },
        "limits": [
            "a family of malware is more than a campaign: recall is low for every method",
            "certificates, keys, favicons, registrants, name servers, look-ups, files and bursts are not in the data: their weights are judged",
            "one collection, by a few people, of many years",
            "the figures of the test half were seen while the kinds of evidence were designed; no parameter was chosen on them",
        ],
    })
}

fn plots(figures: &Figures) -> [(&'static str, String); 2] {
    let line = |name: &str, of: &dyn Fn(&Point) -> &Score| Line {
        name: name.to_owned(),
        points: figures
            .frontier
            .iter()
            .map(|point| (of(point).recall.value, of(point).precision.value))
            .collect(),
        connected: true,
    };
    let lines = [
        line("Rempart", &|point| &point.rempart),
        line("connected components", &|point| &point.components),
        line("Leiden without weights", &|point| &point.leiden),
    ];
    let bars: Vec<Bar> = figures
        .ablation
        .iter()
        .map(|(alone, _)| (alone.name.as_str(), alone.score.f1))
        .chain(figures.main.first().map(|row| ("all", row.score.f1)))
        .map(|(name, f1)| Bar { name: name.to_owned(), value: f1.value, range: (f1.low, f1.high) })
        .collect();
    [
        (
            "frontier.svg",
            svg::lines("Families of Maltrail, test half", "B-cubed recall", "B-cubed precision", &lines),
        ),
        ("ablation.svg", svg::bars("F1 of each kind of evidence alone", &bars)),
    ]
}

/// Writes the page, the plots and the card below `root`, the folder of the workspace.
pub(super) fn write(
    root: &Path,
    source: &Source,
    popular: &str,
    halves: [&Benchmark; 2],
    figures: &Figures,
) -> anyhow::Result<()> {
    let save = |path: &str, text: &str| {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    let page = page(source, halves, figures);
    print!("{page}");
    save("docs/evaluation/campaigns.md", &page)?;
    for (name, plot) in plots(figures) {
        save(&format!("docs/evaluation/campaigns/{name}"), &plot)?;
    }
    let card = serde_json::to_string_pretty(&card(source, popular, halves, figures))?;
    save("data/models/campaigns.json", &format!("{card}\n"))
}
