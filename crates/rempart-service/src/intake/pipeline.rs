//! Importing: one thread reads and prepares, one writes; what waits between them is bounded, so that
//! a slow disk slows the reading down and memory stays small.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rempart_formats::container::{self, Content, Entry, Input};
use rempart_formats::table::Mapping;
use rempart_formats::{Context, Format, Limits, Sink, import};
use rempart_model::{Decoded, Position, Rejection, Tlp};
use rempart_store::{NewObject, Outcome, Role, Source};

use super::account::{Account, RejectedRecord};
use super::prepare::Preparer;
use super::{SourceChoice, Submission};
use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

/// Most objects of one transaction.
const BATCH_OBJECTS: usize = 10_000;
/// Most bytes of one transaction.
const BATCH_BYTES: usize = 24 << 20;

/// What an operator asks to be imported.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// The source's name; `None`: the name of the input.
    pub source: Option<String>,
    /// The format; `None`: told by content.
    pub format: Option<Format>,
    /// What unmarked records are taken for.
    pub tlp: Option<Tlp>,
    /// How columns are mapped.
    pub mapping: Option<Mapping>,
    /// Files and folders.
    pub paths: Vec<PathBuf>,
}

/// How far an import is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The input that is being read.
    pub input: String,
    /// Records read so far.
    pub records: u64,
    /// Objects that are stored so far.
    pub stored: u64,
}

impl App {
    /// Imports files, folders, and a stream where one is given (standard input). Returns when
    /// everything that follows from it was concluded.
    pub fn import(
        &self,
        caller: &Caller,
        request: &ImportRequest,
        stream: Option<&mut dyn Read>,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Account, ServiceError> {
        caller.require(Role::Analyst)?;
        let name = match (&request.source, request.paths.first()) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => source_name(path),
            (None, None) => "standard-input".into(),
        };
        let submission = Submission {
            actor: caller.name(),
            source: SourceChoice::Named(name),
            unmarked: request.tlp,
            now: self.now(),
        };
        let source = self.source_of(&submission)?;
        let mut account = self.run(&submission, source, request, stream, progress)?;
        self.metrics.records.add(account.records);
        self.metrics.objects.add(account.objects);
        self.metrics.duplicates.add(account.duplicates);
        self.metrics.rejected.add(account.rejected);
        if let Err(error) = self.follow(&|| false) {
            account.errors.push(format!("what follows from the import is not concluded yet: {error}"));
        }
        Ok(account)
    }

