//! TAXII 2.1: who asks, for what, and what they are answered.

mod add;
mod pages;

use axum::body::Body;
use axum::extract::RawPathParams;
use axum::response::Response;
use hyper::header::{ACCEPT, AUTHORIZATION};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use rempart_service::share::Collection;
use rempart_service::{Caller, ServiceError};
use serde::Serialize;

use crate::answer;
use crate::credentials;
use crate::door::Server;
use crate::media;
use crate::problem::Problem;
use crate::routes::{API_ROOT, Resource, Route};

/// Discovery (section 4.1.1).
#[derive(Serialize)]
struct Discovery<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    // Clients compare it with the list, byte for byte.
    default: &'static str,
    api_roots: [&'static str; 1],
}

/// The API root (section 4.2.1).
#[derive(Serialize)]
struct ApiRoot<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    versions: [&'static str; 1],
    max_content_length: usize,
}

/// The collections of a caller (section 5.1.1).
#[derive(Serialize)]
struct Collections<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    collections: Vec<CollectionResource<'a>>,
}

/// One collection (section 5.2.1).
#[derive(Serialize)]
struct CollectionResource<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    alias: &'a str,
    can_read: bool,
    can_write: bool,
    media_types: [&'static str; 2],
}

impl<'a> From<&'a Collection> for CollectionResource<'a> {
    fn from(of: &'a Collection) -> Self {
        Self {
            id: &of.id,
            title: &of.title,
            description: of.description,
            alias: of.alias,
            can_read: of.can_read,
            can_write: of.can_write,
            media_types: [media::STIX_21, media::STIX_20],
        }
    }
}

/// Who asks, by the key that the request carries. `origin` is the address that failed attempts count for.
pub(crate) fn caller(server: &Server, parts: &Parts, origin: &str) -> Result<Caller, Problem> {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let secret = match (headers.next(), headers.next()) {
        (Some(header), None) => credentials::secret(header.as_bytes()),
        _ => None,
    };
    let Some(secret) = secret else { return Err(Problem::unauthorized()) };
    Ok(server.app.authenticate(secret.expose(), origin)?)
}

/// Answers a request whose caller is known.
pub(crate) async fn answer(
    server: &Server,
    route: &Route,
    caller: &Caller,
    params: &RawPathParams,
    parts: &Parts,
    body: &mut Body,
) -> Result<Response, Problem> {
    if !route.allows(parts.method.as_str()) {
        return Err(Problem::method_not_allowed(route.allow));
    }
    if !media::accepted(parts.headers.get_all(ACCEPT).iter().map(|value| value.as_bytes())) {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "answers are of the type application/taxii+json;version=2.1; name it, or no type at all",
        ));
    }
    let param = |name: &str| params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    let collection = || collection(server, caller, param("collection"));
    match route.resource {
        Resource::Discovery => answer::resource(
            StatusCode::OK,
            &Discovery {
                title: &server.settings.title,
                description: server.settings.description.as_deref(),
                contact: server.settings.contact.as_deref(),
                default: API_ROOT,
                api_roots: [API_ROOT],
            },
        ),
        Resource::ApiRoot => answer::resource(
            StatusCode::OK,
            &ApiRoot {
                title: &server.settings.title,
                description: server.settings.description.as_deref(),
                versions: [media::TAXII],
                max_content_length: server.settings.max_content_length,
            },
        ),
        Resource::Status => {
            answer::resource(StatusCode::OK, &server.app.contribution(caller, param("status"))?)
        }
        Resource::Collections => {
            let all = server.app.collections(caller);
            answer::resource(
                StatusCode::OK,
                &Collections { collections: all.iter().map(Into::into).collect() },
            )
        }
        Resource::Collection => answer::resource(StatusCode::OK, &CollectionResource::from(&collection()?)),
        Resource::Objects if parts.method == Method::POST => {
            add::add(server, caller, collection()?, &parts.headers, body).await
        }
        Resource::Object if parts.method == Method::DELETE => {
            pages::withdraw(server, caller, collection()?, param("object"), query(parts)).await
        }
        Resource::Objects => pages::objects(server, caller, &collection()?, query(parts)),
        Resource::Manifest => pages::manifest(server, caller, &collection()?, query(parts)),
        Resource::Object => pages::object(server, caller, &collection()?, param("object"), query(parts)),
        Resource::Versions => pages::versions(server, caller, &collection()?, param("object"), query(parts)),
        Resource::Lookup | Resource::Block | Resource::List | Resource::Health | Resource::Readiness => {
            Err(Problem::not_found("resource"))
        }
    }
}

fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// A collection by its id, or by its alias (section 5.2.1).
fn collection(server: &Server, caller: &Caller, name: &str) -> Result<Collection, Problem> {
    match server.app.collection(caller, name) {
        Err(ServiceError::NotFound(text)) => server
            .app
            .collections(caller)
            .into_iter()
            .find(|collection| collection.alias == name)
            .ok_or_else(|| ServiceError::NotFound(text).into()),
        found => Ok(found?),
    }
}
