//! The ledger: what happened, in order, provably.

use rempart_store::EntryKind;

use crate::conformance;
use crate::world::{Counting, class, id, indicator, later, now, source, take};

conformance! {
    fn every_write_is_an_entry_and_the_ledger_holds(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let start = store.ledger_size();
        for round in 0..5 {
            take(store, feed, (0..30).map(|n| indicator(store, round * 30 + n, 0, green)).collect(), &conclude, later(round as i64));
        }
        assert_eq!(store.ledger_size(), start + 150);
        let entries = store.ledger(start + 70, 1000).unwrap();
        assert_eq!(entries.len(), 80);
        assert!(entries.iter().zip(start + 70..).all(|(entry, seq)| entry.seq == seq));
        assert!(entries.iter().all(|entry| entry.kind == EntryKind::ObjectAdded && entry.actor == "tester"));
        let verification = store.verify(&mut |_, _| {}).unwrap();
        assert_eq!((verification.objects, verification.faults.as_slice()), (150, &[][..]));
    }

    fn erasure_leaves_the_proof(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        take(store, feed, (0..10).map(|n| indicator(store, n, 0, green)).collect(), &conclude, now());
        let head = store.verify(&mut |_, _| {}).unwrap().head;
        let gone = store.objects_by_id(&id(9)).unwrap()[0].seq;
        assert_eq!(store.delete("tester", &[gone], &conclude, later(1)).unwrap(), 1);
        assert_eq!(store.delete("tester", &[gone], &conclude, later(1)).unwrap(), 0);
        let after = store.verify(&mut |_, _| {}).unwrap();
        assert_eq!((after.objects, after.erased, after.faults.len()), (9, 1, 0));
        assert_ne!(after.head, head);
        // The number is not given to another object, so that the entries keep their meaning.
        take(store, feed, vec![indicator(store, 50, 0, green)], &conclude, later(2));
        assert!(store.objects_by_id(&id(50)).unwrap()[0].seq > gone);
        assert!(store.verify(&mut |_, _| {}).unwrap().faults.is_empty());
    }

    fn cursors_are_kept(store: &Store) {
        assert_eq!(store.cursor("route").unwrap(), 0);
        store.set_cursor("route", 12).unwrap();
        store.set_cursor("route", 13).unwrap();
        assert_eq!(store.cursor("route").unwrap(), 13);
    }
}
