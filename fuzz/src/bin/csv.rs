//! CSV and TSV, with the columns told by their names and values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::{Format, table};
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    for format in [Format::Csv, Format::Tsv] {
        check_reader(|input, context, sink| table::read(format, input, None, context, sink), data);
    }
});
