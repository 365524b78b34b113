//! Objects that a member adds over TAXII: an envelope, object by object.

use rempart_formats::stix::{Definitions, decode_object};
use rempart_formats::{Context, Limits};
use rempart_store::NewObject;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Submission;
use super::prepare::Preparer;
use crate::app::App;
use crate::error::ServiceError;
use crate::share::{ObjectStatus, message_of, version_text};

/// Objects of one transaction.
const BATCH: usize = 10_000;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    modified: std::borrow::Cow<'a, str>,
}

impl App {
    /// Takes in the objects of an envelope; returns what went well and what did not.
    pub(crate) fn take_envelope(
        &self,
        submission: &Submission,
        body: &[u8],
    ) -> Result<(Vec<ObjectStatus>, Vec<ObjectStatus>), ServiceError> {
        let envelope: Envelope<'_> = serde_json::from_slice(body)
            .map_err(|error| ServiceError::Invalid(format!("the body is not a TAXII envelope: {error}")))?;
        if envelope.objects.is_empty() {
            return Err(ServiceError::Invalid("the envelope holds no objects".into()));
        }
        let source = self.source_of(submission)?;
        let source_name = source.name.clone();
        let mut preparer = Preparer::new(self, source, submission.unmarked);
        let context = Context {
            now: submission.now,
            source: &source_name,
            minter: &self.minter,
            unmarked: preparer.unmarked(),
            limits: Limits::default(),
        };
        let mut definitions = Definitions::default();
        let (mut successes, mut failures) = (Vec::new(), Vec::new());
        let mut named: Vec<(String, String)> = Vec::new();
        let mut batch: Vec<NewObject> = Vec::new();
        for raw in &envelope.objects {
            match decode_object(raw.get().as_bytes(), &context, &mut definitions, None) {
                Ok(record) => {
                    named.push((record.id.to_string(), version_text(record.version)));
                    batch.push(preparer.prepare(record)?);
                }
                Err(rejection) => {
                    let (id, version) = serde_json::from_str::<Named<'_>>(raw.get())
                        .map(|named| (named.id.into_owned(), named.modified.into_owned()))
                        .unwrap_or_default();
                    failures.push(ObjectStatus { id, version, message: Some(rejection.reason.into()) });
                }
            }
            if batch.len() == BATCH {
                self.take_batch(
                    submission,
                    &preparer,
                    &mut batch,
                    &mut named,
                    &mut successes,
                    &mut failures,
                )?;
            }
        }
        self.take_batch(submission, &preparer, &mut batch, &mut named, &mut successes, &mut failures)?;
        self.metrics.records.add(envelope.objects.len() as u64);
        self.metrics.objects.add(successes.len() as u64);
        self.metrics.rejected.add(failures.len() as u64);
        self.follow(&|| false)?;
        Ok((successes, failures))
    }

    fn take_batch(
        &self,
        submission: &Submission,
        preparer: &Preparer<'_>,
        batch: &mut Vec<NewObject>,
        named: &mut Vec<(String, String)>,
        successes: &mut Vec<ObjectStatus>,
        failures: &mut Vec<ObjectStatus>,
    ) -> Result<(), ServiceError> {
        if batch.is_empty() {
            return Ok(());
        }
        let picture = preparer.picture().clone();
        let sees = |class, new| submission.sees(&picture, class, new);
        let outcome = self.store.intake(
            &submission.actor,
            preparer.source.id,
            std::mem::take(batch),
            &sees,
            &preparer.judge,
            self.now(),
        )?;
        for ((id, version), outcome) in named.drain(..).zip(outcome.outcomes) {
            match message_of(outcome) {
                Ok(message) => {
                    successes.push(ObjectStatus { id, version, message: message.map(str::to_owned) });
                }
                Err(message) => {
                    failures.push(ObjectStatus { id, version, message: Some(message.to_owned()) })
                }
            }
        }
        Ok(())
    }
}
