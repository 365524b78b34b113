//! Who may see a thing (TLP 2.0, <https://www.first.org/tlp/>) and what may be done with it (PAP).

use crate::StixId;

/// Traffic Light Protocol 2.0. The order is the order of restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tlp {
    /// TLP:CLEAR (TLP 1: WHITE).
    Clear = 0,
    /// TLP:GREEN.
    Green = 1,
    /// TLP:AMBER.
    Amber = 2,
    /// TLP:AMBER+STRICT.
    AmberStrict = 3,
    /// TLP:RED.
    Red = 4,
}

impl Tlp {
    /// All of them, from open to closed.
    pub const ALL: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// `clear`, `green`, `amber`, `amber+strict`, `red`.
    pub fn name(self) -> &'static str {
        match self {
            Tlp::Clear => "clear",
            Tlp::Green => "green",
            Tlp::Amber => "amber",
            Tlp::AmberStrict => "amber+strict",
            Tlp::Red => "red",
        }
    }

    /// Reads a TLP label of version 1 or 2 in any case, with or without `TLP:` in front. `None`:
    /// not a label; the caller must then treat it as unknown, never as open.
    pub fn from_name(text: &str) -> Option<Self> {
        let text = text.trim();
        let label = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("tlp:") => text.get(4..).unwrap_or("").trim(),
            _ => text,
        };
        let label = label.to_ascii_lowercase();
        match label.as_str() {
            "clear" | "white" => Some(Tlp::Clear),
            "green" => Some(Tlp::Green),
            "amber" => Some(Tlp::Amber),
            "amber+strict" | "amber-strict" | "amber_strict" | "amberstrict" | "amber strict" => {
                Some(Tlp::AmberStrict)
            }
            // `tlp:ex:chr` (Chatham House rule) has no TLP 2.0 label and is not mapped.
            "red" => Some(Tlp::Red),
            _ => None,
        }
    }

    /// The TLP that was stored as `code`; an unknown code is the strictest.
    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Tlp::Red)
    }
}

/// Permissible Actions Protocol: what a recipient may do. The order is the order of restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Pap {
    /// PAP:CLEAR (WHITE): no restriction.
    Clear = 0,
    /// PAP:GREEN: active actions such as blocking are allowed.
    Green = 1,
    /// PAP:AMBER: passive checks only (no contact with the target's infrastructure).
    Amber = 2,
    /// PAP:RED: nothing that the attacker could notice; use in own logs only.
    Red = 3,
}

impl Pap {
    /// Reads `PAP:GREEN`, `green` and their like, in any case. `None`: not a PAP label.
    pub fn from_name(text: &str) -> Option<Self> {
        let text = text.trim();
        let label = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("pap:") => text.get(4..).unwrap_or("").trim(),
            _ => text,
        };
        match label.to_ascii_lowercase().as_str() {
            "clear" | "white" => Some(Pap::Clear),
            "green" => Some(Pap::Green),
            "amber" => Some(Pap::Amber),
            "red" => Some(Pap::Red),
            _ => None,
        }
    }

    /// `clear`, `green`, `amber`, `red`.
    pub fn name(self) -> &'static str {
        match self {
            Pap::Clear => "clear",
            Pap::Green => "green",
            Pap::Amber => "amber",
            Pap::Red => "red",
        }
    }

    /// The PAP that was stored as `code`; an unknown code is the strictest.
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Pap::Clear,
            1 => Pap::Green,
            2 => Pap::Amber,
            _ => Pap::Red,
        }
    }
}

/// The marking of one object as a reader found it: the strictest of all that applies to it,
/// granular markings included (an object goes whole).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Marking {
    /// The strictest TLP; `None` where the object is not marked.
    pub tlp: Option<Tlp>,
    /// The strictest PAP; `None` where there is none.
    pub pap: Option<Pap>,
    /// Names, UUIDs or country codes of the only organisations that may see it (a MISP sharing
    /// group, "your organisation only" is an empty list). `None`: the source names nobody.
    pub recipients: Option<Vec<Box<str>>>,
    /// Marking definitions that it refers to and that the reader could not resolve. While one is
    /// left, the object is withheld from everybody but the operator.
    pub unresolved: Vec<StixId>,
    /// Something restricts the object in a way that Rempart does not understand: withheld.
    pub unknown: bool,
}

impl Marking {
    /// A marking that says this TLP and nothing else.
    pub fn tlp(tlp: Tlp) -> Self {
        Self { tlp: Some(tlp), ..Self::default() }
    }

    /// Takes on what `other` demands as well: the stricter of each, recipients intersected.
    pub fn restrict(&mut self, other: &Marking) {
        self.tlp = self.tlp.max(other.tlp);
        self.pap = self.pap.max(other.pap);
        self.recipients = match (self.recipients.take(), &other.recipients) {
            (None, theirs) => theirs.clone(),
            (ours, None) => ours,
            (Some(ours), Some(theirs)) => {
                Some(ours.into_iter().filter(|name| theirs.contains(name)).collect())
            }
        };
        for id in &other.unresolved {
            if !self.unresolved.contains(id) {
                self.unresolved.push(id.clone());
            }
        }
        self.unknown |= other.unknown;
    }
}
