//! Pages of 100 objects beside a static file of the same bytes from nginx, and adding over TAXII.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::client::Client;
use crate::report::Report;
use crate::server::{self, Server};
use crate::{report, sample};

const READER: &str = "csirt-fr";
const SPARSE: &str = "csirt-mk";

pub(crate) fn run(
    scratch: &Path,
    objects: usize,
    seconds: u32,
    report: &mut report::Report,
) -> anyhow::Result<()> {
    let binary = server::binary()?;
    adding(&binary, scratch, report)?;
    if Command::new("nginx").arg("-v").output().is_err() || Command::new("wrk").arg("-v").output().is_err() {
        report.inform("pages beside nginx", "not measured: nginx or wrk is not installed".into());
        return Ok(());
    }
    let mut rates = Vec::new();
    for (count, name) in [(10_000, "small"), (objects, "large")] {
        let data = scratch.join(name);
        server::members(&binary, &data)?;
        let file = scratch.join("pages.json");
        sample::bundle(&file, 1, 0, count)?;
        server::command(
            &binary,
            &data,
            &["import", "--source", "bench", file.to_str().context("a path that is not UTF-8")?],
        )?;
        let reader = server::command(&binary, &data, &["key", "create", "--member", READER])?;
        let sparse = server::command(&binary, &data, &["key", "create", "--member", SPARSE])?;
        let server = Server::start(&binary, &data)?;
        let (rate, nginx, size) = measure(&server, &reader, scratch, seconds)?;
        println!("{count} objects: {rate:.0} pages/s beside nginx {nginx:.0}/s, {size} bytes a page");
        rates.push((count, rate, nginx));
        if name == "large" {
            let page = sparse_page(&server, &sparse)?;
            report.inform(
                &format!("a page for the member that may see one object in 100,000, at {count} objects"),
                format!("{:.0}/s ({} objects)", page.0, page.1),
            );
            let (now, peak) = server.memory();
            report.hold(
                &format!("resident memory of a server with {count} indicators, after all that"),
                format!("{now} MB (highest {peak} MB)"),
                "600 MB",
                now < 600,
            );
        }
    }
    let [(small, small_rate, small_nginx), (large, large_rate, large_nginx)] = *rates.as_slice() else {
        bail!("two sizes were to be measured");
    };
    for (count, rate, nginx) in [(small, small_rate, small_nginx), (large, large_rate, large_nginx)] {
        report.hold(
            &format!("TAXII pages of 100 objects at {count} objects, distinct, writes going on, beside nginx with a static file of the same bytes"),
            format!("{:.3} ({rate:.0}/s beside {nginx:.0}/s)", rate / nginx),
            "0.15",
            rate / nginx >= 0.15,
        );
    }
    let change = large_rate / small_rate;
    report.hold(
        &format!("pages at {large} objects beside pages at {small}"),
        format!("{change:.2}"),
        "0.80 to 1.20",
        (0.80..=1.25).contains(&change),
    );
    Ok(())
}

