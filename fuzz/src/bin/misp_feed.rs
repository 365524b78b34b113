//! The manifest of a MISP feed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::misp::feed;

fuzz_target!(|data: &[u8]| {
    let _ = feed::is_manifest(data);
    if let Ok(announced) = feed::manifest(data) {
        assert!(feed::missing(&announced, &[]).len() <= announced.len());
    }
    if let Ok(name) = std::str::from_utf8(data) {
        let _ = (feed::is_hashes_csv(name), feed::event_uuid(name));
    }
});
