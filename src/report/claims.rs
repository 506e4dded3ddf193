//! What the promises claim, in a sentence.

use crate::business::PromiseId;
use crate::scenario::Scenario;

pub(super) fn claim(scenario: &Scenario, promise: PromiseId) -> String {
    match promise {
        PromiseId::Equation(n) => {
            let equation = &scenario.business.equations[usize::from(n)];
            equation_in_words(scenario, equation.per, &equation.text)
        }
        built_in => built_in.claim().to_owned(),
    }
}

fn equation_in_words(scenario: &Scenario, per: u8, text: &str) -> String {
    let domain = &scenario.business.domains[usize::from(per)].name;
    format!("For every {domain}: {text}")
}
