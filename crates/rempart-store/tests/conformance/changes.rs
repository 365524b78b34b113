//! What follows observables learns of every change, and of nothing too late.

use std::collections::BTreeMap;

use rempart_store::{ChangeCursor, OverrideRow, Selection};

use crate::conformance;
use crate::world::{Counting, class, domain, indicator, later, now, source, take};

/// Somebody who follows, and what it believes.
#[derive(Default)]
struct Follower {
    cursor: ChangeCursor,
    known: BTreeMap<String, f32>,
}

impl Follower {
    /// Reads on to the end; returns how many changes it was told.
    fn follow(&mut self, store: &rempart_store::Store, limit: usize) -> usize {
        let mut told = 0;
        loop {
            let changes = store.observables_changed(self.cursor, limit).unwrap();
            told += changes.changes.len();
            for change in changes.changes {
                let value = change.observable.value().to_owned();
                match change.row {
                    Some(row) => self.known.insert(value, row.assessment.probability),
                    None => self.known.remove(&value),
                };
            }
            self.cursor = changes.reached;
            if !changes.more {
                return told;
            }
        }
    }

    /// Everything that is there, read in one go.
    fn truth(store: &rempart_store::Store) -> BTreeMap<String, f32> {
        let all = store.observables_after(rempart_store::ObservableId(0), 1000).unwrap();
        all.into_iter().map(|row| (row.observable.value().to_owned(), row.assessment.probability)).collect()
    }
}

conformance! {
    fn a_follower_knows_what_is_there(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let mut followers = [Follower::default(), Follower::default(), Follower::default()];
        let mut check = |expected: usize| {
            for (follower, limit) in followers.iter_mut().zip([1, 3, 1000]) {
                let told = follower.follow(store, limit);
                assert!(told >= expected, "{told} of {expected} at {limit} a time");
                assert_eq!(follower.known, Follower::truth(store), "at {limit} a time");
                assert_eq!(follower.follow(store, limit), 0, "nothing is told again");
            }
        };
        take(store, feed, (0..10).map(|n| indicator(store, n, 0, green)).collect(), &conclude, now());
        check(10);
        // Another source says the same, on the same second.
        let mut again = indicator(store, 50, 0, green);
        again.claims = indicator(store, 3, 0, green).claims;
        take(store, source(store, "second"), vec![again], &conclude, now());
        check(1);
        let decision = OverrideRow { malicious: true, reason: "seen".into(), by: "ana".into(), at: now() };
        store.set_override("ana", &domain(4), Some(decision.clone()), &conclude, later(1)).unwrap();
        store.set_override("ana", &domain(99), Some(decision), &conclude, later(1)).unwrap();
        check(2);
        store.set_override("ana", &domain(99), None, &conclude, later(2)).unwrap();
        check(1);
        let all = store.select(&Selection::Source(feed)).unwrap();
        store.expire("ana", &all[..2], &conclude, later(3)).unwrap();
        check(2);
        // Gone, and there again, between two looks.
        store.delete("ana", &all[5..9], &conclude, later(4)).unwrap();
        take(store, feed, vec![indicator(store, 6, 1, green)], &conclude, later(5));
        check(4);
    }

    fn other_terms_are_a_change(store: &Store) {
        let (conclude, feed) = (Counting::default(), source(store, "feed"));
        let (red, green) = (class(store, "red"), class(store, "green"));
        take(store, feed, vec![indicator(store, 1, 0, red)], &conclude, now());
        let before = store.observables_changed(ChangeCursor::default(), 10).unwrap();
        let seq = store.select(&Selection::Source(feed)).unwrap()[0];
        store.rerelease("ana", &[(seq, green)], &|_| Vec::new(), &conclude, later(1)).unwrap();
        assert_eq!(store.observables_changed(before.reached, 10).unwrap().changes.len(), 1);
    }
}
