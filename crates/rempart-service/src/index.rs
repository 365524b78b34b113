//! The match index of an audience: made of what the store holds, and kept up to date by a small delta.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rempart_matching::index::{self, Builder, Index, KINDS, Matcher, Note, Reach, Wanted};
use rempart_model::{Kind, Member, Observable, Timestamp, Tlp};
use rempart_store::{AssessmentRow, ChangeCursor, ClaimRow, KEPT_DAYS, ObservableRow, Role};
use rempart_triage::release::Use;

use crate::access::Caller;
use crate::app::{App, Picture};
use crate::error::ServiceError;
use crate::judge::{Judge, named};

/// Changes of one read.
const AT_A_TIME: usize = 5_000;
/// From this probability on a value is looked for. What one source reported some months ago is above it; what
/// is only mentioned, known to be harmless or decided to be is not.
const FROM: f32 = 0.2;
/// A delta with more entries than this becomes part of a new index, where the index is not larger itself.
const LARGEST_DELTA: usize = 20_000;
/// Keeps how far the operator's index goes.
const CURSOR: &str = "index.operator";
/// The audience of the operator's own index, in the file.
const OPERATOR: &str = "operator";

/// What an index was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct IndexBuilt {
    /// Values in it.
    pub entries: u64,
    /// The position in its change log up to which it goes: `match --since` goes on from there.
    pub position: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Is told of an observable that changed, of what is known of it by now, and of who may know it.
type Told<'f> = dyn FnMut(&View<'_>, &Observable, Option<ObservableRow>) -> Result<(), ServiceError> + 'f;

/// Whom an index is made for, and what concludes for it.
pub(crate) struct View<'a> {
    app: &'a App,
    judge: Judge,
    picture: Arc<Picture>,
    member: Option<&'a Member>,
    pub(crate) now: Timestamp,
}

impl<'a> View<'a> {
    pub(crate) fn new(app: &'a App, member: Option<&'a Member>) -> Self {
        let judge = app.judge();
        let picture = judge.picture().clone();
        Self { app, judge, picture, member, now: app.now() }
    }

    /// Whether the audience may look for what a claim says.
    fn may(&self, claim: &ClaimRow) -> bool {
        match self.member {
            Some(member) => self.app.released(&self.picture, member.id, claim.class, Use::Detect),
            // The operator looks in its own logs for all that it holds: even PAP:RED lets it.
            None => true,
        }
    }

    /// What the audience may know of an observable, with the claims by which it does; `None`: nothing, not even
    /// that it is there.
    pub(crate) fn seen(
        &self,
        row: &ObservableRow,
    ) -> Result<Option<(AssessmentRow, Vec<ClaimRow>)>, ServiceError> {
        let mut claims = self.app.store.claims(row.id)?;
        claims.retain(|claim| self.may(claim));
        let told = match self.member {
            Some(_) => named(&claims),
            None => !claims.is_empty() || row.override_.is_some(),
        };
        if !told {
            return Ok(None);
        }
        Ok(Some((self.judge.as_seen(row, &claims, self.member.is_none(), self.now), claims)))
    }

    /// The strictest marking of claims; what rests on nothing that is marked is the operator's own word.
    pub(crate) fn tlp(&self, claims: &[ClaimRow]) -> Tlp {
        let marked = claims.iter().filter_map(|claim| Some(self.picture.terms(claim.class)?.tlp));
        marked.max().unwrap_or(Tlp::Red)
    }

    /// Whether something is looked for at present.
    pub(crate) fn counts(&self, seen: &AssessmentRow) -> bool {
        seen.probability >= FROM && seen.valid_until.is_none_or(|until| until > self.now)
    }

    /// What an index notes of an observable; `None`: the audience does not look for it.
    fn note(&self, row: &ObservableRow, added: u64) -> Result<Option<Note>, ServiceError> {
        let Some((seen, claims)) = self.seen(row)? else { return Ok(None) };
        if !self.counts(&seen) {
            return Ok(None);
        }
        let mut sources: Vec<Arc<str>> = Vec::new();
        // Who else reported it is the operator's to know.
        if self.member.is_none() {
            for claim in &claims {
                let name = self.picture.source(claim.source).map(|source| source.name.as_str());
                sources.extend(name.map(Arc::from));
            }
            sources.sort_unstable();
            sources.dedup();
        }
        Ok(Some(Note {
            category: seen.category,
            // A probability is between 0 and 1.
            probability: (seen.probability * 100.0).round() as u8,
            tlp: self.tlp(&claims),
            sources,
            valid_until: seen.valid_until,
            case: None,
            added,
        }))
    }
}

