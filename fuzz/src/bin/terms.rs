//! Stored terms of release: what is read is written and read alike, and what is withheld from everybody stays so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_triage::release::{Audience, Decision, Terms, Use, decide};

fuzz_target!(|key: &str| {
    let Some(terms) = Terms::parse_key(key) else { return };
    let written = terms.key();
    let again = Terms::parse_key(&written);
    assert_eq!(again.as_ref(), Some(&terms), "a key is read as it was written");
    assert_eq!(
        decide(&Audience::Operator, &terms, Use::Share),
        Decision::Released,
        "the operator sees everything"
    );
    if terms.unknown {
        assert_ne!(
            decide(&Audience::Public, &terms, Use::Share),
            Decision::Released,
            "unknown means withheld"
        );
    }
});
