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
    /// Commit only if all voted yes; all yes in time, within one epoch: commit.
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
}
