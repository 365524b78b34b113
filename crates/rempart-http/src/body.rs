//! Reading the bodies of requests within bounds of size and time.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes a second that a body must bring on the average, once the first minute is over.
const SLOWEST: u64 = 16 << 10;
const GRACE: Duration = Duration::from_secs(60);

/// Memory that is set aside on a mere announcement of the length.
const TRUSTED: usize = 1 << 20;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than allowed.
    TooLong,
    /// It comes too slowly.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// The whole body, of at most `limit` bytes.
pub(crate) async fn read(body: &mut Body, limit: usize, stall: Duration) -> Result<Vec<u8>, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyError::TooLong);
    }
    let mut bytes = Vec::with_capacity(announced.min(TRUSTED));
    let begun = Instant::now();
    loop {
        let allowed = GRACE + Duration::from_secs(bytes.len() as u64 / SLOWEST);
        let next = timeout_at((begun + allowed).min(Instant::now() + stall), frame(body));
        match next.await.map_err(|_| BodyError::TooSlow)? {
            None => return Ok(bytes),
            Some(Err(())) => return Err(BodyError::Broken),
            Some(Ok(data)) if data.len() > limit - bytes.len() => return Err(BodyError::TooLong),
            Some(Ok(data)) => bytes.extend_from_slice(&data),
        }
    }
}

/// Takes what is left of a body that nobody wants, for a second and a megabyte: a client that is still sending
/// would otherwise see its connection reset in place of the answer.
pub(crate) async fn discard(body: &mut Body) {
    let taken = async {
        let mut left = 1usize << 20;
        while let Some(Ok(data)) = frame(body).await {
            let Some(rest) = left.checked_sub(data.len()) else { break };
            left = rest;
        }
    };
    // Where the time runs out, the connection is closed: nothing else is lost.
    let _ = timeout(Duration::from_secs(1), taken).await;
}

/// The next data of a body; trailers are passed over.
async fn frame(body: &mut Body) -> Option<Result<axum::body::Bytes, ()>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Err(_) => return Some(Err(())),
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
        }
    }
}
