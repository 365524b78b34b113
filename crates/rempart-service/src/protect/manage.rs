//! What people do with protective outputs: look first, make live, let through, take back, ask why.

use std::collections::BTreeMap;

use rempart_model::{BlockClass, BlockId, Kind, Observable, Timestamp};
use rempart_store::{ObservableId, OutputState, Role};
use serde::Serialize;

use super::decide::{Guard, Refusal};
use super::set::{Set, seconds};
use super::settings::Settings;
use crate::access::Caller;
use crate::app::App;
use crate::ask::observable;
use crate::error::ServiceError;

/// Observables of one read.
const PAGE: usize = 5_000;
/// A baseline that is measured once what the output is to hold is in it.
pub(super) const TO_BE_MEASURED: u64 = i64::MAX as u64;

/// The beginning of the reason of a decision that upholds an appeal.
pub(super) const UPHELD: &str = "appeal upheld: ";
/// The name under which it is kept since when it counts what goes wrong.
pub(super) const HEALTH: &str = "health";

/// The name under which it is kept whether an output was taken back.
pub(super) fn taken_back(class: BlockClass) -> String {
    format!("{}.taken-back", class.name())
}

/// How an output stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputStatus {
    /// Its class.
    pub class: &'static str,
    /// The name of its zone.
    pub zone: String,
    /// Whether it is published.
    pub live: bool,
    /// What resolvers do.
    pub action: &'static str,
    /// Names in the zone.
    pub names: u64,
    /// Names that wait until its growth is let through.
    pub waiting: u64,
    /// Whether it only shrinks until a person lets it through.
    pub held: bool,
    /// Why nothing new is published in any output, if so.
    pub frozen: Option<&'static str>,
    /// Whether the stop file empties it.
    pub stopped: bool,
    /// The newest serial.
    pub serial: u32,
    /// The serial that each stage of consumers is served.
    pub stages: Vec<Option<u32>>,
}

pub(super) fn status(set: &Set, settings: &Settings, frozen: Option<&'static str>) -> OutputStatus {
    let stages = 0..u32::try_from(settings.stages.len()).unwrap_or(0);
    OutputStatus {
        class: set.class.name(),
        zone: settings.zone_of(set.class),
        live: set.state.live,
        action: settings.action(set.class).name(),
        names: set.zone.names() as u64,
        waiting: set.waiting() as u64,
        held: set.held,
        frozen,
        stopped: set.zone.is_stopped(),
        serial: set.zone.serial().0,
        stages: stages.map(|stage| set.zone.served(stage).map(|serial| serial.0)).collect(),
    }
}

/// Something that a preview tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Previewed {
    /// `add`, `remove` or `refuse`.
    pub what: &'static str,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
    /// The class of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// Until when it would be blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why, in words; where it is refused, by each rule that does.
    pub reasons: Vec<String>,
}

/// What publishing would change, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Values that would be blocked.
    pub added: u64,
    /// Values that would be blocked no longer.
    pub removed: u64,
    /// Values that are blocked and stay so.
    pub kept: u64,
    /// Values that are refused.
    pub refused: u64,
    /// How many each rule refuses; one value may be refused by several.
    pub rules: BTreeMap<String, u64>,
}

/// Why something is, or is not, blocked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockExplained {
    /// The value.
    pub value: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is blocked now, by itself or with a name above it.
    pub blocked: bool,
    /// The name that is blocked: the value itself, or one above it.
    pub by: Option<String>,
    /// What would be decided now, in words.
    pub decision: String,
    /// Why, by each rule that has something to say.
    pub reasons: Vec<String>,
    /// The blocks that the value has or had, newest first.
    pub blocks: Vec<PastBlock>,
}

/// A block that a value has or had.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastBlock {
    /// Its id.
    pub id: String,
    /// The class of the output.
    pub class: &'static str,
    /// Why.
    pub reason: String,
    /// When it began.
    pub since: String,
    /// When it was to end.
    pub until: String,
    /// When it did, and why.
    pub ended: Option<(String, String)>,
    /// What it stopped: day, country, how often.
    pub hits: Vec<(String, String, u64)>,
}

