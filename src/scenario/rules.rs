//! The rules that a scenario must keep, by name. Who breaks one is refused, with
//! the place.

/// A rule that every scenario keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is called.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    /// What would go wrong without it.
    pub without: &'static str,
    /// Where it comes from, if it is a paper's.
    pub source: Option<&'static str>,
}

const MEHROTRA: &str = "Mehrotra, Rastogi, Korth & Silberschatz 1992, section 3";

/// All of them.
pub const RULES: &[Rule] = &[
    Rule {
        name: "compensable",
        meaning: "A compensable step says what undoes it, and comes before the pivot.",
        without: "A saga that fails after it could not go back.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "pivot",
        meaning: "At most one step is the pivot: before it a saga goes backward, after it only \
                  forward.",
        without: "If a second pivot failed, the first could not be undone.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "retriable",
        meaning: "A retriable step comes after the pivot and cannot be refused for good: it \
                  succeeds if it is tried often enough.",
        without: "A saga could go neither on nor back.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "certain-compensation",
        meaning: "A compensation cannot be refused: nothing in it can meet a floor or an item \
                  that is withdrawn.",
        without: "A saga that goes back could not arrive.",
        source: Some("Garcia-Molina & Salem 1987, section 4"),
    },
    Rule {
        name: "real-action",
        meaning: "A real action is performed only where it is certain that the transaction \
                  commits.",
        without: "A mail would have been sent for a transaction that failed.",
        source: None,
    },
    Rule {
        name: "retention",
        meaning: "Inbox rows, tombstones and outcomes are kept for longer than a message can live \
                  and a client retries.",
        without: "A late copy would have its effect again.",
        source: None,
    },
    Rule {
        name: "intents",
        meaning: "A database that cannot prepare takes part in two-phase commit only through a \
                  table of intents that the scenario asks for by name: prepare = \"intents\".",
        without: "The cost of preparing would be hidden.",
        source: None,
    },
    Rule {
        name: "in-flight",
        meaning: "An equation with an in_flight term is judged at every instant, one without only \
                  at rest.",
        without: "A saga would break every equation while it is under way.",
        source: None,
    },
    Rule {
        name: "faults-end",
        meaning: "Every fault says how long it lasts, and ends.",
        without: "Nobody could say whether everything ends.",
        source: None,
    },
];
