//! One row, read as the plan says.

use rempart_model::{
    Category, Claim, Country, Hint, Kind, Loss, Marking, Observable, Pap, Stance, Timestamp, Tlp,
};

use super::mapping::Mapping;
use super::plan::{Plan, Role, Want, is_blank};
use super::row::Row;
use super::{dates, names, reference_of};
use crate::Draft;
use crate::list::range;
use crate::stix::category_of;

/// Most claims of one row.
const MOST_CLAIMS: usize = 64;
/// Most labels, most references.
const MOST_LABELS: usize = 32;
/// Longest description that is made, in characters.
const LONGEST: usize = 2000;

/// What the cells of a row say, before it is put together.
#[derive(Default)]
struct Said {
    values: Vec<Observable>,
    nearby: Vec<Observable>,
    /// Why cells that should hold values do not.
    failures: Vec<Loss>,
    /// The same for one that is only seen with the values.
    unread: Option<Loss>,
    losses: Vec<Loss>,
    first_seen: Option<Timestamp>,
    added: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    confidence: Option<u8>,
    marking: Marking,
    words: Vec<String>,
    labels: Vec<String>,
    description: String,
    context: String,
    references: Vec<(String, String)>,
    hints: Vec<Hint>,
    id: String,
    /// What tells this row from others about the same value, if there is no id.
    distinct: String,
}

/// The draft of a row, with its key; or why there is none.
pub(super) fn decode(
    row: &Row,
    plan: &Plan,
    columns: &[String],
    mapping: Option<&Mapping>,
) -> Result<(Draft<'static>, String), Box<str>> {
    let name_of = |column: usize| match columns.get(column).map(String::as_str) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("column {}", column + 1),
    };
    let type_word =
        row.cells.iter().find(|(column, _)| *plan.of(*column) == Role::Type).map(|(_, word)| word);
    let mut said = Said::default();
    for (column, value) in &row.cells {
        let value = value.trim();
        if !is_blank(value) {
            said.cell(plan, plan.of(*column), type_word.map(String::as_str), &name_of(*column), value);
        }
    }
    if said.values.is_empty() {
        said.values = std::mem::take(&mut said.nearby);
    }
    if said.values.is_empty() {
        return Err(said.why_nothing(row, plan, columns));
    }
    Ok(said.draft(mapping))
}

impl Said {
    fn cell(&mut self, plan: &Plan, role: &Role, type_word: Option<&str>, name: &str, value: &str) {
        match role {
            Role::Value(want) | Role::Nearby(want) => match observables(want, type_word, value) {
                Ok(found) => {
                    let to = if matches!(role, Role::Value(_)) { &mut self.values } else { &mut self.nearby };
                    for observable in found {
                        if to.len() < MOST_CLAIMS && !to.contains(&observable) {
                            to.push(observable);
                        }
                    }
                }
                // What is only seen with the value may be anything; it is kept as text.
                Err(_) if matches!(role, Role::Nearby(_)) => {
                    self.context(name, value);
                    self.unread.get_or_insert_with(|| loss(name, "not a value that is understood"));
                }
                Err(why) => self.failures.push(loss(name, &why)),
            },
            Role::Context => self.context(name, value),
            Role::Type => {
                self.words.push(value.to_owned());
                self.tell_apart(value);
            }
            Role::FirstSeen | Role::Added | Role::LastSeen | Role::ValidUntil => {
                self.date(plan, role, name, value);
            }
            Role::Confidence => match confidence(value) {
                Some(confidence) => self.confidence = self.confidence.max(Some(confidence)),
                None => self.losses.push(loss(name, &format!("{value:?} is not a confidence from 0 to 100"))),
            },
            Role::Tlp => self.tlp(name, value),
            Role::Pap => match Pap::from_name(value) {
                Some(pap) => self.marking.pap = self.marking.pap.max(Some(pap)),
                None => {
                    self.marking.unknown = true;
                    self.losses.push(loss(name, &format!("{value:?} is not a PAP label: withheld")));
                }
            },
            Role::Category => {
                self.words.push(value.to_owned());
                self.label(value);
                self.tell_apart(value);
            }
            Role::Label => {
                for label in value.trim_matches(['[', ']']).split([',', ';', '|']) {
                    let label = label.trim().trim_matches('"').trim();
                    if !is_blank(label) {
                        self.words.push(label.to_owned());
                        self.label(label);
                    }
                }
                self.tell_apart(value);
            }
            Role::Description => {
                if !self.description.is_empty() {
                    self.description.push('\n');
                }
                self.description.push_str(value);
            }
            Role::Reference => match reference_of(value) {
                Some(reference) if value.contains("://") && self.references.len() < MOST_LABELS => {
                    self.references.push(reference);
                }
                _ => self.context(name, value),
            },
            Role::TargetCountry => {
                for code in value.split([',', ';', '|', ' ']).filter(|code| !code.is_empty()) {
                    match Country::new(code.trim()) {
                        Some(country) => self.hints.push(Hint::TargetsCountry(country)),
                        None => self.context(name, code),
                    }
                }
            }
            Role::Id => {
                self.id.push('\0');
                self.id.push_str(value);
                self.context(name, value);
            }
            Role::Port => {
                self.tell_apart(value);
                self.context(name, value);
            }
        }
    }

