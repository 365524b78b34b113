//! Stored places of an object in members' change logs: what is read is written and read alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_store::placement::{collection, decode, encode};

fuzz_target!(|data: &[u8]| {
    let placements = decode(data);
    let written = encode(&placements);
    assert!(data.starts_with(&written), "there is one way only to write them");
    assert_eq!(decode(&written), placements);
    for placement in &placements {
        if let Some(shelf) = placement.shelf() {
            assert_eq!(collection(placement.member(), shelf), placement.collection);
        }
    }
});
