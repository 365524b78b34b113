//! Turning what did not come as STIX into STIX 2.1, with deterministic ids.

use std::fmt::Write;

use rempart_model::{
    Claim, Decoded, Hint, Kind, Loss, Marking, Observable, Origin, Stance, StixId, Timestamp, Tlp,
};

use crate::Context;
use crate::json::write::{push_member, push_name, push_raw, push_strings};
use crate::stix::terms;

/// Namespace of the ids that Rempart mints (UUIDv5). It never changes.
const NAMESPACE: uuid::Uuid = uuid::uuid!("0b8f1f0a-6f5e-5d0e-9c37-5c7c2f6f7e11");

/// Makes deterministic ids. Those of restricted input are keyed with a secret of the instance, so
/// that nobody can find out by trial whether a restricted value is known here.
#[derive(Clone)]
pub struct Minter {
    key: ring::hmac::Key,
}

impl std::fmt::Debug for Minter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Minter { .. }")
    }
}

impl Minter {
    /// A minter with the instance's secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret) }
    }

    /// The id of an object of `kind` that is identified by `parts`. `restricted`: its marking is
    /// above GREEN, so the id is keyed.
    pub fn id(&self, kind: &str, parts: &[&str], restricted: bool) -> StixId {
        let mut name = Vec::with_capacity(96);
        for part in parts {
            // The length in front keeps ("ab", "c") apart from ("a", "bc").
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        if restricted {
            let tag = ring::hmac::sign(&self.key, &name);
            name = tag.as_ref().to_vec();
        }
        StixId::new(kind, *uuid::Uuid::new_v5(&NAMESPACE, &name).as_bytes())
    }
}

/// What a reader of another format knows of one record.
#[derive(Debug, Clone, Default)]
pub struct Draft<'a> {
    /// What tells this record from others of its source. Empty: the observables do.
    pub key: &'a str,
    /// The claims; the first ones name the object. There must be at least one.
    pub claims: Vec<Claim>,
    /// A short name; `None`: the value itself.
    pub name: Option<String>,
    /// A longer text.
    pub description: Option<String>,
    /// Tags, malware families, campaign names.
    pub labels: Vec<String>,
    /// References: name of the place and URL or id there.
    pub references: Vec<(String, String)>,
    /// The marking that the record itself carries.
    pub marking: Marking,
    /// What national context should know.
    pub hints: Vec<Hint>,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// When the source created it, where it says so.
    pub created: Option<Timestamp>,
    /// The source's own version, where it has one.
    pub version: Option<Timestamp>,
    /// Whether the source took it back.
    pub revoked: bool,
}