    fn run(
        &self,
        submission: &Submission,
        source: Source,
        request: &ImportRequest,
        stream: Option<&mut dyn Read>,
        progress: &(dyn Fn(&Progress) + Sync),
    ) -> Result<Account, ServiceError> {
        let (sender, receiver) = sync_channel::<Vec<NewObject>>(2);
        let stored = std::sync::atomic::AtomicU64::new(0);
        let source_id = source.id;
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| self.write_batches(submission, source_id, receiver, &stored));
            let minter = self.minter.clone();
            let source_name = source.name.clone();
            let preparer = Preparer::new(self, source, submission.unmarked);
            let context = Context {
                now: submission.now,
                source: &source_name,
                minter: &minter,
                unmarked: preparer.unmarked(),
                limits: Limits::default(),
            };
            let mut gather = Gather {
                preparer,
                batch: Vec::with_capacity(BATCH_OBJECTS),
                bytes: 0,
                sender: Some(sender),
                account: Account::default(),
                failure: None,
                input: String::new(),
                progress,
                stored: &stored,
            };
            for path in &request.paths {
                let opened = container::open(Input::Path(path), &context.limits, &mut |entry| {
                    gather.entry(entry, request, &context)
                });
                if let Err(error) = opened {
                    gather.account.errors.push(format!("{}: {}", path.display(), chain(&error)));
                }
            }
            if let Some(stream) = stream {
                let input = Input::Stream("standard input", stream);
                let opened = container::open(input, &context.limits, &mut |entry| {
                    gather.entry(entry, request, &context)
                });
                if let Err(error) = opened {
                    gather.account.errors.push(format!("standard input: {}", chain(&error)));
                }
            }
            gather.flush();
            gather.sender = None;
            let Gather { mut account, failure, .. } = gather;
            let written = writer
                .join()
                .map_err(|_| ServiceError::Internal("the writing thread ended unexpectedly".into()))?;
            let written = written?;
            if let Some(failure) = failure {
                return Err(failure);
            }
            account.objects = written.objects;
            account.claims = written.claims;
            account.observables = written.observables;
            account.duplicates = written.duplicates;
            account.conflicts = written.conflicts;
            Ok(account)
        })
    }

    fn write_batches(
        &self,
        submission: &Submission,
        source: rempart_store::SourceId,
        batches: Receiver<Vec<NewObject>>,
        stored: &std::sync::atomic::AtomicU64,
    ) -> Result<Account, ServiceError> {
        let mut account = Account::default();
        for batch in batches {
            let judge = self.judge();
            let picture = judge.picture().clone();
            let sees = |class, new| submission.sees(&picture, class, new);
            let outcome = self.store.intake(&submission.actor, source, batch, &sees, &judge, self.now())?;
            for outcome in &outcome.outcomes {
                count(&mut account, *outcome);
            }
            self.changed();
            stored.store(account.objects, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(account)
    }

    /// The source of a submission, made where it is new.
    pub(crate) fn source_of(&self, submission: &Submission) -> Result<Source, ServiceError> {
        let (name, member) = match &submission.source {
            SourceChoice::Named(name) => (name.clone(), None),
            // No name on the command line has a colon and a blank, so that nobody takes a member's.
            SourceChoice::Member(member) => (format!("member: {}", member.name), Some(member.id)),
        };
        if member.is_none() && name.starts_with("member: ") {
            return Err(ServiceError::Invalid(
                "names of sources that begin with `member: ` are the members'".into(),
            ));
        }
        if let Some(known) = self.picture().sources().iter().find(|source| source.name == name) {
            return Ok(known.clone());
        }
        let mut source = Source { name, member, ..self.default_source() };
        source.id = self.store.put_source(&submission.actor, &source, submission.now)?;
        self.repaint()?;
        Ok(source)
    }

    /// The settings of a source that nobody has set.
    pub(crate) fn default_source(&self) -> Source {
        Source {
            id: rempart_store::SourceId(0),
            name: String::new(),
            member: None,
            reliability: rempart_model::Reliability::C,
            unmarked: Tlp::Amber,
            recipients: None,
            community: None,
            copy_group: None,
        }
    }
}

fn count(account: &mut Account, outcome: Outcome) {
    match outcome {
        Outcome::Added { claims, observables, .. } => {
            account.objects += 1;
            account.claims += u64::from(claims);
            account.observables += u64::from(observables);
        }
        Outcome::Duplicate => account.duplicates += 1,
        Outcome::Conflict { .. } => {
            account.objects += 1;
            account.conflicts += 1;
        }
    }
}

/// A source's name from a path: its last part, without what its format adds.
fn source_name(path: &std::path::Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.file_stem().map_or_else(|| "files".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The reading side: what is decoded is prepared and gathered into batches.
struct Gather<'a> {
    preparer: Preparer<'a>,
    batch: Vec<NewObject>,
    bytes: usize,
    sender: Option<SyncSender<Vec<NewObject>>>,
    account: Account,
    failure: Option<ServiceError>,
    input: String,
    progress: &'a (dyn Fn(&Progress) + Sync),
    stored: &'a std::sync::atomic::AtomicU64,
}

impl Gather<'_> {
    fn entry(&mut self, entry: Entry<'_>, request: &ImportRequest, context: &Context<'_>) -> ControlFlow<()> {
        self.input = entry.name.to_owned();
        self.report();
        match entry.content {
            Content::Skipped(_) => {}
            Content::Refused(rejection) => {
                let _ = self.rejected(Position::default(), rejection);
            }
            Content::Bytes(bytes) => {
                let read =
                    import::read(entry.name, bytes, request.format, request.mapping.as_ref(), context, self);
                match read {
                    Ok(format) => *self.account.formats.entry(format.name().into()).or_default() += 1,
                    Err(error) => self.account.errors.push(format!("{}: {}", self.input, chain(&error))),
                }
            }
        }
        if self.failure.is_some() || self.sender.is_none() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_OBJECTS));
        self.bytes = 0;
        if self.sender.as_ref().is_some_and(|sender| sender.send(batch).is_err()) {
            // The writer has given up; its error is the one that counts.
            self.sender = None;
        }
        self.report();
    }

    fn report(&self) {
        (self.progress)(&Progress {
            input: self.input.clone(),
            records: self.account.records,
            stored: self.stored.load(std::sync::atomic::Ordering::Relaxed),
        });
    }
}

impl Sink for Gather<'_> {
    fn decoded(&mut self, _: Position, record: Decoded) -> ControlFlow<()> {
        self.account.records += 1;
        for loss in &record.losses {
            self.account.lose(&loss.what, &loss.why);
        }
        match self.preparer.prepare(record) {
            Ok(object) => {
                self.bytes += object.body.len() + 512;
                self.batch.push(object);
            }
            Err(error) => {
                self.failure = Some(error);
                return ControlFlow::Break(());
            }
        }
        if self.batch.len() >= BATCH_OBJECTS || self.bytes >= BATCH_BYTES {
            self.flush();
        }
        if self.sender.is_none() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()> {
        self.account.reject(RejectedRecord {
            input: self.input.clone(),
            offset: at.offset,
            line: at.line,
            reason: why.reason.into(),
        });
        ControlFlow::Continue(())
    }
}
