//! What a command asks for, as it goes through the socket.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::campaign::Campaigning;
use super::trust::Trusting;
use crate::cli::{
    Command, ConstituencyArgs, ExportFormat, IndexCommand, KeyCommand, LedgerCommand, MemberCommand,
    PersonCommand, PreviewOnly, ProtectCommand, SourceCommand,
};

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    Import {
        source: Option<String>,
        format: Option<String>,
        tlp: Option<String>,
        /// The mapping file's text.
        mapping: Option<String>,
        paths: Vec<PathBuf>,
        /// Whether standard input follows.
        stream: bool,
        json: bool,
    },
    MemberAdd {
        name: String,
        country: String,
        kind: String,
        clearance: String,
        constituency: Constituency,
        json: bool,
    },
    MemberSet {
        name: String,
        clearance: Option<String>,
        constituency: Constituency,
        json: bool,
    },
    MemberList {
        json: bool,
    },
    PersonAdd {
        name: String,
        role: String,
        uid: Option<u32>,
        json: bool,
    },
    PersonList {
        json: bool,
    },
    KeyCreate {
        member: Option<String>,
        person: Option<String>,
        read_only: bool,
        days: u32,
        json: bool,
    },
    KeyRevoke {
        key: String,
    },
    KeyList {
        json: bool,
    },
    SourceSet {
        name: String,
        reliability: Option<String>,
        unmarked: Option<String>,
        recipients: Vec<String>,
        community: Vec<String>,
        copy_group: Option<String>,
    },
    SourceList {
        json: bool,
    },
    Trust(Trusting),
    /// `None`: the values follow, one a line.
    Search {
        value: Option<String>,
        json: bool,
    },
    Explain {
        value: String,
        json: bool,
    },
    Override {
        value: String,
        malicious: Option<bool>,
        reason: String,
        json: bool,
    },
    Retract {
        ids: Vec<String>,
        source: Option<String>,
        json: bool,
    },
    Expire {
        ids: Vec<String>,
        source: Option<String>,
        json: bool,
    },
    Export {
        format: String,
        member: Option<String>,
    },
    LedgerVerify {
        json: bool,
    },
    IndexBuild {
        output: PathBuf,
        member: Option<String>,
        json: bool,
    },
    Status {
        json: bool,
    },
    Protect(Protecting),
    Campaign(Campaigning),
}

/// What is asked of protective outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protecting {
    Preview {
        only: Option<String>,
        json: bool,
    },
    Explain {
        value: String,
        json: bool,
    },
    Status {
        json: bool,
    },
    Live {
        output: String,
        live: bool,
    },
    LetThrough {
        output: String,
    },
    TakeBack {
        output: String,
        to: String,
    },
    Uphold {
        block: String,
        reason: String,
    },
    /// `None`: the log follows.
    Hits {
        file: Option<PathBuf>,
        json: bool,
    },
}

/// What a member answers for, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Constituency {
    pub(crate) networks: Vec<String>,
    pub(crate) asns: Vec<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) aliases: Vec<String>,
}

impl From<ConstituencyArgs> for Constituency {
    fn from(args: ConstituencyArgs) -> Self {
        let ConstituencyArgs { networks, asns, domains, words, aliases } = args;
        Self { networks, asns, domains, words, aliases }
    }
}

impl Request {
    /// Whether standard input belongs to it.
    pub(crate) fn reads_input(&self) -> bool {
        matches!(
            self,
            Request::Import { stream: true, .. }
                | Request::Search { value: None, .. }
                | Request::Protect(Protecting::Hits { file: None, .. })
        )
    }
}

