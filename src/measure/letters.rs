use super::spread::Spread;
use crate::history::Written;
use crate::protocol::{LetterId, Row};
use crate::vocab::{FastMap, SimDuration, SimTime};

/// How long letters lie in outboxes.
#[derive(Default)]
pub(super) struct Letters {
    staged: FastMap<LetterId, SimTime>,
    pub(super) lag: Spread,
}

impl Letters {
    /// A local transaction wrote these rows.
    pub(super) fn written(&mut self, at: SimTime, writes: &[Written]) {
        for written in writes {
            if let (Row::Outbox(id), Some(_)) = (written.row, written.value) {
                self.staged.entry(id).or_insert(at);
            }
        }
    }

    /// A crash took back that these rows were written.
    pub(super) fn lost(&mut self, writes: &[Written]) {
        for written in writes {
            if let (Row::Outbox(id), Some(_)) = (written.row, written.value) {
                self.staged.remove(&id);
            }
        }
    }

    /// A letter is where it was to go; only the first time says anything.
    pub(super) fn arrived(&mut self, at: SimTime, id: LetterId, counts: bool) {
        if let Some(staged) = self.staged.remove(&id)
            && counts
        {
            self.lag.record(at.since(staged));
        }
    }
}

/// How long the disks of databases were flushing.
pub(super) struct Disks {
    /// How long a flush takes, by node.
    flush: Vec<SimDuration>,
    /// How many there were so far, by node.
    flushes: Vec<u64>,
    /// How many of them had ended when the window did, as far as is known.
    within: Vec<u64>,
}

impl Disks {
    pub(super) fn new(flush: Vec<SimDuration>) -> Self {
        let none = vec![0; flush.len()];
        Disks {
            flush,
            flushes: none.clone(),
            within: none,
        }
    }

    pub(super) fn flushed(&mut self, node: usize) {
        if let Some(flushes) = self.flushes.get_mut(node) {
            *flushes += 1;
        }
    }

    /// The window goes on to here at the least.
    pub(super) fn mark(&mut self) {
        self.within.copy_from_slice(&self.flushes);
    }

    /// The share of the window in which the busiest was flushing.
    pub(super) fn utilisation(&self, window: SimDuration) -> f64 {
        let busy = self.flush.iter().zip(&self.within);
        let busiest = busy.map(|(&flush, &n)| flush * n).max();
        match window.is_zero() {
            true => 0.0,
            false => busiest.unwrap_or_default().as_secs_f64() / window.as_secs_f64(),
        }
    }
}
