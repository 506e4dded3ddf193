//! Two-phase commit, presumed abort (Mohan, Lindsay & Obermarck 1986).
//!
//! | before | must be on disk |
//! | --- | --- |
//! | a participant's yes leaves | its prepared record |
//! | the first COMMIT leaves | the coordinator's commit record |
//! | a participant's acknowledgement leaves | its commit record |
//! | ABORT leaves | nothing: what nobody remembers is aborted |
//! | a client is told | what it is told |
//!
//! The work comes first, a step at a time: each opens, or goes on with, a branch
//! at its service, whose locks are held from then to the decision. Then all
//! participants are asked to prepare at once. A yes binds: whoever has given it
//! and hears no decision is *in doubt*, keeps its locks, and asks.
//!
//! A business no ends the request: the refusal is stored and told. A conflict, a
//! silent participant or one that has lost its work ends only the attempt: the
//! same request begins again under a new transaction id, a bounded number of
//! times.
//!
//! - [`Coordinator`]: leads the work, counts votes, decides, and remembers a
//!   commit until everybody has acknowledged it.
//! - [`Participant`]: works in a branch, votes, and does as it is told.

mod coordinator;
mod message;
mod participant;
#[cfg(test)]
mod play;

use std::sync::Arc;

pub use coordinator::Coordinator;
pub use message::{Ops, Standing, TwoPhaseMsg, Vote, WorkResult};
pub use participant::Participant;

use super::relay::WithRelay;
use super::{Cx, Durable, Input, Machine, Out, Protocol, ProtocolKind, Role, Setting};

/// Two-phase commit, presumed abort.
#[derive(Clone, Debug)]
pub enum TwoPhaseCommit {}

impl Protocol for TwoPhaseCommit {
    type Machine = TwoPhaseMachine;

    const KIND: ProtocolKind = ProtocolKind::TwoPhaseCommit;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<TwoPhaseMachine> {
        Some(match role {
            Role::Manager => TwoPhaseMachine::Coordinator(Coordinator::new(setting)),
            Role::Service(_) => {
                TwoPhaseMachine::Participant(WithRelay::new(setting, Participant::new(setting)))
            }
        })
    }
}

/// The machine of either role.
#[derive(Clone, Debug)]
pub enum TwoPhaseMachine {
    /// The transaction manager's.
    Coordinator(Coordinator),
    /// A service's, which may have real actions to hand over.
    Participant(WithRelay<Participant>),
}

impl Machine for TwoPhaseMachine {
    type Msg = TwoPhaseMsg;

    fn recover(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        match self {
            TwoPhaseMachine::Coordinator(machine) => machine.recover(cx, durable, out),
            TwoPhaseMachine::Participant(machine) => machine.recover(cx, durable, out),
        }
    }

    fn reconnected(&mut self, cx: Cx, durable: Durable, out: &mut Out<TwoPhaseMsg>) {
        match self {
            TwoPhaseMachine::Coordinator(machine) => machine.reconnected(cx, durable, out),
            TwoPhaseMachine::Participant(machine) => machine.reconnected(cx, durable, out),
        }
    }

    fn step(&mut self, cx: Cx, input: Input<TwoPhaseMsg>, out: &mut Out<TwoPhaseMsg>) {
        match self {
            TwoPhaseMachine::Coordinator(machine) => machine.step(cx, input, out),
            TwoPhaseMachine::Participant(machine) => machine.step(cx, input, out),
        }
    }
}
