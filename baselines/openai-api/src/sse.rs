//! Server-sent events: bytes as they come become the data of events (WHATWG HTML, section 9.2.6).

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its kind; empty where the server names none.
    pub name: String,
    /// What it carries.
    pub data: String,
}

/// Collects bytes until an event is whole.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    after_return: bool,
}

impl Events {
    /// Takes some bytes and calls `event` with each event that they complete. Comments and other fields are passed over.
    pub fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(&Event)) {
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
    pub fn end(mut self, mut event: impl FnMut(&Event)) {
        if !self.line.is_empty() {
            self.end_line(&mut event);
        }
        self.end_line(&mut event);
    }

    fn end_line(&mut self, event: &mut impl FnMut(&Event)) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            if let Some(data) = self.data.take() {
                event(&Event { name, data });
            }
            return;
        }
        // Cut at a whole line, so that a character that came in two pieces is whole again.
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        // A whole answer, or pieces a line, after comments that keep the connection alive.
        if line.starts_with('{') {
            return event(&Event { name: String::new(), data: line.to_owned() });
        }
        let Some((field, value)) = line.split_once(':') else { return };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {}
            "event" => {
                value.clone_into(&mut self.name);
                return;
            }
            _ => return,
        }
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
        let named: Vec<(&str, &str)> = expect.iter().map(|data| ("", *data)).collect();
        check_named(text, &named);
    }

    fn check_named(text: &str, expect: &[(&str, &str)]) {
        for size in 1..=text.len() {
            let mut events = Events::default();
            let mut found = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                events.feed(piece, |event| found.push(event.clone()));
            }
            events.end(|event| found.push(event.clone()));
            let found: Vec<(&str, &str)> =
                found.iter().map(|event| (event.name.as_str(), event.data.as_str())).collect();
            assert_eq!(found, expect, "in pieces of {size}: {text:?}");
        }
    }

    #[test]
    fn events_are_whole_whatever_the_pieces() {
        check("data: {\"a\":1}\n\ndata: [DONE]\n\n", &["{\"a\":1}", "[DONE]"]);
        check("data:a\r\n\r\ndata: b\r\rdata: c\n\n", &["a", "b", "c"]);
        check(": keep-alive\n\nid: 1\ndata: é☃\n\n", &["é☃"]);
        check("\u{feff}data: a\n\n", &["a"]);
        check_named(
            "event: x\ndata: é☃\n\nevent: y\n\ndata: b\n\nevent:z\nevent: error\ndata: c\n\n",
            &[("x", "é☃"), ("", "b"), ("error", "c")],
        );
        check("data: one\ndata: two\n\n", &["one\ntwo"]);
        check("data: no end", &["no end"]);
        check("data: no end\n", &["no end"]);
        check("\n\n:\n\n", &[]);
        check(": waiting\n\n{\"a\": 1}\n{\"b\": 2}\n", &["{\"a\": 1}", "{\"b\": 2}"]);
    }
}
