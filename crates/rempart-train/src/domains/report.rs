//! The page and the card.

use std::fmt::Write as _;

use anyhow::Context;
use rempart_triage::learn::metrics::wilson;
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::data::Names;
use super::measure::{Figures, Method, RATES, WORDY};
use crate::svg::{self, Bar, Line};

const PAGE: &str = "docs/evaluation/domains.md";
const FOLDER: &str = "docs/evaluation/domains";

const LIMITS: [&str; 5] = [
    "Names of two words that people use too (nymaim2) and names that differ from known ones by a letter (charbot) are not \
     told from people's names by their letters, one by one; they stay near zero. What they are asked with tells more.",
    "Short names of a few random letters (qsnatch, m0yv) are as many brands' names are.",
    "The families are of one collection, mostly of before 2025; no data show how the figures change with time.",
    "The suffix is not looked at: models that see it learn which list a name came from.",
    "It says how a name looks, not what it does: it is evidence beside claims, never instead of them.",
];

pub(super) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// The card of the model. It holds nothing that differs from run to run.
pub(super) fn card(names: &Names, figures: &Figures, bytes: &[u8]) -> String {
    let sum = digest(&SHA256, bytes);
    let sha256: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mean = |method: &Method, at: usize, wordy: Option<bool>| {
        let (mean, low, high) = method.mean(at, wordy);
        json!({ "mean": rounded(mean), "low": rounded(low), "high": rounded(high) })
    };
    let methods: Vec<_> = figures
        .methods
        .iter()
        .map(|method| {
            json!({
                "method": method.name,
                "tpr_at_1_percent_fpr": mean(method, 0, None),
                "tpr_at_0.1_percent_fpr": mean(method, 1, None),
                "tpr_at_1_percent_fpr_of_word_families": mean(method, 0, Some(true)),
                "fpr_on_test_names": rounded(method.false_rate(0)),
            })
        })
        .collect();
    let second = figures.second.as_ref().map(|second| {
        let (share, low, high) = second.rates.first().copied().unwrap_or_default();
        json!({ "names": second.count, "fpr_at_the_threshold_of_1_percent": rounded(share),
                "low": rounded(low), "high": rounded(high) })
    });
    let alone: Vec<_> = figures
        .alone
        .iter()
        .map(|(name, machines, _)| json!({ "feature": name, "area_under_the_curve": rounded(*machines) }))
        .collect();
    let card = json!({
        "task": "the probability that a registered name was made up by a machine, as many of either",
        "model": { "file": "domains.bin", "sha256": sha256, "bytes": bytes.len(),
                   "form": "two logistic regressions, one over hashed runs of 1 to 4 signs and one over counted features and \
                            words; their mean, calibrated by Platt's scaling on families left out" },
        "data": names.sources.iter().map(|source| json!({
            "file": source.name, "sha256": source.sha256, "names": source.names, "licence": source.licence,
        })).collect::<Vec<_>>(),
        "also_learnt_from": "names that this program makes up in eight ways, with a fixed seed",
        "split": "machines: a family (with its relatives) is left out of training and measured; people: by hash of the label, \
                  six tenths to learn from, two to fix thresholds and calibration, two to measure on",
        "metrics": methods,
        "second_benign_set": second,
        "calibration": {
            "expected_calibration_error": rounded(figures.calibration),
            "curve": figures.bins.iter().map(|bin| json!([rounded(bin.predicted), rounded(bin.observed), bin.count])).collect::<Vec<_>>(),
        },
        "ablation_one_feature_alone": alone,
        "limits": LIMITS,
        "date": "2026-11-26",
    });
    let mut text = serde_json::to_string_pretty(&card).unwrap_or_default();
    text.push('\n');
    text
}

