//! Turning what did not come as STIX into STIX 2.1, with deterministic ids.

use rempart_model::stix_id::parse_uuid;
use rempart_model::{Claim, Decoded, Hint, Kind, Loss, Marking, Origin, Stance, StixId, Timestamp, Tlp};
use serde_json::{Map, Value, json};

use crate::Context;

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
        let judged = self.claims.iter().any(|claim| claim.stance != Stance::Observed);
        let first = self.claims.first().map(|claim| claim.observable.clone());
        let kind = match &first {
            Some(value) if *value.kind() == Kind::Cve => "vulnerability",
            Some(value) if !judged => sco_type(value.kind()),
            _ => "indicator",
        };
        let pattern = pattern(&self.claims);
        let identity = if self.key.is_empty() { pattern.as_str() } else { self.key };
        let restricted = self.marking.tlp.unwrap_or(context.unmarked) > Tlp::Green
            || self.marking.unknown
            || self.marking.recipients.is_some();
        let id = context.minter.id(kind, &[context.source, kind, identity], restricted);
        let version = self.version.or(self.created).unwrap_or(context.now);
        let created = self.created.unwrap_or(version).min(version);

        let mut body = Map::new();
        body.insert("type".into(), kind.into());
        body.insert("spec_version".into(), "2.1".into());
        body.insert("id".into(), id.to_string().into());
        let sco = kind != "indicator" && kind != "vulnerability" && kind != "x-rempart-observable";
        if !sco {
            body.insert("created".into(), created.to_string().into());
            body.insert("modified".into(), version.to_string().into());
        }
        let value = first.as_ref().map(|value| value.value()).unwrap_or_default();
        match kind {
            "indicator" => {
                body.insert("name".into(), self.name.clone().unwrap_or_else(|| value.to_owned()).into());
                let types = if self.claims.iter().any(|claim| claim.stance == Stance::Malicious) {
                    "malicious-activity"
                } else {
                    "benign"
                };
                body.insert("indicator_types".into(), json!([types]));
                body.insert("pattern".into(), pattern.clone().into());
                body.insert("pattern_type".into(), "stix".into());
                body.insert("pattern_version".into(), "2.1".into());
                let from = self.claims.iter().filter_map(|claim| claim.valid_from).min().unwrap_or(created);
                body.insert("valid_from".into(), from.to_string().into());
                let until = self.claims.iter().filter_map(|claim| claim.valid_until).max();
                if let Some(until) = until.filter(|until| *until > from) {
                    body.insert("valid_until".into(), until.to_string().into());
                }
                if let Some(confidence) = self.claims.iter().filter_map(|claim| claim.confidence).max() {
                    body.insert("confidence".into(), confidence.min(100).into());
                }
            }
            "vulnerability" => {
                body.insert("name".into(), value.into());
                body.insert(
                    "external_references".into(),
                    json!([{ "source_name": "cve", "external_id": value }]),
                );
            }
            _ => {
                for (name, property) in sco_properties(first.as_ref().map(|v| v.kind()), value) {
                    body.insert(name.into(), property);
                }
            }
        }
        if !sco {
            if let Some(description) = &self.description {
                body.insert("description".into(), description.as_str().into());
            }
            if self.revoked {
                body.insert("revoked".into(), true.into());
            }
            if !self.labels.is_empty() {
                body.insert("labels".into(), json!(self.labels));
            }
            if !self.references.is_empty() {
                let list = body.entry("external_references").or_insert_with(|| json!([]));
                if let Value::Array(list) = list {
                    list.extend(self.references.iter().map(|(place, at)| {
                        let field = if at.contains("://") { "url" } else { "external_id" };
                        json!({ "source_name": place, field: at })
                    }));
                }
            }
        } else {
            // Cyber-observable objects have none of these; as custom properties (STIX 2.1, section
            // 11.1) what the source said is kept.
            if let Some(description) = &self.description {
                body.insert("x_rempart_description".into(), description.as_str().into());
            }
            if !self.labels.is_empty() {
                body.insert("x_rempart_labels".into(), json!(self.labels));
            }
            if !self.references.is_empty() {
                let list = self
                    .references
                    .iter()
                    .map(|(place, at)| json!({ "source_name": place, "reference": at }));
                body.insert("x_rempart_references".into(), list.collect());
            }
        }
        if let Some(tlp) = self.marking.tlp {
            body.insert("object_marking_refs".into(), json!([tlp_marking_id(tlp)]));
        }

        // The digest leaves out the object's own times, so that reading the same again is the same.
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        for (name, property) in &body {
            let dated = matches!(name.as_str(), "created" | "modified");
            let dated_by_intake = name == "valid_from" && self.claims.iter().all(|c| c.valid_from.is_none());
            if !dated && !dated_by_intake {
                hash.update(name.as_bytes());
                hash.update(property.to_string().as_bytes());
            }
        }
        hash.update(format!("{:?}{:?}", self.claims, self.marking).as_bytes());
        let mut digest = [0u8; 16];
        digest.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);

        Decoded {
            id,
            version,
            body: Value::Object(body).to_string().into_bytes(),
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
    const KNOWN: [(&str, Tlp); 10] = [
        ("94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
        ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
        ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
        ("939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
        ("e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
        ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
        ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
        ("f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
        ("826578e1-40ad-459f-bc73-ede076f81f37", Tlp::AmberStrict),
        ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ];
    KNOWN.iter().find(|(text, _)| parse_uuid(text).as_ref() == Some(uuid)).map(|(_, tlp)| *tlp)
}

/// A STIX pattern that any of the claims' values matches.
pub fn pattern(claims: &[Claim]) -> String {
    let mut text = String::with_capacity(96);
    for claim in claims {
        text.push_str(if text.is_empty() { "[" } else { " OR " });
        let value = claim.observable.value();
        let path = match claim.observable.kind() {
            Kind::Domain => "domain-name:value",
            Kind::Url => "url:value",
            Kind::Ipv4 => "ipv4-addr:value",
            Kind::Ipv6 => "ipv6-addr:value",
            Kind::Cidr if value.contains(':') => "ipv6-addr:value",
            Kind::Cidr => "ipv4-addr:value",
            Kind::Email => "email-addr:value",
            Kind::Md5 => "file:hashes.MD5",
            Kind::Sha1 => "file:hashes.'SHA-1'",
            Kind::Sha256 => "file:hashes.'SHA-256'",
            Kind::Sha512 => "file:hashes.'SHA-512'",
            Kind::Asn => {
                text.push_str("autonomous-system:number = ");
                text.push_str(value.trim_start_matches("AS"));
                continue;
            }
            Kind::Cve => "vulnerability:name",
            Kind::Other(name) => match &**name {
                "mutex" => "mutex:name",
                "filename" | "file-name" => "file:name",
                "windows-registry-key" | "regkey" => "windows-registry-key:key",
                "user-agent" => "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
                _ => {
                    let plain: String = name
                        .chars()
                        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
                        .collect();
                    text.push_str("x-");
                    text.push_str(if plain.is_empty() { "value" } else { &plain });
                    text.push_str(":value = ");
                    push_quoted(&mut text, value);
                    continue;
                }
            },
        };
        text.push_str(path);
        text.push_str(" = ");
        push_quoted(&mut text, value);
    }
    text.push(']');
    text
}

fn push_quoted(text: &mut String, value: &str) {
    text.push('\'');
    for character in value.chars() {
        if matches!(character, '\'' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('\'');
}

fn sco_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Domain => "domain-name",
        Kind::Url => "url",
        Kind::Ipv4 => "ipv4-addr",
        Kind::Ipv6 => "ipv6-addr",
        Kind::Cidr => "ipv4-addr",
        Kind::Email => "email-addr",
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => "file",
        Kind::Asn => "autonomous-system",
        Kind::Cve => "vulnerability",
        Kind::Other(name) => match &**name {
            "mutex" => "mutex",
            "filename" | "file-name" => "file",
            "windows-registry-key" | "regkey" => "windows-registry-key",
            _ => "x-rempart-observable",
        },
    }
}

fn sco_properties(kind: Option<&Kind>, value: &str) -> Vec<(&'static str, Value)> {
    let Some(kind) = kind else { return Vec::new() };
    match kind {
        Kind::Md5 => vec![("hashes", json!({ "MD5": value }))],
        Kind::Sha1 => vec![("hashes", json!({ "SHA-1": value }))],
        Kind::Sha256 => vec![("hashes", json!({ "SHA-256": value }))],
        Kind::Sha512 => vec![("hashes", json!({ "SHA-512": value }))],
        Kind::Asn => {
            vec![("number", value.trim_start_matches("AS").parse::<u32>().unwrap_or_default().into())]
        }
        Kind::Other(name) => match &**name {
            "mutex" | "filename" | "file-name" => vec![("name", value.into())],
            "windows-registry-key" | "regkey" => vec![("key", value.into())],
            other => vec![("kind", other.into()), ("value", value.into())],
        },
        _ => vec![("value", value.into())],
    }
}
