//! Every way out over HTTP has a case: each route, each method, and each function of the service that a
//! handler calls. What leaves was released where the service's own test of release walks it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

use std::collections::BTreeSet;
use std::path::Path;

use rempart_http::routes::{ROUTES, Resource};

/// What a route hands out, and by which functions of the service.
fn case(resource: Resource, method: &str) -> &'static [&'static str] {
    match (resource, method) {
        // The same for everybody: the instance's own name.
        (Resource::Discovery | Resource::ApiRoot, "GET" | "HEAD") => &[],
        // A word.
        (Resource::Health, "GET" | "HEAD") => &[],
        (Resource::Readiness, "GET" | "HEAD") => &["ready"],
        (Resource::Status, "GET" | "HEAD") => &["contribution"],
        (Resource::Collections, "GET" | "HEAD") => &["collections"],
        (Resource::Collection, "GET" | "HEAD") => &["collection", "collections"],
        (Resource::Manifest | Resource::Objects | Resource::Object | Resource::Versions, "GET" | "HEAD") => {
            &["collection", "collections", "page"]
        }
        (Resource::Objects, "POST") => &["collection", "collections", "contribute"],
        (Resource::Block, "GET" | "HEAD") => &["block_page"],
        (Resource::List, "GET" | "HEAD") => &["list_file"],
        (Resource::Lookup, "POST") => &["lookup"],
        (Resource::Object, "DELETE") => &["collection", "collections", "withdraw"],
        (resource, method) => panic!("{method} of {resource:?} has no case: say what it hands out"),
    }
}

/// Functions of the service that are no answer to a route: who asks, the time, a visit that is counted, and
/// the operator's own listener.
const BESIDE: [&str; 4] = ["authenticate", "count_visit", "now", "render_metrics"];

/// Functions that the service's test of release walks for members, in every world.
const WALKED: [&str; 9] = [
    "block_page",
    "list_file",
    "collection",
    "collections",
    "contribute",
    "contribution",
    "lookup",
    "page",
    "withdraw",
];

#[test]
fn every_route_and_method_has_a_case() {
    for route in ROUTES {
        for method in route.allow.split(", ") {
            for function in case(route.resource, method) {
                assert!(
                    WALKED.contains(function) || *function == "ready",
                    "{} {method} hands out by {function}, which no test of release walks",
                    route.template
                );
            }
        }
    }
}

#[test]
fn handlers_call_nothing_of_the_service_that_has_no_case() {
    let mut called = BTreeSet::new();
    calls(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut called);
    let known: BTreeSet<String> = ROUTES
        .iter()
        .flat_map(|route| route.allow.split(", ").flat_map(|method| case(route.resource, method)))
        .chain(&BESIDE)
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(called, known, "functions of the service that handlers call (left), and those with a case");
}

/// The names of what is called on `app`, in all sources under a folder.
fn calls(folder: &Path, called: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            calls(&path, called);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".");
        for (at, _) in text.match_indices("app.") {
            let rest = &text[at + 4..];
            let name: String =
                rest.chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect();
            let is_word = text[..at].chars().next_back().is_none_or(|sign| !sign.is_ascii_alphanumeric());
            if is_word && rest[name.len()..].starts_with('(') && name != "clone" {
                called.insert(name);
            }
        }
    }
}

#[test]
fn handlers_cannot_reach_the_store() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    assert!(!dependencies.contains("rempart-store"), "a handler could get round the release decision");
}
