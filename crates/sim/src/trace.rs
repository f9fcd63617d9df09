//! What happened, line by line: the same seed writes the same lines.

use std::fmt::Write as _;

/// The lines of one run.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Vec<String>,
}

impl Trace {
    /// Adds a line with its time.
    pub fn add(&mut self, now_ns: u64, text: &str) {
        let mut line = String::with_capacity(text.len() + 16);
        let _ = write!(line, "{}.{:06} {text}", now_ns / 1_000_000_000, now_ns / 1000 % 1_000_000);
        self.lines.push(line);
    }

    /// All lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}
