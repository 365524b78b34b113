//! Finds events, objects and attributes in a document, in whichever wrapping they come.

use std::ops::ControlFlow;

use memchr::memmem;
use rempart_model::{Decoded, Hint, Position, Rejection};
use serde_json::Value;

use super::attribute::{self, Around, Scope};
use super::cursor::{Bounds, Cursor, Excess, Fault};
use super::event::{self, EventHead, Refs};
use super::spool::{EntryKind, Spool, read_entry, write_entry};
use super::tags::MOST_HINTS;
use super::wire::reject;
use crate::{Context, DecodeError, Sink};

/// Arrays and wrappers around an event: `{"response":[{"Event":…}]}` has three.
const WRAPPERS: usize = 6;
/// Longest plain member of an event (its title, say) that is read.
const LONGEST_MEMBER: usize = 1 << 20;
/// Members of an event that are not known and that are named in its losses.
const MOST_UNKNOWN: usize = 16;

/// Whether an attribute may be given on as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anywhere: it may belong to an event whose tags are still to come.
    Anywhere,
    /// In `{"response":{"Attribute":[…]}}`, where each attribute stands for itself.
    Search,
}

/// What is read of one object that may be an event.
#[derive(Default)]
struct Frame {
    head: EventHead,
    spool: Spool,
    /// Something was found that belongs to MISP.
    recognised: bool,
}

pub(crate) struct Walk<'a, 'c> {
    cursor: Cursor<'a>,
    context: &'a Context<'c>,
    sink: &'a mut dyn Sink,
    /// The record in the middle of which reading ended, with what is there of it.
    broken: Option<(Position, Vec<u8>)>,
    buffer: Vec<u8>,
    /// Where the input ended in the middle of a record.
    cut: Option<u64>,
}

impl<'a, 'c> Walk<'a, 'c> {
    pub(crate) fn new(cursor: Cursor<'a>, context: &'a Context<'c>, sink: &'a mut dyn Sink) -> Self {
        Self { cursor, context, sink, broken: None, buffer: Vec::new(), cut: None }
    }

    /// Reads document after document. One that is cut off is rejected, and said to be so at the end.
    pub(crate) fn run(&mut self) -> Result<(), DecodeError> {
        match self.documents() {
            Ok(()) => self.cut.map_or(Ok(()), |offset| Err(DecodeError::Truncated { offset })),
            Err(Fault::Stopped) => Ok(()),
            Err(Fault::Io(error)) => Err(error.into()),
            // Handled where they arise; here only if telling of them failed in the same way.
            Err(Fault::Cut | Fault::Broken(_)) => Ok(()),
        }
    }

    fn documents(&mut self) -> Result<(), Fault> {
        while self.cursor.peek()?.is_some() {
            let reason = match self.value(0, Place::Anywhere) {
                Ok(()) => continue,
                Err(Fault::Cut) => {
                    self.cut = Some(self.cursor.position().offset);
                    "the input is cut off in the middle of this record".to_owned()
                }
                Err(Fault::Broken(what)) => format!(
                    "{what} at byte {}; what follows of this document cannot be read",
                    self.cursor.position().offset
                ),
                Err(fault) => return Err(fault),
            };
            let (at, bytes) = self.broken.take().unwrap_or((self.cursor.position(), Vec::new()));
            self.rejected(at, reject(&bytes, reason))?;
            // In a file with one event a line, the next line is whole again.
            if !self.cursor.resume_at_line()? {
                break;
            }
            self.cut = None;
        }
        Ok(())
    }

