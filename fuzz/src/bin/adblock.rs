//! AdBlock filter lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::list::adblock;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    check_reader(adblock::read, data);
});
