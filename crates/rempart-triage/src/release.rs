//! The release decision: may this audience be handed this, for this use?
//!
//! The default is withheld. TLP 2.0 (<https://www.first.org/tlp/>) says how far a thing may go, the
//! clearance of a member is a ceiling and never a permission, and PAP says what may be done with it.

use rempart_model::{Country, Marking, MemberId, Pap, Tlp};

/// A member, as far as the decision needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct MemberView<'a> {
    /// Its number.
    pub id: MemberId,
    /// Its name.
    pub name: &'a str,
    /// Other names and UUIDs by which sources name it.
    pub aliases: &'a [Box<str>],
    /// Its country.
    pub country: Country,
    /// The highest TLP that it may ever be sent.
    pub clearance: Tlp,
}

/// Who would be handed the thing.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// The operator of this instance, on its own command line and console.
    Operator,
    /// A member.
    Member(&'a MemberView<'a>),
    /// Everybody.
    Public,
}

/// What the audience would do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// Read it: TAXII, REST, export, answers to a search.
    Share,
    /// Look for it in its own logs and traffic.
    Detect,
    /// Block it, which shows to whoever asks for the name.
    Block,
    /// Be notified of it.
    Notify,
}

/// On which terms a thing is held. Equal terms make one release class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How far it may go.
    pub tlp: Tlp,
    /// What may be done with it.
    pub pap: Pap,
    /// Names, UUIDs and country codes of the only recipients, where the source names some.
    pub recipients: Option<Vec<Box<str>>>,
    /// The source's community; `None`: every member that is cleared.
    pub community: Option<Vec<MemberId>>,
    /// The member that contributed it.
    pub owner: Option<MemberId>,
    /// It is restricted in a way that is not understood.
    pub unknown: bool,
}

/// What a source's settings say of the release of its objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceTerms {
    /// With whom it shares AMBER; `None`: all that are cleared.
    pub community: Option<Vec<MemberId>>,
    /// To whom alone its RED and AMBER+STRICT go.
    pub recipients: Option<Vec<Box<str>>>,
}

/// Why something is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its marking is not understood, or refers to a definition that is not there.
    UnknownMarking,
    /// Its TLP is above what the audience may ever be sent.
    AboveClearance,
    /// The source names its recipients, and this is none of them.
    NotNamed,
    /// The source names no recipients, and RED and AMBER+STRICT go only to those named.
    NobodyNamed,
    /// AMBER goes to the source's community, and this is not of it.
    NotInCommunity,
    /// Only CLEAR is for everybody.
    NotPublic,
    /// PAP does not permit the use.
    Pap,
}

impl Reason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Reason::UnknownMarking => "its marking is not understood",
            Reason::AboveClearance => "its TLP is above the member's clearance",
            Reason::NotNamed => "the source names its recipients, and the member is none of them",
            Reason::NobodyNamed => {
                "RED and AMBER+STRICT go only to whom the source names, and it names nobody"
            }
            Reason::NotInCommunity => "the member is not of the source's community",
            Reason::NotPublic => "only TLP:CLEAR is public",
            Reason::Pap => "its PAP does not permit this use",
        }
    }
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It may be handed over.
    Released,
    /// It may not.
    Withheld(Reason),
}

/// May this audience be handed what is held on these terms, for this use?
pub fn decide(audience: &Audience<'_>, terms: &Terms, use_: Use) -> Decision {
    if let Some(reason) = withheld_by_pap(terms, use_) {
        return Decision::Withheld(reason);
    }
    let reason = match audience {
        Audience::Operator => return Decision::Released,
        Audience::Public if terms.unknown => Reason::UnknownMarking,
        Audience::Public if terms.recipients.is_some() => Reason::NotNamed,
        Audience::Public if terms.tlp == Tlp::Clear => return Decision::Released,
        Audience::Public => Reason::NotPublic,
        // Who gave it has it already.
        Audience::Member(member) if terms.owner == Some(member.id) => return Decision::Released,
        Audience::Member(member) => match withheld_from(member, terms) {
            None => return Decision::Released,
            Some(reason) => reason,
        },
    };
    Decision::Withheld(reason)
}

fn withheld_from(member: &MemberView<'_>, terms: &Terms) -> Option<Reason> {
    if terms.unknown {
        return Some(Reason::UnknownMarking);
    }
    if terms.tlp > member.clearance {
        return Some(Reason::AboveClearance);
    }
    if let Some(recipients) = &terms.recipients {
        let named = recipients.iter().any(|name| is_named(member, name));
        return (!named).then_some(Reason::NotNamed);
    }
    match terms.tlp {
        Tlp::Clear | Tlp::Green => None,
        Tlp::Amber => {
            let of_it = terms.community.as_ref().is_none_or(|members| members.contains(&member.id));
            (!of_it).then_some(Reason::NotInCommunity)
        }
        Tlp::AmberStrict | Tlp::Red => Some(Reason::NobodyNamed),
    }
}

