//! `rempart source learn`, `learnt` and `use`: how far sources are to be trusted, as learnt.

use rempart_service::trust::{SourcesCard, SourcesVersion};
use rempart_service::{App, Caller};
use serde::{Deserialize, Serialize};

use super::execute::json_line;
use crate::output::{Output, code};

/// What is asked of trust in sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trusting {
    Learn { json: bool },
    Learnt { json: bool },
    Use { version: Option<i64> },
}

pub(crate) fn run(app: &App, caller: &Caller, asked: Trusting, out: &mut dyn Output) -> anyhow::Result<u8> {
    match asked {
        Trusting::Learn { json } => {
            let version = app.learn_sources(caller)?;
            match json {
                true => json_line(out, &version)?,
                false => {
                    out.data(words(&version.card).as_bytes())?;
                    out.say(&format!(
                        "kept as version {}; `rempart source use {}` lets conclusions rest on it",
                        version.version, version.version
                    ))?;
                }
            }
        }
        Trusting::Learnt { json } => {
            let versions = app.sources_learnt(caller)?;
            for version in &versions {
                match json {
                    true => json_line(out, version)?,
                    false => out.data(line(version).as_bytes())?,
                }
            }
            return Ok(if versions.is_empty() { code::NOTHING } else { code::DONE });
        }
        Trusting::Use { version } => {
            let due = app.use_sources(caller, version)?;
            // Where a server runs, it does so by itself.
            while app.reassess_due()? {}
            let what = match version {
                Some(version) => format!("sources are trusted as version {version} learnt"),
                None => "sources are trusted as they were set".to_owned(),
            };
            out.say(&format!("{what}; {due} observables are concluded again"))?;
        }
    }
    Ok(code::DONE)
}

fn line(version: &SourcesVersion) -> String {
    let card = &version.card;
    let check = card.check.map_or_else(
        || "too few decided to check".to_owned(),
        |check| {
            format!(
                "off by {:.3} as set, {:.3} as learnt (mean square, {} decided observables left out)",
                check.as_set, check.as_learnt, check.observables
            )
        },
    );
    format!(
        "{}\t{}\t{}\t{}\t{check}\n",
        version.version,
        version.made,
        version.by,
        if version.in_use { "in use" } else { "-" }
    )
}

fn words(card: &SourcesCard) -> String {
    let mut text =
        format!("{} observables, {} of them decided by analysts\n", card.observables, card.decided);
    for one in &card.sources {
        let learnt = match one.counts {
            true => format!("learnt {}", one.learnt),
            false => format!("learnt F: only {} of its claims are decided", one.decided),
        };
        text.push_str(&format!(
            "{}\t{}\t{} claims\tright in {:.0} % ({:.0} to {:.0})\tset {}\t{learnt}\n",
            one.source,
            one.kind,
            one.claims,
            one.precision * 100.0,
            one.low * 100.0,
            one.high * 100.0,
            one.set
        ));
    }
    for pair in &card.copies {
        let counts = if pair.counts { "counts as one voice with" } else { "may copy from" };
        text.push_str(&format!(
            "{} {counts} {} ({:.2}): {}\n",
            pair.source,
            pair.from,
            pair.score,
            pair.reasons.join("; ")
        ));
    }
    if let Some(check) = card.check {
        text.push_str(&format!(
            "checked on {} decided observables that were left out: off by {:.3} as set, {:.3} as learnt (mean square; less is better)\n",
            check.observables, check.as_set, check.as_learnt
        ));
    }
    text
}
