//! `rempart campaign`: what belongs together, and by what evidence.

use rempart_service::campaigns::near::Asked;
use rempart_service::campaigns::{Attribution, Campaign, CampaignMerge, CampaignSummary, NearReport};
use rempart_service::{App, Caller};
use serde::{Deserialize, Serialize};

use super::execute::json_line;
use super::extract::text_of;
use crate::cli::CampaignCommand;
use crate::output::{Output, code};

/// Members that are named in words; `--json` names all.
const MEMBERS: usize = 20;
/// Shared values of a link that are told in words.
const SHARED: usize = 3;
/// Links that are told in words.
const LINKS: usize = 20;

/// A text that is compared is no longer than this, in bytes: a running server takes it as one frame, in which a byte
/// may take six.
const LONGEST: u64 = 2 << 20;
/// Reasons of a candidate that are told in words.
const REASONS: usize = 4;

/// What is asked of campaigns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Campaigning {
    List { least: usize, json: bool },
    Show { campaign: String, json: bool },
    Near { id: Option<String>, text: String, least: f64, json: bool },
    Decide { pair: [String; 2], together: bool, reason: String },
    Undo { pair: [String; 2], reason: String },
    Lift { pair: [String; 2] },
}

impl TryFrom<CampaignCommand> for Campaigning {
    type Error = anyhow::Error;

    fn try_from(command: CampaignCommand) -> anyhow::Result<Self> {
        Ok(match command {
            CampaignCommand::Near(args) => Self::Near {
                text: args
                    .text
                    .as_deref()
                    .map(|file| text_of(file, LONGEST))
                    .transpose()?
                    .unwrap_or_default(),
                id: args.id,
                least: args.least,
                json: args.json,
            },
            CampaignCommand::List { least, json } => Self::List { least, json },
            CampaignCommand::Show { campaign, json } => Self::Show { campaign, json },
            CampaignCommand::Together(args) => {
                Self::Decide { pair: [args.first, args.second], together: true, reason: args.reason }
            }
            CampaignCommand::Apart(args) => {
                Self::Decide { pair: [args.first, args.second], together: false, reason: args.reason }
            }
            CampaignCommand::Undo(args) => {
                Self::Undo { pair: [args.first, args.second], reason: args.reason }
            }
            CampaignCommand::Lift { first, second } => Self::Lift { pair: [first, second] },
        })
    }
}

pub(crate) fn run(
    app: &App,
    caller: &Caller,
    asked: Campaigning,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    match asked {
        Campaigning::List { least, json } => {
            let found = app.campaigns(caller, least)?;
            for campaign in &found {
                match json {
                    true => json_line(out, campaign)?,
                    false => out.data(line(campaign).as_bytes())?,
                }
            }
            return Ok(if found.is_empty() { code::NOTHING } else { code::DONE });
        }
        Campaigning::Show { campaign, json } => {
            let campaign = app.campaign(caller, &campaign)?;
            match json {
                true => json_line(out, &campaign)?,
                false => out.data(words(&campaign).as_bytes())?,
            }
        }
        Campaigning::Near { id, text, least, json } => {
            let asked = id.as_deref().map_or(Asked::Text(&text), Asked::Id);
            let found = app.near(caller, asked, least)?;
            for report in &found {
                match json {
                    true => json_line(out, report)?,
                    false => out.data(near(report).as_bytes())?,
                }
            }
            return Ok(if found.is_empty() { code::NOTHING } else { code::DONE });
        }
        Campaigning::Decide { pair: [first, second], together, reason } => {
            app.connect_decide(caller, [&first, &second], together, &reason)?;
            out.say(&match together {
                true => format!("{first} and {second} belong together"),
                false => format!("{first} and {second} do not belong together"),
            })?;
        }
        Campaigning::Undo { pair: [first, second], reason } => {
            let pairs = app.connect_undo(caller, [&first, &second], &reason)?;
            out.say(&format!("undone: {pairs} pairs are held apart"))?;
        }
        Campaigning::Lift { pair: [first, second] } => {
            app.connect_lift(caller, [&first, &second])?;
            out.say(&format!("nothing is decided of {first} and {second} any more"))?;
        }
    }
    Ok(code::DONE)
}

fn line(campaign: &CampaignSummary) -> String {
    let kinds: Vec<String> = campaign.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("{}\t{}\t{}\n", campaign.name, kinds.join(", "), campaign.examples.join(" "))
}

fn words(campaign: &Campaign) -> String {
    let mut text = format!("{}\n", line(&campaign.summary).trim_end());
    text.push_str("in it\n");
    for member in campaign.members.iter().take(MEMBERS) {
        text.push_str(&format!(
            "  {:.2} {} ({}), by {}\n",
            member.probability,
            member.value,
            member.category,
            member.sources.join(", ")
        ));
    }
    rest(&mut text, campaign.members.len(), MEMBERS);
    text.push_str("what holds it together, the strongest first\n");
    for merge in campaign.merges.iter().take(LINKS) {
        text.push_str(&linked(merge));
    }
    rest(&mut text, campaign.merges.len(), LINKS);
    attributed(&mut text, &campaign.attribution);
    text
}

/// Who may be behind it: what sources say, then what is only like an actor's known ways.
fn attributed(text: &mut String, attribution: &Attribution) {
    if !attribution.named.is_empty() {
        text.push_str("named by sources\n");
    }
    for named in &attribution.named {
        text.push_str(&format!(
            "  {}, by {}, for {} of its values\n",
            named.actor, named.source, named.observables
        ));
    }
    if attribution.candidates.is_empty() {
        if attribution.known > 0 {
            text.push_str(&format!(
                "of {} known actors, none shares enough of its ways with it\n",
                attribution.known
            ));
        }
        return;
    }
    text.push_str(&format!(
        "shares ways with, of {} known actors (no finding: tools and ways are shared and imitated)\n",
        attribution.known
    ));
    for candidate in &attribution.candidates {
        text.push_str(&format!(
            "  {}: {:.2} in common, {:.2} ahead of the next\n",
            candidate.actor, candidate.similarity, candidate.lead
        ));
        for reason in candidate.reasons.iter().take(REASONS) {
            text.push_str(&format!(
                "    {:+.1} {} {}, of {} actors\n",
                reason.weight, reason.kind, reason.what, reason.actors
            ));
        }
    }
}

fn near(report: &NearReport) -> String {
    let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.2}"));
    format!(
        "text {}\tvalues {}\t{}\t{}\t{}\n",
        share(report.text),
        share(report.observables),
        report.id,
        report.name,
        report.source
    )
}

fn rest(text: &mut String, count: usize, most: usize) {
    if count > most {
        text.push_str(&format!("  and {} more; `--json` names all\n", count - most));
    }
}

fn linked(merge: &CampaignMerge) -> String {
    let [left, right] = merge.sides;
    let by =
        if merge.decided { "an analyst decided it".to_owned() } else { format!("{:.1} nats", merge.weight) };
    let mut text = format!("  {} and {} ({left} and {right} values): {by}\n", merge.a, merge.b);
    for shared in merge.shared.iter().take(SHARED) {
        let source = shared.source.as_ref().map(|source| format!(", by {source}")).unwrap_or_default();
        text.push_str(&format!(
            "    {:+.1} {}, shared by {}{source}\n",
            shared.weight, shared.what, shared.shared_by
        ));
    }
    if merge.shared.len() > SHARED {
        text.push_str(&format!("    and {} more\n", merge.shared.len() - SHARED));
    }
    text
}
