//! Protecting: what is blocked, in response-policy zones and in lists.
//!
//! [`Publisher`] is a reconciler: it reads what changed in the store, asks the guard, keeps the blocks that are in
//! force in the store, and makes the zones say the same; [`Lists`] does so with lists. Nothing else writes either, so that
//! they can be thrown away and are made again. An output is dry until a person makes it live.

mod decide;
mod hits;
mod lists;
mod manage;
mod page;
mod routes;
mod set;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rempart_dns::{Action, Change, Zone};
use rempart_model::{Block, BlockClass, BlockId, Kind, Observable, Timestamp};
use rempart_store::ChangeCursor;
use rempart_triage::guard;
use ring::rand::{SecureRandom, SystemRandom};

use crate::app::App;
use crate::error::ServiceError;
use decide::{Guard, Wanted};
use set::{Set, seconds};

pub use decide::Refusal;
pub use hits::HitsTaken;
pub use lists::{ListFile, Lists};
pub use manage::{BlockExplained, OutputStatus, Preview, Previewed};
pub use page::BlockPage;
pub use rempart_formats::protect::rtbh::{Consent, Neighbour};
pub use settings::Settings;

/// Keeps how far the publisher has come.
const CURSOR: &str = "protect";
/// Who ends and places blocks, in the ledger.
const ACTOR: &str = "rempart";
/// Observables of one read, and blocks of one write.
const AT_A_TIME: usize = 2_000;
/// After so many seconds it is looked again at what went wrong.
const LOOK: i64 = 5;
/// After so many seconds the growth of a zone is measured anew.
const MEASURE: i64 = 86_400;

/// The file whose existence empties all zones.
pub fn stop_file(folder: &Path) -> PathBuf {
    folder.join("zones").join("STOP")
}

/// Publishes what is blocked.
#[derive(Debug)]
pub struct Publisher {
    settings: Settings,
    sets: [Set; 3],
    allow: Arc<Zone>,
    cursor: ChangeCursor,
    /// What the guard was made of, to see when all blocks have to be looked at again.
    protected: u64,
    /// Why nothing new is published, if so.
    frozen: Option<&'static str>,
    /// When it was last looked at what went wrong.
    looked: Option<Timestamp>,
}

impl Publisher {
    /// Opens the zones in the folder of the application's settings, and makes them say which blocks
    /// are in force. [`Publisher::step`] does the rest.
    ///
    /// # Errors
    /// Where a setting is not fit, or the store or the folder cannot be used.
    pub fn open(app: &App) -> Result<Self, ServiceError> {
        let now = app.now();
        let settings = app.protect.clone();
        let open = |class| Set::open(class, &settings, now);
        let sets = [open(BlockClass::Malware)?, open(BlockClass::Phishing)?, open(BlockClass::Other)?];
        let folder = settings.folder.join("zones").join("allow");
        let allow = set::open(&folder, &settings.allow_zone(), &settings, now)?;
        let position = i64::try_from(app.store.cursor(CURSOR)?).unwrap_or(0);
        let cursor = ChangeCursor { position, observable: 0 };
        let mut publisher = Self { settings, sets, allow, cursor, protected: 0, frozen: None, looked: None };
        publisher.let_through(now)?;
        for set in &mut publisher.sets {
            set.state = app.store.output(set.class.name())?;
            set.held = app.store.output(&manage::taken_back(set.class))?.live;
            reconcile(app, set, now)?;
        }
        Ok(publisher)
    }

    /// The zones, in the order in which a resolver should ask them.
    pub fn zones(&self) -> Vec<Arc<Zone>> {
        std::iter::once(&self.allow).chain(self.sets.iter().map(|set| &set.zone)).cloned().collect()
    }

    /// Makes the zone that lets names through what the settings say.
    fn let_through(&self, now: Timestamp) -> Result<(), ServiceError> {
        let mut changes = Vec::new();
        self.allow.each(|name, _| {
            if !self.settings.allow.iter().any(|allowed| **allowed == *name) {
                changes.push(Change::remove(name));
            }
        });
        let allowed = self.settings.allow.iter();
        changes.extend(allowed.map(|name| Change::put(&**name, Action::PassThru)));
        self.allow.apply(&changes, seconds(now)).map_err(set::failed)?;
        Ok(())
    }

