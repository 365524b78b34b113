//! Canonical forms: of every kind, from any text, and stable.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_fuzz::check_canonical;
use rempart_model::{Kind, Observable};

const NAMES: [&str; 15] = [
    "domain",
    "url",
    "ipv4",
    "ipv6",
    "cidr",
    "asn",
    "email",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "cve",
    "sha224",
    "mutex",
    "file-name",
];

fuzz_target!(|text: &str| {
    for name in NAMES {
        if let Ok(observable) = Observable::parse(&Kind::from_name(name), text) {
            check_canonical(&observable);
        }
    }
    if let Ok(observable) = Observable::guess(text) {
        check_canonical(&observable);
        let again = Observable::guess(observable.value());
        // A number alone is no AS number, and a canonical value is what it was guessed to be.
        assert_eq!(again.as_ref(), Ok(&observable), "guessing is stable");
        let _ = observable.host();
        let _ = rempart_model::observable::address::range(&observable);
    }
});
