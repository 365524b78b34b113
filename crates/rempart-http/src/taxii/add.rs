//! Adding objects to a collection (section 5.5).

use axum::body::Body;
use axum::response::Response;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{StatusCode, header};
use rempart_service::Caller;
use rempart_service::share::Collection;

use crate::answer;
use crate::body::{self, BodyError};
use crate::door::Server;
use crate::media;
use crate::problem::Problem;

/// Takes in an envelope. What is answered is durable.
pub(super) async fn add(
    server: &Server,
    caller: &Caller,
    to: Collection,
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Response, Problem> {
    // Refused before anything is read: what may not be added need not be sent.
    if !to.can_write {
        return Err(Problem::new(StatusCode::FORBIDDEN, "this key may not add to this collection"));
    }
    check_type(headers)?;
    let limit = server.settings.max_content_length;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(length);
    if announced.is_some_and(|length| length > limit) {
        return Err(problem_of(BodyError::TooLong, limit));
    }
    let room = server.room(announced.unwrap_or(limit)).await?;
    let bytes = body::read(body, limit, server.settings.timeouts.stall)
        .await
        .map_err(|error| problem_of(error, limit))?;
    let (app, caller) = (server.app.clone(), caller.clone());
    let done = server.blocking(move || {
        let done = app.contribute(&caller, &to, &bytes);
        drop((bytes, room));
        done
    });
    let status = done.await?.map_err(|error| Problem::from(error).unprocessable())?;
    answer::resource(StatusCode::ACCEPTED, &status)
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let unsupported = |text: &str| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    let given = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !media::is_taxii(given) {
        return Err(unsupported("the content type must be application/taxii+json;version=2.1"));
    }
    let coded = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or_default();
    if !(coded.is_empty() || coded.eq_ignore_ascii_case(b"identity")) {
        return Err(unsupported("send the envelope without a content encoding"));
    }
    Ok(())
}

fn length(value: &HeaderValue) -> Option<usize> {
    value.to_str().ok()?.parse().ok()
}

fn problem_of(error: BodyError, limit: usize) -> Problem {
    match error {
        BodyError::TooLong => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("at most {limit} bytes can be added at a time; divide the envelope"),
        ),
        BodyError::TooSlow => Problem::new(StatusCode::REQUEST_TIMEOUT, "the envelope came too slowly"),
        BodyError::Broken => Problem::bad_request("the envelope did not come whole"),
    }
}
