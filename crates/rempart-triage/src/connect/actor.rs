//! Who may be behind it: candidates with reasons, never a fact.
//!
//! What a case shows is compared with what is known of each actor. A trait weighs the more, the fewer actors
//! have it (`ln((actors + 1) / (actors with it + 0.5))`, the inverse document frequency with smoothing), and
//! the similarity is the cosine of both weighted sets, so that an actor of whom everything is known does
//! not win by size alone. Tools and techniques are shared and imitated: little in common is no answer.

use std::collections::{BTreeMap, BTreeSet};

/// What sort of trait it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraitKind {
    /// A technique of ATT&CK or another catalogue. Many share each.
    Technique,
    /// A tool or a malware family.
    Tool,
    /// Infrastructure, or a habit in setting it up: a value that links observables.
    Infrastructure,
    /// A sector or country that is aimed at.
    Target,
}

impl TraitKind {
    /// What one nat of rarity of this sort counts: targets and techniques are chosen by many.
    pub fn factor(self) -> f64 {
        match self {
            Self::Technique => 0.6,
            Self::Tool => 0.8,
            Self::Infrastructure => 1.0,
            Self::Target => 0.3,
        }
    }
}

/// One trait of a case or an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trait {
    /// Its sort.
    pub kind: TraitKind,
    /// A hash of what it is.
    pub value: u64,
}

/// Why an actor is named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reason {
    /// What the case and the actor have in common.
    pub shared: Trait,
    /// How many known actors have it.
    pub actors: u32,
    /// What it weighs, in nats.
    pub weight: f64,
}

/// An actor that may be behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The actor.
    pub actor: u64,
    /// What is shared weighs so much, in nats.
    pub weight: f64,
    /// The cosine of both weighted sets, 0 to 1. It is no probability.
    pub similarity: f64,
    /// How far it is from the next candidate: 1 where that has nothing, 0 where both are equal.
    pub lead: f64,
    /// The weightiest first.
    pub reasons: Vec<Reason>,
}

/// Under which nothing is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// The least that what is shared has to weigh, in nats.
    pub weight: f64,
    /// The least similarity.
    pub similarity: f64,
    /// The fewest traits in common.
    pub traits: usize,
    /// The most candidates.
    pub candidates: usize,
}

impl Default for Floor {
    fn default() -> Self {
        Self { weight: 4.0, similarity: 0.15, traits: 2, candidates: 5 }
    }
}

/// What is known of all actors.
#[derive(Debug, Clone, Default)]
pub struct Actors {
    profiles: BTreeMap<u64, BTreeSet<Trait>>,
    holders: BTreeMap<Trait, Vec<u64>>,
}

impl Actors {
    /// Adds what is known of an actor to what was.
    pub fn add(&mut self, actor: u64, traits: impl IntoIterator<Item = Trait>) {
        let profile = self.profiles.entry(actor).or_default();
        for one in traits {
            if profile.insert(one) {
                self.holders.entry(one).or_default().push(actor);
            }
        }
    }

    fn weight(&self, one: Trait) -> f64 {
        let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
        let having = count(self.holders.get(&one).map_or(0, Vec::len));
        one.kind.factor() * ((count(self.profiles.len()) + 1.0) / (having + 0.5)).ln().max(0.0)
    }

