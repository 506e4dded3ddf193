//! How transactions end: prepared, committed, rolled back; and who is let in by
//! the locks that they leave.

use std::sync::Arc;

use super::Store;
use super::api::{Alarm, Answer, Io, Ticket, TranId};
use super::log::{Then, Waiting};
use super::record::{Kind, Record, WriteSet};
use super::tran::{Running, Sealed, State, Tran, Work};
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{Decision, Force, Letter, Outcome, Reply, Row, Safeguard, Stamp};
use crate::scenario::Preparation;
use crate::vocab::{SimTime, TxId};
use crate::world::disk::Lsn;

/// A branch's end, while the end of its intents is being written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    pub(super) branch: TxId,
    pub(super) decision: Decision,
    pub(super) force: Force,
    pub(super) session: Option<u32>,
}

/// An answer that says so and nothing else.
pub(super) fn committed(reply: Reply, replayed: bool) -> Outcome {
    Outcome::Committed {
        reply,
        replayed,
        reads: Vec::new(),
    }
}

impl Store {
    /// Prepares a branch: appends its record, and answers at once or when it is
    /// on disk.
    pub(super) fn prepare(&mut self, now: SimTime, id: TranId, running: &Running, io: &mut Io) {
        let forced = self.waits(running.force());
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        let branch = tran.branch.expect("only a branch can be prepared");
        let set = tran.set.take().unwrap_or_default();
        let stamp = tran.stamp;
        let kind = Kind::Prepared(branch);
        let lsn = self.append(now, kind, stamp, Arc::clone(&set), forced, io);
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        tran.state = State::Preparing(Sealed { set, lsn });
        let again: Vec<Running> = tran.backlog.drain(..).collect();
        if forced {
            self.wait(lsn, running.ticket, Then::Prepared(id), io);
        } else {
            self.prepared(now, id, false, io);
            let answer = Answer::plain(Outcome::Prepared);
            io.answers.push((running.ticket, answer));
        }
        for statement in again {
            self.asked_again(id, &statement, io);
        }
    }

    /// A branch's prepared record is where it has to be.
    fn prepared(&mut self, now: SimTime, id: TranId, durable: bool, io: &mut Io) {
        let tran = self.trans.get_mut(id).expect("it is being prepared");
        let State::Preparing(sealed) = &tran.state else {
            unreachable!("a branch is prepared once");
        };
        let sealed = sealed.clone();
        io.events.push(What::Prepared {
            tx: tran.branch.expect("only a branch can be prepared"),
            effects: sealed.set.effects.clone(),
            durable,
        });
        let lsn = sealed.lsn;
        tran.state = State::Prepared(sealed);
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        if !self
            .setting
            .safeguards
            .keep(Safeguard::HoldLocksUntilDecision)
        {
            self.release_locks(now, id, io);
        } else if self.spec.prepare == Preparation::Intents {
            self.turn_into_intents(now, id, io);
        }
    }

    /// The local transaction that wrote the intents is over: its shared locks
    /// go, and whoever waits to write finds an intent, which is a conflict.
    pub(super) fn turn_into_intents(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        let tran = self.trans.get_mut(id).expect("it is prepared");
        let (owner, held) = (tran.owner, std::mem::take(&mut tran.held));
        let mut refused = Vec::new();
        let (intents, shared): (_, Vec<_>) = held.into_iter().partition(|&row| {
            self.locks
                .intend(id, row, now, &mut self.granted, &mut refused)
        });
        for row in shared {
            self.release(now, id, owner, row, io);
        }
        let tran = self.trans.get_mut(id).expect("it is prepared");
        tran.held = intents.into();
        self.let_in(now, io);
        for waiter in refused {
            let running = self.trans.get(waiter).and_then(|t| t.running.as_ref());
            if let Some(row) = running.map(|r| r.rows[r.locked].0) {
                self.conflict(now, waiter, row, Some(id), io);
            }
        }
    }

    /// A statement comes to a branch to which nothing can be added. Whether it
    /// is prepared can be asked again.
    pub(super) fn asked_again(&mut self, id: TranId, running: &Running, io: &mut Io) {
        let tran = self.trans.get(id).expect("a named branch is in memory");
        let lsn = match &tran.state {
            State::Preparing(sealed) | State::Prepared(sealed) if running.prepares() => sealed.lsn,
            _ => {
                let answer = running.given_up(Outcome::Aborted);
                return io.answers.push((running.ticket, answer));
            }
        };
        if tran.is_prepared() && !self.must_wait(running.force(), lsn) {
            let answer = Answer::plain(Outcome::Prepared);
            return io.answers.push((running.ticket, answer));
        }
        self.wait(lsn, running.ticket, Then::StillPrepared(id), io);
    }

