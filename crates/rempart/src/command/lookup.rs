//! `search`, `explain`, `export`, `override`, `ledger verify`, `status`.

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rempart_service::ask::{self, Answer, Explanation};
use rempart_service::export::ExportFormat;
use rempart_service::{App, Caller};
use serde_json::json;

use super::execute::json_line;
use crate::output::{Output, code};

/// Most bytes of a list of values.
const MAX_INPUT: u64 = 256 << 20;

pub(crate) fn search(
    app: &App,
    caller: &Caller,
    value: Option<String>,
    json: bool,
    input: &mut dyn Read,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    let values = match value {
        Some(value) => vec![value],
        None => {
            let mut bytes = Vec::new();
            input.take(MAX_INPUT + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > MAX_INPUT {
                bail!("more than {MAX_INPUT} bytes of values; ask in parts");
            }
            let text = String::from_utf8(bytes).context("the values are not UTF-8")?;
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        }
    };
    let answers = app.search(caller, &values)?;
    let mut text = Vec::new();
    for answer in &answers {
        if json {
            serde_json::to_writer(&mut text, answer)?;
            text.push(b'\n');
        } else {
            text.extend_from_slice(line(answer).as_bytes());
        }
    }
    out.data(&text)?;
    Ok(if answers.iter().any(|answer| answer.known) { code::DONE } else { code::NOTHING })
}

fn line(answer: &Answer) -> String {
    match (&answer.error, answer.known) {
        (Some(error), _) => format!("{}\tnot an observable: {error}\n", answer.value),
        (None, false) => format!("{}\tunknown\n", answer.value),
        (None, true) => format!(
            "{}\t{}\t{:.2}\t{}\t{}\t{}{}\n",
            answer.value,
            answer.kind.as_deref().unwrap_or_default(),
            answer.probability.unwrap_or_default(),
            answer.category.unwrap_or_default(),
            answer.valid_until.as_deref().unwrap_or("-"),
            answer.sources.join(";"),
            if answer.overridden { "\tdecided by an analyst" } else { "" },
        ),
    }
}

pub(crate) fn explain(
    app: &App,
    caller: &Caller,
    value: &str,
    json: bool,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    let explanation = app.explain(caller, value)?;
    if json {
        json_line(out, &explanation)?;
    } else {
        out.data(told(&explanation).as_bytes())?;
    }
    Ok(if explanation.known { code::DONE } else { code::NOTHING })
}

fn told(explanation: &Explanation) -> String {
    let mut text = format!("{} ({})\n", explanation.value, explanation.kind);
    if !explanation.known {
        text.push_str("  nobody has said anything of it\n");
    }
    text.push_str(&format!(
        "  malicious with probability {:.2}, {}, until {}\n",
        explanation.probability,
        explanation.category,
        explanation.valid_until.as_deref().unwrap_or("nothing changes"),
    ));
    if let Some(decided) = &explanation.decided {
        let what = if decided.malicious { "malicious" } else { "benign" };
        text.push_str(&format!(
            "  held to be {what} by {} since {}: {}\n",
            decided.by, decided.at, decided.reason
        ));
    }
    if let Some(campaign) = &explanation.campaign {
        text.push_str(&format!("  in {campaign}; `campaign show {campaign}` says why\n"));
    }
    text.push_str("why this score\n");
    for reason in &explanation.reasons {
        text.push_str(&format!("  {reason}\n"));
    }
    if let Some(looks) = &explanation.looks {
        text.push_str("how its name looks (told beside the score, which it does not move)\n");
        text.push_str(&format!("  `{}` made up by a machine: {:.2}", looks.label, looks.machine_made));
        let why =
            if looks.reasons.is_empty() { String::new() } else { format!("; {}", looks.reasons.join("; ")) };
        text.push_str(&format!("{why}\n"));
    }
    text.push_str("whom it concerns\n");
    if explanation.concerns.is_empty() {
        text.push_str("  no member in particular\n");
    }
    for concern in &explanation.concerns {
        text.push_str(&format!(
            "  {} ({}), weight {}: {}\n",
            concern.member,
            concern.country,
            concern.weight,
            concern.reasons.join("; ")
        ));
    }
    text.push_str("who says so, and who may see it\n");
    for claim in &explanation.claims {
        text.push_str(&format!(
            "  {} [{}] says {} {}{} in {} (tlp:{}), received {}\n",
            claim.source,
            claim.reliability,
            claim.stance,
            claim.category,
            claim.confidence.map(|confidence| format!(", confidence {confidence}")).unwrap_or_default(),
            claim.object,
            claim.tlp,
            claim.received,
        ));
        text.push_str(&format!(
            "    released to: {}\n",
            if claim.released_to.is_empty() {
                "nobody but the operator".into()
            } else {
                claim.released_to.join(", ")
            }
        ));
        for withheld in &claim.withheld_from {
            text.push_str(&format!("    withheld from {}: {}\n", withheld.member, withheld.reason));
        }
    }
    text
}

pub(crate) fn export(
    app: &App,
    caller: &Caller,
    format: &str,
    member: Option<&str>,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    let format = match format {
        "stix" => ExportFormat::Stix,
        "csv" => ExportFormat::Csv,
        "plain" => ExportFormat::Plain,
        other => bail!("{other} is not a form of export; one of stix, csv, plain"),
    };
    let mut data = Data { out, failed: None };
    let exported = app.export(caller, format, member, &mut data);
    // The output's own failure says more: a reader that went away is none.
    if let Some(error) = data.failed {
        return Err(anyhow::Error::new(error).context("cannot write the export"));
    }
    exported?;
    Ok(code::DONE)
}

/// An output as something to write to.
struct Data<'a> {
    out: &'a mut dyn Output,
    failed: Option<std::io::Error>,
}

