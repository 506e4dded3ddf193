//! A statement's way: its locks, its time, its verdict.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Store;
use super::age::Age;
use super::api::{Alarm, Answer, Io, Ticket, TranId};
use super::finish;
use super::locks::{Asked, Mode};
use super::log::Then;
use super::policy::Wish;
use super::record::Kind;
use super::statement::{self, View};
use super::tran::{Running, Stage, State, Tran, Work};
use crate::business::BusinessRow;
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{
    Answer as Said, Decision, End, Force, Outcome, Reply, Row, Stamp, Txn, Value,
};
use crate::scenario::{Engine, Preparation};
use crate::vocab::{SimDuration, SimTime, TxId};
use crate::world::disk::Lsn;

/// A statement, as it was asked for.
#[derive(Clone)]
pub(super) struct Statement {
    pub(super) owner: Owner,
    pub(super) session: Option<u32>,
    pub(super) branch: Option<TxId>,
    pub(super) stamp: Stamp,
    pub(super) running: Running,
}

impl Tran {
    fn new(statement: Statement) -> Self {
        let (owner, branch) = (statement.owner, statement.branch);
        let age = match branch {
            Some(tx) => Age::of_branch(tx),
            None => Age::of_call(owner, statement.running.ticket),
        };
        Tran {
            session: statement.session,
            running: Some(statement.running),
            ..Tran::idle(owner, age, branch, statement.stamp)
        }
    }
}

impl Running {
    fn new(ticket: Ticket, work: Work, rows: SmallVec<[(Row, Mode); 4]>) -> Self {
        Running {
            ticket,
            work,
            rows,
            locked: 0,
            waits_since: SimTime::ZERO,
            waited: SimDuration::ZERO,
            stage: Stage::Locking,
        }
    }

    /// Whether the branch is to be prepared with it.
    pub(super) fn prepares(&self) -> bool {
        matches!(
            self.work,
            Work::Txn {
                end: End::Prepare(_),
                ..
            }
        )
    }

    /// How many rows it reads one after the other; 1 for what works on them at once.
    fn rows_read(&self) -> u64 {
        match &self.work {
            Work::Read(rows) => rows.len() as u64,
            Work::Txn { .. } => 1,
        }
    }

    /// What answers it when it is given up for good.
    pub(super) fn given_up(&self, outcome: Outcome) -> Answer {
        match self.work {
            Work::Txn { .. } => Answer::plain(outcome),
            Work::Read(_) => Answer::ReadFailed,
        }
    }
}

impl Store {
    /// A machine's or the operator's statement, with the locks that it needs.
    pub(super) fn statement(
        &self,
        ticket: Ticket,
        stamp: Stamp,
        txn: Box<Txn>,
        end: End,
        force: Force,
    ) -> Running {
        let rows = statement::locks(&txn, self.setting.safeguards);
        let work = Work::Txn {
            stamp,
            txn,
            end,
            force,
        };
        Running::new(ticket, work, rows)
    }

    /// A background reader's statement, about rows of which no two are the same: shared
    /// locks where the engine waits for locks, none where it answers conflicts at once.
    pub(super) fn reading(&self, ticket: Ticket, rows: SmallVec<[BusinessRow; 2]>) -> Running {
        let lock = |row: &BusinessRow| (Row::Business(*row), Mode::Peek);
        let locks = match self.spec.engine {
            Engine::Locking => rows.iter().map(lock).collect(),
            _ => SmallVec::new(),
        };
        Running::new(ticket, Work::Read(rows), locks)
    }

    /// A statement comes in.
    pub(super) fn begin(&mut self, now: SimTime, statement: Statement, io: &mut Io) {
        let Some(tx) = statement.branch else {
            let id = self.trans.insert(Tran::new(statement));
            return self.proceed(now, id, io);
        };
        if let Some(&id) = self.branches.get(&tx) {
            return self.continue_branch(now, id, statement, io);
        }
        if let Some(finished) = self.image.finished(tx) {
            let outcome = match finished.decision {
                Decision::Commit => finish::committed(Reply::Done, true),
                Decision::Abort => Outcome::Aborted,
            };
            let ticket = statement.running.ticket;
            return io.answer(ticket, outcome);
        }
        if let Some(outcome) = self.lost(tx, statement.session) {
            return io.answer(statement.running.ticket, outcome);
        }
        let id = self.trans.insert(Tran::new(statement));
        self.branches.insert(tx, id);
        io.owned.push((tx.request(), 1));
        self.proceed(now, id, io);
    }

