//! Files that grow: what is added is searched as it comes, with the index as it is then.
//!
//! As with `tail -F`, a file that was replaced is followed under its name, and the old one is read to its end
//! for a while, since whoever writes it may not know yet. One that was cut short is read from its beginning.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rempart_matching::index::Reload;
use tokio::signal::unix::{SignalKind, signal};

use super::pieces::{Cutter, Piece, is_packed, is_standard};
use super::tell::{Known, Tally, Worker};
use super::{Task, is_absent};
use crate::output::Output;

/// How often it is looked for more.
const POLL: Duration = Duration::from_millis(100);
/// How often it is looked for another index.
const RELOAD: Duration = Duration::from_millis(200);
/// How long a line without an end rests before it is searched.
const REST: Duration = Duration::from_secs(1);
/// How long a file that was replaced may be quiet before it is let go.
const RETIRE: Duration = Duration::from_secs(2);
/// How many pieces of a file are searched before the others get their turn.
const TURN: usize = 16;

/// Follows the files until a signal comes.
pub(super) fn run(task: &Task, tally: &mut Tally) -> anyhow::Result<()> {
    if task.files.iter().any(|path| is_standard(path)) {
        bail!("standard input cannot be followed; without --follow it is searched as it comes");
    }
    let stop = stop()?;
    // Before the index is opened, so that no change is missed.
    let mut reload = Reload::new(&task.index);
    let mut matcher = task.matcher()?;
    let mut looked = Instant::now();
    let mut is_stale = false;
    tally.begin()?;
    let mut files: Vec<_> =
        task.files.iter().enumerate().map(|(number, path)| Followed::new(number, path.clone())).collect();
    let mut is_last = false;
    loop {
        if looked.elapsed() >= RELOAD {
            looked = Instant::now();
            let is_due = reload.is_due();
            if is_due || is_stale {
                match task.matcher() {
                    Ok(new) => {
                        tally.damage(&matcher, &task.index)?;
                        (matcher, is_stale) = (new, false);
                    }
                    // It may be half way to its place; the old one still serves.
                    Err(error) => {
                        if !std::mem::replace(&mut is_stale, true) || is_due {
                            tally
                                .terminal
                                .say(&format!("rempart: {error:#}; going on with the one before"))?;
                        }
                    }
                }
            }
        }
        let mut worker = task.worker(&matcher);
        let mut has_more = false;
        for file in &mut files {
            has_more |= file.turn(task, &mut worker, tally)?;
        }
        if is_last {
            for file in &mut files {
                file.end(&mut worker, tally)?;
            }
            break;
        }
        // Once more round, for what was written before the signal came.
        is_last = stop.load(Ordering::Relaxed);
        if !has_more && !is_last {
            std::thread::park_timeout(POLL);
        }
    }
    tally.damage(&matcher, &task.index)
}

/// Becomes true, and wakes this thread, when the process is told to end.
fn stop() -> anyhow::Result<Arc<AtomicBool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _in_runtime = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let (stop, waiting) = (Arc::new(AtomicBool::new(false)), std::thread::current());
    let stopped = stop.clone();
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        stop.store(true, Ordering::Relaxed);
        waiting.unpark();
    });
    Ok(stopped)
}

/// What tells a file from every other that is there.
type Identity = (u64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// A name under which files are followed.
struct Followed {
    number: usize,
    path: PathBuf,
    /// The files that had the name, the last of which may still have it.
    tails: Vec<Tail>,
    /// What was told already.
    told: BTreeSet<String>,
    /// A file that cannot be followed.
    refused: Option<Identity>,
}

/// A file that is read as it grows.
struct Tail {
    handle: File,
    identity: Identity,
    /// How far it was read.
    read: u64,
    /// When there was something new, or when another took its name.
    fed: Instant,
    cutter: Cutter,
    /// What is in no piece yet, where that begins, and how many lines are before it.
    rest: Vec<u8>,
    offset: u64,
    lines: u64,
    /// How long the last line was when it was searched without its end, and what was found.
    rested: usize,
    known: Known,
}

impl Followed {
    fn new(number: usize, path: PathBuf) -> Self {
        Self { number, path, tails: Vec::new(), told: BTreeSet::new(), refused: None }
    }

    /// Reads what is new; whether there may be more at once.
    fn turn(&mut self, task: &Task, worker: &mut Worker<'_>, tally: &mut Tally) -> anyhow::Result<bool> {
        self.look(task, tally)?;
        let mut has_more = false;
        let mut lost = Vec::new();
        let newest = self.tails.len().saturating_sub(1);
        for (place, tail) in self.tails.iter_mut().enumerate() {
            match tail.turn(self.number, task, worker, tally)? {
                Ok(more) => {
                    has_more |= more;
                    if place != newest && !more && tail.fed.elapsed() > RETIRE {
                        tail.flush(self.number, worker, tally)?;
                        lost.push(place);
                    }
                }
                Err(error) => {
                    self.refused = Some(tail.identity);
                    tally.failure(&task.files, self.number, error)?;
                    lost.push(place);
                }
            }
        }
        for place in lost.into_iter().rev() {
            self.tails.remove(place);
        }
        Ok(has_more)
    }

    /// Looks whether the name leads to another file now.
    fn look(&mut self, task: &Task, tally: &mut Tally) -> anyhow::Result<()> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) => {
                if self.tails.is_empty() {
                    return self.once(tally, format!("{error}; waiting for it"));
                }
                // Between the old file and the new one there is none.
                return Ok(());
            }
        };
        let is_known = |identity| {
            self.refused == Some(identity) || self.tails.last().is_some_and(|tail| tail.identity == identity)
        };
        if is_known(identity(&metadata)) {
            return Ok(());
        }
        // Opening a pipe would wait for somebody to write.
        if !metadata.is_file() {
            self.refused = Some(identity(&metadata));
            tally.failed = true;
            return self.once(tally, "only files can be followed".to_owned());
        }
        let opened = Tail::open(&self.path, Cutter::new(task.layout.clone()));
        match opened {
            Ok(Some(tail)) if is_known(tail.identity) => Ok(()),
            Ok(Some(tail)) => {
                if let Some(old) = self.tails.last_mut() {
                    old.fed = Instant::now();
                }
                self.tails.push(tail);
                Ok(())
            }
            Ok(None) => {
                self.refused = Some(identity(&metadata));
                tally.failed = true;
                self.once(tally, "what is packed cannot be followed".to_owned())
            }
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => self.once(tally, format!("{error}; waiting until that changes")),
        }
    }

    /// Tells something that would else be told again and again.
    fn once(&mut self, tally: &mut Tally, what: String) -> anyhow::Result<()> {
        if self.told.insert(what.clone()) {
            tally.terminal.say(&format!("{}: {what}", self.path.display()))?;
        }
        Ok(())
    }

    /// Searches what is left at the end.
    fn end(&mut self, worker: &mut Worker<'_>, tally: &mut Tally) -> anyhow::Result<()> {
        if self.tails.is_empty() {
            tally.failed = true;
        }
        for tail in &mut self.tails {
            tail.flush(self.number, worker, tally)?;
        }
        Ok(())
    }
}

