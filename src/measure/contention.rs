use std::collections::BTreeMap;

use super::doubts::{Doubtful, Doubts};
use super::incidents::Wait;
use super::locking::Resources;
use crate::business::BusinessRow;
use crate::history::{Effect, Owner};
use crate::vocab::{FastMap, FastSet, NodeId, SimDuration, SimTime, TxId};

/// Who waited for whom, how long locks were held, and how long branches were in
/// doubt.
pub(super) struct Contention {
    pub(super) resources: Resources,
    /// Readers that were blocked; requests are counted with their request.
    pub(super) blocked_readers: u64,
    pub(super) prepared: u64,
    pub(super) longest_wait: Option<Wait>,
    /// Waits that have not ended, by who waits where.
    waiting: BTreeMap<(NodeId, Owner), Waiting>,
    /// Locks that are held for writing. A prepared branch gets its locks back
    /// after a crash, so an entry outlives one.
    writing: FastSet<(NodeId, Owner, BusinessRow)>,
    /// How long each row was locked for writing, by those who count.
    locked: FastMap<(NodeId, BusinessRow), SimDuration>,
    /// The last read of each reader that was blocked.
    last_blocked: BTreeMap<u32, u32>,
    doubts: Doubts,
    /// Where all waits are kept, if anybody asked for them.
    kept: Option<Vec<Waited>>,
}

/// A wait for a business lock that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// For which row.
    pub row: BusinessRow,
    /// Since when.
    pub from: SimTime,
    /// Until when.
    pub to: SimTime,
}

/// A wait that has not ended.
#[derive(Clone, Copy)]
struct Waiting {
    since: SimTime,
    row: BusinessRow,
    behind: Owner,
    /// Whether it is to be in the figures.
    counts: bool,
}

impl Contention {
    pub(super) fn new() -> Self {
        Contention {
            resources: Resources::default(),
            blocked_readers: 0,
            prepared: 0,
            longest_wait: None,
            waiting: BTreeMap::new(),
            writing: FastSet::default(),
            locked: FastMap::default(),
            last_blocked: BTreeMap::new(),
            doubts: Doubts::default(),
            kept: None,
        }
    }

