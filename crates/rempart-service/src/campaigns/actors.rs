//! Who may be behind a campaign: what sources say, and whose known ways it resembles. Candidates, never a fact.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rempart_model::Observable;
use rempart_store::SourceId;
use rempart_triage::connect::actor::{Actors, Floor, Trait, TraitKind};
use rempart_triage::connect::{Evidence, EvidenceKind};
use serde::Serialize;

use super::Campaigns;
use super::context::{Entity, EntityKind, plain};
use super::evidence::{Known, Said, hash, in_words};
use crate::app::App;

/// Techniques and tools that one object tells of: an overview of everything says nothing of one case.
const MOST_TRAITS: usize = 60;
/// Reasons that are given for one candidate.
const REASONS: usize = 12;

/// What is known of who is behind a campaign.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Attribution {
    /// Whom sources name for values of it.
    pub named: Vec<NamedActor>,
    /// Whose known ways it shares, the likeliest first. It is no finding: tools and techniques are shared and imitated.
    pub candidates: Vec<LikelyActor>,
    /// Of how many actors something is known.
    pub known: usize,
}

/// An actor that a source names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedActor {
    /// The actor.
    pub actor: String,
    /// Who says so.
    pub source: String,
    /// For how many of its observables.
    pub observables: usize,
}

/// An actor that may be behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikelyActor {
    /// The actor.
    pub actor: String,
    /// How much of both is shared, 0 to 1, the rare counting more. It is no probability.
    pub similarity: f64,
    /// How far it is from the next: 1 where that has nothing in common, 0 where both are equal.
    pub lead: f64,
    /// What they have in common, the weightiest first.
    pub reasons: Vec<ActorReason>,
}

/// What a campaign and an actor have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActorReason {
    /// `technique`, `tool`, `infrastructure` or `target`.
    pub kind: &'static str,
    /// What it is, in words.
    pub what: String,
    /// How many known actors have it.
    pub actors: u32,
    /// What it weighs, in nats.
    pub weight: f64,
}

/// The features of infrastructure that speak of whoever set it up; the others speak of where it stands.
fn is_habit(known: &Known) -> bool {
    let kind = known.feature.kind;
    known.source == Evidence::OWN
        && (kind.is_hard() || matches!(kind, EvidenceKind::Template | EvidenceKind::KitPath))
}

/// The actors by any of their names, and what objects tell of.
struct Book<'c> {
    entities: &'c BTreeMap<i64, Entity>,
    told: HashMap<i64, Vec<i64>>,
    by_name: HashMap<String, usize>,
    actors: Vec<String>,
}

/// What was said of an observable, resolved.
#[derive(Default)]
struct Told {
    actors: BTreeSet<usize>,
    traits: BTreeMap<Trait, String>,
}

impl Told {
    fn take(&mut self, book: &Book<'_>, entity: &Entity) {
        match entity.as_trait() {
            Some(one) => {
                self.traits.insert(one, entity.name.clone());
            }
            None => self.actors.extend(entity.names.iter().find_map(|name| book.by_name.get(name))),
        }
    }
}

impl<'c> Book<'c> {
    fn new(campaigns: &'c Campaigns) -> Self {
        let (entities, told) = campaigns.context.told();
        let mut book = Self { entities, told, by_name: HashMap::new(), actors: Vec::new() };
        // Names first, then aliases: an alias that is another actor's name does not make them one.
        let labels = campaigns.said.values().flatten().filter_map(|said| match &said.what {
            super::evidence::Pointer::Label(entity) if entity.kind == EntityKind::Actor => {
                Some(entity.as_ref())
            }
            _ => None,
        });
        let of_objects = entities.values().filter(|entity| entity.kind == EntityKind::Actor);
        let actors: Vec<&Entity> = of_objects.chain(labels).collect();
        for entity in &actors {
            let name = plain(&entity.name);
            if let std::collections::hash_map::Entry::Vacant(free) = book.by_name.entry(name) {
                free.insert(book.actors.len());
                book.actors.push(entity.name.clone());
            }
        }
        for entity in &actors {
            let Some(number) = book.by_name.get(&plain(&entity.name)).copied() else { continue };
            for name in &entity.names {
                book.by_name.entry(name.clone()).or_insert(number);
            }
        }
        book
    }

    fn resolve(&self, said: &Said) -> Told {
        let mut told = Told::default();
        match &said.what {
            super::evidence::Pointer::Label(entity) => told.take(self, entity),
            super::evidence::Pointer::Object(key) => {
                if let Some(entity) = self.entities.get(key) {
                    told.take(self, entity);
                }
                let next = self.told.get(key).map(Vec::as_slice).unwrap_or_default();
                next.iter()
                    .filter_map(|key| self.entities.get(key))
                    .for_each(|entity| told.take(self, entity));
                // A report of several actors does not say what is whose.
                if told.actors.len() > 1 || told.traits.len() > MOST_TRAITS {
                    return Told::default();
                }
            }
        }
        told
    }
}

