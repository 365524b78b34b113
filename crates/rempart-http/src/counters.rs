//! What the doors count, for Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::routes::ROUTES;

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Upper bounds of the histogram of durations, in microseconds and in seconds as they are written.
const BOUNDS: [(u64, &str); 8] = [
    (250, "0.00025"),
    (1_000, "0.001"),
    (5_000, "0.005"),
    (25_000, "0.025"),
    (100_000, "0.1"),
    (500_000, "0.5"),
    (2_500_000, "2.5"),
    (10_000_000, "10"),
];

/// Counters of one server.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By route and class of status; the last row is for paths that are no route.
    requests: [[AtomicU64; CLASSES.len()]; ROUTES.len() + 1],
    durations: [AtomicU64; BOUNDS.len()],
    duration_sum: AtomicU64,
    duration_count: AtomicU64,
    /// Connections accepted.
    pub(crate) accepted: AtomicU64,
    /// Connections closed.
    pub(crate) closed: AtomicU64,
}

impl Counters {
    /// Counts a request that was answered.
    pub(crate) fn request(&self, template: Option<&str>, status: u16, took: Duration) {
        let row = ROUTES.iter().position(|route| Some(route.template) == template).unwrap_or(ROUTES.len());
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.requests.get(row).and_then(|row| row.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().zip(&self.durations).find(|((bound, _), _)| micros <= *bound);
        if let Some((_, counter)) = bucket {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.duration_sum.fetch_add(micros, Ordering::Relaxed);
        self.duration_count.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything, in the text format of Prometheus. Writing to memory does not fail.
    pub(crate) fn render(&self, text: &mut String) {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        text.push_str("# HELP rempart_http_requests_total Requests by route and class of status.\n");
        text.push_str("# TYPE rempart_http_requests_total counter\n");
        let routes = ROUTES.iter().map(|route| route.template).chain(["other"]);
        for (route, row) in routes.zip(&self.requests) {
            for (class, counter) in CLASSES.iter().zip(row).filter(|(_, counter)| get(counter) > 0) {
                let count = get(counter);
                let _ = writeln!(
                    text,
                    "rempart_http_requests_total{{route=\"{route}\",status=\"{class}\"}} {count}"
                );
            }
        }
        text.push_str("# HELP rempart_http_request_seconds How long requests took.\n");
        text.push_str("# TYPE rempart_http_request_seconds histogram\n");
        let mut below = 0;
        for ((_, bound), counter) in BOUNDS.iter().zip(&self.durations) {
            below += get(counter);
            let _ = writeln!(text, "rempart_http_request_seconds_bucket{{le=\"{bound}\"}} {below}");
        }
        // Read after the buckets, it is never below them.
        let count = get(&self.duration_count).max(below);
        let sum = get(&self.duration_sum);
        let _ = writeln!(text, "rempart_http_request_seconds_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "rempart_http_request_seconds_sum {}.{:06}", sum / 1_000_000, sum % 1_000_000);
        let _ = writeln!(text, "rempart_http_request_seconds_count {count}");
        let open = get(&self.accepted).saturating_sub(get(&self.closed));
        let _ = writeln!(
            text,
            "# HELP rempart_http_connections Open connections.\n# TYPE rempart_http_connections gauge\nrempart_http_connections {open}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_route_and_duration() {
        let counters = Counters::default();
        counters.request(Some("/taxii2/"), 200, Duration::from_micros(100));
        counters.request(Some("/taxii2/"), 401, Duration::from_millis(3));
        counters.request(None, 404, Duration::from_secs(20));
        counters.accepted.fetch_add(3, Ordering::Relaxed);
        counters.closed.fetch_add(1, Ordering::Relaxed);
        let mut text = String::new();
        counters.render(&mut text);
        for line in [
            "rempart_http_requests_total{route=\"/taxii2/\",status=\"2xx\"} 1",
            "rempart_http_requests_total{route=\"/taxii2/\",status=\"4xx\"} 1",
            "rempart_http_requests_total{route=\"other\",status=\"4xx\"} 1",
            "rempart_http_request_seconds_bucket{le=\"0.00025\"} 1",
            "rempart_http_request_seconds_bucket{le=\"10\"} 2",
            "rempart_http_request_seconds_bucket{le=\"+Inf\"} 3",
            "rempart_http_request_seconds_sum 20.003100",
            "rempart_http_connections 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
