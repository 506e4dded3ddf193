//! What the promises claim, in a sentence.

use crate::business::PromiseId;
use crate::scenario::Scenario;

pub(super) fn claim(scenario: &Scenario, promise: PromiseId) -> String {
    let words = match promise {
        PromiseId::Equation(n) => {
            let equation = &scenario.business.equations[usize::from(n)];
            return equation_in_words(scenario, equation.per, &equation.text);
        }
        PromiseId::AllOrNothing => "At rest every request has all its effects or none.",
        PromiseId::NoEffectTwice => "No step has effect twice for one request.",
        PromiseId::Compensation => {
            "A step is compensated if and only if it had effect and its transaction failed: at \
             most once, in reverse order, with the reason of the failure."
        }
        PromiseId::Irrevocable => {
            "Nothing irrevocable is done for a transaction that did not commit, and exactly once \
             for each that did."
        }
        PromiseId::Floors => "No counter falls under its floor.",
        PromiseId::Agreement => "All have one outcome, never reversed, and a yes vote binds.",
        PromiseId::Votes => {
            "Commit only if all voted yes; all yes in time, within one epoch: commit."
        }
        PromiseId::ClientTruth => "What the client was told is true, and stays true.",
        PromiseId::PreparedUntouched => {
            "Nothing that a prepared, undecided transaction wrote is read or overwritten."
        }
        PromiseId::Isolation => "Nobody saw an effect that was later compensated or aborted.",
        PromiseId::EverythingEnds => "After healing everything ends, and nothing is left over.",
    };
    words.to_owned()
}

fn equation_in_words(scenario: &Scenario, per: u8, text: &str) -> String {
    let domain = &scenario.business.domains[usize::from(per)].name;
    format!("For every {domain}: {text}")
}
