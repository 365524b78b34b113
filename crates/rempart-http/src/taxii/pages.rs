//! What is in a collection: objects, manifest, one object, its versions; and deleting.

use axum::response::Response;
use hyper::StatusCode;
use rempart_model::{StixId, Timestamp};
use rempart_service::Caller;
use rempart_service::share::{Collection, ObjectFilter, ObjectView, PageInfo, Query, VersionFilter};

use crate::answer;
use crate::door::Server;
use crate::envelope::{NO_VERSION, Page};
use crate::media;
use crate::problem::Problem;
use crate::query::{Parameters, QueryError, SpecVersions, Versions};

/// Room that is made at first for each object of a page, and for a whole page at most: about what
/// indicators take. Long pages of long objects grow on.
const OBJECT_BYTES: usize = 640;
const PAGE_BYTES: usize = 96 << 10;
/// Records of a manifest that room is made for at first, and the bytes of one.
const RECORDS: usize = 1_000;
const RECORD_BYTES: usize = 200;

/// What a request asks for, in the terms of the service.
struct Asked {
    query: Query,
    /// Only versions of STIX that do not exist are asked for.
    nothing: bool,
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::TooLong => Problem::new(StatusCode::URI_TOO_LONG, error.to_string()),
            _ => Problem::bad_request(error),
        }
    }
}

/// Objects of a collection (section 5.4).
pub(super) fn objects(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    query: &str,
) -> Result<Response, Problem> {
    let asked = asked(Parameters::parse(query)?);
    let mut page = Page::new("objects", capacity(&asked.query));
    let info = read(server, caller, of, &asked, &mut |view| page.object(view.body))?;
    finish(page, &info)
}

/// The manifest of a collection (section 5.3).
pub(super) fn manifest(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    query: &str,
) -> Result<Response, Problem> {
    let asked = asked(Parameters::parse(query)?);
    // Which form the objects have is known for sure only at the end: a later page may leave its filter out.
    let mut records = Vec::with_capacity(asked.query.limit.unwrap_or(RECORDS).min(RECORDS));
    let info = read(server, caller, of, &asked, &mut |view| {
        records.push((view.kind.to_owned(), view.uuid.to_vec(), view.position, view.version));
    })?;
    let media_type = if info.stix_20 { media::STIX_20 } else { media::STIX_21 };
    let mut page = Page::new("objects", records.len() * RECORD_BYTES);
    for (kind, uuid, position, version) in &records {
        page.record(kind, uuid, Timestamp::from_micros(*position), *version, media_type);
    }
    finish(page, &info)
}

/// One object (section 5.6), in the versions that are asked for.
pub(super) fn object(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    id: &str,
    query: &str,
) -> Result<Response, Problem> {
    let id = identifier(id)?;
    let asked = asked_of_one(Parameters::parse(query)?, &id, None);
    let mut page = Page::new("objects", 4 << 10);
    let mut others = false;
    let info = read(server, caller, of, &asked, &mut |view| {
        if is(&view, &id) { page.object(view.body) } else { others = true }
    })?;
    known(server, caller, of, &id, &info, others)?;
    finish(page, &info)
}

/// The versions of an object (section 5.8). The only filter is that of the STIX version.
pub(super) fn versions(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    id: &str,
    query: &str,
) -> Result<Response, Problem> {
    let id = identifier(id)?;
    let parameters = Parameters { versions: None, ..Parameters::parse(query)? };
    let asked = asked_of_one(parameters, &id, Some(VersionFilter::All));
    let mut page = Page::new("versions", 1 << 10);
    let mut others = false;
    let info = read(server, caller, of, &asked, &mut |view| {
        if is(&view, &id) { page.version(view.version) } else { others = true }
    })?;
    known(server, caller, of, &id, &info, others)?;
    finish(page, &info)
}

/// Deletes an object (section 5.7): all of its versions, where the request does not say which.
pub(super) async fn withdraw(
    server: &Server,
    caller: &Caller,
    from: Collection,
    id: &str,
    query: &str,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(query)?;
    let id = identifier(id)?;
    let asked = asked_of_one(Parameters { next: None, ..parameters }, &id, Some(VersionFilter::All));
    if asked.nothing {
        return Err(Problem::not_found("object"));
    }
    let filter = asked.query.filter.unwrap_or_default();
    let (app, caller) = (server.app.clone(), caller.clone());
    server.blocking(move || app.withdraw(&caller, &from, &id, &filter)).await??;
    Ok(answer::taxii(StatusCode::OK, Vec::new()))
}

