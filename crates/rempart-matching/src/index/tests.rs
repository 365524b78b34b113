//! What an index and its delta say together, how far an entry reaches, and when a file is another one.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::scan::Scanner;
use rempart_model::Observable;

fn settings(base: Option<&Index>) -> Settings {
    Settings {
        audience: "test".into(),
        built_at: Timestamp::from_micros(1),
        position: 9,
        seed: base.map_or(7, Index::seed),
        base: base.map(Index::identity),
    }
}

fn value(text: &str) -> Observable {
    Observable::guess(text).expect("a value")
}

/// Which source a value has tells where the answer comes from.
fn note(source: &str, added: u64) -> Note {
    Note { sources: vec![source.into()], added, ..Note::default() }
}

/// An index of values that have this source.
fn built(base: Option<&Index>, source: &str, values: &[&str], removed: &[&str]) -> Vec<u8> {
    let mut builder = Builder::new(settings(base));
    for text in values {
        builder.add(&value(text), &note(source, 5), Reach::Below).expect("an entry");
    }
    for text in removed {
        builder.remove(&value(text)).expect("a removal");
    }
    builder.finish()
}

fn index(bytes: Vec<u8>) -> Index {
    Index::from_bytes(bytes).expect("an index")
}

/// What is found for a value, by look-up and by scan, and who says so.
fn answer(matcher: &Matcher, wanted: Wanted, text: &str) -> Option<(String, String)> {
    let told = |entry: &Entry<'_>| {
        let source = entry.note().and_then(|note| note.sources.first().map(ToString::to_string));
        (entry.value().into_owned(), source.unwrap_or_default())
    };
    let looked_up = matcher.finder(wanted).find(&value(text)).as_ref().map(told);
    let mut found = Vec::new();
    Scanner::new(matcher, wanted).scan(text.as_bytes(), &mut found);
    let scanned = found.iter().map(|found| told(&found.entry)).find(|told| Some(told) == looked_up.as_ref());
    // A network is not looked for in texts; its addresses are.
    assert!(text.contains("/2") || scanned == looked_up, "{text}: {looked_up:?} and {scanned:?}");
    looked_up
}

