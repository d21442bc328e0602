//! Google Drive: the address of a file, and what its web pages mean.

use reqwest::Url;

/// Where public files are downloaded from.
pub const BASE: &str = "https://drive.usercontent.google.com";

/// The address that skips the page "too large to be scanned for viruses" for most files.
pub(super) fn address(base: &str, id: &str) -> Result<Url, String> {
    let address = format!("{}/download", base.trim_end_matches('/'));
    let mut url =
        Url::parse(&address).map_err(|e| format!("{address:?} is not an address: {e}"))?;
    url.query_pairs_mut()
        .append_pair("id", id)
        .append_pair("export", "download")
        .append_pair("confirm", "t");
    Ok(url)
}

/// What a page says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The confirm form, filled in.
    Confirm(Url),
    /// The file's quota is used up.
    Quota,
    /// Anything else.
    Other,
}

/// Reads a page that came instead of the file.
pub(super) fn read_page(html: &str, at: &Url) -> Page {
    let lower = html.to_ascii_lowercase();
    if lower.contains("quota exceeded")
        || lower.contains("too many users have viewed or downloaded")
    {
        return Page::Quota;
    }
    confirm(html, at).map_or(Page::Other, Page::Confirm)
}

/// The address that the form `download-form` would go to, with its hidden fields. Only back to the same host.
fn confirm(html: &str, at: &Url) -> Option<Url> {
    let form = &html[html.find("id=\"download-form\"")?..];
    let form = &form[..form.find("</form>").unwrap_or(form.len())];
    let mut url = at.join(&attribute(form, "action")?).ok()?;
    if url.host_str() != at.host_str() || url.scheme() != at.scheme() {
        return None;
    }
    let fields: Vec<(String, String)> = form
        .split("<input")
        .skip(1)
        .filter_map(|input| {
            let input = &input[..input.find('>').unwrap_or(input.len())];
            Some((attribute(input, "name")?, attribute(input, "value")?))
        })
        .collect();
    if fields.is_empty() {
        return None;
    }
    url.query_pairs_mut().clear().extend_pairs(fields);
    Some(url)
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!(" {name}=\""))?;
    let value = &rest[..rest.find('"')?];
    Some(value.replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\""))
}

/// The title of a web page, short, for a message.
pub(super) fn title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|start| {
        let rest = &html[start..];
        let rest = &rest[rest.find('>')? + 1..];
        let end = rest.find("</")?;
        Some(rest[..end].split_whitespace().collect::<Vec<_>>().join(" "))
    });
    title
        .filter(|t| !t.is_empty())
        .map_or_else(String::new, |t| format!(" (\"{}\")", t.chars().take(80).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confirm_form_is_filled_in() {
        let at = address(BASE, "ID").unwrap();
        assert_eq!(
            at.as_str(),
            "https://drive.usercontent.google.com/download?id=ID&export=download&confirm=t"
        );
        let html = r#"<html><title>Google Drive - Virus scan warning</title><form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
            <input type="submit" id="uc-download-link" value="Download anyway"/><input type="hidden" name="id" value="ID">
            <input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="a&amp;b"></form>"#;
        let Page::Confirm(url) = read_page(html, &at) else { panic!("no form") };
        assert_eq!(
            url.as_str(),
            "https://drive.usercontent.google.com/download?id=ID&confirm=t&uuid=a%26b"
        );
        assert_eq!(
            read_page(&html.replace("https://drive.usercontent", "https://evil"), &at),
            Page::Other
        );
        assert_eq!(read_page("<title>Google Drive - Quota exceeded</title>", &at), Page::Quota);
        assert_eq!(title(html), " (\"Google Drive - Virus scan warning\")");
    }
}