fn identifier(text: &str) -> Result<StixId, Problem> {
    StixId::parse(text).map_err(|_| Problem::not_found("object"))
}

fn is(view: &ObjectView<'_>, id: &StixId) -> bool {
    view.kind == id.kind() && view.uuid == id.uuid()
}

fn read(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    asked: &Asked,
    out: &mut dyn FnMut(ObjectView<'_>),
) -> Result<PageInfo, Problem> {
    if asked.nothing {
        // Whether the caller may read at all, and whether its token is one, is still told.
        let query = Query { limit: Some(1), ..asked.query.clone() };
        server.app.page(caller, of, &query, &mut |_| {})?;
        return Ok(PageInfo::default());
    }
    Ok(server.app.page(caller, of, &asked.query, out)?)
}

fn finish(page: Page, info: &PageInfo) -> Result<Response, Problem> {
    if info.more && info.next.is_none() {
        // Said without a token, clients would ask for the same page for ever; left out, they would stop.
        return Err(Problem::unavailable("the token for the next page cannot be made; try again"));
    }
    Ok(answer::page(page.finish(info.next.as_deref()), info))
}

/// Tells an object that is not there from one that the filters leave nothing of.
fn known(
    server: &Server,
    caller: &Caller,
    of: &Collection,
    id: &StixId,
    info: &PageInfo,
    others: bool,
) -> Result<(), Problem> {
    if others {
        return Err(Problem::bad_request("next is a token of another walk; begin again without it"));
    }
    if info.count > 0 || info.more {
        return Ok(());
    }
    let filter = ObjectFilter { ids: vec![id.clone()], versions: VersionFilter::All, ..Default::default() };
    let query = Query { limit: Some(1), filter: Some(filter), ..Default::default() };
    match server.app.page(caller, of, &query, &mut |_| {})?.count {
        0 => Err(Problem::not_found("object")),
        _ => Ok(()),
    }
}

fn capacity(query: &Query) -> usize {
    query.limit.unwrap_or(usize::MAX).saturating_mul(OBJECT_BYTES).min(PAGE_BYTES)
}

fn asked(parameters: Parameters) -> Asked {
    let given = parameters.ids.is_some()
        || parameters.types.is_some()
        || parameters.versions.is_some()
        || parameters.spec_versions.is_some();
    let specs = parameters.spec_versions;
    let filter = given.then(|| ObjectFilter {
        ids: parameters.ids.unwrap_or_default(),
        types: parameters.types.unwrap_or_default(),
        versions: parameters.versions.map(version_filter).unwrap_or_default(),
        stix_20: only_20(specs),
        ..Default::default()
    });
    let query =
        Query { added_after: parameters.added_after, limit: parameters.limit, next: parameters.next, filter };
    Asked { query, nothing: nothing(specs) }
}

/// The same for one object, whose id is in the path; filters of id and type mean nothing there. A later page
/// without filters goes on with those that its walk began with.
fn asked_of_one(parameters: Parameters, id: &StixId, default: Option<VersionFilter>) -> Asked {
    let specs = parameters.spec_versions;
    let going_on = parameters.next.is_some() && parameters.versions.is_none() && specs.is_none();
    let filter = (!going_on).then(|| ObjectFilter {
        ids: vec![id.clone()],
        versions: parameters.versions.map(version_filter).or(default).unwrap_or_default(),
        stix_20: only_20(specs),
        ..Default::default()
    });
    let query =
        Query { added_after: parameters.added_after, limit: parameters.limit, next: parameters.next, filter };
    Asked { query, nothing: nothing(specs) }
}

/// Every object that came as STIX 2.0 has a form of 2.1, which is the one served where both are asked for.
fn only_20(specs: Option<SpecVersions>) -> bool {
    specs.is_some_and(|specs| specs.v20 && !specs.v21)
}

fn nothing(specs: Option<SpecVersions>) -> bool {
    specs.is_some_and(|specs| !specs.v20 && !specs.v21)
}

fn version_filter(versions: Versions) -> VersionFilter {
    match versions {
        Versions::All => VersionFilter::All,
        Versions::Any { first, last, mut exact } => {
            // Objects without a version are shown with that of 1970.
            if exact.contains(&Timestamp::from_micros(0)) {
                exact.insert(0, NO_VERSION);
            }
            VersionFilter::Any { first, last, exact }
        }
    }
}
