use std::collections::BTreeMap;

use super::spread::Spread;
use crate::business::BusinessRow;
use crate::history::Owner;
use crate::vocab::{FastSet, NodeId, SimDuration, SimTime, TxId};

/// Who waited for whom, how long locks were held, and how long branches were in
/// doubt.
pub(super) struct Contention {
    pub(super) wait: Spread,
    pub(super) hold: Spread,
    /// Readers that were blocked; requests are counted with their request.
    pub(super) blocked_readers: u64,
    pub(super) prepared: u64,
    pub(super) longest_in_doubt: SimDuration,
    /// Waits that have not ended, by who waits where.
    waiting: BTreeMap<(NodeId, Owner), SimTime>,
    /// Locks that are held for writing. A prepared branch gets its locks back
    /// after a crash, so an entry outlives one.
    writing: FastSet<(NodeId, Owner, BusinessRow)>,
    /// The last read of each reader that was blocked.
    last_blocked: BTreeMap<u32, u32>,
    in_doubt: BTreeMap<(NodeId, TxId), SimTime>,
}

impl Contention {
    pub(super) fn new() -> Self {
        Contention {
            wait: Spread::new(),
            hold: Spread::new(),
            blocked_readers: 0,
            prepared: 0,
            longest_in_doubt: SimDuration::ZERO,
            waiting: BTreeMap::new(),
            writing: FastSet::default(),
            last_blocked: BTreeMap::new(),
            in_doubt: BTreeMap::new(),
        }
    }

    pub(super) fn waits(&mut self, at: SimTime, node: NodeId, owner: Owner) {
        self.waiting.entry((node, owner)).or_insert(at);
        self.note_reader(owner);
    }

    pub(super) fn locked(
        &mut self,
        node: NodeId,
        owner: Owner,
        lock: (BusinessRow, bool),
        waited: SimDuration,
    ) {
        let (row, exclusive) = lock;
        if !waited.is_zero() {
            self.waiting.remove(&(node, owner));
            if !matches!(owner, Owner::Operator(_)) {
                self.wait.record(waited);
            }
        }
        if exclusive {
            self.writing.insert((node, owner, row));
        }
    }

    pub(super) fn unlocked(
        &mut self,
        node: NodeId,
        owner: Owner,
        row: BusinessRow,
        held: SimDuration,
    ) {
        if self.writing.remove(&(node, owner, row)) && !matches!(owner, Owner::Operator(_)) {
            self.hold.record(held);
        }
    }

    /// Somebody was turned away, perhaps after a wait.
    pub(super) fn conflicted(&mut self, at: SimTime, node: NodeId, owner: Owner) {
        self.stop_waiting(at, node, owner);
        self.note_reader(owner);
    }

    pub(super) fn prepared(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        self.prepared += 1;
        self.in_doubt.entry((node, tx)).or_insert(at);
    }

    /// A crash took the outcome of a branch back: it is in doubt again.
    pub(super) fn outcome_lost(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        self.in_doubt.entry((node, tx)).or_insert(at);
    }

    /// A crash took back that a branch was prepared at all.
    pub(super) fn prepared_lost(&mut self, node: NodeId, tx: TxId) {
        self.in_doubt.remove(&(node, tx));
    }

    /// A branch has its outcome.
    pub(super) fn ended(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        self.stop_waiting(at, node, Owner::Tx(tx));
        if let Some(since) = self.in_doubt.remove(&(node, tx)) {
            self.longest_in_doubt = self.longest_in_doubt.max(at.since(since));
        }
    }

    /// A database died, and its queues with it.
    pub(super) fn database_down(&mut self, node: NodeId) {
        self.waiting.retain(|(at, _), _| *at != node);
    }

    /// The run is over: what is still in doubt was so until now.
    pub(super) fn end(&mut self, at: SimTime) {
        for since in self.in_doubt.values() {
            self.longest_in_doubt = self.longest_in_doubt.max(at.since(*since));
        }
    }

    fn stop_waiting(&mut self, at: SimTime, node: NodeId, owner: Owner) {
        if self.waiting.is_empty() {
            return;
        }
        if let Some(since) = self.waiting.remove(&(node, owner))
            && !matches!(owner, Owner::Operator(_))
        {
            self.wait.record(at.since(since));
        }
    }

    fn note_reader(&mut self, owner: Owner) {
        if let Owner::Reader(reader, read) = owner
            && self.last_blocked.insert(reader, read) != Some(read)
        {
            self.blocked_readers += 1;
        }
    }
}
