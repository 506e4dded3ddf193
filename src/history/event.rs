use serde::Serialize;
use smallvec::SmallVec;

use crate::business::{BusinessRow, Params, Reason};
use crate::protocol::txn::LetterId;
use crate::protocol::{ClientOutcome, Note, Row, Stamp, Value};
use crate::vocab::{Direction, NodeId, RequestId, RequestKey, SimDuration, SimTime, StepId, TxId};

/// Something that happened, as the world recorded it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When.
    pub at: SimTime,
    /// Where.
    pub node: NodeId,
    /// What.
    pub what: What,
}

/// The number of a message within its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MsgId(pub u64);

/// What happened. What is new stands last: digests tell variants by their place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum What {
    // ---- clients ----
    /// A client wants something, for the first time or again.
    Asked {
        /// The idempotency key that it sends along.
        key: RequestKey,
        /// What it is about.
        params: Params,
        /// 0, then 1 for the first retry, and so on.
        retry: u16,
    },
    /// An answer reached its client.
    Told {
        /// To which request.
        key: RequestKey,
        /// What it was told.
        outcome: ClientOutcome,
    },
    /// The client has no retries left: for it the outcome is unknown.
    GaveUp {
        /// Which request.
        request: RequestId,
    },

    // ---- messages ----
    /// A message left its sender (the event's node).
    Sent {
        /// Its number.
        id: MsgId,
        /// To whom.
        to: NodeId,
        /// `prepare`, `vote`, ...; see [`Wire::kind`](crate::protocol::Wire::kind).
        kind: &'static str,
        /// Whose transaction it belongs to.
        tx: TxId,
        /// Which step it is about, if it is about one.
        step: Option<StepId>,
        /// What it says, in a word, where the kind does not: `yes`, `no`.
        says: &'static str,
    },
    /// A message reached its receiver (the event's node).
    Delivered {
        /// Its number.
        id: MsgId,
        /// From whom.
        from: NodeId,
        /// What it is called.
        kind: &'static str,
        /// Whose transaction it belongs to.
        tx: TxId,
    },
    /// A message will never arrive.
    Lost {
        /// Its number.
        id: MsgId,
        /// Who would have received it.
        to: NodeId,
        /// What it is called.
        kind: &'static str,
        /// Whose transaction it belongs to.
        tx: TxId,
        /// Why.
        why: LossReason,
    },
    /// The network made a copy of a message.
    Duplicated {
        /// The message.
        id: MsgId,
        /// The number of the copy.
        copy: MsgId,
    },

    // ---- databases (the event's node is the machine) ----
    /// Somebody has to wait for a lock on a business row.
    Waiting {
        /// Who.
        owner: Owner,
        /// For which row.
        row: BusinessRow,
        /// Who is in the way: a holder of the lock.
        behind: Owner,
    },
    /// A lock on a business row was granted.
    Locked {
        /// To whom.
        owner: Owner,
        /// On which row.
        row: BusinessRow,
        /// Whether for writing.
        exclusive: bool,
        /// After how long a wait.
        waited: SimDuration,
    },
    /// A lock on a business row was released.
    Unlocked {
        /// By whom.
        owner: Owner,
        /// On which row.
        row: BusinessRow,
        /// How long it was held.
        held: SimDuration,
    },
    /// A statement ran; its locks are held.
    Ran {
        /// On whose behalf.
        stamp: Stamp,
        /// The business rows whose values it read or tested.
        saw: SmallVec<[BusinessRow; 2]>,
        /// The business no, if it was one.
        refused: Option<Reason>,
    },
    /// A statement or a branch was given up on account of a lock time-out, a
    /// deadlock, an older transaction or a write conflict.
    Conflicted {
        /// Who had to give up.
        owner: Owner,
        /// At which row, if it is business.
        row: Option<BusinessRow>,
        /// Who was in the way, if anybody is known.
        behind: Option<Owner>,
    },
    /// A branch is prepared.
    Prepared {
        /// Which.
        tx: TxId,
        /// What it will change if it is committed.
        effects: SmallVec<[Effect; 1]>,
        /// Whether the prepared record was on disk when it was answered.
        durable: bool,
    },
    /// A local transaction took effect in a database.
    Committed {
        /// On whose behalf. For a branch, the stamp of its last statement; the
        /// effects carry their own.
        stamp: Stamp,
        /// Whether it was a branch of two-phase commit.
        branch: bool,
        /// The change of business rows.
        effects: SmallVec<[Effect; 1]>,
        /// The other rows that it wrote or deleted.
        writes: Vec<Written>,
        /// Whether its record was on disk when it was answered.
        durable: bool,
    },
    /// A crash took back a commit whose record was only buffered. A branch of
    /// two-phase commit is prepared again.
    CommitLost {
        /// Of which transaction.
        tx: TxId,
        /// Whether it was a branch of two-phase commit.
        branch: bool,
        /// The effects that are gone.
        effects: SmallVec<[Effect; 1]>,
        /// The other rows whose writing is gone.
        writes: Vec<Written>,
    },
    /// A crash took back a prepared branch whose record was only buffered.
    PreparedLost {
        /// Of which transaction.
        tx: TxId,
    },
    /// A branch is undone.
    RolledBack {
        /// Of which transaction.
        tx: TxId,
        /// Why.
        why: RollbackReason,
        /// Whether it was prepared.
        prepared: bool,
    },
    /// A restarted database found a prepared branch and took its locks again.
    Restored {
        /// Of which transaction.
        tx: TxId,
    },
    /// A record was appended to a log.
    Appended {
        /// For which transaction.
        tx: TxId,
        /// What for.
        class: Class,
        /// Whether somebody waits for it to be on disk.
        forced: bool,
    },
    /// A disk finished a flush.
    Flushed {
        /// How many records it carried.
        records: u32,
    },

    // ---- broker, provider, operator, readers ----
    /// The broker holds a message durably.
    Stored {
        /// Which letter.
        id: LetterId,
    },
    /// A real action was handed over to its provider.
    HandedOver {
        /// Which letter.
        id: LetterId,
        /// Which action, for whom.
        action: BusinessRow,
        /// Whether the provider did it; `false` if it knew the key already.
        performed: bool,
    },
    /// The operator withdrew an item from sale (or put it back).
    Operated {
        /// The item.
        row: BusinessRow,
        /// Whether it is withdrawn now.
        withdrawn: bool,
    },
    /// A background reader's transaction committed.
    Read {
        /// Which reader.
        reader: u32,
        /// What it saw.
        saw: SmallVec<[(BusinessRow, i64); 2]>,
        /// How long it waited for locks.
        waited: SimDuration,
    },

    // ---- faults ----
    /// A fault of the plan begins.
    FaultBegan {
        /// Its position in the plan.
        fault: u32,
    },
    /// A fault of the plan is over.
    FaultEnded {
        /// Its position in the plan.
        fault: u32,
    },
    /// Something died.
    Down(Part),
    /// Something is up again.
    Up(Part),

    // ---- the run ----
    /// A machine (or the world) reached a milestone.
    Noted(Note),
    /// Nothing owns this request any more: no message, timer, call, lock,
    /// branch, log row or unsent letter.
    Quiet {
        /// Which request.
        request: RequestId,
    },
    /// The run is over: an independent look at everything that is left.
    Rest(Box<Rest>),
    /// A service answered with an error, for its step's no looks like one: whoever
    /// asked cannot tell it from a fault.
    Failed {
        /// Who was answered.
        owner: Owner,
    },
}

