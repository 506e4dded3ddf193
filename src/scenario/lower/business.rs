//! What is being done, and that its numbers stay countable.

use crate::business::equation::Measure;
use crate::business::{Action, ActionKind, Amount, Business};
use crate::scenario::diagnostics::Problem;
use crate::scenario::types::Workload;
use crate::vocab::StepId;

use super::Lowering;
use super::cast::Cast;

impl Lowering<'_> {
    pub(super) fn business(&mut self, cast: &Cast) -> Business {
        let steps = self.steps(cast);
        let transactions = self.transactions();
        let equations = self.equations(cast);
        Business {
            first: StepId(0),
            transactions,
            marked_by_others: Vec::new(),
            services: cast.services.clone(),
            domains: cast.domains.clone(),
            resources: cast.resources.iter().flatten().cloned().collect(),
            steps,
            equations,
        }
    }

    /// Refuses equations whose sums could outgrow a 64-bit number.
    pub(super) fn check_magnitudes(&mut self, business: &Business, workload: &Workload) {
        let tries = u128::from(workload.transactions) * (u128::from(workload.retries) + 1);
        for (equation, entry) in business.equations.iter().zip(&self.file.promises) {
            let most: u128 = equation
                .left
                .iter()
                .chain(&equation.right)
                .map(|term| {
                    let most = most_moved(business, term.measure);
                    u128::from(term.factor.unsigned_abs()) * most * tries
                })
                .sum();
            if most > i64::MAX as u128 / 4 {
                self.problems.push(
                    Problem::at(
                        entry.span.clone(),
                        "the sums of this promise could outgrow a 64-bit number",
                    )
                    .help("take smaller amounts or factors, or fewer transactions"),
                );
            }
        }
    }
}

impl Lowering<'_> {
    /// Refuses equations that no step has to do with: they would hold whatever
    /// happens.
    pub(super) fn check_judged(&mut self, business: &Business) {
        for (equation, entry) in business.equations.iter().zip(&self.file.promises) {
            let mut terms = equation.left.iter().chain(&equation.right);
            if terms.any(|term| most_moved(business, term.measure) > 0) {
                continue;
            }
            let Some(says) = &entry.says else { continue };
            self.problems.push(
                Problem::at(
                    says.equation.span(),
                    "this promise can never be judged: no step changes what it measures",
                )
                .label("both sides are always 0")
                .help("measure a counter or an entitlement of which a step says `take`, `give`, `grant` or `revoke`"),
            );
        }
    }
}

/// The most that one transaction can move of what is measured.
fn most_moved(business: &Business, measure: Measure) -> u128 {
    let id = match measure {
        Measure::Taken(id)
        | Measure::Given(id)
        | Measure::GivenBack(id)
        | Measure::Granted(id)
        | Measure::InFlight(id) => id,
    };
    let amount = |action: &Action| match action.kind {
        ActionKind::Take(amount)
        | ActionKind::Give(amount)
        | ActionKind::Reserve(amount)
        | ActionKind::Unreserve(amount) => match amount {
            Amount::Fixed(n) => u128::from(n.unsigned_abs()),
            Amount::Param(d) => u128::from(business.domains[d as usize].size),
        },
        _ => 1,
    };
    business
        .steps
        .iter()
        .flat_map(|s| {
            let undo = s.compensation.iter().flat_map(|c| &c.actions);
            s.actions.iter().chain(undo)
        })
        .filter(|action| action.resource == id)
        .map(amount)
        .sum()
}
