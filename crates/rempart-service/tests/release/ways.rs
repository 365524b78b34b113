//! The ways out of the service, each with the name of its case. A new one does not compile here until
//! it has a case.

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
