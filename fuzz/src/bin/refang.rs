//! Refanging: any text, and idempotent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_model::observable::refang;

fuzz_target!(|text: &str| {
    let once = refang(text).into_owned();
    assert_eq!(refang(&once), once, "refanging twice changes nothing");
});
