//! A history as text: every event a line, in fixed columns.

mod words;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::style::{QUIET, SECTION, paint};
use crate::fault::FaultPlan;
use crate::history::{Event, Sink};
use crate::scenario::Scenario;
use words::Words;

/// What each kind of line means, in the order in which the legend shows them.
pub const LEGEND: &[(&str, &str)] = &[
    ("asked", "a client asks, for the first time or again"),
    ("told", "an answer reached its client"),
    (
        "gave-up",
        "a client has no retries left: the outcome is unknown to it",
    ),
    ("sent", "a message left: > its receiver"),
    ("delivered", "a message arrived: < its sender"),
    ("lost", "a message will never arrive"),
    ("duplicated", "the network made a copy of a message"),
    ("waiting", "somebody waits for a lock"),
    ("locked", "a lock was granted"),
    ("unlocked", "a lock was released"),
    ("ran", "a statement ran; its locks are held"),
    (
        "conflicted",
        "a lock time-out, a deadlock or a write conflict",
    ),
    ("prepared", "a branch is prepared"),
    ("committed", "a local transaction took effect"),
    (
        "commit-lost",
        "a crash took back a commit that was not on disk",
    ),
    (
        "prep-lost",
        "a crash took back a prepared branch that was not on disk",
    ),
    ("rolled-back", "a branch is undone"),
    (
        "restored",
        "a restarted database took a prepared branch's locks again",
    ),
    (
        "appended",
        "a record went to a log; forced: somebody waits for the disk",
    ),
    ("flushed", "a disk finished a flush"),
    ("stored", "the broker holds a message durably"),
    ("handed-over", "a real action reached its provider"),
    ("operated", "the operator withdrew an item, or put it back"),
    ("read", "a background reader's transaction committed"),
    ("fault", "a fault of the plan begins"),
    ("healed", "a fault of the plan is over"),
    ("down", "something died"),
    ("up", "something is up again"),
    ("noted", "a machine, or the world, reached a milestone"),
    ("quiet", "nothing owns this request any more"),
    ("rest", "the run is over: what is left"),
];

/// The legend of the trace, as text with ANSI styles.
pub fn legend() -> String {
    let mut text = format!("{}\n", paint(SECTION, "Kinds of lines"));
    for (kind, meaning) in LEGEND {
        let _ = writeln!(text, "  {kind:KIND$}  {meaning}");
    }
    text
}

/// The widest name of a kind.
const KIND: usize = 11;
/// Room for a transaction's name.
const TX: usize = 12;

/// Writes a history, every event a line: model time in ms, node, transaction,
/// kind, and the rest in words. Stops at the first error, which
/// [`TraceWriter::finish`] tells.
pub struct TraceWriter<'a, W> {
    words: Words<'a>,
    out: W,
    line: String,
    failed: Option<io::Error>,
}

impl<'a, W: Write> TraceWriter<'a, W> {
    /// A trace of runs of this scenario under this plan, into `out`.
    pub fn new(scenario: &'a Scenario, plan: &'a FaultPlan, out: W) -> Self {
        TraceWriter {
            words: Words::new(scenario, plan),
            out,
            line: String::new(),
            failed: None,
        }
    }

    /// Writes the columns' names.
    pub fn header(&mut self) {
        let width = self.words.node_width;
        let head = format!(
            "{:>11}  {:width$}  {:TX$}  {:KIND$}  what",
            "time, ms", "node", "transaction", "kind"
        );
        self.line = paint(QUIET, &head);
        self.put();
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// The first error of the writer, if it had one.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }

    fn put(&mut self) {
        self.line.truncate(self.line.trim_end().len());
        self.line.push('\n');
        if let Err(error) = self.out.write_all(self.line.as_bytes()) {
            self.failed = Some(error);
        }
    }
}

impl<W: Write> Sink for TraceWriter<'_, W> {
    fn event(&mut self, event: &Event) {
        if self.failed.is_some() {
            return;
        }
        let node = self.words.node(event.node);
        let width = self.words.node_width;
        let (kind, who, what) = self.words.line(&event.what);
        self.line.clear();
        let _ = write!(
            self.line,
            "{:>11}  {node:width$}  {who:TX$}  {kind:KIND$}  {what}",
            event.at
        );
        self.put();
    }
}

#[cfg(test)]
mod tests;
