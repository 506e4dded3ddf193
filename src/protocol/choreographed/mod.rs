//! The saga without an orchestrator: each service reacts to the event before it
//! and tells the next.
//!
//! A step, its inbox row and the letter about it are one local transaction; the
//! letter goes through outbox, relay and broker, none of which loses anything,
//! so no saga falls silent and no watchdog is needed.
//!
//! | event | to | it then |
//! | --- | --- | --- |
//! | done | the service of the next step | does that step |
//! | failed | the service of the step to be undone | undoes it and passes the failure on |
//! | over | the service that the client called | stores the outcome and tells the client |
//!
//! A failure runs backwards along the chain: the service that said no raises it,
//! and each undoes its own step before it tells the one before. The client is
//! answered by the service it called, which is the first step's: *accepted* once
//! its own step is done, and finally when the saga is over. Before either is
//! told, it is on that service's disk.
//!
//! # Steps together
//!
//! Where the [`StepOrder`](super::StepOrder) is parallel, steps of a kind whose order
//! does not matter are a *group*. All of it react to the same events, and whoever comes
//! next *joins* them: it notes each event of the group in its inbox, and acts on the one
//! that comes last, whichever that is. Nobody commands, and nobody counts but who waits.
//!
//! | event | to | it then |
//! | --- | --- | --- |
//! | done, for a step | each service of the next group | does that step, once it has heard of every step of the group before; till then, notes it |
//! | done, for the end | the service that the client called | stores the outcome, once it has heard of every step of the last group |
//!
//! Why it is all or nothing, whatever dies, comes twice or out of order:
//!
//! - *Nothing begins too early, or never.* A note stays, and of two events that come at
//!   once the database puts one first: so whichever is last finds all the others. It
//!   is acknowledged when what follows is committed, and what follows has an inbox row of
//!   its own: once. So a step begins only when all groups before its own are done, and a
//!   saga is committed only when all steps are.
//! - *A no is never overrun.* Who says no tells nobody that it is done, for good. So no
//!   later group begins, and the saga cannot be committed any more.
//! - *All is undone, in order.* The failure goes one way, past the others of the group,
//!   last first, and then past everything before it; each undoes its step before it
//!   passes it on. Where the step has not been done yet, its compensation leaves a
//!   tombstone, so that the step is refused when its event comes; that no is not a
//!   second failure.
//! - *Several may say no.* Then several failures go the same way, each past all but its
//!   own step, which has had no effect. A step is undone once and passes on only the
//!   failure that it was undone for: where two meet, one goes on. So one that reaches the
//!   end has itself undone all that had effect, and one does reach it, since whatever
//!   stops a failure is a step that another one has gone on from.
//! - *A cancel* goes from step to step in their order, as ever: where it comes to a step
//!   that is not done and not undone, that says no.
//!
//! # Acknowledgements
//!
//! A consumer acknowledges an event once its local transaction is committed.
//! What it could not commit it leaves to redelivery, and its inbox answers what
//! it has done before; the broker *parks* what was delivered in vain as often as the
//! step's policy allows. Only the first step has nobody who would deliver it again
//! but a person: out of retries it is refused.

mod reactor;
mod task;

use std::sync::Arc;

pub use reactor::Reactor;

use super::relay::WithRelay;
use super::{Mix, Protocol, ProtocolKind, Role, Setting};

/// The saga without an orchestrator.
#[derive(Clone, Debug)]
pub enum ChoreographedSaga {}

impl Protocol for ChoreographedSaga {
    type Machine = WithRelay<Mix<Reactor>>;

    const KIND: ProtocolKind = ProtocolKind::ChoreographedSaga;

    fn build(setting: &Arc<Setting>, role: Role) -> Option<Self::Machine> {
        match role {
            Role::Manager => None,
            Role::Service(_) => Some(WithRelay::new(setting, Mix::new(setting, Reactor::new))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::play::play;

    #[test]
    fn the_services_of_the_chain_play_their_scripts() {
        play::<ChoreographedSaga>("choreographed");
    }
}