const EVERY_KIND: [&str; 8] = [
    "evil.example",
    "http://bad.example/a/b",
    "192.0.2.4",
    "2001:db8::7",
    "mallory@post.example",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

#[test]
fn what_the_delta_says_of_a_value_takes_the_place_of_what_the_index_says() {
    let now = Wanted::at(Timestamp::from_micros(2));
    for text in EVERY_KIND {
        let said = |source: &str| Some((text.to_owned(), source.to_owned()));
        let base = index(built(None, "base", &[text, "other.example"], &[]));
        let with = |bytes| {
            Matcher::new(index(built(None, "base", &[text, "other.example"], &[])), bytes).expect("a pair")
        };
        let delta =
            |values: &[&str], removed: &[&str]| Some(index(built(Some(&base), "delta", values, removed)));
        assert_eq!(answer(&with(None), now, text), said("base"));
        assert_eq!(answer(&with(delta(&[], &[])), now, text), said("base"));
        assert_eq!(answer(&with(delta(&[text], &[])), now, text), said("delta"));
        assert_eq!(answer(&with(delta(&[], &[text])), now, text), None, "{text} was removed");
        // What was removed and added again is there.
        assert_eq!(answer(&with(delta(&[text], &[text])), now, text), said("delta"));
        // What is removed is that value alone.
        let rest = with(delta(&[], &[text]));
        assert!(answer(&rest, now, "other.example").is_some());
        // What is new is in the delta alone.
        let empty = Matcher::new(index(built(None, "base", &[], &[])), None).expect("an index alone");
        let added = index(built(Some(empty.base()), "delta", &[text], &[]));
        let empty = Matcher::new(index(built(None, "base", &[], &[])), Some(added)).expect("a pair");
        assert_eq!(answer(&empty, now, text), said("delta"));
    }
}

#[test]
fn a_delta_changes_what_is_nearest() {
    let now = Wanted::at(Timestamp::from_micros(2));
    let values = ["evil.example", "a.evil.example", "198.51.100.0/24", "198.51.100.0/28", "2001:db8::/32"];
    let with = |added: &[&str], removed: &[&str]| {
        let base = index(built(None, "base", &values, &[]));
        let delta = index(built(Some(&base), "delta", added, removed));
        Matcher::new(base, Some(delta)).expect("a pair")
    };
    for (added, removed, text, wanted) in [
        (&[][..], &[][..], "b.a.evil.example", Some(("a.evil.example", "base"))),
        (&[], &["a.evil.example"], "b.a.evil.example", Some(("evil.example", "base"))),
        (&["evil.example"], &["a.evil.example"], "b.a.evil.example", Some(("evil.example", "delta"))),
        (&["b.a.evil.example"], &[], "b.a.evil.example", Some(("b.a.evil.example", "delta"))),
        (&[], &["a.evil.example", "evil.example"], "b.a.evil.example", None),
        (&[], &[], "198.51.100.9", Some(("198.51.100.0/28", "base"))),
        (&[], &["198.51.100.0/28"], "198.51.100.9", Some(("198.51.100.0/24", "base"))),
        (&["198.51.100.8/31"], &[], "198.51.100.9", Some(("198.51.100.8/31", "delta"))),
        (&["198.51.100.0/24"], &[], "198.51.100.9", Some(("198.51.100.0/28", "base"))),
        (&["198.51.100.0/24"], &["198.51.100.0/28"], "198.51.100.9", Some(("198.51.100.0/24", "delta"))),
        (&["198.51.100.9"], &[], "198.51.100.9", Some(("198.51.100.9", "delta"))),
        (&[], &["198.51.100.0/28", "198.51.100.0/24"], "198.51.100.9", None),
        (&[], &["2001:db8::/32"], "2001:db8::9", None),
        (&["2001:db8::/48"], &[], "2001:db8::9", Some(("2001:db8::/48", "delta"))),
        (&[], &["198.51.100.0/28"], "198.51.100.0/28", Some(("198.51.100.0/24", "base"))),
    ] {
        let found = answer(&with(added, removed), now, text);
        let found = found.as_ref().map(|(value, source)| (&**value, &**source));
        assert_eq!(found, wanted, "{text} with {added:?} without {removed:?}");
    }
}

#[test]
fn a_value_that_is_past_its_time_in_the_delta_is_past_it() {
    let base = index(built(None, "base", &["evil.example"], &[]));
    let mut builder = Builder::new(settings(Some(&base)));
    let until = Some(Timestamp::from_micros(10));
    builder
        .add(&value("evil.example"), &Note { valid_until: until, ..note("delta", 8) }, Reach::Below)
        .expect("an entry");
    let matcher = Matcher::new(base, Some(index(builder.finish()))).expect("a pair");
    for (now, since, is_found) in [(10, 0, true), (11, 0, false), (10, 7, true), (10, 8, false)] {
        let wanted = Wanted { now: Timestamp::from_micros(now), since };
        assert_eq!(answer(&matcher, wanted, "evil.example").is_some(), is_found, "{now} {since}");
    }
}

#[test]
fn a_delta_of_another_index_is_refused() {
    let (one, other) =
        (built(None, "one", &["evil.example"], &[]), built(None, "other", &["good.example"], &[]));
    let delta = built(Some(&index(other)), "delta", &[], &["evil.example"]);
    assert!(matches!(Matcher::new(index(one), Some(index(delta))), Err(IndexError::OtherBase)));
}

#[test]
fn what_is_exact_stands_for_itself_alone() {
    let now = Wanted::at(Timestamp::from_micros(2));
    let with = |reaches: &[Reach], delta: &[Reach]| {
        let built = |base: Option<&Index>, reaches: &[Reach]| {
            let mut builder = Builder::new(settings(base));
            for reach in reaches {
                for text in ["evil.example", "http://bad.example/a"] {
                    builder.add(&value(text), &note("it", 5), *reach).expect("an entry");
                }
            }
            index(builder.finish())
        };
        let base = built(None, reaches);
        let delta = (!delta.is_empty()).then(|| built(Some(&base), delta));
        Matcher::new(base, delta).expect("a matcher")
    };
    let (below, exact) = (Reach::Below, Reach::Exact);
    for (base, delta, reaches_below) in [
        (&[below][..], &[][..], true),
        (&[exact], &[], false),
        // Of two that say so, the one that reaches further.
        (&[exact, below], &[], true),
        (&[below], &[exact], false),
        (&[exact], &[below], true),
    ] {
        let matcher = with(base, delta);
        for (itself, under) in
            [("evil.example", "www.evil.example"), ("http://bad.example/a", "http://bad.example/a/b")]
        {
            let entry = matcher.finder(now).find(&value(itself)).expect("itself");
            assert_eq!(entry.is_exact(), !reaches_below);
            assert!(answer(&matcher, now, itself).is_some(), "{itself} {base:?} {delta:?}");
            assert_eq!(answer(&matcher, now, under).is_some(), reaches_below, "{under} {base:?} {delta:?}");
        }
    }
}

/// A folder for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rempart-index-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_that_is_replaced_is_seen_once() {
    let folder = Folder::new("reload");
    let path = folder.0.join("own.idx");
    let mut reload = Reload::new(&path);
    assert!(!reload.is_due(), "nothing is there");
    let first = built(None, "first", &["evil.example"], &[]);
    let empty = built(Some(&index(first.clone())), "delta", &[], &[]);
    // Each is written by its own writer, as another process would.
    let steps: [(&str, &dyn Fn()); 5] = [
        ("an index", &|| write(&path, &first).expect("written")),
        ("the same bytes in another file", &|| write(&path, &first).expect("written")),
        ("a delta", &|| write(&delta_path(&path), &empty).expect("written")),
        ("no delta", &|| fs::remove_file(delta_path(&path)).expect("removed")),
        ("no index", &|| fs::remove_file(&path).expect("removed")),
    ];
    for (what, step) in steps {
        step();
        assert!(reload.is_due(), "{what}");
        assert!(!reload.is_due(), "{what}, asked again");
    }
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 0, "nothing temporary is left");
}

