//! The rules that a scenario must keep, by name. Who breaks one is refused, with
//! the place; some can be broken on purpose, by a name of their own.

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

/// A way of breaking a rule that a scenario can allow itself, to show why the rule
/// is there: `allow = ["second-pivot"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What `allow` calls it.
    pub name: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// What it lets pass, and what comes of it.
    pub meaning: &'static str,
}

/// All of them.
pub const BREACHES: &[Breach] = &[
    breach(
        "compensable-after-pivot",
        "compensable",
        "A compensable step comes after the pivot: if it fails, the pivot stays done.",
    ),
    breach(
        "second-pivot",
        "pivot",
        "A pivot comes after the pivot: if it fails, the first stays done.",
    ),
    breach(
        "retriable-before-pivot",
        "retriable",
        "A step that can fail comes after a retriable one, which stays done.",
    ),
    breach(
        "no-compensation",
        "compensable",
        "A compensable step has nothing that undoes it.",
    ),
    breach(
        "irrevocable-before-pivot",
        "real-action",
        "A real action is done in a compensable step: it stays done.",
    ),
    breach(
        "irrevocable-compensation",
        "real-action",
        "A real action is done in a compensation: it is done for what did not happen.",
    ),
    breach(
        "compensation-can-fail",
        "certain-compensation",
        "A compensation takes from a counter with a floor: it can be refused, and the saga does \
         not arrive.",
    ),
    breach(
        "retriable-can-fail",
        "retriable",
        "A retriable step can be refused for good: the saga can go neither on nor back.",
    ),
];

const fn breach(name: &'static str, rule: &'static str, meaning: &'static str) -> Breach {
    Breach {
        name,
        rule,
        meaning,
    }
}

impl Breach {
    /// The breach of this name.
    pub fn named(name: &str) -> Option<&'static Breach> {
        BREACHES.iter().find(|breach| breach.name == name)
    }

    /// Those of one rule.
    pub fn of(rule: &str) -> impl Iterator<Item = &'static Breach> {
        BREACHES.iter().filter(move |breach| breach.rule == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_breach_is_one_of_a_rule() {
        for Breach { name, rule, .. } in BREACHES {
            assert!(RULES.iter().any(|known| known.name == *rule), "{name}");
        }
    }
}
