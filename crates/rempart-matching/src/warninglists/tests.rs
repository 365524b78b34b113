//! Warninglists against values that do and do not stand on them, and against a naive search.

use proptest::prelude::*;
use rempart_model::{Kind, Observable};

use super::*;

fn list(name: &str, kind: &str, category: &str, attributes: &[&str], values: &[&str]) -> String {
    serde_json::json!({
        "name": name, "type": kind, "category": category, "matching_attributes": attributes, "list": values,
        "version": 1, "description": "written for a test"
    })
    .to_string()
}

fn build(lists: &[String]) -> Warninglists {
    let mut builder = Builder::new();
    for list in lists {
        builder.misp_json(list.as_bytes(), None).unwrap();
    }
    builder.build()
}

fn hits(lists: &Warninglists, kind: Kind, value: &str) -> Vec<String> {
    let found = lists.hits(&Observable::from_canonical(kind, value));
    found.iter().map(|hit| format!("{}:{}", hit.list, hit.effect.name())).collect()
}

fn sample() -> Warninglists {
    let names = &["domain", "hostname", "url"];
    build(&[
        list("popular", "hostname", "False positive", names, &["Example.COM", "blogs.example"]),
        list("owned", "string", "", names, &[".vendor.example", "exact.example"]),
        list(
            "cloud",
            "cidr",
            "Known identifier",
            &["ip-src", "domain|ip"],
            &["192.0.2.0/24", "2001:db8::/32"],
        ),
        list("resolvers", "cidr", "False positive", &["ip-dst"], &["192.0.2.53", "bad"]),
        list("empty files", "string", "False positive", &["md5"], &["D41D8CD98F00B204E9800998ECF8427E"]),
        list("mailers", "substring", "Known identifier", &["email-src"], &["throwaway."]),
        list("patterns", "regex", "False positive", &["email-src"], &["/^abuse@/i"]),
        list("odd", "novel", "False positive", &[], &["x", "y"]),
    ])
}

#[test]
fn finds_what_stands_on_a_list() {
    let lists = sample();
    for (kind, value, wanted) in [
        (Kind::Domain, "example.com", &["popular:false-positive"][..]),
        (Kind::Domain, "www.example.com", &["popular:false-positive"]),
        (Kind::Domain, "evil.blogs.example", &["popular:known"]),
        (Kind::Domain, "notexample.com", &[]),
        (Kind::Domain, "com", &[]),
        (Kind::Domain, "vendor.example", &["owned:false-positive"]),
        (Kind::Domain, "a.b.vendor.example", &["owned:false-positive"]),
        (Kind::Domain, "exact.example", &["owned:false-positive"]),
        (Kind::Domain, "a.exact.example", &[]),
        (Kind::Url, "https://example.com/", &["popular:false-positive"]),
        (Kind::Url, "https://example.com/malware.exe", &["popular:known"]),
        (Kind::Url, "http://192.0.2.1/", &[]),
        (Kind::Ipv4, "192.0.2.1", &["cloud:known"]),
        (Kind::Ipv4, "192.0.2.53", &["cloud:known", "resolvers:false-positive"]),
        (Kind::Ipv4, "192.0.3.1", &[]),
        (Kind::Ipv6, "2001:db8::7", &["cloud:known"]),
        (Kind::Cidr, "192.0.2.0/25", &["cloud:known"]),
        (Kind::Cidr, "192.0.0.0/16", &[]),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", &["empty files:false-positive"]),
        (Kind::Email, "x@throwaway.example", &["mailers:known"]),
        (Kind::Email, "abuse@example.com", &[]),
        (Kind::Domain, "throwaway.example", &[]),
    ] {
        assert_eq!(hits(&lists, kind, value), wanted, "{value}");
    }
}

#[test]
fn names_the_names_that_it_lists() {
    let lists = sample();
    let names: Vec<_> = lists.listed_names().map(|(name, list)| (name, &*lists.lists()[list].name)).collect();
    let wanted = [
        ("example.com", "popular"),
        ("blogs.example", "popular"),
        ("vendor.example", "owned"),
        ("exact.example", "owned"),
    ];
    assert_eq!(names, wanted);
}

#[test]
fn says_what_it_cannot_use() {
    let lists = sample();
    let skipped: Vec<_> = lists.skipped().iter().map(|s| (&*s.list, s.entries, s.reason)).collect();
    assert_eq!(
        skipped,
        [
            ("resolvers", 1, "not an address or a network"),
            ("patterns", 1, "regular expressions are not evaluated"),
            ("odd", 2, "of a type that is not known"),
        ]
    );
    assert!(Builder::new().misp_json(b"{\"name\":3}", None).is_err());
    assert!(Builder::new().bundle(b"not zstd").is_err());
}

#[test]
fn a_later_list_of_the_same_name_replaces_the_earlier() {
    let lists = build(&[
        list("one", "hostname", "", &[], &["a.example"]),
        list("one", "hostname", "known", &[], &["b.example"]),
    ]);
    assert_eq!(lists.lists().len(), 1);
    assert_eq!(hits(&lists, Kind::Domain, "a.example"), [""; 0]);
    assert_eq!(hits(&lists, Kind::Domain, "b.example"), ["one:known"]);
}

