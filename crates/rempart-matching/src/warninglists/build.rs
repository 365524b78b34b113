//! Reading warninglists: MISP's JSON, and the bundled selection.
//!
//! The bundle is zstd of plain text: a line `@{"name":…,"type":…,"category":…,"matching_attributes":[…]}`
//! begins a list, and each line up to the next one is a value.

use std::io::Read;
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use rempart_model::{Kind, Observable};
use serde::{Deserialize, Serialize};

use super::{Effect, Kinds, Needles, Warninglist, Warninglists};
use crate::names::Names;
use crate::place;
use crate::ranges::Overlaps;

/// Why a warninglist cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WarninglistError {
    /// Not the JSON of a MISP warninglist.
    #[error("not a MISP warninglist: {0}")]
    Json(#[from] serde_json::Error),
    /// The bundle is damaged.
    #[error("the bundled warninglists are damaged: {0}")]
    Bundle(&'static str),
}

/// Something of a list that cannot be used, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The list.
    pub list: Box<str>,
    /// How many of its values are left out.
    pub entries: usize,
    /// Why.
    pub reason: &'static str,
}

/// A warninglist as MISP writes it.
#[derive(Debug, Deserialize)]
struct MispList {
    name: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    matching_attributes: Vec<String>,
    list: Vec<serde_json::Value>,
}

/// The line that begins a list in the bundle.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    category: String,
    matching_attributes: Vec<String>,
}

struct Raw {
    head: Head,
    /// One value a line.
    values: String,
}

/// Gathers lists. A list replaces an earlier one of the same name, so that an operator can renew
/// what is bundled.
#[derive(Default)]
pub struct Builder {
    lists: Vec<Raw>,
}

/// No bundle is larger than this when it is unpacked.
const MAX_UNPACKED: u64 = 64 << 20;

impl Builder {
    /// No list yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the bundled selection.
    pub fn bundled(&mut self) -> Result<&mut Self, WarninglistError> {
        self.bundle(crate::bundled::WARNINGLISTS)
    }

    /// Adds the lists of a bundle that [`Builder::to_bundle`] wrote.
    pub fn bundle(&mut self, bytes: &[u8]) -> Result<&mut Self, WarninglistError> {
        let mut text = String::new();
        zstd::Decoder::new(bytes)
            .and_then(|decoder| decoder.take(MAX_UNPACKED + 1).read_to_string(&mut text))
            .map_err(|_| WarninglistError::Bundle("not zstd of text"))?;
        if text.len() as u64 > MAX_UNPACKED {
            return Err(WarninglistError::Bundle("larger than any selection"));
        }
        let Some(text) = text.strip_prefix('@') else {
            return if text.is_empty() { Ok(self) } else { Err(WarninglistError::Bundle("no first list")) };
        };
        for part in text.split("\n@") {
            let (head, values) = part.split_once('\n').unwrap_or((part, ""));
            self.put(Raw { head: serde_json::from_str(head)?, values: values.to_owned() });
        }
        Ok(self)
    }

    /// Adds one list from the JSON that MISP publishes (`list.json`). `effect` overrides what the
    /// list itself says; where neither says anything it is for false positives, as in MISP.
    pub fn misp_json(&mut self, json: &[u8], effect: Option<Effect>) -> Result<&mut Self, WarninglistError> {
        let list: MispList = serde_json::from_slice(json)?;
        let stated = match list.category.as_deref() {
            Some(text) if text.to_ascii_lowercase().starts_with("known") => Effect::Known,
            _ => Effect::FalsePositive,
        };
        let mut values = String::new();
        for value in list.list.iter().filter_map(serde_json::Value::as_str) {
            // A line break would end the value; no value of a list has one.
            if !value.trim().is_empty() && !value.contains('\n') {
                values.push_str(value.trim());
                values.push('\n');
            }
        }
        self.put(Raw {
            head: Head {
                name: list.name.replace('\n', " "),
                kind: list.kind.unwrap_or_else(|| "string".to_owned()),
                category: effect.unwrap_or(stated).name().to_owned(),
                matching_attributes: list.matching_attributes,
            },
            values,
        });
        Ok(self)
    }

    fn put(&mut self, raw: Raw) {
        match self.lists.iter_mut().find(|known| known.head.name == raw.head.name) {
            Some(known) => *known = raw,
            None => self.lists.push(raw),
        }
    }

    /// Writes all the lists as one bundle.
    pub fn to_bundle(&self) -> Result<Vec<u8>, WarninglistError> {
        let mut text = String::new();
        for raw in &self.lists {
            text.push('@');
            text.push_str(&serde_json::to_string(&raw.head)?);
            text.push('\n');
            // A value that begins with `@` would begin a list.
            for value in raw.values.lines().filter(|value| !value.starts_with('@')) {
                text.push_str(value);
                text.push('\n');
            }
        }
        zstd::encode_all(text.as_bytes(), 19).map_err(|_| WarninglistError::Bundle("cannot be compressed"))
    }

