//! What tags mean: markings, confidence, category, targets. The vocabulary is that of the MISP
//! taxonomies (<https://github.com/MISP/misp-taxonomies>) and galaxies.

use rempart_model::{Category, Country, Hint, Marking, Pap, Tlp};
use serde_json::Value;

use super::countries::country;
use super::wire::{items, text_of};

/// Most tags that one record keeps as labels.
pub(crate) const MOST_LABELS: usize = 128;
/// Longest tag that is kept as a label, in bytes.
const LONGEST_LABEL: usize = 512;
/// Most hints of one record.
pub(crate) const MOST_HINTS: usize = 128;

/// What a list of tags says, taken together.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sense {
    /// The strictest marking among them.
    pub(crate) marking: Marking,
    /// The lowest confidence that one of them states.
    pub(crate) confidence: Option<u8>,
    /// The first category that one of them states.
    pub(crate) category: Option<Category>,
    /// A tag says that this was confirmed to be a false positive.
    pub(crate) false_positive: bool,
    /// Targets.
    pub(crate) hints: Vec<Hint>,
    /// The tags themselves, without markings.
    pub(crate) labels: Vec<String>,
    /// Tags that were not kept as labels, for their number or length.
    pub(crate) dropped: usize,
}

impl Sense {
    /// Takes on the tags in `value`, in any of the shapes in which MISP writes them. A tag without
    /// a readable name may have been a marking: it makes the marking unknown.
    pub(crate) fn read(&mut self, value: &Value) {
        for item in items(value) {
            match name(item) {
                Some(name) => self.take(&name),
                None => self.marking.unknown = true,
            }
        }
    }

    /// Takes on the clusters of the galaxies in `value`.
    pub(crate) fn read_galaxies(&mut self, value: &Value) {
        for galaxy in items(value) {
            for cluster in items(galaxy.get("GalaxyCluster").unwrap_or(&Value::Null)) {
                let field = |name: &str| cluster.get(name).and_then(text_of);
                let tag = field("tag_name").or_else(|| {
                    let kind = field("type").or_else(|| galaxy.get("type").and_then(text_of))?;
                    Some(format!("misp-galaxy:{kind}=\"{}\"", field("value")?))
                });
                if let Some(tag) = tag {
                    self.take(&tag);
                }
            }
        }
    }

    /// Takes on one tag.
    pub(crate) fn take(&mut self, tag: &str) {
        let tag = tag.trim();
        if tag.is_empty() || self.mark(tag) {
            return;
        }
        let machine = Machine::read(tag);
        if let Some(confidence) = confidence(&machine) {
            self.confidence = Some(self.confidence.map_or(confidence, |known| known.min(confidence)));
        }
        if self.category.is_none() {
            self.category = category(&machine);
        }
        self.false_positive |= machine.is("false-positive", "confirmed", "true");
        if let Some(hint) = target(&machine)
            && self.hints.len() < MOST_HINTS
            && !self.hints.contains(&hint)
        {
            self.hints.push(hint);
        }
        if self.labels.iter().any(|label| label == tag) {
            return;
        }
        if self.labels.len() < MOST_LABELS && tag.len() <= LONGEST_LABEL {
            self.labels.push(tag.to_owned());
        } else {
            self.dropped += 1;
        }
    }

