//! Many requests: some at once, as many as the server bears, each again where that may help.
//!
//! All waiting is done by the runtime on the caller's thread: no thread spins, and none is started for a request.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use plugin_api::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::answer::Answer;
use crate::client::{Again, Client, Trouble};
use crate::config::Settings;
use crate::facts::Withheld;
use crate::pace::{Quota, Window};
use crate::request::Request;

/// How often it is asked whether to stop.
const TICK: Duration = Duration::from_millis(100);
/// Attempts at a server that was never reached: it is rather not there than busy.
const UNREACHED: u32 = 3;
/// How long answers under way are waited for after a failure: they are paid for.
const DRAIN: Duration = Duration::from_secs(30);

/// What is kept from call to call.
#[derive(Debug)]
pub struct Schedule {
    client: Arc<Client>,
    window: Window,
    requests: Option<Quota>,
    tokens: Option<Quota>,
    /// Nobody sends before: the server asked for a wait.
    pause: Option<Instant>,
    /// Whether a connection was ever made.
    reached: bool,
    limits: Limits,
}

#[derive(Debug)]
struct Limits {
    retries: u32,
    backoff: Duration,
    max_wait: Duration,
}

/// How a run of requests ended.
#[derive(Debug)]
pub enum Stop {
    /// By an error.
    Error(Error),
    /// The server cannot tell log-probabilities: what it lacks.
    NoLogprobs(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What happens while requests run.
pub trait Observer {
    /// An attempt is sent; `again`: not the first of its request.
    fn sent(&mut self, again: bool);
    /// The answer to the request at `place` arrived. An error ends the run.
    fn answered(&mut self, place: usize, request: &Request, answer: Answer) -> Result<(), Error>;
    /// The server has no answer to the request at `place`.
    fn withheld(&mut self, place: usize, why: Withheld);
    /// Something worth a line in the log.
    fn note(&mut self, line: &str);
    /// Whether to stop.
    fn is_cancelled(&self) -> bool;
}

/// A request on its way.
#[derive(Debug)]
struct Job {
    place: usize,
    request: Request,
    failures: u32,
}

/// A job that waits for its next attempt; the earliest is the greatest.
struct Waiting(Instant, Job);

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        Reverse((self.0, self.1.place)).cmp(&Reverse((other.0, other.1.place)))
    }
}

/// An attempt that came to its end.
struct Attempt {
    job: Job,
    sent: Instant,
    /// Number of its estimate in the quota of tokens.
    spending: u64,
    result: Result<Answer, Trouble>,
}

/// The requests of one run.
struct Run {
    fresh: VecDeque<Job>,
    again: BinaryHeap<Waiting>,
    flying: JoinSet<Attempt>,
    stop: Option<(Stop, Instant)>,
}

impl Schedule {
    /// A schedule that has sent nothing yet.
    pub fn new(client: Arc<Client>, settings: &Settings) -> Self {
        Self {
            client,
            window: Window::new(settings.concurrency),
            requests: settings.requests_per_minute.map(Quota::new),
            tokens: settings.tokens_per_minute.map(Quota::new),
            pause: None,
            reached: false,
            limits: Limits {
                retries: settings.retries,
                backoff: settings.backoff,
                max_wait: settings.max_wait,
            },
        }
    }

    /// Sends all requests. After an error no new one is sent, and those under way are waited for a while.
    pub async fn run(
        &mut self,
        requests: Vec<(usize, Request)>,
        observer: &mut impl Observer,
    ) -> Result<(), Stop> {
        let mut run = Run {
            fresh: requests
                .into_iter()
                .map(|(place, request)| Job { place, request, failures: 0 })
                .collect(),
            again: BinaryHeap::new(),
            flying: JoinSet::new(),
            stop: None,
        };
        loop {
            if observer.is_cancelled() {
                return Err(Error::cancelled().into());
            }
            let mut wake = Instant::now() + TICK;
            if run.stop.is_none() {
                wake = wake.min(self.send_ready(&mut run, observer));
            }
            if let Some((stop, until)) = run.stop.take() {
                if run.flying.is_empty() || Instant::now() >= until {
                    return Err(stop);
                }
                run.stop = Some((stop, until));
            }
            if run.flying.is_empty() {
                if run.fresh.is_empty() && run.again.is_empty() {
                    return Ok(());
                }
                sleep_until(wake).await;
            } else if let Ok(Some(ended)) = timeout_at(wake, run.flying.join_next()).await {
                match ended {
                    Ok(attempt) => self.ended(attempt, &mut run, observer),
                    Err(panic) => run.fail(Error::internal(format!("a request broke: {panic}"))),
                }
            }
        }
    }

