//! Telling the format by content, and reading it as what was told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::container::Bytes;
use rempart_formats::detect::{detect, unreadable};
use rempart_formats::import;
use rempart_fuzz::check_reader;

fuzz_target!(|data: &[u8]| {
    let _ = unreadable(data);
    for name in [None, Some("feed.csv"), Some("report.md"), Some("list.txt"), Some("event.json")] {
        let _ = detect(name, data);
    }
    check_reader(
        |input, context, sink| import::read("input", Bytes::new(input)?, None, None, context, sink).map(drop),
        data,
    );
});