    /// Takes on `tag` where it is a marking that needs no label: it is kept as the marking.
    fn mark(&mut self, tag: &str) -> bool {
        let machine = Machine::read(tag);
        let marking = &mut self.marking;
        let mut tlp = |label: &str| match Tlp::from_name(label) {
            Some(tlp) => {
                marking.tlp = marking.tlp.max(Some(tlp));
                true
            }
            // `tlp:unclear`, `tlp:ex:chr` and misspellings: restricted, nobody knows how far.
            None => {
                marking.unknown = true;
                false
            }
        };
        match machine.namespace.as_str() {
            "tlp" => return tlp(tag.split_once(':').map_or("", |(_, label)| label)),
            "iep" if machine.predicate == "traffic-light-protocol" => _ = tlp(&machine.value),
            "iep2-policy" if machine.predicate == "tlp" => _ = tlp(&machine.value),
            "iep" | "iep2-policy" if machine.predicate.replace('_', "-") == "permitted-actions" => {
                let pap = match machine.value.replace(' ', "-").as_str() {
                    "externally-visible-direct-actions" => Pap::Clear,
                    "externally-visible-indirect-actions" => Pap::Green,
                    "internally-visible-actions" => Pap::Amber,
                    _ => Pap::Red,
                };
                marking.pap = marking.pap.max(Some(pap));
            }
            "pap" => match Pap::from_name(tag.split_once(':').map_or("", |(_, label)| label)) {
                Some(pap) => {
                    marking.pap = marking.pap.max(Some(pap));
                    return true;
                }
                None => marking.unknown = true,
            },
            // Not to leave the instance it is on.
            "misp" if machine.predicate == "should-not-sync" => marking.recipients = Some(Vec::new()),
            // Classified information: the rules are those of its originator.
            "nato" | "euci" | "de-vs" | "data-classification" => marking.unknown = true,
            "fr-classif" if !machine.value.starts_with("non") => marking.unknown = true,
            _ => {}
        }
        false
    }
}

/// The name of a tag, written as an object, as an object in an object, or as plain text.
fn name(item: &Value) -> Option<String> {
    match item {
        Value::String(name) => Some(name.clone()),
        Value::Object(map) => {
            let inner = map.get("Tag").and_then(|tag| tag.get("name"));
            map.get("name").or(inner).and_then(text_of)
        }
        _ => None,
    }
}

/// A machine tag `namespace:predicate="value"`, in lower case but for the value as written.
struct Machine<'a> {
    namespace: String,
    predicate: String,
    value: String,
    written: &'a str,
}

impl<'a> Machine<'a> {
    fn read(tag: &'a str) -> Self {
        let (namespace, rest) = tag.split_once(':').unwrap_or(("", tag));
        let (predicate, written) = rest.split_once('=').unwrap_or((rest, ""));
        let written = written.trim().trim_matches('"');
        Self {
            namespace: namespace.trim().to_lowercase(),
            predicate: predicate.trim().to_lowercase(),
            value: written.to_lowercase(),
            written,
        }
    }

    fn is(&self, namespace: &str, predicate: &str, value: &str) -> bool {
        self.namespace == namespace && self.predicate == predicate && self.value == value
    }
}

/// The confidence that a tag states, on the scale of STIX 2.1, appendix A.
fn confidence(tag: &Machine<'_>) -> Option<u8> {
    match (tag.namespace.as_str(), tag.predicate.as_str()) {
        ("admiralty-scale", "information-credibility") => match tag.value.as_str() {
            "1" => Some(90),
            "2" => Some(70),
            "3" => Some(50),
            "4" => Some(30),
            "5" => Some(10),
            _ => None,
        },
        ("estimative-language", "likelihood-probability") => match tag.value.as_str() {
            "almost-certain" => Some(95),
            "very-likely" => Some(85),
            "likely" => Some(70),
            "roughly-even-chance" => Some(50),
            "unlikely" => Some(30),
            "very-unlikely" => Some(15),
            "almost-no-chance" => Some(5),
            _ => None,
        },
        ("estimative-language", "confidence-in-analytic-judgment") => match tag.value.as_str() {
            "high" => Some(85),
            "moderate" => Some(50),
            "low" => Some(15),
            _ => None,
        },
        ("misp", "confidence-level") => match tag.value.as_str() {
            "completely-confident" => Some(100),
            "usually-confident" => Some(75),
            "fairly-confident" => Some(50),
            "rarely-confident" => Some(25),
            "unconfident" => Some(0),
            _ => None,
        },
        ("osint", "certainty") => tag.value.parse().ok().filter(|percent| *percent <= 100),
        // How likely it is that this is a false alarm.
        ("false-positive", "risk") => match tag.value.as_str() {
            "medium" => Some(50),
            "high" => Some(15),
            _ => None,
        },
        _ => None,
    }
}

