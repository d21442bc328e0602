//! One attempt at a download: what is asked for, what the answer means, and its body.

use std::io::Read;

use reqwest::Url;
use reqwest::header::{
    CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue,
    IF_RANGE, RANGE,
};

use super::drive::{self, Page};
use super::error::FetchError;
use super::job::Job;
use super::part::{Part, content_length};
use super::progress::Transfer;
use super::request::{self, Answer, Target, Trouble};

/// Web pages are read up to here.
const PAGE: u64 = 1024 * 1024;

/// Continues with the part, or starts it again, until it is complete.
pub(super) fn attempt(
    job: &Job<'_>,
    target: &Target,
    part: &mut Part,
    bar: &mut dyn Transfer,
) -> Result<(), Trouble> {
    if part.len() > 0 && Some(part.len()) == job.source.bytes {
        return Ok(());
    }
    let answer = ask(job, target, &target.url, part)?;
    let answer = if is_page(job, &answer) { read_page(job, target, answer, part)? } else { answer };
    let total = match answer.response.status().as_u16() {
        200 => {
            part.begin(job, answer.response.headers())?;
            content_length(answer.response.headers())
        }
        206 => match content_range(answer.response.headers()) {
            Some((start, total))
                if start == part.len() && part.resume(answer.response.headers()) =>
            {
                total
            }
            _ => return Err(restart(job, part, "the file changed since the interruption")),
        },
        416 if part.len() > 0 => match unsatisfied_total(answer.response.headers()) {
            Some(total) if total == part.len() => return Ok(()),
            _ => return Err(restart(job, part, "the server has no such range (HTTP 416)")),
        },
        _ => return Err(request::status_trouble(job, target, &answer)),
    };
    check_head(job, target, &answer, total)?;
    receive(job, target, answer, total, part, bar)
}

/// Asks for the file, or for the rest of it.
fn ask(job: &Job<'_>, target: &Target, url: &Url, part: &mut Part) -> Result<Answer, Trouble> {
    let mut headers = HeaderMap::new();
    if part.can_resume() {
        let header = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| FetchError::Refused {
                name: job.name.clone(),
                place: target.place(),
                reason: "sent a validator that is not text".to_owned(),
            })
        };
        headers.insert(RANGE, header(&format!("bytes={}-", part.len()))?);
        if let Some(validator) = part.validator() {
            headers.insert(IF_RANGE, header(validator)?);
        }
    }
    request::get(job, url, &headers)
}

fn restart(job: &Job<'_>, part: &mut Part, reason: &str) -> Trouble {
    match part.clear(job) {
        Ok(()) => Trouble::Again { reason: format!("{reason}; starting over"), after: None },
        Err(error) => error.into(),
    }
}

/// A web page where a file is expected: a login, a confirm form, a captive portal.
fn is_page(job: &Job<'_>, answer: &Answer) -> bool {
    let headers = answer.response.headers();
    let html = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    let path = std::path::Path::new(&job.source.path);
    let wanted = path
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("html") || ext.eq_ignore_ascii_case("htm"));
    let no_error = answer.response.status().is_success();
    html && !wanted
        && (no_error || is_drive_refusal(answer))
        && !headers.contains_key(CONTENT_DISPOSITION)
}

/// Google Drive says "quota exceeded" with a 403 or 429, too.
fn is_drive_refusal(answer: &Answer) -> bool {
    let quota = matches!(answer.response.status().as_u16(), 403 | 429);
    quota
        && answer.url.path() == "/download"
        && answer.url.query().is_some_and(|q| q.contains("export=download"))
}

/// Fills in Google Drive's confirm form; any other page is an error that shows its title.
fn read_page(
    job: &Job<'_>,
    target: &Target,
    answer: Answer,
    part: &mut Part,
) -> Result<Answer, Trouble> {
    let (url, status) = (answer.url.clone(), answer.response.status().as_u16());
    let mut html = Vec::new();
    if answer.response.take(PAGE).read_to_end(&mut html).is_err() {
        return Err(Trouble::Again {
            reason: "connection lost within a web page".to_owned(),
            after: None,
        });
    }
    let html = String::from_utf8_lossy(&html);
    let (name, drop_in) = (job.name.clone(), job.drop_in());
    if let Some(id) = &target.drive_id {
        match drive::read_page(&html, &url) {
            Page::Confirm(next) if status == 200 => {
                let answer = ask(job, target, &next, part)?;
                if !is_page(job, &answer) {
                    return Ok(answer);
                }
            }
            Page::Quota => return Err(FetchError::Quota { name, id: id.clone(), drop_in }.into()),
            _ => {}
        }
    }
    Err(FetchError::WebPage { name, place: target.place(), title: drive::title(&html), drop_in }
        .into())
}

/// Refuses before the body: another encoding, another size than pinned, too large.
fn check_head(
    job: &Job<'_>,
    target: &Target,
    answer: &Answer,
    total: Option<u64>,
) -> Result<(), FetchError> {
    let encoding =
        answer.response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        let reason = format!("sent the file encoded as {encoding:?} though it was asked not to");
        return Err(FetchError::Refused { name: job.name.clone(), place: target.place(), reason });
    }
    if total.is_some_and(|total| total > job.options.max_bytes) {
        return Err(job.too_large(&target.place()));
    }
    match (job.source.bytes, total) {
        (Some(expected), Some(actual)) if expected != actual => Err(FetchError::Size {
            name: job.name.clone(),
            place: target.place(),
            expected,
            actual,
        }),
        _ => Ok(()),
    }
}

fn receive(
    job: &Job<'_>,
    target: &Target,
    answer: Answer,
    total: Option<u64>,
    part: &mut Part,
    bar: &mut dyn Transfer,
) -> Result<(), Trouble> {
    let mut body = answer.response;
    let mut block = vec![0; 64 * 1024];
    if let Some(total) = total {
        bar.total(total);
    }
    bar.position(part.len());
    loop {
        job.check_cancelled()?;
        let n = match body.read(&mut block) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) => {
                let had = part.len();
                let of = total.map_or_else(String::new, |total| format!(" of {total}"));
                let why = request::innermost(&error);
                let reason = format!("connection lost after {had}{of} bytes ({why})");
                return Err(Trouble::Again { reason, after: None });
            }
        };
        part.append(job, &block[..n])?;
        if part.len() > job.options.max_bytes {
            part.clear(job)?;
            return Err(job.too_large(&target.place()).into());
        }
        if let Some(expected) = job.source.bytes.filter(|expected| part.len() > *expected) {
            let actual = part.len();
            part.clear(job)?;
            return Err(FetchError::Size {
                name: job.name.clone(),
                place: target.place(),
                expected,
                actual,
            }
            .into());
        }
        bar.position(part.len());
    }
    match total {
        Some(total) if total != part.len() => {
            let reason = format!("the server announced {total} bytes and sent {}", part.len());
            Err(Trouble::Again { reason, after: None })
        }
        _ => Ok(()),
    }
}

/// `bytes 5-9/10`: the start, and the total where it is known.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    Some((start, total.trim().parse().ok()))
}

/// `bytes */10`.
fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes */")?.parse().ok()
}
