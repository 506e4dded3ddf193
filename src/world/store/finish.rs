//! Ending a branch as its process was told, once or again.

use std::sync::Arc;

use super::Store;
use super::api::{Alarm, Io, Ticket, TranId};
use super::commit::Call;
use super::log::Then;
use super::record::Kind;
use super::tran::{State, Tran};
use crate::history::{RollbackReason, What};
use crate::protocol::{Decision, Force, Outcome, Reply, Stamp};
use crate::scenario::Preparation;
use crate::vocab::{SimTime, TxId};

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
            if self.heal(finish.branch) && finish.decision == Decision::Abort {
                return self.abort_unprepared(now, ticket, finish, io);
            }
            return self.finished_before(now, ticket, finish, io);
        };
        let tran = self.trans.get(id).expect("a named branch is in memory");
        let call = Call {
            ticket,
            force: finish.force,
        };
        match (&tran.state, finish.decision) {
            (State::Committing(lsn), _) => {
                let lsn = *lsn;
                let answer = Then::Answer(committed(Reply::Done, true));
                self.wait(lsn, ticket, answer, io);
            }
            (State::Prepared(sealed), Decision::Commit) => {
                let set = Arc::clone(&sealed.set);
                let kind = Kind::Commit(finish.branch);
                let (stamp, forced) = (tran.stamp, self.waits(call.force));
                let lsn = self.append(now, kind, stamp, set, forced, io);
                let outcome = committed(Reply::Done, false);
                self.appended_commit(now, id, lsn, call, outcome, io);
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
                self.abort_unprepared(now, ticket, finish, io);
            }
            (State::Open, Decision::Commit) if tran.running.is_none() => {
                let outcome = committed(Reply::Done, false);
                self.commit(now, id, call, outcome, io);
            }
            // A decision to commit before the vote is out: whoever says so knows
            // more than this database does.
            (State::Open | State::Preparing(_), Decision::Commit) => {
                io.answer(ticket, Outcome::Unknown);
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
            io.answer(ticket, Outcome::Aborted);
        }
    }

    /// Of a branch that was not prepared nothing is in the log: an abort that nobody
    /// waits for leaves nothing there. One that is to be acknowledged leaves its
    /// record, so that the branch cannot be opened and prepared again by what comes
    /// late, when whoever could be asked has forgotten it.
    fn abort_unprepared(&mut self, now: SimTime, ticket: Ticket, finish: Finish, io: &mut Io) {
        let (tx, stamp) = (finish.branch, Stamp::bookkeeping(finish.branch));
        if finish.force == Force::Lazy {
            self.image.remember_abort(tx);
            return io.answer(ticket, Outcome::Aborted);
        }
        let forced = self.waits(finish.force);
        let lsn = self.record_abort(now, tx, stamp, forced, io);
        match forced {
            true => self.wait(lsn, ticket, Then::Answer(Outcome::Aborted), io),
            false => io.answer(ticket, Outcome::Aborted),
        }
    }

    /// A branch that is not there: it was finished, or never was.
    fn finished_before(&mut self, now: SimTime, ticket: Ticket, finish: Finish, io: &mut Io) {
        let finished = self.image.finished(finish.branch);
        let recorded = finished.is_some_and(|finished| finished.lsn.is_some());
        if !recorded && finish.decision == Decision::Abort && finish.force != Force::Lazy {
            return self.abort_unprepared(now, ticket, finish, io);
        }
        let Some(finished) = finished else {
            return io.answer(ticket, Outcome::Aborted);
        };
        let outcome = match finished.decision {
            Decision::Commit => committed(Reply::Done, true),
            Decision::Abort => Outcome::Aborted,
        };
        match finished.lsn {
            Some(lsn) if self.must_wait(finish.force, lsn) => {
                self.wait(lsn, ticket, Then::Answer(outcome), io);
            }
            _ => io.answer(ticket, outcome),
        }
    }
}
