//! Changing a zone: by entries, to empty, and back to what it was.

use super::content::Edit;
use super::difference::Difference;
use super::error::ZoneError;
use super::record::{Head, Kind, encode_change};
use super::{Writer, Zone};
use crate::action::Action;
use crate::name::{NameError, owner};
use crate::serial::Serial;

/// One change: a name, and what resolvers do with it from now on, or nothing where it leaves the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name in canonical form, without the zone and without `*.`.
    pub name: Box<str>,
    /// Its action.
    pub action: Option<Action>,
}

impl Change {
    /// Puts a name into the zone.
    pub fn put(name: impl Into<Box<str>>, action: Action) -> Self {
        Self { name: name.into(), action: Some(action) }
    }

    /// Takes a name out of the zone.
    pub fn remove(name: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), action: None }
    }
}

/// What became of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The newest serial, which is the same as before where nothing changed.
    pub serial: Serial,
    /// Names that were not there.
    pub added: usize,
    /// Names whose action changed.
    pub replaced: usize,
    /// Names that are there no more.
    pub removed: usize,
    /// Changes that changed nothing, or that a later change to the same name overtook.
    pub unchanged: usize,
    /// Names that cannot stand in the zone.
    pub refused: Vec<Refused>,
}

/// A change that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which of the changes, counted from 0.
    pub index: usize,
    /// Why.
    pub reason: NameError,
}

/// A change whose owner and action lie behind one another in a buffer.
#[derive(Clone, Copy)]
struct Packed {
    at: usize,
    owner: u16,
    /// 0 where the name is taken out.
    action: u16,
}

impl Packed {
    fn owner(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.at..self.at + usize::from(self.owner)).unwrap_or_default()
    }

    fn action(self, buffer: &[u8]) -> Option<&[u8]> {
        let start = self.at + usize::from(self.owner);
        buffer.get(start..start + usize::from(self.action)).filter(|action| !action.is_empty())
    }
}

impl Zone {
    /// Applies changes under one new serial; where the same name is there twice, the last one counts.
    ///
    /// What was applied is on disk when this returns. Where nothing changes, the serial stays. A name that cannot stand in
    /// the zone costs that name.
    pub fn apply(&self, changes: &[Change], now: u64) -> Result<Outcome, ZoneError> {
        let mut buffer = Vec::with_capacity(changes.len() * 24);
        let mut packed = Vec::with_capacity(changes.len());
        let mut refused = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            match owner(&change.name, &self.settings.origin, self.settings.prefix()) {
                Ok(owner) => {
                    let at = buffer.len();
                    buffer.extend_from_slice(&owner);
                    if let Some(action) = &change.action {
                        action.encode(&mut buffer);
                    }
                    // An owner and an action have 255 and 257 bytes at most.
                    let action = u16::try_from(buffer.len() - at - owner.len()).unwrap_or(0);
                    packed.push(Packed { at, owner: u16::try_from(owner.len()).unwrap_or(0), action });
                }
                Err(reason) => refused.push(Refused { index, reason }),
            }
        }
        // Stable: of the changes to one name, the last comes last.
        packed.sort_by(|a, b| a.owner(&buffer).cmp(b.owner(&buffer)));
        packed.dedup_by(|later, kept| {
            let same = later.owner(&buffer) == kept.owner(&buffer);
            if same {
                *kept = *later;
            }
            same
        });
        let edits: Vec<Edit<'_>> = packed.iter().map(|p| (p.owner(&buffer), p.action(&buffer))).collect();
        let mut writer = self.writer();
        let mut outcome = self.edit(&mut writer, Kind::Changed, &edits, now)?;
        outcome.unchanged += changes.len() - packed.len() - refused.len();
        outcome.refused = refused;
        Ok(outcome)
    }

    /// Takes all names out of the zone, for all stages at once.
    pub fn empty(&self, now: u64) -> Result<Serial, ZoneError> {
        let mut writer = self.writer();
        let content = self.state().content.clone();
        let edits: Vec<Edit<'_>> = content.entries().map(|(owner, _)| (owner, None)).collect();
        Ok(self.edit(&mut writer, Kind::Withdrawn, &edits, now)?.serial)
    }

    /// Brings back what the zone was at an earlier serial, under a new one, for all stages at once.
    pub fn roll_back_to(&self, serial: Serial, now: u64) -> Result<Serial, ZoneError> {
        let mut writer = self.writer();
        let entries = {
            let state = self.state();
            state.between(serial, state.serial).ok_or(ZoneError::UnknownSerial(serial))?
        };
        let difference = Difference::read(entries.iter()).map_err(ZoneError::file("read", &self.folder))?;
        let changes = difference.condensed();
        let edits: Vec<Edit<'_>> = changes.into_iter().map(|(owner, old, _)| (owner, old)).collect();
        Ok(self.edit(&mut writer, Kind::Withdrawn, &edits, now)?.serial)
    }

    /// Writes edits to the journal, then makes them seen.
    fn edit(
        &self,
        writer: &mut Writer,
        kind: Kind,
        edits: &[Edit<'_>],
        now: u64,
    ) -> Result<Outcome, ZoneError> {
        // Only who holds the writer changes content and serial.
        let (content, serial) = {
            let state = self.state();
            (state.content.clone(), state.serial)
        };
        let mut outcome =
            Outcome { serial, added: 0, replaced: 0, removed: 0, unchanged: 0, refused: Vec::new() };
        let mut body = Vec::new();
        let content = content.edit(edits, |owner, old, new| {
            match (old, new) {
                (None, _) => outcome.added += 1,
                (Some(_), Some(_)) => outcome.replaced += 1,
                (Some(_), None) => outcome.removed += 1,
            }
            encode_change(&mut body, (owner, old, new));
        });
        let changed = outcome.added + outcome.replaced + outcome.removed;
        outcome.unchanged = edits.len() - changed;
        // What is withdrawn must reach the stages that are held, too, even where the newest content stays the same.
        if changed == 0 && kind == Kind::Changed {
            return Ok(outcome);
        }
        let changes = u32::try_from(changed).map_err(|_| ZoneError::TooLarge(body.len()))?;
        let to = serial.next(now);
        let entry =
            writer.journal.append(Head { kind, from: writer.durable, to, time: now, changes }, &body)?;
        writer.durable = to;
        writer.since += body.len() as u64;
        {
            let mut state = self.state_mut();
            state.content = content;
            state.add(entry);
            state.drop_unserved();
        }
        self.wake();
        outcome.serial = to;
        Ok(outcome)
    }
}
