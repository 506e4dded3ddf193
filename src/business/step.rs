use std::num::NonZeroU8;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceId;
use crate::vocab::{ServiceId, StepId};

/// What may become of a step (Mehrotra, Rastogi, Korth & Silberschatz 1992):
/// compensable steps come first, then at most one pivot, then retriable ones.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Can be undone by its compensation.
    Compensable,
    /// Decides: before it the saga can go back, after it only on.
    Pivot,
    /// Succeeds if tried often enough; never undone.
    Retriable,
}

/// A step of the business transaction, done by one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name in the scenario.
    pub name: String,
    /// Who does it.
    pub service: ServiceId,
    /// What may become of it.
    pub kind: StepKind,
    /// What it does, in order, in one local transaction.
    pub actions: Vec<Action>,
    /// What undoes it; `Some` only if it is compensable, and then always, unless
    /// the scenario allows itself to have nothing.
    pub compensation: Option<Compensation>,
    /// When its conditions are judged under two-phase commit.
    pub check: CheckTime,
    /// What its no looks like to whoever asked.
    pub no: No,
    /// Whether a saga marks the rows that it changes until the saga ends, so that
    /// no other saga and no reader takes them for settled: a *semantic lock*
    /// (Frank & Zahle 1998; Richardson, Microservices Patterns, chapter 4).
    pub semantic_lock: bool,
    /// It does nothing but take these marks of an earlier step away. Only sagas
    /// do such a step: see [`Business::in_one_go`].
    ///
    /// [`Business::in_one_go`]: super::Business::in_one_go
    pub releases: Option<StepId>,
    /// It does nothing but make final what this earlier step has reserved. Only
    /// sagas do such a step, too.
    pub confirms: Option<StepId>,
}

impl Step {
    /// Whether it only reserves what it takes, for a later step to confirm.
    pub fn reserves(&self) -> bool {
        let mut actions = self.actions.iter();
        actions.any(|action| matches!(action.kind, ActionKind::Reserve(_)))
    }
}

/// What undoes a step: its meaning, not its before-image (Garcia-Molina & Salem
/// 1987).
#[derive(Clone, Debug, PartialEq)]
pub struct Compensation {
    /// What it does, in order, in one local transaction, unconditionally.
    pub actions: Vec<Action>,
    /// What the scenario calls it: `refund`.
    pub name: String,
}

/// A change to one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Which change.
    pub kind: ActionKind,
    /// Of what; a resource of the step's own service.
    pub resource: ResourceId,
    /// The how-many-th of the rows that the request draws there; `None`: the one that
    /// the resource's key names.
    pub drawn: Option<NonZeroU8>,
    /// For taking and giving: it starts from what an earlier step has seen, and
    /// not from what the row holds by now.
    pub seen: Option<Seen>,
}

/// A number that an earlier step of the transaction has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which step.
    pub step: StepId,
    /// Whether the row is read again, and the step refused if it has changed: the
    /// countermeasure *reread value* (Frank & Zahle 1998).
    pub reread: bool,
}

/// The changes that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Look at a counter, and remember its number for a later step.
    Look,
    /// Take an amount from a counter; refused under its floor.
    Take(Amount),
    /// Give an amount to a counter.
    Give(Amount),
    /// Set an amount of a counter aside for this saga: whoever reads the counter
    /// sees nothing of it, and nobody else can take it. Refused where taking would
    /// be.
    Reserve(Amount),
    /// Give a reservation of this saga back. Nobody ever saw it.
    Unreserve(Amount),
    /// Grant an entitlement; refused if it is withdrawn from sale or granted
    /// already.
    Grant,
    /// Take an entitlement back.
    Revoke,
    /// Do something in the real world: commits a *due* letter, which a relay
    /// hands over.
    Perform,
}

impl ActionKind {
    /// Whether it changes a business row.
    pub fn changes(self) -> bool {
        match self {
            ActionKind::Take(_) | ActionKind::Give(_) | ActionKind::Grant | ActionKind::Revoke => {
                true
            }
            ActionKind::Look
            | ActionKind::Perform
            | ActionKind::Reserve(_)
            | ActionKind::Unreserve(_) => false,
        }
    }
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Always the same.
    Fixed(i64),
    /// The value of this domain in the request's parameters, counted from 1
    /// (`quantity` of 5: an amount from 1 to 5).
    Param(u8),
}

impl Amount {
    /// The amount for a request.
    pub fn of(self, params: &super::Params) -> i64 {
        match self {
            Amount::Fixed(n) => n,
            Amount::Param(domain) => i64::from(params.0[domain as usize]) + 1,
        }
    }
}

/// What the no of a step looks like to its caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum No {
    /// It is an answer like any other: it is stored, and ends the matter.
    #[default]
    Answer,
    /// It looks like a fault (a status 500, an exception): it is not stored, and the
    /// caller, who cannot tell, tries again.
    Error,
}

/// When a step's conditions are judged under two-phase commit. Sagas and the
/// monolith judge them in the step's local transaction either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckTime {
    /// When the statement runs: a no comes in the work phase.
    #[default]
    Statement,
    /// When the branch is asked to prepare, as deferred constraints are: a no
    /// is a NO vote.
    Prepare,
}
