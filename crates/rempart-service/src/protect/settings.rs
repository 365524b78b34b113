//! What the operator decides of protective outputs.

use std::path::PathBuf;

use rempart_formats::protect::rtbh::Consent;
use rempart_model::{Action, BlockClass, Observable};

/// What is published, where, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where zones and lists are kept.
    pub folder: PathBuf,
    /// Who publishes, in words.
    pub publisher: Box<str>,
    /// The address of the block pages, to which the id of a block is added: `https://block.example/block/`.
    pub page: Box<str>,
    /// The name below which the zones are: `rpz.csirt.example`.
    pub zone: Box<str>,
    /// What resolvers do, by class.
    pub actions: [Action; 3],
    /// From which probability on something is blocked, by class.
    pub thresholds: [f32; 3],
    /// Names and networks that are never blocked, besides the members' own.
    pub protected: Vec<Observable>,
    /// Names that are let through, whatever lists further down say.
    pub allow: Vec<Box<str>>,
    /// After how many days the Public Suffix List is too old to decide by.
    pub suffix_days: u32,
    /// After how many seconds a change reaches each stage of consumers; the first is the canaries'.
    pub stages: Vec<u32>,
    /// Seconds that a resolver may keep an answer.
    pub ttl: u32,
    /// Seconds between two versions of the lists; `None`: no lists are written.
    pub lists_every: Option<u32>,
    /// The consent to announce black holes in the operator's own network; `None`: none is announced.
    pub rtbh: Option<Consent>,
}

impl Settings {
    /// The usual settings with a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            publisher: "Rempart".into(),
            page: "http://127.0.0.1:8473/block/".into(),
            zone: "rpz.rempart.invalid".into(),
            actions: [Action::NxDomain, Action::NxDomain, Action::NxDomain],
            thresholds: [0.75, 0.8, 0.9],
            protected: Vec::new(),
            allow: Vec::new(),
            suffix_days: 30,
            stages: vec![0, 600, 3600],
            ttl: 60,
            lists_every: Some(60),
            rtbh: None,
        }
    }

    /// What resolvers do with what is in a class.
    pub fn action(&self, class: BlockClass) -> &Action {
        self.actions.get(class as usize).unwrap_or(&Action::NxDomain)
    }

    /// From which probability on a class is blocked.
    pub fn threshold(&self, class: BlockClass) -> f32 {
        self.thresholds.get(class as usize).copied().unwrap_or(1.0)
    }

    /// The name of the zone of a class.
    pub fn zone_of(&self, class: BlockClass) -> String {
        format!("{}.{}", class.name(), self.zone)
    }

    /// The name of the zone that lets names through.
    pub fn allow_zone(&self) -> String {
        format!("allow.{}", self.zone)
    }
}
