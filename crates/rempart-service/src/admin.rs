//! What administrators and analysts change: members, people, sources, overrides, retractions.

use rempart_model::{Member, MemberId, MemberKind, Observable, StixId, Tlp};
use rempart_store::{
    ClassId, KeyOwner, ObjectSeq, ObservableRow, OverrideRow, PersonId, Role, Selection, Source,
};
use rempart_triage::release::{Terms, Use};

use crate::access::Caller;
use crate::app::{App, released};
use crate::error::ServiceError;

/// Objects that a bulk change deals with in one transaction.
const BULK: usize = 10_000;

/// Longest name of a member, a person or a source.
const MAX_NAME: usize = 200;

impl App {
    /// Adds a member. What it may see and what concerns it is there when this returns.
    pub fn add_member(&self, caller: &Caller, member: Member) -> Result<MemberId, ServiceError> {
        caller.require(Role::Administrator)?;
        check_name(&member.name)?;
        // Governments take part by right; whom they invite may be from anywhere.
        let by_right = matches!(
            member.kind,
            MemberKind::NationalCsirt | MemberKind::SectorCsirt | MemberKind::Government
        );
        if by_right && self.tables.states.get(member.country).is_none() {
            return Err(ServiceError::Invalid(format!(
                "{} is not among the states entitled to take part",
                member.country
            )));
        }
        let id = self.store.add_member(&caller.name(), &member, self.now())?;
        let picture = self.repaint()?;
        let classes: Vec<ClassId> =
            picture.classes().filter(|class| released(&picture, id, *class, Use::Share)).collect();
        // It has never read: what is there has the date that it has.
        self.store.set_visibility(id, &classes, false, self.now())?;
        self.request_reroute()?;
        self.follow(&|| false)?;
        Ok(id)
    }

    /// Changes a member: what it gains sight of arrives now, what it loses is gone at once.
    pub fn update_member(&self, caller: &Caller, member: Member) -> Result<(), ServiceError> {
        caller.require(Role::Administrator)?;
        self.store.update_member(&caller.name(), &member, self.now())?;
        self.repaint()?;
        self.keep_own(caller, member.id)?;
        let picture = self.picture();
        let classes: Vec<ClassId> =
            picture.classes().filter(|class| released(&picture, member.id, *class, Use::Share)).collect();
        self.store.set_visibility(member.id, &classes, true, self.now())?;
        self.request_reroute()?;
        self.follow(&|| false)
    }

    /// What a member gave it has, whatever it is cleared for now: what it would lose sight of is put on
    /// terms that name it.
    fn keep_own(&self, caller: &Caller, member: MemberId) -> Result<(), ServiceError> {
        let source = self.contribution_source(member)?;
        for chunk in self.store.select(&Selection::Source(source))?.chunks(BULK) {
            let mut changes: Vec<(ObjectSeq, ClassId)> = Vec::new();
            for object in self.store.objects(chunk)? {
                let picture = self.picture();
                let terms = picture.terms(object.class).filter(|_| !object.foreign);
                let Some(terms) = terms.filter(|_| !released(&picture, member, object.class, Use::Share))
                else {
                    continue;
                };
                changes.push((object.seq, self.class_for(&Terms { owner: Some(member), ..terms.clone() })?));
            }
            if changes.is_empty() {
                continue;
            }
            let picture = self.picture();
            let audience = |class| {
                let mut members = self.audience(&picture, class);
                members.retain(|other| *other != member);
                members.push(member);
                members
            };
            self.store.rerelease(&caller.name(), &changes, &audience, &self.judge(), self.now())?;
        }
        Ok(())
    }

    /// All members.
    pub fn members(&self, caller: &Caller) -> Result<Vec<Member>, ServiceError> {
        caller.require(Role::Reader)?;
        Ok(self.store.members()?)
    }

    /// A member by name.
    pub fn member_named(&self, name: &str) -> Result<Member, ServiceError> {
        self.picture()
            .member_named(name)
            .cloned()
            .ok_or_else(|| ServiceError::NotFound(format!("there is no member named {name}")))
    }

    /// Adds a person.
    pub fn add_person(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
        uid: Option<u32>,
    ) -> Result<PersonId, ServiceError> {
        caller.require(Role::Administrator)?;
        check_name(name)?;
        Ok(self.store.add_person(&caller.name(), name, role, uid, self.now())?)
    }

    /// All people.
    pub fn people(&self, caller: &Caller) -> Result<Vec<rempart_store::Person>, ServiceError> {
        caller.require(Role::Reader)?;
        Ok(self.store.people()?)
    }

    /// The owner of a key to be made, by name.
    pub fn key_owner(&self, member: Option<&str>, person: Option<&str>) -> Result<KeyOwner, ServiceError> {
        match (member, person) {
            (Some(name), None) => Ok(KeyOwner::Member(self.member_named(name)?.id)),
            (None, Some(name)) => self
                .store
                .people()?
                .into_iter()
                .find(|person| person.name == name)
                .map(|person| KeyOwner::Person(person.id))
                .ok_or_else(|| ServiceError::NotFound(format!("there is no person named {name}"))),
            _ => Err(ServiceError::Invalid("name either a member or a person".into())),
        }
    }