impl App {
    /// Who may be behind the observables of a campaign, given what is known of them.
    pub(super) fn attribution(
        &self,
        campaigns: &Campaigns,
        ids: &[u64],
        known: &BTreeMap<u64, Vec<Known>>,
    ) -> Attribution {
        let book = Book::new(campaigns);
        let mut words: BTreeMap<Trait, String> = BTreeMap::new();
        let mut case: BTreeSet<Trait> = BTreeSet::new();
        let mut named: BTreeMap<(usize, u32), BTreeSet<u64>> = BTreeMap::new();
        for id in ids {
            for said in campaigns.said.get(id).into_iter().flatten() {
                let told = book.resolve(said);
                told.actors.iter().for_each(|actor| {
                    named.entry((*actor, said.source)).or_default().insert(*id);
                });
                case.extend(told.traits.keys());
                words.extend(told.traits);
            }
            for known in known.get(id).into_iter().flatten().filter(|known| is_habit(known)) {
                let one = infrastructure(campaigns.key, known);
                case.insert(one);
                words.entry(one).or_insert_with(|| in_words(&known.feature));
            }
        }
        let actors = self.known_actors(campaigns, &book, ids);
        let candidates = actors.rank(&case, &Floor::default()).into_iter().map(|candidate| LikelyActor {
            actor: usize::try_from(candidate.actor)
                .ok()
                .and_then(|number| book.actors.get(number).cloned())
                .unwrap_or_default(),
            similarity: candidate.similarity,
            lead: candidate.lead,
            reasons: candidate
                .reasons
                .iter()
                .take(REASONS)
                .map(|reason| ActorReason {
                    kind: kind_name(reason.shared.kind),
                    what: words.get(&reason.shared).cloned().unwrap_or_default(),
                    actors: reason.actors,
                    weight: reason.weight,
                })
                .collect(),
        });
        let picture = self.picture();
        let mut named: Vec<NamedActor> = named
            .into_iter()
            .map(|((actor, source), ids)| NamedActor {
                actor: book.actors.get(actor).cloned().unwrap_or_default(),
                source: picture
                    .source(SourceId(source))
                    .map(|source| source.name.clone())
                    .unwrap_or_default(),
                observables: ids.len(),
            })
            .collect();
        named.sort_by(|a, b| b.observables.cmp(&a.observables).then(a.actor.cmp(&b.actor)));
        Attribution { named, candidates: candidates.collect(), known: book.actors.len() }
    }

    /// What is known of each actor, without what a case itself has taught.
    fn known_actors(&self, campaigns: &Campaigns, book: &Book<'_>, case: &[u64]) -> Actors {
        let number = |actor: usize| u64::try_from(actor).unwrap_or(u64::MAX);
        let mut actors = Actors::default();
        for (key, entity) in book.entities.iter().filter(|(_, entity)| entity.kind == EntityKind::Actor) {
            let Some(actor) = entity.names.iter().find_map(|name| book.by_name.get(name)) else { continue };
            let told = book.told.get(key).map(Vec::as_slice).unwrap_or_default();
            let entities = told.iter().filter_map(|key| book.entities.get(key));
            actors.add(number(*actor), entities.filter_map(Entity::as_trait));
        }
        let case: BTreeSet<u64> = case.iter().copied().collect();
        for (id, said) in campaigns.said.iter().filter(|(id, _)| !case.contains(id)) {
            let mut told = Told::default();
            for said in said {
                let one = book.resolve(said);
                told.actors.extend(one.actors);
                told.traits.extend(one.traits);
            }
            // Sources that disagree teach nothing.
            let (Some(actor), 1) = (told.actors.first(), told.actors.len()) else { continue };
            let own = campaigns.members.get(id).map(|value: &Observable| self.own_features(value));
            let habits = own.iter().flatten().filter(|known| is_habit(known));
            let habits = habits.map(|known| infrastructure(campaigns.key, known));
            actors.add(number(*actor), told.traits.into_keys().chain(habits));
        }
        actors
    }
}

fn infrastructure(key: u64, known: &Known) -> Trait {
    Trait { kind: TraitKind::Infrastructure, value: hash(key, &known.feature) }
}

fn kind_name(kind: TraitKind) -> &'static str {
    match kind {
        TraitKind::Technique => "technique",
        TraitKind::Tool => "tool",
        TraitKind::Infrastructure => "infrastructure",
        TraitKind::Target => "target",
    }
}
