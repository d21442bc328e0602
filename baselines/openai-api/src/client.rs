//! One attempt at one request: sent, awaited, read. What went wrong is told as worth another attempt or not.

mod body;

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use plugin_api::Error;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url, redirect};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::answer::{self, Answer, Told, Unread};
use crate::config::Settings;
use crate::facts::Withheld;
use crate::key::Key;
use crate::remedy::{self, Remedy};
use crate::request::{Request, Wanted};
use crate::tls;

/// Characters of a server's text that a message quotes.
const QUOTED: usize = 300;
/// Time to get a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Models that a message names where the server has not the one that was asked for.
const NAMED: usize = 8;

/// The server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    query: Option<String>,
    key: Key,
    timeout: Duration,
    idle_timeout: Duration,
    stream: bool,
    /// Whether a stream is asked to end with its tokens.
    usage_in_stream: bool,
}

/// Why an attempt gave no answer.
#[derive(Debug)]
pub enum Trouble {
    /// Worth another attempt.
    Again(Again),
    /// Another attempt will not help.
    Fatal(Error),
    /// The server answers, but cannot tell log-probabilities: what it lacks.
    NoLogprobs(String),
    /// There is no answer to this prompt; others may have one.
    Withheld(Withheld),
}

/// An attempt that may be repeated.
#[derive(Debug)]
pub struct Again {
    /// What happened.
    pub why: String,
    /// The wait that the server asks for.
    pub after: Option<Duration>,
    /// A sign that there are too many requests.
    pub overload: bool,
    /// There was no connection at all.
    pub unreachable: bool,
}

impl Again {
    fn because(why: impl Into<String>) -> Trouble {
        let again = Self { why: why.into(), after: None, overload: false, unreachable: false };
        Trouble::Again(again)
    }

    fn overload(why: impl Into<String>, after: Option<Duration>) -> Trouble {
        Trouble::Again(Self { why: why.into(), after, overload: true, unreachable: false })
    }
}

