//! **No effect twice**: whatever repeats, resends or retries there are, a step
//! has effect at most once for what a client wanted once.
//!
//! It is judged by request, not by idempotency key or attempt: a second attempt
//! may do a step again only after the first one's effect was compensated or
//! taken back by a crash. (What is rolled back never took effect.) Amounts
//! count: a step that took twice its amount in one local transaction was done
//! twice.
//!
//! Not claimed: that a compensation is not repeated (*compensation*), nor that a
//! mail is not (*irrevocable*).

use super::court::Court;
use super::promise::{Breach, Closing, Findings, Promise};
use super::record::Deed;
use super::words;
use crate::vocab::{Direction, StepId};

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct NoEffectTwice {
    findings: Findings,
}

impl Promise for NoEffectTwice {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        for &step in court.effective(closing.record) {
            if closing.nets[step.index()].done > 1 {
                self.judge(court, closing, step);
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

impl NoEffectTwice {
    fn judge(&mut self, court: &Court, closing: &Closing<'_>, step: StepId) {
        let record = closing.record;
        let mut standing = 0u16;
        for (fact, did) in record.effects().filter(|(_, did)| did.part.step == step) {
            match did.part.direction {
                Direction::Forward => standing += did.times,
                Direction::Backward => standing = standing.saturating_sub(did.times),
            }
            if standing > 1 {
                self.findings.violated(fact.at, Some(record.request), || {
                    let what = format!(
                        "request {} {} once more, after {} had effect already",
                        record.request,
                        words::change(court, did.row, did.delta(), Direction::Forward),
                        words::step_name(court, step),
                    );
                    let of_step = words::evidence(court, record, |fact| match fact.deed {
                        Deed::Asked { .. } => true,
                        Deed::Did(did) => did.part.step == step,
                        Deed::TakenBack { part, .. } => part.step == step,
                        _ => false,
                    });
                    Breach {
                        how: "effect twice",
                        what,
                        evidence: of_step,
                    }
                });
                return;
            }
        }
    }
}
