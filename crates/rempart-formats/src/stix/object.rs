//! The common properties of a STIX object (STIX 2.1, section 3.2), checked.

use std::borrow::Cow;

use rempart_model::{Loss, SpecVersion, StixId, Timestamp};

use super::rules;
use crate::json::Members;
use crate::json::members::text;

/// Why a record is rejected: a lowercase fragment.
pub(super) type Reason = Cow<'static, str>;

/// An object whose common properties are sound.
pub(super) struct Object<'a> {
    /// Its members.
    pub(super) members: Members<'a>,
    /// `type`.
    pub(super) kind: Cow<'a, str>,
    /// `id`.
    pub(super) id: StixId,
    /// The STIX version that it is written in.
    pub(super) spec: SpecVersion,
    /// `modified`, else `created`.
    pub(super) version: Option<Timestamp>,
    /// `created_by_ref`.
    pub(super) created_by: Option<StixId>,
    /// `revoked`.
    pub(super) revoked: bool,
}

impl<'a> Object<'a> {
    /// Reads and checks. What is missing but not essential is noted in `losses`.
    pub(super) fn parse(
        json: &'a str,
        depth: usize,
        assumed: Option<SpecVersion>,
        losses: &mut Vec<Loss>,
    ) -> Result<Self, Reason> {
        let members = Members::parse(json, depth).map_err(|error| Reason::from(error.to_string()))?;
        let kind = match members.get("type") {
            Some(value) => text(value).ok_or("its type is not a string")?,
            None if members.get("stix_header").is_some() || members.get("stix_version").is_some() => {
                return Err("is STIX 1; only STIX 2.0 and 2.1 are read".into());
            }
            None => return Err("has no type".into()),
        };
        if kind == "bundle" {
            return Err(if members.get("objects").is_some() {
                "is a bundle where an object should be, or its objects are no array".into()
            } else {
                "is a bundle inside a bundle".into()
            });
        }
        let id = match members.get("id") {
            Some(value) => read_id("id", value)?,
            None => return Err("has no id".into()),
        };
        if id.kind() != kind {
            let (kind, of) = (shorten(&kind), shorten(id.kind()));
            return Err(format!("is of type {kind} and has the id of a {of}").into());
        }
        let mut object = Self {
            members,
            kind,
            id,
            spec: SpecVersion::V21,
            version: None,
            created_by: None,
            revoked: false,
        };
        object.spec = object.spec_version(assumed, losses)?;
        let created = object.time("created")?;
        let modified = object.time("modified")?;
        object.version = modified.or(created);
        for name in rules::DATES {
            object.time(name)?;
        }
        object.created_by = object.reference("created_by_ref")?;
        object.revoked = match object.members.get("revoked") {
            None | Some("false" | "null") => false,
            Some("true") => true,
            Some(_) => return Err("its revoked is neither true nor false".into()),
        };
        object.required(losses)?;
        Ok(object)
    }

    /// The version that the object says, or that follows from what it is: without `spec_version` a
    /// cyber-observable object is of 2.1, every other one of 2.0 (STIX 2.1, section 3.2).
    fn spec_version(
        &self,
        assumed: Option<SpecVersion>,
        losses: &mut Vec<Loss>,
    ) -> Result<SpecVersion, Reason> {
        if let Some(value) = self.members.get("spec_version") {
            return match text(value).as_deref() {
                Some("2.1") => Ok(SpecVersion::V21),
                Some("2.0") => Ok(SpecVersion::V20),
                Some(other) => {
                    Err(format!("has the spec_version {:?}; only 2.0 and 2.1 are read", shorten(other))
                        .into())
                }
                None => Err("its spec_version is not a string".into()),
            };
        }
        if rules::is_observable(&self.kind) || self.members.get("created").is_none() {
            return Ok(SpecVersion::V21);
        }
        if rules::since_21(&self.kind) {
            losses.push(loss("spec_version", "is missing; objects of this type exist since STIX 2.1 only"));
            return Ok(SpecVersion::V21);
        }
        Ok(assumed.unwrap_or(SpecVersion::V20))
    }

    fn required(&self, losses: &mut Vec<Loss>) -> Result<(), Reason> {
        let missing = |name: &str| self.members.get(name).is_none_or(|value| value == "null");
        if rules::has_versions(&self.kind) {
            if missing("created") {
                return Err("has no created".into());
            }
            if missing("modified") && self.kind != "marking-definition" {
                losses.push(loss("modified", "is missing; the object counts as of its creation"));
            }
        }
        for (name, essential) in rules::required(&self.kind, self.spec) {
            if !missing(name) {
                continue;
            }
            if *essential {
                return Err(format!("has no {name}, which every {} must have", self.kind).into());
            }
            losses.push(loss(name, "is missing, though the standard requires it"));
        }
        Ok(())
    }

    /// The time under `name`; an error where there is something else.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Reason> {
        let Some(value) = self.members.get(name).filter(|value| *value != "null") else { return Ok(None) };
        let time = text(value).and_then(|time| Timestamp::parse(&time).ok());
        match time {
            Some(time) => Ok(Some(time)),
            None => Err(format!(
                "its {name} is not a date and time between the years 0001 and 9999: {}",
                shorten(value)
            )
            .into()),
        }
    }

    /// The id under `name`; an error where there is something else.
    pub(super) fn reference(&self, name: &str) -> Result<Option<StixId>, Reason> {
        match self.members.get(name) {
            None | Some("null") => Ok(None),
            Some(value) => read_id(name, value).map(Some),
        }
    }

    /// The string under `name`.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.members.text(name)
    }
}

fn read_id(name: &str, value: &str) -> Result<StixId, Reason> {
    let Some(id) = text(value) else { return Err(format!("its {name} is not a string").into()) };
    StixId::parse(&id).map_err(|error| format!("its {name} is {:?}: {error}", shorten(&id)).into())
}

/// The beginning of a text, for a message.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A loss.
pub(super) fn loss(what: &str, why: impl Into<Box<str>>) -> Loss {
    Loss { what: what.into(), why: why.into() }
}