/// What an entry for the observable stands for. A name under which anybody can have one stands for itself
/// alone.
fn reach(app: &App, observable: &Observable) -> Reach {
    let suffixes = app.suffixes();
    let is_suffix = *observable.kind() == Kind::Domain
        && suffixes.public_suffix(observable.value()).text == observable.value();
    if is_suffix { Reach::Exact } else { Reach::Below }
}

/// The position of a new state of an index: the time in microseconds, and above `before` in any case.
fn position(now: Timestamp, before: u64) -> u64 {
    now.micros().unsigned_abs().max(before + 1)
}

impl App {
    /// Makes an index of everything that an audience (a member, or the operator) may look for, and puts it at
    /// `path` in one step. What was in the index that it replaces keeps the position at which it came.
    ///
    /// # Errors
    /// Where the caller may not read, the member is unknown, or the file cannot be written.
    pub fn build_index(
        &self,
        caller: &Caller,
        member: Option<&str>,
        path: &Path,
    ) -> Result<IndexBuilt, ServiceError> {
        caller.require(Role::Reader)?;
        let member = member.map(|name| self.member_named(name)).transpose()?;
        Ok(self.make_index(member.as_ref(), path)?.0)
    }

    fn make_index(
        &self,
        member: Option<&Member>,
        path: &Path,
    ) -> Result<(IndexBuilt, ChangeCursor), ServiceError> {
        let built_at = self.now();
        let audience: Box<str> = member.map_or(OPERATOR, |member| &*member.name).into();
        // An index of another audience says nothing of when this one learnt of a value.
        let previous = Matcher::open(path).ok().filter(|old| old.base().info().audience == audience);
        let before = previous.as_ref().map_or(0, last_position);
        let position = position(built_at, before);
        let mut builder = Builder::new(index::Settings {
            audience,
            built_at,
            position,
            seed: RandomState::new().hash_one(position),
            base: None,
        });
        let reached = self.each_change(member, ChangeCursor::default(), &mut |view, observable, row| {
            let Some(row) = row else { return Ok(()) };
            let known = previous.as_ref().and_then(|old| noted(old, observable));
            let added = known.map_or(position, |note| note.added);
            if let Some(note) = view.note(&row, added)? {
                // What cannot be looked for (a name that is too long) is no reason to stop.
                let _ = builder.add(observable, &note, reach(self, observable));
            }
            Ok(())
        })?;
        let bytes = builder.finish();
        write(path, &bytes)?;
        // What was told twice is there once.
        let entries = opened(path)?.base().info().entries();
        Ok((IndexBuilt { entries, position, bytes: bytes.len() as u64 }, reached))
    }

    /// Calls a function with each observable of a kind that is looked for that changed since a cursor.
    fn each_change(
        &self,
        member: Option<&Member>,
        mut after: ChangeCursor,
        f: &mut Told<'_>,
    ) -> Result<ChangeCursor, ServiceError> {
        loop {
            let changes = self.store.observables_changed(after, AT_A_TIME)?;
            // Looked at after the changes: what came in meanwhile is neither of later than now nor on terms that
            // are not known yet.
            let view = View::new(self, member);
            for change in changes.changes {
                if KINDS.contains(change.observable.kind()) {
                    f(&view, &change.observable, change.row)?;
                }
            }
            after = changes.reached;
            if !changes.more {
                return Ok(after);
            }
        }
    }
}