    fn continue_branch(&mut self, now: SimTime, id: TranId, statement: Statement, io: &mut Io) {
        let tran = self.trans.get_mut(id).expect("a named branch is in memory");
        match tran.state {
            State::Open if tran.running.is_some() => tran.backlog.push_back(statement.running),
            State::Open => {
                tran.running = Some(statement.running);
                self.proceed(now, id, io);
            }
            _ => self.asked_again(id, &statement.running, io),
        }
    }

    /// Takes the locks of the statement at work, one after the other, as far as
    /// it gets.
    pub(super) fn proceed(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        loop {
            let Some(tran) = self.trans.get_mut(id) else {
                return;
            };
            let Some(running) = &mut tran.running else {
                return;
            };
            let Some(&lock) = running.rows.get(running.locked) else {
                running.stage = Stage::Working;
                return self.take_time(now, id, io);
            };
            running.waits_since = now;
            match self.ask(now, id, lock) {
                Asked::Held => self.has_lock(id, None, io),
                Asked::Granted => self.has_lock(id, Some(lock), io),
                Asked::Busy { behind, intent } => {
                    if intent || self.spec.engine == Engine::Document {
                        return self.conflict(now, id, lock.0, Some(behind), io);
                    }
                    return self.busy(now, Wish { id, lock, behind }, io);
                }
            }
        }
    }

    /// It has the lock that it asked for; at last, if it is a new one.
    fn has_lock(&mut self, id: TranId, new: Option<(Row, Mode)>, io: &mut Io) {
        let Some(tran) = self.trans.get_mut(id) else {
            return;
        };
        if let Some(running) = &mut tran.running {
            running.locked += 1;
        }
        if let Some((row, mode)) = new {
            tran.hold(row, mode, SimDuration::ZERO, io);
        }
    }

    /// It waits, and not for ever.
    pub(super) fn limit_wait(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        self.timeouts.push_back((now + self.spec.lock_timeout, id));
        self.arm_lock_timeout(now, io);
    }

    /// Sees to a wake for the oldest wait that still lasts.
    fn arm_lock_timeout(&mut self, now: SimTime, io: &mut Io) {
        if self.timeout_armed {
            return;
        }
        while let Some(&(at, id)) = self.timeouts.front() {
            if self.still_waits(at, id) {
                self.timeout_armed = true;
                return self.log.alarm(at.since(now), Alarm::LockTimeout, io);
            }
            self.timeouts.pop_front();
        }
    }

    /// Whether the wait that is given up at this time still lasts.
    fn still_waits(&self, at: SimTime, id: TranId) -> bool {
        let running = self.trans.get(id).and_then(|tran| tran.running.as_ref());
        running.is_some_and(|r| r.waits_since + self.spec.lock_timeout == at)
            && self.locks.waits(id)
    }

    /// Waits that have lasted long enough are given up.
    pub(super) fn lock_timeout(&mut self, now: SimTime, io: &mut Io) {
        self.timeout_armed = false;
        while let Some(&(at, id)) = self.timeouts.front() {
            if at > now {
                break;
            }
            self.timeouts.pop_front();
            if self.still_waits(at, id) {
                let running = self.trans.get(id).and_then(|tran| tran.running.as_ref());
                let row = running.map(|r| r.rows[r.locked].0);
                let row = row.expect("who waits has a statement at work");
                let behind = self.locks.behind(id);
                self.conflict(now, id, row, behind, io);
            }
        }
        self.arm_lock_timeout(now, io);
    }