#[test]
fn a_bundle_holds_what_was_put_in() {
    let mut builder = Builder::new();
    for text in [
        list("a", "cidr", "", &["ip-src"], &["192.0.2.0/24"]),
        list("b", "hostname", "known", &["domain"], &["x.example", "@odd"]),
    ] {
        builder.misp_json(text.as_bytes(), None).unwrap();
    }
    let bytes = builder.to_bundle().unwrap();
    let mut again = Builder::new();
    again.bundle(&bytes).unwrap();
    assert_eq!(bytes, again.to_bundle().unwrap());
    let lists = again.build();
    assert_eq!(hits(&lists, Kind::Ipv4, "192.0.2.9"), ["a:false-positive"]);
    assert_eq!(hits(&lists, Kind::Domain, "a.x.example"), ["b:known"]);
}

#[test]
fn the_bundled_selection_knows_the_usual_suspects() {
    let lists = Warninglists::bundled().unwrap();
    let has = |kind: Kind, value: &str, effect: Effect| {
        lists.hits(&Observable::from_canonical(kind, value)).iter().any(|hit| hit.effect == effect)
    };
    use Effect::{FalsePositive, Known};
    for (kind, value, effect) in [
        (Kind::Ipv4, "8.8.8.8", FalsePositive),
        (Kind::Ipv4, "192.168.1.1", FalsePositive),
        (Kind::Ipv6, "2606:4700:4700::1111", FalsePositive),
        (Kind::Ipv4, "104.16.1.1", Known),
        (Kind::Domain, "google.com", FalsePositive),
        (Kind::Domain, "www.microsoft.com", FalsePositive),
        (Kind::Domain, "evil.blogspot.com", Known),
        (Kind::Url, "https://github.com/someone/something/malware.exe", Known),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", FalsePositive),
        (Kind::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", FalsePositive),
        (Kind::Domain, "co.uk", FalsePositive),
    ] {
        assert!(has(kind, value, effect), "{value} {}", effect.name());
    }
    for (kind, value) in [
        (Kind::Domain, "a-name-that-nobody-lists.example"),
        (Kind::Sha1, "ffffffffffffffffffffffffffffffffffffffff"),
        (Kind::Ipv4, "193.0.6.139"),
    ] {
        assert_eq!(hits(&lists, kind, value), [""; 0], "{value}");
    }
    assert!(lists.skipped().iter().all(|skipped| skipped.entries < 50), "{:?}", lists.skipped());
}

proptest! {
    #[test]
    fn agrees_with_a_naive_search(
        hosts in prop::collection::vec("[ab]{1,2}(\\.[ab]{1,2}){0,2}", 0..12),
        exact in prop::collection::vec("\\.?[ab]{1,2}(\\.[ab]{1,2}){0,2}", 0..12),
        needles in prop::collection::vec("[ab]{2}\\.", 0..4),
        networks in prop::collection::vec((0u8..4, 24u32..=32, any::<u8>()), 0..12),
        names in prop::collection::vec("[ab]{1,2}(\\.[ab]{1,2}){0,3}", 20),
        addresses in prop::collection::vec((0u8..4, any::<u8>()), 20),
    ) {
        let text = |values: &[String]| values.to_vec();
        let networks: Vec<String> =
            networks.iter().map(|(c, length, d)| format!("192.0.{c}.{d}/{length}")).collect();
        fn refs(values: &[String]) -> Vec<&str> { values.iter().map(String::as_str).collect() }
        let lists = build(&[
            list("h", "hostname", "", &[], &refs(&hosts)),
            list("s", "string", "", &[], &refs(&text(&exact))),
            list("n", "substring", "", &["domain"], &refs(&needles)),
            list("c", "cidr", "", &[], &refs(&networks)),
        ]);
        for name in &names {
            let below = |above: &str| name == above || name.ends_with(&format!(".{above}"));
            let mut wanted = Vec::new();
            if hosts.iter().any(|host| below(host)) { wanted.push("h"); }
            if exact.iter().any(|e| match e.strip_prefix('.') { Some(e) => below(e), None => e == name }) {
                wanted.push("s");
            }
            if needles.iter().any(|needle| name.contains(needle.as_str())) { wanted.push("n"); }
            let observable = Observable::from_canonical(Kind::Domain, name);
            let found: Vec<_> = lists.hits(&observable).iter().map(|hit| hit.list).collect();
            prop_assert_eq!(found, wanted);
        }
        for (c, d) in addresses {
            let address: std::net::IpAddr = [192, 0, c, d].into();
            let inside = networks.iter().any(|network| {
                let (first, last) = crate::place::network(network).unwrap();
                (first..=last).contains(&address)
            });
            let observable = Observable::from_canonical(Kind::Ipv4, &address.to_string());
            prop_assert_eq!(lists.hits(&observable).len(), usize::from(inside));
        }
    }
}
