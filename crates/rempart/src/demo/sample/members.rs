//! The sample's members. They are invented; what they answer for lies in ranges that are reserved.

/// An invented organisation that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SampleMember {
    /// Its unique name.
    pub(crate) name: &'static str,
    /// ISO 3166-1 alpha-2; `EU`, which is exceptionally reserved there, for an international body.
    pub(crate) country: &'static str,
    /// The name of a [`MemberKind`](rempart_model::MemberKind).
    pub(crate) kind: &'static str,
    /// The name of a [`Tlp`](rempart_model::Tlp).
    pub(crate) clearance: &'static str,
    /// Slices of 198.18.0.0/15 (RFC 2544) and of 2001:db8::/32 (RFC 3849).
    pub(crate) networks: Vec<&'static str>,
    /// Numbers reserved for documentation (RFC 5398).
    pub(crate) asns: Vec<u32>,
    /// Names and suffixes below `.example` (RFC 2606).
    pub(crate) domains: Vec<&'static str>,
}

/// The six members.
pub(crate) fn members() -> Vec<SampleMember> {
    let member =
        |name, country, kind, clearance, networks: [&'static str; 2], asns: &[u32], domains: &[_]| {
            let (networks, asns, domains) = (networks.to_vec(), asns.to_vec(), domains.to_vec());
            SampleMember { name, country, kind, clearance, networks, asns, domains }
        };
    let csirt = |name, code, networks, asns: &[u32]| {
        let nation = super::words::NATIONS.iter().find(|nation| nation.code == code);
        let domains = nation.map(|nation| nation.domains).unwrap_or_default();
        member(name, code, "national-csirt", "amber+strict", networks, asns, domains)
    };
    vec![
        csirt("csirt-fr", "FR", ["198.18.0.0/19", "2001:db8:f::/48"], &[64496, 64497]),
        csirt("csirt-de", "DE", ["198.18.32.0/19", "2001:db8:d::/48"], &[64498, 64499]),
        csirt("csirt-pl", "PL", ["198.18.64.0/19", "2001:db8:b::/48"], &[64500, 64501]),
        csirt("csirt-ee", "EE", ["198.18.96.0/19", "2001:db8:e::/48"], &[64502, 64503]),
        member(
            "law-enforcement-int",
            "EU",
            "law-enforcement",
            "amber",
            ["198.19.0.0/20", "2001:db8:1e::/48"],
            &[64504],
            &["police-int.example"],
        ),
        member(
            "ngo-shield",
            "BE",
            "ngo",
            "green",
            ["198.19.16.0/20", "2001:db8:60::/48"],
            &[64505],
            &["shield-ngo.example"],
        ),
    ]
}
