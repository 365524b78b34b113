//! The Public Suffix List, and looking names up in it: the list ends at the first line `---`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_model::observable::suffix::SuffixList;

fuzz_target!(|text: &str| {
    let (list, names) = text.split_once("\n---\n").unwrap_or((text, "www.evil.example"));
    let Ok(list) = SuffixList::from_text(list) else { return };
    for name in names.lines() {
        let suffix = list.public_suffix(name);
        assert!(name.ends_with(suffix.text), "a suffix ends the name");
        if let Some(registrable) = list.registrable(name) {
            assert!(name.ends_with(registrable), "a registrable domain ends the name");
            assert!(registrable.len() > suffix.text.len(), "it is one label longer than the suffix");
        }
    }
});
