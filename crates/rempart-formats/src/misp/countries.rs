//! Country names as MISP tags, galaxies and `target-location` write them, in English.

use rempart_model::Country;

/// Names and ISO 3166-1 codes: the states of Europe with their usual other names, and a few others
/// that occur beside them.
const NAMES: &[(&str, &str)] = &[
    ("albania", "AL"),
    ("andorra", "AD"),
    ("armenia", "AM"),
    ("austria", "AT"),
    ("azerbaijan", "AZ"),
    ("belarus", "BY"),
    ("belgium", "BE"),
    ("bosnia", "BA"),
    ("bosnia and herzegovina", "BA"),
    ("bulgaria", "BG"),
    ("croatia", "HR"),
    ("cyprus", "CY"),
    ("czech republic", "CZ"),
    ("czechia", "CZ"),
    ("denmark", "DK"),
    ("england", "GB"),
    ("estonia", "EE"),
    ("finland", "FI"),
    ("france", "FR"),
    ("georgia", "GE"),
    ("germany", "DE"),
    ("great britain", "GB"),
    ("greece", "GR"),
    ("holy see", "VA"),
    ("hungary", "HU"),
    ("iceland", "IS"),
    ("ireland", "IE"),
    ("italy", "IT"),
    ("kosovo", "XK"),
    ("latvia", "LV"),
    ("liechtenstein", "LI"),
    ("lithuania", "LT"),
    ("luxembourg", "LU"),
    ("luxemburg", "LU"),
    ("macedonia", "MK"),
    ("malta", "MT"),
    ("moldova", "MD"),
    ("monaco", "MC"),
    ("montenegro", "ME"),
    ("netherlands", "NL"),
    ("north macedonia", "MK"),
    ("northern ireland", "GB"),
    ("norway", "NO"),
    ("poland", "PL"),
    ("portugal", "PT"),
    ("republic of ireland", "IE"),
    ("republic of moldova", "MD"),
    ("republic of north macedonia", "MK"),
    ("romania", "RO"),
    ("russia", "RU"),
    ("russian federation", "RU"),
    ("san marino", "SM"),
    ("scotland", "GB"),
    ("serbia", "RS"),
    ("slovak republic", "SK"),
    ("slovakia", "SK"),
    ("slovenia", "SI"),
    ("spain", "ES"),
    ("sweden", "SE"),
    ("switzerland", "CH"),
    ("the netherlands", "NL"),
    ("turkey", "TR"),
    ("türkiye", "TR"),
    ("turkiye", "TR"),
    ("ukraine", "UA"),
    ("united kingdom", "GB"),
    ("united kingdom of great britain and northern ireland", "GB"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("vatican", "VA"),
    ("vatican city", "VA"),
    ("wales", "GB"),
];

/// The country of an English name, or of a two-letter code in capitals (a small `at` or `is` is
/// more often a word).
pub fn country(text: &str) -> Option<Country> {
    let name = text.trim();
    if name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Country::new(name);
    }
    let name = name.to_lowercase().replace(['-', '_'], " ");
    NAMES.iter().find(|(known, _)| *known == name).and_then(|(_, code)| Country::new(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_codes_and_nothing_else() {
        for (text, code) in
            [("France", "FR"), (" united-kingdom ", "GB"), ("UK", "GB"), ("Türkiye", "TR"), ("CZECHIA", "CZ")]
        {
            assert_eq!(country(text).map(|country| country.to_string()).as_deref(), Some(code), "{text}");
        }
        for text in ["", "Europe", "fr", "Frankreich", "F1"] {
            assert_eq!(country(text), None, "{text}");
        }
        assert!(NAMES.iter().all(|(name, code)| country(name) == Country::new(code)));
    }
}
