//! Which values make a pattern match.

use rempart_model::{Kind, Observable};

use super::ast::{Comparison, Literal, Observation, Operator, Path, Pattern, Test};
use super::paths::{self, Meaning};

/// What a pattern says of observables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extracted {
    /// The values that make the pattern match, by themselves or as one of several, in the order in
    /// which they are first named.
    pub malicious: Vec<Observable>,
    /// The parts that are not understood, as they are written in the pattern.
    pub not_understood: Vec<String>,
}

/// What one part of a pattern needs to match.
#[derive(Default)]
struct Needs {
    strong: Vec<Observable>,
    weak: Vec<Observable>,
}

/// Values by which a pattern matches. Equality counts (`=`, `IN`, `ISSUBSET` of a network, `LIKE`
/// without wildcards); what is negated does not. Of several values that must come together all
/// count, but those that are weak only where no strong one is beside them.
pub fn observables(pattern: &Pattern) -> Extracted {
    let mut not_understood = Vec::new();
    let needs = of_observation(&pattern.root, &mut not_understood);
    let mut malicious = Vec::with_capacity(needs.strong.len() + needs.weak.len());
    let mut seen = std::collections::HashSet::new();
    for observable in needs.strong.into_iter().chain(needs.weak) {
        if malicious.len() < 8 {
            if !malicious.contains(&observable) {
                malicious.push(observable);
            }
            continue;
        }
        if seen.is_empty() {
            seen.extend(malicious.iter().cloned());
        }
        if seen.insert(observable.clone()) {
            malicious.push(observable);
        }
    }
    Extracted { malicious, not_understood }
}

impl Needs {
    /// Both must be met: the weak values of either only count where there is no strong one.
    fn and(parts: impl Iterator<Item = Needs>) -> Self {
        let mut all = Self::or(parts);
        if !all.strong.is_empty() {
            all.weak.clear();
        }
        all
    }

    /// One of them must be met.
    fn or(parts: impl Iterator<Item = Needs>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.strong.extend(part.strong);
            all.weak.extend(part.weak);
        }
        all
    }
}

fn of_observation(observation: &Observation, lost: &mut Vec<String>) -> Needs {
    match observation {
        Observation::Single(comparison) => of_comparison(comparison, lost),
        Observation::And(list) | Observation::FollowedBy(list) => {
            Needs::and(list.iter().map(|one| of_observation(one, lost)))
        }
        Observation::Or(list) => Needs::or(list.iter().map(|one| of_observation(one, lost))),
        Observation::Qualified(inner, qualifier) => {
            let needs = of_observation(inner, lost);
            lost.push(qualifier.to_string());
            needs
        }
    }
}

fn of_comparison(comparison: &Comparison, lost: &mut Vec<String>) -> Needs {
    match comparison {
        Comparison::And(list) => Needs::and(list.iter().map(|one| of_comparison(one, lost))),
        Comparison::Or(list) => Needs::or(list.iter().map(|one| of_comparison(one, lost))),
        Comparison::Exists(..) => {
            lost.push(comparison.to_string());
            Needs::default()
        }
        Comparison::Test(test) => of_test(test, lost),
    }
}

fn of_test(test: &Test, lost: &mut Vec<String>) -> Needs {
    let mut needs = Needs::default();
    let property = property(&test.path);
    let meaning = paths::meaning(&test.path.object, &property);
    if meaning == Meaning::Type && test.operator == Operator::Equal && !test.negated {
        return needs;
    }
    let counts = !test.negated
        && match test.operator {
            Operator::Equal | Operator::In => true,
            Operator::IsSubset => matches!(meaning, Meaning::Strong(Kind::Ipv4) | Meaning::Host),
            Operator::Like => {
                matches!(test.values.first(), Some(Literal::Text(text)) if !text.contains(['%', '_']))
            }
            _ => false,
        };
    if !counts {
        lost.push(test.to_string());
        return needs;
    }
    for value in &test.values {
        let number;
        let text = match value {
            Literal::Text(text) => &**text,
            Literal::Hex(text) => &**text,
            Literal::Integer(value) => {
                number = value.to_string();
                &number
            }
            _ => "",
        };
        match read(&meaning, text) {
            Some((observable, true)) => needs.strong.push(observable),
            Some((observable, false)) => needs.weak.push(observable),
            None if test.values.len() == 1 => lost.push(test.to_string()),
            None => {
                let alone = Test { values: vec![value.clone()], operator: Operator::Equal, ..test.clone() };
                lost.push(alone.to_string());
            }
        }
    }
    needs
}

/// Reads the value of a property: the observable, and whether it is a strong one.
pub(super) fn read(meaning: &Meaning, text: &str) -> Option<(Observable, bool)> {
    match meaning {
        Meaning::Strong(kind) => paths::read(kind, text).map(|observable| (observable, true)),
        Meaning::Weak(kind) => paths::read(kind, text).map(|observable| (observable, false)),
        Meaning::Host => paths::host_like(text).map(|observable| (observable, true)),
        Meaning::Type | Meaning::Nothing => None,
    }
}

/// The property of a path without the object's type.
fn property(path: &Path) -> String {
    let text = path.to_string();
    text.get(path.object.len() + 1..).unwrap_or_default().to_owned()
}
