//! A local transaction as data.
//!
//! A [`Txn`] locks every row that it names (exclusively what any case changes,
//! shared what it only reads or tests), then takes the first [`Case`] whose
//! tests all hold, writes that case's changes and answers with its [`Answer`].
//! The inbox look-up, the tombstone, a floor and a withdrawn item are all just
//! cases.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{ClientOutcome, Safeguard};
use crate::business::{BusinessRow, Params, Reason, ResourceId};
use crate::vocab::{Direction, RequestKey, ServiceId, StepId, TxId};

/// A row of any table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Row {
    /// Business data: the only rows whose change is an *effect*.
    Business(BusinessRow),
    /// The inbox: this step of this transaction was handled, with its reply.
    Inbox {
        /// Of which transaction.
        tx: TxId,
        /// Which step.
        step: StepId,
        /// Doing or undoing it.
        direction: Direction,
    },
    /// A compensation came before its step: the step must not run any more.
    Tombstone {
        /// Of which transaction.
        tx: TxId,
        /// Which step.
        step: StepId,
    },
    /// The transaction manager's log: one row a transaction, kept until its end.
    Log(TxId),
    /// The final outcome of a request, for clients that ask late.
    Outcome(RequestKey),
    /// A letter that waits to be handed over.
    Outbox(LetterId),
    /// What a step has looked at, for a later step of its transaction.
    Memo {
        /// Of which transaction.
        tx: TxId,
        /// Which step has looked.
        step: StepId,
        /// At a row of which resource.
        resource: ResourceId,
    },
    /// The semantic lock on a business row: the saga whose it is may still take
    /// back what the row says.
    Mark(BusinessRow),
    /// How much of a counter's row sagas have reserved and not confirmed, all
    /// together.
    Reserved(BusinessRow),
    /// The inbox of who waits for several: this step is done, of those that must be
    /// before the next.
    Heard {
        /// Of which transaction.
        tx: TxId,
        /// Which step is done.
        done: StepId,
        /// Who waits: whoever is to do this step; `None`: who waits for the end.
        next: Option<StepId>,
    },
}

impl Row {
    /// Whether a change of this row is an effect in the business's sense.
    pub fn business(self) -> Option<BusinessRow> {
        match self {
            Row::Business(row) => Some(row),
            _ => None,
        }
    }
}

/// What a row holds. A business row holds a number and always exists; any other
/// row exists once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A counter's amount; 1 or 0 for granted or not, withdrawn or not.
    Number(i64),
    /// An inbox row's stored reply.
    Reply(Reply),
    /// A line of the manager's log.
    Log(LogEntry),
    /// What a client is to be told.
    Outcome(ClientOutcome),
    /// A letter of the outbox.
    Letter(Letter),
    /// Nothing but existence: a tombstone.
    Marker,
    /// Whose semantic lock it is.
    MarkedBy(TxId),
}

/// What a step answered, stored so that a repeat answers the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// It was done.
    Done,
    /// A business no.
    Refused(Reason),
    /// A compensation found nothing to undo.
    Null,
}

/// A line of the transaction manager's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// What the request is about.
    pub params: Params,
    /// Where the transaction stands.
    pub state: LogState,
}

/// Where a logged transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogState {
    /// Two-phase commit decided to commit; the end is not written yet. The
    /// participants are those of the scenario.
    Committed,
    /// A saga on its way.
    Saga(SagaPhase),
    /// A saga whose command was sent in vain as often as its step allows: it is not
    /// sent any more until somebody looks.
    Parked(SagaPhase),
    /// Two-phase commit, presuming commit, is about to ask all participants of the
    /// scenario to prepare: what is known of it is not nothing any more.
    Collecting,
    /// Two-phase commit decided to commit and, presuming just that, forgets it: the
    /// row that says so is gone with the record that writes it.
    CommittedAndForgotten,
    /// Two-phase commit, presuming nothing, decided to abort; the end is not written
    /// yet.
    Aborted,
    /// Two-phase commit in one phase: the only participant decides, or has; what it
    /// has decided is not written here yet.
    HandedOver,
    /// What became of a transaction that was handed over is written with this record,
    /// and the row that says so is gone with it.
    HandedBack,
}

impl LogState {
    /// Whether it is the decision to commit.
    pub fn commits(self) -> bool {
        matches!(self, LogState::Committed | LogState::CommittedAndForgotten)
    }
}

