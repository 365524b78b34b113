//! STIX patterns: what is parsed is written and parsed alike, and the short way of reading agrees with the long one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::stix::pattern::{observables, parse, read};
use rempart_fuzz::check_canonical;

fuzz_target!(|text: &str| {
    let parsed = parse(text);
    let found = read(text);
    match &parsed {
        Ok(pattern) => {
            let written = pattern.to_string();
            assert_eq!(
                parse(&written).as_ref(),
                Ok(pattern),
                "a pattern is read as it was written: {written}"
            );
            let expected = observables(pattern);
            expected.malicious.iter().for_each(check_canonical);
            assert_eq!(found, Ok(expected), "both ways of reading agree");
        }
        Err(error) => {
            assert!(error.offset <= text.len());
            assert_eq!(found.as_ref(), Err(error), "both ways of reading agree");
        }
    }
});
