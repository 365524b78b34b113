//! What a format's reader hands to intake: one record of the input, understood.
//!
//! The law of every reader: for each record of the input, exactly one [`Decoded`] or one
//! [`Rejection`] comes out, so that `records = objects + duplicates + rejected` holds for every
//! import. Blank lines, comments and headings are not records.

use crate::{Claim, Country, Marking, StixId, Timestamp};

/// Where a record stands in its (decompressed) input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Byte offset of the record's first byte.
    pub offset: u64,
    /// Line number, from 1; 0 where lines mean nothing.
    pub line: u64,
}

/// The STIX version of the bytes that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpecVersion {
    /// STIX 2.0.
    V20 = 0,
    /// STIX 2.1.
    V21 = 1,
}

/// Whether the object came with an identity of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A STIX object, with the id and version its creator gave it.
    Native,
    /// Made by Rempart from something else (a line, a row, a MISP attribute), with a deterministic
    /// id. Times of import are part of the body, so sameness is decided by `digest`: a hash over
    /// what the source said, without anything that depends on when it was read.
    Minted {
        /// The hash.
        digest: [u8; 16],
        /// The source's own version of it (a MISP timestamp); `None`: versions follow intake.
        version: Option<Timestamp>,
    },
}

/// Something about an object that national context reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hint {
    /// The object *is* a location or an identity in this country (STIX `location.country`).
    InCountry(Country),
    /// The object says that this country is a target (MISP `target-location`, a country tag, a
    /// country column of victims).
    TargetsCountry(Country),
    /// The object names a target organisation or a sector, as the source wrote it.
    TargetsName(Box<str>),
}

/// What a reference from one object to another means to Rempart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum LinkKind {
    /// A relationship `targets`: from source to target.
    Targets = 0,
    /// A relationship `indicates`, `based-on`, `attributed-to`, `uses`, `part-of`, or a report's
    /// `object_refs`: what is known of the target bears on the source.
    Indicates = 1,
    /// A relationship `located-at`: the source is at the target.
    LocatedAt = 2,
    /// A sighting of the target.
    SightingOf = 3,
    /// A sighting of the target that says it was a false positive.
    FalsePositiveOf = 4,
}

/// A reference between two objects, known by their ids. The objects may not be there (yet).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// Where the reference starts (`source_ref`; the sighting itself for a sighting).
    pub from: StixId,
    /// What it means.
    pub kind: LinkKind,
    /// Where it points (`target_ref`, `sighting_of_ref`).
    pub to: StixId,
}

/// Something that a conversion could not keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Loss {
    /// The field or construct, as the source names it (`kill_chain_phases`, `object_relation`).
    pub what: Box<str>,
    /// Why it was lost, for the operator.
    pub why: Box<str>,
}

/// One record of an input, as the STIX 2.1 object that Rempart keeps and serves.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object's id.
    pub id: StixId,
    /// Its version: `modified`, else `created`, else [`Timestamp::MIN`].
    pub version: Timestamp,
    /// The STIX 2.1 object to be served. For one that came as STIX 2.1: exactly the bytes that came.
    pub body: Vec<u8>,
    /// The STIX 2.0 bytes that came, where `body` was converted from them.
    pub original_v20: Option<Vec<u8>>,
    /// Native or minted.
    pub origin: Origin,
    /// `created_by_ref`.
    pub created_by: Option<StixId>,
    /// `revoked`.
    pub revoked: bool,
    /// The marking, resolved as far as the record itself and the definitions before it allow.
    pub marking: Marking,
    /// What the object asserts about observables. Empty for context objects.
    pub claims: Vec<Claim>,
    /// What national context should know.
    pub hints: Vec<Hint>,
    /// Relationships and sightings that this object *is*.
    pub links: Vec<Link>,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// For a `marking-definition`: what it means to whoever refers to it.
    pub defines: Option<Marking>,
}

/// A record that was not taken in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// A lowercase fragment that says what was wrong with the record and, where it helps, what to do.
    pub reason: Box<str>,
    /// The beginning of the record, at most 120 characters, for the operator's eyes only.
    pub excerpt: Box<str>,
}