/// What can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Part {
    /// The process.
    Process,
    /// The database.
    Database,
}

/// Why a message will never arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LossReason {
    /// The network lost it.
    Network,
    /// A partition is in the way.
    Partition,
    /// There is no process that could take it.
    Down,
}

/// Why a branch was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RollbackReason {
    /// Its process asked for it.
    Asked,
    /// A business no.
    Refused,
    /// A lock time-out, a deadlock, an older transaction or a write conflict.
    Conflict,
    /// The session that had opened it is over.
    SessionOver,
    /// The database died.
    Crash,
}

/// Who holds a lock, or waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Owner {
    /// A transaction.
    Tx(TxId),
    /// A background reader, by its number and its how-many-th read.
    Reader(u32, u32),
    /// The operator, by the number of the event.
    Operator(u32),
}

/// A change of a business row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// On whose behalf, in which step, doing or undoing.
    pub stamp: Stamp,
    /// Which row.
    pub row: BusinessRow,
    /// Its number before.
    pub before: i64,
    /// Its number after.
    pub after: i64,
}

impl Effect {
    /// By how much the number changed.
    pub fn delta(&self) -> i64 {
        self.after - self.before
    }
}

/// A row that is not business, as it was written; `None`: deleted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Written {
    /// Which row.
    pub row: Row,
    /// What it holds now.
    pub value: Option<Value>,
}

/// What a log record is for. The counts of PROTOCOLS.md are those of `Prepared`,
/// `Commit`, `Abort`, `Decision` and `End` for two-phase commit, `SagaLog` and
/// `Step` for sagas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Class {
    /// A participant's prepared record.
    Prepared,
    /// A participant's commit record.
    Commit,
    /// A participant's abort record.
    Abort,
    /// The coordinator's decision.
    Decision,
    /// The end of a transaction in the manager's log.
    End,
    /// An orchestrator's intent.
    SagaLog,
    /// A step's (or the monolith's) local transaction.
    Step,
    /// A stored answer to a client.
    Outcome,
    /// A relay's mark.
    Mark,
    /// The operator's.
    Operator,
    /// Whom the coordinator is about to ask to prepare, where commit is presumed.
    Collecting,
}

/// What is left when the run is over, read independently of all machines.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rest {
    /// Whether the run came to rest by itself; `false`: it was stopped at its
    /// time limit.
    pub by_itself: bool,
    /// Every business row that was ever written, with its number.
    pub rows: Vec<(BusinessRow, i64)>,
    /// What should not be there any more.
    pub left: Vec<Left>,
}

/// Something that is left over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Left {
    /// A prepared branch, at this node.
    PreparedBranch(NodeId, TxId),
    /// A lock, at this node.
    Lock(NodeId, Owner, Row),
    /// An unsent letter, at this node.
    Unsent(NodeId, LetterId),
    /// A transaction in the manager's log that has no end.
    Unended(NodeId, TxId),
    /// A message that the broker still holds.
    Undelivered(LetterId),
    /// A request of which somebody still had a message or a timer when the run
    /// was stopped.
    Unfinished(RequestId),
    /// A step, or a compensation, that was parked at this node, and that nobody has
    /// put back.
    Parked(NodeId, TxId, StepId, Direction),
    /// So much of a row is still reserved at this node.
    Reserved(NodeId, BusinessRow, i64),
}

impl Left {
    /// Whose request it belongs to, if it is one's.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Left::PreparedBranch(_, tx) | Left::Unended(_, tx) | Left::Parked(_, tx, ..) => {
                Some(tx.request())
            }
            Left::Lock(_, Owner::Tx(tx), _) => Some(tx.request()),
            Left::Lock(..) | Left::Reserved(..) => None,
            Left::Unsent(_, letter) | Left::Undelivered(letter) => Some(letter.tx.request()),
            Left::Unfinished(request) => Some(*request),
        }
    }
}
