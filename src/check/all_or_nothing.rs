//! **All or nothing**: when nothing happens to a request any more, all its steps
//! have effect, or none has.
//!
//! A step has effect if its forward changes are committed, less what was
//! compensated and what a crash took back. It is judged by request, whatever the
//! number of attempts; so a request that was done twice as a whole is whole
//! (that is for *no effect twice*), and one whose first step was done twice is
//! not.
//!
//! Not claimed: anything about the time before, when a saga shows its parts
//! (*isolation*), and about mails (*irrevocable*). What a store holds at the end
//! must be what its commits add up to; for resources of an equation that is
//! judged there.

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Closing, Findings, Promise};
use super::{equation, words};
use crate::history::Rest;
use crate::vocab::SimTime;

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct AllOrNothing {
    findings: Findings,
}

impl Promise for AllOrNothing {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        if closing.is_even(court) {
            return;
        }
        self.findings.violated_at_rest(closing, || {
            let record = closing.record;
            let what = format!(
                "request {} {}",
                record.request,
                words::what_stands(court, closing)
            );
            Breach {
                how: "half done",
                what,
                evidence: words::whole_story(court, record),
            }
        });
    }

    fn rest(&mut self, court: &Court, ledger: &Ledger, rest: &Rest, at: SimTime) {
        let equations = &court.business().equations;
        let elsewhere = |resource| equations.iter().any(|e| equation::measures(e, resource));
        for (row, held) in equation::lost_updates(court, ledger, rest) {
            if !elsewhere(row.resource) {
                equation::accuse(&mut self.findings, court, ledger, row, held, at);
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
