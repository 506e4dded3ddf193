//! The choice that an orchestrated saga leaves open.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::business::Business;
use crate::protocol::Policies;
use crate::vocab::StepId;

/// Whether steps wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOrder {
    /// Each is commanded when the one before it is done.
    #[default]
    Serial,
    /// Those whose order does not matter are commanded together (Garcia-Molina &
    /// Salem 1987, section 7).
    Parallel,
}

impl StepOrder {
    /// The last of the steps that are commanded together with this one, which is the
    /// first of them; if there are no others, itself.
    ///
    /// The order of steps matters where their kinds differ, and where
    /// [`Business::may_run_beside`] says so; and a step that can be parked is commanded
    /// alone.
    pub fn last_together(self, business: &Business, policies: &Policies, first: StepId) -> StepId {
        let alone = |step: StepId| policies.step(step).parking.is_some();
        if self == StepOrder::Serial || alone(first) {
            return first;
        }
        let joins = |step: &StepId| {
            let mut others = (first.0..step.0).map(StepId);
            business.step(*step).kind == business.step(first).kind
                && !alone(*step)
                && others.all(|other| business.may_run_beside(other, *step))
        };
        let later = business.step_ids().skip_while(|&step| step <= first);
        later.take_while(joins).last().unwrap_or(first)
    }
}
