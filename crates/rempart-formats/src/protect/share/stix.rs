//! A STIX 2.1 bundle (<https://docs.oasis-open.org/cti/stix/v2.1/>): the publisher, the marking, and an
//! indicator with `valid_until` for each entry. Ids follow from the ids of the entries, so that a
//! reader who takes the next bundle knows what it has.

use std::io::Write;

use rempart_model::block::BlockClass;
use rempart_model::{Block, StixId, Timestamp, Tlp};

use super::super::plan::Plan;
use super::super::{Settings, WriteError, Written};
use crate::json::write::{push_member, push_name, push_strings};
use crate::mint::tlp_marking_id;
use crate::stix::terms;

/// Namespace of the ids of indicators, identities and bundles made here (UUIDv5). It never changes.
const NAMESPACE: uuid::Uuid = uuid::uuid!("6a3f4e0e-4f0c-5a55-9a35-8b8a4c1f2d70");

/// When the publisher's identity was made: it is the same object in every bundle, so that it needs a
/// date that never changes (that of the marking definitions of TLP 2.0).
const EPOCH: &str = "2022-10-01T00:00:00.000Z";

/// Writes the bundle.
///
/// # Errors
/// Where a setting is not fit, or `out` fails.
pub(in crate::protect) fn write(
    blocks: &[Block],
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let plan = Plan::new(blocks, settings, &|_| Ok(()))?;
    let identity = id("identity", &["publisher", &settings.publisher]);
    let marking = tlp_marking_id(settings.tlp);
    let bundle = id("bundle", &["bundle", &settings.list, &settings.built_at.to_string()]);
    writeln!(out, "{{\"type\":\"bundle\",\"id\":\"{bundle}\",\"objects\":[")?;
    writeln!(out, "{},", identity_object(&identity, settings))?;
    write!(out, "{}", marking_object(marking, settings.tlp))?;
    let mut object = String::new();
    for block in plan.iter() {
        object.clear();
        indicator(&mut object, block, &identity, marking, settings);
        write!(out, ",\n{object}")?;
    }
    writeln!(out, "\n]}}")?;
    Ok(plan.written())
}

/// An id of `kind` that follows from `parts`.
pub(super) fn id(kind: &str, parts: &[&str]) -> StixId {
    StixId::new(kind, *uuid(parts).as_bytes())
}

/// The UUID that follows from `parts`; the length in front of each keeps them apart.
pub(super) fn uuid(parts: &[&str]) -> uuid::Uuid {
    let mut name = Vec::new();
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    uuid::Uuid::new_v5(&NAMESPACE, &name)
}

fn common(to: &mut String, kind: &str, id: &str) {
    to.push('{');
    push_member(to, "type", kind);
    push_member(to, "spec_version", "2.1");
    push_member(to, "id", id);
}

fn identity_object(id: &StixId, settings: &Settings) -> String {
    let mut object = String::new();
    common(&mut object, "identity", &id.to_string());
    push_member(&mut object, "created", EPOCH);
    push_member(&mut object, "modified", EPOCH);
    push_member(&mut object, "name", &settings.publisher);
    push_member(&mut object, "identity_class", "organization");
    object.push('}');
    object
}

/// The marking definition of TLP 2.0 as OASIS publishes it.
fn marking_object(id: &str, tlp: Tlp) -> String {
    let mut object = String::new();
    common(&mut object, "marking-definition", id);
    push_member(&mut object, "created", "2022-10-01T00:00:00.000Z");
    push_member(&mut object, "name", &format!("TLP:{}", tlp.name().to_ascii_uppercase()));
    push_name(&mut object, "extensions");
    object.push_str("{\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{");
    push_member(&mut object, "extension_type", "property-extension");
    push_member(&mut object, "tlp_2_0", tlp.name());
    object.push_str("}}}");
    object
}

fn indicator(to: &mut String, block: &Block, identity: &StixId, marking: &str, settings: &Settings) {
    let entry = block.id.to_string();
    let since = block.since.to_string();
    common(to, "indicator", &id("indicator", &["block", &entry]).to_string());
    push_member(to, "created_by_ref", &identity.to_string());
    // An entry does not change, so that neither does its indicator. These two have exactly three digits
    // of a second (STIX 2.1, section 3.2, `created` and `modified`).
    let made = Timestamp::from_micros(block.since.micros().div_euclid(1000).saturating_mul(1000)).to_string();
    push_member(to, "created", &made);
    push_member(to, "modified", &made);
    push_member(to, "name", block.target.value());
    push_member(to, "description", &block.reason);
    let activity = match block.class {
        BlockClass::Malware | BlockClass::Phishing => "malicious-activity",
        BlockClass::Other => "anomalous-activity",
    };
    push_strings(to, "indicator_types", [activity]);
    let mut pattern = String::from("[");
    terms::push_comparison(&mut pattern, &block.target);
    pattern.push(']');
    push_member(to, "pattern", &pattern);
    push_member(to, "pattern_type", "stix");
    push_member(to, "valid_from", &since);
    push_member(to, "valid_until", &block.until.to_string());
    push_strings(to, "labels", [block.category.name()]);
    push_name(to, "external_references");
    to.push_str("[{");
    push_member(to, "source_name", &settings.publisher);
    push_member(to, "description", "how to object to this entry");
    push_member(to, "url", &settings.appeal);
    push_member(to, "external_id", &entry);
    to.push_str("}]");
    push_strings(to, "object_marking_refs", [marking]);
    to.push('}');
}
