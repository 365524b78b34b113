//! Mapping files, and a table read with whatever such a file says: the file ends at the first line `---`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::{Format, table};
use rempart_fuzz::check_reader;

fuzz_target!(|text: &str| {
    let (mapping, rows) = text.split_once("\n---\n").unwrap_or((text, ""));
    match table::Mapping::from_toml(mapping) {
        Ok(mapping) => check_reader(
            |input, context, sink| table::read(Format::Csv, input, Some(&mapping), context, sink),
            rows.as_bytes(),
        ),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
