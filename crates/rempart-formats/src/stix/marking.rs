//! Who may see a STIX object: its markings (STIX 2.1, section 7).

use std::collections::HashMap;

use rempart_model::{Loss, Marking, Pap, StixId, Tlp};

use super::object::{Object, loss};
use crate::json::Members;
use crate::json::members::{elements, text};
use crate::mint::tlp_of_marking;

/// The OASIS extension by which a marking definition carries TLP 2.0.
const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// Most definitions that are remembered. A stream of more is hostile; what refers to one beyond is
/// left unresolved, and so withheld.
const MOST: usize = 65_536;

/// The marking definitions seen so far.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    known: HashMap<[u8; 16], Marking>,
}

impl Definitions {
    /// Remembers what a definition means. The well-known ones cannot be redefined.
    pub fn remember(&mut self, id: &StixId, meaning: &Marking) {
        if self.known.len() < MOST || self.known.contains_key(id.uuid()) {
            self.known.insert(*id.uuid(), meaning.clone());
        }
    }

    /// Adds to `marking` what the definition `id` demands.
    pub fn apply(&self, id: StixId, marking: &mut Marking) {
        if let Some(tlp) = tlp_of_marking(id.uuid()) {
            marking.tlp = marking.tlp.max(Some(tlp));
        } else if let Some(meaning) = self.known.get(id.uuid()) {
            marking.restrict(meaning);
        } else if !marking.unresolved.contains(&id) {
            marking.unresolved.push(id);
        }
    }
}

/// The marking of an object: the strictest of all that apply to it or to a part of it.
pub(super) fn of_object(object: &Object<'_>, definitions: &Definitions, losses: &mut Vec<Loss>) -> Marking {
    let mut marking = Marking::default();
    if let Some(list) = object.members.get("object_marking_refs").filter(|list| *list != "null") {
        marking.unknown |= !list.starts_with('[');
        for element in elements(list) {
            apply(element, definitions, &mut marking);
        }
    }
    if let Some(list) = object.members.get("granular_markings").filter(|list| *list != "null") {
        marking.unknown |= !list.starts_with('[');
        for element in elements(list) {
            let granular = Members::parse(element, usize::MAX).unwrap_or_default();
            match granular.get("marking_ref") {
                Some(reference) => apply(reference, definitions, &mut marking),
                // One that only names a language restricts nothing (section 7.2.3.1).
                None => marking.unknown |= granular.get("lang").is_none(),
            }
        }
    }
    if marking.unknown {
        losses.push(loss("object_marking_refs", "cannot be understood, so the object is withheld"));
    }
    marking
}

fn apply(reference: &str, definitions: &Definitions, marking: &mut Marking) {
    match text(reference).and_then(|id| StixId::parse(&id).ok()) {
        Some(id) if id.kind() == "marking-definition" => definitions.apply(id, marking),
        _ => marking.unknown = true,
    }
}

/// What a marking definition means to whoever refers to it. A statement (a copyright notice, terms
/// of use) restricts nobody; a type that is not known restricts in a way that is not known.
pub(super) fn definition(object: &Object<'_>) -> Marking {
    if let Some(tlp) = tlp_of_marking(object.id.uuid()) {
        return Marking::tlp(tlp);
    }
    let mut meaning = Marking::default();
    let mut understood = false;
    let extensions = object.members.get("extensions").and_then(|json| Members::parse(json, usize::MAX).ok());
    for (name, extension) in extensions.iter().flat_map(Members::iter) {
        let label = Members::parse(extension, usize::MAX)
            .ok()
            .filter(|_| name == TLP_2)
            .and_then(|extension| extension.text("tlp_2_0").and_then(|label| Tlp::from_name(&label)));
        understood |= label.is_some();
        meaning.unknown |= label.is_none();
        meaning.tlp = meaning.tlp.max(label);
    }
    // Platforms write what the standard has no type for into the name or beside it.
    let name = object.text("name");
    let beside = object.text("x_opencti_definition");
    for label in [name.as_deref(), beside.as_deref()].into_iter().flatten() {
        understood |= label_of(label, &mut meaning);
    }
    let kind = object.text("definition_type").unwrap_or_default().to_ascii_lowercase();
    let definition = object.members.get("definition").and_then(|json| Members::parse(json, usize::MAX).ok());
    let value = |name: &str| definition.as_ref().and_then(|members| members.text(name));
    match kind.as_str() {
        "tlp" => match value("tlp").and_then(|label| Tlp::from_name(&label)) {
            Some(tlp) => meaning.tlp = meaning.tlp.max(Some(tlp)),
            None => meaning.unknown |= meaning.tlp.is_none(),
        },
        "pap" => match value("pap").and_then(|label| Pap::from_name(&label)) {
            Some(pap) => meaning.pap = meaning.pap.max(Some(pap)),
            None => meaning.unknown |= meaning.pap.is_none(),
        },
        "statement" => {
            if let Some(statement) = value("statement") {
                label_of(&statement, &mut meaning);
            }
        }
        _ => meaning.unknown |= !understood,
    }
    meaning
}

/// Takes over `TLP:…` or `PAP:…`; says whether it was one. One that is not known restricts in a way
/// that is not known.
fn label_of(label: &str, meaning: &mut Marking) -> bool {
    let label = label.trim();
    match label.get(..4).map(str::to_ascii_uppercase).as_deref() {
        Some("TLP:") => match Tlp::from_name(label) {
            Some(tlp) => meaning.tlp = meaning.tlp.max(Some(tlp)),
            None => meaning.unknown = true,
        },
        Some("PAP:") => match Pap::from_name(label) {
            Some(pap) => meaning.pap = meaning.pap.max(Some(pap)),
            None => meaning.unknown = true,
        },
        _ => return false,
    }
    true
}
