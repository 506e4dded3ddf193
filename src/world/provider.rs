//! The provider of real actions: does what it is handed, once per key. It has
//! no faults of its own; its answers can be lost.

use std::collections::VecDeque;

use crate::protocol::LetterId;
use crate::vocab::{FastSet, SimDuration, SimTime};

/// The provider's memory of keys.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    known: FastSet<LetterId>,
    since: VecDeque<(SimTime, LetterId)>,
    retention: SimDuration,
}

impl Provider {
    /// A provider that remembers keys for so long.
    pub(super) fn new(retention: SimDuration) -> Self {
        Provider {
            known: FastSet::default(),
            since: VecDeque::new(),
            retention,
        }
    }

    /// Whether the action is performed: it is, unless its key is known.
    pub(super) fn perform(&mut self, now: SimTime, key: Option<LetterId>) -> bool {
        while self
            .since
            .front()
            .is_some_and(|(at, _)| now.since(*at) > self.retention)
        {
            let (_, old) = self.since.pop_front().expect("there is a front");
            self.known.remove(&old);
        }
        let Some(key) = key else { return true };
        let new = self.known.insert(key);
        if new {
            self.since.push_back((now, key));
        }
        new
    }
}
