//! Members, people, keys, sources, and bulk changes.

use anyhow::{Context, bail};
use rempart_model::{
    Country, Kind, Member, MemberId, MemberKind, Observable, Reliability, StixId, Timestamp, Tlp,
};
use rempart_service::{App, Caller, KeyOwner, Role, Scopes};
use serde_json::json;

use super::execute::json_line;
use super::request::{Constituency, Request};
use crate::output::{Output, code};

const DAY: i64 = 86_400;

pub(crate) fn run(app: &App, caller: &Caller, request: Request, out: &mut dyn Output) -> anyhow::Result<u8> {
    match request {
        Request::MemberAdd { name, country, kind, clearance, constituency, json } => {
            let mut member = Member {
                id: MemberId(0),
                name: name.as_str().into(),
                aliases: Vec::new(),
                country: Country::new(&country)
                    .with_context(|| format!("--country {country}: two letters of ISO 3166-1, such as FR"))?,
                kind: MemberKind::from_name(&kind).with_context(|| {
                    let known: Vec<&str> = MemberKind::ALL.iter().map(|(_, name)| *name).collect();
                    format!("--kind {kind}: one of {}", known.join(", "))
                })?,
                clearance: tlp("--clearance", &clearance)?,
                constituency: rempart_model::member::Constituency::default(),
                since: Timestamp::MIN,
            };
            add_to(&mut member, &constituency)?;
            let id = app.add_member(caller, member)?;
            answer(out, json, &json!({"member": name, "id": id.0}), &format!("added the member {name}"))
        }
        Request::MemberSet { name, clearance, constituency, json } => {
            let mut member = app.member_named(&name)?;
            if let Some(clearance) = clearance {
                member.clearance = tlp("--clearance", &clearance)?;
            }
            add_to(&mut member, &constituency)?;
            app.update_member(caller, member)?;
            answer(out, json, &json!({"member": name}), &format!("changed the member {name}"))
        }
        Request::MemberList { json } => members(app, caller, json, out),
        Request::PersonAdd { name, role, uid, json } => {
            let role = Role::from_name(&role)
                .with_context(|| format!("--role {role}: one of reader, analyst, approver, administrator"))?;
            let id = app.add_person(caller, &name, role, uid)?;
            answer(out, json, &json!({"person": name, "id": id.0}), &format!("added {name}"))
        }
        Request::PersonList { json } => {
            for person in app.people(caller)? {
                let value = json!({"name": person.name, "role": person.role.name(), "uid": person.uid});
                let uid = person.uid.map(|uid| format!("\tuid {uid}")).unwrap_or_default();
                answer(out, json, &value, &format!("{}\t{}{uid}", person.name, person.role.name()))?;
            }
            Ok(code::DONE)
        }
        Request::KeyCreate { member, person, read_only, days, json } => {
            let owner = app.key_owner(member.as_deref(), person.as_deref())?;
            let scopes = match owner {
                KeyOwner::Member(_) if !read_only => Scopes(Scopes::READ.0 | Scopes::CONTRIBUTE.0),
                _ => Scopes::READ,
            };
            let expires = (days > 0).then(|| app.now().plus_seconds(i64::from(days) * DAY));
            let key = app.create_key(caller, owner, scopes, expires)?;
            let value =
                json!({"key": key.secret, "id": key.id, "expires": expires.map(|time| time.to_string())});
            answer(out, json, &value, &key.secret)
        }
        Request::KeyRevoke { key } => {
            app.revoke_key(caller, &key)?;
            out.say("revoked")?;
            Ok(code::DONE)
        }
        Request::KeyList { json } => keys(app, caller, json, out),
        Request::SourceSet { name, reliability, unmarked, recipients, community, copy_group } => {
            let mut source = app.source(&name);
            if let Some(letter) = reliability {
                source.reliability = Reliability::from_letter(&letter)
                    .with_context(|| format!("--reliability {letter}: a letter from A to F"))?;
            }
            if let Some(text) = unmarked {
                source.unmarked = tlp("--unmarked", &text)?;
            }
            if !recipients.is_empty() {
                source.recipients = Some(recipients.iter().map(|name| name.as_str().into()).collect());
            }
            if !community.is_empty() {
                let members = community.iter().map(|name| app.member_named(name).map(|member| member.id));
                source.community = Some(members.collect::<Result<_, _>>()?);
            }
            source.copy_group = copy_group.or(source.copy_group);
            app.set_source(caller, source)?;
            out.say(&format!("set the source {name}; it holds for what comes from now on"))?;
            Ok(code::DONE)
        }
        Request::SourceList { json } => {
            for source in app.picture().sources() {
                let value = json!({"name": source.name, "reliability": source.reliability.letter().to_string(),
                    "unmarked": source.unmarked.name(), "recipients": source.recipients, "copy_group": source.copy_group});
                let line = format!(
                    "{}\t{}\tunmarked is {}",
                    source.name,
                    source.reliability.letter(),
                    source.unmarked.name()
                );
                answer(out, json, &value, &line)?;
            }
            Ok(code::DONE)
        }
        _ => bail!("this server does not know that request; it may be older than this command"),
    }
}

