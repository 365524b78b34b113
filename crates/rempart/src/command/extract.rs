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

/// The text of a file, or of standard input for `-`, of at most so many bytes.
pub(super) fn text_of(file: &Path, most: u64) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().take(most + 1).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() as u64 > most {
        bail!("the text is longer than {most} bytes; give it in parts");
    }
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", file.display()))
}

pub(crate) fn run(args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let text = text_of(&args.file, MAX_TEXT)?;
    let mut terminal = Terminal::new();
    let mut lines = Vec::new();
    let mut found = 0;
    for finding in text::extract(&text, text::Options::default()) {
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