    /// The statement is given up, and its whole transaction with it.
    pub(super) fn conflict(
        &mut self,
        now: SimTime,
        id: TranId,
        row: Row,
        behind: Option<TranId>,
        io: &mut Io,
    ) {
        let behind = behind.and_then(|behind| self.owner(behind));
        let Some(tran) = self.trans.get_mut(id) else {
            return;
        };
        io.events.push(What::Conflicted {
            owner: tran.owner,
            row: row.business(),
            behind,
        });
        if let Some(running) = tran.running.take() {
            let answer = running.given_up(Outcome::Conflict);
            io.answers.push((running.ticket, answer));
        }
        self.roll_back(now, id, Some(RollbackReason::Conflict), io);
    }

    /// The locks are there: the statement takes its time, a reader's for every row.
    fn take_time(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        let running = self.trans.get(id).and_then(|tran| tran.running.as_ref());
        let rows = running.map_or(1, Running::rows_read);
        let time = self.spec.statement * rows;
        if time.is_zero() {
            self.statement_through(now, id, io);
        } else {
            self.log.alarm(time, Alarm::Statement(id), io);
        }
    }

    /// The statement has taken its time: what comes of it?
    pub(super) fn statement_through(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        let Some(tran) = self.trans.get_mut(id) else {
            return;
        };
        let Some(running) = tran.running.take() else {
            return;
        };
        if running.stage == Stage::WritingIntents {
            return self.prepare(now, id, &running, io);
        }
        let Work::Txn {
            stamp, txn, end, ..
        } = &running.work
        else {
            return self.read(now, id, running, io);
        };
        tran.stamp = *stamp;
        let preparing = match end {
            End::Prepare(preparing) => Some(*preparing),
            End::Open | End::Commit => None,
        };
        match self.evaluate(id, *stamp, txn, io) {
            Verdict::Undone(outcome, why) => {
                let branch = self.trans.get(id).and_then(|tran| tran.branch);
                let no = preparing.zip(branch).map(|(preparing, tx)| {
                    let forced = preparing.force_no;
                    (self.record_abort(now, tx, *stamp, forced, io), forced)
                });
                match no {
                    Some((lsn, true)) => {
                        self.wait(lsn, running.ticket, Then::Answer(outcome), io);
                    }
                    _ => io.answer(running.ticket, outcome),
                }
                self.roll_back(now, id, why, io);
            }
            Verdict::Written(outcome) => match end {
                End::Open => {
                    let open = Answer::plain(Outcome::Open(reads(outcome)));
                    io.answers.push((running.ticket, open));
                    self.next_statement(id);
                }
                End::Prepare(preparing) if preparing.release_read_only && self.only_read(id) => {
                    self.release_read_only(now, id, running.ticket, io);
                }
                End::Prepare(_) => self.write_intents(now, id, running, io),
                End::Commit => self.commit(now, id, running.call(), outcome, io),
            },
        }
    }

    /// Takes a case and writes its changes into the transaction.
    fn evaluate(&mut self, id: TranId, stamp: Stamp, txn: &Txn, io: &mut Io) -> Verdict {
        let safeguards = self.setting.safeguards;
        let business = &self.setting.business;
        let tran = self.trans.get_mut(id).expect("its statement is at work");
        let view = View {
            image: &self.image,
            business,
            own: tran.set.as_deref(),
        };
        let taken = statement::choose(txn, &view, safeguards);
        let case = taken.case.map(|case| &txn.cases[case]);
        let said = case.map_or(Said::Done, |case| case.answer);
        let refused = match said {
            // The store has said no, whatever that looks like to its caller.
            Said::Refused(reason) | Said::Failed(reason) => Some(reason),
            _ => None,
        };
        if stamp.step.is_some() || !taken.saw.is_empty() {
            let saw = taken.saw;
            io.events.push(What::Ran {
                stamp,
                saw,
                refused,
            });
        }
        let committed = |reply, replayed| Outcome::Committed {
            reply,
            replayed,
            reads: taken.reads,
        };
        let outcome = match said {
            Said::Replay(row) => {
                let why = (!tran.wrote_nothing()).then_some(RollbackReason::Asked);
                return Verdict::Undone(committed(statement::replayed(&view, row), true), why);
            }
            Said::Refused(reason) if tran.branch.is_some() => {
                let why = Some(RollbackReason::Refused);
                return Verdict::Undone(Outcome::Refused(reason), why);
            }
            Said::Conflict | Said::Failed(_) => {
                let marked =
                    case.and_then(|case| case.when.iter().find_map(|test| test.looks_after()));
                let (row, behind) = match marked {
                    Some(row) => (Some(row), self.image.mark(row).map(Owner::Tx)),
                    None => (None, None),
                };
                let owner = tran.owner;
                io.events.push(match said {
                    Said::Failed(_) => What::Failed { owner },
                    _ => What::Conflicted { owner, row, behind },
                });
                let why = (!tran.wrote_nothing()).then_some(RollbackReason::Conflict);
                return Verdict::Undone(Outcome::Conflict, why);
            }
            Said::Refused(reason) => Outcome::Refused(reason),
            Said::Done => committed(Reply::Done, false),
            Said::Null => committed(Reply::Null, false),
        };
        if let Some(case) = case {
            tran.write(case, stamp, &self.image, business, safeguards);
        }
        Verdict::Written(outcome)
    }

