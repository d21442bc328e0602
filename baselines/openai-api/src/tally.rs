//! What was asked, answered and paid: numbers for the cell's log and its metrics.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plugin_api::Host;

use crate::answer::{Answer, Said};
use crate::config::Price;
use crate::facts::{self, Withheld};

/// Reasons that the line names.
const NAMED: usize = 3;

/// Counts since the model was created.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests that were sent, each attempt counted.
    pub requests: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Answers that the cache had.
    pub cached: u64,
    /// Prompts like another of the same call: asked once.
    pub doubles: u64,
    /// Answers that were paid for.
    pub answers: u64,
    input: u64,
    output: u64,
    /// Answers that do not tell their tokens.
    untold: u64,
    /// Replies that the limit of tokens cut, though they have text.
    cut: u64,
    /// Prompts without an answer, by the server's words.
    withheld: BTreeMap<String, u64>,
    /// Replies without text, by how they ended.
    empty: BTreeMap<String, u64>,
    /// What the server says it is.
    models: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an answer that was paid for.
    pub fn paid(&mut self, answer: &Answer) {
        self.answers += 1;
        match answer.usage {
            Some((input, output)) => {
                self.input += input;
                self.output += output;
            }
            None => self.untold += 1,
        }
    }

    /// Counts an answer that is used, paid for now or before.
    pub fn used(&mut self, answer: &Answer) {
        if let Some(model) = &answer.model {
            *self.models.entry(model.clone()).or_default() += 1;
        }
        if matches!(&answer.said, Said::Text(text) if text.is_empty()) {
            let finish = answer.finish.as_deref().unwrap_or("no reason given");
            let how = if answer.refusal.is_some() { "refusal" } else { finish };
            *self.empty.entry(how.to_owned()).or_default() += 1;
        } else if matches!(answer.said, Said::Text(_)) && facts::is_cut(answer.finish.as_deref()) {
            self.cut += 1;
        }
    }

    /// Counts a prompt without an answer.
    pub fn withheld(&mut self, why: &Withheld) {
        *self.withheld.entry(why.to_string()).or_default() += 1;
    }

    /// Tokens of prompts and replies.
    pub fn tokens(&self) -> (u64, u64) {
        (self.input, self.output)
    }

    /// US dollars.
    pub fn cost(&self, price: Price) -> f64 {
        (self.input as f64 * price.input + self.output as f64 * price.output) / 1e6
    }

    /// Everything in one line.
    pub fn line(&self, price: Option<Price>) -> String {
        let mut line = format!(
            "so far: {} answers by {} requests ({} retries), {} from the cache, {} doubles; {} tokens in, {} out",
            self.answers,
            self.requests,
            self.retries,
            self.cached,
            self.doubles,
            self.input,
            self.output
        );
        if self.untold > 0 {
            let _ = write!(line, " ({} answers do not report theirs)", self.untold);
        }
        if let Some(price) = price {
            let _ = write!(line, "; {:.6} USD", self.cost(price));
        }
        for (how, count) in &self.empty {
            let remedy = if how == "length" { "; raise `max_tokens`" } else { "" };
            let _ = write!(line, "; {count} replies without text ({how}{remedy})");
        }
        if self.cut > 0 {
            let _ = write!(line, "; {} replies cut (raise `max_tokens`)", self.cut);
        }
        let mut reasons: Vec<(&String, &u64)> = self.withheld.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (why, count) in reasons.iter().take(NAMED) {
            let _ = write!(line, "; {count} prompts without an answer ({why})");
        }
        if let Some(more) = reasons.get(NAMED..) {
            let count: u64 = more.iter().map(|(_, count)| **count).sum();
            if count > 0 {
                let _ = write!(line, "; {count} more for other reasons");
            }
        }
        if !self.models.is_empty() {
            let names: Vec<&str> = self.models.keys().map(String::as_str).collect();
            let _ = write!(line, "; served by {}", names.join(", "));
        }
        line
    }

    /// Puts the counts into the cell's log, as a line and as metrics over the answers used.
    pub fn tell(&self, price: Option<Price>, host: &Host) {
        let step = (self.answers + self.cached) as usize;
        for (name, value) in [
            ("requests", self.requests),
            ("retries", self.retries),
            ("cached", self.cached),
            ("tokens-in", self.input),
            ("tokens-out", self.output),
        ] {
            host.metric(name, step, value as f64);
        }
        if let Some(price) = price {
            host.metric("cost-usd", step, self.cost(price));
        }
        host.log(self.line(price));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cost_what_the_table_says() {
        let answer = |said, usage, finish: Option<&str>| Answer {
            usage,
            model: Some("m-2026-01-01".to_owned()),
            finish: finish.map(str::to_owned),
            ..Answer::of(said)
        };
        let mut tally = Tally { requests: 4, retries: 1, cached: 2, ..Tally::default() };
        for paid in [
            answer(Said::Text("yes".to_owned()), Some((1_000_000, 10)), Some("stop")),
            answer(Said::Text(String::new()), Some((500_000, 90)), Some("length")),
            answer(Said::Text("no".to_owned()), None, Some("length")),
        ] {
            tally.paid(&paid);
            tally.used(&paid);
        }
        tally.withheld(&Withheld::Moderated("risk".to_owned()));
        let price = Price { input: 0.15, output: 60.0 };
        assert!((tally.cost(price) - 0.231).abs() < 1e-12, "1.5 * 0.15 + 100 * 60 / 1e6");
        assert_eq!(
            tally.line(Some(price)),
            "so far: 3 answers by 4 requests (1 retries), 2 from the cache, 0 doubles; 1500000 tokens in, 100 out \
             (1 answers do not report theirs); 0.231000 USD; 1 replies without text (length; raise `max_tokens`); \
             1 replies cut (raise `max_tokens`); 1 prompts without an answer (the server's moderation refuses it: risk); served by m-2026-01-01"
        );
    }
}
