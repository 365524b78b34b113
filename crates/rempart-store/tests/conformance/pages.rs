//! Reading in pages while things change.

use rempart_model::MemberId;
use rempart_store::placement::{Shelf, collection};
use rempart_store::{ObjectSeq, PageRequest, StreamRef, Visible};

use crate::conformance;
use crate::world::{
    Counting, class, concerning, id, indicator, later, now, numbers, request, source, take, walk, whole_class,
};

conformance! {
    fn streams_merge_in_order_without_gap_or_repetition(store: &Store) {
        let (conclude, feed) = (Counting::default(), source(store, "feed"));
        let classes: Vec<_> = (0..5).map(|n| class(store, &format!("terms {n}"))).collect();
        for round in 0..10u64 {
            let batch = (0..40).map(|n| {
                let number = round * 40 + n;
                indicator(store, number, 0, classes[(number % 5) as usize])
            });
            take(store, feed, batch.collect(), &conclude, later(round as i64));
        }
        let three = [classes[0], classes[2], classes[3]];
        let streams: Vec<_> = three.iter().map(|class| whole_class(*class)).collect();
        for limit in [1, 7, 100, 1000] {
            let seen = walk(store, request(streams.clone(), Visible::Classes(three.to_vec()), limit));
            assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "positions grow");
            let mut found: Vec<u64> = numbers(&seen).into_iter().map(|(number, _)| number).collect();
            found.sort_unstable();
            let wanted: Vec<u64> = (0..400).filter(|number| matches!(number % 5, 0 | 2 | 3)).collect();
            assert_eq!(found, wanted);
        }
    }

    fn nothing_hidden_shows_in_more(store: &Store) {
        let (conclude, feed) = (Counting::default(), source(store, "feed"));
        let (green, red) = (class(store, "green"), class(store, "red"));
        take(store, feed, vec![indicator(store, 1, 0, green)], &conclude, now());
        take(store, feed, (2..200).map(|n| indicator(store, n, 0, red)).collect(), &conclude, later(1));
        let mut page = request(vec![whole_class(green), whole_class(red)], Visible::Classes(vec![green]), 1);
        page.filter.types = vec!["indicator".into()];
        let end = store.page(&page, &mut |_| {}).unwrap();
        assert_eq!((end.count, end.more), (1, false));
    }

    fn sight_gained_later_arrives_now_and_once(store: &Store) {
        let (conclude, feed, member) = (Counting::default(), source(store, "feed"), MemberId(1));
        let (green, amber) = (class(store, "green"), class(store, "amber"));
        take(store, feed, vec![indicator(store, 1, 0, amber), indicator(store, 2, 0, green)], &conclude, now());
        store.set_visibility(member, &[green], false, now()).unwrap();
        let own = |after| -> PageRequest {
            let sight = store.visibility(member).unwrap();
            let mut streams: Vec<_> =
                sight.iter().map(|(class, since)| StreamRef::Class { class: *class, since: *since }).collect();
            streams.push(StreamRef::Collection(collection(member, Shelf::Late)));
            PageRequest {
                streams,
                visible: Visible::Classes(sight.iter().map(|(class, _)| *class).collect()),
                member: Some(member),
                after,
                ..request(Vec::new(), Visible::All, 1)
            }
        };
        let seen = walk(store, own(i64::MIN));
        assert_eq!(numbers(&seen), [(2, 0)]);
        let cursor = seen[0].0;
        store.set_visibility(member, &[green, amber], true, later(60)).unwrap();
        take(store, feed, vec![indicator(store, 3, 0, amber)], &conclude, later(61));
        assert_eq!(numbers(&walk(store, own(cursor))), [(1, 0), (3, 0)], "nothing missed, nothing twice");
        assert_eq!(numbers(&walk(store, own(i64::MIN))), [(2, 0), (1, 0), (3, 0)]);
        // Found by name, it has the same date as on the page.
        let mut named = own(i64::MIN);
        named.filter.ids = vec![id(1)];
        assert_eq!(walk(store, named)[0].0, walk(store, own(cursor))[0].0);
    }

    fn an_object_on_wider_terms_arrives_for_those_who_had_it_not(store: &Store) {
        let (conclude, feed) = (Counting::default(), source(store, "feed"));
        let (narrow, wide) = (class(store, "narrow"), class(store, "wide"));
        let (had, new) = (MemberId(1), MemberId(2));
        store.set_visibility(had, &[narrow, wide], false, now()).unwrap();
        store.set_visibility(new, &[wide], false, now()).unwrap();
        take(store, feed, vec![indicator(store, 1, 0, narrow), indicator(store, 2, 0, wide)], &conclude, now());
        let own = |member: MemberId, after| -> Vec<(i64, String)> {
            let sight = store.visibility(member).unwrap();
            let mut streams: Vec<_> =
                sight.iter().map(|(class, since)| StreamRef::Class { class: *class, since: *since }).collect();
            streams.push(StreamRef::Collection(collection(member, Shelf::Late)));
            walk(store, PageRequest {
                streams,
                visible: Visible::Classes(sight.iter().map(|(class, _)| *class).collect()),
                member: Some(member),
                after,
                ..request(Vec::new(), Visible::All, 1)
            })
        };
        let (before_had, before_new) = (own(had, i64::MIN), own(new, i64::MIN));
        assert_eq!((before_had.len(), before_new.len()), (2, 1));
        let object = store.objects_by_id(&id(1)).unwrap()[0].seq;
        let audience = |class| if class == wide { vec![had, new] } else { vec![had] };
        store.rerelease("tester", &[(object, wide)], &audience, &conclude, later(9)).unwrap();
        assert_eq!(own(had, before_had[1].0), [], "who had it does not get it again");
        assert_eq!(numbers(&own(new, before_new[0].0)), [(1, 0)]);
        assert_eq!(own(had, i64::MIN).len(), 2);
        assert_eq!(own(new, i64::MIN).len(), 2);
        // And back: it is gone for the second one.
        store.rerelease("tester", &[(object, narrow)], &audience, &conclude, later(19)).unwrap();
        assert_eq!(numbers(&own(new, i64::MIN)), [(2, 0)]);
        assert_eq!(own(had, i64::MIN).len(), 2);
    }

    fn what_is_routed_late_arrives_late(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let member = MemberId(1);
        conclude.let_see(member, &[green]);
        take(store, feed, vec![indicator(store, 1, 0, green), concerning(indicator(store, 2, 0, green), member)], &conclude, now());
        let shelf = || request(
            vec![StreamRef::Collection(collection(member, Shelf::Concerns))],
            Visible::Classes(vec![green]),
            9,
        );
        let cursor = walk(store, shelf())[0].0;
        let first = store.objects_by_id(&id(1)).unwrap()[0].seq;
        let second = store.objects_by_id(&id(2)).unwrap()[0].seq;
        let concern = |weight| vec![rempart_store::NewConcern { member, weight, reasons: vec![2] }];
        store.reroute(&[(first, concern(10)), (second, concern(20))], &conclude, later(5)).unwrap();
        let mut next = shelf();
        next.after = cursor;
        assert_eq!(numbers(&walk(store, next)), [(1, 0)]);
        assert_eq!(store.objects(&[second]).unwrap()[0].placements[0].weight, 20);
        store.reroute(&[(second, Vec::new())], &conclude, later(6)).unwrap();
        assert_eq!(numbers(&walk(store, shelf())), [(1, 0)]);
    }

    fn nobody_is_concerned_by_what_it_may_not_see(store: &Store) {
        let (conclude, feed, red) = (Counting::default(), source(store, "feed"), class(store, "red"));
        let member = MemberId(1);
        take(store, feed, vec![concerning(indicator(store, 1, 0, red), member)], &conclude, now());
        let seq = store.objects_by_id(&id(1)).unwrap()[0].seq;
        assert_eq!(store.objects(&[seq]).unwrap()[0].placements, []);
        let concern = vec![rempart_store::NewConcern { member, weight: 10, reasons: vec![2] }];
        store.reroute(&[(seq, concern.clone())], &conclude, later(5)).unwrap();
        assert_eq!(store.objects(&[seq]).unwrap()[0].placements, []);
        // Once it may see it, it is concerned from that moment on.
        conclude.let_see(member, &[red]);
        store.reroute(&[(seq, concern)], &conclude, later(9)).unwrap();
        let placed = store.objects(&[seq]).unwrap()[0].placements.clone();
        assert!(placed.len() == 1 && placed[0].position >= later(9).micros(), "{placed:?}");
    }

    fn types_and_ids_are_found(store: &Store) {
        let (conclude, feed, green) = (Counting::default(), source(store, "feed"), class(store, "green"));
        let mut malware = indicator(store, 5, 0, green);
        malware.id = rempart_model::StixId::new("malware", *id(5).uuid());
        malware.id_key = store.id_key(&malware.id);
        malware.claims.clear();
        take(store, feed, vec![indicator(store, 1, 0, green), malware.clone(), indicator(store, 2, 0, green)], &conclude, now());
        let mut page = request(vec![whole_class(green)], Visible::All, 9);
        page.filter.types = vec!["malware".into()];
        assert_eq!(walk(store, page.clone()).len(), 1);
        page.filter.types = vec!["malware".into(), "indicator".into()];
        assert_eq!(walk(store, page.clone()).len(), 3);
        page.filter.types = vec!["campaign".into()];
        assert_eq!(walk(store, page.clone()).len(), 0);
        page.filter.types.clear();
        page.filter.ids = vec![malware.id.clone(), id(2), id(77)];
        assert_eq!(walk(store, page).len(), 2);
        let _ = ObjectSeq(0);
    }
}