    /// A branch that was not prepared and leaves an abort record all the same: it
    /// votes NO (Mohan, Lindsay & Obermarck 1986, section 3), or its abort is to be
    /// acknowledged.
    pub(super) fn record_abort(
        &mut self,
        now: SimTime,
        tx: TxId,
        stamp: Stamp,
        forced: bool,
        io: &mut Io,
    ) -> Lsn {
        let lsn = self.append(now, Kind::Abort(tx), stamp, Arc::default(), forced, io);
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        lsn
    }

    /// A reader reads, and is gone.
    fn read(&mut self, now: SimTime, id: TranId, running: Running, io: &mut Io) {
        let Work::Read(rows) = &running.work else {
            unreachable!("only readers read");
        };
        let marked = rows
            .iter()
            .find_map(|&row| Some((row, self.image.mark(row)?)));
        if let (Some((row, tx)), Some(tran)) = (marked, self.trans.get(id)) {
            // What a saga may still take back is nobody's to read.
            io.events.push(What::Conflicted {
                owner: tran.owner,
                row: Some(row),
                behind: Some(Owner::Tx(tx)),
            });
            io.answers.push((running.ticket, Answer::ReadFailed));
            return self.leave(now, id, io);
        }
        let view = View {
            image: &self.image,
            business: &self.setting.business,
            own: None,
        };
        let answer = Answer::Read {
            saw: rows.iter().map(|&row| (row, view.number(row))).collect(),
            waited: running.waited,
        };
        io.answers.push((running.ticket, answer));
        self.leave(now, id, io);
    }

    /// The next statement of an open branch has its turn.
    fn next_statement(&mut self, id: TranId) {
        if let Some(tran) = self.trans.get_mut(id)
            && let Some(next) = tran.backlog.pop_front()
        {
            tran.running = Some(next);
            self.ready.push_back(id);
        }
    }

    /// The branch is to be prepared; with intents that is a local transaction of
    /// its own, which takes its time.
    fn write_intents(&mut self, now: SimTime, id: TranId, mut running: Running, io: &mut Io) {
        if self.spec.prepare != Preparation::Intents || self.spec.statement.is_zero() {
            return self.prepare(now, id, &running, io);
        }
        running.stage = Stage::WritingIntents;
        if let Some(tran) = self.trans.get_mut(id) {
            tran.running = Some(running);
        }
        let alarm = Alarm::Statement(id);
        self.log.alarm(self.spec.statement, alarm, io);
    }
}

/// What comes of a statement.
enum Verdict {
    /// Its changes are in the transaction; a commit answers this.
    Written(Outcome),
    /// The transaction is over, and nothing of it stays; with a reason, unless
    /// there was nothing to undo.
    Undone(Outcome, Option<RollbackReason>),
}

fn reads(outcome: Outcome) -> Vec<Option<Value>> {
    match outcome {
        Outcome::Committed { reads, .. } => reads,
        _ => Vec::new(),
    }
}