    /// Makes the index.
    pub fn build(self) -> Warninglists {
        let mut index = Index::default();
        let bytes: usize = self.lists.iter().map(|raw| raw.values.len()).sum();
        index.names.reserve(bytes / 24, bytes / 2);
        let mut lists = Vec::with_capacity(self.lists.len());
        for (number, raw) in (0u32..).zip(self.lists) {
            let kinds = kinds(&raw.head);
            let entries = index.put(number, &raw, kinds);
            let effect = if raw.head.category == "known" { Effect::Known } else { Effect::FalsePositive };
            lists.push(Warninglist { name: raw.head.name.into(), effect, entries, kinds });
        }
        let needles = index.needles.into_iter().filter_map(|(kinds, words)| {
            let (needles, lists): (Vec<String>, Vec<u32>) = words.into_iter().unzip();
            // It fails only beyond 2^31 bytes of needles, where there is nothing better to do.
            let search = AhoCorasick::builder().ascii_case_insensitive(true).build(&needles).ok()?;
            Some(Needles { kinds, search, lists })
        });
        Warninglists {
            needles: needles.collect(),
            lists,
            names: index.names,
            v4: Overlaps::new(&index.v4),
            v6: Overlaps::new(&index.v6),
            skipped: index.skipped,
        }
    }
}

#[derive(Default)]
struct Index {
    names: Names,
    v4: Vec<(u32, u32, u32)>,
    v6: Vec<(u128, u128, u32)>,
    /// What to look for, and the list it is of, for each set of kinds.
    needles: Vec<(Kinds, Vec<(String, u32)>)>,
    skipped: Vec<Skipped>,
}

impl Index {
    /// Takes the values of a list in and returns how many they are.
    fn put(&mut self, list: u32, raw: &Raw, kinds: Kinds) -> usize {
        let values = raw.values.lines();
        let mut skip = |entries: usize, reason| {
            if entries > 0 {
                self.skipped.push(Skipped { list: raw.head.name.as_str().into(), entries, reason });
            }
        };
        match raw.head.kind.as_str() {
            "cidr" => {
                let (mut good, mut bad) = (0, 0);
                for value in values {
                    match place::network(value) {
                        Some((IpAddr::V4(a), IpAddr::V4(b))) => {
                            self.v4.push((a.to_bits(), b.to_bits(), list))
                        }
                        Some((IpAddr::V6(a), IpAddr::V6(b))) => {
                            match (a.to_ipv4_mapped(), b.to_ipv4_mapped()) {
                                (Some(a), Some(b)) => self.v4.push((a.to_bits(), b.to_bits(), list)),
                                _ => self.v6.push((a.to_bits(), b.to_bits(), list)),
                            }
                        }
                        _ => {
                            bad += 1;
                            continue;
                        }
                    }
                    good += 1;
                }
                skip(bad, "not an address or a network");
                good
            }
            "hostname" => values.map(|value| self.name(list, value, true)).count(),
            "string" => values.map(|value| self.name(list, value, false)).count(),
            "substring" => {
                let words: Vec<(String, u32)> = values.map(|value| (value.to_owned(), list)).collect();
                let count = words.len();
                match self.needles.iter_mut().find(|(known, _)| *known == kinds) {
                    Some((_, known)) => known.extend(words),
                    None => self.needles.push((kinds, words)),
                }
                count
            }
            "regex" => {
                skip(values.count(), "regular expressions are not evaluated");
                0
            }
            _ => {
                skip(values.count(), "of a type that is not known");
                0
            }
        }
    }

    /// Puts a name in; one that is written with a dot in front covers what is below it fully.
    fn name(&mut self, list: u32, value: &str, below: bool) {
        let trimmed = value.trim_start_matches("*.").trim_start_matches('.');
        let dotted = trimmed.len() < value.len();
        let flags = u32::from(below || dotted) | u32::from(dotted) << 1;
        let entry = list << 2 | flags;
        let trimmed = trimmed.trim_end_matches('.');
        if trimmed.is_ascii() {
            if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
                self.names.insert(&trimmed.to_ascii_lowercase(), entry);
            } else {
                self.names.insert(trimmed, entry);
            }
        } else if let Ok(name) = Observable::parse(&Kind::Domain, trimmed) {
            self.names.insert(name.value(), entry);
        } else {
            self.names.insert(trimmed, entry);
        }
    }
}

/// The kinds that a list's MISP attribute types stand for; all where it names none.
fn kinds(head: &Head) -> Kinds {
    if head.matching_attributes.is_empty() {
        return Kinds::ALL;
    }
    let one = |part: &str| match part {
        "domain" | "hostname" => Kinds::DOMAIN,
        "url" | "uri" | "link" => Kinds::URL,
        "ip-src" | "ip-dst" | "ip" => Kinds::ADDRESS,
        "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" => Kinds::HASH,
        part if part.contains("email") => Kinds::EMAIL,
        part if part.contains("fingerprint") => Kinds(Kinds::HASH.0 | Kinds::OTHER.0),
        _ => Kinds::OTHER,
    };
    let mut bits = 0;
    for attribute in &head.matching_attributes {
        bits |= match attribute.split_once('|') {
            // Of a pair of name and address, each list means the half that it can hold.
            Some(("domain", "ip")) if head.kind == "cidr" => Kinds::ADDRESS.0,
            Some(("domain", "ip")) => Kinds::DOMAIN.0,
            Some((first, "port")) => one(first).0,
            Some((first, second)) => one(first).0 | one(second).0,
            None => one(attribute).0,
        };
    }
    Kinds(bits)
}
