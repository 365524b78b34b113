//! Single STIX objects: 2.1 stays as it came, and what is served is read again as what it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::stix::{Definitions, decode_object};
use rempart_fuzz::{check_decoded, with_context};
use rempart_model::SpecVersion;

fuzz_target!(|data: &[u8]| {
    with_context(|context| {
        for assumed in [None, Some(SpecVersion::V20)] {
            let read =
                |bytes: &[u8], assumed| decode_object(bytes, context, &mut Definitions::default(), assumed);
            let object = match read(data, assumed) {
                Ok(object) => object,
                Err(why) => {
                    assert!(!why.reason.is_empty() && why.excerpt.chars().count() <= 120);
                    continue;
                }
            };
            check_decoded(&object);
            match &object.original_v20 {
                None => assert_eq!(object.body, data.trim_ascii(), "what came as STIX 2.1 stays as it came"),
                Some(original) => assert_eq!(original, data.trim_ascii(), "what came as STIX 2.0 is kept"),
            }
            let mut wide = context.clone();
            // What is converted may become longer than what came.
            wide.limits.record_bytes *= 4;
            let again = decode_object(&object.body, &wide, &mut Definitions::default(), None)
                .expect("what is served is read");
            assert_eq!((again.id, again.version), (object.id, object.version));
            assert_eq!(again.claims, object.claims, "what is served says what came");
            assert!(again.original_v20.is_none(), "what is served is STIX 2.1");
        }
    });
});