    /// Brings blocks and zones up to what the store holds. Returns whether any block changed.
    ///
    /// # Errors
    /// Where the store cannot be read or written, or a zone cannot be written. What was done until then
    /// holds; the next step goes on.
    pub fn step(&mut self, app: &App) -> Result<bool, ServiceError> {
        let now = app.now();
        self.look_at_outputs(app, now)?;
        self.look_at_health(app, now)?;
        let guard = Guard::new(app, &app.protect, self.live(), now);
        let mut changed = false;
        if self.protected != guard.fingerprint() {
            changed |= self.look_again(app, &guard, now)?;
            self.protected = guard.fingerprint();
        }
        loop {
            let due = app.store.blocks_due(now, AT_A_TIME)?;
            if due.is_empty() {
                break;
            }
            let ended = due.iter().map(|block| (block.id, "its time is over".to_owned())).collect();
            changed |= self.enact(app, ended, Vec::new(), now)?;
        }
        // What is dry blocks nothing; once it is live, everything is looked at.
        while self.live().contains(&true) || has_blocks(app)? {
            let changes = app.store.observables_changed(self.cursor, AT_A_TIME)?;
            // Looked at after the changes: what came in meanwhile is neither of later than now nor on terms that
            // are not known yet.
            let now = app.now();
            let guard = Guard::new(app, &app.protect, self.live(), now);
            let (mut ended, mut placed) = (Vec::new(), Vec::new());
            for change in &changes.changes {
                let current = app.store.block_of(&change.observable)?;
                let wanted = match &change.row {
                    Some(row) => guard.wanted(row, current.as_ref())?,
                    None => Wanted::Nothing("nobody says anything of it any more".into()),
                };
                note(&change.observable, wanted, current, now, &mut ended, &mut placed)?;
            }
            changed |= self.enact(app, ended, placed, now)?;
            let moved = changes.reached != self.cursor;
            self.cursor = changes.reached;
            if moved {
                app.store.set_cursor(CURSOR, u64::try_from(self.cursor.position).unwrap_or(0))?;
            }
            if !changes.more {
                break;
            }
        }
        for set in &self.sets {
            set.stage(&self.settings.stages, now)?;
        }
        self.allow.maintain(seconds(now)).map_err(set::failed)?;
        for set in &self.sets {
            set.zone.maintain(seconds(now)).map_err(set::failed)?;
        }
        for set in &mut self.sets {
            if set.state.live && set.state.baseline == manage::TO_BE_MEASURED {
                set.state.baseline = set.zone.names() as u64;
                app.store.set_output(ACTOR, set.class.name(), set.state, None, now)?;
            }
        }
        if changed {
            app.blocks_changed.fetch_add(1, Ordering::Relaxed);
        }
        app.set_outputs(
            self.sets.iter().map(|set| manage::status(set, &self.settings, self.frozen)).collect(),
        );
        Ok(changed)
    }

    fn live(&self) -> [bool; 3] {
        self.sets.each_ref().map(|set| set.state.live)
    }

    /// Looks whether somebody made an output live or dry, let its growth through or took it back.
    fn look_at_outputs(&mut self, app: &App, now: Timestamp) -> Result<(), ServiceError> {
        for set in &mut self.sets {
            let name = set.class.name();
            let before = std::mem::replace(&mut set.state, app.store.output(name)?);
            let back = app.store.output(&manage::taken_back(set.class))?;
            if back.live && back.measured != 0 {
                set.roll_back(back.baseline, now)?;
                let done = rempart_store::OutputState { measured: 0, ..back };
                app.store.set_output(ACTOR, &manage::taken_back(set.class), done, None, now)?;
            }
            if before.live && !set.state.live {
                self.cursor = ChangeCursor::default();
            }
            if !before.live && set.state.live {
                // What was refused because the output was dry is looked at again.
                self.cursor = ChangeCursor::default();
            }
            let let_through = set.held && !back.live && set.state.baseline != before.baseline;
            if let_through {
                set.held = false;
                self.looked = None;
                reconcile(app, set, now)?;
            }
            if set.state.live && !set.held && now.micros() - set.state.measured > MEASURE * 1_000_000 {
                set.state.baseline = set.zone.names() as u64;
                set.state.measured = now.micros();
                app.store.set_output(ACTOR, name, set.state, None, now)?;
            }
        }
        Ok(())
    }

    /// Looks whether so much went wrong that a person has to look before anything new is published (rule H5).
    fn look_at_health(&mut self, app: &App, now: Timestamp) -> Result<(), ServiceError> {
        if self.looked.is_some_and(|looked| looked.plus_seconds(LOOK) > now) {
            return Ok(());
        }
        self.looked = Some(now);
        let seen = Timestamp::from_micros(app.store.output(manage::HEALTH)?.measured);
        let since = now.plus_seconds(-7 * 86_400).max(seen);
        let health = app.store.block_health(since, [manage::UPHELD, "P1: "])?;
        let before = self.frozen;
        self.frozen = guard::frozen(health.blocks, health.first, health.second);
        if let (Some(why), None) = (self.frozen, before) {
            tracing::error!("nothing new is published until `protect let-through`: {why}");
        }
        for set in &mut self.sets {
            set.held |= self.frozen.is_some();
        }
        Ok(())
    }