/// The request of a command line. Paths become absolute, since a server has another current folder.
pub(crate) fn from_cli(command: Command) -> anyhow::Result<Request> {
    Ok(match command {
        Command::Import(args) => {
            let stream = args.paths.iter().any(|path| path == Path::new("-"));
            let mut paths = Vec::new();
            for path in args.paths.iter().filter(|path| *path != Path::new("-")) {
                if !path.exists() {
                    bail!("there is no {}", path.display());
                }
                paths.push(std::path::absolute(path)?);
            }
            let mapping = args
                .mapping
                .map(|path| {
                    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
                })
                .transpose()?;
            Request::Import {
                source: args.source,
                format: args.format,
                tlp: args.tlp,
                mapping,
                paths,
                stream,
                json: args.json,
            }
        }
        Command::Member(MemberCommand::Add(args)) => Request::MemberAdd {
            name: args.name,
            country: args.country,
            kind: args.kind,
            clearance: args.clearance,
            constituency: args.constituency.into(),
            json: args.json,
        },
        Command::Member(MemberCommand::Set(args)) => Request::MemberSet {
            name: args.name,
            clearance: args.clearance,
            constituency: args.constituency.into(),
            json: args.json,
        },
        Command::Member(MemberCommand::List(args)) => Request::MemberList { json: args.json },
        Command::Person(PersonCommand::Add { name, role, uid, json }) => {
            Request::PersonAdd { name, role, uid, json }
        }
        Command::Person(PersonCommand::List(args)) => Request::PersonList { json: args.json },
        Command::Key(KeyCommand::Create { member, person, read_only, days, json }) => {
            Request::KeyCreate { member, person, read_only, days, json }
        }
        Command::Key(KeyCommand::Revoke { key }) => Request::KeyRevoke { key },
        Command::Key(KeyCommand::List(args)) => Request::KeyList { json: args.json },
        Command::Source(SourceCommand::Set {
            name,
            reliability,
            unmarked,
            recipients,
            community,
            copy_group,
        }) => Request::SourceSet { name, reliability, unmarked, recipients, community, copy_group },
        Command::Source(SourceCommand::List(args)) => Request::SourceList { json: args.json },
        Command::Source(SourceCommand::Learn(args)) => Request::Trust(Trusting::Learn { json: args.json }),
        Command::Source(SourceCommand::Learnt(args)) => Request::Trust(Trusting::Learnt { json: args.json }),
        Command::Source(SourceCommand::Use { version }) => {
            let number = match version.as_str() {
                "set" => None,
                number => Some(number.parse().with_context(|| {
                    format!(
                        "`{number}` is neither a version's number nor `set`; `source learnt` lists versions"
                    )
                })?),
            };
            Request::Trust(Trusting::Use { version: number })
        }
        Command::Search(args) => {
            Request::Search { value: (args.value != "-").then_some(args.value), json: args.json }
        }
        Command::Explain(args) => Request::Explain { value: args.value, json: args.json },
        Command::Override(args) => Request::Override {
            value: args.value,
            malicious: if args.lift { None } else { Some(args.malicious && !args.benign) },
            reason: args.reason,
            json: args.json,
        },
        Command::Retract(args) => Request::Retract { ids: args.ids, source: args.source, json: args.json },
        Command::Expire(args) => Request::Expire { ids: args.ids, source: args.source, json: args.json },
        Command::Export(args) => Request::Export {
            format: match args.format {
                ExportFormat::Stix => "stix",
                ExportFormat::Csv => "csv",
                ExportFormat::Plain => "plain",
            }
            .into(),
            member: args.member,
        },
        Command::Ledger(LedgerCommand::Verify(args)) => Request::LedgerVerify { json: args.json },
        Command::Index(IndexCommand::Build(args)) => Request::IndexBuild {
            output: std::path::absolute(&args.output)?,
            member: args.member,
            json: args.json,
        },
        Command::Status(args) => Request::Status { json: args.json },
        Command::Campaign(command) => Request::Campaign(command.try_into()?),
        Command::Protect(command) => Request::Protect(protecting(command)?),
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Extract(_)
        | Command::Index(_)
        | Command::Match(_)
        | Command::Config(_)
        | Command::Completion { .. } => bail!("this command needs no data folder"),
    })
}

fn protecting(command: ProtectCommand) -> anyhow::Result<Protecting> {
    Ok(match command {
        ProtectCommand::Preview { only, json } => {
            let only = only.map(|only| match only {
                PreviewOnly::Add => "add".into(),
                PreviewOnly::Remove => "remove".into(),
                PreviewOnly::Refuse => "refuse".into(),
            });
            Protecting::Preview { only, json }
        }
        ProtectCommand::Explain { value, json } => Protecting::Explain { value, json },
        ProtectCommand::Status(args) => Protecting::Status { json: args.json },
        ProtectCommand::Live { output } => Protecting::Live { output, live: true },
        ProtectCommand::Dry { output } => Protecting::Live { output, live: false },
        ProtectCommand::LetThrough { output } => Protecting::LetThrough { output },
        ProtectCommand::TakeBack { output, to } => Protecting::TakeBack { output, to },
        ProtectCommand::Uphold { block, reason } => Protecting::Uphold { block, reason },
        ProtectCommand::Hits { file, json } => {
            let file = (file != Path::new("-")).then(|| std::path::absolute(file)).transpose()?;
            Protecting::Hits { file, json }
        }
        ProtectCommand::Stop | ProtectCommand::Resume => bail!("this command needs no store"),
    })
}
