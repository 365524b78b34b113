//! What the standard demands of the types it knows, as tables.

use rempart_model::SpecVersion;

/// Properties that are dates wherever they occur, beside `created` and `modified`.
pub(super) const DATES: [&str; 15] = [
    "valid_from",
    "valid_until",
    "first_seen",
    "last_seen",
    "published",
    "first_observed",
    "last_observed",
    "start_time",
    "stop_time",
    "start",
    "end",
    "submitted",
    "analysis_started",
    "analysis_ended",
    "created_time",
];

/// Cyber-observable objects (STIX 2.1, section 6), and those that platforms write like them.
const OBSERVABLES: [&str; 26] = [
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
    "hostname",
    "user-agent",
    "media-content",
    "cryptocurrency-wallet",
    "phone-number",
    "bank-account",
    "payment-card",
    "x-rempart-observable",
];

/// Whether objects of this type are cyber-observable objects.
pub(super) fn is_observable(kind: &str) -> bool {
    OBSERVABLES.contains(&kind)
}

/// Whether STIX 2.0 does not know this type.
pub(super) fn since_21(kind: &str) -> bool {
    matches!(
        kind,
        "extension-definition"
            | "grouping"
            | "incident"
            | "infrastructure"
            | "language-content"
            | "location"
            | "malware-analysis"
            | "note"
            | "opinion"
    )
}

/// Whether objects of this type have `created` and `modified` (domain and relationship objects).
pub(super) fn has_versions(kind: &str) -> bool {
    since_21(kind)
        || matches!(
            kind,
            "attack-pattern"
                | "campaign"
                | "course-of-action"
                | "identity"
                | "indicator"
                | "intrusion-set"
                | "malware"
                | "marking-definition"
                | "observed-data"
                | "relationship"
                | "report"
                | "sighting"
                | "threat-actor"
                | "tool"
                | "vulnerability"
        )
}

/// The properties that a type must have, and whether an object without is of no use (and is
/// rejected), or is taken in with the gap noted.
pub(super) fn required(kind: &str, spec: SpecVersion) -> &'static [(&'static str, bool)] {
    match (kind, spec) {
        ("indicator", SpecVersion::V21) => {
            &[("pattern", true), ("pattern_type", false), ("valid_from", true)]
        }
        ("indicator", SpecVersion::V20) => &[("pattern", true), ("labels", false), ("valid_from", true)],
        ("relationship", _) => &[("relationship_type", true), ("source_ref", true), ("target_ref", true)],
        ("sighting", _) => &[("sighting_of_ref", true)],
        ("marking-definition", SpecVersion::V20) => &[("definition_type", false), ("definition", false)],
        ("observed-data", _) => {
            &[("first_observed", false), ("last_observed", false), ("number_observed", false)]
        }
        ("malware", SpecVersion::V21) => &[("is_family", false)],
        ("report", _) => &[("name", false), ("published", false), ("object_refs", false)],
        ("grouping", _) => &[("context", false), ("object_refs", false)],
        ("note" | "opinion", _) => &[("object_refs", false)],
        (
            "attack-pattern" | "campaign" | "course-of-action" | "identity" | "infrastructure"
            | "intrusion-set" | "threat-actor" | "tool" | "vulnerability",
            _,
        ) => &[("name", false)],
        ("domain-name" | "url" | "ipv4-addr" | "ipv6-addr" | "email-addr" | "mac-addr", _) => {
            &[("value", true)]
        }
        ("autonomous-system", _) => &[("number", true)],
        ("mutex" | "software", _) => &[("name", false)],
        ("directory", _) => &[("path", false)],
        ("network-traffic", _) => &[("protocols", false)],
        _ => &[],
    }
}