impl Tail {
    /// Opens a file; `None` where it is packed.
    fn open(path: &std::path::Path, cutter: Cutter) -> std::io::Result<Option<Self>> {
        let mut handle = File::open(path)?;
        let identity = identity(&handle.metadata()?);
        let mut head = Vec::new();
        (&mut handle).take(4).read_to_end(&mut head)?;
        if is_packed(&head) {
            return Ok(None);
        }
        handle.seek(SeekFrom::Start(0))?;
        Ok(Some(Self {
            handle,
            identity,
            read: 0,
            fed: Instant::now(),
            cutter,
            rest: Vec::new(),
            offset: 0,
            lines: 0,
            rested: 0,
            known: Known::new(),
        }))
    }

    /// Reads what is new; whether there may be more at once. The inner error is one of this file.
    fn turn(
        &mut self,
        number: usize,
        task: &Task,
        worker: &mut Worker<'_>,
        tally: &mut Tally,
    ) -> anyhow::Result<std::io::Result<bool>> {
        for _ in 0..TURN {
            let count = match (&mut self.handle).take(task.piece as u64).read_to_end(&mut self.rest) {
                Ok(count) => count,
                Err(error) => return Ok(Err(error)),
            };
            if count == 0 {
                return match self.handle.metadata() {
                    Ok(metadata) => self.idle(&metadata, number, task, worker, tally).map(Ok),
                    Err(error) => Ok(Err(error)),
                };
            }
            self.read += count as u64;
            self.fed = Instant::now();
            while let Some(piece) = self.cutter.take(&mut self.rest, &mut self.offset, false) {
                self.search(piece, number, worker, tally)?;
            }
        }
        Ok(Ok(true))
    }

    /// There is nothing new: the file may have been cut short, or its last line may have rested enough.
    fn idle(
        &mut self,
        metadata: &Metadata,
        number: usize,
        task: &Task,
        worker: &mut Worker<'_>,
        tally: &mut Tally,
    ) -> anyhow::Result<bool> {
        if metadata.len() < self.read {
            self.flush(number, worker, tally)?;
            self.handle.seek(SeekFrom::Start(0)).context("a file that was cut short cannot be read again")?;
            self.cutter = Cutter::new(task.layout.clone());
            (self.read, self.offset, self.lines) = (0, 0, 0);
            return Ok(true);
        }
        if self.rest.len() > self.rested && self.fed.elapsed() > REST {
            self.rested = self.rest.len();
            let (mut text, mut offset, mut lines) = (self.rest.clone(), self.offset, self.lines);
            if let Some(piece) = self.cutter.clone().take(&mut text, &mut offset, true) {
                (worker.known, worker.learns) = (std::mem::take(&mut self.known), true);
                let done = worker.piece(number, piece).without_bad();
                (self.known, worker.learns) = (std::mem::take(&mut worker.known), false);
                tally.piece(number, &mut lines, done)?;
            }
        }
        Ok(false)
    }

    /// Searches a piece, of whose first line a part may have been searched before.
    fn search(
        &mut self,
        piece: Piece,
        number: usize,
        worker: &mut Worker<'_>,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        worker.known = std::mem::take(&mut self.known);
        self.rested = 0;
        let done = worker.piece(number, piece);
        worker.known.clear();
        tally.piece(number, &mut self.lines, done)?;
        Ok(())
    }

    /// Searches what is left, though it has no line end.
    fn flush(&mut self, number: usize, worker: &mut Worker<'_>, tally: &mut Tally) -> anyhow::Result<()> {
        while let Some(piece) = self.cutter.take(&mut self.rest, &mut self.offset, true) {
            self.search(piece, number, worker, tally)?;
        }
        Ok(())
    }
}
