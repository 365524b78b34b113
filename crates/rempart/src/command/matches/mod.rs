//! `rempart match`: find what an index knows in any text.

mod follow;
mod order;
mod pieces;
mod tell;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use rempart_matching::index::{Matcher, Wanted};
use rempart_matching::logs::{Columns, Format, Layout, Search};
use rempart_matching::scan::Scanner;

use crate::cli::{MatchArgs, MatchFormat, MatchOutput, Shared};
use crate::output::{Output, Terminal, code};
use pieces::{Source, Sourced};
use tell::{Tally, Worker};

/// Bytes that are searched at a time. What is printed of them may be fifty times as much.
const PIECE: usize = 256 << 10;
/// Pieces for each thread that may be read and not yet printed.
const IN_FLIGHT: usize = 3;
/// More threads than one reader can feed.
const MOST_THREADS: usize = 64;

/// What is searched for, and how.
struct Task {
    index: PathBuf,
    files: Vec<PathBuf>,
    layout: Option<Layout>,
    columns: Columns,
    since: u64,
    output: MatchOutput,
    piece: usize,
}

pub(crate) fn run(shared: &Shared, args: &MatchArgs) -> anyhow::Result<ExitCode> {
    let format = match args.format {
        MatchFormat::Text => None,
        MatchFormat::Jsonl => Some(Format::Jsonl),
        MatchFormat::Zeek => Some(Format::Zeek),
        MatchFormat::Csv => Some(Format::Csv),
    };
    if !args.column.is_empty() && format.is_none() {
        bail!("text has no columns; name the format with --format");
    }
    if args.separator.is_some() && format != Some(Format::Csv) {
        bail!("--separator is of use with --format csv only");
    }
    let files = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    let task = Task {
        index: args.index.clone().unwrap_or_else(|| shared.data.join("index").join("operator.idx")),
        files,
        layout: format.map(|format| Layout::new(format, args.separator)),
        columns: Columns::named(&args.column),
        since: args.since.unwrap_or(0),
        output: args.output,
        piece: args.piece.map_or(PIECE, |piece| piece.get().min(PIECE)),
    };
    let mut tally = Tally::new(Terminal::new(), &task);
    if args.follow {
        follow::run(&task, &mut tally)?;
    } else {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        once(&task, args.threads.map_or_else(processors, usize::from), &mut tally)?;
    }
    tally.end(&args.column)?;
    Ok(ExitCode::from(match (tally.failed, tally.hits) {
        (true, _) => code::INVALID,
        (false, 0) => code::NOTHING,
        _ => code::DONE,
    }))
}

/// Searches the files from beginning to end.
fn once(task: &Task, threads: usize, tally: &mut Tally) -> anyhow::Result<()> {
    let matcher = task.matcher()?;
    tally.begin()?;
    let mut source = Source::new(&task.files, task.layout.clone(), task.piece);
    let worker = || task.worker(&matcher);
    let finish = |tally: &mut Tally, sourced| match sourced {
        (file, Ok(done)) => tally.in_order(file, done),
        (file, Err(error)) => {
            tally.failure(&task.files, file, error)?;
            Ok(Vec::new())
        }
    };
    if threads == 1 {
        let mut worker = worker();
        let mut buffer = Vec::new();
        while let Some(Sourced { file, piece }) = source.next(buffer) {
            buffer = finish(tally, (file, piece.map(|piece| worker.piece(file, piece))))?;
        }
    } else {
        order::in_order(
            threads,
            threads * IN_FLIGHT,
            move |buffer| source.next(buffer),
            || {
                let mut worker = worker();
                move |Sourced { file, piece }: Sourced| (file, piece.map(|piece| worker.piece(file, piece)))
            },
            |sourced| finish(tally, sourced),
        )?;
    }
    tally.damage(&matcher, &task.index)
}

impl Task {
    fn matcher(&self) -> anyhow::Result<Matcher> {
        Matcher::open(&self.index).with_context(|| format!("cannot use {}", self.index.display()))
    }

    fn worker<'a>(&'a self, matcher: &'a Matcher) -> Worker<'a> {
        let mut wanted = Wanted::at(super::index::now());
        wanted.since = self.since;
        let search = Search::new(Scanner::new(matcher, wanted), self.columns.clone());
        Worker::new(search, self.output, &self.files)
    }
}

impl Tally {
    /// Tells that a file cannot be read.
    fn failure(&mut self, files: &[PathBuf], file: usize, error: std::io::Error) -> anyhow::Result<()> {
        let path = files.get(file).map(PathBuf::as_path).unwrap_or(Path::new("-"));
        let error = anyhow::Error::from(error).context(format!("cannot read {}", path.display()));
        self.failed = true;
        Ok(self.terminal.say(&format!("rempart: {error:#}"))?)
    }

    /// Tells where an index was found to be damaged.
    fn damage(&mut self, matcher: &Matcher, index: &Path) -> anyhow::Result<()> {
        if matcher.is_damaged() {
            self.failed = true;
            let said = format!("rempart: {} is damaged, so less was found; build it anew", index.display());
            self.terminal.say(&said)?;
        }
        Ok(())
    }
}

/// Whether what was to be read is not there.
fn is_absent(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}