    /// Sends what may be sent now; gives the moment at which more may be.
    fn send_ready(&mut self, run: &mut Run, observer: &mut impl Observer) -> Instant {
        let now = Instant::now();
        let mut wake = now + TICK;
        self.pause = self.pause.filter(|until| *until > now);
        if let Some(until) = self.pause {
            return until.min(wake);
        }
        while run.flying.len() < self.window.size() {
            let ready = run.again.peek().is_some_and(|waiting| waiting.0 <= now);
            let estimate = if ready {
                run.again.peek().map(|waiting| waiting.1.request.estimate)
            } else {
                run.fresh.front().map(|job| job.request.estimate)
            };
            let Some(estimate) = estimate else { break };
            let quotas = [(&mut self.requests, 1), (&mut self.tokens, estimate)];
            let when = quotas
                .into_iter()
                .filter_map(|(quota, amount)| quota.as_mut()?.when(amount, now))
                .max();
            if let Some(when) = when {
                return when.min(wake);
            }
            if let Some(quota) = &mut self.requests {
                quota.spend(1, now);
            }
            let spending = self.tokens.as_mut().map_or(0, |quota| quota.spend(estimate, now));
            let job = if ready { run.again.pop().map(|w| w.1) } else { run.fresh.pop_front() };
            let Some(job) = job else { break };
            observer.sent(job.failures > 0);
            let client = Arc::clone(&self.client);
            run.flying.spawn(async move {
                let result = client.attempt(&job.request).await;
                Attempt { job, sent: now, spending, result }
            });
        }
        if let Some(Waiting(then, _)) = run.again.peek() {
            wake = wake.min(*then);
        }
        // With a full window only an answer lets the next one go.
        if run.flying.len() >= self.window.size() { now + TICK } else { wake }
    }

    fn ended(&mut self, attempt: Attempt, run: &mut Run, observer: &mut impl Observer) {
        let Attempt { mut job, sent, spending, result } = attempt;
        let now = Instant::now();
        let again = match result {
            Ok(answer) => {
                self.reached = true;
                self.window.widen();
                if let (Some(quota), Some((input, output))) = (&mut self.tokens, answer.usage) {
                    quota.correct(spending, input + output);
                }
                if let Err(error) = observer.answered(job.place, &job.request, answer) {
                    run.fail(error);
                }
                return;
            }
            Err(Trouble::Withheld(why)) => {
                self.reached = true;
                return observer.withheld(job.place, why);
            }
            Err(Trouble::Fatal(error)) => return run.fail(error),
            Err(Trouble::NoLogprobs(what)) => return run.stop(Stop::NoLogprobs(what)),
            Err(Trouble::Again(again)) => again,
        };
        self.reached |= !again.unreachable;
        if again.overload {
            self.window.narrow(sent, now);
        }
        job.failures += 1;
        if let Some(error) = self.given_up(&again, job.failures) {
            return run.fail(error);
        }
        let wait = match again.after {
            // Never before the moment that the server names, and not all at that moment.
            Some(asked) => {
                let until = now + asked;
                self.pause = Some(self.pause.map_or(until, |pause| pause.max(until)));
                asked + self.limits.backoff.mul_f64(random())
            }
            None => backoff(self.limits.backoff, self.limits.max_wait, job.failures),
        };
        if job.failures == 1 || again.after.is_some() {
            let size = self.window.size();
            observer.note(&format!(
                "{}; attempt {} in {:.1} s, at most {size} requests at once",
                again.why,
                job.failures + 1,
                wait.as_secs_f64()
            ));
        }
        run.again.push(Waiting(now + wait, job));
    }

    /// The error where no further attempt is made.
    fn given_up(&self, again: &Again, failures: u32) -> Option<Error> {
        let place = self.client.place();
        if again.unreachable && !self.reached && failures >= UNREACHED.min(self.limits.retries + 1)
        {
            return Some(Error::internal(format!(
                "{place}: {}; start the server or set `base_url` to where it is, then run again with --retry-failed",
                again.why
            )));
        }
        if let Some(asked) = again.after.filter(|asked| *asked > self.limits.max_wait) {
            return Some(Error::internal(format!(
                "{place}: {}; the server asks for a wait of {:.0} s, `max_wait` is {:.0} s: raise it, or run again later with --retry-failed",
                again.why,
                asked.as_secs_f64(),
                self.limits.max_wait.as_secs_f64()
            )));
        }
        (failures > self.limits.retries).then(|| {
            Error::internal(format!(
                "{place}: gave up after {failures} attempts, the last: {}; run again with --retry-failed (answers so far are kept where `cache = true`), lower `concurrency`, or raise `retries`",
                again.why
            ))
        })
    }
}

impl Run {
    fn fail(&mut self, error: Error) {
        self.stop(Stop::Error(error));
    }

    /// The first reason to stop is the one that is told.
    fn stop(&mut self, stop: Stop) {
        if self.stop.is_none() {
            self.stop = Some((stop, Instant::now() + DRAIN));
        }
    }
}

/// The wait before attempt `failures + 1`: doubled each time, capped, and between half and the whole of it at random, so that
/// requests that failed together do not come back together.
fn backoff(base: Duration, cap: Duration, failures: u32) -> Duration {
    let full = base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(cap);
    full.mul_f64(0.5 + random() / 2.0)
}

/// A number of [0, 1]; it moves requests in time and changes no answer.
fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_within_its_cap() {
        let base = Duration::from_millis(100);
        for failures in 1..40 {
            let wait = backoff(base, Duration::from_secs(3), failures);
            let full = base.saturating_mul(1 << (failures - 1).min(16)).min(Duration::from_secs(3));
            assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?}");
        }
    }
}