/// Which command a saga is about to send, or has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SagaPhase {
    /// Doing this step.
    Forward(StepId),
    /// Undoing. `done` is the last step that may have had an effect, so that
    /// the plan of compensations can be made again from the log.
    Backward {
        /// The step whose compensation is due now.
        undo: StepId,
        /// The last step that may have been executed.
        last: StepId,
        /// Why the saga turned back.
        reason: Reason,
    },
}

/// The id of a letter: what makes it the same letter when it is handed over
/// twice. Unique for its transaction, step, direction and place in the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LetterId {
    /// Which transaction wrote it.
    pub tx: TxId,
    /// In which step.
    pub step: StepId,
    /// Doing or undoing.
    pub direction: Direction,
    /// The how-many-th letter of that step, from 0.
    pub n: u8,
}

/// What waits in an outbox to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Which letter.
    pub id: LetterId,
    /// What it says, and so to whom it goes.
    pub body: LetterBody,
}

/// What a letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetterBody {
    /// A real action, for the provider: this row of this action is due.
    Action(BusinessRow),
    /// An event for a service, through the broker.
    Event {
        /// Whose queue it goes to.
        to: ServiceId,
        /// The event.
        event: Event,
    },
}

/// What a choreographed service tells the next, or the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Of which saga.
    pub tx: TxId,
    /// What the request is about.
    pub params: Params,
    /// What happened.
    pub kind: EventKind,
}

/// What happened, as events between services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// This step is done: whoever owns the next one is to do it.
    Done(StepId),
    /// A step failed, or was undone on that account: `undo` is to be undone now.
    Failed {
        /// Which step is to be undone by the receiver.
        undo: StepId,
        /// The step that said no.
        failed: StepId,
        /// Why.
        reason: Reason,
    },
    /// The saga is over; for the service that the client waits at.
    Over(ClientOutcome),
    /// The client has taken its wish back, or the saga takes too long, and every
    /// step before this one is done: whoever owns this step is to refuse it,
    /// unless it is done too.
    Cancel {
        /// Which step.
        step: StepId,
        /// Why.
        reason: Reason,
    },
    /// This step is done, of several that were begun together, or before several that
    /// will be: whoever owns `next` is to do that once all of them are done.
    DoneFor {
        /// Which step is done.
        step: StepId,
        /// What follows; `None`: the end, for the service that the client waits at.
        next: Option<StepId>,
    },
}

impl EventKind {
    /// The step that it asks its receiver to do or to undo, if it asks for one.
    pub fn asks_for(self) -> Option<(StepId, Direction)> {
        match self {
            EventKind::Done(step) => Some((StepId(step.0 + 1), Direction::Forward)),
            EventKind::Failed { undo, .. } => Some((undo, Direction::Backward)),
            EventKind::DoneFor { next, .. } => Some((next?, Direction::Forward)),
            EventKind::Over(_) | EventKind::Cancel { .. } => None,
        }
    }
}

/// On whose behalf a local transaction runs; stamped on its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Which transaction.
    pub tx: TxId,
    /// Which step; `None` for what is no step (a log write, a mark).
    pub step: Option<StepId>,
    /// Doing or undoing.
    pub direction: Direction,
    /// Why it is undone.
    pub reason: Option<Reason>,
}

impl Stamp {
    /// The stamp of a step that does.
    pub fn forward(tx: TxId, step: StepId) -> Self {
        Stamp {
            tx,
            step: Some(step),
            direction: Direction::Forward,
            reason: None,
        }
    }

    /// The stamp of a compensation, with its reason.
    pub fn backward(tx: TxId, step: StepId, reason: Reason) -> Self {
        Stamp {
            tx,
            step: Some(step),
            direction: Direction::Backward,
            reason: Some(reason),
        }
    }

    /// The stamp of what is no step.
    pub fn bookkeeping(tx: TxId) -> Self {
        Stamp {
            tx,
            step: None,
            direction: Direction::Forward,
            reason: None,
        }
    }
}

/// A local transaction; see the [module](self).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Txn {
    /// Rows whose values are asked for, in this order.
    pub reads: SmallVec<[Row; 1]>,
    /// The first whose tests hold is taken; where none holds, nothing is
    /// changed and the answer is [`Answer::Done`].
    pub cases: Vec<Case>,
}

