//! Archives and compressed streams, one inside another: bounded, whatever they claim to hold.
#![no_main]

use std::io::Read;
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use rempart_formats::container::{Content, Input, open};
use rempart_fuzz::LIMITS;

fuzz_target!(|data: &[u8]| {
    let mut entries = 0;
    let mut bytes = 0;
    let _ = open(Input::Stream("input", &mut { data }), &LIMITS, &mut |entry| {
        entries += 1;
        match entry.content {
            Content::Bytes(mut content) => {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = content.read(&mut buffer) {
                    bytes += count as u64;
                }
            }
            Content::Refused(why) => assert!(!why.reason.is_empty()),
            Content::Skipped(why) => assert!(!why.is_empty()),
        }
        ControlFlow::Continue(())
    });
    // An archive and an archive inside it may each have their number of entries.
    assert!(entries <= (LIMITS.entries + 1) * (LIMITS.entries + 1), "{entries} entries");
    assert!(bytes <= LIMITS.input_bytes * 2, "{bytes} bytes came out");
});
