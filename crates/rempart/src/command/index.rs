//! `rempart index`: make an index of known values from lists, look at one, check one.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use rempart_matching::index::{self, Builder, Index, KINDS, Note, Reach, Settings};
use rempart_model::{Category, Kind, Observable, Timestamp, Tlp};
use rempart_service::{App, Caller};

use crate::cli::{IndexBuildArgs, IndexCommand, IndexInfoArgs};
use crate::output::{Output, Terminal, code};

/// Longest line of a list, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// So many refused lines are told one by one.
const MOST_TOLD: usize = 10;

pub(crate) fn run(command: &IndexCommand) -> anyhow::Result<ExitCode> {
    match command {
        IndexCommand::Build(args) => build(args),
        IndexCommand::Info(args) => info(args),
        IndexCommand::Verify { file } => {
            let index = open(file)?;
            index.verify().with_context(|| format!("cannot use {}", file.display()))?;
            Terminal::new().say("the index is whole")?;
            Ok(ExitCode::from(code::DONE))
        }
    }
}

impl IndexCommand {
    /// Whether it works on files alone.
    pub(crate) fn needs_no_data(&self) -> bool {
        !matches!(self, IndexCommand::Build(args) if args.from.is_empty())
    }
}

/// Makes an index of what the store holds.
pub(crate) fn of_store(
    app: &App,
    caller: &Caller,
    output: &Path,
    member: Option<&str>,
    json: bool,
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    let built = app.build_index(caller, member, output)?;
    if json {
        super::execute::json_line(out, &built)?;
    } else {
        out.say(&format!(
            "{} values, {} bytes; `match --since {}` tells only what comes after",
            built.entries, built.bytes, built.position
        ))?;
    }
    Ok(code::DONE)
}

/// The time as it is now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(since.as_micros() as i64)
}

fn open(file: &Path) -> anyhow::Result<Index> {
    Index::open(file).with_context(|| format!("cannot use {}", file.display()))
}

fn build(args: &IndexBuildArgs) -> anyhow::Result<ExitCode> {
    let built_at = now();
    let position = built_at.micros().unsigned_abs();
    let mut builder = Builder::new(Settings {
        audience: "".into(),
        built_at,
        position,
        seed: RandomState::new().hash_one(position),
        base: None,
    });
    let mut terminal = Terminal::new();
    let (mut added, mut refused) = (0_u64, 0_usize);
    for list in &args.from {
        let name = list.file_name().unwrap_or_default().to_string_lossy();
        let file = File::open(list).with_context(|| format!("cannot read {}", list.display()))?;
        let mut lines = Lines { reader: BufReader::with_capacity(1 << 20, file), line: Vec::new() };
        let mut columns = None;
        let mut number = 0_u64;
        let plain = Note { sources: vec![Arc::from(&*name)], added: position, ..Note::default() };
        while let Some(line) = lines.next().with_context(|| format!("cannot read {}", list.display()))? {
            number += 1;
            let read = line.and_then(|line| match (number, &columns) {
                (1, _) if Columns::of(line).is_some() => {
                    columns = Columns::of(line);
                    Ok(None)
                }
                (_, Some(columns)) => columns.record(line, &plain),
                (_, None) => plain_line(line, &plain),
            });
            let put = read.and_then(|record| match record {
                None => Ok(()),
                Some((observable, note)) => {
                    added += 1;
                    builder.add(&observable, &note, Reach::Below).map_err(|refused| {
                        added -= 1;
                        refused.to_string()
                    })
                }
            });
            if let Err(reason) = put {
                refused += 1;
                if refused <= MOST_TOLD {
                    terminal.say(&format!("{}:{number}: {reason}", list.display()))?;
                }
            }
        }
    }
    if added == 0 {
        bail!("nothing in these lists can be looked for");
    }
    if let Some(folder) = args.output.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    index::write(&args.output, &builder.finish())
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    terminal.say(&format!("{added} lines taken in, {refused} refused"))?;
    Ok(ExitCode::from(if refused == 0 { code::DONE } else { code::PARTLY }))
}

