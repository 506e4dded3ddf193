//! What a promise is to the judge: something that hears and is judged.

use super::court::Court;
use super::ledger::Ledger;
use super::record::{Attempts, Net, Nets, Record};
use super::{Evidence, Verdict, Violation};
use crate::history::{Event, Rest};
use crate::vocab::{RequestId, SimTime};

/// A promise, as a fold. Every method but [`findings`](Promise::findings) may be
/// left out.
pub(super) trait Promise: Copied + Send {
    /// Whether it wants to hear what databases do.
    fn listens(&self) -> bool {
        false
    }

    /// Something happened to the rows or the branches of a database; the ledger
    /// has taken it in already.
    fn event(&mut self, _: &Court, _: &Ledger, _: &Event) {}

    /// Nothing owns this request any more.
    fn quiet(&mut self, _: &Court, _: &Record, _: SimTime) {}

    /// Nothing more is to be expected of this request.
    fn closed(&mut self, _: &Court, _: &Closing<'_>) {}

    /// The run is over; every request is closed.
    fn rest(&mut self, _: &Court, _: &Ledger, _: &Rest, _: SimTime) {}

    /// What was found.
    fn findings(self: Box<Self>) -> Findings;
}

/// What can be copied although nobody knows what it is.
pub(super) trait Copied {
    /// A copy.
    fn copied(&self) -> Box<dyn Promise>;
}

impl<T: Promise + Clone + 'static> Copied for T {
    fn copied(&self) -> Box<dyn Promise> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Promise> {
    fn clone(&self) -> Self {
        (**self).copied()
    }
}

/// A request whose record is complete.
pub(super) struct Closing<'a> {
    /// The record.
    pub(super) record: &'a Record,
    /// What stands of every step.
    pub(super) nets: Nets,
    /// All attempts, in the order in which they were first heard of.
    pub(super) attempts: Attempts,
    /// How it came to be closed.
    pub(super) end: End,
}

/// How a request came to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing owned it any more.
    Quiet,
    /// Something still owned it when the run came to rest by itself: nothing
    /// will happen to it any more.
    Stuck,
    /// Something still owned it when the run was stopped: it might have gone
    /// on.
    Stopped,
}

impl Closing<'_> {
    /// The nets of the steps that change business rows.
    fn effective<'a>(&'a self, court: &'a Court) -> impl Iterator<Item = Net> + 'a {
        let steps = court.effective(self.record).iter();
        steps.map(|step| self.nets[step.index()])
    }

    /// Whether every step has effect.
    pub(super) fn has_all(&self, court: &Court) -> bool {
        self.effective(court).all(|net| net.effect() >= 1)
    }

    /// Whether no step has effect.
    pub(super) fn has_none(&self, court: &Court) -> bool {
        self.effective(court).all(|net| net.effect() == 0)
    }

    /// Whether all steps have the same effect: all of it or none.
    pub(super) fn is_even(&self, court: &Court) -> bool {
        let mut effects = self.effective(court).map(Net::effect);
        match effects.next() {
            None => true,
            Some(first) => first >= 0 && effects.all(|effect| effect == first),
        }
    }
}

/// A violation, described.
#[derive(Clone, Default)]
pub(super) struct Breach {
    /// See [`Violation::how`].
    pub(super) how: &'static str,
    /// See [`Violation::what`].
    pub(super) what: String,
    /// See [`Violation::evidence`].
    pub(super) evidence: Vec<Evidence>,
}

/// What a promise found.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    first: Option<Violation>,
    more: u32,
    unsure: u32,
}

impl Findings {
    /// Adds a violation; the earliest is shown, the others are counted.
    pub(super) fn violated(
        &mut self,
        at: SimTime,
        request: Option<RequestId>,
        describe: impl FnOnce() -> Breach,
    ) {
        if let Some(first) = &self.first {
            self.more += 1;
            if first.at <= at {
                return;
            }
        }
        let Breach {
            how,
            what,
            evidence,
        } = describe();
        self.first = Some(Violation {
            at,
            request,
            how,
            what,
            evidence,
            more: 0,
        });
    }

    /// Adds what must be true of a request that nothing happens to any more:
    /// where the run was stopped before it was over, its breach says nothing.
    pub(super) fn violated_at_rest(
        &mut self,
        closing: &Closing<'_>,
        describe: impl FnOnce() -> Breach,
    ) {
        let record = closing.record;
        match closing.end {
            End::Stopped => self.unsure += 1,
            End::Quiet | End::Stuck => {
                self.violated(record.last_change(), Some(record.request), describe);
            }
        }
    }

    /// Counts further violations that are told with the first.
    pub(super) fn and_more(&mut self, more: u32) {
        self.more += more;
    }

    /// The verdict. A history without an end can break a promise, but it cannot
    /// keep one.
    pub(super) fn verdict(self, ended: bool) -> Verdict {
        if let Some(mut violation) = self.first {
            violation.more = self.more;
            return Verdict::Violated(violation);
        }
        if !ended {
            let why = "the history has no end".to_owned();
            return Verdict::Inconclusive { why };
        }
        match self.unsure {
            0 => Verdict::Holds,
            n => Verdict::Inconclusive {
                why: format!("the run was stopped while {n} requests were on their way"),
            },
        }
    }
}
