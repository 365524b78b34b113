//! `rempart extract`: find indicators in a text, without a data folder.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use rempart_formats::text::{self, Role};

use crate::cli::ExtractArgs;
use crate::output::{Output, Terminal, code};

/// Largest text, in bytes.
const MAX_TEXT: u64 = 256 << 20;

pub(crate) fn run(args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let mut bytes = Vec::new();
    if args.file == Path::new("-") {
        std::io::stdin().take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    } else {
        let file = std::fs::File::open(&args.file)
            .with_context(|| format!("cannot read {}", args.file.display()))?;
        file.take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", args.file.display()))?;
    }
    if bytes.len() as u64 > MAX_TEXT {
        bail!("the text is longer than {MAX_TEXT} bytes; give it in parts");
    }
    let text =
        std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8 text", args.file.display()))?;
    let mut terminal = Terminal::new();
    let mut lines = Vec::new();
    let mut found = 0;
    for finding in text::extract(text, text::Options::default()) {
        let wanted = args.all || finding.role == Role::Indicator || finding.kind == rempart_model::Kind::Cve;
        if !wanted {
            continue;
        }
        found += 1;
        if args.json {
            lines.extend_from_slice(finding.to_json_line(args.all).as_bytes());
            if lines.last() != Some(&b'\n') {
                lines.push(b'\n');
            }
        } else {
            lines.extend_from_slice(format!("{}\t{}\n", finding.kind.name(), finding.value).as_bytes());
        }
    }
    terminal.data(&lines)?;
    Ok(ExitCode::from(if found > 0 { code::DONE } else { code::NOTHING }))
}
