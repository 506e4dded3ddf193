//! **Floors**: no counter falls under its floor, not for an instant.
//!
//! Every committed change is judged when it takes effect, and every row once
//! more by what is found in the stores at the end. A change that raises a
//! counter which is under its floor already breaks nothing.
//!
//! Not claimed: that nobody was refused although there was enough
//! (*isolation*).

use super::court::Court;
use super::ledger::Ledger;
use super::promise::{Breach, Findings, Promise};
use super::{Evidence, words};
use crate::history::{Effect, Event, Rest, What};
use crate::vocab::SimTime;

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct Floors {
    findings: Findings,
}

impl Promise for Floors {
    fn listens(&self) -> bool {
        true
    }

    fn event(&mut self, court: &Court, ledger: &Ledger, event: &Event) {
        let What::Committed { effects, .. } = &event.what else {
            return;
        };
        for effect in effects {
            let Some(floor) = court.floor(effect.row) else {
                continue;
            };
            if effect.delta() < 0 && effect.after < floor {
                self.fell(court, ledger, event, effect, floor);
            }
        }
    }

    fn rest(&mut self, court: &Court, _: &Ledger, rest: &Rest, at: SimTime) {
        for &(row, held) in &rest.rows {
            if let Some(floor) = court.floor(row)
                && held < floor
                && court.initial(row) >= floor
            {
                self.findings.violated(at, None, || {
                    let name = words::row_name(court, row);
                    let what =
                        format!("{name} is at {held} at the end, under its floor of {floor}");
                    Breach {
                        how: "under its floor",
                        what,
                        evidence: Vec::new(),
                    }
                });
            }
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

impl Floors {
    fn fell(&mut self, court: &Court, ledger: &Ledger, event: &Event, effect: &Effect, floor: i64) {
        let request = effect.stamp.tx.request();
        self.findings.violated(event.at, Some(request), || {
            let name = words::row_name(court, effect.row);
            let what = format!(
                "request {request} let {name} fall to {}, under its floor of {floor}",
                effect.after
            );
            let mut evidence = match ledger.record(request) {
                Some(record) => words::evidence(court, record, words::is_business),
                None => Vec::new(),
            };
            evidence.push(Evidence {
                at: event.at,
                line: format!("{name} went from {} to {}", effect.before, effect.after),
            });
            Breach {
                how: "under its floor",
                what,
                evidence: words::in_order(evidence),
            }
        });
    }
}
