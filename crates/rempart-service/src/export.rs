//! Everything that may leave, in one go: for a member or for the operator.

use std::io::Write;

use rempart_store::{ObjectFilter, ObservableId, PageRequest, Role, StreamRef, Visible};
use rempart_triage::release::Use;

use crate::access::Caller;
use crate::app::App;
use crate::error::ServiceError;
use crate::judge::named;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A STIX 2.1 bundle.
    Stix,
    /// `type,value,probability,category,valid_until,sources`.
    Csv,
    /// One malicious observable a line.
    Plain,
}

/// Objects of one read.
const PAGE: usize = 5_000;

/// Below this probability an observable is no line of a plain list.
const PLAIN_FROM: f32 = 0.5;

impl App {
    /// Writes everything that may be released to a member (or, for the operator, everything) to `out`.
    /// Returns how many objects or observables.
    pub fn export(
        &self,
        caller: &Caller,
        format: ExportFormat,
        member: Option<&str>,
        out: &mut dyn Write,
    ) -> Result<u64, ServiceError> {
        caller.require(Role::Reader)?;
        let audience = member.map(|name| self.member_named(name)).transpose()?;
        let (streams, visible) = match &audience {
            None => {
                let picture = self.picture();
                let streams: Vec<StreamRef> =
                    picture.classes().map(|class| StreamRef::Class { class, since: i64::MIN }).collect();
                (streams, Visible::All)
            }
            Some(member) => {
                let picture = self.picture();
                let mut classes: Vec<_> = picture
                    .classes()
                    .filter(|class| self.released(&picture, member.id, *class, Use::Share))
                    .collect();
                classes.sort_unstable();
                let streams =
                    classes.iter().map(|class| StreamRef::Class { class: *class, since: i64::MIN }).collect();
                (streams, Visible::Classes(classes))
            }
        };
        match format {
            ExportFormat::Stix => self.export_stix(streams, visible, out),
            ExportFormat::Csv | ExportFormat::Plain => self.export_observables(format, &visible, out),
        }
    }

    fn export_stix(
        &self,
        streams: Vec<StreamRef>,
        visible: Visible,
        out: &mut dyn Write,
    ) -> Result<u64, ServiceError> {
        write!(out, "{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[", uuid::Uuid::new_v4())
            .map_err(broken)?;
        let mut request = PageRequest {
            streams,
            visible,
            member: None,
            after: i64::MIN,
            upto: self.store.last_position(),
            filter: ObjectFilter::default(),
            limit: PAGE,
        };
        let mut count = 0u64;
        loop {
            let mut text = Vec::with_capacity(PAGE * 800);
            let end = self.store.page(&request, &mut |view| {
                text.extend_from_slice(if count == 0 { b"\n" } else { b",\n" });
                text.extend_from_slice(view.body);
                count += 1;
            })?;
            out.write_all(&text).map_err(broken)?;
            if !end.more {
                break;
            }
            request.after = end.reached;
        }
        out.write_all(b"]}\n").map_err(broken)?;
        Ok(count)
    }

    fn export_observables(
        &self,
        format: ExportFormat,
        visible: &Visible,
        out: &mut dyn Write,
    ) -> Result<u64, ServiceError> {
        if format == ExportFormat::Csv {
            out.write_all(b"type,value,probability,category,valid_until,sources\n").map_err(broken)?;
        }
        let judge = self.judge();
        let picture = self.picture();
        let all = *visible == Visible::All;
        // Observables are numbered as they came, by whoever: in that order, the lines of a member
        // would tell that a value was known before from what it may not see.
        let mut sorted: Option<Vec<String>> = (!all).then(Vec::new);
        let mut put = |line: String, out: &mut dyn Write| match &mut sorted {
            Some(lines) => {
                lines.push(line);
                Ok(())
            }
            None => writeln!(out, "{line}"),
        };
        let mut count = 0;
        let mut after = ObservableId(0);
        loop {
            let rows = self.store.observables_after(after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                let mut claims = self.store.claims(row.id)?;
                claims.retain(|claim| visible.allows(claim.class));
                // Nothing of it may be known to this audience: then neither may that it exists. An
                // override alone is the operator's own word, for the operator.
                let told = if all { !claims.is_empty() || row.override_.is_some() } else { named(&claims) };
                if !told {
                    continue;
                }
                let own = judge.as_seen(row, &claims, all, self.now());
                if format == ExportFormat::Plain {
                    if own.probability >= PLAIN_FROM {
                        put(row.observable.value().to_owned(), out).map_err(broken)?;
                        count += 1;
                    }
                    continue;
                }
                let mut sources: Vec<&str> = claims
                    .iter()
                    .filter_map(|claim| picture.source(claim.source).map(|source| source.name.as_str()))
                    .collect();
                sources.sort_unstable();
                sources.dedup();
                // Who else reported it is the operator's to know.
                let sources = if all { sources.join(";") } else { sources.len().to_string() };
                let line = format!(
                    "{},{},{:.4},{},{},{}",
                    cell(row.observable.kind().name()),
                    cell(row.observable.value()),
                    own.probability,
                    own.category.name(),
                    own.valid_until.map(|until| until.to_string()).unwrap_or_default(),
                    cell(&sources),
                );
                put(line, out).map_err(broken)?;
                count += 1;
            }
        }
        let mut lines = sorted.unwrap_or_default();
        lines.sort_unstable();
        for line in lines {
            writeln!(out, "{line}").map_err(broken)?;
        }
        Ok(count)
    }
}

/// A cell of CSV (RFC 4180). One that a spreadsheet would take for a formula gets an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula || text.contains(['"', ',', '\n', '\r']) {
        let quote = if formula { "\"'" } else { "\"" };
        return format!("{quote}{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

fn broken(error: std::io::Error) -> ServiceError {
    ServiceError::Unavailable(format!("cannot write the export: {error}"))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_cannot_break_out() {
        for (text, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd()", "\"'=cmd()\""),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
