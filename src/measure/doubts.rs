use std::collections::BTreeMap;

use super::incidents::Doubt;
use crate::business::BusinessRow;
use crate::history::{Effect, Owner};
use crate::vocab::{FastMap, NodeId, RequestId, SimDuration, SimTime, TxId};

/// Branches in doubt, and whom each keeps waiting.
///
/// Who waits is heard of once, when the wait begins, and may wait behind several
/// branches one after another. So the queue of every row is remembered, and a
/// branch that becomes doubtful has those of its rows from the start.
#[derive(Default)]
pub(super) struct Doubts {
    in_doubt: BTreeMap<(NodeId, TxId), InDoubt>,
    /// Who waits for a row now; rows for which nobody waits are not here.
    queues: FastMap<(NodeId, BusinessRow), Vec<Waiter>>,
    pub(super) manager: Manager,
    cost: Doubtful,
}

/// What branches in doubt have cost.
#[derive(Default)]
pub(super) struct Doubtful {
    pub(super) longest: SimDuration,
    pub(super) worst: Option<Doubt>,
    /// The time of each, as often as it has rows to change.
    pub(super) row_time: SimDuration,
    /// The part of it without a manager.
    pub(super) managerless: SimDuration,
}

/// For how long the manager's process has been down.
#[derive(Default)]
pub(super) struct Manager {
    down: SimDuration,
    since: Option<SimTime>,
}

impl Manager {
    pub(super) fn is(&mut self, at: SimTime, up: bool) {
        match (up, self.since) {
            (true, Some(since)) => {
                self.down += at.since(since);
                self.since = None;
            }
            (false, None) => self.since = Some(at),
            _ => {}
        }
    }

    /// Until now, all in all.
    fn was_down(&self, at: SimTime) -> SimDuration {
        let now = self.since.map(|since| at.since(since));
        self.down + now.unwrap_or_default()
    }
}

struct InDoubt {
    since: SimTime,
    /// How many rows it will change.
    rows: u64,
    /// For how long the manager had been down when it began.
    was_down: SimDuration,
    /// Whom it keeps waiting; somebody may stand here several times.
    kept: Vec<Kept>,
}

/// Who waits for which row.
type Kept = (BusinessRow, Waiter);

/// A request over all its attempts, or one look of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waiter {
    Request(RequestId),
    Read(u32, u32),
}

impl Waiter {
    /// Nobody asks for how long the operator waits.
    pub(super) fn of(owner: Owner) -> Option<Waiter> {
        match owner {
            Owner::Tx(tx) => Some(Waiter::Request(tx.request())),
            Owner::Reader(reader, read) => Some(Waiter::Read(reader, read)),
            Owner::Operator(_) => None,
        }
    }
}

impl Doubts {
    /// A branch is prepared, and will change these rows.
    pub(super) fn begin(&mut self, at: SimTime, node: NodeId, tx: TxId, effects: &[Effect]) {
        let mut kept = Vec::new();
        if !self.queues.is_empty() {
            for Effect { row, .. } in effects {
                let queue = self.queues.get(&(node, *row));
                kept.extend(queue.into_iter().flatten().map(|&who| (*row, who)));
            }
        }
        let again = self.in_doubt.entry((node, tx));
        again.or_insert(InDoubt {
            since: at,
            rows: distinct_rows(effects),
            was_down: self.manager.was_down(at),
            kept,
        });
    }

    /// How many branches are in doubt.
    pub(super) fn open(&self) -> u32 {
        self.in_doubt.len() as u32
    }

    /// Somebody waits for a row, or was turned away from it.
    pub(super) fn met(&mut self, node: NodeId, who: Owner, row: BusinessRow, behind: Owner) {
        if let (Owner::Tx(tx), Some(who)) = (behind, Waiter::of(who))
            && let Some(branch) = self.in_doubt.get_mut(&(node, tx))
        {
            branch.keep((row, who));
        }
    }

