//! Where a numbered point lies, and what comes next there.

use super::happening::Happening;
use super::world::{Msg, World};
use crate::history::{PointKind, Sink};
use crate::protocol::{Effect, Protocol};
use crate::vocab::NodeId;

impl<P: Protocol, S: Sink> World<P, S> {
    /// Where something on the agenda happens, and what it is.
    pub(super) fn place(&self, happening: &Happening<Msg<P>>) -> (NodeId, PointKind) {
        let nodes = &self.setting.nodes;
        let called = |ticket: &u64| {
            let call = self.calls.get(ticket);
            call.map_or(nodes.clients(), |call| call.node)
        };
        match happening {
            Happening::Arrive { to, .. } => (*to, PointKind::Delivery),
            Happening::Wake(node, wake) => (*node, wake.point()),
            Happening::Answer { ticket, .. } => (called(ticket), PointKind::Answer),
            Happening::Served { ticket, .. } => (called(ticket), PointKind::Call),
            Happening::Timer { node, .. } | Happening::Poll { node, .. } => {
                (*node, PointKind::Timer)
            }
            Happening::Deliver { node, .. } => (*node, PointKind::Delivery),
            Happening::Boot { node, .. }
            | Happening::Recovered { node, .. }
            | Happening::Reconnected { node, .. } => (*node, PointKind::Recovery),
            Happening::FaultBegins(fault) | Happening::FaultEnds(fault) => {
                (self.struck_node(*fault), PointKind::Fault)
            }
            Happening::Ask(_)
            | Happening::Wish(_)
            | Happening::ClientTimeout { .. }
            | Happening::ClientRetry { .. }
            | Happening::Cancel(_)
            | Happening::ClickAgain(_)
            | Happening::ReaderReads { .. }
            | Happening::Operate { .. } => (nodes.clients(), PointKind::Wish),
            Happening::BrokerFlushed { .. } => (nodes.broker(), PointKind::Sync),
            Happening::Redeliver { .. } => (nodes.broker(), PointKind::Timer),
            Happening::BrokerUp { .. } => (nodes.broker(), PointKind::Recovery),
            Happening::Performed { .. } => (nodes.provider(), PointKind::Statement),
        }
    }
}

/// What comes next before an effect.
pub(super) fn kind_of<M>(effect: &Effect<M>) -> PointKind {
    match effect {
        Effect::Execute { .. } | Effect::Finish { .. } | Effect::Unsent { .. } => PointKind::Call,
        Effect::Send { .. } => PointKind::Send,
        Effect::Arm { .. } | Effect::Disarm(_) | Effect::Poll { .. } => PointKind::Memory,
        Effect::Observe(_) => PointKind::Note,
    }
}
