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
