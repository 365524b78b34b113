//! Each rule by cases, among them the incidents that it is there for, and all of them by what must always hold.

use proptest::prelude::*;
use rempart_matching::Warninglists;
use rempart_model::observable::SuffixList;
use rempart_model::{BlockClass, Kind, Observable, Timestamp};

use super::{
    Above, Candidate, Grounds, MOST_DAYS, Protected, Refusal, Rule, frozen, grows_too_much, judge, listing,
};

struct World {
    suffixes: SuffixList,
    warninglists: Warninglists,
    above: Above,
    protected: Protected,
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-26T00:00:00Z").unwrap()
}

impl World {
    fn new() -> Self {
        let suffixes = SuffixList::from_text(&rempart_matching::public_suffix_list().unwrap()).unwrap();
        let mut protected = Protected::default();
        for (text, whose) in [
            ("gov.example", "the operator's own"),
            ("intranet.bank-of-nowhere.com", "CERT-FR answers for it"),
            ("5.188.10.0/24", "CERT-FR answers for it"),
        ] {
            protected.add(&Observable::guess(text).unwrap(), whose);
        }
        let warninglists = Warninglists::bundled().unwrap();
        Self { suffixes, above: Above::new(&warninglists), warninglists, protected }
    }

    fn grounds(&self) -> Grounds<'_> {
        let as_of = Some(now().plus_seconds(-86_400));
        Grounds::new(&self.suffixes, as_of, 30, &self.warninglists, &self.above, &self.protected)
    }

    fn judge(&self, candidate: &Candidate<'_>) -> Result<Timestamp, Vec<Refusal>> {
        judge(candidate, &self.grounds(), now())
    }

    /// The rules that refuse a value which is held to be malicious beyond doubt.
    fn refused(&self, text: &str, is_decided: bool) -> Vec<Rule> {
        let target = Observable::guess(text).unwrap();
        let judged = self.judge(&Candidate { is_decided, ..certain(&target) });
        let mut rules: Vec<Rule> =
            judged.err().unwrap_or_default().iter().map(|refusal| refusal.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

fn certain(target: &Observable) -> Candidate<'_> {
    Candidate {
        target,
        class: BlockClass::Malware,
        probability: 0.99,
        threshold: 0.75,
        is_released: true,
        is_observed: true,
        is_decided: false,
        reason: "reported by two sources",
        valid_until: None,
    }
}

#[test]
fn what_must_never_be_published_is_refused() {
    let world = World::new();
    for (text, rules) in [
        // Names that a campaign registered.
        ("evil-one-qzx.com", &[][..]),
        ("login.evil-one-qzx.co.uk", &[]),
        ("https://evil-one-qzx.com/login", &[]),
        ("44d88612fea8a8f36de82e1278abb02f", &[Rule::P3]),
        ("0cc175b9c0f1b6a831c399e269772661", &[]),
        // Suffixes of registries and of companies, and the one label below them.
        ("co.uk", &[Rule::S1]),
        ("github.io", &[Rule::S1]),
        ("evil-one-qzx.github.io", &[]),
        ("pages.dev", &[Rule::S1]),
        ("printer.local", &[Rule::S1]),
        // No-IP, 2014: dynamic names of millions for the sake of thousands; susam.in, 2019, and deta.dev, 2022: a
        // whole platform for one page.
        ("no-ip.org", &[Rule::S1]),
        ("evil-one-qzx.no-ip.org", &[]),
        ("deta.dev", &[Rule::S1]),
        // A shared address: Piracy Shield and LaLiga, 2024 and 2025, which cut off Cloudflare and Google Drive.
        ("104.16.0.1", &[Rule::S5]),
        ("drive.google.com", &[Rule::P1, Rule::S6, Rule::S7]),
        ("45.155.205.233", &[Rule::S5]),
        ("10.0.0.1", &[Rule::P3, Rule::S5]),
        ("45.155.205.0/24", &[Rule::S5]),
        // What has suffixes or listed names below it.
        ("amazonaws.com", &[Rule::S1]),
        ("compute.amazonaws.com", &[Rule::S1]),
        ("msftncsi.com", &[Rule::P1, Rule::S6]),
        // Popular, official and protected names, what is below them, and what would catch them.
        ("wikipedia.org", &[Rule::P1]),
        ("www.wikipedia.org", &[Rule::P1]),
        ("gov.example", &[Rule::P2]),
        ("www.gov.example", &[Rule::P2]),
        ("bank-of-nowhere.com", &[Rule::P2]),
        ("5.188.10.7", &[Rule::P2, Rule::S5]),
        // Where the page is bad and not the host.
        ("bit.ly", &[Rule::P1, Rule::S7]),
        ("e1.o.lencr.org", &[Rule::S6]),
        // What nothing blocks.
        ("CVE-2024-3400", &[Rule::Kind]),
    ] {
        let found = world.refused(text, false);
        // What stands on more lists than are named here is refused all the same.
        let as_expected = match rules {
            [] => found.is_empty(),
            rules => rules.iter().any(|rule| found.contains(rule)),
        };
        assert!(as_expected, "{text}: {found:?} instead of {rules:?}");
    }
}

#[test]
fn a_person_may_decide_for_an_address_and_for_nothing_that_is_shared_or_protected() {
    let world = World::new();
    assert_eq!(world.refused("45.155.205.233", true), []);
    for text in ["104.16.0.1", "5.188.10.7", "github.io", "wikipedia.org", "gov.example", "45.155.205.0/24"] {
        assert_ne!(world.refused(text, true), [], "{text}");
    }
}

#[test]
fn each_condition_is_needed() {
    let world = World::new();
    let target = Observable::guess("evil-one-qzx.com").unwrap();
    let good = certain(&target);
    assert!(world.judge(&good).is_ok());
    for (candidate, rule) in [
        (Candidate { is_released: false, ..good }, Rule::E4),
        (Candidate { is_observed: false, ..good }, Rule::S8),
        (Candidate { probability: 0.74, ..good }, Rule::Threshold),
        (Candidate { probability: f32::NAN, ..good }, Rule::Threshold),
        (Candidate { reason: " ", ..good }, Rule::H7),
        (Candidate { valid_until: Some(now()), ..good }, Rule::H7),
    ] {
        let refusals = world.judge(&candidate).unwrap_err();
        assert_eq!(refusals.iter().map(|refusal| refusal.rule).collect::<Vec<_>>(), [rule]);
        assert!(refusals[0].to_string().starts_with(rule.name()), "{}", refusals[0]);
    }
    // A list of suffixes that is too old leaves it to a person.
    let mut grounds = world.grounds();
    for as_of in [None, Some(now().plus_seconds(-31 * 86_400))] {
        grounds.suffixes_as_of = as_of;
        assert_eq!(judge(&good, &grounds, now()).unwrap_err()[0].rule, Rule::S1);
        assert!(judge(&Candidate { is_decided: true, ..good }, &grounds, now()).is_ok());
    }
}

#[test]
fn blocks_end() {
    let world = World::new();
    for (text, class, days) in [
        ("evil-one-qzx.com", BlockClass::Malware, 90),
        ("evil-one-qzx.com", BlockClass::Phishing, 30),
        ("45.155.205.233", BlockClass::Malware, 1),
        ("http://evil-one-qzx.com/a", BlockClass::Phishing, 7),
        ("0cc175b9c0f1b6a831c399e269772661", BlockClass::Malware, MOST_DAYS),
    ] {
        let target = Observable::guess(text).unwrap();
        let candidate = Candidate { class, is_decided: true, ..certain(&target) };
        let most = now().plus_seconds(days * 86_400);
        assert_eq!(world.judge(&candidate), Ok(most), "{text}");
        for (until, end) in [(most.plus_seconds(1), most), (most.plus_seconds(-1), most.plus_seconds(-1))] {
            assert_eq!(world.judge(&Candidate { valid_until: Some(until), ..candidate }), Ok(end), "{text}");
        }
    }
}

#[test]
fn growth_of_more_than_a_fifth_waits_for_a_person() {
    for (before, after, waits) in [
        (0, 1_000, false),
        (0, 1_001, true),
        (1_000, 1_200, false),
        (1_000, 1_201, true),
        (10_000, 12_000, false),
        (10_000, 12_001, true),
        (10_000, 10, false),
        (usize::MAX, 10_000, false),
    ] {
        assert_eq!(grows_too_much(before, after), waits, "{before} to {after}");
    }
}

#[test]
fn what_goes_wrong_stops_what_is_new() {
    for (blocks, upheld, popular, is_frozen) in [
        (0, 0, 0, false),
        (10, 2, 0, false),
        (10, 3, 0, true),
        (300, 3, 0, false),
        (299, 3, 0, true),
        (1_000_000, 0, 1, true),
    ] {
        assert_eq!(frozen(blocks, upheld, popular).is_some(), is_frozen, "{blocks} {upheld} {popular}");
    }
}

#[test]
fn every_bundled_list_is_known() {
    let lists = Warninglists::bundled().unwrap();
    for list in lists.lists() {
        assert!(super::LISTS.iter().any(|(name, _)| *name == &*list.name), "{} feeds no rule", list.name);
    }
    for (name, _) in super::LISTS {
        assert!(lists.lists().iter().any(|list| *list.name == **name), "{name} is not bundled");
    }
    assert_eq!(listing("an operator's own"), super::Listing::Mistake);
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,6}", "[a-z0-9]{2,10}", Just("www".to_owned()), Just("gov".to_owned())]
}

