//! The choice that both sagas leave open: whether steps wait for each other.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Policies, ProtocolKind};
use crate::business::Business;
use crate::vocab::StepId;

/// Whether steps wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOrder {
    /// Each is begun when the one before it is done.
    #[default]
    Serial,
    /// Those whose order does not matter are begun together (Garcia-Molina & Salem
    /// 1987, section 7).
    Parallel,
}

/// Steps that are begun together: one at the least, next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepGroup {
    /// The first of them.
    pub first: StepId,
    /// The last of them.
    pub last: StepId,
}

impl StepOrder {
    /// The steps that a protocol begins together with this one, which is the first of
    /// them.
    ///
    /// The order of steps matters where their kinds differ, and where
    /// [`Business::may_run_beside`] says so; and a step that can be parked is begun
    /// alone. Without an orchestrator two things more are so. The first step is begun
    /// alone, since its local transaction is what sets the others off. And of those
    /// that wait for other sagas there is one at the most: two sagas that each have
    /// what the other waits for would wait for ever, as nobody's time-out turns one.
    pub fn group_from(
        self,
        protocol: ProtocolKind,
        business: &Business,
        policies: &Policies,
        first: StepId,
    ) -> StepGroup {
        let choreographed = protocol == ProtocolKind::ChoreographedSaga;
        let alone = |step: StepId| {
            policies.step(step).parking.is_some() || (choreographed && step == business.first)
        };
        let just = |last| StepGroup { first, last };
        if self == StepOrder::Serial || alone(first) {
            return just(first);
        }
        let in_a_circle = |one, other| {
            choreographed && business.waits_for_sagas(one) && business.waits_for_sagas(other)
        };
        let joins = |step: &StepId| {
            let mut others = (first.0..step.0).map(StepId);
            business.step(*step).kind == business.step(first).kind
                && !alone(*step)
                && others.all(|other| {
                    business.may_run_beside(other, *step) && !in_a_circle(other, *step)
                })
        };
        let later = business.step_ids().skip_while(|&step| step <= first);
        just(later.take_while(joins).last().unwrap_or(first))
    }

    /// All steps of one transaction, in groups that are begun together, in order.
    pub fn groups(
        self,
        protocol: ProtocolKind,
        business: &Business,
        policies: &Policies,
    ) -> impl Iterator<Item = StepGroup> {
        let from = move |first: StepId| {
            let there_is = first <= business.last();
            there_is.then(|| self.group_from(protocol, business, policies, first))
        };
        std::iter::successors(from(business.first), move |group| from(group.next()))
    }
}

impl StepGroup {
    /// Its steps.
    pub fn steps(self) -> impl DoubleEndedIterator<Item = StepId> + ExactSizeIterator + use<> {
        (self.first.0..=self.last.0).map(StepId)
    }

    /// Whether this is one of its steps.
    pub fn contains(self, step: StepId) -> bool {
        (self.first..=self.last).contains(&step)
    }

    /// Whether it is one step.
    pub fn is_single(self) -> bool {
        self.first == self.last
    }

    /// What comes after it, if anything does.
    pub fn next(self) -> StepId {
        StepId(self.last.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Safeguards;
    use crate::protocol::play::stage;

    const ORCHESTRATED: ProtocolKind = ProtocolKind::OrchestratedSaga;
    const CHOREOGRAPHED: ProtocolKind = ProtocolKind::ChoreographedSaga;

    /// The sizes of the groups of six steps that are begun together where they may be.
    fn sizes(protocol: ProtocolKind, change: impl FnOnce(&mut Business)) -> Vec<usize> {
        let mut setting = stage::setting("six-steps", protocol, Safeguards::all());
        change(&mut setting.business);
        let (business, policies) = (&setting.business, &setting.policies);
        let groups = StepOrder::Parallel.groups(protocol, business, policies);
        groups.map(|group| group.steps().len()).collect()
    }

    #[test]
    fn without_an_orchestrator_the_first_step_sets_off_the_others() {
        assert_eq!(sizes(ORCHESTRATED, |_| ()), [3, 1, 2]);
        assert_eq!(sizes(CHOREOGRAPHED, |_| ()), [1, 2, 1, 2]);
    }

    /// Of two sagas each might have the lock that the other waits for.
    #[test]
    fn without_an_orchestrator_a_saga_waits_for_one_semantic_lock_at_a_time() {
        let lock = |of: &'static [usize]| {
            move |business: &mut Business| {
                for &step in of {
                    business.steps[step].semantic_lock = true;
                }
            }
        };
        assert_eq!(sizes(ORCHESTRATED, lock(&[1, 2])), [3, 1, 2]);
        assert_eq!(sizes(CHOREOGRAPHED, lock(&[1, 2])), [1, 1, 1, 1, 2]);
        assert_eq!(sizes(CHOREOGRAPHED, lock(&[0, 1])), [1, 2, 1, 2]);
    }
}
