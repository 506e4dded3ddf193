//! The message broker: one durable queue a service, at least once.
//!
//! It confirms after its own sync; a crash loses only what it had not confirmed.
//! Acknowledgements need a sync too, so a crash may bring an acknowledged message
//! back: consumers need their inbox.

use std::collections::BTreeMap;

use crate::protocol::{Event, LetterId};
use crate::vocab::{NodeId, ServiceId};

/// A message that the broker holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    pub(super) to: ServiceId,
    pub(super) id: LetterId,
    pub(super) event: Event,
    /// Whom to confirm it to.
    pub(super) publisher: NodeId,
}

/// The broker's memory and disk.
#[derive(Debug, Default)]
pub(super) struct Broker {
    /// Received and not yet on disk.
    buffer: Vec<Held>,
    /// What the flush in progress carries.
    flushing: Vec<Held>,
    /// On disk and not acknowledged, by delivery number.
    stored: BTreeMap<u64, Held>,
    /// Acknowledged, but the acknowledgement is not on disk.
    acked: Vec<(u64, Held)>,
    /// How many of those the flush in progress carries.
    flushing_acks: usize,
    in_flush: bool,
    next: u64,
}

impl Broker {
    /// Takes a message in; `true` if a flush is to be begun.
    pub(super) fn receive(&mut self, held: Held) -> bool {
        self.buffer.push(held);
        self.begin_flush()
    }

    /// Begins a flush of everything in the buffer, unless one is in progress.
    fn begin_flush(&mut self) -> bool {
        if self.in_flush || (self.buffer.is_empty() && self.acked.is_empty()) {
            return false;
        }
        std::mem::swap(&mut self.flushing, &mut self.buffer);
        self.flushing_acks = self.acked.len();
        self.in_flush = true;
        true
    }

    /// The flush is done: what is durable now, with delivery numbers; and
    /// whether another flush is to be begun.
    pub(super) fn flushed(&mut self) -> (Vec<(u64, Held)>, bool) {
        self.in_flush = false;
        self.acked.drain(..self.flushing_acks);
        let mut durable = Vec::with_capacity(self.flushing.len());
        for held in self.flushing.drain(..) {
            self.stored.insert(self.next, held);
            durable.push((self.next, held));
            self.next += 1;
        }
        let again = self.begin_flush();
        (durable, again)
    }

    /// A consumer acknowledged: `None` if it had done so before, otherwise
    /// whether a flush is to be begun.
    pub(super) fn ack(&mut self, delivery: u64) -> Option<bool> {
        let held = self.stored.remove(&delivery)?;
        self.acked.push((delivery, held));
        Some(self.begin_flush())
    }

    /// A message that is not acknowledged.
    pub(super) fn unacked(&self, delivery: u64) -> Option<Held> {
        self.stored.get(&delivery).copied()
    }

    /// It dies: everything that was not on disk is gone. Returns the messages
    /// that are lost, and those whose acknowledgement is.
    pub(super) fn crash(&mut self) -> (Vec<Held>, Vec<Held>) {
        self.in_flush = false;
        let mut lost = std::mem::take(&mut self.flushing);
        lost.append(&mut self.buffer);
        let mut back = Vec::new();
        for (delivery, held) in self.acked.drain(..) {
            self.stored.insert(delivery, held);
            back.push(held);
        }
        (lost, back)
    }

    /// Everything that is to be delivered (again), in order.
    pub(super) fn undelivered(&self) -> impl Iterator<Item = (u64, Held)> {
        self.stored
            .iter()
            .map(|(delivery, held)| (*delivery, *held))
    }
}

/// Whether the broker is up, and what keeps it from working.
#[derive(Debug)]
pub(super) struct BrokerLife {
    pub(super) up: bool,
    /// How many faults keep it down.
    pub(super) downs: u32,
    /// How many faults make it stand still.
    pub(super) pauses: u32,
    /// Changes with every crash, so that what was due before is not done.
    pub(super) epoch: u32,
}

impl Default for BrokerLife {
    fn default() -> Self {
        BrokerLife {
            up: true,
            downs: 0,
            pauses: 0,
            epoch: 1,
        }
    }
}

impl BrokerLife {
    /// Whether everything waits for it to go on.
    pub(super) fn stands_still(&self) -> bool {
        self.pauses > 0
    }
}
