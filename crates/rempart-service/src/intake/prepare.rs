//! From a decoded record to what the store takes in: terms, conclusions from the claim alone, concerns.

use std::sync::Arc;

use foldhash::HashMap;
use rempart_model::{Decoded, Marking, MemberId, Origin, StixId, Tlp};
use rempart_store::merkle::{Hash, sha256};
use rempart_store::{ClassId, MintedVersion, NewClaim, NewObject, OPERATOR_ONLY, Source, SourceId, salted};
use rempart_triage::release::{SourceTerms, Terms};
use ring::rand::{SecureRandom, SystemRandom};

use crate::app::{App, Picture};
use crate::error::ServiceError;
use crate::judge::Judge;

/// Prepares the records of one submission.
pub(crate) struct Preparer<'a> {
    app: &'a App,
    pub(crate) source: Source,
    unmarked: Tlp,
    owner: Option<(MemberId, Tlp)>,
    pub(crate) judge: Judge,
    classes: HashMap<String, ClassId>,
    definitions: HashMap<StixId, Option<Marking>>,
    salts: Salts,
}

impl<'a> Preparer<'a> {
    pub(crate) fn new(app: &'a App, source: Source, unmarked: Option<Tlp>) -> Self {
        let picture = app.picture();
        let owner =
            source.member.and_then(|id| picture.member(id)).map(|member| (member.id, member.clearance));
        Self {
            app,
            unmarked: unmarked.unwrap_or(source.unmarked),
            source,
            owner,
            judge: app.judge(),
            classes: HashMap::default(),
            definitions: HashMap::default(),
            salts: Salts::default(),
        }
    }

    /// What unmarked records are taken for.
    pub(crate) fn unmarked(&self) -> Tlp {
        self.unmarked
    }

    /// The picture that this submission is judged by.
    pub(crate) fn picture(&self) -> &Arc<Picture> {
        self.judge.picture()
    }

    /// Prepares one record.
    pub(crate) fn prepare(&mut self, mut record: Decoded) -> Result<NewObject, ServiceError> {
        self.resolve(&mut record.marking)?;
        let class = self.class(&record.marking)?;
        let claims: Vec<NewClaim> = if record.revoked {
            Vec::new()
        } else {
            record
                .claims
                .into_iter()
                .map(|claim| {
                    let alone = self.judge.alone(&claim, &self.source, self.app.now());
                    NewClaim {
                        key: self.app.observable_key(&claim.observable),
                        observable: claim.observable,
                        stance: claim.stance,
                        category: claim.category,
                        confidence: claim.confidence,
                        valid_from: claim.valid_from,
                        valid_until: claim.valid_until,
                        last_seen: claim.last_seen,
                        alone,
                    }
                })
                .collect()
        };
        let concerns = if class == OPERATOR_ONLY {
            Vec::new()
        } else {
            self.judge.concerns(claims.iter().map(|claim| &claim.observable), &record.hints)
        };
        let salt = self.salts.next()?;
        let hash = sha256(&[&record.body]);
        let (digest, minted) = match record.origin {
            Origin::Minted { digest, version } => (
                digest,
                Some(if version.is_some() { MintedVersion::BySource } else { MintedVersion::ByIntake }),
            ),
            Origin::Native => (
                match &record.original_v20 {
                    Some(original) => first_half(&sha256(&[original])),
                    None => first_half(&hash),
                },
                None,
            ),
        };
        Ok(NewObject {
            id_key: self.app.store.id_key(&record.id),
            id: record.id,
            version: record.version,
            content: salted(&salt, &hash),
            body: record.body,
            original_v20: record.original_v20,
            digest,
            minted,
            salt,
            revoked: record.revoked,
            class,
            claims,
            concerns,
            hints: record.hints,
            links: if record.revoked { Vec::new() } else { record.links },
            unresolved: record.marking.unresolved.iter().map(|id| self.app.store.id_key(id)).collect(),
            defines: record.defines,
        })
    }

    /// Looks up the marking definitions that the reader did not know.
    fn resolve(&mut self, marking: &mut Marking) -> Result<(), ServiceError> {
        if marking.unresolved.is_empty() {
            return Ok(());
        }
        let wanted = std::mem::take(&mut marking.unresolved);
        for id in wanted {
            let known = match self.definitions.get(&id) {
                Some(Some(known)) => Some(known.clone()),
                _ => {
                    let found = definition_of(self.app, self.judge.picture(), self.source.id, &id)?;
                    if self.definitions.len() < 100_000 {
                        self.definitions.insert(id.clone(), found.clone());
                    }
                    found
                }
            };
            match known {
                Some(known) => marking.restrict(&known),
                None => marking.unresolved.push(id),
            }
        }
        Ok(())
    }

    fn class(&mut self, marking: &Marking) -> Result<ClassId, ServiceError> {
        let terms = terms_of(marking, self.unmarked, &self.source, self.owner);
        let key = terms.key();
        if let Some(class) = self.classes.get(&key) {
            return Ok(*class);
        }
        let class = self.app.class_for(&terms)?;
        // A class that was just made is not in the picture that this submission began with.
        self.judge = self.app.judge();
        self.classes.insert(key, class);
        Ok(class)
    }
}

/// What a marking definition means for an object of this source: all that the source itself and the
/// operator's sources say of it. What a member says of a definition binds its own objects alone, so
/// that nobody can open what others have marked.
pub(crate) fn definition_of(
    app: &App,
    picture: &Picture,
    source: SourceId,
    id: &StixId,
) -> Result<Option<Marking>, ServiceError> {
    let mut meaning: Option<Marking> = None;
    for (_, by, said) in app.store.definitions(&[app.store.id_key(id)])? {
        let operators = picture.source(by).is_some_and(|by| by.member.is_none());
        if by == source || operators {
            meaning.get_or_insert_default().restrict(&said);
        }
    }
    Ok(meaning)
}

/// The terms of an object from its marking and its source's settings.
pub(crate) fn terms_of(
    marking: &Marking,
    unmarked: Tlp,
    source: &Source,
    owner: Option<(MemberId, Tlp)>,
) -> Terms {
    let settings = SourceTerms { community: source.community.clone(), recipients: source.recipients.clone() };
    let terms = Terms::from_marking(marking, unmarked, &settings, None);
    // The contributor is named only where it would not see its own object otherwise: fewer distinct
    // terms make fewer classes.
    let needed = owner.filter(|(_, clearance)| {
        terms.tlp > *clearance
            || terms.tlp >= Tlp::AmberStrict
            || terms.unknown
            || terms.recipients.is_some()
            || terms.community.is_some()
    });
    match needed {
        Some((member, _)) => Terms { owner: Some(member), ..terms },
        None => terms,
    }
}

fn first_half(hash: &Hash) -> [u8; 16] {
    let mut digest = [0u8; 16];
    digest.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    digest
}

/// Random salts, drawn many at a time.
struct Salts {
    random: SystemRandom,
    drawn: Vec<[u8; 16]>,
}

impl Default for Salts {
    fn default() -> Self {
        Self { random: SystemRandom::new(), drawn: Vec::new() }
    }
}

impl Salts {
    fn next(&mut self) -> Result<[u8; 16], ServiceError> {
        if let Some(salt) = self.drawn.pop() {
            return Ok(salt);
        }
        let mut bytes = [0u8; 4096];
        self.random
            .fill(&mut bytes)
            .map_err(|_| ServiceError::Unavailable("the operating system gives no random numbers".into()))?;
        let (salts, _) = bytes.as_chunks::<16>();
        self.drawn.extend_from_slice(salts);
        Ok(self.drawn.pop().unwrap_or_default())
    }
}