    /// Commits a transaction that was not prepared.
    pub(super) fn commit(
        &mut self,
        now: SimTime,
        id: TranId,
        running: &Running,
        outcome: Outcome,
        io: &mut Io,
    ) {
        let force = running.force();
        self.commit_open(now, id, running.ticket, force, outcome, io);
    }

    fn commit_open(
        &mut self,
        now: SimTime,
        id: TranId,
        ticket: Ticket,
        force: Force,
        outcome: Outcome,
        io: &mut Io,
    ) {
        let tran = self.trans.get_mut(id).expect("it is being committed");
        if tran.branch.is_none() && tran.wrote_nothing() {
            let letters = std::mem::take(&mut tran.letters);
            io.answers
                .push((ticket, Answer::Outcome { outcome, letters }));
            return self.leave(now, id, io);
        }
        let kind = match tran.owner {
            Owner::Operator(_) => Kind::Operator,
            _ => Kind::Local(tran.branch),
        };
        let set = tran.set.take().unwrap_or_default();
        self.append_commit(now, id, ticket, kind, set, force, outcome, io);
    }

    #[expect(clippy::too_many_arguments, reason = "all of one record, once")]
    fn append_commit(
        &mut self,
        now: SimTime,
        id: TranId,
        ticket: Ticket,
        kind: Kind,
        set: Arc<WriteSet>,
        force: Force,
        outcome: Outcome,
        io: &mut Io,
    ) {
        let forced = self.waits(force);
        let tran = self.trans.get(id).expect("it is being committed");
        let lsn = self.append(now, kind, tran.stamp, set, forced, io);
        let tran = self.trans.get_mut(id).expect("it is being committed");
        tran.state = State::Committing(lsn);
        if forced {
            self.wait(lsn, ticket, Then::Committed(id, outcome), io);
        } else {
            let letters = self.committed(now, id, lsn, false, io);
            io.answers
                .push((ticket, Answer::Outcome { outcome, letters }));
        }
    }

    /// A commit record is where it has to be: the transaction has taken effect.
    fn committed(
        &mut self,
        now: SimTime,
        id: TranId,
        lsn: Lsn,
        durable: bool,
        io: &mut Io,
    ) -> Vec<Letter> {
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        record.tell(durable, io);
        let tran = self.trans.get_mut(id).expect("it is being committed");
        let letters = std::mem::take(&mut tran.letters);
        self.leave(now, id, io);
        letters
    }

    /// Ends a branch as its process was told.
    pub(super) fn finish(&mut self, now: SimTime, ticket: Ticket, finish: Finish, io: &mut Io) {
        let prepared = self
            .branches
            .get(&finish.branch)
            .and_then(|&id| self.trans.get(id))
            .is_some_and(Tran::is_prepared);
        let intents = self.spec.prepare == Preparation::Intents;
        if prepared && intents && !self.spec.statement.is_zero() {
            self.finishes.insert(ticket, finish);
            let alarm = Alarm::Finish(ticket);
            return self.log.alarm(self.spec.statement, alarm, io);
        }
        self.finish_now(now, ticket, finish, io);
    }

    /// Ends a branch; where that takes a write of the intents' end, that has
    /// taken its time.
    pub(super) fn finish_now(&mut self, now: SimTime, ticket: Ticket, finish: Finish, io: &mut Io) {
        let Some(&id) = self.branches.get(&finish.branch) else {
            return self.finished_before(ticket, finish, io);
        };
        let tran = self.trans.get(id).expect("a named branch is in memory");
        let force = finish.force;
        match (&tran.state, finish.decision) {
            (State::Committing(lsn), _) => {
                let lsn = *lsn;
                let answer = Then::Answer(committed(Reply::Done, true));
                self.wait(lsn, ticket, answer, io);
            }
            (State::Prepared(sealed), Decision::Commit) => {
                let set = Arc::clone(&sealed.set);
                let kind = Kind::Commit(finish.branch);
                let outcome = committed(Reply::Done, false);
                self.append_commit(now, id, ticket, kind, set, force, outcome, io);
            }
            (State::Preparing(_), Decision::Abort) => {
                // Nobody was told that it is prepared, and its record may or may
                // not reach the disk before the abort: take it for prepared.
                self.prepared(now, id, false, io);
                self.abort_prepared(now, id, ticket, finish, io);
            }
            (State::Prepared(_), Decision::Abort) => {
                self.abort_prepared(now, id, ticket, finish, io);
            }
            (State::Open, Decision::Abort) => {
                self.cancel(now, id, RollbackReason::Asked, io);
                self.image.remember_abort(finish.branch);
                let answer = Answer::plain(Outcome::Aborted);
                io.answers.push((ticket, answer));
            }
            (State::Open, Decision::Commit) if tran.running.is_none() => {
                let outcome = committed(Reply::Done, false);
                self.commit_open(now, id, ticket, force, outcome, io);
            }
            // A decision to commit before the vote is out: whoever says so knows
            // more than this database does.
            (State::Open | State::Preparing(_), Decision::Commit) => {
                let answer = Answer::plain(Outcome::Unknown);
                io.answers.push((ticket, answer));
            }
        }
    }

