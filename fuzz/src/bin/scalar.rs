//! Dates, STIX ids, markings, categories and countries: what is read is written and read alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rempart_model::{Category, Country, Pap, StixId, Timestamp, Tlp};

fuzz_target!(|text: &str| {
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        assert!((Timestamp::MIN..=Timestamp::MAX).contains(&time));
    }
    if let Ok(id) = StixId::parse(text) {
        assert_eq!(StixId::parse(&id.to_string()).as_ref(), Ok(&id));
    }
    if let Some(tlp) = Tlp::from_name(text) {
        assert_eq!(Tlp::from_name(tlp.name()), Some(tlp));
    }
    if let Some(pap) = Pap::from_name(text) {
        assert_eq!(Pap::from_name(pap.name()), Some(pap));
    }
    if let Some(category) = Category::from_name(text) {
        assert_eq!(Category::from_name(category.name()), Some(category));
    }
    if let Some(country) = Country::new(text) {
        assert_eq!(Country::new(country.as_str()), Some(country));
    }
});
