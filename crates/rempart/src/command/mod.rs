//! Commands on a data folder. Each is a request that is carried out either here, where nobody holds
//! the folder, or by the server that does; what the user sees is the same.

mod campaign;
pub(crate) mod execute;
pub(crate) mod extract;
mod import;
pub(crate) mod index;
mod lookup;
pub(crate) mod matches;
pub(crate) mod protect;
pub(crate) mod request;
mod settings;
mod trust;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use rempart_service::Caller;

use crate::cli::{Command, Shared};
use crate::config::Config;
use crate::folder::Folder;
use crate::output::Terminal;
use crate::remote;

/// How long a command waits for another one that holds the folder.
const PATIENCE: Duration = Duration::from_secs(20);

/// Carries out a command.
pub(crate) fn run(shared: &Shared, command: Command) -> anyhow::Result<ExitCode> {
    let request = request::from_cli(command)?;
    let mut terminal = Terminal::new();
    let mut stdin = std::io::stdin();
    if request.reads_input() && stdin.is_terminal() {
        bail!("standard input is a terminal; give a file, or pipe something in");
    }
    let started = Instant::now();
    loop {
        if let Some(connection) = remote::connect(&shared.data) {
            return Ok(ExitCode::from(remote::ask(connection, &request, &mut stdin, &mut terminal)?));
        }
        if let Some(folder) = Folder::hold(&shared.data)? {
            let config = Config::load(shared)?;
            crate::telemetry::start(&crate::config::Log { level: "warn".into(), ..config.log.clone() });
            let app = folder.open(&config)?;
            let caller = caller(&app)?;
            return Ok(ExitCode::from(execute::execute(&app, &caller, request, &mut stdin, &mut terminal)?));
        }
        if started.elapsed() > PATIENCE {
            bail!(rempart_service::ServiceError::Unavailable(format!(
                "another command holds {}; try again when it is done",
                shared.data.display()
            )));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The person that this process's user is.
pub(crate) fn caller(app: &rempart_service::App) -> anyhow::Result<Caller> {
    let uid = rustix::process::geteuid().as_raw();
    Ok(app.person_of_user(uid, &user_name(uid))?)
}

/// The name of a user of the operating system, from its own list; `uid-N` where it has none.
pub(crate) fn user_name(uid: u32) -> String {
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    list.lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
            (number.parse() == Ok(uid)).then(|| name.to_owned())
        })
        .unwrap_or_else(|| format!("uid-{uid}"))
}
