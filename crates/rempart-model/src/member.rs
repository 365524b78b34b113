//! Who takes part, and for whom it answers.

use crate::{Timestamp, Tlp};

/// An ISO 3166-1 alpha-2 country code, upper case (`GB`, not `UK`; `GR`, not `EL`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a two-letter code in any case. `UK` and `EL` become `GB` and `GR`.
    pub fn new(code: &str) -> Option<Self> {
        let &[a, b] = code.as_bytes() else { return None };
        if !(a.is_ascii_alphabetic() && b.is_ascii_alphabetic()) {
            return None;
        }
        Some(match [a.to_ascii_uppercase(), b.to_ascii_uppercase()] {
            [b'U', b'K'] => Self(*b"GB"),
            [b'E', b'L'] => Self(*b"GR"),
            code => Self(code),
        })
    }

    /// The code, two upper-case letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl std::fmt::Display for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of organisation a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MemberKind {
    /// The national CSIRT of its country: everything in the country concerns it.
    NationalCsirt = 0,
    /// A sectoral CSIRT: only its own constituency concerns it.
    SectorCsirt = 1,
    /// Law enforcement.
    LawEnforcement = 2,
    /// A non-governmental organisation.
    Ngo = 3,
    /// An operator of networks or services.
    Operator = 4,
    /// A government body that is not a CSIRT.
    Government = 5,
    /// An institution of the Union or an international body.
    International = 6,
}

impl MemberKind {
    /// Every kind with the name used on the command line.
    pub const ALL: [(MemberKind, &'static str); 7] = [
        (MemberKind::NationalCsirt, "national-csirt"),
        (MemberKind::SectorCsirt, "sector-csirt"),
        (MemberKind::LawEnforcement, "law-enforcement"),
        (MemberKind::Ngo, "ngo"),
        (MemberKind::Operator, "operator"),
        (MemberKind::Government, "government"),
        (MemberKind::International, "international"),
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("operator", |(_, name)| name)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The kind that was stored as `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).map(|(kind, _)| *kind)
    }
}

/// A number that names a member inside one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(pub u32);

/// An organisation that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// Its unique name.
    pub name: Box<str>,
    /// Other names and UUIDs by which sources name it (a MISP organisation's UUID).
    pub aliases: Vec<Box<str>>,
    /// Its country.
    pub country: Country,
    /// What kind of organisation it is.
    pub kind: MemberKind,
    /// The highest TLP that it may ever be sent.
    pub clearance: Tlp,
    /// What it answers for.
    pub constituency: Constituency,
    /// When it joined.
    pub since: Timestamp,
}

/// What a member answers for. Networks are canonical CIDR text, domains canonical names (a name
/// stands for itself and all below it, so a suffix such as `gov.example` is written the same way).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Constituency {
    /// IPv4 and IPv6 networks.
    pub networks: Vec<Box<str>>,
    /// Autonomous systems.
    pub asns: Vec<u32>,
    /// Domain names and suffixes.
    pub domains: Vec<Box<str>>,
    /// Sectors, brands and products, as words.
    pub words: Vec<Box<str>>,
}