    fn decoded(&mut self, at: Position, record: Decoded) -> Result<(), Fault> {
        match self.sink.decoded(at, record) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Fault::Stopped),
        }
    }

    fn rejected(&mut self, at: Position, why: Rejection) -> Result<(), Fault> {
        match self.sink.rejected(at, why) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Fault::Stopped),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds { bytes: self.context.limits.record_bytes, depth: self.context.limits.depth }
    }

    /// A document, or an element of one.
    fn value(&mut self, level: usize, place: Place) -> Result<(), Fault> {
        let at = self.cursor.position();
        match self.cursor.token()? {
            b'[' if level < WRAPPERS => {
                self.cursor.open();
                let mut first = true;
                while self.cursor.element(&mut first)? {
                    // Elements of a list may be events without their wrapper.
                    self.value(level + 1, Place::Anywhere)?;
                }
                Ok(())
            }
            b'{' if level < WRAPPERS => self.frame(level, place),
            _ => {
                let bytes = self.capture()?.0;
                self.rejected(at, reject(&bytes, "not a MISP event, nor a list of events or attributes"))
            }
        }
    }

    /// An object: an event, or a wrapper around events or attributes.
    fn frame(&mut self, level: usize, place: Place) -> Result<(), Fault> {
        let at = self.cursor.position();
        let mut frame = Frame::default();
        self.cursor.open();
        let outcome = self.members(&mut frame, level, place);
        if matches!(outcome, Err(Fault::Stopped | Fault::Io(_))) {
            return outcome;
        }
        frame.head.cut = outcome.is_err();
        self.finish(at, frame)?;
        outcome
    }

    fn members(&mut self, frame: &mut Frame, level: usize, place: Place) -> Result<(), Fault> {
        let mut first = true;
        while let Some(key) = self.cursor.key(&mut first)? {
            let opening = self.cursor.token()?;
            let structured = matches!(opening, b'{' | b'[');
            match key.as_str() {
                "Event" | "response" if structured => {
                    frame.recognised = true;
                    let search = key == "response" && opening == b'{';
                    self.value(level + 1, if search { Place::Search } else { Place::Anywhere })?;
                }
                "Attribute" if structured => {
                    frame.recognised = true;
                    self.each(opening, |walk| walk.attribute(frame, place))?;
                }
                "Object" if structured => {
                    frame.recognised = true;
                    self.each(opening, |walk| walk.object(frame))?;
                }
                "EventReport" if structured => self.each(opening, |walk| walk.report(frame))?,
                "Tag" | "EventTag" => {
                    self.each(opening, |walk| walk.tag(frame))?;
                    frame.head.tags_read = true;
                }
                "Galaxy" if structured => self.each(opening, |walk| walk.galaxy(frame))?,
                "ShadowAttribute" if opening == b'[' => self.each(opening, |walk| {
                    frame.head.proposals += 1;
                    walk.cursor.skip()
                })?,
                // MISP finds related events anew on each instance.
                "RelatedEvent" | "Feed" | "ShadowAttribute" => self.cursor.skip()?,
                _ => self.member(frame, &key)?,
            }
        }
        Ok(())
    }

    /// Hands each element of a list, or the single value that stands for one, to `take`.
    fn each(
        &mut self,
        opening: u8,
        mut take: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if opening != b'[' {
            return take(self);
        }
        self.cursor.open();
        let mut first = true;
        while self.cursor.element(&mut first)? {
            take(self)?;
        }
        Ok(())
    }

    /// One value as text, with what was too much of it.
    fn capture(&mut self) -> Result<(Vec<u8>, Option<Excess>), Fault> {
        let at = self.cursor.position();
        let mut bytes = Vec::new();
        match self.cursor.capture(&mut bytes, self.bounds()) {
            Ok(excess) => Ok((bytes, excess)),
            Err(fault) => {
                self.broken.get_or_insert((at, bytes));
                Err(fault)
            }
        }
    }

    /// A plain member of an event.
    fn member(&mut self, frame: &mut Frame, key: &str) -> Result<(), Fault> {
        let mut bytes = Vec::new();
        let bounds = Bounds { bytes: LONGEST_MEMBER, depth: self.context.limits.depth };
        let excess = self.cursor.capture(&mut bytes, bounds)?;
        let value = match excess {
            None => serde_json::from_slice(&bytes).ok(),
            Some(_) => None,
        };
        // What restricts an event and cannot be read restricts it all the same.
        if value.is_none() && matches!(key, "distribution" | "SharingGroup") {
            frame.head.sense.marking.unknown = true;
        }
        let known = frame.head.set(key, value.as_ref().unwrap_or(&Value::Null));
        let said = value.is_none_or(|value| !matches!(value, Value::Null));
        if said && (!known || excess.is_some()) && frame.head.unknown.len() < MOST_UNKNOWN {
            frame.head.unknown.push(key.to_owned());
        }
        Ok(())
    }

    fn tag(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        let (bytes, excess) = self.capture()?;
        match serde_json::from_slice(&bytes) {
            Ok(value) if excess.is_none() => frame.head.sense.read(&value),
            _ => frame.head.sense.marking.unknown = true,
        }
        Ok(())
    }

    fn galaxy(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        let (bytes, excess) = self.capture()?;
        match serde_json::from_slice(&bytes) {
            Ok(value) if excess.is_none() => frame.head.sense.read_galaxies(&value),
            _ => frame.head.sense.dropped += 1,
        }
        Ok(())
    }

    fn report(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        let at = self.cursor.position();
        let (bytes, excess) = self.capture()?;
        if let Some(excess) = excess {
            return self.rejected(at, reject(&bytes, self.told("event report", excess)));
        }
        let mut entry = Vec::new();
        write_entry(&mut entry, EntryKind::Report, at, &bytes);
        self.hold(frame, at, &bytes, &entry)
    }

    fn told(&self, what: &str, excess: Excess) -> String {
        let limits = &self.context.limits;
        match excess {
            Excess::Length => format!("the {what} is longer than {} bytes", limits.record_bytes),
            Excess::Depth => format!("the {what} is nested deeper than {} levels", limits.depth),
        }
    }

    /// Reads the members of an object whose brace is next into `out` as JSON again, without those
    /// for which `take` says so; these it has read itself. In the place of `data` stands `true`.
    fn compact(
        &mut self,
        out: &mut Vec<u8>,
        mut take: impl FnMut(&mut Self, &str) -> Result<bool, Fault>,
    ) -> Result<Option<Excess>, Fault> {
        let bounds = self.bounds();
        let inner = |out: &Vec<u8>| Bounds {
            bytes: bounds.bytes.saturating_sub(out.len()),
            depth: bounds.depth.saturating_sub(1),
        };
        let mut excess = None;
        self.cursor.open();
        out.push(b'{');
        let mut first = true;
        while let Some(key) = self.cursor.key(&mut first)? {
            if matches!(key.as_str(), "ShadowAttribute" | "RelatedAttribute" | "ObjectReference") {
                self.cursor.skip()?;
                continue;
            }
            self.cursor.token()?;
            if take(self, &key)? {
                continue;
            }
            let begin = out.len();
            if begin > 1 {
                out.push(b',');
            }
            out.extend_from_slice(Value::String(key.clone()).to_string().as_bytes());
            out.push(b':');
            if key == "data" {
                let empty = Bounds { bytes: 8, depth: 1 };
                let mut head = Vec::new();
                self.cursor.capture(&mut head, empty)?;
                let left_out = !matches!(head.as_slice(), b"null" | b"\"\"" | b"false");
                out.extend_from_slice(if left_out { b"true" } else { b"false" });
                continue;
            }
            excess = excess.or(self.cursor.capture(out, inner(out))?);
        }
        out.push(b'}');
        Ok(excess)
    }

    /// Captures an attribute into `self.buffer`; `false`: it was rejected.
    fn take_attribute(&mut self) -> Result<bool, Fault> {
        let at = self.cursor.position();
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.clear();
        let outcome = if self.cursor.token()? == b'{' {
            self.compact(&mut bytes, |_, _| Ok(false))
        } else {
            self.cursor.capture(&mut bytes, self.bounds())
        };
        match outcome {
            Ok(None) => {
                self.buffer = bytes;
                Ok(true)
            }
            Ok(Some(excess)) => {
                self.rejected(at, reject(&bytes, self.told("attribute", excess)))?;
                Ok(false)
            }
            Err(fault) => {
                self.broken.get_or_insert((at, bytes));
                Err(fault)
            }
        }
    }

    /// An attribute of an event, or one that stands for itself.
    fn attribute(&mut self, frame: &mut Frame, place: Place) -> Result<(), Fault> {
        let at = self.cursor.position();
        if !self.take_attribute()? {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.buffer);
        let outcome = if place == Place::Search {
            let scope = Scope { missing: true, ..Scope::default() };
            self.give(at, &bytes, &scope, None, &mut Refs::default())
        } else {
            if memmem::find(&bytes, b"\"target-").is_some() {
                lift(&mut frame.head, attribute::event_targets(&bytes, None));
            }
            let mut entry = Vec::with_capacity(bytes.len() + 32);
            write_entry(&mut entry, EntryKind::Attribute, at, &bytes);
            self.hold(frame, at, &bytes, &entry)
        };
        self.buffer = bytes;
        outcome
    }

    /// A MISP object: its attributes wait until all is read that is said of them together.
    fn object(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        let at = self.cursor.position();
        if self.cursor.token()? != b'{' {
            let (bytes, _) = self.capture()?;
            return self.rejected(
                at,
                reject(&bytes, "an object of an event is a JSON object, this is another value"),
            );
        }
        let most = self.context.limits.record_bytes;
        let mut held: Vec<(Position, Vec<u8>)> = Vec::new();
        let mut bytes_held = 0usize;
        let mut references = 0usize;
        let mut head = Vec::new();
        let outcome = self.compact(&mut head, |walk, key| {
            if key != "Attribute" {
                references += usize::from(key == "ObjectReference");
                return Ok(false);
            }
            let opening = walk.cursor.token()?;
            walk.each(opening, |walk| {
                let at = walk.cursor.position();
                if !walk.take_attribute()? {
                    return Ok(());
                }
                bytes_held += walk.buffer.len();
                if bytes_held > most {
                    let why = format!("the object around the attribute is longer than {most} bytes");
                    return walk.rejected(at, reject(&walk.buffer, why));
                }
                held.push((at, walk.buffer.clone()));
                Ok(())
            })?;
            Ok(true)
        });
        let fault = match outcome {
            Ok(None) => None,
            // Its head cannot be read: what it restricts is unknown.
            Ok(Some(_)) => {
                head = b"?".to_vec();
                None
            }
            Err(fault) => {
                self.broken.get_or_insert((at, head.clone()));
                head = b"?".to_vec();
                Some(fault)
            }
        };
        frame.head.references += references;
        self.hold_object(frame, at, &head, &held)?;
        fault.map_or(Ok(()), Err)
    }

    fn hold_object(
        &mut self,
        frame: &mut Frame,
        at: Position,
        head: &[u8],
        held: &[(Position, Vec<u8>)],
    ) -> Result<(), Fault> {
        if held.is_empty() {
            return Ok(());
        }
        let around = Around::read(head, frame.head.sharing_group_id.as_deref());
        let mut entries = Vec::new();
        write_entry(&mut entries, EntryKind::Object, at, head);
        for (at, bytes) in held {
            if memmem::find(bytes, b"\"target-").is_some() {
                lift(&mut frame.head, attribute::event_targets(bytes, Some(&around)));
            }
            write_entry(&mut entries, EntryKind::ObjectAttribute, *at, bytes);
        }
        if self.full(frame, entries.len()) {
            for (at, bytes) in held {
                self.rejected(*at, reject(bytes, self.too_much()))?;
            }
            return Ok(());
        }
        frame.spool.push(&entries).map_err(Fault::Io)
    }

    /// Puts one entry by until its event is read.
    fn hold(&mut self, frame: &mut Frame, at: Position, bytes: &[u8], entry: &[u8]) -> Result<(), Fault> {
        if self.full(frame, entry.len()) {
            return self.rejected(at, reject(bytes, self.too_much()));
        }
        frame.spool.push(entry).map_err(Fault::Io)
    }

    fn full(&self, frame: &Frame, more: usize) -> bool {
        frame.spool.bytes().saturating_add(more) > self.context.limits.text_bytes
    }

    fn too_much(&self) -> String {
        format!(
            "the event holds more before its end than {} bytes compressed; split the event",
            self.context.limits.text_bytes
        )
    }

    /// The event is read: gives on what was held back, and then the event itself.
    fn finish(&mut self, at: Position, frame: Frame) -> Result<(), Fault> {
        let Frame { head, spool, recognised } = frame;
        if !head.is_event() && spool.is_empty() {
            if recognised || head.cut {
                return Ok(());
            }
            return self.rejected(at, reject(b"", "no MISP event or attribute in this object"));
        }
        let scope = head.scope();
        let about = head.id(&scope, self.context);
        let mut refs = Refs::default();
        let mut around = Around::default();
        for block in spool.into_blocks() {
            let block = block.map_err(Fault::Io)?;
            let mut rest = block.as_slice();
            while let Some(entry) = read_entry(&mut rest) {
                match entry.kind {
                    EntryKind::Attribute => self.give(entry.at, entry.text, &scope, None, &mut refs)?,
                    EntryKind::Object => around = Around::read(entry.text, scope.sharing_group_id.as_deref()),
                    EntryKind::ObjectAttribute => {
                        self.give(entry.at, entry.text, &scope, Some(&around), &mut refs)?;
                    }
                    EntryKind::Report => match event::report(entry.text, &scope, &about, self.context) {
                        Ok(note) => {
                            refs.add(&note, &scope.marking);
                            self.decoded(entry.at, note)?;
                        }
                        Err(why) => self.rejected(entry.at, why)?,
                    },
                }
            }
        }
        if scope.missing {
            return Ok(());
        }
        let event = event::decode(head, scope, refs, self.context);
        self.decoded(at, event)
    }

    fn give(
        &mut self,
        at: Position,
        text: &[u8],
        scope: &Scope,
        around: Option<&Around>,
        refs: &mut Refs,
    ) -> Result<(), Fault> {
        match attribute::decode(text, scope, around, self.context) {
            Ok((object, sightings)) => {
                refs.add(&object, &scope.marking);
                self.decoded(at, object)?;
                for sighting in sightings {
                    self.decoded(at, sighting)?;
                }
                Ok(())
            }
            Err(why) => self.rejected(at, why),
        }
    }
}

/// Lets an event share the targets that one of its attributes names.
fn lift(head: &mut EventHead, hints: Vec<Hint>) {
    for hint in hints {
        if head.sense.hints.len() < MOST_HINTS && !head.sense.hints.contains(&hint) {
            head.sense.hints.push(hint);
        }
    }
}
