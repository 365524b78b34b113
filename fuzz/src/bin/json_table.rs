//! JSON arrays and lines, mapped as tables are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::{Format, table};
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    for format in [Format::Json, Format::JsonLines] {
        check_reader(|input, context, sink| table::read(format, input, None, context, sink), data);
    }
});
