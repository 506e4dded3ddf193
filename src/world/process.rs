//! A service process: its life, its workers, its timers and what waits for it.
//! The machine itself lives with the host.

use std::collections::VecDeque;

use super::agenda::Handle;
use super::store::Request;
use crate::protocol::{Effect, Input, Key, Letter, Tag, Wire};
use crate::scenario::ProcessSpec;
use crate::vocab::{FastMap, NodeId, RequestId, SimDuration, SimTime};

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Dead, or waiting for its database to come up.
    Down,
    /// Reads what its database still knows; its mailbox is shut.
    Recovering,
    /// Takes inputs.
    Running,
}

/// Something that a process is to take in.
#[derive(Clone, Debug)]
pub(super) struct Delivery<M> {
    pub(super) input: Input<M>,
    /// Who is held in flight by it until it is taken in, if anybody.
    pub(super) request: Option<RequestId>,
    /// Letters that the process sends itself, straight after the commit that
    /// this input reports: without an outbox they are in no row.
    pub(super) letters: Vec<Letter>,
}

/// Business work that waits for a worker.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) ticket: u64,
    pub(super) request: Box<Request>,
}

/// The workers of a process: how many are busy, and for how long they were, all
/// together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Workers {
    busy: u32,
    /// Since when so many are.
    since: SimTime,
    before: SimDuration,
}

impl Workers {
    pub(super) fn busy(&self) -> u32 {
        self.busy
    }

    /// From now on so many are busy.
    pub(super) fn set(&mut self, busy: u32, now: SimTime) {
        *self = Workers {
            busy,
            since: now,
            before: self.worked(now),
        };
    }

    /// When the last of them was busy.
    pub(super) fn last(&self, now: SimTime) -> SimTime {
        if self.busy > 0 { now } else { self.since }
    }

    /// For how long they were busy until now.
    pub(super) fn worked(&self, now: SimTime) -> SimDuration {
        self.before + now.since(self.since) * u64::from(self.busy)
    }
}

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Process<M> {
    pub(super) spec: ProcessSpec,
    pub(super) life: Life,
    /// How many faults keep it down.
    pub(super) downs: u32,
    /// How many faults make it stand still.
    pub(super) pauses: u32,
    /// The number of its start, from 1: durable, never used again.
    pub(super) epoch: u32,
    /// What came while it was standing still or its mailbox was shut.
    pub(super) mailbox: VecDeque<Delivery<M>>,
    /// Effects of a batch that a pause cut in two.
    pub(super) stalled: Vec<Effect<M>>,
    pub(super) stalled_letters: Vec<Letter>,
    pub(super) timers: FastMap<Key, Handle>,
    pub(super) polls: Vec<(Key, SimDuration)>,
    /// Its database came back while it stood still.
    pub(super) reread: bool,
    pub(super) workers: Workers,
    pub(super) waiting_jobs: VecDeque<Job>,
    /// Jobs that were served when a pause came.
    pub(super) paused_jobs: Vec<Job>,
}

impl<M> Process<M> {
    pub(super) fn new(spec: ProcessSpec) -> Self {
        Process {
            spec,
            life: Life::Down,
            downs: 0,
            pauses: 0,
            epoch: 0,
            mailbox: VecDeque::new(),
            stalled: Vec::new(),
            stalled_letters: Vec::new(),
            timers: FastMap::default(),
            polls: Vec::new(),
            reread: false,
            workers: Workers::default(),
            waiting_jobs: VecDeque::new(),
            paused_jobs: Vec::new(),
        }
    }

    /// For which share of the time until then, when all of them have done their last,
    /// its workers were busy.
    pub(super) fn utilisation(&self, until: SimTime) -> f64 {
        let all = until.as_micros() * u64::from(self.spec.workers);
        self.workers.worked(until).as_micros() as f64 / (all as f64).max(1.0)
    }

    /// Whether an input can be taken in right now.
    pub(super) fn takes_inputs(&self) -> bool {
        self.life == Life::Running && self.pauses == 0
    }
}

/// What has to be told to the host about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Start(NodeId),
    Kill(NodeId),
}

/// Where a letter goes, as a message.
pub(super) fn hand_over<M>(letter: &Letter, keep_key: bool) -> Wire<M> {
    use crate::protocol::{BrokerMsg, LetterBody, ProviderMsg};
    match letter.body {
        LetterBody::Action(action) => Wire::Provider(ProviderMsg::HandOver {
            id: letter.id,
            action,
            key: keep_key.then_some(letter.id),
        }),
        LetterBody::Event { to, event } => Wire::Broker(BrokerMsg::Publish {
            to,
            id: letter.id,
            event,
        }),
    }
}

/// Whose request a call or a timer belongs to. The relay's poll is nobody's.
pub(super) fn owner_of(key: Key) -> Option<RequestId> {
    (key.tag != Tag::Poll).then(|| key.tx.request())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_add_up_how_long_each_of_them_was_busy() {
        let at = |millis: u64| SimTime::from_micros(millis * 1_000);
        let mut workers = Workers::default();
        workers.set(1, at(10));
        workers.set(2, at(20));
        assert_eq!(workers.worked(at(25)), SimDuration::from_millis(20));
        workers.set(0, at(30));
        assert_eq!(workers.worked(at(100)), SimDuration::from_millis(30));
    }
}