    pub(super) fn queue(&mut self, node: NodeId, row: BusinessRow, who: Owner) {
        if let Some(who) = Waiter::of(who) {
            self.queues.entry((node, row)).or_default().push(who);
        }
    }

    pub(super) fn leave_queue(&mut self, node: NodeId, row: BusinessRow, who: Owner) {
        let Some(queue) = self.queues.get_mut(&(node, row)) else {
            return;
        };
        // Most leave from the front.
        let place = queue.iter().position(|&w| Some(w) == Waiter::of(who));
        place.map(|place| queue.remove(place));
        if queue.is_empty() {
            self.queues.remove(&(node, row));
        }
    }

    /// The database died: nobody waits there any more. What is prepared stays in
    /// doubt.
    pub(super) fn clear_queues(&mut self, node: NodeId) {
        self.queues.retain(|(at, _), _| *at != node);
    }

    /// A crash took back that a branch was prepared at all.
    pub(super) fn forget(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        if let Some(branch) = self.in_doubt.remove(&(node, tx)) {
            self.held(at, &branch);
        }
    }

    /// A branch has its outcome.
    pub(super) fn end(&mut self, at: SimTime, node: NodeId, tx: TxId) {
        if let Some(branch) = self.in_doubt.remove(&(node, tx)) {
            self.judge(at, node, tx, branch);
        }
    }

    /// The run is over: what is still in doubt was so until now.
    pub(super) fn finish(mut self, at: SimTime) -> Doubtful {
        for ((node, tx), branch) in std::mem::take(&mut self.in_doubt) {
            self.judge(at, node, tx, branch);
        }
        self.cost
    }

    /// The rows of a branch were nobody else's until now.
    fn held(&mut self, at: SimTime, branch: &InDoubt) {
        let managerless = self.manager.was_down(at) - branch.was_down;
        self.cost.row_time += at.since(branch.since) * branch.rows;
        self.cost.managerless += managerless * branch.rows;
    }

    /// Whether this was worse than what was seen before.
    fn judge(&mut self, at: SimTime, node: NodeId, tx: TxId, mut branch: InDoubt) {
        let lasted = at.since(branch.since);
        self.held(at, &branch);
        self.cost.longest = self.cost.longest.max(lasted);
        let beats = |kept: usize| match &self.cost.worst {
            None => true,
            Some(worst) => (kept as u64, lasted) > (worst.kept, worst.lasted),
        };
        // Counting each once can only make it fewer.
        if !beats(branch.kept.len()) {
            return;
        }
        branch.tell_apart();
        if beats(branch.kept.len()) {
            self.cost.worst = Some(Doubt {
                tx,
                node,
                lasted,
                kept: branch.kept.len() as u64,
                wanted: most_wanted(&branch.kept),
            });
        }
    }
}

/// How many rows these change; a branch changes few.
fn distinct_rows(effects: &[Effect]) -> u64 {
    let mut effects_of = effects.iter().enumerate();
    let is_first =
        |(n, effect): &(usize, &Effect)| effects[..*n].iter().all(|e| e.row != effect.row);
    let rows = effects_of.by_ref().filter(is_first).count();
    rows as u64
}

impl InDoubt {
    fn keep(&mut self, kept: Kept) {
        // Repetitions are forgotten before more room is taken.
        if self.kept.len() == self.kept.capacity() {
            self.tell_apart();
        }
        self.kept.push(kept);
    }

    /// Keeps everybody once, with the first of the rows that they wanted.
    fn tell_apart(&mut self) {
        self.kept.sort_unstable_by_key(|&(row, who)| (who, row));
        self.kept.dedup_by_key(|(_, who)| *who);
    }
}

/// The row that most wanted, and how many did; of equals, the first.
fn most_wanted(kept: &[Kept]) -> Option<(BusinessRow, u64)> {
    let mut wanted: BTreeMap<BusinessRow, u64> = BTreeMap::new();
    for (row, _) in kept {
        *wanted.entry(*row).or_default() += 1;
    }
    let most = wanted.values().copied().max()?;
    wanted.into_iter().find(|&(_, n)| n == most)
}
