//! Hosts files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::list::hosts;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    check_reader(hosts::read, data);
});
