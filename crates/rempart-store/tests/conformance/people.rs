//! People, members, keys, sources, statuses.

use rempart_model::member::Constituency;
use rempart_model::{Country, Member, MemberId, MemberKind, Timestamp, Tlp};
use rempart_store::{KeyOwner, Role, Scopes, StoreError};

use crate::conformance;
use crate::world::{later, now, source};

fn member(name: &str) -> Member {
    Member {
        id: MemberId(0),
        name: name.into(),
        aliases: vec!["an alias".into()],
        country: Country::new("FR").unwrap(),
        kind: MemberKind::NationalCsirt,
        clearance: Tlp::Amber,
        constituency: Constituency {
            networks: vec!["192.0.2.0/24".into()],
            asns: vec![64496],
            domains: vec!["gouv.example".into()],
            words: vec![],
        },
        since: Timestamp::MIN,
    }
}

conformance! {
    fn what_is_said_of_members_and_people_is_kept(store: &Store) {
        let id = store.add_member("tester", &member("cert-fr"), now()).unwrap();
        let stored = store.members().unwrap().remove(0);
        assert_eq!(stored, Member { id, since: now(), ..member("cert-fr") });
        assert!(matches!(store.add_member("tester", &member("cert-fr"), now()), Err(StoreError::Conflict(_))));
        let changed = Member { clearance: Tlp::Red, ..stored };
        store.update_member("tester", &changed, now()).unwrap();
        assert_eq!(store.members().unwrap()[0].clearance, Tlp::Red);
        store.add_person("tester", "ana", Role::Analyst, Some(1000), now()).unwrap();
        assert!(store.add_person("tester", "bob", Role::Reader, Some(1000), now()).is_err(), "one user, one person");
        assert_eq!(store.people().unwrap()[0].role, Role::Analyst);
    }

    fn keys_are_found_by_hash_until_revoked(store: &Store) {
        let id = store.add_member("tester", &member("m"), now()).unwrap();
        let owner = KeyOwner::Member(id);
        let key = store.add_key("tester", &[1; 32], owner, Scopes::READ, Some(later(60)), now()).unwrap();
        assert!(store.key(&[2; 32]).unwrap().is_none());
        let found = store.key(&[1; 32]).unwrap().unwrap();
        assert_eq!((found.owner, found.expires, found.revoked), (owner, Some(later(60)), None));
        assert!(store.revoke_key("tester", key, later(1)).unwrap());
        assert!(!store.revoke_key("tester", key, later(2)).unwrap());
        assert_eq!(store.key(&[1; 32]).unwrap().unwrap().revoked, Some(later(1)));
    }

    fn attempts_are_counted_by_the_minute(store: &Store) {
        for count in 1..=3 {
            assert_eq!(store.failed_attempt("192.0.2.1", now()).unwrap(), count);
        }
        assert_eq!(store.failed_attempts("192.0.2.1", now()).unwrap(), 3);
        assert_eq!(store.failed_attempts("192.0.2.2", now()).unwrap(), 0);
        assert_eq!(store.failed_attempts("192.0.2.1", later(61)).unwrap(), 0);
        assert_eq!(store.failed_attempt("192.0.2.1", later(61)).unwrap(), 1);
    }

    fn statuses_are_their_owners_and_end(store: &Store) {
        store.put_status(&[1; 16], "m", "{}", now(), now()).unwrap();
        assert_eq!(store.status(&[1; 16], "m").unwrap().as_deref(), Some("{}"));
        assert_eq!(store.status(&[1; 16], "n").unwrap(), None);
        store.put_status(&[2; 16], "m", "{}", later(100), later(50)).unwrap();
        assert_eq!(store.status(&[1; 16], "m").unwrap(), None);
    }

    fn a_source_keeps_its_number(store: &Store) {
        let first = source(store, "feed");
        assert_eq!(source(store, "feed"), first);
        assert_ne!(source(store, "other"), first);
        assert_eq!(store.sources().unwrap().len(), 2);
    }
}