    /// Sets a source's settings; makes it where it is new.
    pub fn set_source(&self, caller: &Caller, source: Source) -> Result<(), ServiceError> {
        caller.require(Role::Administrator)?;
        check_name(&source.name)?;
        let before = self.picture().sources().iter().find(|known| known.name == source.name).cloned();
        self.store.put_source(&caller.name(), &source, self.now())?;
        self.repaint()?;
        // What it said counts for more or less now.
        if let Some(before) = before
            && (before.reliability != source.reliability || before.copy_group != source.copy_group)
        {
            self.store.conclude_anew(&caller.name(), Some(before.id), self.now())?;
        }
        Ok(())
    }

    /// A source's present settings, or those of one that nobody has set.
    pub fn source(&self, name: &str) -> Source {
        let known = self.picture().sources().iter().find(|source| source.name == name).cloned();
        known.unwrap_or_else(|| Source { name: name.to_owned(), ..self.default_source() })
    }

    /// Decides for an observable, against whatever the claims say, until lifted (`malicious: None`).
    pub fn set_override(
        &self,
        caller: &Caller,
        observable: &Observable,
        malicious: Option<bool>,
        reason: &str,
    ) -> Result<ObservableRow, ServiceError> {
        caller.require(Role::Analyst)?;
        if malicious.is_some() && reason.trim().is_empty() {
            return Err(ServiceError::Invalid("an override needs a reason".into()));
        }
        let decision = malicious.map(|malicious| OverrideRow {
            malicious,
            reason: reason.to_owned(),
            by: caller.name(),
            at: self.now(),
        });
        let row = self.store.set_override(&caller.name(), observable, decision, &self.judge(), self.now())?;
        self.changed();
        Ok(row)
    }

    /// Deletes objects: by id, or all of a source. Returns how many versions.
    pub fn retract(
        &self,
        caller: &Caller,
        ids: &[StixId],
        source: Option<&str>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<usize, ServiceError> {
        self.in_bulk(caller, ids, source, progress, &|seqs| {
            let deleted = self.store.delete(&caller.name(), seqs, &self.judge(), self.now());
            self.forget_context();
            deleted
        })
    }

    /// Ends the claims of objects: by id, or of all of a source. Returns how many objects had some.
    pub fn expire(
        &self,
        caller: &Caller,
        ids: &[StixId],
        source: Option<&str>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<usize, ServiceError> {
        self.in_bulk(caller, ids, source, progress, &|seqs| {
            self.store.expire(&caller.name(), seqs, &self.judge(), self.now())
        })
    }

    fn in_bulk(
        &self,
        caller: &Caller,
        ids: &[StixId],
        source: Option<&str>,
        progress: &dyn Fn(usize, usize),
        work: &dyn Fn(&[rempart_store::ObjectSeq]) -> Result<usize, rempart_store::StoreError>,
    ) -> Result<usize, ServiceError> {
        caller.require(Role::Analyst)?;
        let selection = match source {
            Some(name) => {
                let picture = self.picture();
                let known = picture.sources().iter().find(|source| source.name == name);
                let known = known
                    .ok_or_else(|| ServiceError::NotFound(format!("there is no source named {name}")))?;
                Selection::Source(known.id)
            }
            None => Selection::Ids(ids.to_vec()),
        };
        let seqs = self.store.select(&selection)?;
        let mut done = 0;
        for (index, chunk) in seqs.chunks(BULK).enumerate() {
            done += work(chunk)?;
            progress((index * BULK + chunk.len()).min(seqs.len()), seqs.len());
        }
        self.follow(&|| false)?;
        Ok(done)
    }

    /// Checks the whole ledger.
    pub fn verify_ledger(
        &self,
        caller: &Caller,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<rempart_store::Verification, ServiceError> {
        caller.require(Role::Reader)?;
        Ok(self.store.verify(progress)?)
    }

    /// How much is stored.
    pub fn counts(&self, caller: &Caller) -> Result<rempart_store::Counts, ServiceError> {
        caller.require(Role::Reader)?;
        Ok(self.store.counts()?)
    }

    /// Keys, without the keys themselves.
    pub fn keys(&self, caller: &Caller) -> Result<Vec<rempart_store::AccessKey>, ServiceError> {
        caller.require(Role::Administrator)?;
        Ok(self.store.keys()?)
    }

    /// What a member of the operator's own may be cleared for, by name of the TLP.
    pub fn clearance(text: &str) -> Result<Tlp, ServiceError> {
        Tlp::from_name(text).ok_or_else(|| {
            ServiceError::Invalid(format!("{text} is no TLP; one of clear, green, amber, amber+strict, red"))
        })
    }
}

fn check_name(name: &str) -> Result<(), ServiceError> {
    if name.trim().is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(ServiceError::Invalid(format!(
            "a name has 1 to {MAX_NAME} characters, none of them a control character"
        )));
    }
    Ok(())
}
