//! What is the same for all entries of a protective file.

use rempart_model::block::Action;
use rempart_model::{Timestamp, Tlp};

use super::Format;
use super::rtbh::Consent;
use super::value;

/// What a writer needs to know beside the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The list's name: a letter, then at most 31 of `a-z`, `0-9` and `-`. It becomes the names of
    /// sets, data files and announcements in the programs that read the list.
    pub list: Box<str>,
    /// Who publishes the list, in words.
    pub publisher: Box<str>,
    /// Where somebody who is on the list can object: an `https` or `http` URL.
    pub appeal: Box<str>,
    /// On which terms the list may be used, in words.
    pub licence: Box<str>,
    /// How far the list may go.
    pub tlp: Tlp,
    /// When it is made.
    pub built_at: Timestamp,
    /// What resolvers do with a name that is on it.
    pub action: Action,
    /// The name of the response-policy zone.
    pub zone: Box<str>,
    /// The serial of the zone: a position in the list's own change log.
    pub serial: u32,
    /// How long resolvers may keep an answer, in seconds.
    pub ttl: u32,
    /// The first of the numbers that Suricata's rules are given, see [`super::sensor::rules`].
    pub first_sid: u32,
    /// The consent to announce routes; without it, those writers refuse.
    pub rtbh: Option<Consent>,
}

impl Settings {
    /// Settings that say NXDOMAIN, are TLP:CLEAR and announce no routes.
    pub fn new(list: &str, publisher: &str, appeal: &str, built_at: Timestamp) -> Self {
        Self {
            list: list.into(),
            publisher: publisher.into(),
            appeal: appeal.into(),
            licence: "see the publisher's terms of use".into(),
            tlp: Tlp::Clear,
            built_at,
            action: Action::NxDomain,
            zone: format!("{list}.rpz.invalid").into(),
            serial: 1,
            ttl: 60,
            first_sid: 3_000_000_000,
            rtbh: None,
        }
    }

    /// Checks what would do harm in a file.
    ///
    /// # Errors
    /// Where a text could be taken for something else than itself.
    pub fn check(&self) -> Result<(), WriteError> {
        let bad = |what, why| Err(WriteError::Setting { what, why });
        let in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !self.list.starts_with(|c: char| c.is_ascii_lowercase())
            || self.list.len() > 32
            || !self.list.bytes().all(in_name)
        {
            return bad("name of the list", "must be a letter and at most 31 of a-z, 0-9 and -");
        }
        for (what, text) in [("publisher", &self.publisher), ("licence", &self.licence)] {
            if let Err(why) = value::line(text) {
                return bad(what, why);
            }
        }
        if let Err(why) = value::link(&self.appeal) {
            return bad("address for appeals", why);
        }
        if value::name(&self.zone).is_err() {
            return bad("name of the zone", "must be a domain name in canonical form");
        }
        if let Action::Garden(host) = &self.action
            // The id of an entry and a dot come before it (RFC 1035, section 2.3.4).
            && (value::name(host).is_err() || host.len() > 253 - 17)
        {
            return bad("host of the walled garden", "must be a domain name in canonical form");
        }
        if self.ttl > 86_400 {
            return bad("time to live", "must be a day at most: what is taken out must go");
        }
        Ok(())
    }
}

/// Why a file cannot be written at all.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The place that it is written to failed.
    #[error("cannot write: {0}")]
    Io(#[from] std::io::Error),
    /// A setting is not fit for a file.
    #[error("the {what} is not fit for a protective file: {why}")]
    Setting {
        /// Which.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The format cannot say what should be done.
    #[error("the format {} cannot say the action {action}; choose another of them", .format.name())]
    Action {
        /// The format.
        format: Format,
        /// The action's name.
        action: &'static str,
    },
    /// Routes are announced only with an explicit consent.
    #[error("routes are announced only with the consent of the network's operations centre: {0}")]
    NoConsent(&'static str),
    /// More routes than were agreed on.
    #[error("{routes} routes are more than the {most} that were agreed on; nothing is announced")]
    TooManyRoutes {
        /// How many there are.
        routes: usize,
        /// How many were agreed on.
        most: u32,
    },
}
