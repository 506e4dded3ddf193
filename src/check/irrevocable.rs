//! **Irrevocable**: nothing irrevocable is done for a transaction that did not
//! commit, and exactly once what it says for each that did.
//!
//! What counts is what the provider performed (a repeat that it recognised is
//! none), and whether the stores show the request as done when nothing happens
//! to it any more. It is judged by request: a purchase that was made twice and
//! mailed twice is one mail too many. What a compensation performs is due once
//! if the compensation had effect.
//!
//! Not claimed: when a mail goes out, nor in which order.

use super::court::Court;
use super::promise::{Breach, Closing, Findings, Promise};
use super::record::{Deed, Record};
use super::words;
use crate::protocol::ClientOutcome;
use crate::vocab::{Direction, StepId};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Irrevocable {
    findings: Findings,
}

impl Promise for Irrevocable {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        if !closing.record.whole {
            return;
        }
        for step in court.steps(closing.record) {
            let committed = committed(court, closing);
            self.judge(court, closing, step, Direction::Forward, committed);
            let undone = closing.nets[step.index()].undone > 0;
            self.judge(court, closing, step, Direction::Backward, undone);
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

impl Irrevocable {
    fn judge(
        &mut self,
        court: &Court,
        closing: &Closing<'_>,
        step: StepId,
        direction: Direction,
        is_due: bool,
    ) {
        let each = court.real_actions(step, direction);
        if each == 0 {
            return;
        }
        let due = if is_due { each } else { 0 };
        let record = closing.record;
        let performed = performed(record, step, direction);
        if performed == due {
            return;
        }
        let describe = || {
            let name = court.action_name(step, direction);
            let request = record.request;
            let what = match (is_due, performed) {
                (true, 0) => format!("request {request} committed, but {name} was never done"),
                (true, n) => format!("request {request} committed, but {name} was done {n} times"),
                (false, _) => {
                    format!("{name} was done for request {request}, of which not all was done")
                }
            };
            Breach {
                how: match (is_due, performed) {
                    (true, 0) => "never done",
                    (true, _) => "done too often",
                    (false, _) => "done without a commit",
                },
                what,
                evidence: words::evidence(court, record, words::is_business),
            }
        };
        match (is_due, performed > due) {
            (true, true) => {
                let at = record.last_change();
                self.findings.violated(at, Some(record.request), describe);
            }
            _ => self.findings.violated_at_rest(closing, describe),
        }
    }
}

/// Whether the stores show the request as done; where no step leaves a trace in
/// them, whether the client was told so.
fn committed(court: &Court, closing: &Closing<'_>) -> bool {
    if court.effective(closing.record).is_empty() {
        let mut answers = closing.record.final_answers();
        return answers.any(|(_, outcome)| outcome == ClientOutcome::Committed);
    }
    closing.has_all(court)
}

fn performed(record: &Record, step: StepId, direction: Direction) -> u32 {
    record
        .facts
        .iter()
        .filter(|fact| match fact.deed {
            Deed::Performed { part, .. } => part.step == step && part.direction == direction,
            _ => false,
        })
        .count() as u32
}