impl Client {
    /// A client of the server; nothing is sent yet.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Whoever came first has installed the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("culture-eval/", env!("CARGO_PKG_VERSION")))
            // The key must not follow a redirect.
            .redirect(redirect::Policy::none())
            .referer(false)
            // We count the attempts.
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(settings.concurrency)
            .tcp_nodelay(true);
        if is_loopback(&settings.base) {
            builder = builder.no_proxy();
        }
        if let Some(socket) = &settings.socket {
            builder = builder.unix_socket(socket.as_path());
        }
        if let Some(path) = &settings.certificate {
            builder = builder.tls_backend_preconfigured(tls::only(path)?);
        }
        let http = builder
            .build()
            .map_err(|e| Error::internal(format!("cannot set up HTTPS: {}", innermost(&e))))?;
        Ok(Self {
            http,
            base: settings.base.clone(),
            query: settings.query.clone(),
            key: settings.key.clone(),
            timeout: settings.timeout,
            idle_timeout: settings.idle_timeout,
            stream: settings.stream,
            usage_in_stream: !settings.omit.iter().any(|name| name == "stream_options"),
        })
    }

    /// Whether the key can be read on its way.
    pub fn is_exposed(&self) -> bool {
        self.key.header().is_some() && self.base.scheme() == "http" && !is_loopback(&self.base)
    }

    /// The server's address, for messages.
    pub fn place(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// A message of ours without the key.
    pub fn clean(&self, error: Error) -> Error {
        Error { message: self.key.scrub(&error.message), ..error }
    }

    /// Sends the request once. A future that is dropped cancels it.
    pub async fn attempt(&self, request: &Request) -> Result<Answer, Trouble> {
        let end = Instant::now() + self.timeout;
        // An echoed prompt is one piece.
        let stream = self.stream && !matches!(request.wanted, Wanted::Echo { .. });
        let mut body = request.body.clone();
        if stream {
            body["stream"] = true.into();
            if self.usage_in_stream {
                body["stream_options"] = json!({ "include_usage": true });
            }
        }
        let response = self.send(request.path, body.to_string(), end).await?;
        let status = response.status();
        if !status.is_success() {
            return self.refused(response, request, end).await;
        }
        let body = self.body(response, end).await?;
        match answer::read(&body, &request.wanted) {
            Ok(answer) => Ok(self.scrubbed(answer)),
            Err(Unread::NoLogprobs(what)) => Err(Trouble::NoLogprobs(what)),
            Err(Unread::Nothing(what)) => Err(Again::because(what)),
            Err(Unread::Error(told)) => Err(self.told(StatusCode::OK, &told, None)),
            // A proxy may put anything in the place of one answer.
            Err(Unread::Shape(what)) => Err(Again::because(format!(
                "{what}: {}; is it an OpenAI-compatible server?",
                quoted(&body.to_string())
            ))),
        }
    }

    async fn send(&self, path: &str, body: String, end: Instant) -> Result<Response, Trouble> {
        let url = self.url(path).map_err(|e| Trouble::Fatal(Error::config(e)))?;
        let mut request = self.http.post(url).header(CONTENT_TYPE, "application/json").body(body);
        if let Some((name, key)) = self.key.header() {
            request = request.header(name, key);
        }
        match timeout_at(end, request.send()).await {
            Err(_) => Err(self.too_late()),
            Ok(Err(error)) if error.is_connect() => Err(self.unreached(&innermost(&error))),
            Ok(Err(error)) => Err(lost(&error)),
            Ok(Ok(response)) => Ok(response),
        }
    }

    /// Below the base address, with its query.
    fn url(&self, path: &str) -> Result<Url, impl std::fmt::Display> {
        self.base.join(path).map(|mut url| {
            url.set_query(self.query.as_deref());
            url
        })
    }

    /// No connection: none there, or none that can be trusted.
    fn unreached(&self, reason: &str) -> Trouble {
        if tls::is_distrust(reason) {
            let place = self.place();
            return Trouble::Fatal(Error::config(format!("{place} {}", tls::advice(reason))));
        }
        Trouble::Again(Again {
            why: format!("cannot connect ({reason})"),
            after: None,
            overload: false,
            unreachable: true,
        })
    }

    fn too_late(&self) -> Trouble {
        let seconds = self.timeout.as_secs_f64();
        Again::overload(format!("no answer within {seconds} s (`timeout`)"), None)
    }

    /// A status that is no success.
    async fn refused(
        &self,
        response: Response,
        request: &Request,
        end: Instant,
    ) -> Result<Answer, Trouble> {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = self.bytes(response, end).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let told = lenient_json::from_slice(&bytes).ok().as_ref().and_then(answer::told);
        let told = told.unwrap_or_else(|| Told { code: String::new(), message: text.into_owned() });
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            return Err(Trouble::Fatal(Error::config(format!(
                "{} redirects to {}; set `base_url` to where it leads",
                self.place(),
                quoted(to)
            ))));
        }
        if let Some(withheld) = self.withheld(status, &told) {
            return Err(Trouble::Withheld(withheld));
        }
        // Servers that know no `echo` or `logprobs` say so in many ways.
        let asked_too_much =
            request.wanted != Wanted::Text && matches!(status.as_u16(), 400 | 422 | 501);
        if asked_too_much && remedy::of(&told).is_none_or(|remedy| is_of_logprobs(&remedy)) {
            return Err(Trouble::NoLogprobs(format!(
                "the server refuses it with HTTP {status}: {}",
                quoted(&told.message)
            )));
        }
        let mut trouble = self.told(status, &told, wait(&headers, SystemTime::now()));
        if status == StatusCode::NOT_FOUND
            && let Trouble::Fatal(error) = &mut trouble
        {
            error.message.push_str(&self.models(end).await);
        }
        Err(trouble)
    }

    /// What the server says of this prompt alone.
    fn withheld(&self, status: StatusCode, told: &Told) -> Option<Withheld> {
        Withheld::of(status.as_u16(), told, || self.key.scrub(&quoted(&told.message)))
    }

    /// An error in the server's words.
    fn told(&self, status: StatusCode, told: &Told, after: Option<Duration>) -> Trouble {
        if let Some(withheld) = self.withheld(status, told) {
            return Trouble::Withheld(withheld);
        }
        let place = self.place();
        let words = quoted(&told.message);
        let status = true_status(status, told);
        let fatal = |remedy: &str| {
            Trouble::Fatal(Error::config(format!("{place}: HTTP {status}: {words}; {remedy}")))
        };
        let known = remedy::of(told);
        match status.as_u16() {
            code if code == 402
                || told.code == "insufficient_quota"
                || known == Some(Remedy::Credit) =>
            {
                fatal(
                    "the account has no quota left: add credit, then run again with --retry-failed",
                )
            }
            429 | 503 | 529 => Again::overload(format!("HTTP {status}: {words}"), after),
            // Those of proxies and of Cloudflare (499, 520 to 530) among them.
            408 | 409 | 425 | 499 | 500 | 502 | 504 | 506.. => Trouble::Again(Again {
                why: format!("HTTP {status}: {words}"),
                after,
                overload: status.as_u16() >= 500,
                unreachable: false,
            }),
            200 if known != Some(Remedy::Key) => {
                Again::because(format!("an error in the place of an answer: {words}"))
            }
            code if matches!(code, 401 | 403) || known == Some(Remedy::Key) => fatal(&format!(
                "the server refuses {}: set a valid one, then run again with --retry-failed",
                self.key.origin()
            )),
            404 => fatal("check `model`, `base_url` (it ends in /v1) and `endpoint`"),
            _ => match known {
                Some(Remedy::Config(remedy)) => fatal(&remedy),
                _ => {
                    fatal("check the fields of the request: `omit` leaves one out, `body` adds one")
                }
            },
        }
    }

    /// What the server has, for a message; nothing where it does not tell.
    async fn models(&self, end: Instant) -> String {
        let Ok(url) = self.url("models") else { return String::new() };
        let mut request = self.http.get(url);
        if let Some((name, key)) = self.key.header() {
            request = request.header(name, key);
        }
        let Ok(Ok(response)) = timeout_at(end, request.send()).await else { return String::new() };
        if !response.status().is_success() {
            return String::new();
        }
        let bytes = self.bytes(response, end).await.unwrap_or_default();
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let names = body["data"].as_array().into_iter().flatten().filter_map(|m| m["id"].as_str());
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return String::new();
        }
        let more = if names.len() > NAMED { ", ..." } else { "" };
        let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        format!("; the server has {}{more}", quoted(&shown))
    }

    fn scrubbed(&self, mut answer: Answer) -> Answer {
        if let answer::Said::Text(text) = &mut answer.said {
            *text = self.key.scrub_reply(std::mem::take(text));
        }
        let more =
            [&mut answer.model, &mut answer.finish, &mut answer.thought, &mut answer.refusal];
        for text in more.into_iter().flatten() {
            *text = self.key.scrub_reply(std::mem::take(text));
        }
        answer
    }
}

