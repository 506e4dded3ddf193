//! What every promise knows of the case: the scenario and the protocol.

use super::record::Record;
use crate::business::{
    Action, ActionKind, Business, BusinessRow, Facet, Params, ResourceKind, StepKind,
};
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;
use crate::vocab::{Direction, NodeId, StepId};

/// The scenario and the protocol on trial.
#[derive(Clone, Debug)]
pub(super) struct Court {
    /// What is run.
    pub(super) scenario: Scenario,
    /// By which protocol.
    pub(super) protocol: ProtocolKind,
    /// Of each transaction, the steps that change business rows: those that *have
    /// effect*.
    effective: Vec<Vec<StepId>>,
    /// Of each transaction, the nodes whose services take part.
    participants: Vec<Vec<NodeId>>,
}

impl Court {
    /// The court for a scenario under a protocol.
    pub(super) fn new(scenario: &Scenario, protocol: ProtocolKind) -> Self {
        let mut scenario = scenario.clone();
        scenario.business = scenario.business_under(protocol);
        let business = &scenario.business;
        Court {
            protocol,
            effective: business
                .each_alone()
                .map(|alone| {
                    let steps = alone.step_ids();
                    steps
                        .filter(|&id| has_effect(&alone.step(id).actions))
                        .collect()
                })
                .collect(),
            participants: business
                .each_alone()
                .map(|alone| {
                    let services = alone.participants().into_iter();
                    services
                        .map(|service| scenario.nodes.service(service))
                        .collect()
                })
                .collect(),
            scenario,
        }
    }

    /// The business.
    pub(super) fn business(&self) -> &Business {
        &self.scenario.business
    }

    /// Which transaction a request is for. Where nobody has heard it asked, what was
    /// done for it tells.
    fn wanted(&self, record: &Record) -> usize {
        let business = self.business();
        match &record.params {
            Some(params) => business.wanted(params),
            None => {
                let did = record.effects().next();
                did.map_or(0, |(_, did)| business.place_of(did.part.step))
            }
        }
    }

    /// The steps that a request is made of.
    pub(super) fn steps(&self, record: &Record) -> impl Iterator<Item = StepId> + use<> {
        self.business().steps_of(self.wanted(record))
    }

    /// Those of them that change business rows: that *have effect*.
    pub(super) fn effective(&self, record: &Record) -> &[StepId] {
        &self.effective[self.wanted(record)]
    }

    /// The nodes whose services take part in a request.
    pub(super) fn participants(&self, record: &Record) -> &[NodeId] {
        &self.participants[self.wanted(record)]
    }

    /// The actions of a step or of its compensation.
    pub(super) fn actions(&self, step: StepId, direction: Direction) -> &[Action] {
        let step = self.business().step(step);
        match (direction, &step.compensation) {
            (Direction::Forward, _) => &step.actions,
            (Direction::Backward, Some(compensation)) => &compensation.actions,
            (Direction::Backward, None) => &[],
        }
    }

    /// What a step, or its compensation, is called.
    pub(super) fn action_name(&self, step: StepId, direction: Direction) -> &str {
        let step = self.business().step(step);
        match (direction, &step.compensation) {
            (Direction::Backward, Some(compensation)) => &compensation.name,
            _ => &step.name,
        }
    }

    /// By how much one execution of a step changes a row.
    pub(super) fn expected_change(
        &self,
        step: StepId,
        direction: Direction,
        row: BusinessRow,
        params: &Params,
    ) -> i64 {
        self.actions(step, direction)
            .iter()
            .filter(|action| action.resource == row.resource)
            .map(|action| match action.kind {
                ActionKind::Take(amount) => -amount.of(params),
                ActionKind::Give(amount) => amount.of(params),
                ActionKind::Grant => 1,
                ActionKind::Revoke => -1,
                ActionKind::Look
                | ActionKind::Perform
                | ActionKind::Reserve(_)
                | ActionKind::Unreserve(_) => 0,
            })
            .sum()
    }

    /// Whether a step writes a row from what an earlier step has seen of it.
    pub(super) fn starts_from_what_was_seen(
        &self,
        step: StepId,
        direction: Direction,
        row: BusinessRow,
    ) -> bool {
        let actions = self.actions(step, direction).iter();
        let mut here = actions.filter(|action| action.resource == row.resource);
        here.any(|action| action.seen.is_some())
    }

    /// Whether a participant only reads for a request, and may therefore vote yes on a
    /// branch that it never prepares.
    pub(super) fn may_vote_unprepared(&self, node: NodeId, record: &Record) -> bool {
        let steps = self.steps(record).map(|id| self.business().step(id));
        let mut here = steps.filter(|step| self.scenario.nodes.service(step.service) == node);
        self.scenario.two_phase.read_only_votes
            && here.all(|step| step.actions.iter().all(|a| a.kind == ActionKind::Look))
    }

    /// Whether a step can be undone.
    pub(super) fn compensable(&self, step: StepId) -> bool {
        self.business().step(step).compensation.is_some()
    }

    /// Whether a refusal of this step fails the saga: not that of a step after
    /// the pivot, which is only ever retried.
    pub(super) fn can_fail(&self, step: StepId) -> bool {
        self.business().step(step).kind != StepKind::Retriable
    }

    /// How many real actions one execution performs.
    pub(super) fn real_actions(&self, step: StepId, direction: Direction) -> u32 {
        let performs = |action: &&Action| action.kind == ActionKind::Perform;
        self.actions(step, direction)
            .iter()
            .filter(performs)
            .count() as u32
    }

    /// The floor under a row, if it is a counter's.
    pub(super) fn floor(&self, row: BusinessRow) -> Option<i64> {
        match (
            &self.business().resources[row.resource.0 as usize].kind,
            row.facet,
        ) {
            (ResourceKind::Counter { floor, .. }, Facet::Value) => Some(*floor),
            _ => None,
        }
    }

    /// What a row holds before anybody wrote it.
    pub(super) fn initial(&self, row: BusinessRow) -> i64 {
        self.business().resources[row.resource.0 as usize].initial(row.facet)
    }

    /// Which value of a domain a row belongs to; `None` if its key does not
    /// say.
    pub(super) fn value_in(&self, row: BusinessRow, domain: u8) -> Option<u32> {
        let domains = &self.business().domains;
        let template = &self.business().resources[row.resource.0 as usize].key;
        let mut key = row.key;
        for &d in template.domains.iter().rev() {
            let size = u64::from(domains[d as usize].size);
            if d == domain {
                return Some((key % size) as u32);
            }
            key /= size;
        }
        None
    }
}

fn has_effect(actions: &[Action]) -> bool {
    actions.iter().any(|action| action.kind.changes())
}
