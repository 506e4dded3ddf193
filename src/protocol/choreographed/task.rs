//! What an event asks of a service, and the local transaction that does it and
//! tells the next.

use crate::business::{Params, Reason, StepKind};
use crate::protocol::attempt::{Persistence, key_number};
use crate::protocol::plan::{self, Staged};
use crate::protocol::{
    Answer, Case, Change, ClientOutcome, Event, EventKind, Lane, Letter, LetterBody, LetterId,
    LogEntry, LogState, Predicate, Reply, Row, SagaPhase, Setting, Stamp, StepGroup, Tag, Test,
    Txn, Value,
};
use crate::vocab::{Direction, ServiceId, StepId, TxId};

/// What a service is to do about a saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Do this step.
    Do(StepId),
    /// Undo this step, since another failed.
    Undo {
        step: StepId,
        failed: StepId,
        reason: Reason,
    },
    /// Note that this step is done, of several, and look whether all of them are: then
    /// `next` follows, or the end.
    Join { done: StepId, next: Option<StepId> },
    /// Store what became of the saga.
    Close(ClientOutcome),
    /// Refuse this step, for the client has taken its wish back, or the saga takes
    /// too long; or, if it is done, pass that on.
    Cancel { step: StepId, reason: Reason },
    /// Refuse the first step, which could not be done; unless it is done after all.
    Refuse(Reason),
}

impl Task {
    /// The step that a client's request sets off.
    pub(super) fn first(setting: &Setting) -> Self {
        Task::Do(setting.business.first)
    }

    /// The step that a client's cancel asks for.
    pub(super) fn cancelled(setting: &Setting) -> Self {
        Task::Cancel {
            step: setting.business.first,
            reason: Reason::Cancelled,
        }
    }

    /// What is left to do when the first step met too many conflicts.
    pub(super) const CONFLICTED: Task = Task::Refuse(Reason::Conflict);

    /// What the watchdog asks for.
    pub(super) fn overdue(setting: &Setting) -> Self {
        Task::Cancel {
            step: setting.business.first,
            reason: Reason::Overdue,
        }
    }

    /// What an event asks for.
    pub(super) fn after(event: EventKind, setting: &Setting) -> Self {
        match event {
            EventKind::Done(step) => Task::Do(StepId(step.0 + 1)),
            EventKind::DoneFor { step, next } => match setting.group_of(step).is_single() {
                true => Task::joined(next),
                false => Task::Join { done: step, next },
            },
            EventKind::Failed {
                undo,
                failed,
                reason,
            } => Task::Undo {
                step: undo,
                failed,
                reason,
            },
            EventKind::Over(outcome) => Task::Close(outcome),
            EventKind::Cancel { step, reason } => Task::Cancel { step, reason },
        }
    }

    /// What follows when every step is done that must be.
    pub(super) fn joined(next: Option<StepId>) -> Self {
        match next {
            Some(step) => Task::Do(step),
            None => Task::Close(ClientOutcome::Committed),
        }
    }

    /// The local transaction: the effect, the inbox row and the letter about it
    /// are committed together, or not at all.
    pub(super) fn txn(self, setting: &Setting, tx: TxId, params: &Params) -> Txn {
        let chain = Chain {
            setting,
            tx,
            params: *params,
        };
        match self {
            Task::Do(step) => {
                let mut done = chain.on_done(step);
                if step == setting.business.first && is_watched(setting) {
                    done.push(chain.watched());
                }
                let staged = Staged {
                    done: &done,
                    refused: &|reason| Vec::from_iter(chain.on_no(step, reason)),
                };
                let mut txn = plan::forward(setting, tx, step, params, &staged);
                if step == setting.business.first {
                    // A client that asks again is told how it ended.
                    txn.reads.push(Row::Outcome(tx.key));
                }
                txn
            }
            Task::Undo {
                step,
                failed,
                reason,
            } => {
                let staged = [chain.on_undone(step, failed, reason)];
                plan::backward(setting, tx, step, params, &staged)
            }
            Task::Join { done, next } => chain.join(done, next),
            Task::Close(outcome) => {
                let mut txn = close(tx, outcome);
                if is_watched(setting) {
                    let watched = Change::Delete(Row::Log(tx));
                    txn.cases
                        .iter_mut()
                        .for_each(|case| case.then.push(watched));
                }
                txn
            }
            Task::Cancel { step, reason } => chain.cancel(step, reason),
            Task::Refuse(reason) => chain.refuse(reason),
        }
    }