/// The category that a tag states.
fn category(tag: &Machine<'_>) -> Option<Category> {
    const BY_VALUE: &[(&str, &str, Category)] = &[
        ("ecsirt", "c&c", Category::C2Server),
        ("ecsirt", "malware-configuration", Category::MalwareConfiguration),
        ("ecsirt", "botnet-drone", Category::InfectedSystem),
        ("ecsirt", "bot", Category::InfectedSystem),
        ("ecsirt", "malware", Category::MalwareDistribution),
        ("ecsirt", "virus", Category::MalwareDistribution),
        ("ecsirt", "worm", Category::MalwareDistribution),
        ("ecsirt", "trojan", Category::MalwareDistribution),
        ("ecsirt", "spyware", Category::MalwareDistribution),
        ("ecsirt", "rootkit", Category::MalwareDistribution),
        ("ecsirt", "ransomware", Category::MalwareDistribution),
        ("ecsirt", "spam", Category::Spam),
        ("ecsirt", "scanner", Category::Scanner),
        ("ecsirt", "brute-force", Category::BruteForce),
        ("ecsirt", "exploit", Category::Exploit),
        ("ecsirt", "compromised", Category::SystemCompromise),
        ("ecsirt", "defacement", Category::SystemCompromise),
        ("ecsirt", "backdoor", Category::SystemCompromise),
        ("ecsirt", "dos", Category::Ddos),
        ("ecsirt", "ddos", Category::Ddos),
        ("ecsirt", "dropzone", Category::DataLeak),
        ("ecsirt", "masquerade", Category::Masquerade),
        ("ecsirt", "phishing", Category::Phishing),
        ("ecsirt", "vulnerable-service", Category::VulnerableSystem),
        ("circl", "spam", Category::Spam),
        ("circl", "system-compromise", Category::SystemCompromise),
        ("circl", "scan", Category::Scanner),
        ("circl", "denial-of-service", Category::Ddos),
        ("circl", "phishing", Category::Phishing),
        ("circl", "whaling", Category::Phishing),
        ("circl", "smishing", Category::Phishing),
        ("circl", "scam", Category::Masquerade),
        ("circl", "malware", Category::MalwareDistribution),
        ("circl", "ransomware", Category::MalwareDistribution),
        ("circl", "vulnerability", Category::VulnerableSystem),
        ("circl", "information-leak", Category::DataLeak),
        ("rsit", "dos", Category::Ddos),
        ("rsit", "application-compromise", Category::SystemCompromise),
        ("rsit", "privileged-account-compromise", Category::SystemCompromise),
        ("rsit", "unprivileged-account-compromise", Category::SystemCompromise),
        ("rsit", "ddos-amplifier", Category::VulnerableSystem),
    ];
    match tag.namespace.as_str() {
        "rsit" | "ecsirt" | "circl" => BY_VALUE
            .iter()
            .find(|(namespace, value, _)| *namespace == tag.namespace && *value == tag.value)
            .map(|(_, _, category)| *category)
            .or_else(|| {
                let known = Category::from_name(&format!("{}:{}", tag.predicate, tag.value));
                known.filter(|category| *category != Category::Other)
            }),
        "kill-chain" => match tag.predicate.as_str() {
            "reconnaissance" => Some(Category::Scanner),
            "delivery" => Some(Category::MalwareDistribution),
            "exploitation" => Some(Category::Exploit),
            "installation" => Some(Category::InfectedSystem),
            "command and control" => Some(Category::C2Server),
            _ => None,
        },
        "phishing" => Some(Category::Phishing),
        _ => None,
    }
}

