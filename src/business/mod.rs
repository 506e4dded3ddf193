//! What is being done, protocol-free, as data: resources, steps and their
//! compensations, the transaction or a mix of several, and the equations of the
//! promises.
//!
//! A [`Business`] cannot be built invalid: `scenario` checks a file and builds
//! one; everything here is indices and amounts.

pub mod equation;
pub mod promise;
mod resource;
mod step;
mod transaction;

pub use equation::Equation;
pub use promise::PromiseId;
pub use resource::{
    BusinessRow, Domain, Facet, KeyTemplate, Params, Resource, ResourceId, ResourceKind,
};
pub use step::{Action, ActionKind, Amount, CheckTime, Compensation, No, Seen, Step, StepKind};
pub use transaction::Transaction;

use crate::vocab::{ServiceId, StepId};

/// A reason why a step said no, or why something was undone. A refund carries
/// the reason of the refusal that caused it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Reason {
    /// A counter would have fallen under its floor.
    Floor(ResourceId),
    /// The entitlement's item is withdrawn from sale.
    Withdrawn(ResourceId),
    /// The entitlement was granted already.
    AlreadyGranted(ResourceId),
    /// The step came after its own compensation.
    Late,
    /// This step did not answer in time.
    TimedOut(StepId),
    /// Locks or write conflicts, more often than the retries allow.
    Conflict,
    /// A participant lost part of the work, or voted no for its own reasons.
    Amnesia,
    /// Its client took the wish back.
    Cancelled,
    /// The row has changed since the transaction looked at it.
    Changed(ResourceId),
    /// The saga took longer than its watchdog waits.
    Overdue,
}

/// The whole business of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Business {
    /// Names of the services; a [`ServiceId`] is a position here.
    pub services: Vec<String>,
    /// What requests are parameterised by: players, characters, ...
    pub domains: Vec<Domain>,
    /// What steps act on.
    pub resources: Vec<Resource>,
    /// The steps in order: compensable ones, at most one pivot, retriable ones; of a
    /// mix, those of one transaction after those of the other.
    pub steps: Vec<Step>,
    /// The id of the first of these steps, from which the others count on: 0, unless
    /// they are [one transaction](Business::alone) of a mix.
    pub first: StepId,
    /// The transactions of a mix, each with its steps; empty where there is only one.
    pub transactions: Vec<Transaction>,
    /// What the other transactions of a mix mark, where these steps are one of it.
    pub marked_by_others: Vec<ResourceId>,
    /// The promises in the scenario's own words.
    pub equations: Vec<Equation>,
}

