//! `rempart demo`: a folder with sample members and sample intelligence, served on this machine alone.

mod resolver;
pub(crate) mod sample;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rempart_formats::Format;
use rempart_formats::table::Mapping;
use rempart_model::{BlockClass, Country, Member, MemberId, MemberKind, Reliability, Timestamp, Tlp};
use rempart_service::intake::{Account, ImportRequest};
use rempart_service::{App, Caller, KeyOwner, Scopes, ServiceError};

use crate::cli::{DemoArgs, Shared};
use crate::config::Config;
use crate::folder::Folder;
use crate::output::{Output, Terminal};
use crate::serve::Server;

/// Seed of the sample: every demo shows the same.
const SEED: u64 = 8473;
const FOLDER: &str = "rempart-demo";
const KEYS: &str = "demo-keys";

/// Sources of the sample that copy from one another: the original and the copy.
const COPIES: [[&str; 2]; 2] =
    [["sample-addresses", "sample-mirror"], ["sample-community", "sample-reseller"]];

/// What is to be taken in, and as what.
struct Feed {
    source: String,
    path: PathBuf,
    format: Option<Format>,
    mapping: Option<Mapping>,
    tlp: Option<Tlp>,
    reliability: Reliability,
    recipients: Vec<Box<str>>,
}

/// Runs the demo.
pub(crate) fn run(shared: &Shared, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    // The demo has a folder of its own unless one is named: it makes members and keys.
    let data =
        if shared.data == Path::new("rempart-data") { PathBuf::from(FOLDER) } else { shared.data.clone() };
    let shared = Shared { data: data.clone(), config: shared.config.clone() };
    let mut config = Config::load(&shared)?;
    config.listen = args.listen;
    if !config.listen.ip().is_loopback() || !args.dns_listen.ip().is_loopback() {
        bail!("the demo listens on this machine alone: --listen and --dns-listen take a loopback address");
    }
    config.protect.page = format!("http://{}/block/", config.listen);
    config.protect.for_this_machine(args.dns_listen, resolver::ADDRESS);
    config.log.level = "warn".into();
    crate::telemetry::start(&config.log);
    let Some(folder) = Folder::hold(&data)? else {
        bail!(ServiceError::Unavailable(format!("a demo runs in {} already", data.display())));
    };
    let server = if args.no_serve { None } else { Some(Server::bind(&config)?) };
    let app = folder.open(&config)?;
    let caller = crate::command::caller(&app)?;
    let mut terminal = Terminal::new();
    terminal.say(&format!("Rempart {} in {}", env!("CARGO_PKG_VERSION"), data.display()))?;

    let keys = members(&app, &caller, folder.path(), args.feeds.is_some())?;
    let feeds = match &args.feeds {
        Some(feeds) => feeds_of(feeds)?,
        None => sample_feeds(folder.path(), app.now())?,
    };
    take_in(&app, &caller, &feeds, &mut terminal)?;
    let counts = app.counts(&caller)?;
    terminal.say(&format!(
        "{} objects about {} observables, {} entries in the ledger",
        counts.objects, counts.observables, counts.ledger
    ))?;
    match server {
        None => Ok(ExitCode::SUCCESS),
        Some(server) => {
            // Outputs are dry until a person makes them live; here, whoever starts the demo does.
            for (class, _) in BlockClass::ALL {
                app.set_live(&caller, class, true)?;
            }
            let zones = server.dns_address().unwrap_or(args.dns_listen);
            resolver::write(&data, zones, &config.protect.settings(&data)?)?;
            tour(&app, &caller, &data, &server.url(), &keys, &mut terminal)?;
            server.run(app, &folder)?;
            terminal.say("stopped; the same command goes on with the same data")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The sample members with a key each; made once, then read from the folder.
fn members(app: &App, caller: &Caller, folder: &Path, real: bool) -> anyhow::Result<Vec<(String, String)>> {
    let path = folder.join(KEYS);
    if let Ok(text) = std::fs::read_to_string(&path) {
        let known: Vec<(String, String)> = text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, key)| (name.to_owned(), key.to_owned()))
            .collect();
        if !known.is_empty() {
            return Ok(known);
        }
    }
    let mut keys = Vec::new();
    for sample in sample::members() {
        let member = match app.member_named(sample.name) {
            Ok(member) => member.id,
            Err(_) => {
                let mut member = Member {
                    id: MemberId(0),
                    name: sample.name.into(),
                    aliases: Vec::new(),
                    country: Country::new(sample.country).context("the sample's countries")?,
                    kind: MemberKind::from_name(sample.kind).context("the sample's kinds")?,
                    clearance: Tlp::from_name(sample.clearance).context("the sample's clearances")?,
                    constituency: rempart_model::member::Constituency::default(),
                    since: Timestamp::MIN,
                };
                if !real {
                    member.constituency.networks =
                        sample.networks.iter().map(|text| (*text).into()).collect();
                    member.constituency.asns = sample.asns.to_vec();
                    member.constituency.domains = sample.domains.iter().map(|text| (*text).into()).collect();
                }
                app.add_member(caller, member)?
            }
        };
        let scopes = Scopes(Scopes::READ.0 | Scopes::CONTRIBUTE.0);
        let key = app.create_key(caller, KeyOwner::Member(member), scopes, None)?;
        keys.push((sample.name.to_owned(), key.secret));
    }
    let text: String = keys.iter().map(|(name, key)| format!("{name}\t{key}\n")).collect();
    write_secret(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(keys)
}

fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

/// The bundled sample, written into the folder where it is not there yet.
fn sample_feeds(folder: &Path, now: Timestamp) -> anyhow::Result<Vec<Feed>> {
    let summary = sample::write(&folder.join("sample"), SEED, now).context("cannot write the sample")?;
    tracing::info!(indicators = summary.indicators, "the sample is written");
    summary
        .sources
        .into_iter()
        .map(|source| {
            let mapping = match &source.mapping {
                Some(path) => Some(Mapping::from_toml(&std::fs::read_to_string(path)?)?),
                None => None,
            };
            Ok(Feed {
                source: source.name,
                path: source.path,
                format: source.format.and_then(Format::from_name),
                mapping,
                tlp: source.tlp.and_then(Tlp::from_name),
                reliability: Reliability::from_letter(&source.reliability.to_string())
                    .unwrap_or(Reliability::F),
                recipients: source.recipients.iter().map(|name| (*name).into()).collect(),
            })
        })
        .collect()
}

/// Real feeds in a folder: what lies in one folder of the lowest level is one source (snapshots of
/// one feed), a file beside folders is one of its own.
fn feeds_of(folder: &Path) -> anyhow::Result<Vec<Feed>> {
    let mut feeds = Vec::new();
    collect(folder, folder, &mut feeds)?;
    if feeds.is_empty() {
        bail!("there is nothing to read in {}", folder.display());
    }
    feeds.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(feeds)
}

fn collect(root: &Path, folder: &Path, feeds: &mut Vec<Feed>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    paths.sort();
    let feed = |path: &Path| {
        let name = path.strip_prefix(root).ok().filter(|name| !name.as_os_str().is_empty());
        let name = name.map_or_else(|| "feeds".into(), |name| name.to_string_lossy().into_owned());
        Feed {
            source: name,
            path: path.to_path_buf(),
            format: None,
            mapping: None,
            tlp: None,
            reliability: Reliability::C,
            recipients: Vec::new(),
        }
    };
    if !paths.iter().any(|path| path.is_dir()) {
        feeds.push(feed(folder));
        return Ok(());
    }
    for path in paths {
        if path.is_dir() {
            collect(root, &path, feeds)?;
        } else {
            feeds.push(feed(&path));
        }
    }
    Ok(())
}

fn take_in(app: &App, caller: &Caller, feeds: &[Feed], terminal: &mut Terminal) -> anyhow::Result<()> {
    let mut total = Account::default();
    let started = Instant::now();
    for (index, feed) in feeds.iter().enumerate() {
        let known = app.picture().sources().iter().any(|source| source.name == feed.source);
        if !known {
            let mut source = app.source(&feed.source);
            source.reliability = feed.reliability;
            source.copy_group = COPIES
                .iter()
                .find(|pair| pair.contains(&feed.source.as_str()))
                .map(|[original, _]| (*original).to_owned());
            source.recipients = (!feed.recipients.is_empty()).then(|| feed.recipients.clone());
            app.set_source(caller, source)?;
        }
        let request = ImportRequest {
            source: Some(feed.source.clone()),
            format: feed.format,
            tlp: feed.tlp,
            mapping: feed.mapping.clone(),
            paths: vec![feed.path.clone()],
        };
        let shown = Mutex::new((Instant::now(), &mut *terminal));
        let account = app.import(caller, &request, None, &|progress| {
            let mut shown = shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if shown.0.elapsed() > Duration::from_millis(150) {
                shown.0 = Instant::now();
                let line = format!(
                    "{}/{} {}: {} records, {} stored",
                    index + 1,
                    feeds.len(),
                    feed.source,
                    progress.records,
                    progress.stored
                );
                let _ = shown.1.progress(&line);
            }
        })?;
        let formats: Vec<&str> = account.formats.keys().map(String::as_str).collect();
        terminal.say(&format!(
            "  {:<34} {:<16} {:>8} records {:>8} objects {:>8} duplicates {:>5} rejected",
            feed.source,
            formats.join(","),
            account.records,
            account.objects,
            account.duplicates,
            account.rejected
        ))?;
        for error in &account.errors {
            terminal.say(&format!("    not read to its end: {error}"))?;
        }
        total.records += account.records;
        total.objects += account.objects;
        total.duplicates += account.duplicates;
        total.rejected += account.rejected;
    }
    terminal.say(&format!(
        "{} records: {} objects, {} duplicates, {} rejected, in {:.1} s",
        total.records,
        total.objects,
        total.duplicates,
        total.rejected,
        started.elapsed().as_secs_f64()
    ))?;
    Ok(())
}

/// What to do next.
fn tour(
    app: &App,
    caller: &Caller,
    data: &Path,
    url: &str,
    keys: &[(String, String)],
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let program = std::env::current_exe().unwrap_or_else(|_| "rempart".into());
    let program = program.display();
    let data = data.display();
    let mut text = format!("\nTAXII 2.1 is served at {url}/taxii2/ to these members, each with its key:\n");
    for (name, key) in keys {
        let member = app.member_named(name)?;
        text.push_str(&format!(
            "  {name:<22} {}  {:<14} cleared for {:<13} {key}\n",
            member.country,
            member.kind.name(),
            member.clearance.name()
        ));
    }
    let blocked = first_blocked(app, caller)?;
    let (resolver, at, port) = (resolver::FILE, resolver::ADDRESS.ip(), resolver::ADDRESS.port());
    let campaign = one_campaign(app, caller)?;
    let key = keys.first().map(|(_, key)| key.as_str()).unwrap_or_default();
    let name = keys.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    text.push_str(&format!(
        "\nIn a second terminal:\n\
         \x20 curl -u {name}:{key} {url}/api/collections/\n\
         \x20 {program} --data {data} search -- $({program} --data {data} export --format plain --member {name} | head -1)\n\
         \x20 {program} --data {data} explain $({program} --data {data} export --format plain --member {name} | head -1)\n\
         \x20 {program} --data {data} export --format csv --member {name} | head\n\
         \x20 {program} --data {data} ledger verify\n\
         \nIts index and its response-policy zones, once the server has made them (a few seconds):\n\
         \x20 echo GET http://www.{blocked}/a.exe | {program} --data {data} match -    # or a log of your own\n\
         \x20 unbound -d -c {data}/{resolver}          # a resolver that takes the zones\n\
         \x20 dig @{at} -p {port} {blocked}\n\
         \x20 {program} --data {data} protect explain {blocked}\n\
         \nObservables that belong together, and the evidence that holds them together:\n\
         \x20 {program} --data {data} campaign list --least 5\n\
         \x20 {program} --data {data} campaign show {campaign}\n\
         \nCtrl-C stops it; the same command goes on with the same data.\n"
    ));
    terminal.data(text.as_bytes())?;
    Ok(())
}

/// A campaign of a size that fits on a screen.
fn one_campaign(app: &App, caller: &Caller) -> anyhow::Result<String> {
    let found = app.campaigns(caller, 4)?;
    let fits = found.iter().find(|campaign| campaign.observables <= 20).or(found.last());
    Ok(fits.map_or_else(|| "campaign-1".to_owned(), |campaign| campaign.name.clone()))
}

/// A name that is, or is going to be, blocked.
fn first_blocked(app: &App, caller: &Caller) -> anyhow::Result<String> {
    let mut found = None;
    app.preview(caller, &mut |said| {
        if said.kind == "domain" && said.what == "add" && found.is_none() {
            found = Some(said.value);
        }
        Ok(())
    })?;
    match found {
        Some(name) => Ok(name),
        // On a later start it is blocked already.
        None => Ok(app.blocked_name(caller)?.unwrap_or_else(|| "blocked.example".into())),
    }
}