/// The target that a tag names.
fn target(tag: &Machine<'_>) -> Option<Hint> {
    let named = |text: &str| country(text).map(Hint::TargetsCountry);
    let code = |text: &str| (text.len() == 2).then(|| Country::new(text)).flatten().map(Hint::TargetsCountry);
    let word = |text: &str| Some(Hint::TargetsName(text.chars().take(200).collect::<String>().into()));
    match (tag.namespace.as_str(), tag.predicate.as_str()) {
        ("misp-galaxy", "target-information") => named(tag.written).or_else(|| word(tag.written)),
        ("misp-galaxy", "country") => named(tag.written),
        ("misp-galaxy", "sector") => word(tag.written),
        ("dhs-ciip-sectors", "dhs-critical-sectors" | "sector") => word(tag.written),
        ("country" | "target-country" | "targeted-country" | "target", text) => {
            let text = if tag.value.is_empty() { text } else { tag.written };
            code(text).or_else(|| named(text))
        }
        _ => None,
    }
}

/// What the clusters of a MISP galaxy are, for those that say by whom or with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Galaxy {
    /// Threat actors, intrusion sets.
    Actor,
    /// Malware, tools, botnets.
    Tool,
    /// Attack patterns.
    Technique,
    /// Campaigns.
    Campaign,
}

impl Galaxy {
    /// Of the predicate of a `misp-galaxy` tag (`threat-actor`, `mitre-enterprise-attack-malware`).
    pub fn of(predicate: &str) -> Option<Self> {
        let ends = |word: &str| {
            predicate.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
        };
        let tools = [
            "malware",
            "malpedia",
            "tool",
            "ransomware",
            "botnet",
            "banker",
            "stealer",
            "rat",
            "backdoor",
            "exploit-kit",
        ];
        match () {
            () if ["threat-actor", "intrusion-set", "microsoft-activity-group"].into_iter().any(ends) => {
                Some(Self::Actor)
            }
            () if tools.into_iter().any(ends) => Some(Self::Tool),
            () if ends("attack-pattern") => Some(Self::Technique),
            () if ends("campaign") => Some(Self::Campaign),
            () => None,
        }
    }
}