fn is_named(member: &MemberView<'_>, name: &str) -> bool {
    let name = name.trim();
    if name.is_empty() {
        return false;
    }
    let same = |other: &str| other.trim().eq_ignore_ascii_case(name) || other.trim() == name;
    same(member.name)
        || member.aliases.iter().any(|alias| same(alias))
        || Country::new(name).is_some_and(|country| country == member.country)
}

/// PAP 2: AMBER allows passive use only (a block can be seen), RED allows nothing that leaves the
/// recipient's own analysis, so that neither an index nor a block list holds it. Sharing is for TLP to say.
fn withheld_by_pap(terms: &Terms, use_: Use) -> Option<Reason> {
    let allowed = match use_ {
        Use::Share | Use::Notify => true,
        Use::Detect => terms.pap <= Pap::Amber,
        Use::Block => terms.pap <= Pap::Green,
    };
    (!allowed).then_some(Reason::Pap)
}

impl Terms {
    /// The terms of an object from its marking, what its source's unmarked objects are taken for, the
    /// source's settings, and the member that contributed it.
    pub fn from_marking(
        marking: &Marking,
        unmarked: Tlp,
        source: &SourceTerms,
        owner: Option<MemberId>,
    ) -> Self {
        let tlp = marking.tlp.unwrap_or(unmarked);
        let recipients = match (&marking.recipients, tlp) {
            (Some(named), _) => Some(sorted(named)),
            (None, Tlp::AmberStrict | Tlp::Red) => source.recipients.as_deref().map(sorted),
            (None, _) => None,
        };
        // A community bounds AMBER alone; other terms are the same whatever it is.
        let community = if tlp == Tlp::Amber && recipients.is_none() {
            source.community.clone().map(|mut members| {
                members.sort_unstable();
                members.dedup();
                members
            })
        } else {
            None
        };
        Self {
            tlp,
            pap: marking.pap.unwrap_or(Pap::Clear),
            recipients,
            community,
            owner,
            unknown: marking.unknown || !marking.unresolved.is_empty(),
        }
    }

    /// The terms as a text that is the same for equal terms and is kept in the store.
    pub fn key(&self) -> String {
        let names = |list: &[Box<str>]| list.iter().map(|name| escape(name)).collect::<Vec<_>>().join(",");
        let recipients =
            self.recipients.as_deref().map_or_else(|| "*".to_owned(), |list| format!("={}", names(list)));
        let community = self.community.as_ref().map_or_else(
            || "*".to_owned(),
            |list| format!("={}", list.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",")),
        );
        let owner = self.owner.map(|id| id.0.to_string()).unwrap_or_default();
        format!(
            "1|{}|{}|{recipients}|{community}|{owner}|{}",
            self.tlp.name(),
            self.pap.name(),
            u8::from(self.unknown)
        )
    }

    /// Reads [`Terms::key`]. `None` where it cannot be read: nobody but the operator may see it then.
    pub fn parse_key(key: &str) -> Option<Self> {
        let fields: Vec<&str> = key.split('|').collect();
        let ["1", tlp, pap, recipients, community, owner, unknown] = *fields.as_slice() else { return None };
        let list = |text: &str| -> Option<Option<Vec<String>>> {
            if text == "*" {
                return Some(None);
            }
            let items = text.strip_prefix('=')?;
            Some(Some(items.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()))
        };
        let recipients = match list(recipients)? {
            None => None,
            Some(names) => Some(names.iter().map(|name| unescape(name)).collect::<Option<Vec<_>>>()?),
        };
        let community = match list(community)? {
            None => None,
            Some(ids) => {
                Some(ids.iter().map(|id| id.parse().ok().map(MemberId)).collect::<Option<Vec<_>>>()?)
            }
        };
        Some(Self {
            tlp: Tlp::from_name(tlp)?,
            pap: Pap::from_name(pap)?,
            recipients,
            community,
            owner: if owner.is_empty() { None } else { Some(MemberId(owner.parse().ok()?)) },
            unknown: match unknown {
                "0" => false,
                "1" => true,
                _ => return None,
            },
        })
    }
}

fn sorted(names: &[Box<str>]) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> =
        names.iter().map(|name| Box::from(name.trim())).filter(|name: &Box<str>| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A name without the signs that keys are made of: `%` and two hexadecimal digits a byte.
fn escape(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '%' | '|' | ',' | '*' | '=') {
            text.push_str(&format!("%{:02x}", character as u32));
        } else {
            text.push(character);
        }
    }
    text
}

