//! Tokens for gated hosts: read from the environment, sent over https to their own host only, never printed.

use std::fmt;

use reqwest::Url;

/// Environment variable with the token for huggingface.co.
pub const HF_TOKEN: &str = "HF_TOKEN";
/// Environment variable with the token for githubusercontent.com.
pub const GITHUB_TOKEN: &str = "GITHUB_TOKEN";

const HOSTS: [(&str, &str); 2] =
    [(HF_TOKEN, "huggingface.co"), (GITHUB_TOKEN, ".githubusercontent.com")];

/// A bearer token and the host that may see it.
#[derive(Clone)]
pub struct Token {
    /// A host name, or a suffix that starts with a dot.
    host: String,
    secret: String,
}

impl Token {
    /// A token for `host` (`huggingface.co`) or all hosts below `.suffix`.
    pub fn new(host: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { host: host.into(), secret: secret.into() }
    }

    /// The tokens that the environment holds: [`HF_TOKEN`] and [`GITHUB_TOKEN`].
    pub fn from_env() -> Vec<Self> {
        HOSTS
            .iter()
            .filter_map(|(variable, host)| {
                let secret = std::env::var(variable).ok()?;
                let secret = secret.trim();
                (!secret.is_empty()).then(|| Self::new(*host, secret))
            })
            .collect()
    }

    /// The secret, where this address may see it: its own host, over https (plain http only on loopback).
    pub(super) fn for_url(&self, url: &Url) -> Option<&str> {
        let host = url.host_str()?;
        let own = host == self.host || (self.host.starts_with('.') && host.ends_with(&self.host));
        let safe = url.scheme() == "https" || is_loopback(host);
        (own && safe).then_some(&*self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token {{ host: {:?}, secret: hidden }}", self.host)
    }
}

/// The variable that holds the token of this host, where there is one.
pub(super) fn variable_for(host: &str) -> Option<&'static str> {
    HOSTS
        .iter()
        .find(|(_, known)| host == known.trim_start_matches('.') || host.ends_with(known))
        .map(|(variable, _)| *variable)
}

fn is_loopback(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_own_host_over_https_only() {
        let sees = |token: &Token, url: &str| token.for_url(&Url::parse(url).unwrap()).is_some();
        let hub = Token::new("huggingface.co", "s3cret");
        assert!(sees(&hub, "https://huggingface.co/datasets/x"));
        assert!(!sees(&hub, "http://huggingface.co/datasets/x"));
        assert!(!sees(&hub, "https://huggingface.co.evil.org/x"));
        assert!(!sees(&hub, "https://evilhuggingface.co/x"));
        let github = Token::new(".githubusercontent.com", "s3cret");
        assert!(sees(&github, "https://raw.githubusercontent.com/x"));
        assert!(!sees(&github, "https://rawgithubusercontent.com/x"));
        assert!(!format!("{github:?}").contains("s3cret"));
    }
}
