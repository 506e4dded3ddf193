//! The rules that a scenario must keep, by name. Who breaks one is refused, with
//! the place; some of them a scenario may break by name, to show why they are there.

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
    /// The ways to break it that a scenario can allow itself.
    pub breaches: &'static [Breach],
}

/// A way to break a rule, known from teams that did, which a scenario can allow
/// itself: `allow = ["irrevocable-before-pivot"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// A compensable step after the pivot.
    CompensableAfterPivot,
    /// A pivot after the pivot.
    SecondPivot,
    /// A step that can fail after a retriable one.
    RetriableBeforePivot,
    /// A compensable step that nothing undoes.
    NoCompensation,
    /// A real action in a compensable step.
    IrrevocableBeforePivot,
    /// A real action in a compensation.
    IrrevocableCompensation,
    /// A compensation that can meet a floor.
    CompensationCanFail,
    /// A retriable step that can be refused for good.
    RetriableCanFail,
}

impl Breach {
    /// All of them.
    pub const ALL: [Breach; 8] = [
        Breach::CompensableAfterPivot,
        Breach::SecondPivot,
        Breach::RetriableBeforePivot,
        Breach::NoCompensation,
        Breach::IrrevocableBeforePivot,
        Breach::IrrevocableCompensation,
        Breach::CompensationCanFail,
        Breach::RetriableCanFail,
    ];

    /// What it is called in `allow`.
    pub fn name(self) -> &'static str {
        match self {
            Breach::CompensableAfterPivot => "compensable-after-pivot",
            Breach::SecondPivot => "second-pivot",
            Breach::RetriableBeforePivot => "retriable-before-pivot",
            Breach::NoCompensation => "no-compensation",
            Breach::IrrevocableBeforePivot => "irrevocable-before-pivot",
            Breach::IrrevocableCompensation => "irrevocable-compensation",
            Breach::CompensationCanFail => "compensation-can-fail",
            Breach::RetriableCanFail => "retriable-can-fail",
        }
    }

    /// What it lets pass, and what comes of it.
    pub fn meaning(self) -> &'static str {
        match self {
            Breach::CompensableAfterPivot => {
                "A compensable step comes after the pivot: if it fails, the pivot stays done."
            }
            Breach::SecondPivot => {
                "A pivot comes after the pivot: if it fails, the first stays done."
            }
            Breach::RetriableBeforePivot => {
                "A step that can fail comes after a retriable one, which stays done."
            }
            Breach::NoCompensation => "A compensable step has nothing that undoes it.",
            Breach::IrrevocableBeforePivot => {
                "A real action is done in a compensable step: it stays done."
            }
            Breach::IrrevocableCompensation => {
                "A real action is done in a compensation: it is done for what did not happen."
            }
            Breach::CompensationCanFail => {
                "A compensation takes from a counter with a floor: it can be refused, and the \
                 saga does not arrive."
            }
            Breach::RetriableCanFail => {
                "A retriable step can be refused for good: the saga can go neither on nor back."
            }
        }
    }

    /// The rule that it breaks.
    pub fn rule(self) -> &'static Rule {
        let mut rules = RULES.iter();
        rules
            .find(|rule| rule.breaches.contains(&self))
            .expect("every breach breaks a rule: a test says so")
    }

    /// The breach of this name.
    pub fn named(name: &str) -> Option<Breach> {
        Breach::ALL.into_iter().find(|breach| breach.name() == name)
    }
}

const MEHROTRA: &str = "Mehrotra, Rastogi, Korth & Silberschatz 1992, section 3";

/// All of them.
pub const RULES: &[Rule] = &[
    Rule {
        name: "compensable",
        breaches: &[Breach::CompensableAfterPivot, Breach::NoCompensation],
        meaning: "A compensable step says what undoes it, and comes before the pivot.",
        without: "A saga that fails after it could not go back.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "pivot",
        breaches: &[Breach::SecondPivot],
        meaning: "At most one step is the pivot: before it a saga goes backward, after it only \
                  forward.",
        without: "If a second pivot failed, the first could not be undone.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "retriable",
        breaches: &[Breach::RetriableBeforePivot, Breach::RetriableCanFail],
        meaning: "A retriable step comes after the pivot and cannot be refused for good: it \
                  succeeds if it is tried often enough.",
        without: "A saga could go neither on nor back.",
        source: Some(MEHROTRA),
    },
    Rule {
        name: "certain-compensation",
        breaches: &[Breach::CompensationCanFail],
        meaning: "A compensation cannot be refused: nothing in it can meet a floor or an item \
                  that is withdrawn.",
        without: "A saga that goes back could not arrive.",
        source: Some("Garcia-Molina & Salem 1987, section 4"),
    },
    Rule {
        name: "real-action",
        breaches: &[
            Breach::IrrevocableBeforePivot,
            Breach::IrrevocableCompensation,
        ],
        meaning: "A real action is performed only where it is certain that the transaction \
                  commits.",
        without: "A mail would have been sent for a transaction that failed.",
        source: None,
    },
    Rule {
        name: "retention",
        breaches: &[],
        meaning: "Inbox rows, tombstones and outcomes are kept for longer than a message can live \
                  and a client retries.",
        without: "A late copy would have its effect again.",
        source: None,
    },
    Rule {
        name: "intents",
        breaches: &[],
        meaning: "A database that cannot prepare takes part in two-phase commit only through a \
                  table of intents that the scenario asks for by name: prepare = \"intents\".",
        without: "The cost of preparing would be hidden.",
        source: None,
    },
    Rule {
        name: "in-flight",
        breaches: &[],
        meaning: "An equation with an in_flight term is judged at every instant, one without only \
                  at rest.",
        without: "A saga would break every equation while it is under way.",
        source: None,
    },
    Rule {
        name: "faults-end",
        breaches: &[],
        meaning: "Every fault says how long it lasts, and ends.",
        without: "Nobody could say whether everything ends.",
        source: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_breach_breaks_one_rule() {
        for breach in Breach::ALL {
            let broken = RULES.iter().filter(|rule| rule.breaches.contains(&breach));
            assert_eq!(broken.count(), 1, "{}", breach.name());
        }
    }
}