fn last_position(matcher: &Matcher) -> u64 {
    let delta = matcher.delta().map_or(0, |delta| delta.info().position);
    matcher.base().info().position.max(delta)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ServiceError> {
    let failed = |error: std::io::Error| {
        ServiceError::Unavailable(format!("cannot write the index {}: {error}", path.display()))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    index::write(path, bytes).map_err(failed)
}

/// The operator's index, kept up to date: the index itself, and a delta beside it with all that changed since.
#[derive(Debug)]
pub struct IndexFollower {
    path: PathBuf,
    base: Matcher,
    /// The delta of the process before, which knows since when it had its entries.
    before: Option<Matcher>,
    position: u64,
    /// What differs from the index; `None`: it is to be taken out.
    changes: BTreeMap<(Kind, Box<str>), Option<Note>>,
    reached: ChangeCursor,
}

/// What a matcher notes of the very value, valid or not.
fn noted(matcher: &Matcher, observable: &Observable) -> Option<Note> {
    let finder = matcher.finder(Wanted::at(Timestamp::from_micros(i64::MIN)));
    let entry = finder.find(observable).filter(|entry| entry.value() == observable.value());
    let mut note = entry.and_then(|entry| entry.note())?;
    note.sources.sort_unstable();
    Some(note)
}

fn opened(path: &Path) -> Result<Matcher, ServiceError> {
    let internal = |error: index::IndexError| ServiceError::Internal(Box::new(error));
    Matcher::new(Index::open(path).map_err(internal)?, None).map_err(internal)
}

impl IndexFollower {
    /// Goes on with the index at `path`, or makes it where it is not there or cannot be used.
    ///
    /// # Errors
    /// Where the store cannot be read or the file cannot be written.
    pub fn start(app: &App, path: &Path) -> Result<Self, ServiceError> {
        let cursor = i64::try_from(app.store.cursor(CURSOR)?).unwrap_or(0);
        let is_ours = |matcher: &Matcher| &*matcher.base().info().audience == OPERATOR;
        let known = Matcher::open(path).ok().filter(|known| cursor > 0 && is_ours(known));
        // What has gone is told for some days only.
        let oldest = app.now().plus_seconds(-(KEPT_DAYS - 1) * 86_400);
        let Some(before) = known.filter(|known| known.base().info().built_at > oldest) else {
            return Self::anew(app, path);
        };
        let mut follower = Self {
            path: path.to_owned(),
            base: opened(path)?,
            position: last_position(&before),
            before: Some(before),
            changes: BTreeMap::new(),
            // The commit that was read last is read again: it may have been read in part.
            reached: ChangeCursor { position: cursor, observable: 0 },
        };
        follower.step(app)?;
        follower.before = None;
        Ok(follower)
    }

    fn anew(app: &App, path: &Path) -> Result<Self, ServiceError> {
        let (built, reached) = app.make_index(None, path)?;
        app.store.set_cursor(CURSOR, u64::try_from(reached.position).unwrap_or(0))?;
        Ok(Self {
            path: path.to_owned(),
            base: opened(path)?,
            before: None,
            position: built.position,
            changes: BTreeMap::new(),
            reached,
        })
    }

    /// Brings the index up to what the store holds. Returns whether anything changed.
    ///
    /// # Errors
    /// Where the store cannot be read or the file cannot be written.
    pub fn step(&mut self, app: &App) -> Result<bool, ServiceError> {
        let built_at = app.now();
        let next = position(built_at, self.position);
        let mut changed = false;
        let (base, before, changes) = (&self.base, self.before.as_ref(), &mut self.changes);
        self.reached = app.each_change(None, self.reached, &mut |view, observable, row| {
            let in_base = noted(base, observable);
            let key = (observable.kind().clone(), observable.value().into());
            let is = changes.get(&key).unwrap_or(&in_base);
            let since = is.clone().or_else(|| before.and_then(|before| noted(before, observable)));
            let added = since.map_or(next, |note| note.added);
            let note = row.map(|row| view.note(&row, added)).transpose()?.flatten();
            if note == *is {
                return Ok(());
            }
            changed = true;
            changes.insert(key, note);
            Ok(())
        })?;
        if !changed {
            return Ok(false);
        }
        let most = usize::try_from(self.base.base().info().entries() / 10).unwrap_or(usize::MAX);
        if self.changes.len() > LARGEST_DELTA.max(most) {
            *self = Self::anew(app, &self.path)?;
            return Ok(true);
        }
        let mut builder = Builder::new(index::Settings {
            audience: OPERATOR.into(),
            built_at,
            position: next,
            seed: self.base.base().seed(),
            base: Some(self.base.base().identity()),
        });
        for ((kind, value), note) in &self.changes {
            let observable = Observable::from_canonical(kind.clone(), value);
            // The same values cannot be looked for as in the index itself.
            let _ = match note {
                Some(note) => builder.add(&observable, note, reach(app, &observable)),
                None => builder.remove(&observable),
            };
        }
        write(&index::delta_path(&self.path), &builder.finish())?;
        self.position = next;
        Ok(true)
    }
}
