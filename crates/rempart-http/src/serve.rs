//! Connections: accepting, TLS, timeouts, and coming to an end.

use std::convert::Infallible;
use std::future::{self, Future};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rempart_service::App;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::door::{self, Server};
use crate::error::ServeError;
use crate::settings::Settings;
use crate::stall::Stall;
use crate::tls;

/// Bytes that the head of a request may have, and that a connection reads ahead.
const HEAD_BYTES: usize = 64 << 10;
/// Connections for metrics at the same time.
const METRICS_CONNECTIONS: usize = 16;

/// Serves members at `listener`, and metrics where the settings say, until `shutdown` is done; then takes no more connections, lets requests in progress finish
/// for a while, and returns.
pub async fn serve(
    app: Arc<App>,
    settings: Settings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let metrics = settings.metrics.map(bind).transpose()?;
    let listener = open(listener)?;
    let drain = settings.timeouts.drain;
    let connections = settings.max_connections.clamp(1, Semaphore::MAX_PERMITS);
    let server = Arc::new(Server::new(app, settings));
    let main = Door { server: server.clone(), listener, tls, kind: Kind::Main(door::router(server.clone())) };
    let metrics = metrics.map(|listener| Door { server, listener, tls: None, kind: Kind::Metrics });

    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut metrics_tasks = JoinSet::new();
    let watch_over_metrics = async {
        match &metrics {
            Some(door) => door.accept(METRICS_CONNECTIONS, &graceful, &mut metrics_tasks).await,
            None => future::pending().await,
        }
    };
    tokio::select! {
        () = main.accept(connections, &graceful, &mut tasks) => {}
        () = watch_over_metrics => {}
        () = shutdown => {}
    }
    // The sockets are closed first, so that nobody waits in vain.
    drop((main, metrics));
    if timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "requests in progress were cut off: they took longer than {} s to finish",
            drain.as_secs()
        );
    }
    Ok(())
}

fn bind(address: SocketAddr) -> Result<tokio::net::TcpListener, ServeError> {
    open(TcpListener::bind(address).map_err(|source| ServeError::Bind { address, source })?)
}

fn open(listener: TcpListener) -> Result<tokio::net::TcpListener, ServeError> {
    listener.set_nonblocking(true)?;
    Ok(tokio::net::TcpListener::from_std(listener)?)
}

#[derive(Clone)]
enum Kind {
    Main(Router),
    Metrics,
}

struct Door {
    server: Arc<Server>,
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    kind: Kind,
}

impl Door {
    /// Accepts connections for ever, so many at a time.
    async fn accept(&self, at_once: usize, graceful: &GracefulShutdown, tasks: &mut JoinSet<()>) {
        let places = Arc::new(Semaphore::new(at_once));
        loop {
            // Nobody closes the semaphore.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Commonly too many open files: waiting lets connections end.
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            while tasks.try_join_next().is_some() {}
            let (server, tls, kind) = (self.server.clone(), self.tls.clone(), self.kind.clone());
            let watcher = graceful.watcher();
            tasks.spawn(async move {
                server.counters.accepted.fetch_add(1, Ordering::Relaxed);
                connection(&server, tls, kind, stream, peer, watcher).await;
                server.counters.closed.fetch_add(1, Ordering::Relaxed);
                drop(place);
            });
        }
    }
}

async fn connection(
    server: &Arc<Server>,
    tls: Option<TlsAcceptor>,
    kind: Kind,
    stream: TcpStream,
    peer: SocketAddr,
    watcher: Watcher,
) {
    // Without it, the last part of an answer may wait for the client's acknowledgement of the first.
    let _ = stream.set_nodelay(true);
    let stream = Stall::new(stream, server.settings.timeouts.stall);
    let Some(tls) = tls else { return requests(server, kind, stream, peer, watcher).await };
    match timeout(server.settings.timeouts.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(server, kind, stream, peer, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn requests(
    server: &Arc<Server>,
    kind: Kind,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: SocketAddr,
    watcher: Watcher,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let (server, kind) = (server.clone(), kind.clone());
        async move {
            Ok::<Response, Infallible>(match kind {
                Kind::Main(router) => door::handle(&server, router, peer.ip(), request).await,
                Kind::Metrics => door::metrics(&server, &request),
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(server.settings.timeouts.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        // Clients that go away are the rule.
        tracing::debug!(%error, "a connection ended");
    }
}
