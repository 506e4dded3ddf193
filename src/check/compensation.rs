//! **Compensation**: a step of a saga is compensated if and only if it had
//! effect and its saga failed: at most once, in reverse order, and with the
//! reason of the failure.
//!
//! A saga is an attempt (a [`TxId`](crate::vocab::TxId)). It failed if it turned
//! back (a compensation had effect or was null, its log or its failure event
//! says so) or if a step that may fail was refused and the saga went no further.
//! Once a step that has no compensation had effect, it is past its pivot, and
//! nothing of it may be compensated (Mehrotra, Rastogi, Korth & Silberschatz
//! 1992). A business reason on a compensation must be one that a store gave when
//! it refused a step of this saga; a time-out must be on record as the reason
//! why it turned. A null compensation undoes nothing and breaks nothing.
//!
//! Not claimed: that a saga that came to a halt without a refusal goes on (*all
//! or nothing*, *everything ends*), nor that a refund was due so late.

use super::court::Court;
use super::promise::{Breach, Closing, End, Findings, Promise};
use super::record::{Attempt, Deed, Did, Fact, Part, Record};
use super::words;
use crate::business::Reason;
use crate::vocab::{Direction, StepId};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Compensation {
    findings: Findings,
}

impl Promise for Compensation {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        if goes_smoothly(record) {
            return;
        }
        for &attempt in &closing.attempts {
            let saga = Saga {
                court,
                record,
                attempt,
            };
            if let Some((fact, wrong)) = saga.wrong_compensation() {
                self.findings
                    .violated(fact.at, Some(record.request), || Breach {
                        how: wrong.how,
                        what: wrong.what,
                        evidence: saga.evidence(wrong.concerns),
                    });
            } else if let Some(step) = saga.missing_compensation(closing.end) {
                self.findings.violated_at_rest(closing, || Breach {
                    how: "not compensated",
                    what: saga.what_is_missing(step),
                    evidence: saga.evidence(Some(step)),
                });
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

/// Whether nothing was refused or undone: most requests.
fn goes_smoothly(record: &Record) -> bool {
    !record.facts.iter().any(|fact| match fact.deed {
        Deed::Did(did) => did.part.direction == Direction::Backward,
        Deed::Refused { .. } | Deed::Null { .. } | Deed::Turned { .. } => true,
        _ => false,
    })
}

/// What is wrong with a compensation.
struct Wrong {
    /// In two or three words.
    how: &'static str,
    /// In words.
    what: String,
    /// The step whose doing and undoing shows it, if no other step's does.
    concerns: Option<StepId>,
}

/// One attempt of a request.
struct Saga<'a> {
    court: &'a Court,
    record: &'a Record,
    attempt: Attempt,
}

impl Saga<'_> {
    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.record.of_attempt(self.attempt)
    }

    fn effects(&self, direction: Direction) -> impl Iterator<Item = (&Fact, &Did)> {
        self.record.effects().filter(move |(_, did)| {
            did.part.attempt == self.attempt && did.part.direction == direction
        })
    }

    /// How often a step was done (or undone) before an event.
    fn times(&self, step: StepId, direction: Direction, before: u32) -> u32 {
        self.effects(direction)
            .filter(|(fact, did)| did.part.step == step && fact.nth < before)
            .map(|(_, did)| u32::from(did.times))
            .sum()
    }

    /// The first compensation that should not have been, or not so, and what is
    /// wrong with it.
    fn wrong_compensation(&self) -> Option<(&Fact, Wrong)> {
        let mut last_undone: Option<StepId> = None;
        for (fact, did) in self.effects(Direction::Backward) {
            if did.times == 0 {
                continue;
            }
            let step = did.part.step;
            let too_often = self.undone_too_often(fact, did);
            let concerns = too_often.is_some().then_some(step);
            let wrong = too_often
                .or_else(|| Some(("undone past the pivot", self.undone_past_the_pivot(fact)?)))
                .or_else(|| Some(("out of order", self.after(out_of_order(last_undone, step)?))))
                .or_else(|| self.wrong_reason(did.reason));
            if let Some((how, wrong)) = wrong {
                let name = self.court.action_name(step, Direction::Backward);
                let request = self.record.request;
                let what = format!("{name} of request {request}: {wrong}");
                return Some((
                    fact,
                    Wrong {
                        how,
                        what,
                        concerns,
                    },
                ));
            }
            last_undone = Some(step);
        }
        None
    }

    fn undone_too_often(&self, fact: &Fact, did: &Did) -> Option<(&'static str, String)> {
        let step = did.part.step;
        let done = self.times(step, Direction::Forward, fact.nth);
        let undone = self.times(step, Direction::Backward, fact.nth) + u32::from(did.times);
        match (done, undone) {
            (0, _) if !self.record.whole => None,
            (0, _) => {
                let name = words::step_name(self.court, step);
                Some(("nothing to undo", format!("{name} had no effect to undo")))
            }
            (done, undone) if undone > done => {
                Some(("undone too often", self.too_often(step, done, undone)))
            }
            _ => None,
        }
    }