    fn abort_prepared(
        &mut self,
        now: SimTime,
        id: TranId,
        ticket: Ticket,
        finish: Finish,
        io: &mut Io,
    ) {
        let forced = self.waits(finish.force);
        let tran = self.trans.get(id).expect("it is being aborted");
        let State::Prepared(sealed) = &tran.state else {
            unreachable!("it is prepared");
        };
        let (stamp, set) = (tran.stamp, Arc::clone(&sealed.set));
        let kind = Kind::Abort(finish.branch);
        let lsn = self.append(now, kind, stamp, set, forced, io);
        let record = self.log.announce(lsn);
        self.apply(now, lsn, &record, io);
        io.events.push(What::RolledBack {
            tx: finish.branch,
            why: RollbackReason::Asked,
            prepared: true,
        });
        self.leave(now, id, io);
        if forced {
            self.wait(lsn, ticket, Then::Answer(Outcome::Aborted), io);
        } else {
            let answer = Answer::plain(Outcome::Aborted);
            io.answers.push((ticket, answer));
        }
    }

    /// A branch that is not there: it was finished, or never was.
    fn finished_before(&mut self, ticket: Ticket, finish: Finish, io: &mut Io) {
        let Some(finished) = self.image.finished(finish.branch) else {
            let answer = Answer::plain(Outcome::Aborted);
            return io.answers.push((ticket, answer));
        };
        let outcome = match finished.decision {
            Decision::Commit => committed(Reply::Done, true),
            Decision::Abort => Outcome::Aborted,
        };
        match finished.lsn {
            Some(lsn) if self.must_wait(finish.force, lsn) => {
                self.wait(lsn, ticket, Then::Answer(outcome), io);
            }
            _ => io.answers.push((ticket, Answer::plain(outcome))),
        }
    }

    /// A flush is through: everybody whose record is on disk is served.
    pub(super) fn flushed(&mut self, now: SimTime, io: &mut Io) {
        self.log.flushed(now, io);
        while let Some(Waiting { lsn, ticket, then }) = self.log.next_flushed() {
            let answer = self.on_disk(now, lsn, then, io);
            io.answers.push((ticket, answer));
        }
        self.checkpoint();
    }

    fn on_disk(&mut self, now: SimTime, lsn: Lsn, then: Then, io: &mut Io) -> Answer {
        match then {
            Then::Prepared(id) => match self.trans.get(id).map(|tran| &tran.state) {
                Some(State::Preparing(_)) => {
                    self.prepared(now, id, true, io);
                    Answer::plain(Outcome::Prepared)
                }
                _ => Answer::plain(Outcome::Aborted),
            },
            Then::StillPrepared(id) => match self.trans.get(id) {
                Some(_) => Answer::plain(Outcome::Prepared),
                None => Answer::plain(Outcome::Aborted),
            },
            Then::Committed(id, outcome) => {
                let letters = self.committed(now, id, lsn, true, io);
                Answer::Outcome { outcome, letters }
            }
            Then::Answer(outcome) => Answer::plain(outcome),
            Then::Recover => Answer::Durable(self.image.durable()),
        }
    }

    /// Calls off a transaction of which nothing is in the log.
    pub(super) fn cancel(&mut self, now: SimTime, id: TranId, why: RollbackReason, io: &mut Io) {
        if let Some(running) = self.trans.get_mut(id).and_then(|t| t.running.take()) {
            let answer = running.given_up(Outcome::Aborted);
            io.answers.push((running.ticket, answer));
        }
        self.roll_back(now, id, Some(why), io);
    }

