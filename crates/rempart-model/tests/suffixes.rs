//! Public suffixes: the rules, the list's own examples, and another implementation as witness.

#![allow(clippy::expect_used, reason = "a test may stop at what it did not expect")]

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use rempart_model::observable::suffix::{Suffix, SuffixList, SuffixListError};

const LIST: &str = "
// ===BEGIN ICANN DOMAINS===
com
// a comment
uk
co.uk   and what follows white space is none of it
*.ck
!www.ck
jp
*.kawasaki.jp
!city.kawasaki.jp
a.b.c.deep
个人.hk
hk
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
blogspot.com
*.compute.cloud.example
github.io
// ===END PRIVATE DOMAINS===
";

fn list() -> SuffixList {
    SuffixList::from_text(LIST).expect("a list")
}

#[test]
fn the_longest_rule_prevails_and_exceptions_before_all() {
    let list = list();
    for (name, suffix, registrable, private, known) in [
        ("com", "com", None, false, true),
        ("a.com", "com", Some("a.com"), false, true),
        ("x.y.a.com", "com", Some("a.com"), false, true),
        ("a.uk", "uk", Some("a.uk"), false, true),
        ("a.co.uk", "co.uk", Some("a.co.uk"), false, true),
        ("co.uk", "co.uk", None, false, true),
        ("notco.uk", "uk", Some("notco.uk"), false, true),
        ("ck", "ck", None, false, false),
        ("x.ck", "x.ck", None, false, true),
        ("a.x.ck", "x.ck", Some("a.x.ck"), false, true),
        ("www.ck", "ck", Some("www.ck"), false, true),
        ("a.www.ck", "ck", Some("www.ck"), false, true),
        ("a.b.kawasaki.jp", "b.kawasaki.jp", Some("a.b.kawasaki.jp"), false, true),
        ("kawasaki.jp", "jp", Some("kawasaki.jp"), false, true),
        ("a.city.kawasaki.jp", "kawasaki.jp", Some("city.kawasaki.jp"), false, true),
        ("x.a.b.c.deep", "a.b.c.deep", Some("x.a.b.c.deep"), false, true),
        ("x.b.c.deep", "deep", Some("c.deep"), false, false),
        ("a.xn--55qx5d.hk", "hk", Some("xn--55qx5d.hk"), false, true),
        ("a.xn--ciqpn.hk", "xn--ciqpn.hk", Some("a.xn--ciqpn.hk"), false, true),
        ("a.blogspot.com", "blogspot.com", Some("a.blogspot.com"), true, true),
        (
            "a.b.compute.cloud.example",
            "b.compute.cloud.example",
            Some("a.b.compute.cloud.example"),
            true,
            true,
        ),
        ("cloud.example", "example", Some("cloud.example"), false, false),
        ("evil.unknown", "unknown", Some("evil.unknown"), false, false),
        ("io", "io", None, false, false),
    ] {
        assert_eq!(list.public_suffix(name), Suffix { text: suffix, private, known }, "{name}");
        assert_eq!(list.registrable(name), registrable, "{name}");
    }
}

#[test]
fn what_is_not_the_list_is_refused() {
    assert_eq!(SuffixList::from_text("").err(), Some(SuffixListError::NotTheList));
    assert_eq!(SuffixList::from_text("com\n").err(), Some(SuffixListError::NotTheList));
    let cut = LIST.split("// ===END ICANN").next().unwrap_or_default();
    assert_eq!(SuffixList::from_text(cut).err(), Some(SuffixListError::CutShort));
    let error = SuffixList::from_text(&LIST.replace("co.uk", "co..uk")).expect_err("not a list");
    assert!(matches!(error, SuffixListError::BadRule { line: 6, .. }), "{error}");
}

/// Compares with the `publicsuffix` crate. It forgets a wildcard at a label that also leads to
/// longer rules (`*.a.example` and `*.x.b.a.example` at `b.a.example`): names there are left out.
fn agrees(ours: &SuffixList, theirs: &Witnesses, name: &str) -> Result<(), TestCaseError> {
    use publicsuffix::{Psl, Type};
    let (text, private, known) = theirs.plain.public_suffix(name);
    let expected = Suffix { text, private, known };
    prop_assert_eq!(ours.public_suffix(name), expected, "{}", name);
    let left = name.strip_suffix(text).and_then(|left| left.strip_suffix('.'));
    let registrable = left.map(|left| &name[left.rfind('.').map_or(0, |dot| dot + 1)..]);
    prop_assert_eq!(ours.registrable(name), registrable, "{}", name);
    if theirs.plain.overlaps(name) {
        return Ok(());
    }
    let suffix = theirs.library.suffix(name.as_bytes()).expect("a suffix");
    let text = std::str::from_utf8(suffix.as_bytes()).expect("text");
    let expected =
        Suffix { text, private: suffix.typ() == Some(Type::Private), known: suffix.typ().is_some() };
    prop_assert_eq!(ours.public_suffix(name), expected, "{}", name);
    Ok(())
}

