use smallvec::SmallVec;

use crate::business::BusinessRow;
use crate::history::{Owner, PointKind, What};
use crate::protocol::{Decision, Durable, End, Force, Letter, Outcome, Stamp, Txn};
use crate::vocab::{RequestId, SimDuration, TxId};

/// The driver's number of a call; never used twice in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a database can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Run a statement, of a branch or as a transaction of its own.
    Execute {
        /// Who takes the locks.
        owner: Owner,
        /// On whose behalf its effects happen.
        stamp: Stamp,
        /// The branch; `None` for a transaction of its own, which must end with
        /// [`End::Commit`].
        branch: Option<TxId>,
        /// What to do.
        txn: Box<Txn>,
        /// What becomes of the branch.
        end: End,
        /// Whether the answer waits for the disk.
        force: Force,
    },
    /// End a branch.
    Finish {
        /// Which.
        branch: TxId,
        /// How.
        decision: Decision,
        /// Whether the answer waits for the disk.
        force: Force,
    },
    /// Read the outbox: answered at once, with [`Outcome::Letters`].
    Unsent {
        /// At most so many letters.
        limit: usize,
    },
    /// What a starting process reads; answered once everything that was appended
    /// before is on disk.
    Recover,
    /// A background reader's transaction.
    Read {
        /// Which reader.
        owner: Owner,
        /// What it reads.
        rows: SmallVec<[BusinessRow; 2]>,
    },
    /// The operator's write, a local transaction whose answer waits for the
    /// disk. It is no [`What::Committed`]: whoever asked records it as
    /// [`What::Operated`].
    Operate {
        /// Which event of the operator.
        owner: Owner,
        /// Which row.
        row: BusinessRow,
        /// Its new value.
        value: i64,
    },
}

/// What a database answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Request::Execute`], [`Request::Finish`], [`Request::Unsent`] and
    /// [`Request::Operate`].
    Outcome {
        /// What became of it.
        outcome: Outcome,
        /// Letters that were not staged because
        /// [`Safeguard::Outbox`](crate::protocol::Safeguard::Outbox) is taken
        /// away: the process is to send them now. They come with the answer that
        /// commits them.
        letters: Vec<Letter>,
    },
    /// To [`Request::Recover`].
    Durable(Durable),
    /// To [`Request::Read`].
    Read {
        /// The rows and their values, in the order in which they were asked for.
        saw: SmallVec<[(BusinessRow, i64); 2]>,
        /// How long it waited for locks.
        waited: SimDuration,
    },
    /// To [`Request::Read`]: a lock time-out, a conflict, or no database.
    ReadFailed,
}

impl Answer {
    /// An outcome without letters.
    pub(super) fn plain(outcome: Outcome) -> Self {
        Answer::Outcome {
            outcome,
            letters: Vec::new(),
        }
    }
}

/// What a store wants of its driver; the driver reuses it from call to call and
/// takes everything out each time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Io {
    /// Call [`Store::wake`](super::Store::wake) with this, so much later. Wakes
    /// that have become needless are ignored, those from before a crash too.
    pub wakes: Vec<(SimDuration, Wake)>,
    /// Answers to calls, in order.
    pub answers: Vec<(Ticket, Answer)>,
    /// What happened, in order; the store knows neither when nor where it is.
    pub events: Vec<What>,
    /// Requests of which the store holds something more (+1) or less (-1): a
    /// branch, a row of the manager's log, an unsent letter, a record that is
    /// not on disk yet. Calls are not counted: the driver knows them.
    pub owned: Vec<(RequestId, i32)>,
    /// Set when the database has come up after a restart.
    pub up: bool,
}

impl Io {
    /// Answers a call, with no letters.
    pub(super) fn answer(&mut self, ticket: Ticket, outcome: Outcome) {
        self.answers.push((ticket, Answer::plain(outcome)));
    }
}

/// What a store wants to be reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The life of the database (its number of crashes) that it belongs to.
    pub(super) life: u32,
    /// Of what.
    pub(super) what: Alarm,
}

impl Wake {
    /// What comes next when it is due.
    pub(in crate::world) fn point(self) -> PointKind {
        match self.what {
            Alarm::Statement(_) | Alarm::Finish(_) | Alarm::LockTimeout => PointKind::Statement,
            Alarm::Gathered | Alarm::Lazy => PointKind::Write,
            Alarm::Flushed => PointKind::Sync,
            Alarm::Up => PointKind::Recovery,
        }
    }
}

/// What a [`Wake`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The running statement of this transaction is through.
    Statement(TranId),
    /// The write of the intents' end is through.
    Finish(Ticket),
    /// A flush has waited long enough for company.
    Gathered,
    /// The flush is through.
    Flushed,
    /// A record has been in the buffer long enough.
    Lazy,
    /// The oldest wait for a lock has lasted long enough.
    LockTimeout,
    /// Recovery is through.
    Up,
}

/// A transaction in the store's memory: a place and the number of its use, so
/// that what is over is not taken for what came after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TranId {
    pub(super) slot: u32,
    pub(super) serial: u32,
}