    /// Asks the guard again for everything that is blocked.
    fn look_again(&mut self, app: &App, guard: &Guard<'_>, now: Timestamp) -> Result<bool, ServiceError> {
        let mut changed = false;
        let mut after: Option<Observable> = None;
        loop {
            let blocks = app.store.blocks(after.as_ref(), AT_A_TIME)?;
            let Some(last) = blocks.last() else { return Ok(changed) };
            after = Some(last.target.clone());
            let targets: Vec<Observable> = blocks.iter().map(|block| block.target.clone()).collect();
            let (mut ended, mut placed) = (Vec::new(), Vec::new());
            for (block, row) in blocks.into_iter().zip(app.store.observables(&targets)?) {
                let wanted = match &row {
                    Some(row) => guard.wanted(row, Some(&block))?,
                    None => Wanted::Nothing("nobody says anything of it any more".into()),
                };
                note(&block.target.clone(), wanted, Some(block), now, &mut ended, &mut placed)?;
            }
            changed |= self.enact(app, ended, placed, now)?;
        }
    }

    /// Ends and places blocks in the store, then in the zones.
    fn enact(
        &mut self,
        app: &App,
        ended: Vec<(BlockId, String)>,
        placed: Vec<Block>,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        if ended.is_empty() && placed.is_empty() {
            return Ok(false);
        }
        let ended = app.store.end_blocks(ACTOR, &ended, now)?;
        let placed = app.store.place_blocks(ACTOR, &placed, now)?;
        for set in &mut self.sets {
            set.change(&ended, &placed, now)?;
        }
        Ok(!ended.is_empty() || !placed.is_empty())
    }
}

fn has_blocks(app: &App) -> Result<bool, ServiceError> {
    Ok(!app.store.blocks(None, 1)?.is_empty())
}

/// All blocks in force, read as they are asked for.
fn active(app: &App) -> impl Iterator<Item = Result<Block, ServiceError>> + '_ {
    let mut page: std::vec::IntoIter<Block> = Vec::new().into_iter();
    let (mut last, mut done): (Option<Observable>, bool) = (None, false);
    std::iter::from_fn(move || {
        loop {
            if let Some(block) = page.next() {
                last = Some(block.target.clone());
                return Some(Ok(block));
            }
            if done {
                return None;
            }
            match app.store.blocks(last.as_ref(), AT_A_TIME) {
                Ok(blocks) => {
                    done = blocks.len() < AT_A_TIME;
                    page = blocks.into_iter();
                }
                Err(error) => {
                    done = true;
                    return Some(Err(error.into()));
                }
            }
        }
    })
}

fn reconcile(app: &App, set: &mut Set, now: Timestamp) -> Result<usize, ServiceError> {
    set.reconcile(&mut active(app), now)
}

/// Notes what follows for one observable.
fn note(
    target: &Observable,
    wanted: Wanted,
    current: Option<Block>,
    now: Timestamp,
    ended: &mut Vec<(BlockId, String)>,
    placed: &mut Vec<Block>,
) -> Result<(), ServiceError> {
    match (wanted, current) {
        (Wanted::Same, _) | (Wanted::Nothing(_), None) => {}
        (Wanted::Nothing(why), Some(block)) => ended.push((block.id, why)),
        (Wanted::Block(draft), current) => {
            if let Some(block) = current {
                ended.push((block.id, "it was renewed".into()));
            }
            let mut id = [0u8; 10];
            let random = SystemRandom::new();
            random.fill(&mut id).map_err(|_| ServiceError::Internal("no randomness".into()))?;
            placed.push(Block {
                id: BlockId::from_bytes(id),
                target: target.clone(),
                class: draft.class,
                category: draft.category,
                reason: draft.reason,
                since: now,
                until: draft.until,
            });
        }
    }
    Ok(())
}

/// Whether a kind of value can be in any protective output.
fn is_blockable(kind: &Kind) -> bool {
    matches!(kind, Kind::Domain | Kind::Url | Kind::Ipv4 | Kind::Ipv6 | Kind::Md5 | Kind::Sha1 | Kind::Sha256)
}