    fn date(&mut self, plan: &Plan, role: &Role, name: &str, value: &str) {
        let Some(time) = dates::parse(value, plan.order) else {
            self.losses.push(loss(name, &format!("{value:?} is not a date that is understood")));
            return;
        };
        let slot = match role {
            Role::FirstSeen => &mut self.first_seen,
            Role::Added => &mut self.added,
            Role::LastSeen => &mut self.last_seen,
            _ => &mut self.valid_until,
        };
        let second = slot.replace(time).is_some();
        if second {
            self.context(name, value);
        } else if matches!(role, Role::FirstSeen | Role::Added) {
            self.tell_apart(value);
        }
    }

    /// An unknown label is never taken for an open one.
    fn tlp(&mut self, name: &str, value: &str) {
        match Tlp::from_name(value) {
            Some(tlp) => self.marking.tlp = self.marking.tlp.max(Some(tlp)),
            None => {
                self.marking.unknown = true;
                self.losses.push(loss(name, &format!("{value:?} is not a TLP label: withheld")));
            }
        }
    }

    fn label(&mut self, label: &str) {
        let label: String = label.chars().take(200).collect();
        if self.labels.len() < MOST_LABELS && !self.labels.contains(&label) {
            self.labels.push(label);
        }
    }

    fn context(&mut self, name: &str, value: &str) {
        if self.context.len() < 4 * LONGEST {
            if !self.context.is_empty() {
                self.context.push_str("; ");
            }
            self.context.extend(name.chars().take(80));
            self.context.push_str(": ");
            self.context.extend(value.chars().take(LONGEST));
        }
    }

    fn tell_apart(&mut self, value: &str) {
        self.distinct.push('\0');
        self.distinct.push_str(value);
    }

    fn why_nothing(&self, row: &Row, plan: &Plan, columns: &[String]) -> Box<str> {
        if let Some(failure) = self.failures.first().or(self.unread.as_ref()) {
            return format!("{}: {}", failure.what, failure.why).into();
        }
        let of_values = |at: &usize| matches!(plan.of(*at), Role::Value(_) | Role::Nearby(_));
        let wanted: Vec<&str> = (0..columns.len())
            .filter(of_values)
            .filter_map(|at| columns.get(at).map(String::as_str))
            .take(6)
            .collect();
        if wanted.is_empty() {
            return "no column holds an observable: name the columns in a mapping file".into();
        }
        if row.width > 0 && !(0..row.width).any(|at| of_values(&at)) {
            return format!("the row has {} fields where {} are named", row.width, columns.len()).into();
        }
        format!("no column holds an observable: empty are {}", wanted.join(", ")).into()
    }

    fn draft(mut self, mapping: Option<&Mapping>) -> (Draft<'static>, String) {
        let constants = mapping.map(Mapping::constants);
        if let Some(constants) = constants {
            self.labels.extend(constants.labels.iter().cloned());
            self.hints.extend(constants.target_country.map(Hint::TargetsCountry));
            if let Some(reference) = constants.reference.as_deref().and_then(reference_of) {
                self.references.push(reference);
            }
            if self.description.is_empty() {
                self.description.clone_from(&constants.description);
            }
            if !self.marking.unknown {
                self.marking.tlp = self.marking.tlp.or(constants.tlp);
                self.marking.pap = self.marking.pap.or(constants.pap);
            }
        }
        let said = category_of(self.words.iter().map(String::as_str));
        let category = match constants.and_then(|constants| constants.category) {
            Some(constant) if said == Category::Other => constant,
            _ => said,
        };
        let stance = constants.and_then(|constants| constants.stance).unwrap_or(Stance::Malicious);
        let confidence = self.confidence.or(constants.and_then(|constants| constants.confidence));
        let valid_from = self.first_seen.or(self.added);
        let claim = |observable: Observable, stance: Stance| Claim {
            observable,
            stance,
            category,
            confidence,
            valid_from,
            valid_until: self.valid_until,
            last_seen: self.last_seen,
        };
        let all = self.values.iter().chain(&self.nearby);
        let mut key: String = all.map(|value| format!("{}\0", value.value())).collect();
        key.push_str(if self.id.is_empty() { &self.distinct } else { &self.id });
        let nearby: Vec<Observable> =
            self.nearby.iter().filter(|value| !self.values.contains(value)).cloned().collect();
        let mut claims: Vec<Claim> = self.values.iter().map(|value| claim(value.clone(), stance)).collect();
        claims.extend(nearby.into_iter().map(|value| claim(value, Stance::Observed)));

        let mut description = self.description;
        if !self.context.is_empty() {
            if !description.is_empty() {
                description.push('\n');
            }
            description.push_str(&self.context);
        }
        let cut: String = description.chars().take(LONGEST).collect();
        let mut losses = self.losses;
        losses.extend(self.failures);
        if cut.len() < description.len() {
            losses.push(loss("description", "longer than is kept"));
        }
        let draft = Draft {
            claims,
            description: (!cut.is_empty()).then_some(cut),
            labels: self.labels,
            references: self.references,
            marking: self.marking,
            hints: self.hints,
            losses,
            ..Draft::default()
        };
        (draft, key)
    }
}