    /// Undoes a transaction of which nothing is in the log. Statements that wait
    /// for it would work on a branch without its beginning: they are called off.
    pub(super) fn roll_back(
        &mut self,
        now: SimTime,
        id: TranId,
        why: Option<RollbackReason>,
        io: &mut Io,
    ) {
        let Some(tran) = self.trans.get_mut(id) else {
            return;
        };
        for statement in tran.backlog.drain(..) {
            let answer = statement.given_up(Outcome::Aborted);
            io.answers.push((statement.ticket, answer));
        }
        if let (Some(tx), Some(why)) = (tran.branch, why) {
            let prepared = false;
            io.events.push(What::RolledBack { tx, why, prepared });
        }
        self.locks.give_up(id, now, &mut self.granted);
        self.leave(now, id, io);
    }

    /// A transaction is over: its locks go, and it is forgotten.
    pub(super) fn leave(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        self.release_locks(now, id, io);
        if let Some(tx) = self.trans.forget(id) {
            self.branches.remove(&tx);
            io.owned.push((tx.request(), -1));
        }
    }

    fn release_locks(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        if let Some(tran) = self.trans.get_mut(id) {
            let (owner, held) = (tran.owner, std::mem::take(&mut tran.held));
            for row in held {
                self.release(now, id, owner, row, io);
            }
        }
        self.let_in(now, io);
    }

    fn release(&mut self, now: SimTime, id: TranId, owner: Owner, row: Row, io: &mut Io) {
        let since = self.locks.release(id, row, now, &mut self.granted);
        if let (Some(since), Some(row)) = (since, row.business()) {
            let held = now.since(since);
            io.events.push(What::Unlocked { owner, row, held });
        }
    }

    /// Whoever was granted a lock goes on, once what is being done is done.
    fn let_in(&mut self, now: SimTime, io: &mut Io) {
        for grant in self.granted.drain(..) {
            let Some(tran) = self.trans.get_mut(grant.who) else {
                continue;
            };
            let Some(running) = &mut tran.running else {
                continue;
            };
            let waited = now.since(running.waits_since);
            running.waited += waited;
            running.locked += 1;
            tran.hold(grant.row, grant.mode, waited, io);
            self.ready.push_back(grant.who);
        }
    }

    fn append(
        &mut self,
        now: SimTime,
        kind: Kind,
        stamp: Stamp,
        set: Arc<WriteSet>,
        forced: bool,
        io: &mut Io,
    ) -> Lsn {
        let record = Record {
            at: now,
            kind,
            stamp,
            set,
            announced: false,
        };
        self.log.append(now, record, forced, io)
    }

    fn apply(&mut self, now: SimTime, lsn: Lsn, record: &Record, io: &mut Io) {
        self.image.apply(lsn, record, &mut io.owned);
        let retention = self.setting.policies.retention;
        self.image.purge(now, retention);
    }

    fn wait(&mut self, lsn: Lsn, ticket: Ticket, then: Then, io: &mut Io) {
        self.log.wait(Waiting { lsn, ticket, then }, io);
    }

    /// Whether such an answer waits for the disk.
    pub(super) fn waits(&self, force: Force) -> bool {
        match force {
            Force::Always => true,
            Force::Guarded(safeguard) => self.setting.safeguards.keep(safeguard),
            Force::Lazy => false,
        }
    }

    fn must_wait(&self, force: Force, lsn: Lsn) -> bool {
        self.waits(force) && !self.log.has(lsn)
    }

    pub(super) fn owner(&self, id: TranId) -> Option<Owner> {
        self.trans.get(id).map(|tran| tran.owner)
    }
}

impl Running {
    fn force(&self) -> Force {
        match self.work {
            Work::Txn { force, .. } => force,
            Work::Read(_) => Force::Lazy,
        }
    }
}

impl Record {
    /// A commit, as the history has it.
    pub(super) fn tell(&self, durable: bool, io: &mut Io) {
        let set = &self.set;
        match self.kind {
            Kind::Commit(_) | Kind::Local(_) => io.events.push(What::Committed {
                stamp: self.stamp,
                branch: matches!(self.kind, Kind::Commit(_)),
                effects: set.effects.clone(),
                writes: set.writes.clone(),
                durable,
            }),
            Kind::Prepared(_) | Kind::Abort(_) | Kind::Operator => {}
        }
    }
}