    /// Keeps every wait from now on.
    pub(super) fn keep_waits(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// The waits that were kept and that the figures count, in the order in which
    /// they ended.
    pub(super) fn kept_waits(&self) -> &[Waited] {
        self.kept.as_deref().unwrap_or_default()
    }

    pub(super) fn waits(
        &mut self,
        at: SimTime,
        node: NodeId,
        owner: Owner,
        (row, behind): (BusinessRow, Owner),
        counts: bool,
    ) {
        let waiting = Waiting {
            since: at,
            row,
            behind,
            counts,
        };
        // Of a wait that its own process called off, nothing is heard.
        if let Some(before) = self.waiting.insert((node, owner), waiting) {
            self.doubts.leave_queue(node, before.row, owner);
        }
        self.asked(owner, row, true, counts);
        self.doubts.queue(node, row, owner);
        self.doubts.met(node, owner, row, behind);
        self.note_reader(owner, counts);
    }

    pub(super) fn locked(
        &mut self,
        at: SimTime,
        node: NodeId,
        owner: Owner,
        (row, exclusive): (BusinessRow, bool),
        counts: bool,
    ) {
        let has_waited = self.stop_waiting(at, node, owner);
        self.asked(owner, row, false, counts && !has_waited);
        if exclusive {
            self.writing.insert((node, owner, row));
        }
    }

    pub(super) fn unlocked(
        &mut self,
        node: NodeId,
        owner: Owner,
        row: BusinessRow,
        (held, counts): (SimDuration, bool),
    ) {
        let was_writing = self.writing.remove(&(node, owner, row));
        if was_writing && counts && !matches!(owner, Owner::Operator(_)) {
            self.resources.at(row.resource).held(held);
            *self.locked.entry((node, row)).or_default() += held;
        }
    }

    /// How long the row was locked for writing that was locked for longest.
    pub(super) fn busiest_row(&self) -> SimDuration {
        self.locked.values().copied().max().unwrap_or_default()
    }

    /// Somebody was turned away, perhaps after a wait.
    pub(super) fn conflicted(
        &mut self,
        at: SimTime,
        node: NodeId,
        owner: Owner,
        by: Option<(BusinessRow, Owner)>,
        counts: bool,
    ) {
        let has_waited = self.stop_waiting(at, node, owner);
        if let Some((row, behind)) = by {
            self.asked(owner, row, true, counts && !has_waited);
            self.doubts.met(node, owner, row, behind);
        }
        self.note_reader(owner, counts);
    }

    pub(super) fn prepared(&mut self, at: SimTime, node: NodeId, tx: TxId, effects: &[Effect]) {
        self.prepared += 1;
        self.doubts.begin(at, node, tx, effects);
    }

    /// A crash took the outcome of a branch back, and the change of these rows: it is
    /// in doubt again.
    pub(super) fn outcome_lost(&mut self, at: SimTime, node: NodeId, tx: TxId, lost: &[Effect]) {
        self.doubts.begin(at, node, tx, lost);
    }

    /// A crash took back that a branch was prepared at all.
    pub(super) fn prepared_lost(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        self.doubts.forget(at, node, tx);
    }

    /// The manager's process died, or is up again.
    pub(super) fn manager(&mut self, at: SimTime, up: bool) {
        self.doubts.manager.is(at, up);
    }

    /// A branch has its outcome.
    pub(super) fn ended(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        self.stop_waiting(at, node, Owner::Tx(tx));
        self.doubts.end(at, node, tx);
    }

    /// A database died, and its queues with it.
    pub(super) fn database_down(&mut self, node: NodeId) {
        self.waiting.retain(|(at, _), _| *at != node);
        self.doubts.clear_queues(node);
    }

    /// How many locks are held for writing, and how many branches are in doubt.
    pub(super) fn held(&self) -> (u32, u32) {
        (self.writing.len() as u32, self.doubts.open())
    }

    /// The run is over: what branches in doubt have cost.
    pub(super) fn end(&mut self, at: SimTime) -> Doubtful {
        std::mem::take(&mut self.doubts).finish(at)
    }

    /// Somebody has asked for a lock, for the first time at this row.
    fn asked(&mut self, owner: Owner, row: BusinessRow, was_blocked: bool, counts: bool) {
        if counts && !matches!(owner, Owner::Operator(_)) {
            self.resources.at(row.resource).asked(was_blocked);
        }
    }

    /// Whoever waited there does so no more; `false` if nobody did.
    fn stop_waiting(&mut self, at: SimTime, node: NodeId, owner: Owner) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        let Some(waiting) = self.waiting.remove(&(node, owner)) else {
            return false;
        };
        self.doubts.leave_queue(node, waiting.row, owner);
        if !waiting.counts || matches!(owner, Owner::Operator(_)) {
            return true;
        }
        let lasted = at.since(waiting.since);
        let resource = self.resources.at(waiting.row.resource);
        resource.waited(waiting.since, at);
        if let Some(kept) = &mut self.kept {
            kept.push(Waited {
                row: waiting.row,
                from: waiting.since,
                to: at,
            });
        }
        if self
            .longest_wait
            .is_none_or(|longest| lasted > longest.lasted)
        {
            self.longest_wait = Some(Wait {
                who: owner,
                row: waiting.row,
                behind: waiting.behind,
                lasted,
            });
        }
        true
    }

    fn note_reader(&mut self, owner: Owner, counts: bool) {
        if let Owner::Reader(reader, read) = owner
            && counts
            && self.last_blocked.insert(reader, read) != Some(read)
        {
            self.blocked_readers += 1;
        }
    }
}
