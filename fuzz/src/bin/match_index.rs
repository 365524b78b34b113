//! An index that is damaged, cut or made up: an error, or nothing found that is not in it; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::index_of;
use rempart_matching::index::{Index, Matcher, Wanted};
use rempart_matching::scan::Scanner;
use rempart_model::Timestamp;

const LIST: &str =
    "evil.example\n192.0.2.4\n198.51.100.0/24\n2001:db8::7\nhttp://bad.example/a/b\na@post.example";
const TEXT: &str = "evil.example 192.0.2.4 198.51.100.9 2001:db8::7 http://bad.example/a/b a@post.example";

fuzz_target!(|data: &[u8]| {
    let found_in = |bytes: Vec<u8>| -> Option<Vec<String>> {
        let index = Index::from_bytes(bytes).ok()?;
        let _ = index.info();
        let matcher = Matcher::new(index, None).ok()?;
        let mut found = Vec::new();
        Scanner::new(&matcher, Wanted::at(Timestamp::from_micros(2))).scan(TEXT.as_bytes(), &mut found);
        Some(found.iter().map(|found| found.entry.value().into_owned()).collect())
    };
    found_in(data.to_vec());
    // A whole one with some bytes changed: place and value, three bytes each.
    let mut bytes = index_of(LIST);
    let length = bytes.len();
    for change in data.chunks_exact(3).take(64) {
        let at = usize::from(change[0]) << 8 | usize::from(change[1]);
        bytes[at * 37 % length] ^= change[2];
    }
    for value in found_in(bytes).unwrap_or_default() {
        assert!(LIST.lines().any(|line| line == value), "{value} is not in the list");
    }
});
