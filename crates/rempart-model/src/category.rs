//! What kind of incident an observable takes part in, after the Reference Security Incident
//! Taxonomy (RSIT, <https://github.com/enisaeu/Reference-Security-Incident-Taxonomy-Task-Force>).

/// An RSIT type, as far as Rempart tells them apart. The wire name is `classification:type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Category {
    /// Nothing is known of the kind of incident.
    Other = 0,
    /// `malicious-code:infected-system`.
    InfectedSystem = 1,
    /// `malicious-code:c2-server`.
    C2Server = 2,
    /// `malicious-code:malware-distribution`.
    MalwareDistribution = 3,
    /// `malicious-code:malware-configuration`.
    MalwareConfiguration = 4,
    /// `fraud:phishing`.
    Phishing = 5,
    /// `information-gathering:scanner`.
    Scanner = 6,
    /// `intrusion-attempts:brute-force`.
    BruteForce = 7,
    /// `intrusion-attempts:exploit`.
    Exploit = 8,
    /// `abusive-content:spam`.
    Spam = 9,
    /// `availability:ddos`.
    Ddos = 10,
    /// `vulnerable:vulnerable-system`.
    VulnerableSystem = 11,
    /// `intrusions:system-compromise`.
    SystemCompromise = 12,
    /// `fraud:masquerade`.
    Masquerade = 13,
    /// `information-content-security:data-leak`.
    DataLeak = 14,
}

impl Category {
    /// Every category with its wire name, in the order of the codes.
    pub const ALL: [(Category, &'static str); 15] = [
        (Category::Other, "other:other"),
        (Category::InfectedSystem, "malicious-code:infected-system"),
        (Category::C2Server, "malicious-code:c2-server"),
        (Category::MalwareDistribution, "malicious-code:malware-distribution"),
        (Category::MalwareConfiguration, "malicious-code:malware-configuration"),
        (Category::Phishing, "fraud:phishing"),
        (Category::Scanner, "information-gathering:scanner"),
        (Category::BruteForce, "intrusion-attempts:brute-force"),
        (Category::Exploit, "intrusion-attempts:exploit"),
        (Category::Spam, "abusive-content:spam"),
        (Category::Ddos, "availability:ddos"),
        (Category::VulnerableSystem, "vulnerable:vulnerable-system"),
        (Category::SystemCompromise, "intrusions:system-compromise"),
        (Category::Masquerade, "fraud:masquerade"),
        (Category::DataLeak, "information-content-security:data-leak"),
    ];

    /// The wire name, `classification:type`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(category, _)| *category == self).map_or("other:other", |(_, name)| name)
    }

    /// The category of a wire name, or of its type alone (`c2-server`).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, full)| *full == name || full.split_once(':').is_some_and(|(_, kind)| kind == name))
            .map(|(category, _)| *category)
    }

    /// The category that was stored as `code`; an unknown code is [`Category::Other`].
    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).map_or(Category::Other, |(category, _)| *category)
    }
}
