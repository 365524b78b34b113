//! Looking for known values in a text: with and without vector instructions the same is found, each where it
//! is said to stand. What comes before the first line `---` is the list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::index_of;
use rempart_matching::index::{Index, Matcher, Wanted};
use rempart_matching::scan::{Found, Scanner};
use rempart_model::Timestamp;

fuzz_target!(|data: &[u8]| {
    let cut = data.windows(5).position(|window| window == b"\n---\n");
    let (list, text) = match cut {
        Some(at) => (std::str::from_utf8(&data[..at]).unwrap_or_default(), &data[at + 5..]),
        None => ("evil.example\n192.0.2.4\n198.51.100.0/24\nhttp://bad.example/a", data),
    };
    let Ok(index) = Index::from_bytes(index_of(list)) else {
        panic!("an index that was just built is whole")
    };
    let Ok(matcher) = Matcher::new(index, None) else { panic!("an index without a delta is a matcher") };
    let wanted = Wanted::at(Timestamp::from_micros(2));
    let (mut fast, mut plain) = (Vec::new(), Vec::new());
    Scanner::new(&matcher, wanted).scan(text, &mut fast);
    Scanner::plain(&matcher, wanted).scan(text, &mut plain);
    let told = |found: &[Found<'_>]| -> Vec<_> {
        found.iter().map(|found| (found.range.clone(), found.entry.value().into_owned())).collect()
    };
    assert_eq!(told(&fast), told(&plain), "the instructions make a difference");
    for found in &fast {
        assert!(found.range.start < found.range.end && found.range.end <= text.len());
        assert!(found.entry.note().is_some(), "an entry of a whole index leads to its note");
    }
});