#[test]
fn an_index_is_opened_with_the_delta_beside_it() {
    let folder = Folder::new("open");
    let path = folder.0.join("own.idx");
    let now = Wanted::at(Timestamp::from_micros(2));
    let first = built(None, "first", &["evil.example"], &[]);
    let delta = built(Some(&index(first.clone())), "delta", &["new.example"], &["evil.example"]);
    write(&path, &first).expect("written");
    write(&delta_path(&path), &delta).expect("written");
    let open = || Matcher::open(&path).expect("a matcher");
    assert!(answer(&open(), now, "new.example").is_some() && answer(&open(), now, "evil.example").is_none());
    // A new index takes its place before its delta does.
    write(&path, &built(None, "second", &["evil.example", "third.example"], &[])).expect("written");
    assert!(open().delta().is_none());
    assert_eq!(answer(&open(), now, "evil.example"), Some(("evil.example".into(), "second".into())));
    // A damaged delta is told, for what it takes out must not be found.
    fs::write(delta_path(&path), &delta[..delta.len() / 2]).expect("written");
    assert!(Matcher::open(&path).is_err());
    // What was open before stays as it was.
    let old = open_without_delta(&path);
    write(&path, &built(None, "fourth", &[], &[])).expect("written");
    assert!(answer(&old, now, "third.example").is_some());
}

fn open_without_delta(path: &std::path::Path) -> Matcher {
    fs::remove_file(delta_path(path)).expect("removed");
    Matcher::open(path).expect("a matcher")
}
