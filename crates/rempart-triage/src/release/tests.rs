//! The decision as a table against a second, plainer telling of the rules, and its laws.

use proptest::prelude::*;

use super::*;

fn member(clearance: Tlp) -> MemberView<'static> {
    MemberView {
        id: MemberId(7),
        name: "CERT-FR",
        aliases: &[],
        country: Country::new("FR").unwrap(),
        clearance,
    }
}

fn terms(tlp: Tlp) -> Terms {
    Terms { tlp, pap: Pap::Clear, recipients: None, community: None, owner: None, unknown: false }
}

fn shared(clearance: Tlp, terms: &Terms) -> bool {
    decide(&Audience::Member(&member(clearance)), terms, Use::Share) == Decision::Released
}

#[test]
fn clearance_is_a_ceiling_and_no_permission() {
    for clearance in Tlp::ALL {
        for tlp in Tlp::ALL {
            let expected = tlp <= clearance && tlp <= Tlp::Amber;
            assert_eq!(shared(clearance, &terms(tlp)), expected, "{tlp:?} to {clearance:?}");
            let named = Terms { recipients: Some(vec!["cert-fr".into()]), ..terms(tlp) };
            assert_eq!(shared(clearance, &named), tlp <= clearance, "{tlp:?} named to {clearance:?}");
            let others = Terms { recipients: Some(vec!["cert-de".into()]), ..terms(tlp) };
            assert!(!shared(clearance, &others));
            let nobody = Terms { recipients: Some(Vec::new()), ..terms(tlp) };
            assert!(!shared(clearance, &nobody));
        }
    }
}

#[test]
fn a_country_is_a_name_and_amber_keeps_to_the_community() {
    let named = Terms { recipients: Some(vec!["fr".into()]), ..terms(Tlp::Red) };
    assert!(shared(Tlp::Red, &named));
    let elsewhere = Terms { community: Some(vec![MemberId(8)]), ..terms(Tlp::Amber) };
    assert!(!shared(Tlp::Red, &elsewhere));
    let here = Terms { community: Some(vec![MemberId(7), MemberId(8)]), ..terms(Tlp::Amber) };
    assert!(shared(Tlp::Amber, &here));
}

#[test]
fn unknown_is_withheld_from_all_but_the_operator_and_the_owner() {
    let unknown = Terms { unknown: true, ..terms(Tlp::Clear) };
    assert!(!shared(Tlp::Red, &unknown));
    assert_eq!(decide(&Audience::Public, &unknown, Use::Share), Decision::Withheld(Reason::UnknownMarking));
    assert_eq!(decide(&Audience::Operator, &unknown, Use::Share), Decision::Released);
    assert!(shared(Tlp::Clear, &Terms { owner: Some(MemberId(7)), ..unknown }));
}

#[test]
fn the_public_gets_clear_alone() {
    for tlp in Tlp::ALL {
        let released = decide(&Audience::Public, &terms(tlp), Use::Share) == Decision::Released;
        assert_eq!(released, tlp == Tlp::Clear);
    }
}

#[test]
fn pap_binds_the_use() {
    let view = member(Tlp::Red);
    let audiences = [Audience::Operator, Audience::Member(&view), Audience::Public];
    use Use::{Block, Detect, Notify, Share};
    for (pap, use_, allowed) in [
        // For the operator, a member, the public.
        (Pap::Green, Share, [true, true, true]),
        (Pap::Green, Detect, [true, true, true]),
        (Pap::Green, Block, [true, true, true]),
        (Pap::Green, Notify, [true, true, true]),
        (Pap::Amber, Share, [true, true, true]),
        (Pap::Amber, Detect, [true, true, true]),
        (Pap::Amber, Block, [false, false, false]),
        (Pap::Amber, Notify, [true, true, false]),
        (Pap::Red, Share, [true, true, true]),
        (Pap::Red, Detect, [true, false, false]),
        (Pap::Red, Block, [false, false, false]),
        (Pap::Red, Notify, [true, true, false]),
    ] {
        let terms = Terms { pap, ..terms(Tlp::Clear) };
        let found = audiences.map(|audience| decide(&audience, &terms, use_) == Decision::Released);
        assert_eq!(found, allowed, "{pap:?} {use_:?}");
    }
}

#[test]
fn a_block_is_a_disclosure_to_the_public() {
    let view = member(Tlp::Red);
    for tlp in Tlp::ALL {
        for audience in [Audience::Operator, Audience::Member(&view), Audience::Public] {
            let blocked = decide(&audience, &terms(tlp), Use::Block) == Decision::Released;
            assert_eq!(blocked, tlp == Tlp::Clear, "{tlp:?}");
        }
    }
    let named = Terms { recipients: Some(vec!["CERT-FR".into()]), ..terms(Tlp::Clear) };
    assert_eq!(decide(&Audience::Member(&view), &named, Use::Block), Decision::Withheld(Reason::NotNamed));
}

