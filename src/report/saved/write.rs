use std::io::{self, Write};

use serde::Serialize;

use super::{Header, Told};
use crate::fault::FaultPlan;
use crate::history::{Event, Sink, What};
use crate::report::trace::Words;
use crate::scenario::Scenario;

/// Writes a history as it happens. Stops at the first error, which
/// [`Writing::finish`] tells.
pub struct Writing<'a, W> {
    words: Words<'a>,
    out: W,
    failed: Option<io::Error>,
}

/// A [`Told`] that need not be kept.
#[derive(Serialize)]
struct Line<'a> {
    at: u64,
    node: &'a str,
    kind: &'a str,
    tx: &'a str,
    says: &'a str,
    what: &'a What,
}

impl<'a, W: Write> Writing<'a, W> {
    /// A history under its header, into `out`.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn new(
        header: &Header,
        (scenario, plan): (&'a Scenario, &'a FaultPlan),
        mut out: W,
    ) -> io::Result<Self> {
        serde_json::to_writer(&mut out, header)?;
        out.write_all(b"\n")?;
        Ok(Writing {
            words: Words::new(scenario, plan),
            out,
            failed: None,
        })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The first error of the writer, if it had one.
    pub fn finish(mut self) -> io::Result<W> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }
}

impl<W: Write> Sink for Writing<'_, W> {
    fn event(&mut self, event: &Event) {
        if self.failed.is_some() {
            return;
        }
        let (kind, tx, says) = self.words.line(&event.what);
        let line = Line {
            at: event.at.as_micros(),
            node: self.words.node(event.node),
            kind,
            tx: &tx,
            says: &says,
            what: &event.what,
        };
        let written = serde_json::to_writer(&mut self.out, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        self.failed = written.err();
    }
}

/// An event, as it would be saved.
pub(super) fn told(words: &Words<'_>, event: &Event) -> Told {
    let (kind, tx, says) = words.line(&event.what);
    Told {
        at: event.at,
        node: words.node(event.node).to_owned(),
        kind: kind.to_owned(),
        tx,
        says,
        what: serde_json::to_value(&event.what)
            .expect("an event is plain data with string keys, which JSON can always hold"),
    }
}