/// The page and its plots.
pub(super) fn page(names: &Names, figures: &Figures, batches: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(FOLDER)?;
    let write = |name: &str, text: String| {
        std::fs::write(format!("{FOLDER}/{name}"), text)
            .with_context(|| format!("cannot write {FOLDER}/{name}"))
    };
    let roc: Vec<Line> = figures
        .roc
        .iter()
        .map(|(name, points)| Line { name: (*name).to_owned(), points: points.clone(), connected: true })
        .collect();
    write(
        "roc.svg",
        svg::lines("Found, of families left out", "people's names taken for machines'", "found", &roc),
    )?;
    let reliable = [
        Line {
            name: "predicted and so".to_owned(),
            points: figures.bins.iter().map(|bin| (bin.predicted, bin.observed)).collect(),
            connected: true,
        },
        Line { name: "perfect".to_owned(), points: vec![(0.0, 0.0), (1.0, 1.0)], connected: true },
    ];
    write("reliability.svg", svg::lines("Reliability, families left out", "predicted", "so", &reliable))?;
    let last = figures.methods.last().context("no method was measured")?;
    let first = figures.methods.first().context("no method was measured")?;
    let bars: Vec<Bar> = last
        .families
        .iter()
        .map(|family| Bar {
            name: family.family.clone(),
            value: family.found[0],
            range: wilson(family.found[0], family.odds.len()),
        })
        .collect();
    write("families.svg", svg::bars("Found at 1 % of people's names, family left out", &bars))?;

    let mut page = String::from(
        "# Names that machines make up\n\n\
         `cargo xtask train domains` makes `data/models/domains.bin`, `batch.bin` and their cards again, bit for bit;\n\
         `cargo xtask evaluate domains` measures them and writes this page. Both read the data sets that\n\
         `REMPART_TEST_DATA` names.\n\n## Data and split\n\n| file | names | SHA-256 | licence |\n|---|---|---|---|\n",
    );
    for source in &names.sources {
        let _ = writeln!(
            page,
            "| `{}` | {} | `{}…` | {} |",
            source.name,
            source.names,
            source.sha256.get(..16).unwrap_or_default(),
            source.licence
        );
    }
    page.push_str(
        "\nOnly the label that somebody registered is looked at, each once in a family. A family is left out of training, with its\n\
         relatives, and measured; thresholds are fixed on people's names that were not learnt from, and the share of other such\n\
         names above them is measured. Families of fewer than 20 labels are learnt from and not measured. Intervals are of\n\
         95 %, by drawing families anew.\n\n## Families left out\n\n\
         | what is looked at | mean TPR at 1 % FPR | at 0.1 % | families of words, at 1 % | FPR measured |\n|---|---|---|---|---|\n",
    );
    for method in &figures.methods {
        let told = |(mean, low, high): (f64, f64, f64)| format!("{mean:.3} ({low:.3} to {high:.3})");
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {:.2} % |",
            method.name,
            told(method.mean(0, None)),
            told(method.mean(1, None)),
            told(method.mean(0, Some(true))),
            method.false_rate(0) * 100.0
        );
    }
    let gains: Vec<f64> = last
        .families
        .iter()
        .zip(&first.families)
        .map(|(last, first)| last.found[0] - first.found[0])
        .collect();
    let (better, worse) = (
        gains.iter().filter(|gain| **gain > 0.005).count(),
        gains.iter().filter(|gain| **gain < -0.005).count(),
    );
    let _ = write!(
        page,
        "\nBeside the plain way, family by family: better on {better}, worse on {worse}, {:+.3} on average. Families of words\n\
         are {}.\n\n![Found](domains/roc.svg)\n\n![Families](domains/families.svg)\n\n\
         | family | labels | plain | shipped |\n|---|---|---|---|\n",
        gains.iter().sum::<f64>() / gains.len().max(1) as f64,
        WORDY.join(", "),
    );
    for (last, first) in last.families.iter().zip(&first.families) {
        let _ = writeln!(
            page,
            "| {} | {} | {:.2} | {:.2} |",
            last.family,
            last.odds.len(),
            first.found[0],
            last.found[0]
        );
    }
    page.push_str(batches);
    page.push_str("\n## A second benign set\n\n");
    match &figures.second {
        Some(second) => {
            let _ = writeln!(
                page,
                "Hosts at which Debian's packages have their home, and that are on none of the lists above: {} labels, of other\n\
                 suffixes and languages. At thresholds that were fixed before:\n\n\
                 | threshold | FPR on it | FPR on test names of the first set |\n|---|---|---|",
                second.count
            );
            for ((share, (rate, low, high)), first) in RATES.iter().zip(&second.rates).zip(&second.first) {
                let _ = writeln!(
                    page,
                    "| {:.1} % | {:.2} % ({:.2} to {:.2}) | {:.2} % |",
                    share * 100.0,
                    rate * 100.0,
                    low * 100.0,
                    high * 100.0,
                    first * 100.0
                );
            }
        }
        None => page.push_str(
            "Not measured: this machine has no lists of Debian's packages (`apt-cache dumpavail`).\n",
        ),
    }
    let _ = write!(
        page,
        "\n## Calibration\n\nOf families left out and people's names not learnt from, as many of each: expected calibration error {:.3}.\n\n\
         ![Reliability](domains/reliability.svg)\n\n## Which feature alone tells the sources apart\n\n\
         Area under the curve, of machines' names against people's, and of the second benign set against the first: what tells\n\
         the latter two apart would be the mark of a list and not of a machine.\n\n\
         | feature | machines | second benign set |\n|---|---|---|\n",
        figures.calibration
    );
    for (name, machines, second) in &figures.alone {
        let _ = writeln!(page, "| {name} | {machines:.2} | {second:.2} |");
    }
    let _ = write!(
        page,
        "\n## Speed\n\n{:.0} names a second on one core, with all features, on this machine.\n\n## Limits\n\n",
        figures.per_second
    );
    for limit in LIMITS {
        let _ = writeln!(page, "- {limit}");
    }
    std::fs::write(PAGE, page).with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE}");
    Ok(())
}
