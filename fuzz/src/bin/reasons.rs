//! Stored reasons of concern: what is read is written and read alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_triage::route::{decode_reasons, encode_reasons};

fuzz_target!(|data: &[u8]| {
    if let Ok(reasons) = decode_reasons(data) {
        assert_eq!(
            decode_reasons(&encode_reasons(&reasons)),
            Ok(reasons),
            "reasons are read as they were written"
        );
    }
});
