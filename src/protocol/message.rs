//! What travels between nodes.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::orchestrated::SagaMsg;
use super::two_phase_commit::TwoPhaseMsg;
use super::txn::{Event, EventKind, LetterId};
use crate::business::{BusinessRow, Params, Reason};
use crate::vocab::{RequestKey, ServiceId, StepId, TxId, encoded_size};

/// Everything that a message can be: the envelope that the world knows around
/// what only a protocol's own machines understand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wire<M> {
    /// Between a client and the node that it calls.
    Client(ClientMsg),
    /// Between a service and the broker.
    Broker(BrokerMsg),
    /// Between a relay and the provider of real actions.
    Provider(ProviderMsg),
    /// Between machines of the protocol.
    Peer(M),
}

/// Between a client and the node that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMsg {
    /// The client wants this done.
    Request {
        /// The idempotency key.
        key: RequestKey,
        /// What it is about.
        params: Params,
        /// 0, then 1 for the first retry, and so on.
        retry: u16,
    },
    /// The client takes its wish back. It may come too late; and it may
    /// overtake the request, which must then not run. The answer is the
    /// request's: how it ended.
    Cancel {
        /// The key of the request.
        key: RequestKey,
        /// What that is about.
        params: Params,
    },
    /// The service's answer.
    Reply {
        /// To which request.
        key: RequestKey,
        /// The answer.
        outcome: ClientOutcome,
    },
}

/// What a client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientOutcome {
    /// It is on its way; the final word comes later. (A choreographed saga's
    /// first service says so after its own step.)
    Accepted,
    /// It is done.
    Committed,
    /// It is not done, and will not be; what was done of it is undone.
    Refused(Reason),
}

impl ClientOutcome {
    /// Whether it is the last word.
    pub fn is_final(self) -> bool {
        self != ClientOutcome::Accepted
    }
}

/// Between a service and the broker. The broker keeps one durable queue a
/// service, and redelivers what is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum BrokerMsg {
    /// A relay publishes.
    Publish {
        /// Whose queue.
        to: ServiceId,
        /// Which letter.
        id: LetterId,
        /// The event.
        event: Event,
    },
    /// The broker holds it durably.
    Confirm(LetterId),
    /// The broker delivers; again if it is not acknowledged.
    Deliver {
        /// The broker's own number of this message.
        delivery: u64,
        /// Which letter.
        id: LetterId,
        /// The event.
        event: Event,
    },
    /// The consumer has done its part; the broker forgets the message.
    Ack {
        /// The broker's own number of this message.
        delivery: u64,
        /// Which letter.
        id: LetterId,
    },
}

/// Between a relay and the provider of real actions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProviderMsg {
    /// Do this, once per key.
    HandOver {
        /// Which letter, so that the provider's answer finds it.
        id: LetterId,
        /// What is to be done.
        action: BusinessRow,
        /// The idempotency key; `None` without
        /// [`Safeguard::ProviderKey`](super::Safeguard::ProviderKey).
        key: Option<LetterId>,
    },
    /// It is done (or was done before).
    Accepted(LetterId),
}

/// The decision of two-phase commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// All do it.
    Commit,
    /// Nobody does.
    Abort,
}

impl ClientMsg {
    const KINDS: [&'static str; 3] = ["request", "cancel", "reply"];
}

impl BrokerMsg {
    const KINDS: [&'static str; 4] = ["publish", "confirm", "deliver", "consumer-ack"];
}

impl ProviderMsg {
    const KINDS: [&'static str; 2] = ["hand-over", "accepted"];
}

/// All that the [`kind`](Wire::kind) of a message of the protocols here can say.
pub fn message_kinds() -> Vec<&'static str> {
    [
        &ClientMsg::KINDS[..],
        TwoPhaseMsg::KINDS,
        SagaMsg::KINDS,
        &BrokerMsg::KINDS,
        &ProviderMsg::KINDS,
    ]
    .concat()
}

/// What the world must know of a protocol's own message.
pub trait Message: Clone + Debug + PartialEq + Send + 'static {
    /// All that [`kind`](Message::kind) can say: a fault on messages of another kind
    /// concerns nobody under this protocol. Of somebody's own protocol that need not
    /// be said.
    const KINDS: &'static [&'static str] = &[];

    /// Whose transaction it belongs to.
    fn tx(&self) -> TxId;

    /// What it is called in traces and in faults: `prepare`, `vote`, `ack`.
    fn kind(&self) -> &'static str;

    /// What tells it from other messages of the same kind, transaction and
    /// way: a step, a repeat. Part of its identity.
    fn detail(&self) -> u64 {
        0
    }

    /// Which step it is about, if it is about one.
    fn step(&self) -> Option<StepId> {
        None
    }

    /// What it says, in a word, where the kind does not: `yes`, `no`, `done`.
    fn says(&self) -> &'static str {
        ""
    }

    /// How many bytes its content takes, without framing and headers, which the
    /// scenario's network adds. Unless it is said, 32: the name of a transaction and
    /// a few numbers. Who derives [`Serialize`] can answer with [`encoded_size`].
    fn payload(&self) -> u32 {
        32
    }
}

