//! What a STIX object says beside observables: relationships, sightings, places.

use rempart_model::{Country, Hint, Link, LinkKind, Loss, StixId};

use super::object::{Object, Reason, loss, shorten};
use crate::json::members::texts;

/// The links that an object is.
pub(super) fn links(object: &Object<'_>, losses: &mut Vec<Loss>) -> Result<Vec<Link>, Reason> {
    match &*object.kind {
        "relationship" => {
            let (Some(from), Some(to)) = (object.reference("source_ref")?, object.reference("target_ref")?)
            else {
                return Err("lacks one of its two ends".into());
            };
            let Some(name) = object.text("relationship_type") else {
                return Err("its relationship_type is not a string".into());
            };
            let kind = match &*name {
                "targets" => LinkKind::Targets,
                "indicates" | "based-on" | "attributed-to" | "uses" | "part-of" => LinkKind::Indicates,
                "located-at" => LinkKind::LocatedAt,
                _ => return Ok(Vec::new()),
            };
            Ok(vec![Link { from, kind, to }])
        }
        "sighting" => {
            let Some(to) = object.reference("sighting_of_ref")? else {
                return Err("does not say what was sighted".into());
            };
            // A negative sighting, as OpenCTI writes it.
            let negative = object.members.get("x_opencti_negative") == Some("true");
            let kind = if negative { LinkKind::FalsePositiveOf } else { LinkKind::SightingOf };
            Ok(vec![Link { from: object.id.clone(), kind, to }])
        }
        // A false-positive sighting of MISP becomes an opinion in its STIX export.
        "opinion" if object.text("opinion").as_deref() == Some("strongly-disagree") => {
            Ok(references(object, LinkKind::FalsePositiveOf, losses))
        }
        "report" | "grouping" => Ok(references(object, LinkKind::Indicates, losses)),
        _ => Ok(Vec::new()),
    }
}

fn references(object: &Object<'_>, kind: LinkKind, losses: &mut Vec<Loss>) -> Vec<Link> {
    let mut links = Vec::new();
    for id in object.members.get("object_refs").map(texts).into_iter().flatten() {
        match StixId::parse(&id) {
            Ok(to) => links.push(Link { from: object.id.clone(), kind, to }),
            Err(error) => losses.push(loss("object_refs", format!("{}: {error}", shorten(&id)))),
        }
    }
    links
}

/// What national context should know of an object. The standard wants a country's code; some
/// platforms write its English name.
pub(super) fn hints(object: &Object<'_>, losses: &mut Vec<Loss>) -> Vec<Hint> {
    if !matches!(&*object.kind, "location" | "identity") {
        return Vec::new();
    }
    let Some(code) = object.text("country") else { return Vec::new() };
    match Country::new(code.trim()).or_else(|| crate::misp::countries::country(&code)) {
        Some(country) => vec![Hint::InCountry(country)],
        None => {
            losses.push(loss("country", format!("is not a code of ISO 3166-1 alpha-2: {}", shorten(&code))));
            Vec::new()
        }
    }
}