fn answer(out: &mut dyn Output, json: bool, value: &serde_json::Value, line: &str) -> anyhow::Result<u8> {
    if json {
        json_line(out, value)?;
    } else {
        out.data(format!("{line}\n").as_bytes())?;
    }
    Ok(code::DONE)
}

fn tlp(option: &str, text: &str) -> anyhow::Result<Tlp> {
    Tlp::from_name(text)
        .with_context(|| format!("{option} {text}: one of clear, green, amber, amber+strict, red"))
}

/// Adds what was typed to a member's constituency, in canonical form.
fn add_to(member: &mut Member, typed: &Constituency) -> anyhow::Result<()> {
    let canonical = |option: &str, kind: Kind, text: &str| -> anyhow::Result<Box<str>> {
        match Observable::parse(&kind, text) {
            Ok(observable) => Ok(observable.value().into()),
            Err(error) => bail!("{option} {text}: {error}"),
        }
    };
    let constituency = &mut member.constituency;
    for text in &typed.networks {
        constituency.networks.push(canonical("--network", Kind::Cidr, text)?);
    }
    for text in &typed.asns {
        let value = canonical("--asn", Kind::Asn, text)?;
        constituency.asns.push(value.trim_start_matches("AS").parse().context("--asn")?);
    }
    for text in &typed.domains {
        // A suffix of one label (`fr`) is no observable, but it is a constituency.
        let plain = text.trim().trim_start_matches(['.', '*']).trim_end_matches('.').to_ascii_lowercase();
        let one_label = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let value = if one_label { plain.into() } else { canonical("--domain", Kind::Domain, text)? };
        constituency.domains.push(value);
    }
    constituency.words.extend(typed.words.iter().map(|word| word.as_str().into()));
    member.aliases.extend(typed.aliases.iter().map(|alias| alias.as_str().into()));
    Ok(())
}

fn members(app: &App, caller: &Caller, json: bool, out: &mut dyn Output) -> anyhow::Result<u8> {
    for member in app.members(caller)? {
        let constituency = &member.constituency;
        let value = json!({
            "name": &*member.name, "country": member.country.as_str(), "kind": member.kind.name(),
            "clearance": member.clearance.name(), "networks": constituency.networks, "asns": constituency.asns,
            "domains": constituency.domains, "words": constituency.words, "aliases": member.aliases,
            "since": member.since.to_string(),
        });
        let line = format!(
            "{}\t{}\t{}\t{}\t{} networks, {} ASNs, {} domains",
            member.name,
            member.country,
            member.kind.name(),
            member.clearance.name(),
            constituency.networks.len(),
            constituency.asns.len(),
            constituency.domains.len(),
        );
        answer(out, json, &value, &line)?;
    }
    Ok(code::DONE)
}

fn keys(app: &App, caller: &Caller, json: bool, out: &mut dyn Output) -> anyhow::Result<u8> {
    let people = app.people(caller)?;
    let picture = app.picture();
    for key in app.keys(caller)? {
        let owner = match key.owner {
            KeyOwner::Member(id) => picture.member(id).map(|member| format!("member {}", member.name)),
            KeyOwner::Person(id) => {
                people.iter().find(|person| person.id == id).map(|person| format!("person {}", person.name))
            }
        }
        .unwrap_or_else(|| "nobody any more".into());
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let state = match (key.revoked, key.expires) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "without end".into(),
        };
        let value = json!({"id": key.id, "owner": owner, "created": key.created.to_string(),
            "expires": time(key.expires), "revoked": time(key.revoked), "may_contribute": key.scopes.allow(Scopes::CONTRIBUTE)});
        answer(out, json, &value, &format!("{}\t{owner}\t{state}", key.id))?;
    }
    Ok(code::DONE)
}

pub(crate) fn bulk(
    app: &App,
    caller: &Caller,
    delete: bool,
    ids: &[String],
    source: Option<&str>,
    json: bool,
    out: &mut (dyn Output + Send),
) -> anyhow::Result<u8> {
    let ids: Vec<StixId> = ids
        .iter()
        .map(|text| StixId::parse(text).with_context(|| format!("{text} is no id of an object")))
        .collect::<Result<_, _>>()?;
    let shown = std::sync::Mutex::new(&mut *out);
    let progress = |done: usize, total: usize| {
        let mut out = shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = out.progress(&format!("{done} of {total} objects"));
    };
    let count = if delete {
        app.retract(caller, &ids, source, &progress)?
    } else {
        app.expire(caller, &ids, source, &progress)?
    };
    let word = if delete { "deleted" } else { "expired" };
    answer(out, json, &json!({word: count}), &format!("{word} {count} objects"))?;
    Ok(if count > 0 { code::DONE } else { code::NOTHING })
}
