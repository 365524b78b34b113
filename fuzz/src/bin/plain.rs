//! Plain lists, one value a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::list::plain;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    check_reader(plain::read, data);
});
