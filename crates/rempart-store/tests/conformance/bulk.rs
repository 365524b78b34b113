//! Expiry, overrides, what is due, and many at once.

use rempart_store::{OverrideRow, Selection, Visible};

use crate::conformance;
use crate::world::{
    Counting, class, domain, indicator, later, now, request, source, take, walk, whole_class,
};

conformance! {
    fn claims_end_when_due_and_when_expired(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let mut ending = indicator(store, 1, 0, green);
        ending.claims[0].valid_until = Some(later(100));
        ending.claims[0].alone.next_change = Some(later(100));
        take(store, feed, vec![ending, indicator(store, 2, 0, green)], &conclude, now());
        let probability = |n| store.observables(&[domain(n)]).unwrap()[0].as_ref().unwrap().assessment.probability;
        assert_eq!(store.reassess_due(10, &conclude, later(50)).unwrap(), 0);
        assert_eq!(store.reassess_due(10, &conclude, later(100)).unwrap(), 1);
        assert_eq!((probability(1), probability(2)), (0.0, 0.4));
        assert_eq!(store.reassess_due(10, &conclude, later(200)).unwrap(), 0, "once");
        let all = store.select(&Selection::Source(feed)).unwrap();
        assert_eq!(store.expire("tester", &all, &conclude, later(300)).unwrap(), 1);
        assert_eq!(probability(2), 0.0);
    }

    fn an_override_sticks_until_it_is_lifted(store: &Store) {
        let (conclude, green) = (Counting::default(), class(store, "green"));
        take(store, source(store, "first"), vec![indicator(store, 1, 0, green)], &conclude, now());
        let decision =
            OverrideRow { malicious: false, reason: "ours".into(), by: "ana".into(), at: now() };
        let row = store.set_override("ana", &domain(1), Some(decision.clone()), &conclude, now()).unwrap();
        assert_eq!((row.assessment.probability, row.override_), (0.0, Some(decision)));
        let mut again = indicator(store, 2, 0, green);
        again.claims = indicator(store, 1, 0, green).claims;
        take(store, source(store, "second"), vec![again], &conclude, later(1));
        let probability = || store.observables(&[domain(1)]).unwrap()[0].as_ref().unwrap().assessment.probability;
        assert_eq!(probability(), 0.0);
        store.set_override("ana", &domain(1), None, &conclude, later(2)).unwrap();
        assert_eq!(probability(), 0.8);
        // Of what nobody has spoken of yet.
        let unknown = domain(77);
        let decision = OverrideRow { malicious: true, reason: "seen".into(), by: "ana".into(), at: now() };
        assert_eq!(store.set_override("ana", &unknown, Some(decision), &conclude, now()).unwrap().assessment.probability, 1.0);
    }

    fn many_go_at_once(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        for round in 0..4 {
            take(store, feed, (0..5000).map(|n| indicator(store, round * 5000 + n, 0, green)).collect(), &conclude, later(round as i64));
        }
        let all = store.select(&Selection::Source(feed)).unwrap();
        assert_eq!(all.len(), 20_000);
        for chunk in all.chunks(10_000) {
            assert_eq!(store.delete("tester", chunk, &conclude, later(60)).unwrap(), 10_000);
        }
        assert_eq!(walk(store, request(vec![whole_class(green)], Visible::All, 100)), []);
        let counts = store.counts().unwrap();
        assert_eq!((counts.objects, counts.observables), (0, 0));
        assert!(store.verify(&mut |_, _| {}).unwrap().faults.is_empty());
    }
}
