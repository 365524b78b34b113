//! `rempart import`.

use std::io::Read;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rempart_formats::Format;
use rempart_formats::table::Mapping;
use rempart_model::Tlp;
use rempart_service::intake::{Account, ImportRequest};
use rempart_service::{App, Caller};

use super::execute::json_line;
use super::request::Request;
use crate::output::{Output, code};

/// Rejected records that are shown to a person; `--json` has more.
const SHOWN: usize = 10;

pub(crate) fn run(
    app: &App,
    caller: &Caller,
    request: Request,
    input: &mut dyn Read,
    out: &mut (dyn Output + Send),
) -> anyhow::Result<u8> {
    let Request::Import { source, format, tlp, mapping, paths, stream, json } = request else {
        return Err(anyhow!("not an import"));
    };
    let request = ImportRequest {
        source,
        format: format.as_deref().map(named_format).transpose()?,
        tlp: tlp
            .as_deref()
            .map(|text| {
                Tlp::from_name(text).with_context(|| format!("--tlp {text}: not a TLP label, see --help"))
            })
            .transpose()?,
        mapping: mapping.as_deref().map(Mapping::from_toml).transpose().context("--mapping")?,
        paths,
    };
    let started = Instant::now();
    let shown = Mutex::new((started, &mut *out));
    let account = app.import(caller, &request, stream.then_some(input), &|progress| {
        let mut shown = shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if shown.0.elapsed() > Duration::from_millis(200) {
            shown.0 = Instant::now();
            let line =
                format!("{}: {} records read, {} stored", progress.input, progress.records, progress.stored);
            // A progress line that cannot be shown is no reason to stop.
            let _ = shown.1.progress(&line);
        }
    })?;
    if json {
        json_line(out, &account)?;
    } else {
        tell(&account, started.elapsed(), out)?;
    }
    Ok(if account.errors.is_empty() { code::DONE } else { code::PARTLY })
}

fn named_format(name: &str) -> anyhow::Result<Format> {
    Format::from_name(name).with_context(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|(_, name)| *name).collect();
        format!("--format {name}: not a format; one of {}", known.join(", "))
    })
}

fn tell(account: &Account, took: Duration, out: &mut dyn Output) -> anyhow::Result<()> {
    let formats: Vec<&str> = account.formats.keys().map(String::as_str).collect();
    let mut text = format!(
        "records     {:>10}   read as {} in {:.1} s\nobjects     {:>10}   of them {} in conflict with another source's\n\
         claims      {:>10}\nobservables {:>10}   new\nduplicates  {:>10}\nrejected    {:>10}\n",
        account.records,
        if formats.is_empty() { "nothing".to_owned() } else { formats.join(", ") },
        took.as_secs_f64(),
        account.objects,
        account.conflicts,
        account.claims,
        account.observables,
        account.duplicates,
        account.rejected,
    );
    for (what, count) in &account.losses {
        text.push_str(&format!("lost        {count:>10}   {what}\n"));
    }
    out.data(text.as_bytes())?;
    for rejected in account.rejections.iter().take(SHOWN) {
        let place = if rejected.line > 0 {
            format!("line {}", rejected.line)
        } else {
            format!("byte {}", rejected.offset)
        };
        out.say(&format!("rejected: {}, {place}: {}", rejected.input, rejected.reason))?;
    }
    if account.rejected > SHOWN as u64 {
        out.say(&format!("and {} more; --json lists them", account.rejected - SHOWN as u64))?;
    }
    for error in &account.errors {
        out.say(&format!("not read to its end: {error}"))?;
    }
    Ok(())
}