/// One way for a local transaction to go.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// All must hold.
    pub when: SmallVec<[Test; 1]>,
    /// What is then written.
    pub then: Vec<Change>,
    /// What is then answered.
    pub answer: Answer,
}

impl Case {
    /// The case that is always taken.
    pub fn always(then: impl IntoIterator<Item = Change>, answer: Answer) -> Self {
        Case {
            when: SmallVec::new(),
            then: then.into_iter().collect(),
            answer,
        }
    }

    /// The case that is taken when one test holds.
    pub fn when(test: Test, then: impl IntoIterator<Item = Change>, answer: Answer) -> Self {
        Case {
            when: smallvec::smallvec![test],
            then: then.into_iter().collect(),
            answer,
        }
    }
}

/// A test of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// The row.
    pub row: Row,
    /// What must be true of it.
    pub is: Predicate,
    /// The safeguard that this look-up is: without it the look-up is skipped,
    /// and the test counts as false.
    pub by: Option<Safeguard>,
}

impl Test {
    /// A test that is no safeguard.
    pub fn of(row: Row, is: Predicate) -> Self {
        Test { row, is, by: None }
    }

    /// The business row whose semantic lock, or whose reservations, it looks at.
    pub fn looks_after(&self) -> Option<BusinessRow> {
        match self.row {
            Row::Mark(row) | Row::Reserved(row) => Some(row),
            _ => None,
        }
    }
}

/// What can be true of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Predicate {
    /// It exists.
    Present,
    /// It does not.
    Absent,
    /// Its number is less than this (a business row).
    Below(i64),
    /// Its number is not zero: granted, withdrawn (a business row).
    Set,
    /// It holds this reply (an inbox row).
    Replied(Reply),
    /// Its number is not that of this row.
    DiffersFrom(Row),
    /// It is another saga's semantic lock than this one's.
    MarkedByOther(TxId),
    /// What it says is reserved leaves less than this of its business row.
    LeavesBelow(i64),
}

/// A change of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Add to a business row's number.
    Add(BusinessRow, i64),
    /// Set a business row's number.
    Set(BusinessRow, i64),
    /// Set a business row's number to that of a memo, and so much more.
    AddToSeen {
        /// The business row.
        row: BusinessRow,
        /// The memo.
        seen: Row,
        /// How much more.
        by: i64,
    },
    /// Write a business row's number down in a memo.
    Remember {
        /// The memo.
        memo: Row,
        /// The business row.
        of: BusinessRow,
    },
    /// Reserve so much more of a business row; or less, if it is negative.
    Reserve(BusinessRow, i64),
    /// Write a row that is not business, or write it anew.
    Put {
        /// Which row.
        row: Row,
        /// What it holds from now on.
        value: Value,
        /// The safeguard that this write is: without it nothing is written.
        by: Option<Safeguard>,
    },
    /// Delete a row that is not business; no error if there is none.
    Delete(Row),
    /// Put a letter into the outbox. Without [`Safeguard::Outbox`] nothing is
    /// written: the process sends the letter itself, straight after the commit.
    Stage(Letter),
}

impl Change {
    /// A write that is no safeguard.
    pub fn put(row: Row, value: Value) -> Self {
        Change::Put {
            row,
            value,
            by: None,
        }
    }

    /// The row that it writes.
    pub fn row(&self) -> Row {
        match *self {
            Change::Add(row, _) | Change::Set(row, _) | Change::AddToSeen { row, .. } => {
                Row::Business(row)
            }
            Change::Remember { memo, .. } => memo,
            Change::Reserve(row, _) => Row::Reserved(row),
            Change::Put { row, .. } | Change::Delete(row) => row,
            Change::Stage(letter) => Row::Outbox(letter.id),
        }
    }
}

/// How a case answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// Done.
    Done,
    /// A business no. With [`End::Commit`](super::End::Commit) the case's
    /// changes (its stored reply) are committed; otherwise the branch is rolled
    /// back.
    Refused(Reason),
    /// There was nothing to undo.
    Null,
    /// It cannot be done now: another saga has its semantic lock on a row, or has
    /// reserved what may yet come back. Nothing is written, and it is tried again like any conflict.
    Conflict,
    /// A business no that looks like a fault ([`No::Error`](crate::business::No)):
    /// nothing is written, and whoever asked cannot tell it from a conflict.
    Failed(Reason),
    /// It was handled before: what this inbox or outcome row holds.
    Replay(Row),
}
