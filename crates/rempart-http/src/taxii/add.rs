//! Adding objects to a collection (section 5.5).

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use rempart_service::Caller;
use rempart_service::share::Collection;

use crate::answer;
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
    let (bytes, room) = server.body(headers, body).await?;
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