    /// On whose behalf it runs.
    pub(super) fn stamp(self, setting: &Setting, tx: TxId) -> Stamp {
        match self {
            Task::Do(step) | Task::Cancel { step, .. } => Stamp::forward(tx, step),
            Task::Refuse(_) => Stamp::forward(tx, setting.business.first),
            Task::Undo { step, reason, .. } => Stamp::backward(tx, step, reason),
            Task::Join { .. } | Task::Close(_) => Stamp::bookkeeping(tx),
        }
    }

    /// Business work takes a worker; storing an outcome does not.
    pub(super) fn lane(self) -> Lane {
        match self {
            Task::Do(_) | Task::Undo { .. } => Lane::Work,
            Task::Join { .. } | Task::Close(_) | Task::Cancel { .. } | Task::Refuse(_) => {
                Lane::Control
            }
        }
    }

    /// What its call is for.
    pub(super) fn tag(self) -> Tag {
        match self {
            Task::Do(_) => Tag::Work,
            Task::Undo { .. } => Tag::Undo,
            Task::Join { .. } | Task::Close(_) | Task::Cancel { .. } | Task::Refuse(_) => {
                Tag::Outcome
            }
        }
    }

    /// What tells it from every other task of its saga.
    pub(super) fn number(self) -> u32 {
        match self {
            Task::Do(step) => key_number(step, Direction::Forward),
            Task::Undo { step, .. } => key_number(step, Direction::Backward),
            Task::Close(_) => 0,
            Task::Cancel { step, .. } => CANCELS + u32::from(step.0),
            Task::Refuse(_) => REFUSAL,
            Task::Join { done, next } => {
                let next = next.map_or(0, |step| u32::from(step.0) + 1);
                JOINS + next * 1_000 + u32::from(done.0) + 1
            }
        }
    }

    /// The step that it is about.
    pub(super) fn step(self, setting: &Setting) -> Option<StepId> {
        match self {
            Task::Do(step) | Task::Undo { step, .. } | Task::Cancel { step, .. } => Some(step),
            Task::Refuse(_) => Some(setting.business.first),
            Task::Join { next, .. } => next,
            Task::Close(_) => None,
        }
    }

    /// Whether it can be refused for want of luck: only what a client asks for, and
    /// nothing that succeeds if it is tried often enough.
    pub(super) fn may_be_refused(self, setting: &Setting) -> bool {
        self == Task::first(setting)
            && setting.business.step(setting.business.first).kind != StepKind::Retriable
    }

    /// How often it is tried.
    pub(super) fn persistence(self, setting: &Setting) -> Persistence {
        match self {
            Task::Do(step) => Persistence::of(setting, step, Direction::Forward),
            Task::Undo { step, .. } => Persistence::of(setting, step, Direction::Backward),
            Task::Join { .. } | Task::Close(_) | Task::Cancel { .. } | Task::Refuse(_) => {
                Persistence::UntilAnswered
            }
        }
    }
}

/// Cancelling steps is numbered from here; doing and undoing them below.
const CANCELS: u32 = 2_000;

/// The number of refusing the first step.
const REFUSAL: u32 = 3_000;

/// Joins are numbered from here: by thousands what follows, from 1, or the end; and
/// which step is done.
const JOINS: u32 = 10_000;

/// Whether there is a watchdog, and something for it to watch: a saga of one step
/// is over with that.
fn is_watched(setting: &Setting) -> bool {
    setting.policies.watchdog.is_some() && setting.business.steps.len() > 1
}

/// Stores the outcome, once.
fn close(tx: TxId, outcome: ClientOutcome) -> Txn {
    let row = Row::Outcome(tx.key);
    let stored = Test::of(row, Predicate::Present);
    let put = Change::put(row, Value::Outcome(outcome));
    let mut txn = Txn::default();
    txn.reads.push(row);
    txn.cases.push(Case::when(stored, [], Answer::Replay(row)));
    txn.cases.push(Case::always([put], Answer::Done));
    txn
}

/// The chain of a saga's services: who is told what next.
struct Chain<'a> {
    setting: &'a Setting,
    tx: TxId,
    params: Params,
}

