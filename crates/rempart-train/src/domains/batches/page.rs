//! The part of the page about batches, and the card of their model.

use std::fmt::Write as _;

use rempart_triage::learn::batch::{BatchModel, NAMES};
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::super::data::Names;
use super::super::report::rounded;
use super::measure::{Figures, Found, MIXED, OF_WORDS, SIZE, SIZES, interval};

const LIMITS: [&str; 7] = [
    "Batches are drawn at random from lists; no traffic of real hosts was there to measure on. A host whose names are of one \
     language or one platform is held for odd more often than a mixed one: see the batches under one suffix.",
    "At fewer than 5 names each is looked at by itself.",
    "The threshold of 1 % is of names in batches of people's names at random. Names of one batch are right or wrong together.",
    "A share of people's names among a machine's is dragged along: the more, the fewer they are.",
    "Names chosen by hand so that most are one well-known word of six or seven letters are alike as a machine's are: of 20 such \
     names of brands 9 were held for more likely a machine's than not.",
    "Lists of few words that are made up here add less than 0.01 to the mean of families of words in 30 (0.852 without them): \
     they are for machines that know few words, of which the collection has none, so that it is not known how well those are \
     found.",
    "What was weighed was chosen with families that are not of words and names on which thresholds are fixed, after one look \
     at all families.",
];

fn told((mean, low, high): (f64, f64, f64)) -> String {
    format!("{mean:.3} ({low:.3} to {high:.3})")
}

impl Figures {
    /// The mean of a figure over families, and its interval by drawing families anew.
    fn of(&self, wordy: Option<bool>, take: &dyn Fn(&Found) -> f64) -> (f64, f64, f64) {
        let list: Vec<f64> = self
            .found
            .iter()
            .filter(|one| wordy.is_none_or(|wordy| OF_WORDS.contains(&one.family.as_str()) == wordy))
            .map(take)
            .collect();
        interval(&list)
    }
}

