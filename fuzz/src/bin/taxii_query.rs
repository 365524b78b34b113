//! What a TAXII client says in a request, and the page it gets: parameters, `Accept`, `Authorization`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_http::credentials::secret;
use rempart_http::envelope::Page;
use rempart_http::media::{STIX_21, TAXII, accepted, is_taxii};
use rempart_http::query::{MATCH_BYTES, Parameters, Versions};
use rempart_model::Timestamp;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        match Parameters::parse(text) {
            Ok(read) => check_parameters(&read),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // A list of media ranges has commas and weights, the type of a body has not.
    if is_taxii(data) && !data.iter().any(|byte| matches!(byte, b',' | b'q' | b'Q')) {
        assert!(accepted([data].into_iter()), "what is read as TAXII is also accepted");
    }
    assert!(accepted([data, TAXII.as_bytes()].into_iter()), "more is asked for, not less");
    if let Some(key) = secret(data) {
        assert!(!key.expose().is_empty() && key.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        let again = secret(format!("Bearer {}", key.expose()).as_bytes());
        assert!(key.expose().len() > 1000 || again.as_ref() == Some(&key), "a key is found in every form");
    }
    if let Some((uuid, rest)) = data.split_first_chunk::<16>()
        && let Some((times, _)) = rest.split_first_chunk::<16>()
    {
        check_page(uuid, times);
    }
});

/// Written as a query again, parameters are read as the same.
fn check_parameters(read: &Parameters) {
    assert_ne!(read.limit, Some(0));
    let mut query = String::new();
    let mut add = |name: &str, value: String| {
        query.push_str(&format!("&{name}="));
        value.bytes().for_each(|byte| query.push_str(&format!("%{byte:02X}")));
    };
    if let Some(time) = read.added_after {
        add("added_after", time.to_string());
    }
    if let Some(limit) = read.limit {
        add("limit", limit.to_string());
    }
    if let Some(next) = &read.next {
        assert!(!next.is_empty());
        add("next", next.clone());
    }
    let sorted = "lists are sorted and without repetitions";
    if let Some(ids) = &read.ids {
        assert!(ids.is_sorted_by(|one, next| one < next), "{sorted}");
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        assert!(ids.join(",").len() <= MATCH_BYTES);
        add("match[id]", ids.join(","));
    }
    if let Some(types) = &read.types {
        assert!(types.is_sorted_by(|one, next| one < next), "{sorted}");
        add("match[type]", types.join(","));
    }
    match &read.versions {
        None => {}
        Some(Versions::All) => add("match[version]", "all".to_owned()),
        Some(Versions::Any { first, last, exact }) => {
            assert!(exact.is_sorted_by(|one, next| one < next), "{sorted}");
            let words = [(*first, "first"), (*last, "last")];
            let words = words.into_iter().filter(|(given, _)| *given).map(|(_, word)| word.to_owned());
            let words: Vec<_> = words.chain(exact.iter().map(ToString::to_string)).collect();
            add("match[version]", words.join(","));
        }
    }
    if let Some(versions) = &read.spec_versions {
        let words = [(versions.v20, "2.0"), (versions.v21, "2.1"), (true, "9.9")];
        let words: Vec<_> = words.into_iter().filter(|(given, _)| *given).map(|(_, word)| word).collect();
        add("match[spec_version]", words.join(","));
    }
    // Times in full are longer than times with a short fraction.
    if query.len() < MATCH_BYTES {
        assert_eq!(Parameters::parse(&query).as_ref(), Ok(read), "{query}");
    }
}

fn check_page(uuid: &[u8; 16], times: &[u8; 16]) {
    let [added, version] = [&times[..8], &times[8..]].map(|bytes| {
        Timestamp::from_micros(bytes.iter().fold(0i64, |number, byte| number << 8 | i64::from(*byte)))
    });
    let mut page = Page::new("objects", 0);
    page.record("indicator", uuid, added, version, STIX_21);
    let page: serde_json::Value = serde_json::from_slice(&page.finish(None)).expect("a page is JSON");
    let shown = page["objects"][0]["date_added"].as_str().expect("a record has its date");
    assert_eq!(Timestamp::parse(shown), Ok(added), "clients come back with the date they were given");
}