fn info(args: &IndexInfoArgs) -> anyhow::Result<ExitCode> {
    let info = open(&args.file)?.info();
    let counts = KINDS.iter().zip(info.counts).filter(|(_, count)| *count > 0);
    let text = if args.json {
        let counts: serde_json::Map<_, _> =
            counts.map(|(kind, count)| (kind.name().to_owned(), count.into())).collect();
        let object = serde_json::json!({
            "audience": &*info.audience,
            "built_at": info.built_at.to_string(),
            "position": info.position,
            "is_delta": info.is_delta,
            "entries": info.entries(),
            "counts": counts,
            "removed": info.removed,
            "bytes": info.bytes,
        });
        format!("{object}\n")
    } else {
        let counts: String = counts.map(|(kind, count)| format!("{:<10} {count}\n", kind.name())).collect();
        format!(
            "built at   {}\nposition   {}\nentries    {}\nbytes      {}\n{counts}",
            info.built_at,
            info.position,
            info.entries(),
            info.bytes
        )
    };
    Terminal::new().data(text.as_bytes())?;
    Ok(ExitCode::from(code::DONE))
}

/// Lines of a list, each bounded.
struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line; one that is too long, or no UTF-8, is an error of its own.
    fn next(&mut self) -> std::io::Result<Option<Result<&str, String>>> {
        self.line.clear();
        if (&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.len() as u64 == MAX_LINE && self.line.last() != Some(&b'\n') {
            while self.line.last() != Some(&b'\n') {
                self.line.clear();
                if (&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut self.line)? == 0 {
                    break;
                }
            }
            return Ok(Some(Err(format!("the line is longer than {MAX_LINE} bytes"))));
        }
        let text = std::str::from_utf8(&self.line).map(|line| line.trim_start_matches('\u{feff}').trim());
        Ok(Some(text.map_err(|_| "the line is not UTF-8 text".to_owned())))
    }
}

type Record = Result<Option<(Observable, Note)>, String>;

fn plain_line(line: &str, plain: &Note) -> Record {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let observable = Observable::guess(line).map_err(|error| error.to_string())?;
    Ok(Some((observable, plain.clone())))
}

/// Where the columns of a table stand.
#[derive(Debug, Default, Clone)]
struct Columns {
    kind: usize,
    value: usize,
    category: Option<usize>,
    probability: Option<usize>,
    tlp: Option<usize>,
    source: Option<usize>,
    valid_until: Option<usize>,
}

impl Columns {
    /// Of a heading that names at least `type` and `value`.
    fn of(line: &str) -> Option<Self> {
        let names = fields(line);
        let place = |name: &str| names.iter().position(|other| other.trim().eq_ignore_ascii_case(name));
        Some(Self {
            kind: place("type")?,
            value: place("value")?,
            category: place("category"),
            probability: place("probability"),
            tlp: place("tlp"),
            source: place("source"),
            valid_until: place("valid_until"),
        })
    }

    fn record(&self, line: &str, plain: &Note) -> Record {
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let fields = fields(line);
        let field = |at: usize| fields.get(at).map(|field| field.trim()).filter(|field| !field.is_empty());
        let optional = |at: Option<usize>| at.and_then(field);
        let kind = Kind::from_name(field(self.kind).ok_or("the type is missing")?);
        let value = field(self.value).ok_or("the value is missing")?;
        let observable = Observable::parse(&kind, value).map_err(|error| error.to_string())?;
        let mut note = plain.clone();
        if let Some(name) = optional(self.category) {
            note.category = Category::from_name(name).ok_or_else(|| format!("no such category: {name}"))?;
        }
        if let Some(text) = optional(self.probability) {
            let number = text.parse().ok().filter(|number| *number <= 100);
            note.probability = number.ok_or("the probability is not a whole number from 0 to 100")?;
        }
        if let Some(name) = optional(self.tlp) {
            note.tlp = Tlp::from_name(name).ok_or_else(|| format!("no such TLP: {name}"))?;
        }
        if let Some(name) = optional(self.source) {
            note.sources = vec![Arc::from(name)];
        }
        if let Some(text) = optional(self.valid_until) {
            note.valid_until = Some(Timestamp::parse(text).map_err(|error| error.to_string())?);
        }
        Ok(Some((observable, note)))
    }
}

/// The fields of a line of CSV (RFC 4180, without line ends inside quotation marks).
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(field) = fields.last_mut() else { break };
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_by_commas_outside_quotation_marks() {
        for (line, wanted) in [
            ("a,b", &["a", "b"][..]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\",", &["a\"b", ""]),
            ("", &[""]),
        ] {
            assert_eq!(fields(line), wanted, "{line}");
        }
    }
}
