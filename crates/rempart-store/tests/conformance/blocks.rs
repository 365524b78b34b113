//! Blocks: one for a value at a time, each with an end, and what it stopped.

use rempart_model::{Block, BlockClass, BlockId, Category, Kind, Observable};
use rempart_store::{BlockHits, OutputState};

use crate::conformance;
use crate::world::{Counting, class, domain, indicator, later, now, source, take};

fn block(number: u8, seconds: i64) -> Block {
    Block {
        id: BlockId::from_bytes([number; 10]),
        target: domain(u64::from(number % 100)),
        class: BlockClass::Phishing,
        category: Category::Phishing,
        reason: "reported by two sources".into(),
        since: now(),
        until: later(seconds),
    }
}

conformance! {
    fn a_value_is_blocked_once_at_a_time(store: &Store) {
        let (first, other) = (block(1, 60), block(2, 120));
        let again = Block { id: BlockId::from_bytes([101; 10]), ..first.clone() };
        let placed = store.place_blocks("maria", &[first.clone(), other.clone()], now()).unwrap();
        assert_eq!(placed, [first.clone(), other.clone()]);
        assert_eq!(store.place_blocks("maria", std::slice::from_ref(&again), now()).unwrap(), []);
        assert_eq!(store.block_of(&first.target).unwrap(), Some(first.clone()));
        assert_eq!(store.blocks(None, 10).unwrap(), [first.clone(), other.clone()]);
        assert_eq!(store.blocks(Some(&first.target), 10).unwrap(), std::slice::from_ref(&other));

        assert_eq!(store.blocks_due(later(59), 10).unwrap(), []);
        assert_eq!(store.blocks_due(later(60), 10).unwrap(), std::slice::from_ref(&first));
        let end = [(first.id, "its time is over".to_owned())];
        assert_eq!(store.end_blocks("rempart", &end, later(60)).unwrap(), std::slice::from_ref(&first));
        assert_eq!(store.end_blocks("rempart", &end, later(61)).unwrap(), []);
        assert_eq!(store.block_of(&first.target).unwrap(), None);
        let row = store.block(first.id).unwrap().unwrap();
        assert_eq!(row.ended, Some((later(60), "its time is over".to_owned())));

        // What has ended can be blocked again, under another id, and both are remembered.
        assert_eq!(store.place_blocks("maria", std::slice::from_ref(&again), later(70)).unwrap().len(), 1);
        let ids: Vec<_> = store.blocks_of(&first.target).unwrap().iter().map(|row| row.block.id).collect();
        assert_eq!(ids.len(), 2);
        assert!(ids.contains(&first.id) && ids.contains(&again.id));
        assert!(store.verify(&mut |_, _| ()).unwrap().faults.is_empty());
    }

    fn what_ended_and_why_is_counted(store: &Store) {
        let blocks = [block(1, 60), block(2, 60), block(3, 60), block(4, 60)];
        store.place_blocks("maria", &blocks, now()).unwrap();
        let end = |number: usize, why: &str, at| {
            store.end_blocks("rempart", &[(blocks[number].id, why.to_owned())], later(at)).unwrap();
        };
        end(0, "an appeal was upheld", 5);
        end(1, "an appeal was upheld", 15);
        end(2, "P1: popular", 20);
        let health = |since, counts| {
            let found = store.block_health(later(since), ["upheld", "P1:"]).unwrap();
            assert_eq!((found.blocks, found.first, found.second), counts, "since {since}");
        };
        health(0, (4, 2, 1));
        health(10, (3, 1, 1));
        health(100, (1, 0, 0));
    }

    fn hits_add_up(store: &Store) {
        let hit = |number, day, count| BlockHits {
            block: BlockId::from_bytes([number; 10]), day, country: "FR".into(), count,
        };
        store.count_hits(&[hit(1, 20_000, 2), hit(1, 20_001, 1), hit(2, 20_000, 5)], now()).unwrap();
        store.count_hits(&[hit(1, 20_000, 3)], now()).unwrap();
        assert_eq!(store.hits(BlockId::from_bytes([1; 10])).unwrap(), [hit(1, 20_000, 5), hit(1, 20_001, 1)]);
        assert_eq!(store.hits(BlockId::from_bytes([3; 10])).unwrap(), []);
    }

    fn an_output_is_dry_until_it_is_set(store: &Store) {
        assert_eq!(store.output("malware").unwrap(), OutputState::default());
        let live = OutputState { live: true, baseline: 7, measured: now().micros() };
        let before = store.ledger_size();
        store.set_output("maria", "malware", live, Some("{\"event\":\"live\"}"), now()).unwrap();
        assert_eq!(store.output("malware").unwrap(), live);
        assert_eq!(store.output("phishing").unwrap(), OutputState::default());
        assert!(store.ledger_size() > before);
    }

    fn networks_are_found_among_everything(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let wanted = ["198.51.100.0/24", "2001:db8::/32"].map(|text| Observable::parse(&Kind::Cidr, text).unwrap());
        let others = ["http://evil-one.com/24", "https://198.51.100.7/8"]
            .map(|text| Observable::parse(&Kind::Url, text).unwrap());
        let objects = wanted.iter().chain(&others).enumerate().map(|(number, observable)| {
            let mut object = indicator(store, number as u64, 0, green);
            for claim in &mut object.claims {
                claim.key = store.observable_key(observable);
                claim.observable = observable.clone();
            }
            object
        });
        take(store, feed, objects.collect(), &conclude, now());
        let mut found = store.networks().unwrap();
        found.sort_by(|a, b| a.value().cmp(b.value()));
        assert_eq!(found, wanted);
    }
}