fn name() -> impl Strategy<Value = String> {
    let ends =
        ["com", "co.uk", "github.io", "example", "wikipedia.org", "gov.example", "bank-of-nowhere.com", "ck"];
    (prop::collection::vec(label(), 0..3), prop::sample::select(ends.to_vec()))
        .prop_map(|(labels, end)| labels.into_iter().chain([end.to_owned()]).collect::<Vec<_>>().join("."))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn nothing_gets_past_the_guard(
        name in name(),
        probability in 0.0f32..1.0,
        flags in prop::array::uniform3(any::<bool>()),
        reason in "[a-z ]{0,3}",
        seconds in prop::option::of(-100i64..100_000_000),
    ) {
        thread_local! { static WORLD: World = World::new(); }
        WORLD.with(|world| {
            let Ok(target) = Observable::parse(&Kind::Domain, &name) else { return Ok(()) };
            let [is_released, is_observed, is_decided] = flags;
            let candidate = Candidate {
                probability, is_released, is_observed, is_decided, reason: &reason,
                valid_until: seconds.map(|seconds| now().plus_seconds(seconds)),
                ..certain(&target)
            };
            let Ok(until) = world.judge(&candidate) else { return Ok(()) };
            let value = target.value();
            prop_assert_ne!(world.suffixes.public_suffix(value).text, value);
            prop_assert!(!value.ends_with("gov.example") && value != "bank-of-nowhere.com");
            prop_assert!(!value.ends_with("wikipedia.org"));
            prop_assert!(is_released && is_observed && probability >= candidate.threshold);
            prop_assert!(!reason.trim().is_empty());
            prop_assert!(until > now() && until <= now().plus_seconds(MOST_DAYS * 86_400));
            // More that is protected never loosens anything.
            let mut more = world.protected.clone();
            more.add(&target, "somebody's");
            let mut grounds = world.grounds();
            grounds.protected = &more;
            prop_assert!(judge(&candidate, &grounds, now()).is_err());
            Ok(())
        })?;
    }
}
