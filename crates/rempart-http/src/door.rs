//! From a request to its answer: routing, who asks, what is logged and counted.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::any;
use hyper::header::{CONTENT_LENGTH, EXPECT, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use rempart_service::{App, Caller};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tower::Service;

use crate::body::BodyError;
use crate::counters::Counters;
use crate::origin::origin;
use crate::problem::Problem;
use crate::routes::{ROUTES, Resource, Route, needs_key};
use crate::settings::Settings;
use crate::{answer, body, lookup, public, taxii};

/// Bodies are given room in pieces of this size.
const PIECE: usize = 64 << 10;
/// How many bodies of the largest size are held in memory at the same time.
const LARGEST_AT_ONCE: usize = 2;
/// How long a body waits for room.
const ROOM_WAIT: Duration = Duration::from_secs(10);

/// What all connections share.
pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) settings: Settings,
    pub(crate) counters: Counters,
    room: Arc<Semaphore>,
}

impl Server {
    pub(crate) fn new(app: Arc<App>, settings: Settings) -> Self {
        let room = pieces(settings.max_content_length).saturating_mul(LARGEST_AT_ONCE);
        let room = Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS)));
        Self { app, settings, counters: Counters::default(), room }
    }

    /// Room in memory for a body of so many bytes; many large ones at once wait for one another.
    pub(crate) async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let wanted = u32::try_from(pieces(bytes)).unwrap_or(u32::MAX);
        match timeout(ROOM_WAIT, self.room.clone().acquire_many_owned(wanted)).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Problem::unavailable("too much is being added at this moment; try again")),
        }
    }

    /// The body of a request, within the bounds of size and time, and the room that it takes.
    pub(crate) async fn body(
        &self,
        headers: &HeaderMap,
        body: &mut Body,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), Problem> {
        let limit = self.settings.max_content_length;
        let problem = |error| match error {
            BodyError::TooLong => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("at most {limit} bytes can be sent at a time; divide them"),
            ),
            BodyError::TooSlow => Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            BodyError::Broken => Problem::bad_request("the body did not come whole"),
        };
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > limit) {
            return Err(problem(BodyError::TooLong));
        }
        let room = self.room(announced.unwrap_or(limit)).await?;
        let bytes = body::read(body, limit, self.settings.timeouts.stall).await.map_err(problem)?;
        Ok((bytes, room))
    }

    /// Runs what writes on a thread where it may wait for the disk.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        spawn_blocking(work)
            .await
            .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be finished"))
    }
}

fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE).max(1)
}

/// The address that a connection comes from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What is logged of a request, besides what its answer shows. Never its path or parameters: they
/// may name what others must not know of.
#[derive(Clone, Default)]
struct Seen {
    route: Option<&'static str>,
    caller: Option<Arc<str>>,
}

/// The routes of the main listener, from the table.
pub(crate) fn router(server: Arc<Server>) -> Router {
    let mut router = Router::new();
    for route in &ROUTES {
        let handler = move |State(server): State<Arc<Server>>,
                            params: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| async move {
            respond(&server, Some(route), params.ok(), request).await
        };
        router = router.route(route.template, any(handler));
        if let Some(bare) = route.template.strip_suffix('/') {
            router = router.route(bare, any(handler));
        }
    }
    let nowhere = |State(server): State<Arc<Server>>, request: Request| async move {
        respond(&server, None, None, request).await
    };
    router.fallback(nowhere).with_state(server)
}

async fn respond(
    server: &Server,
    route: Option<&'static Route>,
    params: Option<RawPathParams>,
    request: Request,
) -> Response {
    let (parts, mut body) = request.into_parts();
    let mut seen = Seen { route: route.map(|route| route.template), caller: None };
    let answered = answer(server, route, params.as_ref(), &parts, &mut body, &mut seen).await;
    let mut response = answered.unwrap_or_else(Problem::into_response);
    // A client that waits for leave to send has sent nothing.
    if !body.is_end_stream() && !parts.headers.contains_key(EXPECT) {
        body::discard(&mut body).await;
    }
    response.extensions_mut().insert(seen);
    response
}