    /// The numbers of the whole attempt, which its evidence shows; those of the
    /// moment if it was set right later.
    fn too_often(&self, step: StepId, done: u32, undone: u32) -> String {
        let name = words::step_name(self.court, step);
        match self.in_all(step) {
            (done, undone) if undone > done => {
                format!("it was done {undone} times, for {done} of {name}")
            }
            _ => format!("it had been done {undone} times, for {done} of {name} until then"),
        }
    }

    /// How often a step was done and undone in all.
    fn in_all(&self, step: StepId) -> (u32, u32) {
        let times = |direction| self.times(step, direction, u32::MAX);
        (times(Direction::Forward), times(Direction::Backward))
    }

    fn undone_past_the_pivot(&self, fact: &Fact) -> Option<String> {
        let (_, past) = self
            .effects(Direction::Forward)
            .find(|(f, did)| f.nth < fact.nth && !self.court.compensable(did.part.step))?;
        let pivot = words::step_name(self.court, past.part.step);
        Some(format!("the saga was past {pivot}, which is never undone"))
    }

    fn after(&self, step: StepId) -> String {
        let earlier = self.court.action_name(step, Direction::Backward);
        format!("it came after {earlier}, which undoes an earlier step")
    }

    fn wrong_reason(&self, reason: Option<Reason>) -> Option<(&'static str, String)> {
        let Some(reason) = reason else {
            return Some(("no reason", "it carries no reason".to_owned()));
        };
        let on_record = self.facts().any(|fact| match fact.deed {
            Deed::Refused { reason: r, .. } => r == reason,
            Deed::Turned { reason: r, .. } => r == reason && !is_business(reason),
            _ => false,
        });
        if on_record || !self.record.whole {
            return None;
        }
        let reason = words::reason_words(self.court, reason);
        let what = format!("its reason ({reason}) was never on record");
        Some(("wrong reason", what))
    }

    /// A step that had effect and should have been compensated when nothing
    /// happens to the saga any more.
    fn missing_compensation(&self, end: End) -> Option<StepId> {
        let court = self.court;
        let standing = |step: StepId| {
            let (done, undone) = self.in_all(step);
            done > undone
        };
        let past_pivot = court
            .effective(self.record)
            .iter()
            .any(|&step| !court.compensable(step) && standing(step));
        let failed = self.turned_back() || (self.was_refused() && end != End::Stopped);
        if past_pivot || !failed {
            return None;
        }
        let mut compensable = court.effective(self.record).iter().rev().copied();
        compensable.find(|&step| court.compensable(step) && standing(step))
    }

    fn what_is_missing(&self, step: StepId) -> String {
        let request = self.record.request;
        let name = words::step_name(self.court, step);
        let undo = self.court.action_name(step, Direction::Backward);
        match self.in_all(step) {
            (1, _) => {
                format!("request {request} failed, and {name} had effect, but there was no {undo}")
            }
            (done, 0) => format!(
                "request {request} failed, and {name} had effect {done} times, but there was no {undo}"
            ),
            (done, undone) => format!(
                "request {request} failed, and {name} had effect {done} times, but {undo} only {}",
                words::times(undone)
            ),
        }
    }

    fn turned_back(&self) -> bool {
        self.effects(Direction::Backward).next().is_some()
            || self
                .facts()
                .any(|fact| matches!(fact.deed, Deed::Turned { .. } | Deed::Null { .. }))
    }

    /// Whether a step that may fail was refused, and was not done all the same.
    fn was_refused(&self) -> bool {
        self.facts().any(|fact| match fact.deed {
            Deed::Refused { part, .. } => {
                part.direction == Direction::Forward
                    && self.court.can_fail(part.step)
                    && self.times(part.step, Direction::Forward, u32::MAX) == 0
            }
            _ => false,
        })
    }

    /// What was done for this attempt, or to one step of it.
    fn evidence(&self, step: Option<StepId>) -> Vec<super::Evidence> {
        let of_step = |part: Part| step.is_none_or(|step| part.step == step);
        words::evidence(self.court, self.record, |fact| match fact.deed {
            Deed::Asked { .. } | Deed::Told { .. } => false,
            _ if !fact.deed.concerns(self.attempt) => false,
            Deed::Did(Did { part, .. }) | Deed::TakenBack { part, .. } | Deed::Null { part } => {
                of_step(part)
            }
            Deed::Turned { .. } => true,
            _ => words::is_business(fact),
        })
    }
}

/// The step that was undone before, if it precedes the one undone now.
fn out_of_order(last_undone: Option<StepId>, step: StepId) -> Option<StepId> {
    last_undone.filter(|&last| last < step)
}

/// Whether only a store can give this reason.
fn is_business(reason: Reason) -> bool {
    match reason {
        Reason::Floor(_)
        | Reason::Withdrawn(_)
        | Reason::AlreadyGranted(_)
        | Reason::Changed(_)
        | Reason::Late => true,
        Reason::TimedOut(_)
        | Reason::Conflict
        | Reason::Amnesia
        | Reason::Cancelled
        | Reason::Overdue => false,
    }
}
