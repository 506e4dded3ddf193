//! How transactions leave: rolled back or done, their locks go, and others are
//! let in.

use super::Store;
use super::api::{Io, TranId};
use crate::history::{Owner, RollbackReason, What};
use crate::protocol::{Outcome, Row};
use crate::vocab::SimTime;

impl Store {
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

    pub(super) fn release_locks(&mut self, now: SimTime, id: TranId, io: &mut Io) {
        if let Some(tran) = self.trans.get_mut(id) {
            let (owner, held) = (tran.owner, std::mem::take(&mut tran.held));
            for row in held {
                self.release(now, id, owner, row, io);
            }
        }
        self.let_in(now, io);
    }

    pub(super) fn release(
        &mut self,
        now: SimTime,
        id: TranId,
        owner: Owner,
        row: Row,
        io: &mut Io,
    ) {
        let since = self.locks.release(id, row, now, &mut self.granted);
        if let (Some(since), Some(row)) = (since, row.business()) {
            let held = now.since(since);
            io.events.push(What::Unlocked { owner, row, held });
        }
    }

    /// Whoever was granted a lock goes on, once what is being done is done.
    pub(super) fn let_in(&mut self, now: SimTime, io: &mut Io) {
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

    pub(super) fn owner(&self, id: TranId) -> Option<Owner> {
        self.trans.get(id).map(|tran| tran.owner)
    }
}