async fn answer(
    server: &Server,
    route: Option<&'static Route>,
    params: Option<&RawPathParams>,
    parts: &Parts,
    body: &mut Body,
    seen: &mut Seen,
) -> Result<Response, Problem> {
    // Whoever was led here by a resolver asks for the name that is blocked, or for the host of its block.
    if let Some(block) = public::host_of_block(parts) {
        return public::garden(server, block, parts).await;
    }
    match route.map(|route| route.resource) {
        Some(Resource::Health) => return Ok(answer::text(StatusCode::OK, PLAIN, "ok\n")),
        Some(Resource::Readiness) => return Ok(readiness(&server.app)),
        Some(Resource::Block | Resource::List) => {
            let (Some(route), Some(params)) = (route, params) else { return Err(Problem::not_found("page")) };
            return public::answer(server, route, params, parts).await;
        }
        None if !needs_key(parts.uri.path()) => return Err(Problem::not_found("page")),
        _ => {}
    }
    // Before anything else: without a key, nobody learns even what exists.
    let caller = known_caller(server, parts).inspect_err(|_| server.app.metrics.refused.add(1))?;
    if tracing::enabled!(target: "rempart_http::requests", tracing::Level::INFO) {
        seen.caller = Some(caller.name().into());
    }
    let (Some(route), Some(params)) = (route, params) else { return Err(Problem::not_found("resource")) };
    match route.resource {
        Resource::Lookup => lookup::answer(server, route, &caller, parts, body).await,
        _ => taxii::answer(server, route, &caller, params, parts, body).await,
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn readiness(app: &App) -> Response {
    match app.ready() {
        Ok(()) => answer::text(StatusCode::OK, PLAIN, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            answer::text(
                StatusCode::SERVICE_UNAVAILABLE,
                PLAIN,
                "not ready; the log of the server says why\n",
            )
        }
    }
}

fn known_caller(server: &Server, parts: &Parts) -> Result<Caller, Problem> {
    let Some(origin) = origin_of(server, parts) else { return Err(Problem::unauthorized()) };
    taxii::caller(server, parts, &origin)
}

/// The address that a request comes from, behind proxies that are trusted.
pub(crate) fn origin_of(server: &Server, parts: &Parts) -> Option<String> {
    let Peer(peer) = parts.extensions.get::<Peer>()?;
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    let forwarded = forwarded.map(|value| value.as_bytes());
    Some(origin(*peer, forwarded, &server.settings.trusted_proxies))
}

/// One request of the main listener: routed, counted and logged.
pub(crate) async fn handle(
    server: &Server,
    mut router: Router,
    peer: IpAddr,
    request: hyper::Request<hyper::body::Incoming>,
) -> Response {
    let started = Instant::now();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let method = request.method().clone();
    // A router cannot fail: its error has no values.
    let mut response = router.call(request).await.unwrap_or_else(|never| match never {});
    let seen = response.extensions_mut().remove::<Seen>().unwrap_or_default();
    let took = started.elapsed();
    let status = response.status().as_u16();
    server.app.metrics.requests.add(1);
    server.counters.request(seen.route, status, took);
    log(&method, &seen, status, took);
    response
}

fn log(method: &Method, seen: &Seen, status: u16, took: Duration) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    // A method is any word that a client likes.
    let method = match *method {
        Method::GET | Method::HEAD | Method::POST | Method::DELETE => method.as_str(),
        _ => "other",
    };
    tracing::info!(
        target: "rempart_http::requests",
        method,
        route = seen.route.unwrap_or("none"),
        status,
        micros,
        caller = seen.caller.as_deref().unwrap_or("nobody"),
        "request"
    );
}

/// One request of the listener for metrics.
pub(crate) fn metrics(server: &Server, request: &hyper::Request<hyper::body::Incoming>) -> Response {
    if request.uri().path() != "/metrics" {
        return answer::text(StatusCode::NOT_FOUND, PLAIN, "metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return answer::text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "metrics are read with GET\n");
    }
    let mut text = server.app.render_metrics();
    server.counters.render(&mut text);
    answer::text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}
