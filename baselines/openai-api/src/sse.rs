//! Server-sent events: bytes as they come become the data of events (WHATWG HTML, section 9.2.6).

/// Collects bytes until an event is whole.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    data: Option<String>,
    after_return: bool,
}

impl Events {
    /// Takes some bytes and calls `event` with the data of each event that they complete. Comments and other fields are
    /// passed over.
    pub fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(&str)) {
        for &byte in bytes {
            match byte {
                // The second half of a line end that was seen already.
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => self.end_line(&mut event),
                _ => self.line.push(byte),
            }
            self.after_return = byte == b'\r';
        }
    }

    /// The stream ends; some servers leave out the last blank line.
    pub fn end(mut self, mut event: impl FnMut(&str)) {
        if !self.line.is_empty() {
            self.end_line(&mut event);
        }
        self.end_line(&mut event);
    }

    fn end_line(&mut self, event: &mut impl FnMut(&str)) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            if let Some(data) = self.data.take() {
                event(&data);
            }
            return;
        }
        // Cut at a whole line, so that a character that came in two pieces is whole again.
        let line = String::from_utf8_lossy(&line);
        let Some(value) = line.strip_prefix("data:") else { return };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fed in pieces of every size, the events are the same.
    fn check(text: &str, expect: &[&str]) {
        for size in 1..=text.len() {
            let mut events = Events::default();
            let mut found = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                events.feed(piece, |data| found.push(data.to_owned()));
            }
            events.end(|data| found.push(data.to_owned()));
            assert_eq!(found, expect, "in pieces of {size}: {text:?}");
        }
    }

    #[test]
    fn events_are_whole_whatever_the_pieces() {
        check("data: {\"a\":1}\n\ndata: [DONE]\n\n", &["{\"a\":1}", "[DONE]"]);
        check("data:a\r\n\r\ndata: b\r\rdata: c\n\n", &["a", "b", "c"]);
        check(": keep-alive\n\nevent: x\nid: 1\ndata: é☃\n\n", &["é☃"]);
        check("data: one\ndata: two\n\n", &["one\ntwo"]);
        check("data: no end", &["no end"]);
        check("data: no end\n", &["no end"]);
        check("\n\n:\n\n", &[]);
    }
}