/// Who else reads the list.
struct Witnesses {
    plain: Plain,
    library: publicsuffix::List,
}

impl Witnesses {
    fn new(text: &str) -> Self {
        let ascii = in_a_labels(text);
        Self { plain: Plain::new(&ascii), library: ascii.parse().expect("a list") }
    }
}

/// The algorithm of the list, word by word.
struct Plain {
    rules: HashMap<String, bool>,
    inner: HashSet<String>,
}

impl Plain {
    fn new(text: &str) -> Self {
        let (mut rules, mut inner, mut private) = (HashMap::new(), HashSet::new(), false);
        for line in text.lines() {
            private |= line.contains("===BEGIN PRIVATE");
            let Some(rule) = line.split_whitespace().next().filter(|rule| !rule.starts_with("//")) else {
                continue;
            };
            rules.insert(rule.to_owned(), private);
            let mut rest = rule;
            while let Some((_, parent)) = rest.split_once('.') {
                inner.insert(parent.to_owned());
                rest = parent;
            }
        }
        Self { rules, inner }
    }

    fn public_suffix<'name>(&self, name: &'name str) -> (&'name str, bool, bool) {
        for suffix in suffixes(name) {
            let parent = suffix.split_once('.').map(|(_, parent)| parent);
            if let (Some(&private), Some(parent)) = (self.rules.get(&format!("!{suffix}")), parent) {
                return (parent, private, true);
            }
        }
        for suffix in suffixes(name) {
            let wildcard = suffix.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            let rule = self.rules.get(suffix).or_else(|| self.rules.get(&wildcard?));
            if let Some(&private) = rule {
                return (suffix, private, true);
            }
        }
        (name.rsplit('.').next().unwrap_or(name), false, false)
    }

    fn overlaps(&self, name: &str) -> bool {
        suffixes(name).any(|suffix| {
            let wildcard = suffix.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            wildcard.is_some_and(|rule| self.rules.contains_key(&rule)) && self.inner.contains(suffix)
        })
    }
}

/// A name, and what is left of it after each dot.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| rest.split_once('.').map(|(_, parent)| parent))
}

/// The list with rules in A-labels only: the other implementation compares bytes.
fn in_a_labels(text: &str) -> String {
    let line = |line: &str| match line.is_ascii() || line.starts_with("//") {
        true => line.to_owned(),
        false => idna::domain_to_ascii(line.trim()).expect(line),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_another_implementation(name in "((x|a|b|www|city|co|c|blogspot|github|compute|cloud|kawasaki)[.]){0,5}(com|uk|ck|jp|hk|deep|example|io|zz)") {
        static BOTH: LazyLock<(SuffixList, Witnesses)> = LazyLock::new(|| (list(), Witnesses::new(LIST)));
        agrees(&BOTH.0, &BOTH.1, &name)?;
    }
}

#[test]
fn agrees_on_the_published_list() {
    let Some(folder) = std::env::var_os("REMPART_TEST_DATA") else {
        println!("skipped: REMPART_TEST_DATA is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("ref/net/public_suffix_list.dat");
    let text = std::fs::read_to_string(path).expect("the list");
    let ours = SuffixList::from_text(&text).expect("a list");
    let ascii = in_a_labels(&text);
    let theirs = Witnesses::new(&text);
    let mut rules = 0;
    for line in ascii.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        rules += 1;
        let rule = line.trim_start_matches(['!', '*', '.']).to_lowercase();
        let tail = rule.split_once('.').map_or(&*rule, |(_, tail)| tail);
        for name in [
            &rule,
            &format!("x.{rule}"),
            &format!("y.x.{rule}"),
            &format!("z.y.x.{rule}"),
            tail,
            &format!("q.{tail}"),
        ] {
            agrees(&ours, &theirs, name).expect("agreement");
        }
    }
    assert_eq!(ours.len(), rules);
    assert!(rules > 5000, "{rules} rules");
}
