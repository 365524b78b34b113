//! Looking up what sensors meet: many values in one call, each with what is above it.

use std::collections::HashMap;

use rempart_model::observable::address;
use rempart_model::{Kind, Observable};
use rempart_store::{AssessmentRow, Role, Scopes};
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::ask::observable;
use crate::error::ServiceError;
use crate::index::View;

/// Most values of one call.
pub const MAX_LOOKUPS: usize = 100_000;
/// Most beginnings of a URL's path that are looked at.
const MAX_PATHS: usize = 16;
/// Observables that are read at a time.
const AT_A_TIME: usize = 10_000;

/// What is known of one value that was looked up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookedUp {
    /// The value as it was asked.
    pub value: String,
    /// Whether it, or something above it, is listed.
    pub listed: bool,
    /// What is listed: the value itself, or what is above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
    /// Why the value cannot be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matched {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its canonical form.
    pub value: String,
    /// Probability that it is malicious.
    pub probability: f32,
    /// RSIT category.
    pub category: &'static str,
    /// The strictest marking of what this rests on.
    pub tlp: &'static str,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

impl App {
    /// What the caller may know of each value or of what is above it (parent domains, networks around an
    /// address, beginnings of a URL), in order. A member is told what it may look for; what it may not see is
    /// not there.
    ///
    /// # Errors
    /// Where the caller may not read, or asks for too many values.
    pub fn lookup(&self, caller: &Caller, values: &[String]) -> Result<Vec<LookedUp>, ServiceError> {
        let member = match caller {
            Caller::Person(_) => {
                caller.require(Role::Reader)?;
                None
            }
            Caller::Member { member, scopes, .. } if scopes.allow(Scopes::READ) => Some(&**member),
            Caller::Member { .. } => return Err(ServiceError::Forbidden("this key may not read".into())),
        };
        if values.len() > MAX_LOOKUPS {
            return Err(ServiceError::Invalid(format!("at most {MAX_LOOKUPS} values at a time")));
        }
        let parsed: Vec<Result<Observable, String>> = values.iter().map(|value| observable(value)).collect();
        let networks = match parsed.iter().flatten().any(is_address) {
            true => Networks::new(self.store.networks()?),
            false => Networks::default(),
        };
        let above: Vec<Vec<Observable>> = parsed
            .iter()
            .map(|parsed| parsed.as_ref().map(|value| itself_and_above(value, &networks)).unwrap_or_default())
            .collect();
        let mut known: HashMap<&Observable, Option<Matched>> = HashMap::new();
        let mut wanted: Vec<&Observable> = above.iter().flatten().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let view = View::new(self, member);
        for chunk in wanted.chunks(AT_A_TIME) {
            let asked: Vec<Observable> = chunk.iter().map(|observable| (*observable).clone()).collect();
            for (observable, row) in chunk.iter().zip(self.store.observables(&asked)?) {
                let seen = row.map(|row| view.seen(&row)).transpose()?.flatten();
                let listed = seen.filter(|(seen, _)| view.counts(seen));
                let told = listed.map(|(seen, claims)| matched(observable, &seen, view.tlp(&claims).name()));
                known.insert(observable, told);
            }
        }
        let answer =
            |(value, (parsed, above)): (&String, (&Result<Observable, String>, &Vec<Observable>))| {
                let matched = above.iter().find_map(|observable| known.get(observable)?.clone());
                LookedUp {
                    value: value.clone(),
                    listed: matched.is_some(),
                    matched,
                    error: parsed.as_ref().err().cloned(),
                }
            };
        Ok(values.iter().zip(parsed.iter().zip(&above)).map(answer).collect())
    }
}

fn matched(observable: &Observable, seen: &AssessmentRow, tlp: &'static str) -> Matched {
    Matched {
        kind: observable.kind().name().to_owned(),
        value: observable.value().to_owned(),
        probability: seen.probability,
        category: seen.category.name(),
        tlp,
        valid_until: seen.valid_until.map(|until| until.to_string()),
    }
}

fn is_address(observable: &Observable) -> bool {
    matches!(observable.kind(), Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr)
}

