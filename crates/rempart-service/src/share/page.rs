//! Pages of a collection.

use rempart_model::{MemberId, Timestamp};
use rempart_store::placement::{Shelf, collection};
use rempart_store::{ClassId, ObjectFilter, ObjectView, PageRequest, StreamRef, Visible};
use rempart_triage::release::Use;

use super::collections::{Collection, CollectionKind};
use super::token::{self, Cursor};
use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;

/// Objects on a page where the caller does not say.
pub(super) const DEFAULT_LIMIT: usize = 1_000;
/// Most objects on a page.
pub(super) const MAX_LIMIT: usize = 10_000;

/// What a caller asks of a collection.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only what entered after this (strictly).
    pub added_after: Option<Timestamp>,
    /// At most so many objects.
    pub limit: Option<usize>,
    /// The token of the page before.
    pub next: Option<String>,
    /// Which objects; `None` where the caller gave no filter at all.
    pub filter: Option<ObjectFilter>,
}

/// How a page ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageInfo {
    /// Objects on the page.
    pub count: usize,
    /// When the first one entered the collection.
    pub first: Option<Timestamp>,
    /// When the last one did.
    pub last: Option<Timestamp>,
    /// Whether there may be more.
    pub more: bool,
    /// The token for the next page, where there may be more.
    pub next: Option<String>,
    /// Whether the objects are as they came in STIX 2.0: what the walk began with, or this page asked for.
    pub stix_20: bool,
}

impl App {
    /// Hands the objects of a page to `out`, in order of their dates, and says how the page ended.
    /// The caller must be allowed to read the collection.
    pub fn page(
        &self,
        caller: &Caller,
        of: &Collection,
        query: &Query,
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<PageInfo, ServiceError> {
        if !of.can_read {
            return Err(ServiceError::Forbidden("this key may not read this collection".into()));
        }
        let limit = match query.limit {
            Some(0) => return Err(ServiceError::Invalid("limit must be a number above 0".into())),
            Some(limit) => limit.min(MAX_LIMIT),
            None => DEFAULT_LIMIT,
        };
        let cursor = self.cursor(of, query)?;
        let (streams, visible) = self.sight(caller, of)?;
        let mut filter = cursor.filter.clone();
        if of.kind == CollectionKind::Contribute
            && let Some(member) = of.member
        {
            filter.sources = vec![self.contribution_source(member)?];
        }
        let request = PageRequest {
            streams,
            visible,
            member: of.member,
            after: cursor.after,
            upto: cursor.upto,
            filter,
            limit,
        };
        let end = self.store.page(&request, out)?;
        self.metrics.pages.add(1);
        self.metrics.objects_out.add(end.count as u64);
        let date = |position: i64| (end.count > 0).then(|| Timestamp::from_micros(position));
        let stix_20 = cursor.filter.stix_20;
        let next = if end.more {
            token::seal(self.store.secrets(), &Cursor { after: end.reached, ..cursor })
        } else {
            None
        };
        Ok(PageInfo {
            count: end.count,
            first: date(end.first),
            last: date(end.last),
            more: end.more,
            next,
            stix_20,
        })
    }

    fn cursor(&self, of: &Collection, query: &Query) -> Result<Cursor, ServiceError> {
        let after = query.added_after.map(Timestamp::micros);
        let Some(next) = &query.next else {
            return Ok(Cursor {
                collection: of.id.clone(),
                after: after.unwrap_or(i64::MIN),
                upto: self.store.last_position(),
                filter: query.filter.clone().unwrap_or_default(),
            });
        };
        let wrong = |text: &str| ServiceError::Invalid(text.to_owned());
        let cursor = token::open(self.store.secrets(), next)
            .filter(|cursor| cursor.collection == of.id)
            .ok_or_else(|| wrong("next is not a token of this collection; begin again without it"))?;
        // A client that leaves its filter out on later pages goes on with the one that it began with;
        // one that changes it is told.
        if query.filter.as_ref().is_some_and(|filter| *filter != cursor.filter) {
            return Err(wrong("the filter is not the one that this walk began with"));
        }
        Ok(Cursor { after: cursor.after.max(after.unwrap_or(i64::MIN)), ..cursor })
    }

    /// What a caller reads in a collection: the streams, and the classes that the release decision
    /// lets it see.
    pub(super) fn sight(
        &self,
        caller: &Caller,
        of: &Collection,
    ) -> Result<(Vec<StreamRef>, Visible), ServiceError> {
        let picture = self.picture();
        let Some(member) = of.member else {
            if !matches!(caller, Caller::Person(_)) {
                return Err(ServiceError::NotFound("there is no such collection".into()));
            }
            let streams =
                picture.classes().map(|class| StreamRef::Class { class, since: i64::MIN }).collect();
            return Ok((streams, Visible::All));
        };
        let released: Vec<(ClassId, i64)> = self
            .store
            .visibility(member)?
            .into_iter()
            .filter(|(class, _)| self.released(&picture, member, *class, Use::Share))
            .collect();
        let visible = Visible::Classes(released.iter().map(|(class, _)| *class).collect());
        let own = |shelf| vec![StreamRef::Collection(collection(member, shelf))];
        let streams = match of.kind {
            CollectionKind::Concerns => own(Shelf::Concerns),
            CollectionKind::High => own(Shelf::High),
            _ => {
                let mut streams: Vec<StreamRef> = released
                    .iter()
                    .map(|(class, since)| StreamRef::Class { class: *class, since: *since })
                    .collect();
                streams.extend(own(Shelf::Late));
                streams
            }
        };
        Ok((streams, visible))
    }

    pub(crate) fn contribution_source(
        &self,
        member: MemberId,
    ) -> Result<rempart_store::SourceId, ServiceError> {
        let picture = self.picture();
        // A source that does not exist yet has given nothing; no source has the number 0.
        Ok(picture
            .sources()
            .iter()
            .find(|source| source.member == Some(member))
            .map_or(rempart_store::SourceId(0), |source| source.id))
    }
}
