//! Downloads over HTTP: the loop of attempts. `stream` has one attempt, `request` one request.

use std::time::{Duration, Instant};

use super::error::FetchError;
use super::job::Job;
use super::part::Part;
use super::progress::Transfer;
use super::request::{Target, Trouble, unreachable};
use super::{Fetched, hosts, retry, stream};

/// An attempt that received at least this much more starts the count of attempts again.
const ADVANCE: u64 = 64 * 1024;

/// Downloads, checks, and takes into the cache. A file that fails its check after a resume is downloaded once more
/// from the start: the parts may have been of two versions.
pub(super) fn fetch(
    job: &Job<'_>,
    target: &Target,
    exclusive: bool,
) -> Result<Fetched, FetchError> {
    let mut part = Part::open(job, target, exclusive)?;
    let mut bar = job.progress.start(&job.name, job.source.bytes);
    if let Err(error) = download(job, target, &mut part, bar.as_mut()) {
        // What may be resumed stays; what is wrong, or nothing, does not.
        if part.len() == 0 || error.is_integrity() || matches!(error, FetchError::TooLarge { .. }) {
            part.remove();
        }
        return Err(error);
    }
    let mut result = job.admit(part.path(), &target.place(), target.via, None);
    if matches!(result, Err(FetchError::Checksum { .. } | FetchError::Size { .. }))
        && part.is_resumed()
    {
        job.note("the resumed download does not match; starting from the beginning");
        part.clear(job)?;
        download(job, target, &mut part, bar.as_mut())?;
        result = job.admit(part.path(), &target.place(), target.via, None);
    }
    part.remove();
    if result.is_ok() {
        bar.finish();
    }
    result
}

fn download(
    job: &Job<'_>,
    target: &Target,
    part: &mut Part,
    bar: &mut dyn Transfer,
) -> Result<(), FetchError> {
    let (mut failures, mut best) = (0, part.len());
    loop {
        job.check_cancelled()?;
        let (reason, after) = match stream::attempt(job, target, part, bar) {
            Ok(()) => return Ok(()),
            Err(Trouble::Fatal(error)) => return Err(error),
            Err(Trouble::Connect { host, reason, timeout }) => {
                if timeout || failures >= job.options.retries.min(1) {
                    hosts::remember(&host, &reason);
                    return Err(unreachable(job, host, reason));
                }
                (format!("cannot connect ({reason})"), None)
            }
            Err(Trouble::Again { reason, after }) => (reason, after),
        };
        if part.len() >= best + ADVANCE {
            (failures, best) = (0, part.len());
        }
        failures += 1;
        if failures > job.options.retries {
            return Err(FetchError::GaveUp {
                name: job.name.clone(),
                place: target.place(),
                attempts: failures,
                reason,
            });
        }
        let wait = retry::backoff(job.options.backoff, job.options.max_wait, failures);
        let wait = after.map_or(wait, |asked| asked.min(job.options.max_wait));
        let tries = job.options.retries + 1;
        job.note(&format!(
            "{reason}; attempt {} of {tries} in {:.1} s",
            failures + 1,
            wait.as_secs_f64()
        ));
        sleep(job, wait)?;
    }
}

/// Waits, in slices, so that a stop is seen.
fn sleep(job: &Job<'_>, wait: Duration) -> Result<(), FetchError> {
    let end = Instant::now() + wait;
    loop {
        job.check_cancelled()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}
