//! `POST /v1/lookup`: what is known of many values, in one call.
//!
//! The request is `{"values": ["…", …]}`, the answer `{"answers": [{"value": "…", "listed": true, "matched": {…}}, …]}` in the
//! order of the values.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use rempart_service::Caller;
use rempart_service::lookup::{LookedUp, MAX_LOOKUPS};
use serde::{Deserialize, Serialize};

use crate::answer;
use crate::door::Server;
use crate::problem::Problem;
use crate::routes::Route;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    values: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    answers: Vec<LookedUp>,
}

/// Answers a request whose caller is known.
pub(crate) async fn answer(
    server: &Server,
    route: &Route,
    caller: &Caller,
    parts: &Parts,
    body: &mut Body,
) -> Result<Response, Problem> {
    if !route.allows(parts.method.as_str()) {
        return Err(Problem::method_not_allowed(route.allow));
    }
    let given = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !given.get(..16).is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/json")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/json",
        ));
    }
    let (bytes, room) = server.body(&parts.headers, body).await?;
    let (app, caller) = (server.app.clone(), caller.clone());
    let done = server.blocking(move || {
        let question: Question = serde_json::from_slice(&bytes).map_err(|error| {
            Problem::bad_request(format!(
                "the body must be {{\"values\": [\"…\"]}} with at most {MAX_LOOKUPS} texts: {error}"
            ))
        })?;
        drop((bytes, room));
        let answers = app.lookup(&caller, &question.values)?;
        serde_json::to_vec(&Answer { answers })
            .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written"))
    });
    let mut response = answer::text(StatusCode::OK, "application/json", done.await??);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
