//! What anybody may see, without a key: the page of a block, and the lists of what is blocked.

mod words;

use axum::body::Body;
use axum::extract::RawPathParams;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, HOST, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, VARY,
};
use hyper::http::request::Parts;
use rempart_model::{BlockId, Timestamp};
use rempart_service::protect::BlockPage;

use crate::answer;
use crate::door::{Server, origin_of};
use crate::problem::Problem;
use crate::routes::{Resource, Route};
use words::Words;

const HTML: &str = "text/html; charset=utf-8";

/// Answers a request of anybody.
pub(crate) async fn answer(
    server: &Server,
    route: &Route,
    params: &RawPathParams,
    parts: &Parts,
) -> Result<Response, Problem> {
    if !route.allows(parts.method.as_str()) {
        return Err(Problem::method_not_allowed(route.allow));
    }
    let param = |name: &str| params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    match route.resource {
        Resource::Block => {
            let id = BlockId::parse(param("block")).map_err(|_| Problem::not_found("block"))?;
            page(server, id, parts, StatusCode::OK).await
        }
        _ => list(server, param("file").to_owned(), parts).await,
    }
}

/// The block of the host that a request is for, where a resolver led it here: `ID.garden.example`.
pub(crate) fn host_of_block(parts: &Parts) -> Option<BlockId> {
    let host = parts.uri.host().or_else(|| parts.headers.get(HOST)?.to_str().ok())?;
    BlockId::parse(host.split_once('.')?.0).ok()
}

/// The page of a block for whoever wanted to go elsewhere, which is counted.
pub(crate) async fn garden(server: &Server, id: BlockId, parts: &Parts) -> Result<Response, Problem> {
    if let Some(client) = origin_of(server, parts).and_then(|origin| origin.split('/').next()?.parse().ok()) {
        let app = server.app.clone();
        server.blocking(move || app.count_visit(id, client)).await??;
    }
    // What was asked for is not here, and for a reason that is told (RFC 7725 is for what the law takes away).
    page(server, id, parts, StatusCode::FORBIDDEN).await
}

async fn page(server: &Server, id: BlockId, parts: &Parts, status: StatusCode) -> Result<Response, Problem> {
    let app = server.app.clone();
    let (found, now) = server.blocking(move || (app.block_page(id), app.now())).await?;
    let found = found?.ok_or_else(|| Problem::not_found("block"))?;
    let wanted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let words = words::choose(wanted.unwrap_or_default());
    let contact = server.settings.contact.as_deref();
    let text = render(&found, words, &server.settings.title, contact, now);
    let mut response = answer::text(status, HTML, text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(words.code));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

async fn list(server: &Server, name: String, parts: &Parts) -> Result<Response, Problem> {
    let app = server.app.clone();
    let found = server.blocking(move || app.list_file(&name)).await??;
    let file = found.ok_or_else(|| Problem::not_found("list"))?;
    let etag = HeaderValue::try_from(&file.etag).map_err(|_| Problem::not_found("list"))?;
    let known = parts.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // RFC 9110, section 13.1.2: a weak comparison.
    let mut tags = known.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    let mut response = match tags.any(|tag| tag == "*" || tag == file.etag) {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => answer::text(StatusCode::OK, file.media_type, file.bytes),
    };
    response.headers_mut().insert(ETAG, etag);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn render(page: &BlockPage, words: &Words, title: &str, contact: Option<&str>, now: Timestamp) -> String {
    let day = |time: Timestamp| format!("{time}").get(..16).unwrap_or_default().replace('T', " ") + " UTC";
    let over = page.ended.or((page.until <= now).then_some(page.until));
    let (head, text) = match over {
        None => (words.blocked, words.why_blocked),
        Some(_) => (words.free, words.why_free),
    };
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        rows.push_str(&format!("<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value)));
    };
    row(words.address, &page.target);
    row(words.reason, &page.reason);
    row(words.since, &day(page.since));
    match over {
        None => row(words.until, &day(page.until)),
        Some(at) => row(words.ended, &day(at)),
    }
    row(words.number, &page.id.to_string());
    let appeal = match contact {
        Some(contact) => format!("{} {}", words.appeal, contact),
        None => format!("{} {title}", words.appeal),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{} – {}</title><style>body{{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}\
         dt{{font-weight:bold}}dd{{margin:0 0 .7rem;overflow-wrap:anywhere}}</style></head>\
         <body><main><h1>{}</h1><p>{}</p><dl>{rows}</dl><h2>{}</h2><p>{}</p></main></body></html>\n",
        words.code,
        escaped(head),
        escaped(title),
        escaped(head),
        escaped(text),
        escaped(words.wrong),
        escaped(&appeal),
    )
}

/// Text that means itself in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            sign => out.push(sign),
        }
    }
    out
}