impl Chain<'_> {
    /// A step is done: on to the next, or to all those that are begun together; after
    /// the last the saga is over. A saga of one step is over in that step's own
    /// transaction.
    fn on_done(&self, step: StepId) -> Vec<Change> {
        if self.setting.business.steps.len() == 1 {
            return vec![self.outcome(ClientOutcome::Committed)];
        }
        let alone = self.setting.group_of(step).is_single();
        let next = self.after(step);
        let tell = |to: StepId, kind, nth| {
            let owner = self.owner(to);
            self.letter(owner, kind, step, Direction::Forward, nth)
        };
        match next {
            None if alone => vec![self.over(ClientOutcome::Committed, step, Direction::Forward)],
            None => vec![tell(
                self.first(),
                EventKind::DoneFor { step, next: None },
                0,
            )],
            Some(next) if alone && next.is_single() => {
                vec![tell(next.first, EventKind::Done(step), 0)]
            }
            Some(next) => {
                let each = next.steps().enumerate();
                let done_for = |step, next| EventKind::DoneFor { step, next };
                each.map(|(nth, to)| tell(to, done_for(step, Some(to)), nth))
                    .collect()
            }
        }
    }

    /// What is begun when this step, and all that were begun with it, are done.
    fn after(&self, step: StepId) -> Option<StepGroup> {
        let next = self.setting.group_of(step).next();
        let there_is = next <= self.setting.business.last();
        there_is.then(|| self.setting.group_of(next))
    }

    /// One of several steps is done. The others are looked up in a fixed order, so that
    /// two of them do not wait for each other in a circle. If all are, nothing need be
    /// written: what follows has an inbox row of its own. If not, that is left to
    /// whichever comes last.
    fn join(&self, done: StepId, next: Option<StepId>) -> Txn {
        let tx = self.tx;
        let heard = |done| Row::Heard { tx, done, next };
        let together = self.setting.group_of(done);
        let others = together.steps().filter(|other| *other != done);
        let mut txn = Txn::default();
        txn.reads.extend(together.steps().map(heard));
        txn.cases.extend(others.map(|other| {
            let missing = Test::of(heard(other), Predicate::Absent);
            let note = Change::put(heard(done), Value::Marker);
            Case::when(missing, [note], Answer::Null)
        }));
        txn
    }

    /// A step said no, for the first time. If it only came later than its own
    /// compensation, the failure is under way already.
    fn on_no(&self, step: StepId, reason: Reason) -> Option<Change> {
        let known = reason == Reason::Late && !self.setting.group_of(step).is_single();
        (!known).then(|| self.on_refused(step, reason))
    }

    /// A step said no and had no effect: those before it are to be undone. If it
    /// is the first there is nothing to undo and nobody to tell.
    fn on_refused(&self, failed: StepId, reason: Reason) -> Change {
        match self.to_undo(failed).first() {
            Some(&undo) => self.failure(undo, failed, reason, failed, Direction::Forward),
            None if failed == self.first() => self.outcome(ClientOutcome::Refused(reason)),
            None => self.over(ClientOutcome::Refused(reason), failed, Direction::Forward),
        }
    }

    /// The client has taken its wish back, and every step before this one is
    /// done. If this one is not, its refusal takes its place in the inbox, where
    /// it will find it should it come late, and sets the failure off. If it is,
    /// the next is to be refused; unless nothing can turn the saga any more.
    fn cancel(&self, step: StepId, reason: Reason) -> Txn {
        let (tx, direction) = (self.tx, Direction::Forward);
        let inbox = Row::Inbox {
            tx,
            step,
            direction,
        };
        let mut txn = Txn::default();
        if step == self.first() {
            txn.reads.push(Row::Outcome(tx.key));
        }
        let kind = self.setting.business.step(step).kind;
        if kind == StepKind::Retriable {
            return txn;
        }
        if !self.setting.group_of(step).is_single() {
            // A failure has come by.
            let undone = Test::of(Row::Tombstone { tx, step }, Predicate::Present);
            txn.cases.push(Case::when(undone, [], Answer::Null));
        }
        let next = StepId(step.0 + 1);
        if kind == StepKind::Compensable && next <= self.setting.business.last() {
            let done = Test::of(inbox, Predicate::Replied(Reply::Done));
            let events = self.after(step).map_or(1, |next| next.steps().len());
            let pass_on = self.letter(
                self.owner(next),
                EventKind::Cancel { step: next, reason },
                step,
                direction,
                events,
            );
            txn.cases.push(Case::when(done, [pass_on], Answer::Null));
        }
        let handled = Test::of(inbox, Predicate::Present);
        txn.cases.push(Case::when(handled, [], Answer::Null));
        let refused = Change::put(inbox, Value::Reply(Reply::Refused(reason)));
        txn.cases.push(Case::always(
            [refused, self.on_refused(step, reason)],
            Answer::Refused(reason),
        ));
        txn
    }

    /// The first step could not be done, and its client is told so for good: the
    /// refusal takes its place in the inbox, unless it has been done already.
    fn refuse(&self, reason: Reason) -> Txn {
        let (tx, step, direction) = (self.tx, self.first(), Direction::Forward);
        let inbox = Row::Inbox {
            tx,
            step,
            direction,
        };
        let handled = Test::of(inbox, Predicate::Present);
        let refused = Change::put(inbox, Value::Reply(Reply::Refused(reason)));
        let mut txn = Txn::default();
        txn.reads.push(Row::Outcome(tx.key));
        txn.cases
            .push(Case::when(handled, [], Answer::Replay(inbox)));
        txn.cases.push(Case::always(
            [refused, self.on_refused(step, reason)],
            Answer::Refused(reason),
        ));
        txn
    }

    /// A step is undone: so must be the one before it.
    fn on_undone(&self, step: StepId, failed: StepId, reason: Reason) -> Change {
        let order = self.to_undo(failed);
        let next = order.iter().skip_while(|&&s| s != step).nth(1);
        match next {
            Some(&undo) => self.failure(undo, failed, reason, step, Direction::Backward),
            None => self.over(ClientOutcome::Refused(reason), step, Direction::Backward),
        }
    }

    /// What is to be undone when this step has said no, in order: what was begun
    /// together with it, done or not, and what came before.
    fn to_undo(&self, failed: StepId) -> Vec<StepId> {
        let last = self.setting.group_of(failed).last;
        let mut order = plan::undo_order(self.setting, last);
        order.retain(|step| *step != failed);
        order
    }

    fn failure(
        &self,
        undo: StepId,
        failed: StepId,
        reason: Reason,
        by: StepId,
        direction: Direction,
    ) -> Change {
        let failure = EventKind::Failed {
            undo,
            failed,
            reason,
        };
        self.tell(self.owner(undo), failure, by, direction)
    }

    fn over(&self, outcome: ClientOutcome, by: StepId, direction: Direction) -> Change {
        let first = self.owner(self.first());
        self.tell(first, EventKind::Over(outcome), by, direction)
    }

    fn first(&self) -> StepId {
        self.setting.business.first
    }

    fn owner(&self, step: StepId) -> ServiceId {
        self.setting.business.step(step).service
    }

    /// Stages the letter in which step `by` tells a service. It comes after
    /// those of the step's own actions.
    fn tell(&self, to: ServiceId, kind: EventKind, by: StepId, direction: Direction) -> Change {
        self.letter(to, kind, by, direction, 0)
    }

    fn letter(
        &self,
        to: ServiceId,
        kind: EventKind,
        by: StepId,
        direction: Direction,
        nth: usize,
    ) -> Change {
        let step = self.setting.business.step(by);
        let actions = match direction {
            Direction::Forward => step.actions.len(),
            Direction::Backward => step.compensation.as_ref().map_or(0, |c| c.actions.len()),
        };
        let (tx, params) = (self.tx, self.params);
        Change::Stage(Letter {
            id: LetterId {
                tx,
                step: by,
                direction,
                n: (actions + nth) as u8,
            },
            body: LetterBody::Event {
                to,
                event: Event { tx, params, kind },
            },
        })
    }

    /// The watchdog must not forget a saga when its process dies: its row is
    /// there until the saga is closed.
    fn watched(&self) -> Change {
        let entry = LogEntry {
            params: self.params,
            state: LogState::Saga(SagaPhase::Forward(self.first())),
        };
        Change::put(Row::Log(self.tx), Value::Log(entry))
    }

    fn outcome(&self, outcome: ClientOutcome) -> Change {
        Change::put(Row::Outcome(self.tx.key), Value::Outcome(outcome))
    }
}
