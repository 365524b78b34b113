//! Several threads, and what comes out of them in the order in which it went in.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::bail;

/// How often a thread that waits looks whether to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// Takes jobs from `source` on a thread of its own, has them done by `threads` workers, and gives the results to
/// `finish` on this thread, in order. A job needs a buffer, of which there are `in_flight`; `finish` gives it back.
/// Should `finish` fail, nobody waits for the source, which may be reading what never comes.
pub(super) fn in_order<J, D, W>(
    threads: usize,
    in_flight: usize,
    mut source: impl FnMut(Vec<u8>) -> Option<J> + Send + 'static,
    worker: impl Fn() -> W + Sync,
    mut finish: impl FnMut(D) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<()>
where
    J: Send + 'static,
    D: Send,
    W: FnMut(J) -> D,
{
    let (give, buffers) = mpsc::channel();
    for _ in 0..in_flight {
        give.send(Vec::new())?;
    }
    let (put, jobs) = mpsc::sync_channel(threads);
    let jobs = Mutex::new(jobs);
    let reading = std::thread::spawn(move || {
        let mut number = 0_u64;
        while let Ok(buffer) = buffers.recv() {
            let Some(job) = source(buffer) else { break };
            if put.send((number, job)).is_err() {
                break;
            }
            number += 1;
        }
    });
    let stop = AtomicBool::new(false);
    let (jobs, stop, worker) = (&jobs, &stop, &worker);
    std::thread::scope(|scope| {
        let (hand, done) = mpsc::channel();
        for _ in 0..threads {
            let hand = hand.clone();
            scope.spawn(move || {
                let _stops = Stops(stop);
                let mut work = worker();
                while let Some((number, job)) = next(jobs, stop) {
                    if hand.send((number, work(job))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(hand);
        let finished = (|| {
            let (mut early, mut next) = (BTreeMap::new(), 0_u64);
            loop {
                match done.recv_timeout(GLANCE) {
                    Ok((number, result)) => early.insert(number, result),
                    Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                        bail!("a thread ended before its work was done")
                    }
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                };
                while let Some(result) = early.remove(&next) {
                    // Where nobody reads any more, no buffer is needed.
                    let _ = give.send(finish(result)?);
                    next += 1;
                }
            }
        })();
        stop.store(true, Ordering::Relaxed);
        finished
    })?;
    // All workers are done, so there was no job left, and the source has ended.
    if reading.join().is_err() {
        bail!("the thread that reads ended before its work was done");
    }
    Ok(())
}

/// The next job; `None` where there is none any more, or none is wanted.
fn next<J>(jobs: &Mutex<mpsc::Receiver<J>>, stop: &AtomicBool) -> Option<J> {
    loop {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        match jobs.lock().ok()?.recv_timeout(GLANCE) {
            Ok(job) => return Some(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Stops the others where a thread ends in a panic, for what it had in hand never comes.
struct Stops<'s>(&'s AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs_and_few_are_under_way() {
        let under_way = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (begun, mut left) = (under_way.clone(), 500_u64);
        let mut seen = Vec::new();
        in_order(
            4,
            6,
            move |_| {
                assert!(begun.fetch_add(1, Ordering::SeqCst) < 6);
                left = left.checked_sub(1)?;
                Some(left)
            },
            || {
                |job: u64| {
                    std::thread::sleep(Duration::from_micros(job * 7919 % 300));
                    job
                }
            },
            |job| {
                under_way.fetch_sub(1, Ordering::SeqCst);
                seen.push(job);
                Ok(Vec::new())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..500).rev().collect::<Vec<_>>());
    }

    #[test]
    fn a_failure_does_not_wait_for_the_source() {
        let (hold, held) = mpsc::channel::<()>();
        let mut first = true;
        let failed = in_order(
            2,
            6,
            move |_| {
                if !std::mem::take(&mut first) {
                    let _ = held.recv();
                }
                Some(())
            },
            || |()| (),
            |()| bail!("no"),
        );
        assert!(failed.is_err());
        drop(hold);
    }
}
