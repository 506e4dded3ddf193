//! The saga with an orchestrator (Garcia-Molina & Salem 1987).
//!
//! | before | must be on the orchestrator's disk |
//! | --- | --- |
//! | a command to do a step leaves | the intent to do it |
//! | a command to undo a step leaves | the intent to undo it, and why |
//! | the client is told | the end, with the outcome, in place of the intents |
//!
//! One write a step: the record that a step is done is the intent of the next,
//! so a saga of n steps forces n + 1 records. A restarted orchestrator sends
//! the command of its last intent again; the services' inboxes answer what they
//! have done before. Commands and replies may be lost, doubled and reordered.
//!
//! Compensable steps come first: until the pivot a saga can turn and go
//! backwards, undoing last step first. A compensable step that does not answer
//! in time *may have been executed*, so it is undone too. A pivot that does not
//! answer is asked until it does, and what comes after it is tried until it
//! succeeds (Mehrotra, Rastogi, Korth & Silberschatz 1992).
//!
//! Where the [`StepOrder`](super::StepOrder) is parallel, steps of a kind whose order
//! does not matter are commanded together, under one intent: compensable ones before
//! the pivot, retriable ones after it. When one refuses or is silent, the others may
//! have been executed, so they are all undone, one after the other, and those that
//! were not leave a tombstone.
//!
//! Where a step's policy bounds the tries, a command that was sent so often in vain
//! is *parked*: that takes the place of its intent in the log, and the command is
//! not sent again until an operator has looked. An answer that comes late still
//! counts.
//!
//! - [`Orchestrator`]: owns the log and leads each saga through its stages.
//! - [`StepService`]: does and undoes its own steps, each in a local transaction.

mod message;
mod orchestrator;
#[cfg(test)]
mod play;
mod saga;
mod service;

use std::sync::Arc;

pub use message::SagaMsg;
pub use orchestrator::Orchestrator;
pub use service::StepService;

use super::relay::WithRelay;
use super::{Cx, Durable, Input, Machine, Mix, Out, Protocol, ProtocolKind, Role, Setting};

/// The saga with an orchestrator.
#[derive(Clone, Debug)]
pub enum OrchestratedSaga {}

impl Protocol for OrchestratedSaga {
    type Machine = SagaMachine;

    const KIND: ProtocolKind = ProtocolKind::OrchestratedSaga;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<SagaMachine> {
        Some(match role {
            Role::Manager => SagaMachine::Orchestrator(Mix::new(setting, Orchestrator::new)),
            Role::Service(_) => {
                SagaMachine::Service(WithRelay::new(setting, Mix::new(setting, StepService::new)))
            }
        })
    }
}

/// The machine of either role.
#[derive(Clone, Debug)]
pub enum SagaMachine {
    /// The transaction manager's.
    Orchestrator(Mix<Orchestrator>),
    /// A service's, which may have real actions to hand over.
    Service(WithRelay<Mix<StepService>>),
}

impl Machine for SagaMachine {
    type Msg = SagaMsg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<SagaMsg>) {
        match self {
            SagaMachine::Orchestrator(machine) => machine.recover(cx, durable, out),
            SagaMachine::Service(machine) => machine.recover(cx, durable, out),
        }
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<SagaMsg>) {
        match self {
            SagaMachine::Orchestrator(machine) => machine.reconnected(cx, durable, out),
            SagaMachine::Service(machine) => machine.reconnected(cx, durable, out),
        }
    }

    fn step(&mut self, cx: Cx, input: Input<SagaMsg>, out: &mut Out<SagaMsg>) {
        match self {
            SagaMachine::Orchestrator(machine) => machine.step(cx, input, out),
            SagaMachine::Service(machine) => machine.step(cx, input, out),
        }
    }
}
