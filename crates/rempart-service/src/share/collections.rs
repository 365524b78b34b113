//! The collections of a caller.

use rempart_model::{Member, MemberId};
use rempart_store::{Role, Scopes};
use ring::hmac;

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

/// What a collection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    /// All that the member may see.
    All,
    /// What concerns the member.
    Concerns,
    /// What concerns the member, at high confidence.
    High,
    /// What the member contributes.
    Contribute,
    /// Everything; for people of the operator.
    Operator,
}

/// One collection of one caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// What it holds.
    pub kind: CollectionKind,
    /// Whose it is; `None`: the operator's.
    pub member: Option<MemberId>,
    /// Its id, a UUID of version 4 in form; nobody can tell it from another without the instance's secret.
    pub id: String,
    /// A title.
    pub title: String,
    /// What is in it.
    pub description: &'static str,
    /// A name that is the same for every caller.
    pub alias: &'static str,
    /// Whether the caller may read it.
    pub can_read: bool,
    /// Whether the caller may add to it.
    pub can_write: bool,
}

impl App {
    /// The caller's collections, in a fixed order.
    pub fn collections(&self, caller: &Caller) -> Vec<Collection> {
        match caller {
            Caller::Person(_) if caller.has(Role::Reader) => vec![Collection {
                kind: CollectionKind::Operator,
                member: None,
                id: self.collection_id(None, 0),
                title: "Everything".into(),
                description: "All objects of this instance, for its operator alone",
                alias: "everything",
                can_read: true,
                can_write: false,
            }],
            Caller::Person(_) => Vec::new(),
            Caller::Member { member, scopes, .. } => self.collections_of(member, *scopes),
        }
    }

    fn collections_of(&self, member: &Member, scopes: Scopes) -> Vec<Collection> {
        let own = |kind, number, title: &str, description, alias, write: bool| Collection {
            kind,
            member: Some(member.id),
            id: self.collection_id(Some(member.id), number),
            title: format!("{}: {title}", member.name),
            description,
            alias,
            can_read: scopes.allow(Scopes::READ),
            can_write: write && scopes.allow(Scopes::CONTRIBUTE),
        };
        vec![
            own(
                CollectionKind::All,
                0,
                "all that it may see",
                "Every object that may be released to this member",
                "all",
                false,
            ),
            own(
                CollectionKind::Concerns,
                1,
                "what concerns it",
                "Objects that bear on this member's country, networks, domains or sectors",
                "concerns",
                false,
            ),
            own(
                CollectionKind::High,
                2,
                "what concerns it, at high confidence",
                "The same, where Rempart holds an observable to be malicious with high probability",
                "concerns-high",
                false,
            ),
            own(
                CollectionKind::Contribute,
                3,
                "its contributions",
                "Objects that this member contributes; add to it what others should know",
                "contribute",
                true,
            ),
        ]
    }

    /// The caller's collection of that id.
    pub fn collection(&self, caller: &Caller, id: &str) -> Result<Collection, ServiceError> {
        let id = id.to_ascii_lowercase();
        self.collections(caller)
            .into_iter()
            .find(|collection| collection.id == id)
            .ok_or_else(|| ServiceError::NotFound("there is no such collection".into()))
    }

    fn collection_id(&self, member: Option<MemberId>, number: u8) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.store.secrets().token);
        let name = format!("collection {:?} {number}", member.map(|member| member.0));
        let tag = hmac::sign(&key, name.as_bytes());
        let mut bytes = [0u8; 16];
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