impl App {
    /// What publishing would change now; `tell` hears each value.
    ///
    /// # Errors
    /// Where the caller may not read, the store cannot be read, or `tell` fails.
    pub fn preview(
        &self,
        caller: &Caller,
        tell: &mut dyn FnMut(Previewed) -> Result<(), ServiceError>,
    ) -> Result<Preview, ServiceError> {
        caller.require(Role::Reader)?;
        let guard = Guard::new(self, &self.protect, [true; 3], self.now());
        let mut preview = Preview::default();
        let mut after = ObservableId(0);
        loop {
            let rows = self.store.observables_after(after, PAGE)?;
            let Some(last) = rows.last() else { return Ok(preview) };
            after = last.id;
            for row in &rows {
                if !super::is_blockable(row.observable.kind()) {
                    continue;
                }
                let is = self.store.block_of(&row.observable)?;
                let mut said = Previewed {
                    what: "add",
                    kind: row.observable.kind().name().to_owned(),
                    value: row.observable.value().to_owned(),
                    class: None,
                    until: None,
                    reasons: Vec::new(),
                };
                match guard.ruling(row)? {
                    Ok(draft) => {
                        if is.is_some() {
                            preview.kept += 1;
                            continue;
                        }
                        preview.added += 1;
                        said.class = Some(draft.class.name());
                        said.until = Some(draft.until.to_string());
                        said.reasons.push(draft.reason.into());
                    }
                    Err(refusals) => {
                        for refusal in &refusals {
                            *preview.rules.entry(refusal.rule.to_owned()).or_default() += 1;
                        }
                        said.reasons = refusals.iter().map(ToString::to_string).collect();
                        match is {
                            Some(block) => {
                                preview.removed += 1;
                                said.what = "remove";
                                said.class = Some(block.class.name());
                            }
                            None => {
                                preview.refused += 1;
                                said.what = "refuse";
                            }
                        }
                    }
                }
                tell(said)?;
            }
        }
    }

    /// Why a value is, or is not, blocked.
    ///
    /// # Errors
    /// Where the caller may not read, or the value is none.
    pub fn explain_block(&self, caller: &Caller, value: &str) -> Result<BlockExplained, ServiceError> {
        caller.require(Role::Reader)?;
        let observable = observable(value).map_err(ServiceError::Invalid)?;
        let guard = Guard::new(self, &self.protect, [true; 3], self.now());
        let row = self.store.observables(std::slice::from_ref(&observable))?.into_iter().next().flatten();
        let (decision, reasons) = match row {
            None => ("not to be blocked: nobody says anything of it".to_owned(), Vec::new()),
            Some(row) => match guard.ruling(&row)? {
                Ok(draft) => {
                    let live = self.store.output(draft.class.name())?.live;
                    let output = if live { "which is live" } else { "which is dry" };
                    let class = draft.class.name();
                    let decision = format!("to be blocked in {class}, {output}, until {}", draft.until);
                    (decision, vec![draft.reason.into()])
                }
                Err(refusals) => {
                    ("not to be blocked".to_owned(), refusals.iter().map(Refusal::to_string).collect())
                }
            },
        };
        let by = self.blocked_by(&observable)?;
        let mut blocks = Vec::new();
        for row in self.store.blocks_of(&observable)? {
            let hits = self.hits_of(row.block.id)?;
            blocks.push(PastBlock {
                id: row.block.id.to_string(),
                class: row.block.class.name(),
                reason: row.block.reason.into(),
                since: row.block.since.to_string(),
                until: row.block.until.to_string(),
                ended: row.ended.map(|(at, why)| (at.to_string(), why)),
                hits: hits
                    .into_iter()
                    .map(|(day, country, count)| {
                        (day.to_string().get(..10).unwrap_or_default().to_owned(), country.into(), count)
                    })
                    .collect(),
            });
        }
        Ok(BlockExplained {
            value: observable.value().to_owned(),
            kind: observable.kind().name().to_owned(),
            blocked: by.is_some(),
            by: by.map(|target| target.value().to_owned()),
            decision,
            reasons,
            blocks,
        })
    }

    /// The value itself or the name above it that is blocked.
    fn blocked_by(&self, observable: &Observable) -> Result<Option<Observable>, ServiceError> {
        let mut target = observable.clone();
        loop {
            if self.store.block_of(&target)?.is_some() {
                return Ok(Some(target));
            }
            match target.value().split_once('.') {
                Some((_, above)) if *target.kind() == Kind::Domain => {
                    target = Observable::from_canonical(Kind::Domain, above);
                }
                _ => return Ok(None),
            }
        }
    }