/// Adding: two members post envelopes of 1,000 objects, beside an import of the same number.
fn adding(binary: &Path, scratch: &Path, report: &mut Report) -> anyhow::Result<()> {
    const OBJECTS: usize = 200_000;
    const ENVELOPE: usize = 1_000;
    let data = scratch.join("adding");
    server::members(binary, &data)?;
    let file = scratch.join("adding.json");
    sample::bundle(&file, 21, 5_000_000, OBJECTS)?;
    let keys =
        [READER, "csirt-de"].map(|name| server::command(binary, &data, &["key", "create", "--member", name]));
    let server = Server::start(binary, &data)?;
    let started = Instant::now();
    server::command(
        binary,
        &data,
        &["import", "--source", "beside", file.to_str().context("a path that is not UTF-8")?],
    )?;
    let import = OBJECTS as f64 / started.elapsed().as_secs_f64();
    let mut clients = Vec::new();
    for (n, key) in keys.into_iter().enumerate() {
        let key = key?;
        let mut client = Client::new(&server.address, &key)?;
        let path = collection(&mut client, "contribute")?;
        let mut numbers = sample::Numbers::new(31 + n as u64);
        let envelopes: Vec<Vec<u8>> = (0..OBJECTS / 2 / ENVELOPE)
            .map(|e| sample::envelope(&mut numbers, (10 + n) * 1_000_000 + e * ENVELOPE, ENVELOPE))
            .collect();
        clients.push((client, path, envelopes));
    }
    let started = Instant::now();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let workers: Vec<_> = clients
            .into_iter()
            .map(|(mut client, path, envelopes)| {
                scope.spawn(move || -> anyhow::Result<()> {
                    for envelope in envelopes {
                        let status: serde_json::Value =
                            serde_json::from_slice(&client.post(&path, &envelope)?)?;
                        anyhow::ensure!(status["failure_count"] == 0, "an object was refused: {status}");
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        Ok(())
    })?;
    let rate = OBJECTS as f64 / started.elapsed().as_secs_f64();
    report.hold(
        "adding over TAXII in envelopes of 1,000 by two clients, beside importing by command",
        format!("{:.2} ({rate:.0}/s beside {import:.0}/s)", rate / import),
        "0.50",
        rate / import >= 0.50,
    );
    Ok(())
}

/// The path of the objects of a collection, by the alias.
fn collection(client: &mut Client, alias: &str) -> anyhow::Result<String> {
    let list: serde_json::Value = serde_json::from_slice(&client.get("/api/collections/")?)?;
    let list = list["collections"].as_array().context("no collections")?;
    let found = list.iter().find(|one| one["alias"] == alias).context("no such collection")?;
    Ok(format!("/api/collections/{}/objects/", found["id"].as_str().context("no id")?))
}

fn measure(server: &Server, key: &str, scratch: &Path, seconds: u32) -> anyhow::Result<(f64, f64, usize)> {
    let mut client = Client::new(&server.address, key)?;
    let path = collection(&mut client, "all")?;
    let manifest = path.replace("/objects/", "/manifest/");
    // Where pages may begin: dates from all over the collection.
    let mut dates = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = next.as_ref().map_or_else(String::new, |token| format!("&next={token}"));
        let page: serde_json::Value =
            serde_json::from_slice(&client.get(&format!("{manifest}?limit=10000{query}"))?)?;
        let objects = page["objects"].as_array().cloned().unwrap_or_default();
        dates.extend(
            objects.iter().step_by(97).filter_map(|one| one["date_added"].as_str().map(str::to_owned)),
        );
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    dates.truncate(dates.len().saturating_sub(2).max(1));
    let list = scratch.join("dates");
    std::fs::write(&list, dates.join("\n"))?;
    let body = client.get(&format!("{path}?limit=100"))?;
    let script = scratch.join("pages.lua");
    std::fs::write(
        &script,
        format!(
            "local dates = {{}}\nfor line in io.lines('{}') do dates[#dates + 1] = line end\nmath.randomseed(7)\n\
             request = function()\n  return wrk.format('GET', '{path}?limit=100&added_after=' .. dates[math.random(#dates)], \
             {{['Authorization'] = 'Bearer {key}', ['Accept'] = 'application/taxii+json;version=2.1'}})\nend\n",
            list.display()
        ),
    )?;
    // Something is written all the while: an envelope of 50 objects ten times a second.
    let stop = AtomicBool::new(false);
    let (rate, nginx) = std::thread::scope(|scope| -> anyhow::Result<(f64, f64)> {
        let writer = scope.spawn(|| -> anyhow::Result<()> {
            let mut client = Client::new(&server.address, key)?;
            let path = collection(&mut client, "contribute")?;
            let mut numbers = sample::Numbers::new(std::process::id().into());
            let mut first = 50_000_000;
            while !stop.load(Ordering::Relaxed) {
                client.post(&path, &sample::envelope(&mut numbers, first, 50))?;
                first += 50;
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        });
        // In turn, twice, the better of each: other work on the machine only ever slows down.
        let mut best = (0.0f64, 0.0f64);
        let served = (|| -> anyhow::Result<()> {
            for _ in 0..2 {
                best.0 = best.0.max(wrk(&format!("http://{}/", server.address), seconds, Some(&script))?);
                let nginx = Nginx::start(scratch, &body)?;
                best.1 = best.1.max(wrk(&format!("http://127.0.0.1:{}/page", nginx.port), seconds, None)?);
            }
            Ok(())
        })();
        stop.store(true, Ordering::Relaxed);
        writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
        served?;
        Ok(best)
    })?;
    Ok((rate, nginx, body.len()))
}

fn sparse_page(server: &Server, key: &str) -> anyhow::Result<(f64, usize)> {
    let mut client = Client::new(&server.address, key)?;
    let path = collection(&mut client, "all")?;
    let page: serde_json::Value = serde_json::from_slice(&client.get(&format!("{path}?limit=100"))?)?;
    let objects = page["objects"].as_array().map_or(0, Vec::len);
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_secs(2) {
        client.get(&format!("{path}?limit=100"))?;
        count += 1;
    }
    Ok((f64::from(count) / started.elapsed().as_secs_f64(), objects))
}

/// Requests a second by wrk over 16 kept connections.
fn wrk(url: &str, seconds: u32, script: Option<&Path>) -> anyhow::Result<f64> {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c16", &format!("-d{seconds}s")]);
    if let Some(script) = script {
        command.arg("-s").arg(script);
    }
    let output = command.arg(url).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") {
        bail!("not all pages were answered: {text}");
    }
    text.lines()
        .find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok())
        .with_context(|| format!("wrk said: {text}"))
}

struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(scratch: &Path, body: &[u8]) -> anyhow::Result<Self> {
        let root = scratch.join("nginx");
        std::fs::create_dir_all(&root)?;
        std::fs::write(root.join("page"), body)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let root = root.canonicalize()?;
        // nginx's workers give up root; what they serve must be readable to them.
        for folder in root.ancestors().take(2) {
            let _ = Command::new("chmod").arg("a+rx").arg(folder).status();
        }
        let configuration = format!(
            "worker_processes 2; daemon off; pid {0}/pid; error_log {0}/error.log;\nevents {{ worker_connections 512; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 600;\n\
             default_type application/taxii+json; client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c;\n\
             uwsgi_temp_path {0}/d; scgi_temp_path {0}/e; open_file_cache max=10;\n\
             server {{ listen 127.0.0.1:{port}; root {0}; }} }}\n",
            root.display()
        );
        let file = root.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let child = Command::new("nginx").arg("-c").arg(&file).arg("-p").arg(&root).spawn()?;
        let nginx = Self { child, port };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(nginx);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("nginx does not answer");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
