//! From bytes to objects, one by one.

use std::io::Read;
use std::ops::ControlFlow;

use rempart_model::{Decoded, Marking, Origin, Rejection, SpecVersion, Timestamp};

use super::marking::{self, Definitions};
use super::object::{Object, Reason};
use super::{claims, context, upgrade};
use crate::json::members::text;
use crate::json::split::excerpt;
use crate::json::{Members, Options, Piece, Record, records};
use crate::{Context, DecodeError, Sink};

/// Reads STIX 2.1 or 2.0 bundles, TAXII 2.1 envelopes, single objects, arrays of them, and lines of
/// them. Every object ends as one record in `sink`, or as one rejection.
///
/// # Errors
/// Where `input` cannot be read, or ends inside a bundle or an object.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let mut definitions = Definitions::default();
    let options = Options { limits: &context.limits, lists: &["objects"], wrappers: &["bundle"] };
    records(input, &options, &mut |record| {
        let Record { at, outermost, recovered, header, piece } = record;
        let bytes = match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Rejected(why) => return sink.rejected(at, why),
        };
        if outermost && is_empty_wrapper(bytes, context.limits.depth) {
            return ControlFlow::Continue(());
        }
        let assumed = match header.spec_version.as_deref() {
            Some("2.0") => Some(SpecVersion::V20),
            _ => None,
        };
        match decode_object(bytes, context, &mut definitions, assumed) {
            Ok(object) => sink.decoded(at, object),
            Err(_) if recovered && is_part(bytes, context.limits.depth) => ControlFlow::Continue(()),
            Err(why) => sink.rejected(at, why),
        }
    })
}

/// Reads one STIX object. `definitions` are the marking definitions seen before; a definition adds
/// itself. `assumed` is the version of an object that does not say its own, where the bundle does.
///
/// # Errors
/// Where the bytes are no sound STIX object; the reason names what is wrong.
pub fn decode_object(
    bytes: &[u8],
    context: &Context<'_>,
    definitions: &mut Definitions,
    assumed: Option<SpecVersion>,
) -> Result<Decoded, Rejection> {
    let bytes = bytes.trim_ascii();
    decode(bytes, context, definitions, assumed)
        .map_err(|reason| Rejection { reason: reason.into(), excerpt: excerpt(bytes) })
}

fn decode(
    bytes: &[u8],
    context: &Context<'_>,
    definitions: &mut Definitions,
    assumed: Option<SpecVersion>,
) -> Result<Decoded, Reason> {
    if bytes.len() > context.limits.record_bytes {
        return Err(format!("is longer than the {} bytes allowed", context.limits.record_bytes).into());
    }
    let json = std::str::from_utf8(bytes)
        .map_err(|error| Reason::from(format!("is not valid UTF-8 from byte {} on", error.valid_up_to())))?;
    let mut losses = Vec::new();
    let object = Object::parse(json, context.limits.depth, assumed, &mut losses)?;
    let marking = marking::of_object(&object, definitions, &mut losses);
    let claims = claims::of_object(&object, &mut losses)?;
    let links = context::links(&object, &mut losses)?;
    let hints = context::hints(&object, &mut losses);
    let defines: Option<Marking> =
        (object.kind == "marking-definition").then(|| marking::definition(&object));
    if let Some(meaning) = &defines {
        definitions.remember(&object.id, meaning);
    }
    let (body, original_v20) = match object.spec {
        SpecVersion::V21 => (bytes.to_vec(), None),
        SpecVersion::V20 => {
            let upgraded = upgrade::upgrade(&object, &marking, context, &mut losses);
            (upgraded.into_bytes(), Some(bytes.to_vec()))
        }
    };
    Ok(Decoded {
        version: object.version.unwrap_or(Timestamp::MIN),
        created_by: object.created_by,
        revoked: object.revoked,
        id: object.id,
        body,
        original_v20,
        origin: Origin::Native,
        marking,
        claims,
        hints,
        links,
        losses,
        defines,
    })
}

/// Whether this is a bundle or an envelope without objects: it holds no records.
fn is_empty_wrapper(bytes: &[u8], depth: usize) -> bool {
    // Objects are far more frequent and begin with more than this.
    if bytes.len() > 4096 {
        return false;
    }
    let Some(members) = std::str::from_utf8(bytes).ok().and_then(|json| Members::parse(json, depth).ok())
    else {
        return false;
    };
    match members.get("type") {
        Some(kind) => text(kind).as_deref() == Some("bundle") && members.get("objects").is_none(),
        None => members.iter().all(|(name, _)| matches!(name, "more" | "next")),
    }
}

/// Whether this cannot have been meant as an object of its own: a part of a broken one.
fn is_part(bytes: &[u8], depth: usize) -> bool {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|json| Members::parse(json, depth).ok())
        .is_some_and(|members| members.get("type").is_none() || members.get("id").is_none())
}
