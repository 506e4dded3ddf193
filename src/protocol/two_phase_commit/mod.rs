//! Two-phase commit, presuming abort, nothing or commit (Mohan, Lindsay & Obermarck
//! 1986; Lampson & Lomet 1993).
//!
//! | before | must be on disk |
//! | --- | --- |
//! | a participant's yes leaves | its prepared record |
//! | the first COMMIT leaves | the coordinator's commit record |
//! | a participant's acknowledgement leaves | its commit or abort record |
//! | a client is told | what it is told |
//!
//! What else, depends on what is presumed ([`Presumption`]) of a transaction that
//! the coordinator knows nothing of, because it has forgotten it:
//!
//! | | nothing | abort | commit |
//! | --- | --- | --- | --- |
//! | before PREPARE | | | who takes part (*collecting*) |
//! | before ABORT | its abort record | | |
//! | before a NO leaves | its abort record | | |
//! | acknowledged, and remembered until all have | commit, abort | commit | abort |
//! | forgotten at once | | abort | commit |
//! | who asks about what is forgotten is told | abort | abort | commit |
//!
//! One rule is under all of it: an acknowledgement follows a forced record, and where
//! none is due the record may be lazy. What it costs, forced and unforced records and
//! messages, for n participants of whom y vote yes; client, work and what is stored
//! for clients apart (`tests/runs/counts.rs` holds it to that):
//!
//! | | coordinator | a participant | messages |
//! | --- | --- | --- | --- |
//! | commit, presumed nothing or abort | 1 / 1 | 2 / 0 | 4n |
//! | commit, presumed commit | 2 / 0 | 1 / 1 | 3n |
//! | abort, presumed nothing | 1 / 1 | yes 2 / 0, no 1 / 0 | 2n + 2y |
//! | abort, presumed abort | 0 / 0 | yes 1 / 1, no 0 / 1 | 2n + y |
//! | abort, presumed commit | 1 / 1 | yes 2 / 0, no 0 / 1 | 2n + 2y |
//!
//! Gray & Lamport (TODS 2006) count otherwise: a participant initiates and needs no
//! PREPARE; acknowledgements, and what is written after the decision, do not count.
//! A commit is 3n - 1 messages then, and n + 1 forced records, or n + 2 where commit
//! is presumed.
//!
//! With *read-only votes* a participant that has only read leaves at PREPARE: no
//! record, no second phase, 2 messages. If all have, nothing is decided, and only
//! what the client is told is stored (where commit is presumed, the collecting
//! record is ended, too). It has forgotten the transaction, and of what global
//! two-phase locking promises it takes this away: its locks are gone before others
//! have taken their last, if any are taken at PREPARE.
//!
//! An abort in the work phase costs nothing under any presumption: nobody was asked
//! to prepare, so nobody will ever ask.
//!
//! With *cooperative termination* (Bernstein, Hadzilacos & Goodman 1987, section
//! 7.4) a participant in doubt whose inquiry the coordinator leaves unanswered asks
//! the other participants:
//!
//! | the other | does, and says |
//! | --- | --- |
//! | knows the decision | says it |
//! | has not voted | aborts its branch, forces a record of that, and says *abort* |
//! | has voted yes, or is about to | *uncertain* |
//! | has only read and left at PREPARE, or may have | *unknown* |
//! | remembers nothing | asks its database: *commit* if that has committed the branch, else *unknown* |
//!
//! Whoever has said *abort* must not vote yes any more, even if it crashes and work
//! and PREPARE come once more: hence the forced record, which its database refuses
//! them by. And whoever remembers nothing never says *abort*: what is presumed of the
//! forgotten only a coordinator may presume, for it alone knows when everybody was
//! told. So a branch is blocked if and only if all who can be reached are uncertain or
//! have forgotten; under communication failures no protocol can do without blocking.
//!
//! With *one phase* (X/Open XA 1991, `TMONEPHASE`) a coordinator with a single
//! participant does not prepare: it sends one message, and the participant decides,
//! with one forced record. That is 0 / 0 at the coordinator, 1 / 0 at the participant
//! and 2 messages, but the coordinator has given the decision away:
//!
//! - It asks until it is told, and neither gives up nor takes the wish back. The
//!   participant remembers, by its own database, for as long as anything is retained.
//! - A refusal, too, is on disk at the participant before it is told: the request may
//!   begin again, and a late copy of the work and of the message must not commit what
//!   was refused.
//! - A client that retries must find its request, even if the coordinator has died
//!   meanwhile: so it is forced to the coordinator's disk, before it is handed over,
//!   that it is, and in the end, lazily, what the client was told. Both count with what
//!   is stored for clients. (XA leaves that to the application.) So the client is
//!   answered as late as under presumed abort, at 2 delays and 2 forces; but the
//!   participant's locks are released a delay and a force earlier.
//!
//! # The way of a transaction
//!
//! The work comes first, a step at a time: each opens, or goes on with, a branch
//! at its service, whose locks are held from then to the decision. With [`LockTime`]
//! *at PREPARE* a participant only takes note of the work, and does it when it is
//! asked to prepare: it holds its locks for the shorter, and a no comes later. Then all
//! participants are asked to prepare, at once or one after the other
//! ([`PrepareOrder`]). A yes binds: whoever has given it and hears no decision is
//! *in doubt*, keeps its locks, and asks.
//!
//! A business no ends the request: the refusal is stored and told. A conflict, a
//! silent participant or one that has lost its work ends only the attempt: the
//! same request begins again under a new transaction id, a bounded number of
//! times. Neither the client nor the next attempt waits for acknowledgements.
//!
//! - [`Coordinator`]: leads the work, counts votes, decides, and remembers what
//!   it does not presume until everybody has acknowledged it.
//! - [`Participant`]: works in a branch, votes, and does as it is told.

mod coordinator;
mod message;
mod participant;
#[cfg(test)]
mod play;
mod variant;

use std::sync::Arc;

pub use coordinator::Coordinator;
pub use message::{OnePhaseOutcome, Ops, Standing, TwoPhaseMsg, Vote, WorkResult};
pub use participant::Participant;
pub use variant::{LockTime, PrepareOrder, Presumption, Variant};

use super::relay::WithRelay;
use super::{Cx, Durable, Input, Machine, Mix, Out, Protocol, ProtocolKind, Role, Setting};

/// Two-phase commit; which one, the scenario says ([`Variant`]).
#[derive(Clone, Debug)]
pub enum TwoPhaseCommit {}

impl Protocol for TwoPhaseCommit {
    type Machine = TwoPhaseMachine;

    const KIND: ProtocolKind = ProtocolKind::TwoPhaseCommit;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<TwoPhaseMachine> {
        Some(match role {
            Role::Manager => TwoPhaseMachine::Coordinator(Mix::new(setting, Coordinator::new)),
            Role::Service(service) => TwoPhaseMachine::Participant(WithRelay::new(
                setting,
                Mix::new(setting, |alone| Participant::new(alone, service)),
            )),
        })
    }
}

/// The machine of either role.
#[derive(Clone, Debug)]
pub enum TwoPhaseMachine {
    /// The transaction manager's.
    Coordinator(Mix<Coordinator>),
    /// A service's, which may have real actions to hand over.
    Participant(WithRelay<Mix<Participant>>),
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