    fn norm<'a>(&self, traits: impl IntoIterator<Item = &'a Trait>) -> f64 {
        traits.into_iter().map(|one| self.weight(*one).powi(2)).sum::<f64>().sqrt()
    }

    /// Ranks the actors that share enough with a case, the likeliest first. An empty answer means that
    /// nothing can be said.
    pub fn rank(&self, case: &BTreeSet<Trait>, floor: &Floor) -> Vec<Candidate> {
        let mut shared: BTreeMap<u64, Vec<Reason>> = BTreeMap::new();
        for one in case {
            let holders = self.holders.get(one).map_or(&[][..], Vec::as_slice);
            let reason = Reason {
                shared: *one,
                actors: u32::try_from(holders.len()).unwrap_or(u32::MAX),
                weight: self.weight(*one),
            };
            for actor in holders {
                shared.entry(*actor).or_default().push(reason);
            }
        }
        // What nobody is known to have widens the case, at the weight of the rarest: it speaks against all.
        let norm = self.norm(case);
        let mut candidates: Vec<Candidate> = Vec::new();
        for (actor, mut reasons) in shared {
            let weight = reasons.iter().map(|reason| reason.weight).sum();
            let squares: f64 = reasons.iter().map(|reason| reason.weight.powi(2)).sum();
            let own = self.profiles.get(&actor).map_or(0.0, |profile| self.norm(profile));
            let similarity = if norm * own > 0.0 { squares / (norm * own) } else { 0.0 };
            reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.shared.cmp(&b.shared)));
            candidates.push(Candidate { actor, weight, similarity, lead: 0.0, reasons });
        }
        candidates.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.actor.cmp(&b.actor)));
        // The lead counts those below the floor too: an actor is not sure because the next is unsure.
        let similarities: Vec<f64> = candidates.iter().map(|candidate| candidate.similarity).collect();
        for (place, candidate) in candidates.iter_mut().enumerate() {
            let next = similarities.get(place + 1).copied().unwrap_or(0.0);
            candidate.lead = 1.0 - next / candidate.similarity.max(f64::MIN_POSITIVE);
        }
        candidates.retain(|candidate| {
            candidate.weight >= floor.weight
                && candidate.similarity >= floor.similarity
                && candidate.reasons.len() >= floor.traits
        });
        candidates.truncate(floor.candidates);
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn technique(value: u64) -> Trait {
        Trait { kind: TraitKind::Technique, value }
    }

    fn infrastructure(value: u64) -> Trait {
        Trait { kind: TraitKind::Infrastructure, value }
    }

    /// Fifty actors; all use techniques 0 to 4, each two of its own, a server and a pattern of names.
    fn known() -> Actors {
        let mut actors = Actors::default();
        for actor in 0..50 {
            let own = [technique(100 + actor), technique(200 + actor)];
            actors.add(
                actor,
                (0..5).map(technique).chain(own).chain([1000, 2000].map(|v| infrastructure(v + actor))),
            );
        }
        actors
    }

    #[test]
    fn what_all_do_points_to_nobody() {
        assert_eq!(known().rank(&(0..5).map(technique).collect(), &Floor::default()), []);
        assert_eq!(known().rank(&BTreeSet::new(), &Floor::default()), []);
    }

    #[test]
    fn one_rare_thing_alone_points_to_nobody() {
        assert_eq!(known().rank(&BTreeSet::from([infrastructure(1007)]), &Floor::default()), []);
    }

    #[test]
    fn several_rare_things_point_to_one_with_reasons() {
        let case = BTreeSet::from([infrastructure(1007), infrastructure(2007), technique(107), technique(1)]);
        let candidates = known().rank(&case, &Floor::default());
        let [first] = candidates.as_slice() else { panic!("{candidates:?}") };
        assert_eq!(first.actor, 7);
        assert_eq!(first.reasons.len(), 4);
        assert_eq!(first.reasons.first().unwrap().actors, 1);
        assert!(first.lead > 0.5);
    }

    #[test]
    fn of_two_that_share_it_all_neither_leads() {
        let mut actors = known();
        actors.add(99, known().profiles.get(&7).unwrap().iter().copied());
        let case = BTreeSet::from([infrastructure(1007), infrastructure(2007), technique(107)]);
        let candidates = actors.rank(&case, &Floor::default());
        assert_eq!(candidates.iter().map(|one| one.actor).collect::<Vec<_>>(), [7, 99]);
        assert!(candidates.first().unwrap().lead < 1e-9);
    }

    #[test]
    fn to_be_known_widely_is_no_advantage() {
        let mut actors = known();
        // Of one, everything is known.
        actors.add(77, (100..150).chain(200..250).map(technique).chain((1000..1050).map(infrastructure)));
        let case = BTreeSet::from([infrastructure(1007), infrastructure(2007), technique(107)]);
        assert_eq!(actors.rank(&case, &Floor::default()).first().unwrap().actor, 7);
    }
}