/// Some proxies put the true status into the body.
fn true_status(status: StatusCode, told: &Told) -> StatusCode {
    if status != StatusCode::OK {
        return status;
    }
    let named = match told.code.to_lowercase().as_str() {
        "rate_limit_exceeded" | "rate_limit_error" | "overloaded_error" => Some(429),
        "model_not_found" => Some(404),
        code => code.parse().ok(),
    };
    let named = named.filter(|code| (400..600).contains(code));
    named.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(status)
}

/// Whether a remedy is about what only log-probabilities need.
fn is_of_logprobs(remedy: &Remedy) -> bool {
    matches!(remedy, Remedy::Config(text) if text.contains("logprobs") || text.contains("echo"))
}

/// The wait that a server asks for: `retry-after-ms` (OpenAI), or `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
fn wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1e3).ok();
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let then = httpdate::parse_http_date(value).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

/// The connection broke after it was there.
fn lost(error: &reqwest::Error) -> Trouble {
    Again::because(format!("connection lost ({})", innermost(error)))
}

/// The last cause: without the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.source().is_none() { error.to_string() } else { cause.to_string() }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A server's text in one line.
fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    match line.char_indices().nth(QUOTED) {
        _ if line.is_empty() => "nothing said".to_owned(),
        Some((cut, _)) => format!("{} ...", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_for_a_wait() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let check = |name: &'static str, value: &'static str, seconds: Option<f64>| {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(wait(&headers, now).map(|d| d.as_secs_f64()), seconds, "{name}: {value}");
        };
        check("retry-after", "120", Some(120.0));
        check("retry-after", " 0.5 ", Some(0.5));
        check("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT", Some(60.0));
        check("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0));
        check("retry-after", "soon", None);
        check("retry-after", "-1", None);
        check("retry-after-ms", "1500", Some(1.5));
        check("x", "1", None);
    }

    #[test]
    fn quotes_are_one_short_line() {
        assert_eq!(quoted(" a\n\tb\u{1b}[31m "), "a b[31m");
        assert_eq!(quoted(" \n"), "nothing said");
        assert_eq!(quoted(&"ü".repeat(400)), format!("{} ...", "ü".repeat(300)));
    }

    #[test]
    fn loopback_needs_no_proxy() {
        let check =
            |url, expect| assert_eq!(is_loopback(&Url::parse(url).unwrap()), expect, "{url}");
        check("http://localhost:8080/v1", true);
        check("http://127.0.0.2/v1", true);
        check("http://[::1]:1/v1", true);
        check("http://localhost.example/v1", false);
        check("https://api.openai.com/v1", false);
    }
}