fn unescape(text: &str) -> Option<Box<str>> {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        name.push_str(before);
        let code = u8::from_str_radix(after.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        name.push(char::from(code));
        rest = after.get(2..)?;
    }
    name.push_str(rest);
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(clearance: Tlp) -> MemberView<'static> {
        MemberView {
            id: MemberId(7),
            name: "CERT-FR",
            aliases: &[],
            country: Country::new("FR").unwrap(),
            clearance,
        }
    }

    fn terms(tlp: Tlp) -> Terms {
        Terms { tlp, pap: Pap::Clear, recipients: None, community: None, owner: None, unknown: false }
    }

    fn shared(clearance: Tlp, terms: &Terms) -> bool {
        decide(&Audience::Member(&member(clearance)), terms, Use::Share) == Decision::Released
    }

    #[test]
    fn clearance_is_a_ceiling_and_no_permission() {
        for clearance in Tlp::ALL {
            for tlp in Tlp::ALL {
                let expected = tlp <= clearance && tlp <= Tlp::Amber;
                assert_eq!(shared(clearance, &terms(tlp)), expected, "{tlp:?} to {clearance:?}");
                let named = Terms { recipients: Some(vec!["cert-fr".into()]), ..terms(tlp) };
                assert_eq!(shared(clearance, &named), tlp <= clearance, "{tlp:?} named to {clearance:?}");
                let others = Terms { recipients: Some(vec!["cert-de".into()]), ..terms(tlp) };
                assert!(!shared(clearance, &others));
                let nobody = Terms { recipients: Some(Vec::new()), ..terms(tlp) };
                assert!(!shared(clearance, &nobody));
            }
        }
    }

    #[test]
    fn a_country_is_a_name_and_amber_keeps_to_the_community() {
        let named = Terms { recipients: Some(vec!["fr".into()]), ..terms(Tlp::Red) };
        assert!(shared(Tlp::Red, &named));
        let elsewhere = Terms { community: Some(vec![MemberId(8)]), ..terms(Tlp::Amber) };
        assert!(!shared(Tlp::Red, &elsewhere));
        let here = Terms { community: Some(vec![MemberId(7), MemberId(8)]), ..terms(Tlp::Amber) };
        assert!(shared(Tlp::Amber, &here));
    }

    #[test]
    fn unknown_is_withheld_from_all_but_the_operator_and_the_owner() {
        let unknown = Terms { unknown: true, ..terms(Tlp::Clear) };
        assert!(!shared(Tlp::Red, &unknown));
        assert_eq!(
            decide(&Audience::Public, &unknown, Use::Share),
            Decision::Withheld(Reason::UnknownMarking)
        );
        assert_eq!(decide(&Audience::Operator, &unknown, Use::Share), Decision::Released);
        assert!(shared(Tlp::Clear, &Terms { owner: Some(MemberId(7)), ..unknown }));
    }

    #[test]
    fn the_public_gets_clear_alone() {
        for tlp in Tlp::ALL {
            let released = decide(&Audience::Public, &terms(tlp), Use::Share) == Decision::Released;
            assert_eq!(released, tlp == Tlp::Clear);
        }
    }

    #[test]
    fn pap_binds_the_use_for_everybody() {
        for (pap, detect, block) in [
            (Pap::Clear, true, true),
            (Pap::Green, true, true),
            (Pap::Amber, true, false),
            (Pap::Red, false, false),
        ] {
            let terms = Terms { pap, ..terms(Tlp::Clear) };
            for audience in [Audience::Operator, Audience::Public] {
                assert_eq!(decide(&audience, &terms, Use::Detect) == Decision::Released, detect, "{pap:?}");
                assert_eq!(decide(&audience, &terms, Use::Block) == Decision::Released, block, "{pap:?}");
                assert_eq!(decide(&audience, &terms, Use::Share), Decision::Released);
            }
        }
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        for terms in [
            terms(Tlp::Green),
            Terms {
                recipients: Some(vec!["a|b,c=*%".into(), "é".into()]),
                community: Some(vec![]),
                owner: Some(MemberId(3)),
                unknown: true,
                pap: Pap::Red,
                ..terms(Tlp::Red)
            },
            Terms { recipients: Some(vec![]), ..terms(Tlp::AmberStrict) },
        ] {
            assert_eq!(Terms::parse_key(&terms.key()), Some(terms));
        }
        for wrong in ["", "operator", "2|green|clear|*|*||0", "1|green|clear|*|*||2", "1|lime|clear|*|*||0"] {
            assert_eq!(Terms::parse_key(wrong), None);
        }
    }
}
