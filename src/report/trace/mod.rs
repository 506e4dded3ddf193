//! A history as text, in three forms:
//!
//! - [`Form::Lines`], `--trace`: every event a line in fixed columns (model time
//!   in ms, node, transaction, kind, and the rest in words).
//! - [`Form::Lanes`], `--trace=lanes`: a column a node, and an arrow a message,
//!   drawn when it arrives or is lost; without what only the lines need.
//! - [`Form::Json`], `--trace=json`: every event a JSON object on a line of its
//!   own, for programs; [`json::TraceLine`] is its shape, and its schema is in
//!   `reports/schemas/trace.schema.json`.
//!
//! A [`Filter`] thins out any of them.

mod filter;
pub mod json;
mod lanes;
mod words;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Page;
use super::style::{QUIET, SECTION, paint};
use crate::fault::FaultPlan;
use crate::history::{Event, Sink};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
pub use filter::{Filter, KEYS};
use lanes::Lanes;
pub(super) use words::Words;

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
        "a lock time-out, a deadlock, somebody older or a write conflict",
    ),
    ("failed", "a service's no looks like an error"),
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

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Every event a line in fixed columns.
    Lines,
    /// A column a node, an arrow a message.
    Lanes,
    /// Every event a JSON object on a line of its own.
    Json,
}

/// The legend of a form, as text with ANSI styles. JSON has none.
pub fn legend(form: Form) -> String {
    match form {
        Form::Lines => legend_of_lines(),
        Form::Lanes => lanes::legend(),
        Form::Json => String::new(),
    }
}

fn legend_of_lines() -> String {
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

/// Writes a history, every event a line. Stops at the first error, which
/// [`TraceWriter::finish`] tells.
pub struct TraceWriter<'a, W> {
    scenario: &'a Scenario,
    words: Words<'a>,
    drawn: Drawn,
    filter: Filter,
    out: W,
    line: String,
    /// Whether there was anything to show.
    any: bool,
    failed: Option<io::Error>,
}

/// What a form must remember.
enum Drawn {
    Lines,
    Lanes(Lanes),
    Json(ProtocolKind),
}

impl<'a, W: Write> TraceWriter<'a, W> {
    /// A trace of runs of this scenario under this plan, in lines, into `out`.
    pub fn new(scenario: &'a Scenario, plan: &'a FaultPlan, out: W) -> Self {
        TraceWriter {
            scenario,
            words: Words::new(scenario, plan),
            drawn: Drawn::Lines,
            filter: Filter::default(),
            out,
            line: String::new(),
            any: false,
            failed: None,
        }
    }

    /// The same trace of runs of this protocol in another form; lanes fit the page.
    #[must_use]
    pub fn drawn_as(mut self, form: Form, protocol: ProtocolKind, page: Page) -> Self {
        self.drawn = match form {
            Form::Lines => Drawn::Lines,
            Form::Lanes => Drawn::Lanes(Lanes::new(self.scenario, protocol, page)),
            Form::Json => Drawn::Json(protocol),
        };
        self
    }

    /// The same trace, thinned out.
    #[must_use]
    pub fn filtered(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Writes the columns' names, where there are columns.
    pub fn header(&mut self) {
        match &self.drawn {
            Drawn::Json(_) => return,
            Drawn::Lanes(lanes) => {
                self.line = lanes.header(|node| self.scenario.node_name(node));
                return self.put();
            }
            Drawn::Lines => {}
        }
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
        if !self.any && self.filter != Filter::default() && !matches!(self.drawn, Drawn::Json(_)) {
            "  nothing in this run is what the filter asks for".clone_into(&mut self.line);
            self.put();
        }
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
        if let Drawn::Lanes(lanes) = &mut self.drawn {
            lanes.hear(event);
        }
        let (kind, who, what) = self.words.line(&event.what);
        let shown = self.filter.shows(event, kind, &who);
        if let Drawn::Lanes(lanes) = &mut self.drawn
            && self.filter.followed() > 0
        {
            let words = (kind, who.as_str(), what.as_str());
            for line in lanes.around(event, words, (&self.filter, shown)) {
                self.line = line;
                self.put();
            }
        }
        if !shown {
            return;
        }
        self.line.clear();
        match &mut self.drawn {
            Drawn::Lines => {
                let node = self.words.node(event.node);
                let width = self.words.node_width;
                let _ = write!(
                    self.line,
                    "{:>11}  {node:width$}  {who:TX$}  {kind:KIND$}  {what}",
                    event.at
                );
            }
            Drawn::Lanes(lanes) => {
                let asked_for = self.filter.names_kinds();
                let Some(line) = lanes.line(event, (kind, &who, &what), asked_for) else {
                    return;
                };
                self.line = line;
            }
            Drawn::Json(protocol) => {
                self.line = json::line(
                    protocol.name(),
                    event,
                    (kind, &who, &what),
                    |node| self.words.node(node),
                    |row| self.scenario.business.row_name(row),
                );
            }
        }
        self.any = true;
        self.put();
    }
}

#[cfg(test)]
mod tests;
