//! What a STIX object asserts about observables.

use std::borrow::Cow;

use rempart_model::{Category, Claim, Kind, Loss, Observable, Stance};

use super::category::category_of;
use super::object::{Object, Reason, loss, shorten};
use super::pattern::paths::{self, Meaning};
use super::{pattern, rules, upgrade};
use crate::json::Members;
use crate::json::members::{elements, text, texts};

/// Most parts of one pattern that are listed as not understood.
const MOST_LOSSES: usize = 16;

/// The claims of an object; none for those that only give context.
pub(super) fn of_object(object: &Object<'_>, losses: &mut Vec<Loss>) -> Result<Vec<Claim>, Reason> {
    match &*object.kind {
        "indicator" => indicator(object, losses),
        "observed-data" => observed_data(object, losses),
        "vulnerability" => Ok(vulnerability(object)),
        kind if rules::is_observable(kind) => {
            Ok(of_observable(kind, &object.members, losses).into_iter().map(observed).collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn observed(observable: Observable) -> Claim {
    Claim { stance: Stance::Observed, ..Claim::malicious(observable) }
}

fn indicator(object: &Object<'_>, losses: &mut Vec<Loss>) -> Result<Vec<Claim>, Reason> {
    let valid_from = object.time("valid_from")?;
    let valid_until = object.time("valid_until")?;
    if valid_until.is_some() && valid_until <= valid_from {
        losses.push(loss("valid_until", "is not after valid_from, so the indicator never held"));
    }
    let Some(text) = object.text("pattern") else { return Err("its pattern is not a string".into()) };
    let kind = object.text("pattern_type").unwrap_or(Cow::Borrowed("stix"));
    if kind != "stix" {
        losses
            .push(loss("pattern", format!("is kept, but gives no claims: it is of type {}", shorten(&kind))));
        return Ok(Vec::new());
    }
    let extracted = match pattern::read(&text) {
        Ok(extracted) => extracted,
        Err(error) => {
            losses.push(loss("pattern", format!("is kept, but gives no claims: {error}")));
            return Ok(Vec::new());
        }
    };
    for part in extracted.not_understood.iter().take(MOST_LOSSES) {
        losses.push(loss("pattern", format!("is kept, but a part gives no claim: {}", shorten(part))));
    }
    if extracted.malicious.is_empty() {
        return Ok(Vec::new());
    }
    let words = Words::of(object);
    let category = category_of(words.all());
    let stance = words.stance();
    let confidence = confidence(object, losses);
    let claim = |observable| Claim {
        stance,
        category,
        confidence,
        valid_from,
        valid_until,
        ..Claim::malicious(observable)
    };
    Ok(extracted.malicious.into_iter().map(claim).collect())
}

/// The words of an object that tell its category, the most telling ones first.
struct Words<'a> {
    types: Vec<Cow<'a, str>>,
    labels: Vec<Cow<'a, str>>,
    phases: Vec<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Words<'a> {
    fn of(object: &Object<'a>) -> Self {
        let list =
            |name: &str| object.members.get(name).map(|list| texts(list).collect()).unwrap_or_default();
        let phases = object.members.get("kill_chain_phases").map(|list| {
            let phase = |phase| Members::parse(phase, usize::MAX).ok()?.text("phase_name");
            elements(list).filter_map(phase).collect()
        });
        Self {
            types: list("indicator_types"),
            labels: list("labels"),
            phases: phases.unwrap_or_default(),
            name: object.text("name"),
        }
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let lists = self.types.iter().chain(&self.labels).chain(&self.phases);
        lists.map(AsRef::as_ref).chain(self.name.as_deref())
    }

    /// An indicator is for detection, unless it says that what it finds is harmless.
    fn stance(&self) -> Stance {
        let says =
            |word: &str| self.types.iter().chain(&self.labels).any(|found| found.eq_ignore_ascii_case(word));
        if says("benign") && !says("malicious-activity") { Stance::Benign } else { Stance::Malicious }
    }
}

fn confidence(object: &Object<'_>, losses: &mut Vec<Loss>) -> Option<u8> {
    let value = object.members.get("confidence").filter(|value| *value != "null")?;
    let confidence = value.parse::<u8>().ok().filter(|confidence| *confidence <= 100);
    if confidence.is_none() {
        losses.push(loss("confidence", "is not a whole number from 0 to 100"));
    }
    confidence
}

/// Observed data of STIX 2.0, or of 2.1 in the deprecated form, holds what was observed; so does what
/// was made from it here.
fn observed_data(object: &Object<'_>, losses: &mut Vec<Loss>) -> Result<Vec<Claim>, Reason> {
    let first = object.time("first_observed")?;
    let last = object.time("last_observed")?;
    let inside = object.members.get("objects").or_else(|| object.members.get(upgrade::EMBEDDED));
    let inside = inside.and_then(|json| Members::parse(json, usize::MAX).ok());
    let mut claims: Vec<Claim> = Vec::new();
    for (_, json) in inside.iter().flat_map(Members::iter) {
        let Ok(members) = Members::parse(json, usize::MAX) else { continue };
        let Some(kind) = members.text("type") else { continue };
        for observable in of_observable(&kind, &members, losses) {
            if !claims.iter().any(|claim| claim.observable == observable) {
                claims.push(Claim { valid_from: first, last_seen: last, ..observed(observable) });
            }
        }
    }
    Ok(claims)
}

fn vulnerability(object: &Object<'_>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut take = |text: Option<Cow<'_, str>>| {
        let cve = text.and_then(|text| Observable::parse(&Kind::Cve, &text).ok());
        if let Some(cve) = cve.filter(|cve| !claims.iter().any(|claim| claim.observable == *cve)) {
            claims.push(Claim { category: Category::VulnerableSystem, ..observed(cve) });
        }
    };
    take(object.text("name"));
    for reference in object.members.get("external_references").map(elements).into_iter().flatten() {
        let reference = Members::parse(reference, usize::MAX).unwrap_or_default();
        if reference.text("source_name").is_some_and(|name| name.eq_ignore_ascii_case("cve")) {
            take(reference.text("external_id"));
        }
    }
    claims
}

/// The observables of a cyber-observable object. Beside a value that speaks for itself, those that
/// do not (a file's name beside its hash) are left out.
fn of_observable(kind: &str, members: &Members<'_>, losses: &mut Vec<Loss>) -> Vec<Observable> {
    if kind == "x-rempart-observable" {
        let (name, value) =
            (members.text("kind").unwrap_or_default(), members.text("value").unwrap_or_default());
        return Observable::parse(&Kind::from_name(&name), &value).into_iter().collect();
    }
    let (mut strong, mut weak) = (Vec::new(), Vec::new());
    if let Some(hashes) = members.get("hashes").and_then(|json| Members::parse(json, usize::MAX).ok()) {
        for (algorithm, value) in hashes.iter() {
            let kind = if kind == "x509-certificate" {
                paths::fingerprint(algorithm)
            } else {
                paths::hash(algorithm)
            };
            match (kind, text(value)) {
                (Some(kind), Some(value)) => match Observable::parse(&kind, &value) {
                    Ok(observable) => strong.push(observable),
                    Err(error) => losses.push(loss("hashes", format!("{algorithm} {error}"))),
                },
                _ => losses.push(loss("hashes", format!("{} is not known", shorten(algorithm)))),
            }
        }
    }
    for name in ["value", "number", "key", "name", "path", "url", "account_login", "user_id", "subject"] {
        let Some(json) = members.get(name) else { continue };
        let (meaning, value) = (paths::meaning(kind, name), text(json));
        let value = value.as_deref().unwrap_or(json);
        let found = match &meaning {
            Meaning::Strong(of) => (paths::read(of, value), &mut strong),
            Meaning::Weak(of) => (paths::read(of, value), &mut weak),
            Meaning::Host => (paths::host_like(value), &mut strong),
            Meaning::Type | Meaning::Nothing => continue,
        };
        match found {
            (Some(observable), list) => list.push(observable),
            (None, _) => {
                losses.push(loss(name, format!("is not a value of {kind}: {}", shorten(value))));
            }
        }
    }
    if strong.is_empty() { weak } else { strong }
}
