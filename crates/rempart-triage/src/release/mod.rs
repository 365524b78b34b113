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
    /// Block it, which shows to whoever asks for the name: a disclosure to the public.
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
    let withheld = withheld_by_pap(audience, terms, use_)
        .or_else(|| withheld_from(audience, terms))
        // Whoever asks for a blocked name learns that it is blocked.
        .or_else(|| if use_ == Use::Block { withheld_from(&Audience::Public, terms) } else { None });
    match withheld {
        None => Decision::Released,
        Some(reason) => Decision::Withheld(reason),
    }
}

fn withheld_from(audience: &Audience<'_>, terms: &Terms) -> Option<Reason> {
    match audience {
        Audience::Operator => None,
        // Who gave it has it already.
        Audience::Member(member) if terms.owner == Some(member.id) => None,
        Audience::Member(member) => withheld_from_member(member, terms),
        Audience::Public if terms.unknown => Some(Reason::UnknownMarking),
        Audience::Public if terms.recipients.is_some() => Some(Reason::NotNamed),
        Audience::Public if terms.tlp == Tlp::Clear => None,
        Audience::Public => Some(Reason::NotPublic),
    }
}

fn withheld_from_member(member: &MemberView<'_>, terms: &Terms) -> Option<Reason> {
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

/// PAP: RED allows nothing that could be noticed, so that only the operator looks for it, in its own
/// logs; AMBER allows passive use, and a block can be noticed, as can a notice to the public. Who may
/// read it is for TLP to say.
fn withheld_by_pap(audience: &Audience<'_>, terms: &Terms, use_: Use) -> Option<Reason> {
    let most = match (use_, audience) {
        (Use::Share, _) | (Use::Detect, Audience::Operator) => Pap::Red,
        (Use::Notify, Audience::Operator | Audience::Member(_)) => Pap::Red,
        (Use::Detect, _) => Pap::Amber,
        (Use::Block, _) | (Use::Notify, Audience::Public) => Pap::Green,
    };
    (terms.pap > most).then_some(Reason::Pap)
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

    /// Whether every member that may ever be handed what is held on `narrower` may be handed what is
    /// held on these, whoever takes part and whatever its clearance. Where this holds, a thing on
    /// these terms may bear on one on the others without telling anything that is withheld.
    pub fn covers(&self, narrower: &Terms) -> bool {
        if self.unknown || narrower.unknown {
            return false;
        }
        if self == narrower {
            return true;
        }
        let owner_sees = narrower.owner.is_none()
            || narrower.owner == self.owner
            || (self.tlp == Tlp::Clear && self.recipients.is_none());
        if !owner_sees || self.tlp > narrower.tlp {
            return false;
        }
        let within = |all: &[Box<str>], some: &[Box<str>]| some.iter().all(|name| all.contains(name));
        match (&self.recipients, &narrower.recipients) {
            (Some(ours), Some(theirs)) => within(ours, theirs),
            (Some(_), None) => false,
            (None, _) => match self.tlp {
                Tlp::Clear | Tlp::Green => true,
                Tlp::Amber => match &self.community {
                    None => true,
                    Some(ours) => {
                        narrower.tlp == Tlp::Amber
                            && narrower.recipients.is_none()
                            && narrower
                                .community
                                .as_ref()
                                .is_some_and(|them| them.iter().all(|id| ours.contains(id)))
                    }
                },
                Tlp::AmberStrict | Tlp::Red => false,
            },
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
    let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    let mut names: Vec<Box<str>> = names.map(Box::from).collect();
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
mod tests;
