//! Errors as TAXII tells them (section 3.6.1).

use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use rempart_service::{Refusal, ServiceError};
use serde::Serialize;

use crate::answer;

/// Why a request is not carried out.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    description: String,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The wire form. `http_status` is text that equals the HTTP status.
#[derive(Serialize)]
struct Message<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    http_status: &'a str,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), header: None }
    }

    pub(crate) fn bad_request(description: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, description.to_string())
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// No key, or one that is not accepted; the same answer whatever is asked for.
    pub(crate) fn unauthorized() -> Self {
        let mut problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "give a key that is valid, as the password of Basic authentication or as a bearer token",
        );
        problem.header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Rempart\"")));
        problem
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("allowed here: {allow}"));
        problem.header = Some((ALLOW, HeaderValue::from_static(allow)));
        problem
    }

    pub(crate) fn unavailable(description: impl Into<String>) -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, description, 5)
    }

    fn later(status: StatusCode, description: impl Into<String>, seconds: u32) -> Self {
        let mut problem = Self::new(status, description);
        problem.header = Some((RETRY_AFTER, HeaderValue::from(seconds)));
        problem
    }

    /// What the caller gave cannot be processed (section 5.5), rather than being a bad request.
    pub(crate) fn unprocessable(mut self) -> Self {
        if self.status == StatusCode::BAD_REQUEST {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let message = Message { title, description: &self.description, http_status: self.status.as_str() };
        // A structure of three texts always has a JSON form.
        let body = serde_json::to_vec(&message).unwrap_or_default();
        let mut response = answer::taxii(self.status, body);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let text = error.to_string();
        match error {
            ServiceError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, text),
            ServiceError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, text),
            ServiceError::Invalid(_) => Self::bad_request(text),
            ServiceError::Conflict(_) => Self::new(StatusCode::CONFLICT, text),
            ServiceError::Unavailable(_) => Self::unavailable(text),
            ServiceError::Internal(cause) => {
                tracing::error!(error = %cause, cause = cause.source().map(tracing::field::display), "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::unauthorized(),
            Refusal::TooMany { retry_after } => Self::later(
                StatusCode::TOO_MANY_REQUESTS,
                "too many attempts with keys that are not valid; wait",
                retry_after,
            ),
        }
    }
}