/// For protocols whose machines send nothing to each other (they have the
/// broker, or nobody to talk to).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoPeer {}

impl Message for NoPeer {
    fn tx(&self) -> TxId {
        match *self {}
    }
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn payload(&self) -> u32 {
        match *self {}
    }
}

impl<M: Message> Wire<M> {
    /// Whose transaction it belongs to. A client's request is its key's, with
    /// no attempt yet.
    pub fn tx(&self) -> TxId {
        match self {
            Wire::Client(
                ClientMsg::Request { key, .. }
                | ClientMsg::Cancel { key, .. }
                | ClientMsg::Reply { key, .. },
            ) => TxId {
                key: *key,
                epoch: 0,
                attempt: 0,
            },
            Wire::Broker(
                BrokerMsg::Publish { id, .. }
                | BrokerMsg::Confirm(id)
                | BrokerMsg::Deliver { id, .. }
                | BrokerMsg::Ack { id, .. },
            )
            | Wire::Provider(ProviderMsg::HandOver { id, .. } | ProviderMsg::Accepted(id)) => id.tx,
            Wire::Peer(message) => message.tx(),
        }
    }

    /// Whether a message of this kind can travel at all, given whether the broker is
    /// used.
    pub fn may_be(kind: &str, uses_broker: bool) -> bool {
        ClientMsg::KINDS.contains(&kind)
            || ProviderMsg::KINDS.contains(&kind)
            || (uses_broker && BrokerMsg::KINDS.contains(&kind))
            || M::KINDS.contains(&kind)
    }

    /// What it is called in traces and in faults.
    pub fn kind(&self) -> &'static str {
        match self {
            Wire::Client(ClientMsg::Request { .. }) => "request",
            Wire::Client(ClientMsg::Cancel { .. }) => "cancel",
            Wire::Client(ClientMsg::Reply { .. }) => "reply",
            Wire::Broker(BrokerMsg::Publish { .. }) => "publish",
            Wire::Broker(BrokerMsg::Confirm(_)) => "confirm",
            Wire::Broker(BrokerMsg::Deliver { .. }) => "deliver",
            Wire::Broker(BrokerMsg::Ack { .. }) => "consumer-ack",
            Wire::Provider(ProviderMsg::HandOver { .. }) => "hand-over",
            Wire::Provider(ProviderMsg::Accepted(_)) => "accepted",
            Wire::Peer(message) => message.kind(),
        }
    }

    /// How many bytes its content takes, without framing and headers.
    #[inline]
    pub fn payload(&self) -> u32 {
        match self {
            Wire::Client(message) => encoded_size(message),
            Wire::Broker(message) => encoded_size(message),
            Wire::Provider(message) => encoded_size(message),
            Wire::Peer(message) => message.payload(),
        }
    }

    /// What tells it from other messages of the same kind, transaction and way.
    pub fn detail(&self) -> u64 {
        let letter = |id: &LetterId| {
            u64::from(id.step.0) << 16 | (id.direction as u64) << 8 | u64::from(id.n)
        };
        match self {
            Wire::Client(ClientMsg::Request { retry, .. }) => u64::from(*retry),
            Wire::Client(ClientMsg::Cancel { .. }) => 0,
            Wire::Client(ClientMsg::Reply { outcome, .. }) => u64::from(outcome.is_final()),
            Wire::Broker(
                BrokerMsg::Publish { id, .. }
                | BrokerMsg::Confirm(id)
                | BrokerMsg::Deliver { id, .. }
                | BrokerMsg::Ack { id, .. },
            )
            | Wire::Provider(ProviderMsg::HandOver { id, .. } | ProviderMsg::Accepted(id)) => {
                letter(id)
            }
            Wire::Peer(message) => message.detail(),
        }
    }

    /// Which step it is about, if it is about one.
    pub fn step(&self) -> Option<StepId> {
        match self {
            Wire::Client(_) => None,
            Wire::Broker(
                BrokerMsg::Publish { id, .. }
                | BrokerMsg::Confirm(id)
                | BrokerMsg::Deliver { id, .. }
                | BrokerMsg::Ack { id, .. },
            )
            | Wire::Provider(ProviderMsg::HandOver { id, .. } | ProviderMsg::Accepted(id)) => {
                Some(id.step)
            }
            Wire::Peer(message) => message.step(),
        }
    }

    /// What it says, in a word, where the kind does not.
    pub fn says(&self) -> &'static str {
        let event = |event: &Event| match event.kind {
            EventKind::Done(_) | EventKind::DoneFor { .. } => "done",
            EventKind::Failed { .. } => "failed",
            EventKind::Over(_) => "over",
            EventKind::Cancel { .. } => "cancel",
        };
        match self {
            Wire::Client(ClientMsg::Reply { outcome, .. }) => match outcome {
                ClientOutcome::Accepted => "accepted",
                ClientOutcome::Committed => "committed",
                ClientOutcome::Refused(_) => "refused",
            },
            Wire::Broker(
                BrokerMsg::Publish { event: e, .. } | BrokerMsg::Deliver { event: e, .. },
            ) => event(e),
            Wire::Client(_) | Wire::Broker(_) | Wire::Provider(_) => "",
            Wire::Peer(message) => message.says(),
        }
    }
}
