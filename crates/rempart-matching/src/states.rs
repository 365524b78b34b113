//! The states entitled to take part, as data: codes, groups, top-level domains.

use rempart_model::Country;
use serde::Deserialize;

/// Why a file is not a list of states.
#[derive(Debug, thiserror::Error)]
pub enum StatesError {
    /// Not the TOML that is wanted.
    #[error("not a list of states: {0}")]
    Toml(#[from] toml::de::Error),
    /// A code is not one of ISO 3166-1 alpha-2.
    #[error("`{0}` is not a two-letter country code")]
    Code(Box<str>),
    /// A code or a top-level domain stands twice.
    #[error("`{0}` stands twice")]
    Twice(Box<str>),
}

/// Why a state may take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A Member State of the European Union.
    Eu,
    /// A candidate for accession to it.
    Candidate,
    /// A state of the European Free Trade Association.
    Efta,
    /// The United Kingdom, Monaco, the Vatican.
    Other,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its code.
    pub country: Country,
    /// Its name in English.
    pub name: Box<str>,
    /// Why it may take part.
    pub group: Group,
    /// Its country-code top-level domains, as A-labels.
    pub tlds: Vec<Box<str>>,
    /// Parts of it that have a code of their own.
    pub territories: Vec<Country>,
}

/// All of them.
#[derive(Debug, Clone)]
pub struct States {
    states: Vec<State>,
    /// Sorted.
    tlds: Vec<(Box<str>, Country)>,
    /// The code of a state or a territory, and the state's; sorted.
    codes: Vec<(Country, Country)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    state: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    name: String,
    group: Group,
    tlds: Vec<String>,
    #[serde(default)]
    territories: Vec<String>,
}

impl States {
    /// The list that is shipped.
    pub fn bundled() -> Result<Self, StatesError> {
        Self::from_toml(crate::bundled::STATES)
    }

    /// Reads a list of states.
    pub fn from_toml(text: &str) -> Result<Self, StatesError> {
        let file: File = toml::from_str(text)?;
        let code = |text: &str| Country::new(text).ok_or_else(|| StatesError::Code(text.into()));
        let mut states = Vec::with_capacity(file.state.len());
        let mut tlds: Vec<(Box<str>, Country)> = Vec::new();
        let mut codes = Vec::new();
        for row in file.state {
            let country = code(&row.code)?;
            let territories = row.territories.iter().map(|text| code(text)).collect::<Result<Vec<_>, _>>()?;
            codes.push((country, country));
            codes.extend(territories.iter().map(|territory| (*territory, country)));
            let own: Vec<Box<str>> = row.tlds.iter().map(|tld| tld.to_ascii_lowercase().into()).collect();
            tlds.extend(own.iter().map(|tld| (tld.clone(), country)));
            states.push(State { country, name: row.name.into(), group: row.group, tlds: own, territories });
        }
        tlds.sort_unstable();
        codes.sort_unstable();
        if let Some([(tld, _), _]) = tlds.windows(2).find(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(StatesError::Twice(tld.clone()));
        }
        if let Some([(country, _), _]) = codes.windows(2).find(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            return Err(StatesError::Twice(country.as_str().into()));
        }
        Ok(Self { states, tlds, codes })
    }

    /// Every state, in the order of the list.
    pub fn all(&self) -> &[State] {
        &self.states
    }

    /// The state of a code; `None` where it is not entitled to take part.
    pub fn get(&self, country: Country) -> Option<&State> {
        self.states.iter().find(|state| state.country == country)
    }

    /// The state that answers for a country: itself, or that of which it is a territory.
    pub fn answering_for(&self, country: Country) -> Option<Country> {
        let place = self.codes.binary_search_by_key(&country, |(code, _)| *code).ok()?;
        self.codes.get(place).map(|(_, state)| *state)
    }

    /// The state whose top-level domain a name is under.
    pub fn of_domain(&self, name: &str) -> Option<Country> {
        let tld = name.rsplit('.').next()?;
        let place = self.tlds.binary_search_by(|(known, _)| (**known).cmp(tld)).ok()?;
        self.tlds.get(place).map(|(_, country)| *country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_whole() {
        let states = States::bundled().unwrap();
        let count = |group| states.all().iter().filter(|state| state.group == group).count();
        assert_eq!(
            (count(Group::Eu), count(Group::Candidate), count(Group::Efta), count(Group::Other)),
            (27, 9, 4, 3)
        );
        for (name, country) in [
            ("gov.gr", Some("GR")),
            ("example.uk", Some("GB")),
            ("gb", Some("GB")),
            ("xn--80ak6aa92e.xn--j1amh", Some("UA")),
            ("example.re", Some("FR")),
            ("example.eu", None),
            ("xn--e1a4c", None),
            ("example.com", None),
            ("", None),
        ] {
            assert_eq!(states.of_domain(name).as_ref().map(Country::as_str), country, "{name}");
        }
        let country = |code| Country::new(code).unwrap();
        assert_eq!(states.answering_for(country("RE")), Some(country("FR")));
        assert_eq!(states.answering_for(country("EL")), Some(country("GR")));
        assert_eq!(states.answering_for(country("US")), None);
        assert_eq!(&*states.get(country("TR")).unwrap().name, "Türkiye");
        assert!(states.get(country("RE")).is_none());
    }

    #[test]
    fn says_what_is_wrong_with_a_list() {
        let row = |code: &str, tld: &str| {
            format!("[[state]]\ncode = \"{code}\"\nname = \"x\"\ngroup = \"eu\"\ntlds = [\"{tld}\"]\n")
        };
        let fail = |text: String| States::from_toml(&text).unwrap_err().to_string();
        assert_eq!(fail(row("FRA", "fr")), "`FRA` is not a two-letter country code");
        assert_eq!(fail(row("FR", "fr") + &row("DE", "FR")), "`fr` stands twice");
        assert_eq!(fail(row("GR", "gr") + &row("EL", "el")), "`GR` stands twice");
        assert!(fail(row("FR", "fr") + "colour = 1\n").starts_with("not a list of states"));
    }
}
