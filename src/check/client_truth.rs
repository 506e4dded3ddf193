//! **Client truth**: what a client was told is true, and stays true.
//!
//! A client that was told *committed* finds, when nothing happens to its request
//! any more, that every step has effect; one that was told *refused*, that none
//! has. No two final answers to one request differ.
//!
//! Not claimed: anything where the client was told nothing (its outcome is
//! indefinite, both are accepted) or only that its request is accepted; nor that
//! the effects are there at the moment of the answer: under two-phase commit the
//! decision is, and the participants follow.

use super::court::Court;
use super::promise::{Breach, Closing, Findings, Promise};
use super::words;
use crate::protocol::ClientOutcome;

/// See the [module](self).
#[derive(Clone, Default)]
pub(super) struct ClientTruth {
    findings: Findings,
}

impl Promise for ClientTruth {
    fn closed(&mut self, court: &Court, closing: &Closing<'_>) {
        let record = closing.record;
        let Some((_, first)) = record.final_answers().next() else {
            return;
        };
        if let Some((fact, other)) = record.final_answers().find(|(_, o)| *o != first) {
            self.findings.violated(fact.at, Some(record.request), || {
                let what = format!(
                    "request {} was told two things: {}; and {}",
                    record.request,
                    words::outcome_words(court, first),
                    words::outcome_words(court, other)
                );
                Breach {
                    how: "told two things",
                    what,
                    evidence: words::whole_story(court, record),
                }
            });
            return;
        }
        let is_true = match first {
            ClientOutcome::Committed => closing.has_all(court),
            _ => closing.has_none(court),
        };
        // Of a request that came back after it was closed, only what came late
        // is known.
        if !is_true && record.whole {
            self.findings.violated_at_rest(closing, || {
                let what = format!(
                    "request {} was told: {}; yet it {}",
                    record.request,
                    words::outcome_words(court, first),
                    words::what_stands(court, closing)
                );
                Breach {
                    how: match first {
                        ClientOutcome::Committed => "told committed, but is not",
                        _ => "told not done, but is",
                    },
                    what,
                    evidence: words::whole_story(court, record),
                }
            });
        }
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}
