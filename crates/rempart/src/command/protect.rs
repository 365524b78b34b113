//! `rempart protect`: what is blocked, and why.

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use anyhow::Context;
use rempart_model::{BlockId, Timestamp};
use rempart_service::protect::{self, BlockExplained, OutputStatus, Previewed};
use rempart_service::{App, Caller, ServiceError};

use super::execute::json_line;
use super::request::Protecting;
use crate::cli::Shared;
use crate::config::protect::class;
use crate::output::{Output, Terminal, code};

/// Lines of a preview that are sent at a time.
const LINES: usize = 500;

pub(crate) fn run(
    app: &App,
    caller: &Caller,
    asked: Protecting,
    input: &mut dyn Read,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    match asked {
        Protecting::Preview { only, json } => preview(app, caller, only.as_deref(), json, out)?,
        Protecting::Explain { value, json } => {
            let explained = app.explain_block(caller, &value)?;
            match json {
                true => json_line(out, &explained)?,
                false => out.data(words(&explained).as_bytes())?,
            }
            return Ok(if explained.blocked { code::DONE } else { code::NOTHING });
        }
        Protecting::Status { json } => status(&app.outputs(caller)?, json, out)?,
        Protecting::Live { output, live } => {
            app.set_live(caller, class(&output)?, live)?;
            out.say(&match live {
                true => format!("{output} is live; a server publishes it"),
                false => format!("{output} is dry; a server ends all its blocks"),
            })?;
        }
        Protecting::LetThrough { output } => {
            app.let_through(caller, class(&output)?)?;
            out.say(&format!("{output} may grow"))?;
        }
        Protecting::TakeBack { output, to } => {
            let to = match to.parse::<u32>() {
                Ok(minutes) => app.now().plus_seconds(-60 * i64::from(minutes)),
                Err(_) => Timestamp::parse(&to).with_context(|| format!("--to {to}"))?,
            };
            app.take_back(caller, class(&output)?, to)?;
            out.say(&format!(
                "a server takes {output} back to {to}; it only shrinks until `protect let-through {output}`"
            ))?;
        }
        Protecting::Uphold { block, reason } => {
            let id = BlockId::parse(&block).with_context(|| format!("{block:?}"))?;
            let target = app.uphold(caller, id, &reason)?;
            out.say(&format!("{target} is held to be benign; a server ends its block"))?;
        }
        Protecting::Hits { file, json } => {
            let taken = match file {
                None => app.take_hits(caller, input)?,
                Some(path) => {
                    let mut file =
                        File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
                    app.take_hits(caller, &mut file)?
                }
            };
            match json {
                true => json_line(out, &taken)?,
                false => out.say(&format!(
                    "{} lines: {} hits of blocks in force, {} of others, {} of nothing blocked",
                    taken.lines, taken.hits, taken.unknown, taken.others
                ))?,
            }
        }
    }
    Ok(code::DONE)
}

fn preview(
    app: &App,
    caller: &Caller,
    only: Option<&str>,
    json: bool,
    out: &mut dyn Output,
) -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut lines = 0;
    let numbers = app.preview(caller, &mut |said| {
        if only.is_some_and(|only| only != said.what) {
            return Ok(());
        }
        if json {
            serde_json::to_writer(&mut text, &said).map_err(|error| ServiceError::Internal(error.into()))?;
            text.push(b'\n');
        } else {
            text.extend_from_slice(line(&said).as_bytes());
        }
        lines += 1;
        if lines % LINES == 0 {
            let sent = out.data(&text);
            sent.map_err(|error| ServiceError::Unavailable(format!("cannot write: {error}")))?;
            text.clear();
        }
        Ok(())
    })?;
    out.data(&text)?;
    if json {
        return json_line(out, &numbers);
    }
    let mut rules = String::new();
    for (rule, count) in &numbers.rules {
        rules.push_str(&format!("\n  {count:>9} by {rule}"));
    }
    Ok(out.say(&format!(
        "{} would be added, {} removed, {} stay, {} are refused{rules}",
        numbers.added, numbers.removed, numbers.kept, numbers.refused
    ))?)
}

fn line(said: &Previewed) -> String {
    let class = said.class.map(|class| format!(" [{class}]")).unwrap_or_default();
    let until = said.until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{}\t{}{class}{until}\t{}\n", said.what, said.value, said.reasons.join("; "))
}

fn words(explained: &BlockExplained) -> String {
    let mut text = format!("{} ({})\n", explained.value, explained.kind);
    match &explained.by {
        Some(by) if *by == explained.value => text.push_str("  is blocked\n"),
        Some(by) => text.push_str(&format!("  is blocked with {by}\n")),
        None => text.push_str("  is not blocked\n"),
    }
    text.push_str(&format!("what is decided now\n  {}\n", explained.decision));
    for reason in &explained.reasons {
        text.push_str(&format!("  {reason}\n"));
    }
    if !explained.blocks.is_empty() {
        text.push_str("its blocks\n");
    }
    for block in &explained.blocks {
        text.push_str(&format!(
            "  {} [{}] from {} until {}: {}\n",
            block.id, block.class, block.since, block.until, block.reason
        ));
        if let Some((at, why)) = &block.ended {
            text.push_str(&format!("    ended {at}: {why}\n"));
        }
        for (day, country, count) in &block.hits {
            text.push_str(&format!("    stopped {count} on {day} from {country}\n"));
        }
    }
    text
}

fn status(outputs: &[OutputStatus], json: bool, out: &mut dyn Output) -> anyhow::Result<()> {
    if json {
        return json_line(out, &outputs);
    }
    if outputs.is_empty() {
        return Ok(out.say("no server publishes from this folder now")?);
    }
    let mut text = String::new();
    if let Some(why) = outputs.iter().find_map(|output| output.frozen) {
        out.say(&format!("nothing new is published until it is let through: {why}"))?;
    }
    for output in outputs {
        let state = match (output.stopped, output.live, output.held) {
            (true, ..) => "stopped",
            (_, false, _) => "dry",
            (_, true, true) => "live, held",
            (_, true, false) => "live",
        };
        text.push_str(&format!(
            "{:<9} {state:<11} {:>9} names, {} wait  {}  {}  serial {}\n",
            output.class, output.names, output.waiting, output.zone, output.action, output.serial
        ));
    }
    Ok(out.data(text.as_bytes())?)
}

/// Empties all zones through a file, or serves them again: nothing else has to work for it.
pub(crate) fn stop(shared: &Shared, stop: bool) -> anyhow::Result<ExitCode> {
    let file = protect::stop_file(&shared.data);
    let mut terminal = Terminal::new();
    if stop {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&file, b"").with_context(|| format!("cannot write {}", file.display()))?;
        terminal.say(&format!("all zones are emptied as long as {} is there", file.display()))?;
    } else {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                terminal.say("the zones are not stopped")?;
            }
            removed => {
                removed.with_context(|| format!("cannot remove {}", file.display()))?;
                terminal.say("the zones are served again")?;
            }
        }
    }
    Ok(ExitCode::from(code::DONE))
}
