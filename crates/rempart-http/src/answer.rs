//! Responses with the headers that all of their kind carry.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use rempart_model::Timestamp;
use rempart_service::share::PageInfo;
use serde::Serialize;

use crate::media;
use crate::problem::Problem;

const ADDED_FIRST: HeaderName = HeaderName::from_static("x-taxii-date-added-first");
const ADDED_LAST: HeaderName = HeaderName::from_static("x-taxii-date-added-last");

/// A response of TAXII. What a caller may see is nobody else's, so that no cache may keep it.
pub(crate) fn taxii(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media::TAXII));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A resource of TAXII.
pub(crate) fn resource(status: StatusCode, resource: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(resource)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the resource cannot be written"))?;
    Ok(taxii(status, body))
}

/// A page, with the dates of its first and last object (section 3.2); an empty page has none.
pub(crate) fn page(body: Vec<u8>, info: &PageInfo) -> Response {
    let mut response = taxii(StatusCode::OK, body);
    for (name, date) in [(ADDED_FIRST, info.first), (ADDED_LAST, info.last)] {
        if let Some(value) = date.and_then(date_header) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Plain text, for people and machines that watch over the server.
pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn date_header(date: Timestamp) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{date:#}")).ok()
}
