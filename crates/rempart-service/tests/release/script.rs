//! What happens in one world, as plain data: who takes part, what is said, in which order.

use rempart_model::{MemberKind, Tlp};

/// Somebody who takes part.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) country: &'static str,
    pub(crate) kind: MemberKind,
    pub(crate) clearance: Tlp,
    pub(crate) domain: Option<String>,
    /// It joins with a step of its own, not before all others.
    pub(crate) late: bool,
}

/// A source of the operator's.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) name: String,
    pub(crate) unmarked: Tlp,
    /// Names, aliases and countries.
    pub(crate) recipients: Option<Vec<String>>,
    /// Indices of members that are there from the beginning.
    pub(crate) community: Option<Vec<usize>>,
}

/// One way of saying how far an object may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    /// A well-known marking definition; the number picks the dialect.
    Tlp(Tlp, usize),
    /// The same for a part of the object.
    Granular(Tlp, usize),
    /// A definition that is brought by somebody, or never.
    Custom(String),
    /// The same for a part of the object.
    GranularCustom(String),
    /// Something that is no reference to a marking definition.
    Broken,
    /// A granular marking that only names a language.
    Language,
}

/// What a marking definition means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Tlp(Tlp, usize),
    Statement,
    Pap,
    /// Of a kind that nobody knows.
    Strange,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Says that domains are malicious: one of its own, and these.
    Indicator(Vec<String>),
    Malware,
    Location(&'static str),
    Relationship {
        kind: &'static str,
        from: String,
        to: String,
    },
    Sighting {
        of: String,
    },
    Definition(Meaning),
    /// An attribute of a MISP event.
    Attribute,
    /// The MISP event itself.
    Event,
    /// A line of a plain list.
    Line,
}

/// One version of one object, known by its tag wherever it turns up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) tag: u32,
    /// Its STIX id; for what is minted, a name of the same meaning.
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) shape: Shape,
    pub(crate) labels: Vec<Label>,
    /// Each must name whoever is to have it (the groups of a MISP event and of its attribute).
    pub(crate) groups: Vec<Vec<String>>,
    pub(crate) revoked: bool,
    pub(crate) spec_20: bool,
    pub(crate) country: &'static str,
}

impl Item {
    /// What marks its bytes and its values.
    pub(crate) fn token(&self) -> String {
        format!("zq{}x", self.tag)
    }

    /// A domain of its own.
    pub(crate) fn value(&self) -> String {
        format!("{}.{}", self.token(), self.country.to_ascii_lowercase())
    }
}

/// Something that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The operator imports.
    Import { feed: usize, tlp: Option<Tlp>, items: Vec<Item> },
    /// A member contributes.
    Contribute { member: usize, items: Vec<Item> },
    /// A member takes back an id of its own.
    Withdraw { member: usize, id: String },
    /// A member joins.
    Join(usize),
    /// A member's clearance changes. `torn`: the process dies after the new clearance is stored, and starts again.
    Clear { member: usize, tlp: Tlp, torn: bool },
    /// The operator deletes.
    Retract(Vec<String>),
    /// The operator ends claims.
    Expire(Vec<String>),
    /// The operator decides for a value; `None` lifts it.
    Override(String, Option<bool>),
    /// Time passes, and what is due is concluded again.
    Pass(i64),
}

/// A whole world.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) parties: Vec<Party>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// All items in the order in which they come.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.steps.iter().flat_map(|step| match step {
            Step::Import { items, .. } | Step::Contribute { items, .. } => items.as_slice(),
            _ => &[],
        })
    }

    /// The same world without these items.
    pub(crate) fn without(&self, tags: &std::collections::BTreeSet<u32>) -> Script {
        let mut script = self.clone();
        for step in &mut script.steps {
            if let Step::Import { items, .. } | Step::Contribute { items, .. } = step {
                items.retain(|item| !tags.contains(&item.tag));
            }
        }
        script
    }
}
