//! Carrying out a request.

use std::io::Read;

use rempart_service::{App, Caller};

use super::request::Request;
use super::{campaign, import, index, lookup, protect, settings, trust};
use crate::output::Output;

/// Carries out a request for a caller. `input` is the caller's standard input, `out` its standard
/// output. Returns the exit code.
pub(crate) fn execute(
    app: &App,
    caller: &Caller,
    request: Request,
    input: &mut dyn Read,
    out: &mut (dyn Output + Send),
) -> anyhow::Result<u8> {
    match request {
        Request::Import { .. } => import::run(app, caller, request, input, out),
        Request::Search { value, json } => lookup::search(app, caller, value, json, input, out),
        Request::Explain { value, json } => lookup::explain(app, caller, &value, json, out),
        Request::Export { format, member } => lookup::export(app, caller, &format, member.as_deref(), out),
        Request::IndexBuild { output, member, json } => {
            index::of_store(app, caller, &output, member.as_deref(), json, out)
        }
        Request::Campaign(asked) => campaign::run(app, caller, asked, out),
        Request::Trust(asked) => trust::run(app, caller, asked, out),
        Request::Protect(asked) => protect::run(app, caller, asked, input, out),
        Request::LedgerVerify { json } => lookup::verify(app, caller, json, out),
        Request::Status { json } => lookup::status(app, caller, json, out),
        Request::Override { value, malicious, reason, json } => {
            lookup::override_(app, caller, &value, malicious, &reason, json, out)
        }
        Request::Retract { ids, source, json } => {
            settings::bulk(app, caller, true, &ids, source.as_deref(), json, out)
        }
        Request::Expire { ids, source, json } => {
            settings::bulk(app, caller, false, &ids, source.as_deref(), json, out)
        }
        other => settings::run(app, caller, other, out),
    }
}

/// Writes a JSON value and a line end.
pub(crate) fn json_line<T: serde::Serialize>(out: &mut dyn Output, value: &T) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(out.data(&bytes)?)
}