impl Draft<'_> {
    /// The STIX 2.1 object for this draft: an `indicator` where a claim is malicious or benign, a
    /// `vulnerability` for a CVE, else the cyber-observable object of the first claim.
    pub fn build(self, context: &Context<'_>) -> Decoded {
        let first = self.claims.first().map(|claim| &claim.observable);
        let kind = match first {
            Some(value) if *value.kind() == Kind::Cve => "vulnerability",
            Some(value) if self.claims.iter().all(|claim| claim.stance == Stance::Observed) => {
                terms::object_type(value)
            }
            _ => "indicator",
        };
        let pattern = pattern(&self.claims);
        let identity = if self.key.is_empty() { pattern.as_str() } else { self.key };
        // What a source calls harmless is not a new version of what it calls malicious.
        let benign = self.key.is_empty()
            && kind == "indicator"
            && self.claims.iter().all(|claim| claim.stance != Stance::Malicious);
        let parts = [context.source, kind, identity, "benign"];
        let parts = parts.get(..if benign { 4 } else { 3 }).unwrap_or_default();
        let id = context.minter.id(kind, parts, self.is_restricted(context));
        let version = self.version.or(self.created).unwrap_or(context.now);
        let created = self.created.unwrap_or(version).min(version);

        let mut body = String::with_capacity(768);
        body.push_str("{\"type\":\"");
        body.push_str(kind);
        body.push_str("\",\"spec_version\":\"2.1\",\"id\":\"");
        push_id(&mut body, &id);
        body.push('"');
        let times = body.len();
        if matches!(kind, "indicator" | "vulnerability" | terms::CUSTOM) {
            push_time(&mut body, "created", created);
            push_time(&mut body, "modified", version);
        }
        let said = body.len();
        let by_intake = match kind {
            "indicator" => self.push_indicator(&mut body, &pattern, created),
            "vulnerability" => {
                push_member(&mut body, "name", first.map(Observable::value).unwrap_or_default());
                self.push_common(&mut body, first);
                body.len()
            }
            _ => {
                if let Some(observable) = first {
                    terms::push_properties(&mut body, observable);
                }
                if kind == terms::CUSTOM {
                    self.push_common(&mut body, None);
                } else {
                    self.push_custom(&mut body);
                }
                body.len()
            }
        };
        let digest = self
            .digest([body.get(..times).unwrap_or_default(), body.get(said..by_intake).unwrap_or_default()]);
        body.push('}');

        Decoded {
            id,
            version,
            body: body.into_bytes(),
            original_v20: None,
            origin: Origin::Minted { digest, version: self.version },
            created_by: None,
            revoked: self.revoked,
            marking: self.marking,
            claims: self.claims,
            hints: self.hints,
            links: Vec::new(),
            losses: self.losses,
            defines: None,
        }
    }

    /// Whether the id must not be guessable.
    fn is_restricted(&self, context: &Context<'_>) -> bool {
        self.marking.tlp.unwrap_or(context.unmarked) > Tlp::Green
            || self.marking.unknown
            || self.marking.recipients.is_some()
            || !self.marking.unresolved.is_empty()
    }

    /// The properties of an indicator; gives where those begin that only depend on when it was read.
    fn push_indicator(&self, body: &mut String, pattern: &str, created: Timestamp) -> usize {
        let value = self.claims.first().map(|claim| claim.observable.value()).unwrap_or_default();
        push_member(body, "name", self.name.as_deref().unwrap_or(value));
        let malicious = self.claims.iter().any(|claim| claim.stance == Stance::Malicious);
        push_strings(body, "indicator_types", [if malicious { "malicious-activity" } else { "benign" }]);
        push_member(body, "pattern", pattern);
        push_raw(body, "pattern_type", "\"stix\",\"pattern_version\":\"2.1\"");
        if let Some(confidence) = self.claims.iter().filter_map(|claim| claim.confidence).max() {
            push_raw(body, "confidence", &confidence.min(100).to_string());
        }
        self.push_common(body, None);
        let said_from = self.claims.iter().filter_map(|claim| claim.valid_from).min();
        let from = said_from.unwrap_or(created);
        let until = self.claims.iter().filter_map(|claim| claim.valid_until).max();
        if let Some(until) = until.filter(|until| *until > from) {
            push_time(body, "valid_until", until);
        }
        let by_intake = body.len();
        push_time(body, "valid_from", from);
        if said_from.is_some() { body.len() } else { by_intake }
    }

    /// What every domain object may have. A `cve` is its own first reference.
    fn push_common(&self, body: &mut String, cve: Option<&Observable>) {
        if let Some(description) = self.description.as_deref().filter(|text| !text.is_empty()) {
            push_member(body, "description", description);
        }
        if self.revoked {
            push_raw(body, "revoked", "true");
        }
        if self.labels.iter().any(|label| !label.is_empty()) {
            let labels = self.labels.iter().map(String::as_str).filter(|label| !label.is_empty());
            push_strings(body, "labels", labels);
        }
        let cve = cve.map(|cve| ("cve", cve.value()));
        self.push_references(body, "external_references", cve);
        self.push_marking(body);
    }

    /// Cyber-observable objects have no description, labels or references; as custom properties
    /// (STIX 2.1, section 11.1) what the source said is kept.
    fn push_custom(&self, body: &mut String) {
        if let Some(description) = self.description.as_deref().filter(|text| !text.is_empty()) {
            push_member(body, "x_rempart_description", description);
        }
        if !self.labels.is_empty() {
            push_strings(body, "x_rempart_labels", self.labels.iter().map(String::as_str));
        }
        self.push_references(body, "x_rempart_references", None);
        self.push_marking(body);
    }

    fn push_references(&self, body: &mut String, name: &str, first: Option<(&str, &str)>) {
        let ours = self.references.iter().map(|(place, at)| (place.as_str(), at.as_str()));
        let mut all = first.into_iter().chain(ours).peekable();
        if all.peek().is_none() {
            return;
        }
        push_name(body, name);
        body.push('[');
        for (index, (place, at)) in all.enumerate() {
            body.push_str(if index > 0 { ",{" } else { "{" });
            push_member(body, "source_name", if place.is_empty() { "source" } else { place });
            push_member(body, if at.contains("://") { "url" } else { "external_id" }, at);
            body.push('}');
        }
        body.push(']');
    }

    fn push_marking(&self, body: &mut String) {
        if let Some(tlp) = self.marking.tlp {
            push_strings(body, "object_marking_refs", [tlp_marking_id(tlp)]);
        }
    }

    /// A hash over what the source said. Times that depend on when it was read are left out, so that
    /// reading the same again is the same.
    fn digest(&self, said: [&str; 2]) -> [u8; 16] {
        let mut whole = Vec::with_capacity(1024);
        for part in said {
            whole.extend_from_slice(part.as_bytes());
            whole.push(0);
        }
        for claim in &self.claims {
            whole.extend_from_slice(claim.observable.kind().name().as_bytes());
            whole.push(0);
            whole.extend_from_slice(claim.observable.value().as_bytes());
            whole.extend_from_slice(&[0, claim.stance as u8, claim.category as u8]);
            whole.push(claim.confidence.unwrap_or(u8::MAX));
            for time in [claim.valid_from, claim.valid_until, claim.last_seen] {
                whole.extend_from_slice(&time.map_or(i64::MIN, Timestamp::micros).to_be_bytes());
            }
        }
        if self.marking != Marking::default() {
            whole.extend_from_slice(format!("{:?}", self.marking).as_bytes());
        }
        let hash = ring::digest::digest(&ring::digest::SHA256, &whole);
        let mut digest = [0u8; 16];
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

fn push_time(body: &mut String, name: &str, time: Timestamp) {
    push_name(body, name);
    // Writing to a string cannot fail.
    let _ = write!(body, "\"{time}\"");
}

fn push_id(body: &mut String, id: &StixId) {
    let _ = write!(body, "{id}");
}

/// The id of the OASIS marking definition for a TLP 2.0 label.
pub fn tlp_marking_id(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

/// The TLP of a well-known marking definition in any of the three dialects: OASIS TLP 2.0, TLP 1
/// of the STIX 2.1 standard, and OpenCTI's own AMBER+STRICT.
pub fn tlp_of_marking(uuid: &[u8; 16]) -> Option<Tlp> {
    const KNOWN: [(uuid::Uuid, Tlp); 10] = [
        (uuid::uuid!("94868c89-83c2-464b-929b-a1a8aa3c8487"), Tlp::Clear),
        (uuid::uuid!("bab4a63c-aed9-4cf5-a766-dfca5abac2bb"), Tlp::Green),
        (uuid::uuid!("55d920b0-5e8b-4f79-9ee9-91f868d9b421"), Tlp::Amber),
        (uuid::uuid!("939a9414-2ddd-4d32-a0cd-375ea402b003"), Tlp::AmberStrict),
        (uuid::uuid!("e828b379-4e03-4974-9ac4-e53a884c97c1"), Tlp::Red),
        (uuid::uuid!("613f2e26-407d-48c7-9eca-b8e91df99dc9"), Tlp::Clear),
        (uuid::uuid!("34098fce-860f-48ae-8e50-ebd3cc5e41da"), Tlp::Green),
        (uuid::uuid!("f88d31f6-486f-44da-b317-01333bde0b82"), Tlp::Amber),
        (uuid::uuid!("826578e1-40ad-459f-bc73-ede076f81f37"), Tlp::AmberStrict),
        (uuid::uuid!("5e57c739-391a-4eb3-b6be-7d15ca92d5ed"), Tlp::Red),
    ];
    KNOWN.iter().find(|(known, _)| known.as_bytes() == uuid).map(|(_, tlp)| *tlp)
}

/// A STIX pattern that any of the claims' values matches. Beside values that are judged, those that
/// were only seen with them are left out: they would detect what nobody called malicious.
pub fn pattern(claims: &[Claim]) -> String {
    let mut text = String::with_capacity(96);
    let judged = claims.iter().any(|claim| claim.stance != Stance::Observed);
    for claim in claims.iter().filter(|claim| !judged || claim.stance != Stance::Observed) {
        text.push_str(if text.is_empty() { "[" } else { " OR " });
        terms::push_comparison(&mut text, &claim.observable);
    }
    text.push(']');
    text
}
