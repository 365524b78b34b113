//! What people decided of what belongs together.

use rempart_model::{Kind, Observable};
use rempart_store::ConnectDecision;

use crate::conformance;
use crate::world::{later, now};

fn pair(first: &str, second: &str) -> [Observable; 2] {
    [first, second].map(|name| Observable::parse(&Kind::Domain, name).unwrap())
}

conformance! {
    fn the_latest_decision_of_two_holds_until_it_is_lifted(store: &Store) {
        let apart = ConnectDecision::new(pair("b.example", "a.example"), false, "maria", "other people", now());
        assert_eq!(apart.pair, pair("a.example", "b.example"), "their order says nothing");
        let other = ConnectDecision::new(pair("a.example", "c.example"), true, "maria", "one kit", later(1));
        store.decide_connection(&apart, "{\"event\":\"connect\"}").unwrap();
        store.decide_connection(&other, "{\"event\":\"connect\"}").unwrap();
        assert_eq!(store.connect_decisions().unwrap(), [apart.clone(), other.clone()]);
        let together = ConnectDecision::new(apart.pair.clone(), true, "jan", "one after all", later(2));
        store.decide_connection(&together, "{\"event\":\"connect\"}").unwrap();
        assert_eq!(store.connect_decisions().unwrap(), [other.clone(), together]);
        let size = store.ledger_size();
        let lift = |pair| store.lift_connection("jan", pair, "{\"event\":\"lift\"}", later(3)).unwrap();
        assert!(lift(&apart.pair) && !lift(&apart.pair));
        assert_eq!(store.ledger_size(), size + 1, "what was not there is not lifted");
        assert_eq!(store.connect_decisions().unwrap(), [other]);
    }
}
