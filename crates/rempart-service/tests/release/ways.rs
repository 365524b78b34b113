//! The ways out of the service, each with its case. A new collection or writer does not compile here
//! until it has one, and a new function of the service fails.

use std::collections::BTreeMap;
use std::path::Path;

use rempart_service::export::ExportFormat;
use rempart_service::share::CollectionKind;

/// Collections that a member has.
pub(crate) const KINDS: [(CollectionKind, &str); 4] = [
    (CollectionKind::All, "all"),
    (CollectionKind::Concerns, "concerns"),
    (CollectionKind::High, "high"),
    (CollectionKind::Contribute, "contribute"),
];

/// Writers of exports.
pub(crate) const EXPORTS: [(ExportFormat, &str); 3] =
    [(ExportFormat::Stix, "stix"), (ExportFormat::Csv, "csv"), (ExportFormat::Plain, "plain")];

/// Whether a collection is walked for members.
fn is_walked(kind: CollectionKind) -> bool {
    match kind {
        CollectionKind::All
        | CollectionKind::Concerns
        | CollectionKind::High
        | CollectionKind::Contribute => true,
        // No member has it.
        CollectionKind::Operator => false,
    }
}

/// Whether an export is written for members.
fn is_written(format: ExportFormat) -> bool {
    match format {
        ExportFormat::Stix | ExportFormat::Csv | ExportFormat::Plain => true,
    }
}

#[test]
fn every_collection_and_writer_has_a_case() {
    assert!(KINDS.iter().all(|(kind, _)| is_walked(*kind)));
    assert!(EXPORTS.iter().all(|(format, _)| is_written(*format)));
}

/// What a public function of the service has to do with members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Hands out to members, and is walked in every world.
    Walked,
    /// Answers people of the operator alone; a member that asks is refused, in every world.
    Refused,
    /// Changes something for people of the operator, and answers with what they gave.
    Operator,
    /// For the program itself: no caller asks it.
    Inside,
}

const FUNCTIONS: &[(&str, Case)] = &[
    ("collection", Case::Walked),
    ("collections", Case::Walked),
    ("page", Case::Walked),
    ("contribute", Case::Walked),
    ("contribution", Case::Walked),
    ("withdraw", Case::Walked),
    ("export", Case::Walked),
    ("build_index", Case::Walked),
    ("lookup", Case::Walked),
    ("block_page", Case::Walked),
    ("search", Case::Refused),
    ("preview", Case::Refused),
    ("explain_block", Case::Refused),
    ("blocked_name", Case::Refused),
    ("outputs", Case::Refused),
    ("explain", Case::Refused),
    ("campaigns", Case::Refused),
    ("campaign", Case::Refused),
    ("near", Case::Refused),
    ("sources_learnt", Case::Refused),
    ("learn_sources", Case::Operator),
    ("use_sources", Case::Operator),
    ("connect_decide", Case::Operator),
    ("connect_undo", Case::Operator),
    ("connect_lift", Case::Operator),
    ("connect", Case::Inside),
    ("members", Case::Refused),
    ("people", Case::Refused),
    ("keys", Case::Refused),
    ("counts", Case::Refused),
    ("verify_ledger", Case::Refused),
    ("add_member", Case::Operator),
    ("update_member", Case::Operator),
    ("add_person", Case::Operator),
    ("create_key", Case::Operator),
    ("revoke_key", Case::Operator),
    ("set_source", Case::Operator),
    ("set_override", Case::Operator),
    ("retract", Case::Operator),
    ("expire", Case::Operator),
    ("import", Case::Operator),
    ("set_live", Case::Operator),
    ("let_through", Case::Operator),
    ("take_back", Case::Operator),
    ("uphold", Case::Operator),
    ("take_hits", Case::Operator),
    // Who asks, and who that is.
    ("authenticate", Case::Inside),
    ("person_of_user", Case::Inside),
    ("has", Case::Inside),
    ("require", Case::Inside),
    ("name", Case::Inside),
    // Parts of the picture of who takes part, for the command line of the operator.
    ("picture", Case::Inside),
    ("member", Case::Inside),
    ("member_named", Case::Inside),
    ("classes", Case::Inside),
    ("terms", Case::Inside),
    ("source", Case::Inside),
    ("sources", Case::Inside),
    ("key_owner", Case::Inside),
    ("clearance", Case::Inside),
    // The process: time, tables, followers, figures on a listener of their own.
    ("new", Case::Inside),
    ("now", Case::Inside),
    ("advance", Case::Inside),
    ("bundled", Case::Inside),
    ("empty", Case::Inside),
    ("follow", Case::Inside),
    ("reassess_due", Case::Inside),
    ("wait_for_change", Case::Inside),
    ("start", Case::Inside),
    // The publisher: what it publishes is walked as blocks, and stands in zones and lists alone.
    ("open", Case::Inside),
    ("zones", Case::Inside),
    ("list_file", Case::Inside),
    ("protecting", Case::Inside),
    ("zone_of", Case::Inside),
    ("allow_zone", Case::Inside),
    ("action", Case::Inside),
    ("threshold", Case::Inside),
    // Counts a visit, and answers nothing.
    ("count_visit", Case::Inside),
    ("step", Case::Inside),
    ("from_text", Case::Inside),
    ("ready", Case::Inside),
    ("render_metrics", Case::Inside),
    ("add", Case::Inside),
    ("get", Case::Inside),
    ("render", Case::Inside),
];

/// Public functions of types, in all sources under a folder, with the file that each stands in.
fn functions(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, found);
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(rest) = line.strip_prefix("    pub fn ") else { continue };
            let name: String =
                rest.chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect();
            found.insert(name, path.display().to_string());
        }
    }
}

#[test]
fn every_function_of_the_service_has_a_case() {
    let mut found = BTreeMap::new();
    functions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    for (name, file) in &found {
        let case = FUNCTIONS.iter().find(|(known, _)| known == name);
        assert!(case.is_some(), "{name} in {file} has no case: say what it hands out to members");
    }
    for (name, case) in FUNCTIONS {
        assert!(found.contains_key(*name), "{name} is {case:?} and is not there any more");
    }
    // What is said to be walked or refused is called by the walk.
    let walk = concat!(include_str!("walk.rs"), include_str!("stage.rs"));
    for (name, _) in FUNCTIONS.iter().filter(|(_, case)| matches!(case, Case::Walked | Case::Refused)) {
        assert!(walk.contains(&format!(".{name}(")), "{name} has a case and is not called");
    }
}
