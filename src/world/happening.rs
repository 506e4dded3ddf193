//! What can stand on the agenda.

use super::process::Delivery;
use super::store::{Request, Wake};
use crate::business::BusinessRow;
use crate::history::MsgId;
use crate::protocol::{Durable, Key, Letter, LetterId, Outcome, Tag, Wire};
use crate::vocab::{ClientId, Identity, NodeId, RequestId, SimDuration};

/// Something on the agenda.
#[derive(Clone, Debug)]
pub(super) enum Happening<M> {
    Arrive {
        id: MsgId,
        from: NodeId,
        to: NodeId,
        body: Wire<M>,
    },
    Wake(NodeId, Wake),
    Answer {
        ticket: u64,
        outcome: Outcome,
        letters: Vec<Letter>,
    },
    Served {
        ticket: u64,
        epoch: u32,
        request: Box<Request>,
    },
    Timer {
        node: NodeId,
        key: Key,
    },
    Poll {
        node: NodeId,
        epoch: u32,
        key: Key,
        every: SimDuration,
    },
    Deliver {
        node: NodeId,
        epoch: u32,
        delivery: Delivery<M>,
    },
    Boot {
        node: NodeId,
        epoch: u32,
    },
    Recovered {
        node: NodeId,
        epoch: u32,
        durable: Box<Durable>,
    },
    Reconnected {
        node: NodeId,
        epoch: u32,
        durable: Box<Durable>,
    },
    FaultBegins(u32),
    FaultEnds(u32),
    Ask(ClientId),
    /// The n-th listed request is made.
    Wish(u32),
    ClientTimeout {
        request: RequestId,
        retry: u16,
    },
    /// A client has waited before its retry.
    ClientRetry {
        request: RequestId,
        retry: u16,
    },
    /// A client takes its wish back.
    Cancel(RequestId),
    /// A client clicks again.
    ClickAgain(RequestId),
    ReaderReads {
        reader: u32,
        n: u32,
    },
    Operate {
        event: u32,
        row: u32,
    },
    BrokerFlushed {
        epoch: u32,
    },
    Redeliver {
        delivery: u64,
        epoch: u32,
    },
    Performed {
        from: NodeId,
        id: LetterId,
        action: BusinessRow,
        key: Option<LetterId>,
    },
    BrokerUp {
        epoch: u32,
    },
}

/// A call of a database that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) node: NodeId,
    pub(super) epoch: u32,
    pub(super) whose: Caller,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    Machine { key: Key, worker: bool },
    Recovery,
    Reconnection,
    Reader { reader: u32 },
    Operator { event: u32, row: u32 },
}

/// The identity of what concerns a node and a key of its machine.
pub(super) fn identity(node: NodeId, key: Key) -> Identity {
    Identity::new()
        .with(u64::from(node.0))
        .with_tx(key.tx)
        .with(u64::from(key.n) << 8 | tag_number(key.tag))
}

/// A small number for a tag, stable over versions of the enum's order.
fn tag_number(tag: Tag) -> u64 {
    match tag {
        Tag::Work => 1,
        Tag::Undo => 2,
        Tag::Prepare => 3,
        Tag::Finish => 4,
        Tag::Log => 5,
        Tag::End => 6,
        Tag::Outcome => 7,
        Tag::Resend => 8,
        Tag::GiveUp => 9,
        Tag::Retry => 10,
        Tag::Inquire => 11,
        Tag::Poll => 12,
        Tag::Confirm => 13,
        Tag::Mark => 14,
        Tag::Parked => 15,
        Tag::Custom(n) => 64 + u64::from(n),
    }
}