#[test]
fn terms_follow_from_the_marking_and_the_source() {
    let source = SourceTerms {
        community: Some(vec![MemberId(2), MemberId(1), MemberId(2)]),
        recipients: Some(vec![" CERT-DE ".into(), "".into()]),
    };
    let from = |marking: &Marking| Terms::from_marking(marking, Tlp::Amber, &source, None);
    let unmarked = from(&Marking::default());
    assert_eq!((unmarked.tlp, unmarked.pap), (Tlp::Amber, Pap::Clear));
    assert_eq!(unmarked.community, Some(vec![MemberId(1), MemberId(2)]));
    assert_eq!(unmarked.recipients, None);
    // A community bounds AMBER, the source's recipients bound what is stricter.
    assert_eq!(from(&Marking::tlp(Tlp::Green)), terms(Tlp::Green));
    let strict = from(&Marking::tlp(Tlp::AmberStrict));
    assert_eq!((strict.community, strict.recipients), (None, Some(vec!["CERT-DE".into()])));
    // What the object itself names is what counts, and naming nobody means nobody.
    let own = Marking { recipients: Some(vec!["b".into(), "a".into()]), ..Marking::tlp(Tlp::Red) };
    assert_eq!(from(&own).recipients, Some(vec!["a".into(), "b".into()]));
    let nobody = Marking { recipients: Some(Vec::new()), ..Marking::tlp(Tlp::Red) };
    assert_eq!(from(&nobody).recipients, Some(Vec::new()));
    let id =
        rempart_model::StixId::parse("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9").unwrap();
    assert!(from(&Marking { unresolved: vec![id], ..Marking::tlp(Tlp::Clear) }).unknown);
    assert!(from(&Marking { unknown: true, ..Marking::tlp(Tlp::Clear) }).unknown);
}

#[test]
fn keys_are_read_as_they_were_written() {
    for terms in [
        terms(Tlp::Green),
        Terms {
            recipients: Some(vec!["a|b,c=*%".into(), "é".into()]),
            community: Some(vec![]),
            owner: Some(MemberId(3)),
            unknown: true,
            pap: Pap::Red,
            ..terms(Tlp::Red)
        },
        Terms { recipients: Some(vec![]), ..terms(Tlp::AmberStrict) },
    ] {
        assert_eq!(Terms::parse_key(&terms.key()), Some(terms));
    }
    for wrong in ["", "operator", "2|green|clear|*|*||0", "1|green|clear|*|*||2", "1|lime|clear|*|*||0"] {
        assert_eq!(Terms::parse_key(wrong), None);
    }
}

fn any_tlp() -> impl Strategy<Value = Tlp> {
    prop::sample::select(Tlp::ALL.to_vec())
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let name = prop::sample::select(vec!["CERT-FR", "cert-fr", "5f0c", "FR", "de", "CERT-DE", "a|b,%=*"]);
    let recipients = prop::option::of(prop::collection::vec(name.prop_map(Box::from), 0..3));
    let community = prop::option::of(prop::collection::vec((6u32..9).prop_map(MemberId), 0..3));
    let owner = prop::option::weighted(0.3, (6u32..9).prop_map(MemberId));
    (any_tlp(), 0u8..4, recipients, community, owner, prop::bool::weighted(0.2)).prop_map(
        |(tlp, pap, recipients, community, owner, unknown)| Terms {
            tlp,
            pap: Pap::from_code(pap),
            recipients,
            community,
            owner,
            unknown,
        },
    )
}

/// Owned, since a view borrows.
#[derive(Debug, Clone)]
struct Who {
    id: u32,
    name: &'static str,
    aliases: Vec<Box<str>>,
    country: &'static str,
    clearance: Tlp,
}

impl Who {
    fn ask(&self, terms: &Terms, use_: Use) -> Decision {
        let view = MemberView {
            id: MemberId(self.id),
            name: self.name,
            aliases: &self.aliases,
            country: Country::new(self.country).unwrap(),
            clearance: self.clearance,
        };
        decide(&Audience::Member(&view), terms, use_)
    }
}

fn any_member() -> impl Strategy<Value = Who> {
    let names =
        prop::sample::select(vec![("CERT-FR", "FR"), ("CERT-DE", "DE"), ("NGO", "FR"), ("Other", "EE")]);
    let aliases = prop::collection::vec(prop::sample::select(vec!["5F0C", "x"]).prop_map(Box::from), 0..2);
    (6u32..9, names, aliases, any_tlp()).prop_map(|(id, (name, country), aliases, clearance)| Who {
        id,
        name,
        aliases,
        country,
        clearance,
    })
}