impl Business {
    /// The step of this id. Panics on an id of another business.
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[id.index() - self.first.index()]
    }

    /// The last step.
    pub fn last(&self) -> StepId {
        StepId(self.first.0 + self.steps.len() as u8 - 1)
    }

    /// The same as a protocol does it that needs none of a saga's countermeasures,
    /// since nobody sees a transaction before it is over: what a saga reserves and
    /// confirms is taken at once, and there is no semantic lock to release. The steps
    /// that go are the last ones, so all others keep their ids; in a mix nobody does
    /// them, and they stay for the sake of those after them.
    pub fn in_one_go(mut self) -> Self {
        let closes = |step: &Step| step.releases.is_some() || step.confirms.is_some();
        for transaction in &mut self.transactions {
            let all = transaction.steps.clone();
            let closing = all
                .filter(|&id| closes(&self.steps[usize::from(id)]))
                .count();
            transaction.steps.end -= closing as u8;
        }
        if self.transactions.is_empty() {
            self.steps.retain(|step| !closes(step));
        }
        for step in &mut self.steps {
            let undo = step.compensation.iter_mut().flat_map(|c| &mut c.actions);
            for action in step.actions.iter_mut().chain(undo) {
                action.kind = match action.kind {
                    ActionKind::Reserve(amount) => ActionKind::Take(amount),
                    ActionKind::Unreserve(amount) => ActionKind::Give(amount),
                    other => other,
                };
            }
        }
        self
    }

    /// Whether some step of a saga marks the rows of this resource.
    pub fn marks(&self, resource: ResourceId) -> bool {
        self.marked_by_others.contains(&resource) || self.marked().any(|id| id == resource)
    }

    /// The resources whose rows these steps mark.
    fn marked(&self) -> impl Iterator<Item = ResourceId> {
        let locking = self.steps.iter().filter(|step| step.semantic_lock);
        let changes = locking.flat_map(|step| &step.actions);
        changes
            .filter(|action| action.kind.changes())
            .map(|action| action.resource)
    }

    /// Whether every change that a saga may take back is marked by a semantic
    /// lock.
    pub fn is_all_marked(&self) -> bool {
        self.is_undone_all(|step| step.semantic_lock)
    }

    /// Whether every change that a saga may take back is only reserved, so that
    /// there is nothing to take back.
    pub fn is_all_reserved(&self) -> bool {
        self.is_undone_all(Step::reserves)
    }

    /// Whether there are steps with a compensation, and all of them are like that.
    fn is_undone_all(&self, is: impl Fn(&Step) -> bool) -> bool {
        let undone = || self.steps.iter().filter(|s| s.compensation.is_some());
        undone().next().is_some() && undone().all(is)
    }

    /// Whether two steps of a kind come to the same in either order, or at once:
    /// neither touches what the other changes, nor lets a semantic lock go, which is
    /// to be held until the end.
    pub fn may_run_beside(&self, one: StepId, other: StepId) -> bool {
        let (one, other) = (self.step(one), self.step(other));
        let looks = |action: &Action| action.kind == ActionKind::Look;
        let apart = |a: &Action| {
            let mut others = other.actions.iter();
            others.all(|b| a.resource != b.resource || (looks(a) && looks(b)))
        };
        one.releases.is_none() && other.releases.is_none() && one.actions.iter().all(apart)
    }

    /// Whether a saga may have to wait here for another one: at its semantic lock, or
    /// for what it has reserved.
    pub fn waits_for_sagas(&self, step: StepId) -> bool {
        let step = self.step(step);
        let marked = |action: &Action| self.marks(action.resource);
        step.reserves() || (step.confirms.is_none() && step.actions.iter().any(marked))
    }

    /// All step ids in order.
    pub fn step_ids(&self) -> impl DoubleEndedIterator<Item = StepId> + ExactSizeIterator + use<> {
        let first = self.first.0;
        (first..first + self.steps.len() as u8).map(StepId)
    }

    /// The services that take part, each once, in the order of their first step.
    pub fn participants(&self) -> Vec<ServiceId> {
        let mut services = Vec::new();
        for step in &self.steps {
            if !services.contains(&step.service) {
                services.push(step.service);
            }
        }
        services
    }

    /// The row that an action of a request about these parameters is for.
    pub fn row_of(&self, action: &Action, params: &Params) -> BusinessRow {
        let id = action.resource;
        let resource = &self.resources[id.0 as usize];
        match action.drawn {
            None => resource.row(id, params, &self.domains),
            Some(nth) => resource.drawn_row(id, nth, params, &self.domains),
        }
    }

    /// The name of a row as the scenario's words make it: `points[player-3]`.
    pub fn row_name(&self, row: BusinessRow) -> String {
        let resource = &self.resources[row.resource.0 as usize];
        let key = resource.key_name(row.key, row.facet, &self.domains);
        match row.facet {
            Facet::Value => format!("{}[{key}]", resource.name),
            Facet::Sale => format!("{}[{key}].sale", resource.name),
        }
    }

    /// A reason in words: `pokemon withdrawn from sale`.
    pub fn reason_in_words(&self, reason: Reason) -> String {
        let name = |id: ResourceId| self.resources[id.0 as usize].name.as_str();
        match reason {
            Reason::Floor(id) => format!("not enough {}", name(id)),
            Reason::Withdrawn(id) => format!("{} withdrawn from sale", name(id)),
            Reason::AlreadyGranted(id) => format!("{} granted already", name(id)),
            Reason::Late => "later than its compensation".to_owned(),
            Reason::TimedOut(step) => format!("{} did not answer in time", self.step(step).name),
            Reason::Conflict => "lock or write conflicts".to_owned(),
            Reason::Amnesia => "a participant lost part of the work".to_owned(),
            Reason::Changed(id) => format!("{} changed meanwhile", name(id)),
            Reason::Overdue => "the saga took too long".to_owned(),
            Reason::Cancelled => "cancelled by the client".to_owned(),
        }
    }
}
