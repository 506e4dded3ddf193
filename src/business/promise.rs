//! The names of the promises. What each claims is told, and judged, in
//! `check`; here they are only named, so that a scenario can expect them.

use serde::{Deserialize, Serialize};

/// A promise that is judged in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PromiseId {
    /// At rest every request has all its effects or none.
    AllOrNothing,
    /// An equation of the scenario; its position in [`Business::equations`](super::Business::equations).
    Equation(u8),
    /// No step has effect twice for one request.
    NoEffectTwice,
    /// A step is compensated if and only if it had effect and its transaction
    /// failed: at most once, in reverse order, with the reason of the failure.
    Compensation,
    /// Nothing irrevocable for a transaction that did not commit; exactly once
    /// for each that did.
    Irrevocable,
    /// No counter falls under its floor.
    Floors,
    /// One outcome for all, never reversed; a yes vote binds.
    Agreement,
    /// Commit only if all voted yes; all yes in time, and the coordinator did not die
    /// meanwhile: commit.
    Votes,
    /// What the client was told is true, and stays true.
    ClientTruth,
    /// Nothing that a prepared, undecided transaction wrote is read or
    /// overwritten.
    PreparedUntouched,
    /// Nobody saw an effect that was later compensated or aborted.
    Isolation,
    /// After healing everything ends and nothing is left over.
    EverythingEnds,
}

impl PromiseId {
    /// The promises that every scenario has, in the order in which they are
    /// shown; the scenario's equations come after the first.
    pub const BUILT_IN: [PromiseId; 11] = [
        PromiseId::AllOrNothing,
        PromiseId::NoEffectTwice,
        PromiseId::Compensation,
        PromiseId::Irrevocable,
        PromiseId::Floors,
        PromiseId::Agreement,
        PromiseId::Votes,
        PromiseId::ClientTruth,
        PromiseId::PreparedUntouched,
        PromiseId::Isolation,
        PromiseId::EverythingEnds,
    ];

    /// The name of a built-in promise in scenarios and reports; an equation is
    /// called by its own name.
    pub fn name(self) -> &'static str {
        match self {
            PromiseId::AllOrNothing => "all-or-nothing",
            PromiseId::Equation(_) => "equation",
            PromiseId::NoEffectTwice => "no-effect-twice",
            PromiseId::Compensation => "compensation",
            PromiseId::Irrevocable => "irrevocable",
            PromiseId::Floors => "floors",
            PromiseId::Agreement => "agreement",
            PromiseId::Votes => "votes",
            PromiseId::ClientTruth => "client-truth",
            PromiseId::PreparedUntouched => "prepared-untouched",
            PromiseId::Isolation => "isolation",
            PromiseId::EverythingEnds => "everything-ends",
        }
    }

    /// What a built-in promise claims; an equation claims what it says.
    pub fn claim(self) -> &'static str {
        match self {
            PromiseId::Equation(_) => {
                "An equation in the scenario's own words holds for every key."
            }
            PromiseId::AllOrNothing => "At rest every request has all its effects or none.",
            PromiseId::NoEffectTwice => "No step has effect twice for one request.",
            PromiseId::Compensation => {
                "A step is compensated if and only if it had effect and its transaction failed: \
                 at most once, in reverse order, with the reason of the failure."
            }
            PromiseId::Irrevocable => {
                "Nothing irrevocable is done for a transaction that did not commit, and exactly \
                 once for each that did."
            }
            PromiseId::Floors => "No counter falls under its floor.",
            PromiseId::Agreement => "All have one outcome, never reversed, and a yes vote binds.",
            PromiseId::Votes => {
                "The decision is to commit only if all voted yes; and it is if all did so in time, \
                 and the coordinator did not die between the first vote and the decision."
            }
            PromiseId::ClientTruth => "What the client was told is true, and stays true.",
            PromiseId::PreparedUntouched => {
                "Nothing that a prepared, undecided transaction wrote is read or overwritten."
            }
            PromiseId::Isolation => "Nobody saw an effect that was later compensated or aborted.",
            PromiseId::EverythingEnds => "After healing everything ends, and nothing is left over.",
        }
    }

    /// Where a promise comes from, if it is a paper's.
    pub fn source(self) -> Option<&'static str> {
        match self {
            PromiseId::Compensation => Some("Garcia-Molina & Salem 1987, section 2"),
            PromiseId::NoEffectTwice => Some("Helland 2012"),
            PromiseId::Irrevocable => {
                Some("Mehrotra, Rastogi, Korth & Silberschatz 1992, section 3")
            }
            PromiseId::Agreement | PromiseId::Votes => {
                Some("Bernstein, Hadzilacos & Goodman 1987, chapter 7")
            }
            PromiseId::PreparedUntouched => Some("Gray 1978"),
            PromiseId::AllOrNothing
            | PromiseId::Equation(_)
            | PromiseId::Floors
            | PromiseId::ClientTruth
            | PromiseId::Isolation
            | PromiseId::EverythingEnds => None,
        }
    }
}