/// Networks, sorted so that those around an address are found.
#[derive(Default)]
struct Networks {
    /// First and last address, and the widest last address so far.
    ranges: Vec<(u128, u128, u128, Observable)>,
}

impl Networks {
    fn new(networks: Vec<Observable>) -> Self {
        let mut ranges: Vec<_> = networks
            .into_iter()
            .filter_map(|network| address::range(&network).map(|(first, last)| (first, last, last, network)))
            .collect();
        ranges.sort_unstable_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
        let mut widest = 0;
        for range in &mut ranges {
            widest = range.1.max(widest);
            range.2 = widest;
        }
        Self { ranges }
    }

    /// The networks around an address or network, narrowest first.
    fn around(&self, observable: &Observable) -> Vec<Observable> {
        let Some((first, last)) = address::range(observable) else { return Vec::new() };
        let end = self.ranges.partition_point(|range| range.0 <= first);
        let before = self.ranges.get(..end).unwrap_or_default().iter().rev();
        before
            .take_while(|range| range.2 >= last)
            .filter(|range| range.1 >= last && range.3 != *observable)
            .map(|range| range.3.clone())
            .collect()
    }
}

/// The value, then what is above it, nearest first.
fn itself_and_above(observable: &Observable, networks: &Networks) -> Vec<Observable> {
    let mut all = vec![observable.clone()];
    match observable.kind() {
        Kind::Domain => all.extend(parents(observable.value())),
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => all.extend(networks.around(observable)),
        Kind::Url => all.extend(beginnings(observable.value())),
        _ => {}
    }
    all
}

fn parents(name: &str) -> impl Iterator<Item = Observable> + '_ {
    let dots = name.match_indices('.').filter_map(|(at, _)| name.get(at + 1..));
    dots.filter(|parent| parent.contains('.')).map(|parent| Observable::from_canonical(Kind::Domain, parent))
}

/// The same URL without its query, and the folders above it on the same host.
fn beginnings(url: &str) -> Vec<Observable> {
    let start = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(..url.find(['?', '#']).unwrap_or(url.len())).unwrap_or(url);
    let mut found = Vec::new();
    if path.len() < url.len() {
        found.push(path);
    }
    let host = path.get(start..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| start + at);
    let mut end = path.len();
    while let Some(slash) = path.get(host..end).and_then(|rest| rest.rfind('/')) {
        let with = path.get(..host + slash + 1).unwrap_or_default();
        let without = path.get(..host + slash).unwrap_or_default();
        found.extend([with, without].into_iter().filter(|part| part.len() < path.len()));
        end = host + slash;
        if found.len() >= MAX_PATHS {
            break;
        }
    }
    found.into_iter().map(|part| Observable::from_canonical(Kind::Url, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_a_value_is_what_holds_it() {
        let networks =
            ["198.51.0.0/16", "198.51.100.0/24", "198.51.100.128/25", "2001:db8::/32", "203.0.113.0/24"]
                .map(|text| Observable::parse(&Kind::Cidr, text).unwrap());
        let networks = Networks::new(networks.to_vec());
        for (value, above) in [
            ("www.evil.co.example", &["evil.co.example", "co.example"][..]),
            ("198.51.100.7", &["198.51.100.0/24", "198.51.0.0/16"]),
            ("198.51.100.200", &["198.51.100.128/25", "198.51.100.0/24", "198.51.0.0/16"]),
            ("198.51.100.0/24", &["198.51.0.0/16"]),
            ("203.0.112.255", &[]),
            ("2001:db8::1", &["2001:db8::/32"]),
            (
                "http://evil.example/a/b?x=1",
                &[
                    "http://evil.example/a/b",
                    "http://evil.example/a/",
                    "http://evil.example/a",
                    "http://evil.example/",
                    "http://evil.example",
                ],
            ),
        ] {
            let all = itself_and_above(&Observable::guess(value).unwrap(), &networks);
            let texts: Vec<&str> = all.iter().map(Observable::value).collect();
            assert_eq!((texts[0], &texts[1..]), (value, above), "{value}");
        }
    }
}