/// Whether an event's tag says of each of its attributes by whom or with what: a threat actor, a
/// malware family, a tool, a campaign. Other tags describe the event, whose own object keeps them:
/// techniques too, which are of the attack and not of each value.
pub(crate) fn describes_attributes(tag: &str) -> bool {
    let machine = Machine::read(tag);
    machine.namespace == "misp-galaxy"
        && Galaxy::of(&machine.predicate).is_some_and(|galaxy| galaxy != Galaxy::Technique)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sense(tags: &[&str]) -> Sense {
        let mut sense = Sense::default();
        tags.iter().for_each(|tag| sense.take(tag));
        sense
    }

    #[test]
    fn the_strictest_marking_counts_and_what_is_not_understood_withholds() {
        for (tags, tlp, pap, unknown) in [
            (&["tlp:white"][..], Some(Tlp::Clear), None, false),
            (&["TLP:GREEN", "tlp:amber+strict", "tlp:clear"], Some(Tlp::AmberStrict), None, false),
            (&["PAP:GREEN", "pap:red"], None, Some(Pap::Red), false),
            (&["tlp:ex:chr"], None, None, true),
            (&["tlp:gren", "tlp:clear"], Some(Tlp::Clear), None, true),
            (&["PAP:BLUE"], None, None, true),
            (&["iep:traffic-light-protocol=\"AMBER\""], Some(Tlp::Amber), None, false),
            (
                &["iep2-policy:permitted_actions=\"internally-visible-actions\""],
                None,
                Some(Pap::Amber),
                false,
            ),
            (&["nato:classification=\"NR\""], None, None, true),
            (&["fr-classif:non-classifiees=\"NON-CLASSIFIEES\""], None, None, false),
            (&["fr-classif:non-classifiees=\"DIFFUSION_RESTREINTE\""], None, None, true),
            (&["osint:source-type=\"blog-post\""], None, None, false),
        ] {
            let marking = sense(tags).marking;
            assert_eq!((marking.tlp, marking.pap, marking.unknown), (tlp, pap, unknown), "{tags:?}");
        }
        assert_eq!(sense(&["misp:should-not-sync"]).marking.recipients, Some(Vec::new()));
    }

    #[test]
    fn tags_are_found_in_every_shape_and_an_unreadable_one_withholds() {
        for (value, unknown) in [
            (json!([{"name": "tlp:red", "colour": "#f00"}]), false),
            (json!({"name": "tlp:red"}), false),
            (json!({"0": {"name": "tlp:red"}}), false),
            (json!(["tlp:red"]), false),
            (json!([{"Tag": {"name": "tlp:red"}}]), false),
            (json!([{"name": "tlp:red"}, {"colour": "#fff"}]), true),
            (json!([{"name": "tlp:red"}, 5]), true),
        ] {
            let mut sense = Sense::default();
            sense.read(&value);
            assert_eq!(sense.marking.tlp, Some(Tlp::Red), "{value}");
            assert_eq!(sense.marking.unknown, unknown, "{value}");
        }
    }

    #[test]
    fn tags_state_confidence_category_and_targets() {
        assert_eq!(sense(&["admiralty-scale:information-credibility=\"2\""]).confidence, Some(70));
        let two = ["osint:certainty=\"93\"", "estimative-language:likelihood-probability=\"likely\""];
        assert_eq!(sense(&two).confidence, Some(70));
        assert_eq!(sense(&["osint:certainty=\"930\""]).confidence, None);
        assert!(sense(&["false-positive:confirmed=\"true\""]).false_positive);
        for (tag, category) in [
            ("rsit:malicious-code=\"c2-server\"", Some(Category::C2Server)),
            ("rsit:other=\"other\"", None),
            ("kill-chain:Command and Control", Some(Category::C2Server)),
            ("ecsirt:fraud=\"phishing\"", Some(Category::Phishing)),
            ("circl:incident-classification=\"phishing\"", Some(Category::Phishing)),
            ("circl:incident-classification=\"gdpr-violation\"", None),
            ("phishing:distribution=\"spear-phishing\"", Some(Category::Phishing)),
        ] {
            assert_eq!(sense(&[tag]).category, category, "{tag}");
        }
        let france = Hint::TargetsCountry(Country::new("FR").unwrap());
        for tag in ["misp-galaxy:target-information=\"France\"", "country:fr", "target-country=\"x\":fr"] {
            let expected = if tag.starts_with("target-country=") { vec![] } else { vec![france.clone()] };
            assert_eq!(sense(&[tag]).hints, expected, "{tag}");
        }
        assert_eq!(sense(&["misp-galaxy:sector=\"Energy\""]).hints, [Hint::TargetsName("Energy".into())]);
    }

    #[test]
    fn galaxies_are_read_as_their_tags() {
        let mut sense = Sense::default();
        sense.read_galaxies(&json!([{"type": "threat-actor", "GalaxyCluster": [
            {"type": "threat-actor", "value": "Turla", "tag_name": "misp-galaxy:threat-actor=\"Turla\""},
            {"value": "APT 29"}, {}]}]));
        assert_eq!(
            sense.labels,
            ["misp-galaxy:threat-actor=\"Turla\"", "misp-galaxy:threat-actor=\"APT 29\""]
        );
        assert!(sense.labels.iter().all(|label| describes_attributes(label)));
        assert!(!describes_attributes("misp-galaxy:mitre-attack-pattern=\"Keylogging - T1056.001\""));
        assert!(describes_attributes("misp-galaxy:mitre-enterprise-attack-malware=\"X\""));
    }

    #[test]
    fn labels_are_bounded() {
        let mut sense = Sense::default();
        (0..MOST_LABELS + 5).for_each(|index| sense.take(&format!("label-{index}")));
        sense.take("label-1");
        sense.take(&"x".repeat(LONGEST_LABEL + 1));
        assert_eq!((sense.labels.len(), sense.dropped), (MOST_LABELS, 6));
    }
}
