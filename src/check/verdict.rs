use serde::Serialize;

use crate::vocab::{RequestId, SimTime};

/// What became of a promise in one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It held.
    Holds,
    /// It broke.
    Violated(Violation),
    /// The run does not say.
    Inconclusive {
        /// Why not.
        why: String,
    },
    /// It means nothing for this protocol or this business: there is nothing
    /// that could break it, so `Holds` would be flattery.
    NotApplicable {
        /// Why it means nothing.
        why: String,
    },
}

/// A broken promise, with what the world recorded of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// When it was seen to be broken.
    pub at: SimTime,
    /// Whose request, if it is one's.
    pub request: Option<RequestId>,
    /// How it broke, in two or three words: `half done`, `undone too often`. What
    /// makes violations of one promise the same bug, whoever they meet.
    pub how: &'static str,
    /// The violation in one sentence.
    pub what: String,
    /// The evidence, at most ten lines, in order of time.
    pub evidence: Vec<Evidence>,
    /// How many more violations of the same promise there were.
    pub more: u32,
}

/// A line of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// When.
    pub at: SimTime,
    /// What happened, in the scenario's words.
    pub line: String,
}