/// The section of the page.
pub(crate) fn section(figures: &Figures, model: &BatchModel) -> String {
    let mut page = format!(
        "\n## In batches\n\n\
         Names that were asked together (those that did not resolve for one host, or the new names of one list) are weighed\n\
         by what they have in common beyond what is common among people's names ({} figures a name, `data/models/batch.bin`).\n\
         Family left out as above, for the weights of batches too; the odds of single names that weights are learnt from are\n\
         of models that learnt neither from that family nor from that name. Thresholds are fixed on batches of people's names\n\
         at random of the same size; names by themselves at the same rate, same split. Families of words are here {}.\n\n\
         | families | name by name | in {} | in {} | in {} | in {SIZE} at 0.1 % |\n|---|---|---|---|---|---|\n",
        model.weights.len(),
        OF_WORDS.join(", "),
        SIZES[0],
        SIZES[1],
        SIZES[2],
    );
    for (name, wordy) in [("of words", Some(true)), ("others", Some(false)), ("all", None)] {
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} |",
            told(figures.of(wordy, &|one| one.single)),
            told(figures.of(wordy, &|one| one.batch[0])),
            told(figures.of(wordy, &|one| one.batch[1])),
            told(figures.of(wordy, &|one| one.batch[2])),
            told(figures.of(wordy, &|one| one.low)),
        );
    }
    let _ = write!(
        page,
        "\nMixed batches of {SIZE}: a share of people's names among the family's. Found is of the family's names, dragged along of\n\
         people's.\n\n| family | name by name | in {} | in {} | in {} | {} % people's: found | dragged along | {} % people's: found | dragged along |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        SIZES[0], SIZES[1], SIZES[2], MIXED[0], MIXED[1],
    );
    for one in &figures.found {
        let _ = writeln!(
            page,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            one.family,
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
    let _ = writeln!(
        page,
        "| mean | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} | {:.2} | {:.3} |",
        figures.of(None, &|one| one.single).0,
        figures.of(None, &|one| one.batch[0]).0,
        figures.of(None, &|one| one.batch[1]).0,
        figures.of(None, &|one| one.batch[2]).0,
        figures.of(None, &|one| one.mixed[0]).0,
        figures.of(None, &|one| one.dragged[0]).0,
        figures.of(None, &|one| one.mixed[1]).0,
        figures.of(None, &|one| one.dragged[1]).0,
    );
    page.push_str(
        "\nBatches of people's names alone, with something in common too; thresholds are those of names at random. Words, suffixes\n\
         and beginnings in common are learnt from (other names), ends and the second set are not. The last but one row is of names that the\n\
         tables of words and letters know, as they know many that hosts ask for. Intervals by drawing batches anew.\n\n\
         | people's names | name by name | in the batch, at 1 % | at 0.1 % | batches of which more than half is held for a machine's |\n\
         |---|---|---|---|---|\n",
    );
    for one in &figures.people {
        let (mean, low, high) = one.mean;
        let _ = writeln!(
            page,
            "| {} | {:.2} % | {:.2} % ({:.2} to {:.2}) | {:.2} % | {:.2} % |",
            one.kind,
            one.single * 100.0,
            mean * 100.0,
            low * 100.0,
            high * 100.0,
            one.low * 100.0,
            one.whole * 100.0
        );
    }
    page.push_str("\n| what is weighed | weight |\n|---|---|\n");
    for (name, weight) in NAMES.iter().zip(model.weights) {
        let _ = writeln!(page, "| {name} | {weight:+.2} |");
    }
    let _ = writeln!(page, "\n{:.0} names a second on one core, in batches of {SIZE}.\n", figures.per_second);
    for limit in LIMITS {
        let _ = writeln!(page, "- {limit}");
    }
    page
}

/// The card of the model. It holds nothing that differs from run to run.
pub(crate) fn card(names: &Names, figures: &Figures, model: &BatchModel, at: [f32; 2]) -> String {
    let bytes = model.to_bytes();
    let sum = digest(&SHA256, &bytes);
    let sha256: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mean = |wordy: Option<bool>, take: &dyn Fn(&Found) -> f64| {
        let (mean, low, high) = figures.of(wordy, take);
        json!({ "mean": rounded(mean), "low": rounded(low), "high": rounded(high) })
    };
    let tpr = |wordy: Option<bool>| {
        json!({
            "name_by_name": mean(wordy, &|one| one.single),
            "in_10": mean(wordy, &|one| one.batch[0]),
            "in_30": mean(wordy, &|one| one.batch[1]),
            "in_60": mean(wordy, &|one| one.batch[2]),
            "in_30_at_0.1_percent_fpr": mean(wordy, &|one| one.low),
            "in_30_of_which_30_percent_are_of_people": mean(wordy, &|one| one.mixed[0]),
            "people_dragged_along_there": mean(wordy, &|one| one.dragged[0]),
        })
    };
    let people: Vec<_> = figures
        .people
        .iter()
        .map(|one| {
            json!({ "batches": one.kind, "fpr": rounded(one.mean.0), "low": rounded(one.mean.1),
                    "high": rounded(one.mean.2), "fpr_at_0.1_percent": rounded(one.low) })
        })
        .collect();
    let odds = |at: f32| json!({ "log_odds": rounded(f64::from(at)), "probability": rounded(f64::from(model.platt.probability(at))) });
    let card = json!({
        "task": "the probability that a registered name was made up by a machine, given the names that were asked with it",
        "model": { "file": "batch.bin", "sha256": sha256, "bytes": bytes.len(), "goes_with": "domains.bin",
                   "form": "a logistic regression over what the names of a batch share, calibrated by Platt's scaling on families left out" },
        "data": names.sources.iter().map(|source| json!({
            "file": source.name, "sha256": source.sha256, "names": source.names, "licence": source.licence,
        })).collect::<Vec<_>>(),
        "also_learnt_from": "batches of names that this program makes up, with a fixed seed",
        "split": "a family (with its relatives) is left out of all training and measured; odds of single names are of models that \
                  learnt neither from the family nor from the name; people: by hash of the label",
        "weights": NAMES.iter().zip(model.weights).map(|(name, weight)| json!([name, rounded(f64::from(weight))])).collect::<Vec<_>>(),
        "threshold_of_1_percent_of_people_in_30": odds(at[0]),
        "threshold_of_0.1_percent_of_people_in_30": odds(at[1]),
        "tpr_at_1_percent_fpr_of_word_families": tpr(Some(true)),
        "tpr_at_1_percent_fpr": tpr(None),
        "fpr_of_batches_of_people": people,
        "limits": LIMITS,
        "date": "2026-11-27",
    });
    let mut text = serde_json::to_string_pretty(&card).unwrap_or_default();
    text.push('\n');
    text
}
