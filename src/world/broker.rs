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

/// A message on disk. What is known of its deliveries is there with it: parked is
/// parked, whatever restarts.
#[derive(Clone, Copy, Debug)]
struct Stored {
    held: Held,
    /// How often it was delivered since it was stored, or put back.
    tries: u32,
    parked: bool,
}

/// What is due for a message when its time has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Due {
    /// It is to be delivered again.
    Deliver(Held),
    /// It was delivered as often as it may be: it is parked now.
    Park(Held),
    /// It was parked, and an operator has looked: it is no more.
    PutBack(Held),
    /// It is acknowledged.
    Nothing,
}

/// The broker's memory and disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Broker {
    /// Received and not yet on disk.
    buffer: Vec<Held>,
    /// What the flush in progress carries.
    flushing: Vec<Held>,
    /// On disk and not acknowledged, by delivery number.
    stored: BTreeMap<u64, Stored>,
    /// Acknowledged, but the acknowledgement is not on disk.
    acked: Vec<(u64, Stored)>,
    /// How many of those the flush in progress carries.
    flushing_acks: usize,
    in_flush: bool,
    next: u64,
    /// How many that are not acknowledged it held at a time, at the most.
    most: usize,
}

impl Broker {
    /// Takes a message in; `true` if a flush is to be begun.
    pub(super) fn receive(&mut self, held: Held) -> bool {
        self.buffer.push(held);
        self.count();
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
            let stored = Stored {
                held,
                tries: 0,
                parked: false,
            };
            self.stored.insert(self.next, stored);
            durable.push((self.next, held));
            self.next += 1;
        }
        let again = self.begin_flush();
        (durable, again)
    }

    /// A consumer acknowledged: `None` if it had done so before, otherwise
    /// whether a flush is to be begun.
    pub(super) fn ack(&mut self, delivery: u64) -> Option<bool> {
        let stored = self.stored.remove(&delivery)?;
        self.acked.push((delivery, stored));
        Some(self.begin_flush())
    }

    /// A message is being delivered, once more.
    pub(super) fn delivered(&mut self, delivery: u64) {
        if let Some(stored) = self.stored.get_mut(&delivery) {
            stored.tries += 1;
        }
    }

    /// The time has come to deliver a message again, or to put it back; which may be
    /// delivered so often, if that is bounded.
    pub(super) fn due(&mut self, delivery: u64, most: impl Fn(&Held) -> Option<u32>) -> Due {
        let Some(stored) = self.stored.get_mut(&delivery) else {
            return Due::Nothing;
        };
        let held = stored.held;
        if stored.parked {
            stored.parked = false;
            stored.tries = 0;
            return Due::PutBack(held);
        }
        if most(&held).is_some_and(|most| stored.tries >= most) {
            stored.parked = true;
            return Due::Park(held);
        }
        Due::Deliver(held)
    }

    /// It dies: everything that was not on disk is gone. Returns the messages
    /// that are lost, and those whose acknowledgement is.
    pub(super) fn crash(&mut self) -> (Vec<Held>, Vec<Held>) {
        self.in_flush = false;
        let mut lost = std::mem::take(&mut self.flushing);
        lost.append(&mut self.buffer);
        let mut back = Vec::new();
        for (delivery, stored) in self.acked.drain(..) {
            self.stored.insert(delivery, stored);
            back.push(stored.held);
        }
        self.count();
        (lost, back)
    }

    /// Takes note of how many it holds that are not acknowledged.
    fn count(&mut self) {
        let held = self.buffer.len() + self.flushing.len() + self.stored.len();
        self.most = self.most.max(held);
    }

    /// How many they were at the most.
    pub(super) fn most_held(&self) -> u64 {
        self.most as u64
    }

    /// Everything that is not acknowledged, in order, and whether it is parked.
    pub(super) fn unacknowledged(&self) -> impl Iterator<Item = (u64, Held, bool)> {
        self.stored
            .iter()
            .map(|(delivery, stored)| (*delivery, stored.held, stored.parked))
    }
}

/// Whether the broker is up, and what keeps it from working.
#[derive(Clone, Debug)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::Params;
    use crate::protocol::EventKind;
    use crate::vocab::{Direction, StepId, TxId};

    fn held(n: u8) -> Held {
        let tx = TxId::NOBODY;
        Held {
            to: ServiceId(0),
            id: LetterId {
                tx,
                step: StepId(0),
                direction: Direction::Forward,
                n,
            },
            event: Event {
                tx,
                params: Params([0; Params::MOST]),
                kind: EventKind::Done(StepId(0)),
            },
            publisher: NodeId(1),
        }
    }

    #[test]
    fn the_most_that_it_held_counts_what_is_not_acknowledged() {
        let mut broker = Broker::default();
        broker.receive(held(0));
        broker.flushed();
        broker.receive(held(1));
        assert_eq!(broker.most_held(), 2, "one on disk, one not yet");
        broker.flushed();
        broker.ack(0);
        broker.receive(held(2));
        assert_eq!(broker.most_held(), 2, "the first was acknowledged");
        broker.crash();
        assert_eq!(broker.most_held(), 2, "one came back, and one is lost");
        broker.receive(held(2));
        assert_eq!(broker.most_held(), 3);
    }
}
