//! Counters, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// What it stands at.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What this process has counted since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Records read by imports and contributions.
    pub records: Counter,
    /// Objects taken in.
    pub objects: Counter,
    /// Records that were there already.
    pub duplicates: Counter,
    /// Records rejected.
    pub rejected: Counter,
    /// Pages handed out.
    pub pages: Counter,
    /// Objects handed out.
    pub objects_out: Counter,
    /// Requests answered over HTTP.
    pub requests: Counter,
    /// Requests refused for want of a key.
    pub refused: Counter,
    /// Observables concluded again because time passed.
    pub reassessed: Counter,
}

impl Metrics {
    /// All counters, and the gauges given as (name, help, value).
    pub fn render(&self, gauges: &[(&str, &str, u64)]) -> String {
        let counters: [(&str, &str, &Counter); 9] = [
            ("rempart_records_total", "Records read by imports and contributions.", &self.records),
            ("rempart_objects_total", "Objects taken in.", &self.objects),
            ("rempart_duplicates_total", "Records that were there already.", &self.duplicates),
            ("rempart_rejected_total", "Records rejected.", &self.rejected),
            ("rempart_pages_total", "Pages handed out.", &self.pages),
            ("rempart_objects_out_total", "Objects handed out.", &self.objects_out),
            ("rempart_requests_total", "Requests answered over HTTP.", &self.requests),
            ("rempart_refused_total", "Requests refused for want of a key.", &self.refused),
            (
                "rempart_reassessed_total",
                "Observables concluded again because time passed.",
                &self.reassessed,
            ),
        ];
        let mut text = String::new();
        for (name, help, counter) in counters {
            let value = counter.get();
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
        }
        for (name, help, value) in gauges {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}
