//! One request over HTTP: redirects, tokens, and what a failure means.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER};

use super::error::FetchError;
use super::job::Job;
use super::{Via, hosts, retry, token};

/// Redirects followed at most.
const REDIRECTS: usize = 10;

/// What to download.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) via: Via,
    /// A Google Drive file: web pages are read for the confirm form.
    pub(super) drive_id: Option<String>,
}

impl Target {
    /// The address as shown: without user, password and query.
    pub(super) fn place(&self) -> String {
        match &self.drive_id {
            Some(id) => format!("google drive file {id}"),
            None => shown(&self.url),
        }
    }
}

/// Why an attempt did not get the file.
pub(super) enum Trouble {
    /// Another attempt will not help.
    Fatal(FetchError),
    /// The host cannot be connected to: one more attempt (none after a timeout), then it is remembered.
    Connect { host: String, reason: String, timeout: bool },
    /// Worth another attempt, after this wait if the server named one.
    Again { reason: String, after: Option<Duration> },
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::Fatal(error)
    }
}

/// An answer, the address that gave it, and whether a token was shown to that address.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) url: Url,
    pub(super) with_token: bool,
}

/// Sends a GET and follows redirects. A token that is refused is left away: public files need none, and a stale token
/// must not hide them.
pub(super) fn get(job: &Job<'_>, url: &Url, headers: &HeaderMap) -> Result<Answer, Trouble> {
    let answer = follow(job, url, headers, true)?;
    if answer.with_token && matches!(answer.response.status().as_u16(), 401 | 403 | 404) {
        let without = follow(job, url, headers, false)?;
        return Ok(Answer { with_token: true, ..without });
    }
    Ok(answer)
}

fn follow(
    job: &Job<'_>,
    url: &Url,
    headers: &HeaderMap,
    with_token: bool,
) -> Result<Answer, Trouble> {
    let client = client(job)?;
    let mut url = url.clone();
    let mut secret =
        job.options.tokens.iter().find_map(|token| token.for_url(&url)).filter(|_| with_token);
    for _ in 0..=REDIRECTS {
        let mut request =
            client.get(url.clone()).headers(headers.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(secret) = secret {
            request = request.bearer_auth(secret);
        }
        let response = send(job, request, &url)?;
        let next = response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
        let Some(next) = next else {
            return Ok(Answer { response, url, with_token: secret.is_some() });
        };
        let next = next.to_str().ok().and_then(|to| url.join(to).ok());
        let next = next
            .ok_or_else(|| refused(job, &url, "redirects to something that is not an address"))?;
        let downgrade = url.scheme() == "https" && next.scheme() == "http";
        if !matches!(next.scheme(), "http" | "https") || downgrade {
            let reason = format!(
                "redirects from {} to {}:, which is not followed",
                url.scheme(),
                next.scheme()
            );
            return Err(refused(job, &url, &reason));
        }
        if url.origin() != next.origin() {
            secret = None;
        }
        url = next;
    }
    Err(refused(job, &url, &format!("redirects more than {REDIRECTS} times")))
}

fn send(job: &Job<'_>, request: RequestBuilder, url: &Url) -> Result<Response, Trouble> {
    let host = authority(url);
    if let Some(reason) = hosts::why_unreachable(&host) {
        return Err(unreachable(job, host, reason).into());
    }
    request.send().map_err(|error| {
        let (reason, timeout) = (innermost(&error), error.is_timeout());
        if reason.contains("certificate") {
            let reason = format!(
                "shows a certificate that cannot be trusted ({reason}), so nothing was read; check this machine's clock, and if a proxy of your site is in between, name its certificates in SSL_CERT_FILE"
            );
            return refused(job, url, &reason);
        }
        if error.is_connect() {
            return Trouble::Connect { host, reason, timeout };
        }
        if error.is_builder() {
            return refused(job, url, &format!("is not a usable address ({reason})"));
        }
        let reason = if timeout {
            "no answer in time".to_owned()
        } else {
            format!("connection lost ({reason})")
        };
        Trouble::Again { reason, after: None }
    })
}

/// One client per pair of timeouts for the whole process: it holds the connections and the certificates.
fn client(job: &Job<'_>) -> Result<Client, Trouble> {
    type Clients = Vec<((Duration, Duration), Client)>;
    static CLIENTS: std::sync::Mutex<Clients> = std::sync::Mutex::new(Vec::new());
    let timeouts = (job.options.connect_timeout, job.options.read_timeout);
    let mut clients = CLIENTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, client)) = clients.iter().find(|(key, _)| *key == timeouts) {
        return Ok(client.clone());
    }
    // Whoever came first has installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("culture-eval/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_gzip()
        .retry(reqwest::retry::never())
        .connect_timeout(timeouts.0)
        // Of the blocking client: for the head of the answer and for each read, not for the whole transfer.
        .timeout(timeouts.1)
        .build()
        .map_err(|e| {
            job.io(std::io::Error::other(format!("cannot set up TLS: {}", innermost(&e))))
        })?;
    clients.push((timeouts, client.clone()));
    Ok(client)
}

/// Turns a status that is no file into a trouble.
pub(super) fn status_trouble(job: &Job<'_>, target: &Target, answer: &Answer) -> Trouble {
    let status = answer.response.status().as_u16();
    let (name, place) = (job.name.clone(), target.place());
    match status {
        401 | 403 => {
            FetchError::Gated { name, place, status, remedy: gated_remedy(job, answer) }.into()
        }
        404 | 410 => FetchError::NotFound { name, place, status, drop_in: job.drop_in() }.into(),
        408 | 425 | 429 | 500..=599 => {
            let asked =
                answer.response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let after = asked.and_then(|value| retry::retry_after(value, SystemTime::now()));
            Trouble::Again { reason: format!("HTTP {}", answer.response.status()), after }
        }
        _ => {
            let reason = format!("answered HTTP {}", answer.response.status());
            FetchError::Refused { name, place, reason }.into()
        }
    }
}

fn gated_remedy(job: &Job<'_>, answer: &Answer) -> String {
    let host = answer.url.host_str().unwrap_or_default();
    let variable = token::variable_for(host);
    let terms = job.source.terms.as_ref().map(|terms| format!("accept the terms at {terms}"));
    let token = match (variable, answer.with_token) {
        (Some(variable), true) => format!("the token in {variable} has no access"),
        (Some(variable), false) => format!("set {variable}"),
        (None, true) => "the token has no access".to_owned(),
        (None, false) if terms.is_some() => format!("set {}", token::HF_TOKEN),
        (None, false) => format!("log in with a browser and put the file at {}", job.drop_in()),
    };
    match terms {
        Some(terms) => format!("{terms}, {token}"),
        None => token,
    }
}

fn refused(job: &Job<'_>, url: &Url, reason: &str) -> Trouble {
    FetchError::Refused { name: job.name.clone(), place: shown(url), reason: reason.to_owned() }
        .into()
}

pub(super) fn unreachable(job: &Job<'_>, host: String, reason: String) -> FetchError {
    FetchError::Unreachable { name: job.name.clone(), host, reason, drop_in: job.drop_in() }
}

/// Host and port.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or("no host");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An address without user, password, query and fragment: fit for messages and logs.
pub(super) fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), authority(url), url.path())
}

/// The last cause of an error: without the address, which may hold a signature or a password.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
