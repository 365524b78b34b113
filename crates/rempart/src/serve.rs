//! `rempart serve`: log, configuration, folder, store, socket, listeners, followers; then wait; then drain.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rempart_http::{Settings, TlsSettings};
use rempart_service::index::IndexFollower;
use rempart_service::protect::{Lists, Publisher};
use rempart_service::{App, ServiceError};

use crate::cli::{ServeArgs, Shared};
use crate::config::Config;
use crate::dns::Dns;
use crate::folder::Folder;
use crate::remote;

/// How often what is due because time passed is looked for.
const TICK: Duration = Duration::from_secs(5);
/// How long the publisher waits for a change before it looks at the clock.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the publisher waits at least for more after a change.
const GATHER: Duration = Duration::from_millis(20);

/// Runs the server until it is told to stop.
pub(crate) fn run(shared: &Shared, args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(shared)?.with(args);
    crate::telemetry::start(&config.log);
    let Some(folder) = Folder::hold(&shared.data)? else {
        bail!(ServiceError::Unavailable(format!(
            "another server or command holds {}; only one server serves a folder",
            shared.data.display()
        )));
    };
    let app = folder.open(&config)?;
    // The first to come to a new folder is its administrator, also where it comes with `serve`.
    crate::command::caller(&app)?;
    let server = Server::bind(&config)?;
    server.announce()?;
    let stopped = server.run(app, &folder);
    tracing::info!("stopped");
    stopped.map(|()| ExitCode::SUCCESS)
}

/// A server that is bound and does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    settings: Settings,
    dns: Dns,
}

impl Server {
    /// Binds the listeners, so that a port that is taken is known before anything else happens.
    pub(crate) fn bind(config: &Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let tls = match &config.tls {
            None => None,
            Some((cert, key)) => Some(TlsSettings {
                cert_pem: std::fs::read(cert).with_context(|| format!("cannot read {}", cert.display()))?,
                key_pem: std::fs::read(key).with_context(|| format!("cannot read {}", key.display()))?,
            }),
        };
        let settings = Settings {
            listen: listener.local_addr()?,
            metrics: config.metrics_listen,
            tls,
            max_content_length: config.max_content_length,
            title: config.title.clone(),
            contact: config.contact.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            ..Settings::default()
        };
        let dns = Dns::bind(config, settings.tls.as_ref())?;
        Ok(Self { listener, settings, dns })
    }

    /// The address at which zones are served.
    pub(crate) fn dns_address(&self) -> Option<SocketAddr> {
        self.dns.address()
    }

    /// The address at which it answers.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.settings.listen)
    }

    fn announce(&self) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening on {}", self.url())?;
        stdout.flush()?;
        Ok(())
    }

    /// Answers until the process is told to stop (SIGINT or SIGTERM), then finishes what it has begun.
    pub(crate) fn run(self, app: Arc<App>, folder: &Folder) -> anyhow::Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let _door = remote::open(folder.path(), app.clone())?;
        let followers = {
            let (app, stop) = (app.clone(), stop.clone());
            std::thread::Builder::new().name("followers".into()).spawn(move || follow(&app, &stop))?
        };
        let outputs = Publisher::open(&app).context("cannot open the zones")?;
        let zones = outputs.zones();
        let publisher = {
            let (app, stop) = (app.clone(), stop.clone());
            let index = folder.path().join("index").join("operator.idx");
            let work = move || publish(&app, outputs, &index, &stop);
            std::thread::Builder::new().name("publisher".into()).spawn(work)?
        };
        let lists = Lists::open(&app).context("cannot open the lists")?;
        let lists = {
            let (app, stop) = (app.clone(), stop.clone());
            std::thread::Builder::new().name("lists".into()).spawn(move || write_lists(&app, lists, &stop))?
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(async {
            // Zones are served as long as this is held.
            let _dns = self.dns.start(zones)?;
            let shutdown = async {
                wait_for_signal().await;
                tracing::info!("told to stop; finishing what was begun");
            };
            anyhow::Ok(rempart_http::serve(app, self.settings, self.listener, shutdown).await?)
        });
        stop.store(true, Ordering::Relaxed);
        followers.thread().unpark();
        lists.thread().unpark();
        for (name, thread) in [("followers", followers), ("publisher", publisher), ("lists", lists)] {
            if thread.join().is_err() {
                tracing::error!("the thread of the {name} ended unexpectedly");
            }
        }
        served
    }
}

/// Keeps the followers at the end of the ledger and concludes anew what is due.
fn follow(app: &App, stop: &AtomicBool) {
    let stopping = || stop.load(Ordering::Relaxed);
    while !stopping() {
        let done = app.follow(&stopping).and_then(|()| {
            while !stopping() && app.reassess_due()? {}
            Ok(())
        });
        if let Err(error) = done {
            tracing::warn!(%error, "the followers stand still; trying again");
        }
        std::thread::park_timeout(TICK);
    }
}

/// Keeps the zones and the operator's index at the end of what is stored.
fn publish(app: &App, mut outputs: Publisher, index: &Path, stop: &AtomicBool) {
    let mut follower = None;
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        // What is blocked comes first: it protects.
        if let Err(error) = outputs.step(app) {
            tracing::warn!(%error, "the zones stand still; trying again");
        }
        let done = match &mut follower {
            None => IndexFollower::start(app, index).map(|started| follower = Some(started)),
            Some(follower) => follower.step(app).map(drop),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the index stands still; trying again");
            // What is half done is begun anew.
            follower = None;
            std::thread::sleep(PAUSE);
        }
        // What comes close together is dealt with together, and half of the time is left to others.
        let took = started.elapsed();
        app.wait_for_change(&mut seen, PAUSE);
        std::thread::sleep(took.clamp(GATHER, PAUSE));
    }
}

/// Keeps the lists at what is blocked.
fn write_lists(app: &App, mut lists: Lists, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Err(error) = lists.step(app) {
            tracing::warn!(%error, "the lists stand still; trying again");
            // A disk that is full is not filled to the brim again and again.
            std::thread::park_timeout(6 * TICK);
        }
        std::thread::park_timeout(TICK);
    }
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be heard; only Ctrl-C stops this server");
            let _ = interrupt.await;
        }
    }
}
