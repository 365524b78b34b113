//! Extraction from text: positions are true, values are canonical, and reading gives the same as finding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_formats::text::{Options, extract, read};
use rempart_fuzz::check_reader;
use rempart_model::Observable;

fuzz_target!(|text: &str| {
    let all = extract(text, Options { all: true, own: &["vendor.example"] });
    for finding in &all {
        assert_eq!(text.get(finding.start..finding.end), Some(finding.text.as_str()), "the position is true");
        let again = Observable::parse(&finding.kind, &finding.value).expect("the value is one of its kind");
        assert_eq!((again.kind(), again.value()), (&finding.kind, finding.value.as_str()), "it is canonical");
        let line = finding.to_json_line(true);
        assert!(!line.contains('\n') && serde_json::from_str::<serde_json::Value>(&line).is_ok());
    }
    assert!(all.is_sorted_by_key(|finding| finding.start), "findings come in order");
    let presented = extract(text, Options::default());
    assert!(presented.len() <= all.len());
    check_reader(read, text.as_bytes());
});