impl std::io::Write for Data<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.out.data(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn verify(app: &App, caller: &Caller, json: bool, out: &mut dyn Output) -> anyhow::Result<u8> {
    let mut shown = Instant::now();
    let found = app.verify_ledger(caller, &mut |done, total| {
        if shown.elapsed() > Duration::from_millis(200) {
            shown = Instant::now();
            let _ = out.progress(&format!("{done} of {total} entries"));
        }
    })?;
    let head: String = found.head.iter().map(|byte| format!("{byte:02x}")).collect();
    if json {
        json_line(
            out,
            &json!({"entries": found.entries, "objects": found.objects, "erased": found.erased,
                "faults": found.faults, "head": head, "holds": found.faults.is_empty()}),
        )?;
    } else {
        out.data(
            format!(
                "{} entries, {} objects as they came, {} erased with an entry that says so\nhead {head}\n",
                found.entries, found.objects, found.erased
            )
            .as_bytes(),
        )?;
        for fault in &found.faults {
            out.say(&format!("fault: {fault}"))?;
        }
        let verdict = if found.faults.is_empty() { "the ledger holds" } else { "the ledger does not hold" };
        out.data(format!("{verdict}\n").as_bytes())?;
    }
    Ok(if found.faults.is_empty() { code::DONE } else { code::NOTHING })
}

pub(crate) fn status(app: &App, caller: &Caller, json: bool, out: &mut dyn Output) -> anyhow::Result<u8> {
    let counts = app.counts(caller)?;
    if json {
        json_line(
            out,
            &json!({"objects": counts.objects, "observables": counts.observables, "ledger": counts.ledger,
                "bytes": counts.bytes}),
        )?;
    } else {
        out.data(
            format!(
                "objects     {:>12}\nobservables {:>12}\nledger      {:>12} entries\ndatabase    {:>12} MB\n",
                counts.objects,
                counts.observables,
                counts.ledger,
                counts.bytes / 1_000_000
            )
            .as_bytes(),
        )?;
    }
    Ok(code::DONE)
}

pub(crate) fn override_(
    app: &App,
    caller: &Caller,
    value: &str,
    malicious: Option<bool>,
    reason: &str,
    json: bool,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    let observable = ask::observable(value).map_err(|error| anyhow::anyhow!("{value}: {error}"))?;
    let row = app.set_override(caller, &observable, malicious, reason)?;
    if json {
        json_line(
            out,
            &json!({"value": observable.value(), "type": observable.kind().name(),
                "probability": row.assessment.probability, "overridden": row.override_.is_some()}),
        )?;
    } else {
        out.data(
            format!("{}: probability {:.2}\n", observable.value(), row.assessment.probability).as_bytes(),
        )?;
    }
    Ok(code::DONE)
}
