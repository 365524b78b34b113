//! What is the same, what is new, and whose it is.

use rempart_model::MemberId;
use rempart_store::placement::{Shelf, collection};
use rempart_store::{ClassId, Outcome, StreamRef, Visible};

use crate::conformance;
use crate::world::{
    Counting, class, concerning, domain, id, indicator, later, minted, now, numbers, request, source, take,
    walk, whole_class,
};

fn added(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Added { .. })
}

conformance! {
    fn the_same_again_adds_nothing(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let batch = || (0..50).map(|n| indicator(store, n, 0, green)).collect::<Vec<_>>();
        assert!(take(store, feed, batch(), &conclude, now()).iter().all(added));
        let before = store.counts().unwrap();
        assert!(take(store, feed, batch(), &conclude, later(5)).iter().all(|o| *o == Outcome::Duplicate));
        assert_eq!(store.counts().unwrap(), before);
        // And within one batch.
        let twice = vec![indicator(store, 99, 0, green), indicator(store, 99, 0, green)];
        let outcomes = take(store, feed, twice, &conclude, now());
        assert!(added(&outcomes[0]));
        assert_eq!(outcomes[1], Outcome::Duplicate);
    }

    fn a_new_version_takes_the_place_of_the_old_one(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        take(store, feed, vec![indicator(store, 1, 0, green), indicator(store, 2, 0, green)], &conclude, now());
        take(store, feed, vec![indicator(store, 1, 10, green)], &conclude, later(10));
        // An older version that comes late changes nothing for those who read the last one.
        take(store, feed, vec![indicator(store, 1, 5, green)], &conclude, later(20));
        let all = Visible::All;
        let seen = walk(store, request(vec![whole_class(green)], all.clone(), 1));
        assert_eq!(numbers(&seen), [(2, 0), (1, 10)]);
        let mut every = request(vec![whole_class(green)], all, 100);
        every.filter.versions = rempart_store::VersionFilter::All;
        assert_eq!(numbers(&walk(store, every.clone())), [(1, 0), (2, 0), (1, 10), (1, 5)]);
        every.filter.versions =
            rempart_store::VersionFilter::Any { first: true, last: false, exact: vec![later(5)] };
        assert_eq!(numbers(&walk(store, every)), [(1, 0), (2, 0), (1, 5)]);
        let row = store.observables(&[domain(1)]).unwrap().remove(0).unwrap();
        assert_eq!(store.claims(row.id).unwrap().len(), 1, "only the last version claims");
    }

    fn a_revoked_version_ends_the_claims(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        take(store, feed, vec![indicator(store, 1, 0, green)], &conclude, now());
        let mut revoked = indicator(store, 1, 1, green);
        revoked.revoked = true;
        revoked.claims.clear();
        take(store, feed, vec![revoked], &conclude, later(1));
        assert_eq!(store.observables(&[domain(1)]).unwrap(), [None], "nobody speaks of it any more");
        assert_eq!(numbers(&walk(store, request(vec![whole_class(green)], Visible::All, 9))), [(1, 1)]);
        assert!(store.verify(&mut |_, _| {}).unwrap().faults.is_empty());
    }

    fn only_the_first_source_makes_new_versions(store: &Store) {
        let (conclude, green) = (Counting::default(), class(store, "green"));
        let (first, second) = (source(store, "first"), source(store, "second"));
        take(store, first, vec![indicator(store, 1, 0, green)], &conclude, now());
        let mut same_version = indicator(store, 1, 0, green);
        same_version.digest = [9; 16];
        let outcomes =
            take(store, second, vec![same_version, indicator(store, 1, 60, green)], &conclude, later(60));
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Conflict { .. })), "{outcomes:?}");
        assert_eq!(numbers(&walk(store, request(vec![whole_class(green)], Visible::All, 9))), [(1, 0)]);
        assert_eq!(store.objects_by_id(&id(1)).unwrap().len(), 3, "all are kept");
        // The same bytes from elsewhere are no conflict.
        let outcomes = take(store, second, vec![indicator(store, 1, 0, green)], &conclude, later(61));
        assert_eq!(outcomes, [Outcome::Duplicate]);
    }

    fn what_a_contributor_may_not_see_is_nothing_to_it(store: &Store) {
        let (conclude, red, own) = (Counting::default(), class(store, "red"), class(store, "own"));
        let (secret, theirs) = (source(store, "secret"), source(store, "theirs"));
        take(store, secret, vec![indicator(store, 1, 0, red)], &conclude, now());
        let sees = |class: ClassId, _: ClassId| class == own;
        // Exactly the same bytes: to the contributor, it is new, and it can read what it gave.
        let outcome =
            store.intake("m", theirs, vec![indicator(store, 1, 0, own)], &sees, &conclude, later(1)).unwrap();
        assert!(added(&outcome.outcomes[0]));
        let outcome =
            store.intake("m", theirs, vec![indicator(store, 1, 0, own)], &sees, &conclude, later(2)).unwrap();
        assert_eq!(outcome.outcomes, [Outcome::Duplicate]);
        let visible = Visible::Classes(vec![own]);
        assert_eq!(numbers(&walk(store, request(vec![whole_class(own)], visible, 9))), [(1, 0)]);
        // Who sees both reads the first one only.
        let both = walk(store, request(vec![whole_class(red), whole_class(own)], Visible::All, 9));
        assert_eq!(numbers(&both), [(1, 0)]);
    }

    fn minted_objects_are_told_apart_by_what_they_say(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let line = |version| {
            let mut object = minted(indicator(store, 1, version, green));
            object.digest = [4; 16];
            object
        };
        assert!(added(&take(store, feed, vec![line(0)], &conclude, now())[0]));
        assert_eq!(take(store, feed, vec![line(3600)], &conclude, later(3600)), [Outcome::Duplicate]);
        let mut changed = line(7200);
        changed.digest = [5; 16];
        assert!(added(&take(store, feed, vec![changed], &conclude, later(7200))[0]));
        assert_eq!(
            numbers(&walk(store, request(vec![whole_class(green)], Visible::All, 9))),
            [(1, 7200)],
            "a changed line is a new version"
        );
    }

    fn a_line_that_comes_again_keeps_its_claim_alive(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        take(store, feed, vec![minted(indicator(store, 1, 0, green))], &conclude, now());
        let day = later(86_400);
        assert_eq!(take(store, feed, vec![minted(indicator(store, 1, 0, green))], &conclude, day), [Outcome::Duplicate]);
        let row = store.observables(&[domain(1)]).unwrap().remove(0).unwrap();
        assert_eq!(store.claims(row.id).unwrap()[0].last_seen, Some(day));
    }

    fn two_sources_make_an_object_of_high_confidence_at_that_moment(store: &Store) {
        let (conclude, green, member) = (Counting::default(), class(store, "green"), MemberId(3));
        conclude.let_see(member, &[green]);
        let (first, second) = (source(store, "first"), source(store, "second"));
        take(store, first, vec![concerning(indicator(store, 1, 0, green), member)], &conclude, now());
        let shelf = |shelf| vec![StreamRef::Collection(collection(member, shelf))];
        let sees = Visible::Classes(vec![green]);
        let concerns = walk(store, request(shelf(Shelf::Concerns), sees.clone(), 9));
        assert_eq!(numbers(&concerns), [(1, 0)]);
        assert_eq!(walk(store, request(shelf(Shelf::High), sees.clone(), 9)), []);
        let mut same_domain = indicator(store, 2, 0, green);
        same_domain.claims = indicator(store, 1, 0, green).claims;
        take(store, second, vec![same_domain], &conclude, later(30));
        let high = walk(store, request(shelf(Shelf::High), sees, 9));
        assert_eq!(numbers(&high), [(1, 0)]);
        assert!(high[0].0 >= later(30).micros(), "dated when it became so");
    }

    fn what_a_member_may_not_see_does_not_raise_its_confidence(store: &Store) {
        let (conclude, member) = (Counting::default(), MemberId(3));
        let (green, red) = (class(store, "green"), class(store, "red"));
        conclude.let_see(member, &[green]);
        take(store, source(store, "first"), vec![concerning(indicator(store, 1, 0, green), member)], &conclude, now());
        let mut secret = indicator(store, 2, 0, red);
        secret.claims = indicator(store, 1, 0, green).claims;
        take(store, source(store, "second"), vec![secret], &conclude, later(1));
        let high = request(
            vec![StreamRef::Collection(collection(member, Shelf::High))],
            Visible::Classes(vec![green]),
            9,
        );
        assert_eq!(walk(store, high), []);
        assert_eq!(store.observables(&[domain(1)]).unwrap()[0].as_ref().unwrap().assessment.probability, 0.8);
    }
}
