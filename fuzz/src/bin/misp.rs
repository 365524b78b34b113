//! MISP events and answers of its search.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::misp;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    check_reader(misp::read, data);
});
