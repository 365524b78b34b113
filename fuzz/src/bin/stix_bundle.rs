//! STIX bundles, envelopes, arrays and lines, 2.1 and 2.0.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::stix;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    check_reader(stix::read, data);
});