fn any_use() -> impl Strategy<Value = Use> {
    prop::sample::select(vec![Use::Share, Use::Detect, Use::Block, Use::Notify])
}

/// The rules once more, as a list of what lets a member read a thing.
fn may_read(who: &Who, terms: &Terms) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase();
    let mut called = vec![lower(who.name), lower(who.country)];
    called.extend(who.aliases.iter().map(|alias| lower(alias)));
    let named = terms.recipients.iter().flatten().any(|name| called.contains(&lower(name)));
    let unrestricted = terms.recipients.is_none();
    let in_community = terms.community.iter().flatten().any(|id| id.0 == who.id) || terms.community.is_none();
    let cleared = (terms.tlp as u8) <= (who.clearance as u8);
    terms.owner.is_some_and(|id| id.0 == who.id)
        || (!terms.unknown
            && cleared
            && (named
                || unrestricted && matches!(terms.tlp, Tlp::Clear | Tlp::Green)
                || unrestricted && terms.tlp == Tlp::Amber && in_community))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn agrees_with_the_rules_told_again(who in any_member(), terms in any_terms()) {
        let released = who.ask(&terms, Use::Share) == Decision::Released;
        prop_assert_eq!(released, may_read(&who, &terms));
    }

    #[test]
    fn a_stricter_tlp_never_widens(who in any_member(), terms in any_terms(), tlp in any_tlp(), use_ in any_use()) {
        let stricter = Terms { tlp: terms.tlp.max(tlp), ..terms.clone() };
        if who.ask(&stricter, use_) == Decision::Released {
            prop_assert_eq!(who.ask(&terms, use_), Decision::Released);
        }
        if decide(&Audience::Public, &stricter, use_) == Decision::Released {
            prop_assert_eq!(decide(&Audience::Public, &terms, use_), Decision::Released);
        }
    }

    #[test]
    fn a_stricter_pap_never_widens(who in any_member(), terms in any_terms(), pap in 0u8..4, use_ in any_use()) {
        let stricter = Terms { pap: terms.pap.max(Pap::from_code(pap)), ..terms.clone() };
        if who.ask(&stricter, use_) == Decision::Released {
            prop_assert_eq!(who.ask(&terms, use_), Decision::Released);
        }
    }

    #[test]
    fn a_lower_clearance_never_widens(who in any_member(), terms in any_terms(), tlp in any_tlp(), use_ in any_use()) {
        let lower = Who { clearance: who.clearance.min(tlp), ..who.clone() };
        if lower.ask(&terms, use_) == Decision::Released {
            prop_assert_eq!(who.ask(&terms, use_), Decision::Released);
        }
    }

    #[test]
    fn no_use_gives_more_than_reading_does(who in any_member(), terms in any_terms(), use_ in any_use()) {
        let public = decide(&Audience::Public, &terms, use_) == Decision::Released;
        let member = who.ask(&terms, use_) == Decision::Released;
        if member {
            prop_assert_eq!(who.ask(&terms, Use::Share), Decision::Released);
        }
        if public {
            prop_assert!(member, "what is public is every member's");
        }
        if member || public {
            prop_assert_eq!(decide(&Audience::Operator, &terms, use_), Decision::Released);
        }
        prop_assert_eq!(decide(&Audience::Operator, &terms, Use::Share), Decision::Released);
    }

    #[test]
    fn what_covers_is_released_to_whoever_has_the_other(who in any_member(), a in any_terms(), b in any_terms()) {
        if a.covers(&b) && who.ask(&b, Use::Share) == Decision::Released {
            prop_assert_eq!(who.ask(&a, Use::Share), Decision::Released);
        }
        let open = Terms { tlp: Tlp::Clear, recipients: None, unknown: false, ..a.clone() };
        prop_assert!(b.unknown || open.covers(&b));
        prop_assert!(a.unknown || a.covers(&a));
    }

    #[test]
    fn equal_terms_have_equal_keys_and_others_do_not(a in any_terms(), b in any_terms()) {
        prop_assert_eq!(Terms::parse_key(&a.key()), Some(a.clone()));
        prop_assert_eq!(a == b, a.key() == b.key());
    }

    #[test]
    fn any_text_is_a_key_that_can_be_written_again_or_none(text in "[12]\\|(clear|red|amber)\\|(clear|lime)\\|[*=,%a-f0-9]{0,9}\\|[*=,0-9]{0,6}\\|[0-9]{0,12}\\|[0-2]") {
        if let Some(terms) = Terms::parse_key(&text) {
            prop_assert_eq!(Terms::parse_key(&terms.key()), Some(terms));
        }
    }
}