fn loss(what: &str, why: &str) -> Loss {
    Loss { what: what.into(), why: why.chars().take(300).collect::<String>().into() }
}

/// The observables in one cell: one, or several with blanks, commas or bars between them.
fn observables(want: &Want, type_word: Option<&str>, value: &str) -> Result<Vec<Observable>, String> {
    let whole = match one(want, type_word, value) {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    let parts: Vec<&str> = value
        .trim_matches(['[', ']'])
        .split([' ', ',', ';', '|', '\n', '\t'])
        .map(|part| part.trim().trim_matches(['"', '\'']))
        .filter(|part| !part.is_empty())
        .take(MOST_CLAIMS)
        .collect();
    if parts.len() < 2 {
        return Err(whole);
    }
    let all: Result<Vec<_>, _> = parts.into_iter().map(|part| one(want, type_word, part)).collect();
    all.map(|found| found.into_iter().flatten().collect()).map_err(|_| whole)
}

fn one(want: &Want, type_word: Option<&str>, value: &str) -> Result<Vec<Observable>, String> {
    let parse = |kind: &Kind| match Observable::parse(kind, value) {
        Ok(observable) => Ok(vec![observable]),
        Err(error) => match range::parse(value) {
            Some(Ok(networks)) => Ok(networks),
            Some(Err(error)) => Err(error.to_string()),
            None => Err(format!("not a value of the kind {}: {error}", kind.name())),
        },
    };
    let guess = || match Observable::guess(value) {
        Ok(observable) => Ok(vec![observable]),
        Err(error) => match range::parse(value) {
            Some(Ok(networks)) => Ok(networks),
            _ => Err(format!("not an observable: {error}")),
        },
    };
    match want {
        Want::Guess => guess(),
        // What the column says, else what it plainly is: a `domain` column with an address in it is
        // taken at its value.
        Want::Kind(kind) => parse(kind).or_else(|why| guess().map_err(|_| why)),
        Want::Typed => match type_word.and_then(names::kind_of) {
            Some(kind @ Kind::Other(_)) => parse(&kind),
            Some(kind) => parse(&kind).or_else(|why| guess().map_err(|_| why)),
            None => guess(),
        },
        Want::Hash | Want::Host => {
            let found = guess()?;
            let fits = |kind: &Kind| match want {
                Want::Hash => {
                    matches!(kind, Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Other(_))
                }
                _ => matches!(kind, Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Url),
            };
            match found.first() {
                Some(observable) if fits(observable.kind()) => Ok(found),
                _ if *want == Want::Hash => Err("not a hash of a known length".to_owned()),
                _ => Err("not a host name or an address".to_owned()),
            }
        }
    }
}

/// A confidence: a number from 0 to 100, with `%` or not, a fraction such as `0.85`, or a word (STIX
/// 2.1, appendix A, the scale None, Low, Med, High).
fn confidence(text: &str) -> Option<u8> {
    let text = text.trim().trim_end_matches('%').trim_end();
    if let Ok(number) = text.parse::<f64>() {
        let scaled =
            if text.contains('.') && (0.0..=1.0).contains(&number) { number * 100.0 } else { number };
        return (0.0..=100.0).contains(&scaled).then(|| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
            let whole = scaled.round() as u8;
            whole
        });
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "none" => 0,
        "low" => 15,
        "med" | "medium" | "moderate" => 50,
        "high" => 85,
        _ => return None,
    })
}