    /// A name that is blocked, if any is.
    ///
    /// # Errors
    /// Where the caller may not read.
    pub fn blocked_name(&self, caller: &Caller) -> Result<Option<String>, ServiceError> {
        caller.require(Role::Reader)?;
        let blocks = self.store.blocks(None, 1)?;
        let name = blocks.into_iter().find(|block| *block.target.kind() == Kind::Domain);
        Ok(name.map(|block| block.target.value().to_owned()))
    }

    /// Makes an output live, or dry again: then everything in it ends.
    ///
    /// # Errors
    /// Where the caller may not.
    pub fn set_live(&self, caller: &Caller, class: BlockClass, live: bool) -> Result<(), ServiceError> {
        caller.require(Role::Approver)?;
        let now = self.now();
        let event = serde_json::json!({
            "event": if live { "output made live" } else { "output made dry" }, "output": class.name(),
        });
        let state = OutputState { live, baseline: TO_BE_MEASURED, measured: now.micros() };
        self.store.set_output(&caller.name(), class.name(), state, Some(&event.to_string()), now)?;
        self.changed();
        Ok(())
    }

    /// Lets through what waits because an output grew too much, or because it was taken back.
    ///
    /// # Errors
    /// Where the caller may not.
    pub fn let_through(&self, caller: &Caller, class: BlockClass) -> Result<(), ServiceError> {
        caller.require(Role::Approver)?;
        let now = self.now();
        let back = OutputState { live: false, ..self.store.output(&taken_back(class))? };
        self.store.set_output(&caller.name(), &taken_back(class), back, None, now)?;
        // What went wrong before a person looked is no reason to wait again.
        let health = OutputState { measured: now.micros(), ..OutputState::default() };
        self.store.set_output(&caller.name(), HEALTH, health, None, now)?;
        let event = serde_json::json!({ "event": "growth let through", "output": class.name() });
        let before = self.store.output(class.name())?;
        let state = OutputState { baseline: TO_BE_MEASURED, measured: now.micros(), ..before };
        self.store.set_output(&caller.name(), class.name(), state, Some(&event.to_string()), now)?;
        self.changed();
        Ok(())
    }

    /// Upholds an appeal: what is blocked is held to be benign from now on, and it counts as a mistake.
    ///
    /// # Errors
    /// Where the caller may not, or there is no such block.
    pub fn uphold(&self, caller: &Caller, id: BlockId, reason: &str) -> Result<String, ServiceError> {
        caller.require(Role::Analyst)?;
        if reason.trim().is_empty() {
            return Err(ServiceError::Invalid("say why the appeal is upheld".into()));
        }
        let row = self.store.block(id)?;
        let row = row.ok_or_else(|| ServiceError::NotFound(format!("there is no block {id}")))?;
        self.set_override(caller, &row.block.target, Some(false), &format!("{UPHELD}{reason}"))?;
        Ok(row.block.target.value().to_owned())
    }

    /// Takes an output back to what it was at a time; it only shrinks until it is let through.
    ///
    /// # Errors
    /// Where the caller may not.
    pub fn take_back(&self, caller: &Caller, class: BlockClass, to: Timestamp) -> Result<(), ServiceError> {
        caller.require(Role::Approver)?;
        let now = self.now();
        let event = serde_json::json!({
            "event": "output taken back", "output": class.name(), "to": to.to_string(),
        });
        let state = OutputState { live: true, baseline: seconds(to), measured: now.micros() };
        self.store.set_output(&caller.name(), &taken_back(class), state, Some(&event.to_string()), now)?;
        self.changed();
        Ok(())
    }

    /// How the outputs stand, as of the publisher's last step; empty where none runs.
    ///
    /// # Errors
    /// Where the caller may not read.
    pub fn outputs(&self, caller: &Caller) -> Result<Vec<OutputStatus>, ServiceError> {
        caller.require(Role::Reader)?;
        Ok(self.outputs.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone())
    }

    pub(super) fn set_outputs(&self, outputs: Vec<OutputStatus>) {
        *self.outputs.write().unwrap_or_else(std::sync::PoisonError::into_inner) = outputs;
    }
}
